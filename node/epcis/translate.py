"""From what this node's partner did to records of the law (LAW, EPCIS table and rules a, c, e, g).

Nothing here is judged that a rule judges; a record that a rule refuses is refused by the rule. An event is
translated on the state after all earlier events of its file, and what that holds already is left out.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, assert_never

import msgspec

from contracts.gs1.keys import SSCC_KIND, ItemKey, format_item
from contracts.records.agreement import OfferOwnership
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense, SupplyTo
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import (
    Decommission,
    DecommissionReason,
    Observe,
    Pack,
    Unpack,
)
from contracts.state.layout import CONTAINERS, ITEMS, SHIPMENTS
from contracts.state.parties import is_owner
from contracts.state.places import Position, locate
from contracts.state.rows import ShipmentStanding
from contracts.state.titles import title_of
from contracts.state.view import Overlay
from node.epcis.commissioning import check_make, commissions
from node.epcis.events import EpcisEvent, Place
from node.epcis.holding import hold_record, still_to_do
from node.epcis.matching import last_shipment, receipts
from node.epcis.parties import Directory, Party
from node.epcis.refusal import EventRefused
from node.epcis.steps import OBSERVING, Statement, Step

_RETURN_TRANSACTION: Final = "rma"
_LEAVING: Final = {
    "exported": DecommissionReason.EXPORTED,
    "sample": DecommissionReason.SAMPLE,
    "free_sample": DecommissionReason.FREE_SAMPLE,
    "checked_out": DecommissionReason.CHECKED_OUT,
    "lost": DecommissionReason.LOST,
}
"""Dispositions of decommissioned items beside those of CBV."""


class Evidence(msgspec.Struct, frozen=True):
    """What an event says beyond the law, as its records carry it."""

    attachment: bytes
    """Hash of its own data."""
    references: tuple[bytes, ...]
    """Salted hashes of its business documents."""


class Told(msgspec.Struct, frozen=True):
    """What an event of this node's partner means."""

    stated: tuple[Record, ...] = ()
    """All that it states, as records; some of it may be on the ledger already."""
    records: tuple[Record, ...] = ()
    """What of it the present state does not hold."""
    note: str = ""
    """Why there is no record for it; empty when there is one."""


Contents = Callable[[ItemKey], tuple[ItemKey, ...] | None]


