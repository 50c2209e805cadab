"""A random workload over the small network: every record, often refused; the same for one seed.

python -m tests.scenarios.law.workload SEED DOCUMENTS       prints the app hash and the verdicts' counts
"""

import random
import sys
from collections import Counter

from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.endings import Found, Reinstate, UndoneEnding
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
from contracts.state.layout import ENDINGS, ITEMS, SHIPMENTS
from contracts.state.parties import holder_of
from contracts.state.places import effective_life, locate
from contracts.state.rows import Life
from tests.scenarios.law.world import DAY_MS, HOUR_MS, PLACES, ROLES, Ledger, gln, gtin, item

PARTNERS = tuple(ROLES)
TRADERS = ("Acme", "Acme", "Bulk", "Bulk", "Corner", "Dale", "Fleet", "Kiln")
BLISTERS = tuple(item(f"blister-{number}") for number in range(1, 41))
PACKS = tuple(item(f"pack-{number}") for number in range(1, 201))
CASES = tuple(item(f"case-{number}") for number in range(1, 31))
UNITS = (*(item(f"pallet-{number}") for number in range(1, 9)), item("tote-1"), item("crate-1"))
EVERYTHING = PACKS + BLISTERS + CASES + UNITS
MAX_DOCUMENT_RECORDS = 3


