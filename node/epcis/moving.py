"""Goods that change hands: shipping, receiving and voiding events to records (LAW, EPCIS rules c, e).

Nothing here is judged that a rule judges; a record that a rule refuses is refused by the rule.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import ItemKey, format_item
from contracts.records.agreement import OfferOwnership
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, Void
from contracts.records.head import Head
from contracts.records.quantities import Line, ShipQuantity
from contracts.records.record import Record
from contracts.state.layout import CONTAINERS, ITEMS, SHIPMENTS
from contracts.state.parties import is_owner
from contracts.state.places import Position, effective_life, locate
from contracts.state.rows import Life, ShipmentStanding
from contracts.state.titles import title_of
from contracts.state.view import Overlay
from node.epcis.events import EpcisEvent, Place
from node.epcis.matching import last_shipment, receipts
from node.epcis.memory import Memory
from node.epcis.parties import Directory, Party, Receiver
from node.epcis.proposals import Proposal, Way
from node.epcis.refusal import EventRefused
from node.epcis.steps import Statement
from node.epcis.told import Evidence, Told

_RETURN_TRANSACTION: Final = "rma"
_AT_BORDER: Final = "goods cross the network's border: only the partner itself can confirm that"


class Moving:
    """Translates what changes hands, for the partner that acts."""

    def __init__(
        self, state: Overlay, actor: Party, file_receivers: tuple[Place, ...], memory: Memory
    ) -> None:
        """Prepare.

        Args:
            state: After all earlier events of the file; only read.
            actor: Who acts.
            file_receivers: Whom the file is for.
            memory: Knows what is inside containers.
        """
        self._state = state
        self._actor = actor
        self._receivers = file_receivers
        self._memory = memory
        self._directory = Directory(state)

    def ship(
        self, event: EpcisEvent, statement: Statement, lines: tuple[Line, ...], head: Head, evidence: Evidence
    ) -> Told:
        """Return what a shipping event means: of its things, and of the packs without serials that it counts.

        Raises:
            EventRefused: It does not say to whom, or says something else than the ledger of what is inside.
        """
        proposal = self._to_outside(event, statement, lines, head)
        if proposal is not None:
            return Told(note=_AT_BORDER, proposal=proposal)
        route = _Route.of(event, self._directory.receiver(event, self._receivers), self._actor)
        told = self._ship_items(event, statement, route, head, evidence) if statement.items else Told()
        if not lines:
            return told
        owner = self._owner(event)
        if event.drop_shipment and route.is_bought:
            reason = "packs without serials are sold to whom they go, and this is a drop shipment"
            raise EventRefused("not_supported", statement.quantity_field, reason)
        terms = (route.receiver.party.gln, route.receiver.destination, route.purpose, int(route.is_bought), 0)
        shipped = ShipQuantity(head, lines, owner, *terms, evidence.references)
        return told.with_records(shipped)

    def _to_outside(
        self, event: EpcisEvent, statement: Statement, lines: tuple[Line, ...], head: Head
    ) -> Proposal | None:
        """Return goods that the actor has and sends to somebody who is no partner; None for any other."""
        receiver = b"" if lines or event.drop_shipment else self._directory.outsider(event.destinations)
        positions = [locate(self._state, item) for item in statement.items]
        if not receiver or None in positions:
            return None
        return Proposal(self._actor.gln, receiver, statement.items, head, Way.TO_OUTSIDE)

    def _from_outside(self, event: EpcisEvent, statement: Statement, head: Head) -> Proposal | None:
        """Return goods that had left the network and come back to the actor; None for any other."""
        positions = [locate(self._state, item) for item in statement.items]
        are_outside = all(one is not None and effective_life(one) is Life.OUTSIDE for one in positions)
        if not are_outside or not positions:
            return None
        sender = self._directory.outsider(event.sources)
        if not sender:
            name = format_item(statement.items[0])
            reason = f"{name} had left the network, and the event names no GLN that it comes back from"
            raise EventRefused("missing_field", "sourceList", reason)
        return Proposal(sender, self._actor.gln, statement.items, head, Way.FROM_OUTSIDE)

    def _owner(self, event: EpcisEvent) -> bytes:
        """Return the GLN of another partner that owns what is sent; empty when it is the actor's own."""
        owner = self._directory.owner_named(event)
        return b"" if owner is None or owner == self._actor else owner.gln

    def _ship_items(
        self, event: EpcisEvent, statement: Statement, route: "_Route", head: Head, evidence: Evidence
    ) -> Told:
        receiver, purpose = route.receiver, route.purpose
        passes = route.is_bought and not event.drop_shipment
        terms = (receiver.party.gln, receiver.destination, purpose, int(passes), 0, b"")
        groups = {b"": statement.items}
        if purpose is ShipPurpose.RETURN:
            groups = self._by_sale(statement.items)
        records: tuple[Record, ...] = tuple(
            Ship(head, items, *terms, evidence.references, sale) for sale, items in groups.items()
        )
        buyer = self._directory.buyer(event) if event.drop_shipment and route.is_bought else None
        if buyer is not None:
            # Goods go to one partner and are sold to another, which must consent (rule 8).
            records += (OfferOwnership(head, statement.items, buyer.gln, 0),)
        if self._is_shipped(statement.items, receiver.party):
            return Told(records)
        self._check_contents(statement)
        return Told(records, records)

    def _by_sale(self, items: Sequence[ItemKey]) -> dict[bytes, tuple[ItemKey, ...]]:
        """Group items that go back by the sale with which their owner bought them; the law asks for it."""
        groups: dict[bytes, tuple[ItemKey, ...]] = {}
        for item in items:
            position = locate(self._state, item)
            is_own = position is not None and is_owner(self._actor.number, position)
            sale = title_of(position) if position is not None and is_own else b""
            groups[sale] = (*groups.get(sale, ()), item)
        return groups

    def _is_shipped(self, items: Sequence[ItemKey], receiver: Party) -> bool:
        """Tell whether all items are on their way to a partner already."""
        for item in items:
            position = locate(self._state, item)
            shipment = None if position is None else position.shipment
            ends = None if shipment is None else (shipment.sender, shipment.receiver)
            if ends != (self._actor.number, receiver.number):
                return False
        return True

    def _check_contents(self, statement: Statement) -> None:
        """Ask whether what is said to be inside a container is what the ledger has in it (rule e)."""
        if not statement.contents:
            return
        (container,) = statement.items
        name = format_item(container)
        contents = self._state.read(CONTAINERS, container)
        if contents is None:
            # Nothing was ever packed into it, or nobody knows it: the rule says so better.
            return
        for child in statement.contents:
            if not self._is_inside(child, container):
                reason = f"{format_item(child)} is not inside {name} on the ledger"
                raise EventRefused("contents_differ", "childEPCs", reason)
        known, listed = contents.children, len(statement.contents)
        if known != listed:
            reason = f"{name} has {known} items inside on the ledger, the event lists {listed}"
            raise EventRefused("contents_differ", "childEPCs", reason)

    def receive(self, event: EpcisEvent, statement: Statement, head: Head) -> Told:
        """Return what a receiving event means for its things.

        Raises:
            EventRefused: They are not on their way to the actor, or others are inside than it says.
        """
        proposal = self._from_outside(event, statement, head)
        if proposal is not None:
            return Told(note=_AT_BORDER, proposal=proposal)
        arriving: list[Position] = []
        for item in statement.items:
            position = locate(self._state, item)
            if position is None or (position.shipment is None and position.top.holder != self._actor.number):
                reason = f"{format_item(item)} is not on its way to {self._actor}"
                raise EventRefused("shipment_not_found", statement.field, reason)
            if position.shipment is not None:
                arriving.append(position)
        shortage = self._shortage(statement, arriving)
        if shortage:
            (position,) = arriving
            record = Receive(head, position.top.shipment, ReceiveMode.ALL_EXCEPT, shortage)
            return Told((record,), (record,))
        records = receipts(self._state, head, arriving)
        return Told(records, records)

    def _shortage(self, statement: Statement, arriving: Sequence[Position]) -> tuple[ItemKey, ...]:
        """Return what should be inside the arriving container and is not: it stays on its way (rule e).

        Raises:
            EventRefused: Something is inside that should not be, or what is missing cannot be told apart.
        """
        if not statement.contents or not arriving:
            return ()
        (container,) = statement.items
        extra = [child for child in statement.contents if not self._is_inside(child, container)]
        inside = self._memory.contents(container)
        listed = frozenset(statement.contents)
        missing = () if inside is None else tuple(child for child in inside if child not in listed)
        row = self._state.read(CONTAINERS, container)
        is_complete = row is not None and row.children == len(listed)
        if extra:
            reason = f"{format_item(extra[0])} is not inside {format_item(container)} on the ledger"
            raise EventRefused("contents_differ", "childEPCs", reason)
        if is_complete:
            return ()
        position = arriving[0]
        shipment = self._state.require(SHIPMENTS, position.top.shipment)
        if not missing or position.above or shipment.outstanding != 1:
            reason = f"{format_item(container)} has more inside on the ledger than the {len(listed)} listed"
            raise EventRefused("contents_differ", "childEPCs", reason)
        return missing

    def void(self, items: Sequence[ItemKey], head: Head) -> Told:
        """Return what a void means for its things.

        Raises:
            EventRefused: They are not on their way, and no void was recorded before.
        """
        groups: dict[bytes, list[ItemKey]] = {}
        for item in items:
            position = locate(self._state, item)
            if position is None or position.shipment is None:
                if position is not None and self._is_voided(position):
                    continue
                reason = f"{format_item(item)} is not on its way"
                raise EventRefused("shipment_not_found", "epcList", reason)
            groups.setdefault(position.top.shipment, []).append(item)
        records = tuple(Void(head, shipment, tuple(group)) for shipment, group in groups.items())
        return Told(records, records)

    def _is_voided(self, position: Position) -> bool:
        last = last_shipment(self._state, position)
        ended = {ShipmentStanding.VOIDED, ShipmentStanding.VOIDED_LATE}
        return last is not None and last[1].sender == self._actor.number and last[1].standing in ended

    def _is_inside(self, child: ItemKey, parent: bytes) -> bool:
        row = self._state.read(ITEMS, child)
        return row is not None and row.parent == parent


class _Route(msgspec.Struct, frozen=True):
    """To whom goods go, and on which terms."""

    receiver: Receiver
    purpose: ShipPurpose
    is_bought: bool

    @classmethod
    def of(cls, event: EpcisEvent, receiver: Receiver, actor: Party) -> "_Route":
        """Return the route that an event states."""
        purpose = _purpose(event, is_own=receiver.party == actor)
        return cls(receiver, purpose, receiver.ownership_passes and purpose is not ShipPurpose.OWN_PREMISES)


def _purpose(event: EpcisEvent, *, is_own: bool) -> ShipPurpose:
    if is_own:
        return ShipPurpose.OWN_PREMISES
    is_return = any(entry.kind == _RETURN_TRANSACTION for entry in event.transactions)
    return ShipPurpose.RETURN if is_return or event.disposition == "returned" else ShipPurpose.SALE
