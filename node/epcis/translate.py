"""From an event to records of the law: what its words mean here (LAW, EPCIS table and rules a, c, e, g).

An event asserts, the law acts: what the ledger already holds becomes no record, what the law does not know is
attached. Nothing here is judged that a rule judges; a record that a rule refuses is refused by the rule.
The translation of an event reads the state after all earlier events of its file.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from contracts.gs1.dates import Date, format_date
from contracts.gs1.keys import SSCC_KIND, ItemKey, format_item
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, Void
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
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.places import Position, locate
from contracts.state.rows import ItemRow
from contracts.state.sources import source_row
from contracts.state.view import Overlay
from node.epcis.events import (
    AggregationEvent,
    BusinessTransaction,
    EpcisDocument,
    EpcisEvent,
    ObjectEvent,
    Place,
)
from node.epcis.parties import Directory, Party
from node.epcis.refusal import EventRefused

SHIPPING: Final = frozenset({"shipping"})
RECEIVING: Final = frozenset({"receiving", "accepting"})
DISPENSING: Final = frozenset({"dispensing", "retail_selling"})
OBSERVING: Final = {
    "storing": ObserveStep.STORING,
    "arriving": ObserveStep.ARRIVING,
    "departing": ObserveStep.DEPARTING,
    "inspecting": ObserveStep.INSPECTING,
}
_RETURN_TRANSACTION: Final = "rma"
_MS_PER_DAY: Final = 86_400_000


class Translated(msgspec.Struct, frozen=True):
    """What an event means."""

    actor: Party
    """Who did it."""
    records: tuple[Record, ...]
    """What it states that the ledger does not hold yet; none for a no-op or an attachment."""
    is_attachment: bool
    """It says something that the law has no record for; it is kept, and given back on export."""


class Surroundings(msgspec.Struct, frozen=True):
    """What a translation may ask."""

    state: Overlay
    """After all earlier events of the file; only read."""
    document: EpcisDocument
    """The file."""
    attach: Callable[[EpcisEvent], tuple[bytes, ...]]
    """Keeps an event's own data and returns the hashes to attach."""
    refer: Callable[[Sequence[BusinessTransaction]], tuple[bytes, ...]]
    """Salts and hashes references, keeping them in the clear on this node."""
    contents_of: Callable[[ItemKey], tuple[ItemKey, ...]]
    """Returns what is directly inside a container."""