class Translator:
    """Translates the events of one partner."""

    def __init__(
        self, state: Overlay, actor: Party, file_receivers: tuple[Place, ...], contents: Contents
    ) -> None:
        """Prepare.

        Args:
            state: After all earlier events of the file; only read.
            actor: Who acts.
            file_receivers: Whom the file is for.
            contents: Returns what is directly inside a container; None when it cannot be listed.
        """
        self._state = state
        self._actor = actor
        self._receivers = file_receivers
        self._contents = contents
        self._directory = Directory(state)

    def translate(  # noqa: C901 - one case for each step
        self, event: EpcisEvent, statement: Statement, evidence: Evidence
    ) -> Told:
        """Return what an event means.

        Args:
            event: Of this translator's partner.
            statement: What it states.
            evidence: Of this event.

        Raises:
            EventRefused: It cannot become a record, though it should.
        """
        head = self._head(event, evidence)
        match statement.step:
            case Step.COMMISSION:
                return self._commission(event, statement.items, head)
            case Step.PACK | Step.UNPACK:
                return self._packing(statement, head)
            case Step.SHIP:
                return self._ship(event, statement, head, evidence)
            case Step.VOID:
                return self._void(statement.items, head)
            case Step.RECEIVE:
                return self._receive(statement, head)
            case Step.DISPENSE | Step.DECOMMISSION | Step.OBSERVE:
                return _own_step(event, statement, head)
            case Step.HOLD | Step.RELEASE:
                return self._hold(statement, head)
            case Step.NONE:
                return Told(note=statement.note)
            case _:
                assert_never(statement.step)

    def _head(self, event: EpcisEvent, evidence: Evidence) -> Head:
        glns = (
            self._directory.premises_of(place, self._actor)
            for place in (event.read_point, event.biz_location)
        )
        premises = next((gln for gln in glns if gln), b"")
        return Head(event.time_ms, event.offset_minutes, premises, (evidence.attachment,))

    def _hold(self, statement: Statement, head: Head) -> Told:
        open_items = still_to_do(self._state, statement, self._actor.number)
        stated = (hold_record(statement, statement.items, head),)
        return Told(stated, (hold_record(statement, open_items, head),) if open_items else ())

    # ------------------------------------------------------------------------- beginnings

    def _commission(self, event: EpcisEvent, items: Sequence[ItemKey], head: Head) -> Told:
        known = {item: row for item in items if (row := self._state.read(ITEMS, item)) is not None}
        for item, row in known.items():
            check_make(self._state, event, item, row)
        fresh = [item for item in items if item not in known or self._is_new_generation(event, item)]
        records = commissions(event, fresh, head)
        return Told(records, records)

    def _is_new_generation(self, event: EpcisEvent, item: ItemKey) -> bool:
        """Tell whether a logistic unit was emptied before this event: its number may be given again."""
        contents = self._state.read(CONTAINERS, item) if item[:1] == SSCC_KIND else None
        return contents is not None and 0 < contents.emptied_at_ms < event.time_ms

    # ---------------------------------------------------------------------------- packing

    def _packing(self, statement: Statement, head: Head) -> Told:
        parent, children = statement.parent or b"", statement.items
        if statement.step is Step.PACK:
            missing = tuple(child for child in children if not self._is_inside(child, parent))
            stated = (Pack(head, parent, children),)
            return Told(stated, (Pack(head, parent, missing),) if missing else ())
        if children:
            return Told((Unpack(head, parent, children),), (Unpack(head, parent, children),))
        inside = self._contents(ItemKey(parent))
        if inside is None:
            count = self._state.require(CONTAINERS, parent).children
            name = format_item(ItemKey(parent))
            reason = f"{name} has {count} items inside, and this node cannot list them all"
            raise EventRefused("contents_unknown", "childEPCs", reason)
        return Told(records=(Unpack(head, parent, inside),) if inside else ())

    def _is_inside(self, child: ItemKey, parent: bytes) -> bool:
        row = self._state.read(ITEMS, child)
        return row is not None and row.parent == parent

    # ---------------------------------------------------------------------------- custody

    def _ship(self, event: EpcisEvent, statement: Statement, head: Head, evidence: Evidence) -> Told:
        receiver = self._directory.receiver(event, self._receivers)
        purpose = _purpose(event, is_own=receiver.party == self._actor)
        is_bought = receiver.ownership_passes and purpose is not ShipPurpose.OWN_PREMISES
        passes = is_bought and not event.drop_shipment
        route = (receiver.party.gln, receiver.destination, purpose, int(passes), 0, b"")
        groups = {b"": statement.items}
        if purpose is ShipPurpose.RETURN:
            groups = self._by_sale(statement.items)
        records: tuple[Record, ...] = tuple(
            Ship(head, items, *route, evidence.references, sale) for sale, items in groups.items()
        )
        buyer = self._directory.buyer(event) if event.drop_shipment and is_bought else None
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

    def _receive(self, statement: Statement, head: Head) -> Told:
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
        inside = self._contents(container)
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

    def _void(self, items: Sequence[ItemKey], head: Head) -> Told:
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


def _own_step(event: EpcisEvent, statement: Statement, head: Head) -> Told:
    """Steps that a holder takes by itself: dispensing, ending, observing."""
    record: Record
    if statement.step is Step.DISPENSE:
        if event.disposition == "partially_dispensed":
            reason = "it does not say how many units were taken; state that as a record"
            raise EventRefused("not_supported", "disposition", reason)
        is_retail = event.biz_step == "retail_selling"
        record = Dispense(head, statement.items, SupplyTo.RETAIL if is_retail else SupplyTo.PATIENT)
    elif statement.step is Step.DECOMMISSION:
        record = Decommission(head, _decommission_reason(event), statement.items)
    elif not head.premises:
        return Told(note="it names no registered premises of its actor, and seeing things needs a place")
    else:
        record = Observe(head, OBSERVING[event.biz_step], statement.items)
    return Told((record,), (record,))


def _decommission_reason(event: EpcisEvent) -> DecommissionReason:
    if event.disposition == "stolen":
        return DecommissionReason.STOLEN
    if event.biz_step == "destroying" or event.disposition == "destroyed":
        return DecommissionReason.DESTROYED
    # CBV has no words for these; partners write them bare, or as the end of a URI of their own.
    word = re.split("[:/#-]", event.disposition)[-1].lower()
    if word in _LEAVING:
        return _LEAVING[word]
    found = event.disposition or "no disposition"
    reason = f"decommissioning with {found}: expected destroyed, stolen, {', '.join(_LEAVING)}"
    raise EventRefused("not_supported", "disposition", reason)


def _purpose(event: EpcisEvent, *, is_own: bool) -> ShipPurpose:
    if is_own:
        return ShipPurpose.OWN_PREMISES
    is_return = any(entry.kind == _RETURN_TRANSACTION for entry in event.transactions)
    return ShipPurpose.RETURN if is_return or event.disposition == "returned" else ShipPurpose.SALE