class Workload:
    """Documents of one seed, executed as they are made up."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.shipments: list[bytes] = []
        self.verdicts: Counter[str] = Counter()

    def step(self) -> Receipt:
        """Make up a document, execute it in a block of its own, and let some time pass."""
        # Whoever has something to do acts: traders mostly, others now and then.
        signer = self.random.choice(PARTNERS if self.random.random() < 0.1 else TRADERS)
        count = self.random.choice((1, 1, 1, 2, MAX_DOCUMENT_RECORDS))
        records = [self.record(signer) for _ in range(count)]
        receipt = self.ledger.submit(signer, *records)
        self.verdicts[receipt.code] += 1
        if receipt.code == ACCEPTED:
            self.remember(receipt, records)
        self.ledger.wait(self.random.choice((0, 0, 0, 0, HOUR_MS, 8 * HOUR_MS)))
        if self.random.random() < 0.001:
            self.ledger.wait(366 * DAY_MS)
        return receipt

    def remember(self, receipt: Receipt, records: list[Record]) -> None:
        """Note the shipments that a document announced or split off."""
        for index, record in enumerate(records):
            if isinstance(record, Ship | Receive):
                identifier = shipment_id(receipt.document_id, index)
                if self.ledger.state().read(SHIPMENTS, identifier) is not None:
                    self.shipments.append(identifier)

    def record(self, signer: str) -> Record:
        """Make up a record."""
        goods = 1.0 if self.held(EVERYTHING, signer) else 0.03
        coming = 8.0 if self.on_the_way(signer, "receiver", "carrier") else 0.1
        makers = (
            (self.commission, 3 if signer == "Acme" else 0.05),
            (self.pack, 4 * goods),
            (self.unpack, 2 * goods),
            (self.ship, 4 * goods),
            (self.receive, coming),
            (self.take_back, 1 if self.on_the_way(signer, "sender", "receiver") else 0.1),
            (self.dispense, 2 * goods if signer in {"Corner", "Dale"} else 0.05),
            (self.decommission, 0.2 * goods),
            (self.observe, 1 * goods),
            (self.take_back_an_end, 0.6 if self.ended(signer) else 0.02),
        )
        make = self.random.choices(
            [maker for maker, _weight in makers], [weight for _maker, weight in makers]
        )[0]
        return make(signer)

    def head(self, signer: str) -> Head:
        own = [name for name, owner in PLACES.items() if owner == signer]
        place = gln(self.random.choice(own)) if own and self.random.random() < 0.7 else b""
        return Head(self.ledger.time_ms, 0, place)

    def held(self, among: tuple[bytes, ...], signer: str) -> list[bytes]:
        """Return the active items that a partner holds."""
        state = self.ledger.state()
        number = list(ROLES).index(signer) + 1
        positions = {key: locate(state, key) for key in among}
        return [
            key
            for key, at in positions.items()
            if at is not None and holder_of(at) == number and effective_life(at) == Life.ACTIVE
        ]

    def some(self, among: tuple[bytes, ...], most: int, signer: str) -> tuple[bytes, ...]:
        """Choose items, mostly such as the signer holds."""
        held = self.held(among, signer)
        chosen = held if held and self.random.random() < 0.97 else list(among)
        return tuple(self.random.sample(chosen, min(len(chosen), self.random.randint(1, most))))

    def commission(self, signer: str) -> Record:
        head = self.head(signer)
        kind = self.random.choice(("packs", "packs", "blisters", "cases", "units"))
        if kind == "units":
            return CommissionLogisticUnits(head, (self.random.choice(UNITS),))
        among, gtin_name = {"packs": (PACKS, "pack"), "blisters": (BLISTERS, "blister")}.get(
            kind, (CASES, "case")
        )
        state = self.ledger.state()
        fresh = [key for key in among if locate(state, key) is None]
        keys = self.random.sample(fresh or list(among), min(len(fresh) or 1, self.random.randint(1, 8)))
        if self.random.random() < 0.05:
            keys[0] = among[0]
        lot = self.random.choice((b"L1", b"L2", b"L3"))
        # One lot expires while the workload runs, another only when a year is skipped.
        days = {b"L1": 21_700, b"L2": 20_600, b"L3": 20_900}[lot]
        made = max(0, self.ledger.time_ms - self.random.randint(0, 3) * HOUR_MS)
        return Commission(head, gtin(gtin_name), lot, days, b"", made, tuple(key[7:] for key in keys))

    def pack(self, signer: str) -> Record:
        parent = self.random.choice(CASES + UNITS)
        return Pack(self.head(signer), parent, self.some(PACKS + BLISTERS + CASES + UNITS[:2], 4, signer))

    def unpack(self, signer: str) -> Record:
        children = self.some(PACKS + CASES, 1, signer)
        found = locate(self.ledger.state(), children[0])
        parent = found.row.parent if found is not None and found.above else self.random.choice(CASES)
        return Unpack(self.head(signer), parent, children)

    def ship(self, signer: str) -> Record:
        purpose = self.random.choice((ShipPurpose.SALE, ShipPurpose.SALE, *ShipPurpose))
        receiver, destination = self.random.choice([name for name in TRADERS if name != signer]), b""
        if purpose == ShipPurpose.OWN_PREMISES and self.random.random() < 0.8:
            own = [name for name, owner in PLACES.items() if owner == signer]
            receiver, destination = signer, gln(own[0]) if own else b""
        passes = int(purpose != ShipPurpose.OWN_PREMISES and self.random.random() < 0.8)
        deadline = self.random.choice((0, self.ledger.time_ms + 2 * HOUR_MS))
        carrier = self.random.choice((b"", b"", gln("Fleet")))
        items = self.some(EVERYTHING, 3, signer)
        return Ship(
            self.head(signer), items, gln(receiver), destination, purpose, passes, deadline, carrier, ()
        )

    def receive(self, signer: str) -> Record:
        shipment = self.concerning(signer, "receiver", "carrier")
        mode = self.random.choice((ReceiveMode.ALL, *ReceiveMode))
        items = () if mode == ReceiveMode.ALL else self.inside(shipment)
        return Receive(self.head(signer), shipment, mode, items)

    def take_back(self, signer: str) -> Record:
        kind, part = self.random.choice(((Refuse, "receiver"), (Void, "sender")))
        shipment = self.concerning(signer, part)
        items = () if self.random.random() < 0.5 else self.inside(shipment)
        return kind(self.head(signer), shipment, items)

    def on_the_way(self, signer: str, *parts: str) -> list[bytes]:
        """Return the latest shipments on their way that a partner has one of these parts in."""
        state = self.ledger.state()
        number = list(ROLES).index(signer) + 1
        rows = {identifier: state.require(SHIPMENTS, identifier) for identifier in self.shipments[-60:]}
        return [
            identifier
            for identifier, row in rows.items()
            if row.outstanding and number in {getattr(row, part) for part in parts}
        ]

    def concerning(self, signer: str, *parts: str) -> bytes:
        """Choose a shipment, mostly one on its way that the signer has this part in."""
        mine = self.on_the_way(signer, *parts)
        if mine and self.random.random() < 0.95:
            return self.random.choice(mine)
        return self.random.choice(self.shipments) if self.shipments else bytes(16)

    def inside(self, shipment: bytes) -> tuple[bytes, ...]:
        """Choose items, mostly such as are on their way with a shipment."""
        state = self.ledger.state()
        positions = {key: locate(state, key) for key in EVERYTHING}
        there = [key for key, at in positions.items() if at is not None and at.top.shipment == shipment]
        among = there if there and self.random.random() < 0.9 else list(EVERYTHING)
        return tuple(self.random.sample(among, min(len(among), self.random.randint(1, 3))))

    def dispense(self, signer: str) -> Record:
        head, items = self.head(signer), self.some(PACKS + BLISTERS + CASES[:1], 2, signer)
        if self.random.random() < 0.3:
            return DispensePart(head, self.random.randint(1, 3), items)
        return Dispense(head, items, self.random.choice((SupplyTo.PATIENT, *SupplyTo)))

    def decommission(self, signer: str) -> Record:
        reason = self.random.choice(tuple(DecommissionReason))
        return Decommission(self.head(signer), reason, self.some(EVERYTHING, 1, signer))

    def ended(self, signer: str) -> list[bytes]:
        """Return what a partner ended and may take back, or find again."""
        state, number = self.ledger.state(), list(ROLES).index(signer) + 1
        rows = {key: state.read(ENDINGS, key) for key in EVERYTHING}
        return [key for key, row in rows.items() if row is not None and row.partner == number]

    def take_back_an_end(self, signer: str) -> Record:
        """Find again or reinstate something that ended, mostly what the signer ended."""
        state = self.ledger.state()
        key = self.random.choice(self.ended(signer) or list(PACKS))
        row = state.read(ENDINGS, key)
        head = self.head(signer)
        if row is not None and row.premises:
            head = Head(head.claimed_at_ms, 0, gln(list(PLACES)[row.premises - 1]))
        life = Life(state.require(ITEMS, key).life) if row is not None else Life.LOST
        if life not in tuple(UndoneEnding):
            return Found(head, (key,))
        return Reinstate(head, UndoneEnding(life), 1, (key,))

    def observe(self, signer: str) -> Record:
        return Observe(self.head(signer), ObserveStep.STORING, self.some(EVERYTHING, 3, signer))


def main() -> None:
    """Print what follows from a seed."""
    seed, documents = map(int, sys.argv[1:])
    workload = Workload(seed)
    for _ in range(documents):
        workload.step()
    print(workload.ledger.app_hash.hex(), workload.ledger.height, dict(sorted(workload.verdicts.items())))


if __name__ == "__main__":
    main()