class Translator:
    """Translates the events of one file."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare."""
        self._around = surroundings
        self._state = surroundings.state
        self._directory = Directory(surroundings.state)

    def translate(self, event: EpcisEvent) -> Translated:
        """Return what an event means.

        Raises:
            EventRefused: It cannot become a record, though it should.
        """
        if event.error_declaration is not None:
            return self._attachment(event)
        match event:
            case ObjectEvent():
                return self._object(event)
            case AggregationEvent():
                return self._aggregation(event)
            case _:
                return self._attachment(event)

    def _attachment(self, event: EpcisEvent) -> Translated:
        actor = self._directory.actor(event, self._around.document.sender)
        return Translated(actor, (), is_attachment=True)

    def _done(self, actor: Party, records: Sequence[Record]) -> Translated:
        return Translated(
            actor, tuple(record for record in records if record is not None), is_attachment=False
        )

    def _head(self, event: EpcisEvent, actor: Party, places: Sequence[Place | None]) -> Head:
        glns = (self._directory.premises_of(place, actor) for place in places)
        premises = next((gln for gln in glns if gln), b"")
        return Head(event.time_ms, event.offset_minutes, premises, self._around.attach(event))

    # ----------------------------------------------------------------------- object events

    def _object(self, event: ObjectEvent) -> Translated:
        if not event.epcs.items:
            # Class-level goods, devices and the like: the law of serialised packs has no record for them.
            return self._attachment(event)
        if event.action == "ADD":
            return self._commission(event)
        if event.biz_step in SHIPPING:
            return self._ship(event, event.epcs.items)
        if event.biz_step == "void_shipping":
            return self._void(event)
        if event.biz_step in RECEIVING:
            return self._receive(event, event.epcs.items)
        return self._own_step(event)

    def _own_step(self, event: ObjectEvent) -> Translated:
        """Steps that a holder takes by itself: dispensing, decommissioning, observing."""
        actor = self._directory.actor(event, self._around.document.sender)
        head = self._head(event, actor, (event.read_point, event.biz_location))
        if event.biz_step in DISPENSING:
            if event.disposition == "partially_dispensed":
                raise EventRefused("not_supported", "disposition", "packs are dispensed whole")
            return self._done(actor, [Dispense(head, event.epcs.items)])
        if event.biz_step in ("decommissioning", "destroying") or event.disposition == "stolen":
            reason = _decommission_reason(event)
            return self._done(actor, [Decommission(head, reason, event.epcs.items)])
        step = OBSERVING.get(event.biz_step)
        if step is None or not head.premises:
            return Translated(actor, (), is_attachment=True)
        return self._done(actor, [Observe(head, step, event.epcs.items)])

    def _commission(self, event: ObjectEvent) -> Translated:
        actor = self._directory.actor(event, self._around.document.sender)
        head = self._head(event, actor, (event.read_point, event.biz_location))
        by_gtin: dict[bytes, list[bytes]] = {}
        units: list[bytes] = []
        for item in event.epcs.items:
            row = self._state.read(ITEMS, item)
            if row is not None:
                self._must_agree(event, item, row)
            elif item[:1] == SSCC_KIND:
                units.append(item)
            else:
                by_gtin.setdefault(item[1:7], []).append(item[7:])
        records: list[Record] = []
        for gtin, serials in by_gtin.items():
            lot, expiry = _lot_and_expiry(event)
            records.append(Commission(head, gtin, lot, expiry, b"", 0, tuple(serials)))
        if units:
            records.append(CommissionLogisticUnits(head, tuple(units)))
        return self._done(actor, records)

    def _must_agree(self, event: ObjectEvent, item: ItemKey, row: ItemRow) -> None:
        """An item that lives already must have the lot and expiry that the event states."""
        if not row.source or event.ilmd is None:
            return
        source = source_row(self._state, row.source)
        lot, expiry = event.ilmd.lot, event.ilmd.expiry
        if lot is not None and lot.encode() != source.lot:
            raise EventRefused(
                "disagrees_with_ledger",
                "ilmd.lotNumber",
                f"{format_item(item)} is of lot {source.lot.decode()} on the ledger, the event says {lot}",
            )
        if expiry is not None and expiry != source.expiry:
            known = format_date(Date(source.expiry))
            raise EventRefused(
                "disagrees_with_ledger",
                "ilmd.itemExpirationDate",
                f"{format_item(item)} expires {known} on the ledger, here {format_date(expiry)}",
            )

    # ------------------------------------------------------------------------------ custody

    def _ship(self, event: EpcisEvent, items: tuple[ItemKey, ...]) -> Translated:
        if event.drop_shipment:
            raise EventRefused("not_supported", "dropShipment", "drop shipments transfer ownership apart")
        document = self._around.document
        actor = self._directory.sender(event, document.sender)
        receiver = self._directory.receiver(event, document.receivers)
        purpose = _purpose(event, is_own=receiver.party == actor)
        if self._is_shipped(items, actor, receiver.party):
            return self._done(actor, [])
        head = self._head(event, actor, (event.read_point, event.biz_location))
        passes = receiver.ownership_passes and purpose is not ShipPurpose.OWN_PREMISES
        ship = Ship(
            head,
            items,
            receiver.party.gln,
            receiver.destination,
            purpose,
            int(passes),
            0,
            b"",
            self._around.refer(event.transactions),
        )
        return self._done(actor, [ship])

    def _is_shipped(self, items: Sequence[ItemKey], sender: Party, receiver: Party) -> bool:
        """Tell whether all items are on their way from one to the other already."""
        for item in items:
            position = locate(self._state, item)
            shipment = None if position is None else position.shipment
            if shipment is None or (shipment.sender, shipment.receiver) != (sender.number, receiver.number):
                return False
        return True

    def _receive(self, event: EpcisEvent, items: tuple[ItemKey, ...]) -> Translated:
        actor = self._directory.actor(event, None)
        head = self._head(event, actor, (event.read_point, event.biz_location))
        outstanding: dict[bytes, list[Position]] = {}
        for item in items:
            position = locate(self._state, item)
            if position is None or (position.shipment is None and position.top.holder != actor.number):
                raise EventRefused(
                    "shipment_not_found", "epcList", f"{format_item(item)} is on its way to nobody"
                )
            if position.shipment is not None:
                outstanding.setdefault(position.top.shipment, []).append(position)
        return self._done(actor, [self._receipt(head, *group) for group in outstanding.items()])

    def _receipt(self, head: Head, shipment: bytes, positions: list[Position]) -> Receive:
        """Receive all when every outermost unit of the shipment is listed, else what is listed."""
        row = self._state.require(SHIPMENTS, shipment)
        tops = sum(not position.above for position in positions)
        if tops == row.outstanding == len(positions):
            return Receive(head, shipment, ReceiveMode.ALL, ())
        keys = tuple(position.key for position in positions)
        return Receive(head, shipment, ReceiveMode.LISTED, keys)

    def _void(self, event: ObjectEvent) -> Translated:
        actor = self._directory.sender(event, self._around.document.sender)
        head = self._head(event, actor, (event.read_point, event.biz_location))
        by_shipment: dict[bytes, list[ItemKey]] = {}
        for item in event.epcs.items:
            position = locate(self._state, item)
            if position is None or position.shipment is None:
                raise EventRefused("shipment_not_found", "epcList", f"{format_item(item)} is not on its way")
            by_shipment.setdefault(position.top.shipment, []).append(item)
        return self._done(
            actor, [Void(head, shipment, tuple(items)) for shipment, items in by_shipment.items()]
        )

    # ------------------------------------------------------------------- aggregation events

    def _aggregation(self, event: AggregationEvent) -> Translated:
        if event.parent is None:
            return self._attachment(event)
        if event.action == "OBSERVE":
            return self._contents(event, event.parent)
        actor = self._directory.actor(event, self._around.document.sender)
        head = self._head(event, actor, (event.read_point, event.biz_location))
        children = event.children.items
        if event.action == "DELETE":
            everything = not children and not event.children.others and not event.child_quantities
            inside = self._around.contents_of(event.parent) if everything else children
            return self._done(actor, [Unpack(head, event.parent, inside)] if inside else [])
        missing = tuple(child for child in children if not self._is_inside(child, event.parent))
        return self._done(actor, [Pack(head, event.parent, missing)] if missing else [])

    def _is_inside(self, child: ItemKey, parent: ItemKey) -> bool:
        row = self._state.read(ITEMS, child)
        return row is not None and row.parent == parent

    def _contents(self, event: AggregationEvent, parent: ItemKey) -> Translated:
        """Stated contents: with a step of custody the container is meant, else a claim is kept (rule e)."""
        if event.biz_step not in SHIPPING | RECEIVING:
            return self._attachment(event)
        for child in event.children.items:
            if not self._is_inside(child, parent):
                raise EventRefused(
                    "contents_differ",
                    "childEPCs",
                    f"{format_item(child)} is not inside {format_item(parent)} on the ledger",
                )
        if event.biz_step in SHIPPING:
            return self._ship(event, (parent,))
        return self._receive(event, (parent,))


def _decommission_reason(event: ObjectEvent) -> DecommissionReason:
    if event.disposition == "stolen":
        return DecommissionReason.STOLEN
    if event.biz_step == "destroying" or event.disposition == "destroyed":
        return DecommissionReason.DESTROYED
    raise EventRefused(
        "not_supported",
        "disposition",
        f"decommissioned as {event.disposition or 'nothing stated'}: destroyed or stolen can be recorded",
    )


def _lot_and_expiry(event: ObjectEvent) -> tuple[bytes, int]:
    ilmd = event.ilmd
    if ilmd is None or ilmd.lot is None:
        raise EventRefused("missing_field", "ilmd.lotNumber", "packs need a lot")
    if ilmd.expiry is None:
        raise EventRefused("missing_field", "ilmd.itemExpirationDate", "packs need an expiry")
    return ilmd.lot.encode(), int(ilmd.expiry)


def _purpose(event: EpcisEvent, *, is_own: bool) -> ShipPurpose:
    if is_own:
        return ShipPurpose.OWN_PREMISES
    is_return = any(entry.kind == _RETURN_TRANSACTION for entry in event.transactions)
    return ShipPurpose.RETURN if is_return or event.disposition == "returned" else ShipPurpose.SALE
