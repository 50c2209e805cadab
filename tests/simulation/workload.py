"""The partners at work: random documents, lawful and not, submitted at random nodes; and what they were told.

What a partner does next is chosen by looking at its own node's state, so that goods really move; now and
then it claims what is not its own, sends the same goods to two rivals at once, or hands the same document in
twice. Nothing that was acknowledged may ever be lost (I3): the promises are kept here and checked at the end.
"""

from collections import Counter
from collections.abc import Callable, Collection
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from contracts.ledger.document import build_document, document_id, encode_document
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.state.parties import is_holder
from contracts.state.places import Position, locate
from contracts.state.view import Overlay
from node.host.submitted import Admitted, Committed, Submitted, TooBusy
from node.pool.bundler import LaneKey
from tests.simulation.cast import BY_GLN, CARRIER, EXPIRY, MAKER, PACK, PARTIES, pack_key, pallet_key
from tests.simulation.governing import Governing
from tests.simulation.machine import Machine
from tests.simulation.plan import stream
from tests.support.parties import Party

if TYPE_CHECKING:
    from tests.simulation.world import World

US_PER_SECOND = 1_000_000
TRIES = 12
"""How many known items a partner looks at for something of its own."""


class Promises:
    """What users were told.

    Attributes:
        durable: Documents that a node said it would never lose, with the node's name.
        committed: Documents said to be in a block: (height, verdict code).
    """

    def __init__(self) -> None:
        """Begin without promises."""
        self.durable: dict[bytes, str] = {}
        self.committed: dict[bytes, tuple[int, str]] = {}

    def lose_outbox(self, node: str, held: Collection[bytes]) -> None:
        """Forget what a node promised and may have lost with its disk.

        Args:
            node: Its name.
            held: Documents that others have in their chains: what was promised of these stays.
        """
        for document in [each for each, name in self.durable.items() if name == node and each not in held]:
            del self.durable[document]


class Announced(NamedTuple):
    """A shipment that somebody tried to announce."""

    id: bytes
    sender: Party
    receiver: Party
    items: tuple[bytes, ...]


class Actor(NamedTuple):
    """Who acts: a partner, at one of its nodes, with what that node sees."""

    machine: Machine
    """The node."""
    key: LaneKey
    """What it signs with."""
    party: Party
    """The partner."""
    number: int
    """The partner's number."""
    state: Overlay
    """State at the node's head."""


class Workload:
    """The users of one world.

    Attributes:
        promises: What they were told.
        counts: Documents by verdict code at admission.
        is_on: Whether they work.
    """

    def __init__(self, world: "World", random: Random) -> None:
        """Prepare; `begin` begins."""
        self._world = world
        self._random = random
        self.is_on = False
        self._serial = self._pallet = 0
        self._items: list[bytes] = []
        self._pallets: list[bytes] = []
        self._shipments: list[Announced] = []
        self.promises = Promises()
        self.counts: Counter[str] = Counter()
        governs = world.plan.governs
        self._governing = Governing(world, stream(world.plan.seed, "governing")) if governs else None
        self._numbers = {party.gln: at for at, party in enumerate(PARTIES, start=1)}

    def begin(self) -> None:
        """Begin to work."""
        self.is_on = True
        self._work()
        if self._governing is not None:
            self._governing.act()

    def end(self) -> None:
        """Submit nothing more."""
        self.is_on = False

    def _work(self) -> None:
        if not self.is_on:
            return
        rate = self._world.plan.documents_per_second
        pause_us = int(self._random.expovariate(rate) * US_PER_SECOND) + 1
        self._world.scheduler.after(pause_us, self._work)
        actor = self.draw_actor(None)
        if actor is not None:
            self._act(actor)

    def draw_actor(self, party: Party | None) -> Actor | None:
        """Draw a running node with a partner key, of one partner if it is named."""
        found = [
            (machine, key)
            for machine in self._world.machines.values()
            if machine.is_up
            for key in machine.role.keys
            if party is None or key.partner == party.gln
        ]
        if not found:
            return None
        machine, key = self._random.choice(found)
        if machine.ledger is None:
            return None
        state = Overlay(machine.ledger.state, machine.ledger.directory)
        return Actor(machine, key, BY_GLN[key.partner], self._numbers[key.partner], state)

    # ------------------------------------------------------------------------- submitting

    def may_be_wrong(self, name: str) -> bool:
        """Tell whether the network stays alive when one more is wrong, whatever was proposed before."""
        return self._governing is None or self._governing.may_be_wrong(name)

    def submit(self, actor: Actor, *records: Record) -> bytes:
        """Hand in a document at the actor's node, perhaps twice; return its id."""
        random, promises = self._random, self.promises
        document = build_document(random.randbytes(16), records)
        data = encode_document(document)
        identifier = document_id(data)
        name = actor.machine.name

        def on_admitted(admitted: Admitted) -> None:
            self.counts[admitted.forecast.code] += 1
            if admitted.is_submitted:
                promises.durable[identifier] = name

        def on_committed(committed: Committed) -> None:
            told = (committed.height, committed.receipt.code)
            promises.committed.setdefault(identifier, told)

        waiter = on_committed if random.random() < 0.7 else None
        refused_too = random.random() < 0.3
        submitted = Submitted(
            identifier, data, document, actor.key.public_key, refused_too, on_admitted, waiter
        )
        self._hand_in(actor.machine, submitted)
        if random.random() < 0.03:
            self._hand_in(actor.machine, submitted)
        return identifier

    def _hand_in(self, machine: Machine, submitted: Submitted) -> None:
        if machine.core is None:
            return
        try:
            machine.core.submissions.submit(submitted)
        except TooBusy:
            self.counts["too_busy"] += 1

    def head(self, actor: Actor, *, stated: bool = True) -> Head:
        """Return the head of a record: now, by the node's clock, and where if that is `stated`."""
        return Head(actor.machine.wall.now_ms(), 60, actor.party.place if stated else b"")

    # ---------------------------------------------------------------------------- choices

    def _own(self, actor: Actor, count: int, *, loose: bool = True) -> list[Position]:
        """Find up to `count` items that the actor holds, standing still, by its own node's state."""
        found: list[Position] = []
        pool = self._items if self._random.random() < 0.7 or not self._pallets else self._pallets
        for key in self._random.sample(pool, min(TRIES, len(pool))):
            position = locate(actor.state, key)
            if position is None or position.shipment is not None or (loose and position.above):
                continue
            if is_holder(actor.number, position):
                found.append(position)
            if len(found) == count:
                break
        return found

    def _any_items(self) -> tuple[bytes, ...]:
        """Draw items, whoever has them."""
        pool = self._items + self._pallets
        return tuple(self._random.sample(pool, min(len(pool), self._random.randint(1, 3))))

    def _act(self, actor: Actor) -> None:
        if actor.party == MAKER and (len(self._items) < 20 or self._random.random() < 0.15):
            self._commission(actor)
            return
        actions: list[tuple[Callable[[Actor], None], int]] = [
            (self._pack, 5),
            (self._unpack, 2),
            (self._ship, 6),
            (self._receive, 8),
            (self._return, 2),
            (self._dispense, 3),
            (self._decommission, 1),
            (self._observe, 1),
            (self._claim, 2),
            (self._ship_twice, 1),
        ]
        weights = [weight for _action, weight in actions]
        self._random.choices([action for action, _weight in actions], weights)[0](actor)

    def _commission(self, actor: Actor) -> None:
        random = self._random
        if random.random() < 0.2:
            self._pallet += 1
            key = pallet_key(self._pallet)
            self._pallets.append(key)
            self.submit(actor, CommissionLogisticUnits(self.head(actor), (key,)))
            return
        serials = []
        for _ in range(random.randint(1, 8)):
            self._serial += 1
            serials.append(f"S{self._serial}")
        lot = f"L{random.randrange(6)}".encode()
        line = random.choice((b"", b"LINE-1"))
        packed = tuple(serial.encode() for serial in serials)
        self.submit(actor, Commission(self.head(actor), PACK, lot, EXPIRY, line, 0, packed))
        self._items += [pack_key(serial) for serial in serials]

    def _pack(self, actor: Actor) -> None:
        children = self._own(actor, self._random.randint(1, 4), loose=self._random.random() < 0.7)
        if not children:
            return
        if self._random.random() < 0.5 and self._pallets:
            parent = self._random.choice(self._pallets)
        else:
            self._pallet += 1
            parent = pallet_key(self._pallet)
            self._pallets.append(parent)
        self.submit(actor, Pack(self.head(actor), parent, tuple(child.key for child in children)))

    def _unpack(self, actor: Actor) -> None:
        inside = [item for item in self._own(actor, 6, loose=False) if item.above]
        if not inside:
            return
        parent = inside[0].row.parent
        children = tuple(item.key for item in inside if item.row.parent == parent)
        self.submit(actor, Unpack(self.head(actor), parent, children))

    def _ship(self, actor: Actor) -> None:
        items = self._own(actor, self._random.randint(1, 3))
        if items:
            self._send(actor, tuple(item.key for item in items), self._random.choice(PARTIES))

    def _ship_twice(self, actor: Actor) -> None:
        """Send the same goods to two rivals, from two nodes if there are two, at the same moment."""
        items = tuple(item.key for item in self._own(actor, 2))
        other = self.draw_actor(actor.party)
        if items and other is not None:
            one, rival = self._random.sample(PARTIES, 2)
            self._send(actor, items, one)
            self._send(other, items, rival)

    def _send(self, actor: Actor, items: tuple[bytes, ...], receiver: Party) -> None:
        purpose = self._random.choice((ShipPurpose.SALE, ShipPurpose.SALE, ShipPurpose.RETURN))
        passes = int(purpose == ShipPurpose.SALE)
        carrier = CARRIER.packed if self._random.random() < 0.2 else b""
        destination = receiver.place if self._random.random() < 0.7 else b""
        head = self.head(actor, stated=self._random.random() < 0.5)
        record = Ship(head, items, receiver.packed, destination, purpose, passes, 0, carrier, ())
        identifier = self.submit(actor, record)
        shipment = Announced(shipment_id(identifier, 0), actor.party, receiver, items)
        self._shipments.append(shipment)

    def _receive(self, actor: Actor) -> None:
        mine = [each for each in self._shipments[-40:] if actor.party in (each.receiver, CARRIER)]
        if self._random.random() < 0.1:
            mine = self._shipments
        if not mine:
            return
        shipment = self._random.choice(mine)
        mode = self._random.choice((ReceiveMode.ALL, ReceiveMode.LISTED, ReceiveMode.ALL_EXCEPT))
        count = self._random.randint(1, len(shipment.items))
        listed = () if mode is ReceiveMode.ALL else tuple(self._random.sample(shipment.items, count))
        self.submit(actor, Receive(self.head(actor), shipment.id, mode, listed))

    def _return(self, actor: Actor) -> None:
        mine = [each for each in self._shipments[-40:] if actor.party in (each.receiver, each.sender)]
        if not mine:
            return
        shipment = self._random.choice(mine)
        listed = () if self._random.random() < 0.6 else shipment.items[:1]
        kind = Refuse if actor.party == shipment.receiver else Void
        self.submit(actor, kind(self.head(actor), shipment.id, listed))

    def _dispense(self, actor: Actor) -> None:
        items = self._own(actor, 2, loose=False)
        if items:
            self.submit(actor, Dispense(self.head(actor), tuple(item.key for item in items)))

    def _decommission(self, actor: Actor) -> None:
        items = self._own(actor, 2, loose=False)
        reason = self._random.choice((DecommissionReason.DESTROYED, DecommissionReason.STOLEN))
        if items:
            keys = tuple(item.key for item in items)
            self.submit(actor, Decommission(self.head(actor), reason, keys))

    def _observe(self, actor: Actor) -> None:
        items = self._own(actor, 3, loose=False)
        if items:
            keys = tuple(item.key for item in items)
            self.submit(actor, Observe(self.head(actor), ObserveStep.STORING, keys))

    def _claim(self, actor: Actor) -> None:
        """Claim what is, as like as not, another's: the attempt is refused, now or in the block."""
        items = self._any_items()
        if not items:
            return
        claims: tuple[Record, ...] = (
            Dispense(self.head(actor), items),
            Observe(self.head(actor), ObserveStep.INSPECTING, items),
            Decommission(self.head(actor), DecommissionReason.STOLEN, items),
        )
        self.submit(actor, *self._random.sample(claims, self._random.randint(1, 2)))
