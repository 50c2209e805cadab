"""Indices beside the state: which records and events touched an item, a shipment, a lot or a partner.

Computed from documents and receipts, never law: they can be dropped and built again from the blocks. One
small row per (subject, height, document, record); none for a commissioned serial, whose item row says where
it was born. The last number of the key says which event of the receipt the row is about, or that
it is the record itself.

Rows (numbers big-endian: height 8 bytes, document index 4, record index 2, event 4):
    i  length, item key, height, document, record, event     one thing that happened to an item
    s  shipment id, height, document, record, event          one thing that happened to a shipment
    l  GTIN, length, lot, height, document, record, event    one make of a lot, or what it was made of
    c  recall id, height, document, record, event            one thing that happened to a recall
    p  partner number (4), height, document, record, event   one shipment that a partner sends or gets
    q  partner number (4), height, document, record, event   one of packs without serials; value: its id
    a  partner number (4), height, document, record, event   one event that a partner must see to or know of
    d  item key                                              supplied although it was not clean (rule 11b)
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contracts.ledger.document import Document
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.records.custody import Receive, Refuse, Ship, Void, shipment_id
from contracts.records.holds import DeclareOverdue
from contracts.records.lanes import SetTradeLane
from contracts.records.lots import AmendLot, ConsentToAmendment, TraceLot
from contracts.records.mandates import Mandate
from contracts.records.onboarding import Onboard
from contracts.records.overages import ClaimOverage
from contracts.records.quantities import SettleQuantity, ShipQuantity
from contracts.records.recall import (
    AboutRecall,
    OpenRecall,
    recall_id,
)
from contracts.records.record import Record, listed, plain
from contracts.records.supply import Commission, CommissionLogisticUnits, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.rules.events import EventKind
from node.storage.errors import StorageDamaged
from node.storage.store import INDEX, Reader, Space, Write

_ITEM: Final = b"i"
_SHIPMENT: Final = b"s"
_LOT: Final = b"l"
_PARTNER: Final = b"p"
_LOAD: Final = b"q"
_RECALL: Final = b"c"
_DESPITE: Final = b"d"
_ALERT: Final = b"a"

THE_RECORD: Final = 0
"""Event position of a row that is about the record itself; events count from 1."""

ALERTS: Final = frozenset(
    {
        EventKind.QUARANTINED,
        EventKind.STOLEN_REPORTED,
        EventKind.HOLD_PLACED,
        EventKind.SUSPICION_RAISED,
        EventKind.ILLEGITIMATE_CONFIRMED,
        EventKind.VERIFICATION_FAILED,
        EventKind.FINDING_REPORTED,
        EventKind.OVERDUE_DECLARED,
        EventKind.STOLEN_CLAIMED,
        EventKind.LOST_REPORTED,
        EventKind.LOST_FOUND,
        EventKind.BREACHED,
        EventKind.DISPENSED_DESPITE,
        EventKind.RECALL_OPENED,
        EventKind.RECALL_WIDENED,
        EventKind.RECALL_MISSED,
        EventKind.RECALL_REACHED,
        EventKind.HELD_ON_RECEIPT,
        EventKind.HELD_AS_RETURNED,
        EventKind.PROPOSED,
        EventKind.CAME_BACK,
        EventKind.CAME_ANOTHER_WAY,
        EventKind.CLAIM_CONTRADICTED,
        EventKind.OVERAGE_CLAIMED,
        EventKind.OVERAGE_ENDED,
        EventKind.PRODUCT_OFFERED,
        EventKind.LANE_LEFT,
        EventKind.EXCURSION,
        EventKind.READING_GAP,
        EventKind.LOGGER_MISSING,
    }
)
"""Events that somebody must see to, or look into."""

_PLACE_BYTES: Final = 8 + 4 + 2 + 4
_ROWS_AT_ONCE: Final = 1_000
_OF_THE_RECORD: Final = THE_RECORD.to_bytes(4, "big")
_ITEM_OF_LENGTH: Final = tuple(_ITEM + bytes((length,)) for length in range(256))
"""How the rows of an item with a key of this length begin."""


class Touch(msgspec.Struct, frozen=True, order=True):
    """One thing that happened, by its place in the chain."""

    height: int
    """Height of the block."""
    document: int
    """Index of the document in the block."""
    record: int
    """Index of the record in the document."""
    event: int
    """`THE_RECORD`, or 1 + the position of the event in the receipt."""


class IndexedDocument(msgspec.Struct, frozen=True):
    """What an accepted or refused document leaves in the indices."""

    index: int
    """Its index in the block."""
    document: Document
    """The document."""
    receipt: Receipt
    """Its receipt."""
    sender: int
    """Number of the partner that signed it."""


def _place(touch: Touch) -> bytes:
    return (
        touch.height.to_bytes(8, "big")
        + touch.document.to_bytes(4, "big")
        + touch.record.to_bytes(2, "big")
        + touch.event.to_bytes(4, "big")
    )


def _read_place(key: bytes) -> Touch:
    place = key[-_PLACE_BYTES:]
    numbers = (place[0:8], place[8:12], place[12:14], place[14:18])
    return Touch(*(int.from_bytes(number, "big") for number in numbers))


def _item_prefix(item: bytes) -> bytes:
    return _ITEM_OF_LENGTH[len(item)] + item


def _lot_prefix(gtin: bytes, lot: bytes) -> bytes:
    return _LOT + gtin + bytes((len(lot),)) + lot


def journey_entries(height: int, documents: Iterable[IndexedDocument]) -> list[Write]:
    """Build the index rows of one block's documents.

    Args:
        height: The block's.
        documents: Its documents with their receipts; refused ones leave no rows.
    """
    # Every record of every node comes through here, so places are put together from what is known already.
    entries: list[Write] = []
    block = height.to_bytes(8, "big")
    for indexed in documents:
        receipt = indexed.receipt
        if receipt.code != ACCEPTED:
            continue
        document = block + indexed.index.to_bytes(4, "big")
        for position, record in enumerate(indexed.document.records):
            place = document + position.to_bytes(2, "big") + _OF_THE_RECORD
            subjects = _record_subjects(record, receipt, position)
            entries += [(INDEX + subject + place, b"") for subject in subjects]
        for at, event in enumerate(receipt.events, 1):
            if event.kind == EventKind.SHIPMENT_RECEIVED:
                # There are more of these than of all others; the record's own rows say what they do.
                continue
            place = document + event.record.to_bytes(2, "big") + at.to_bytes(4, "big")
            subjects = _event_subjects(event, indexed.sender)
            entries += [(INDEX + subject + place, b"") for subject in subjects]
            if event.kind == EventKind.QUANTITY_ANNOUNCED:
                loads = _numbered(_LOAD, event, indexed.sender)
                entries += [(INDEX + subject + place, event.subject) for subject in loads]
            entries += _despite_entries(event)
            if event.kind in ALERTS:
                told = (_ALERT + number.to_bytes(4, "big") for number in event.concerned)
                entries += [(INDEX + subject + place, b"") for subject in told]
    return entries


def _despite_entries(event: Event) -> list[Write]:
    """Keep which items were supplied although not clean, for as long as they are supplied."""
    match event.kind:
        case EventKind.DISPENSED_DESPITE:
            return [(INDEX + _DESPITE + item, b"") for item in event.items]
        case EventKind.REINSTATED:
            return [(INDEX + _DESPITE + item, None) for item in event.items]
        case _:
            return []


def _record_subjects(record: Record, receipt: Receipt, position: int) -> list[bytes]:
    """Return the first parts of the keys of a record's rows."""
    items, record = listed(record), plain(record)
    # What there is most of comes first: a case that does not match costs time too.
    match record:
        case Ship() | ShipQuantity():
            own_shipment = _SHIPMENT + shipment_id(receipt.document_id, position)
            return [own_shipment, *map(_item_prefix, items)]
        case (
            Receive(shipment=shipment)
            | Refuse(shipment=shipment)
            | Void(shipment=shipment)
            | DeclareOverdue(shipment=shipment)
            | ClaimOverage(shipment=shipment)
            | SettleQuantity(shipment=shipment)
        ):
            return [_SHIPMENT + shipment, *map(_item_prefix, items)]
        case Commission() | TraceLot() | AmendLot() | ConsentToAmendment() | Onboard():
            return [_lot_prefix(record.gtin, record.lot)]
        case CommissionLogisticUnits() | Mandate() | SetTradeLane():
            # What a mandate or a lane lists are places and partners.
            return []
        case Pack(parent=parent) | Unpack(parent=parent):
            items = (parent, *items)
        case Transform(inputs=inputs):
            return [_lot_prefix(record.gtin, record.lot), *map(_item_prefix, inputs)]
        case OpenRecall():
            return [_RECALL + recall_id(receipt.document_id, position), *map(_item_prefix, items)]
        case _:
            pass
    about = [_RECALL + record.recall] if isinstance(record, AboutRecall) else []
    return [*about, *map(_item_prefix, items)]


def _event_subjects(event: Event, sender: int) -> list[bytes]:
    """Return the subjects of what the law did beside the record: the record's own rows do not tell that."""
    match event.kind:
        case EventKind.SHIPMENT_ANNOUNCED:
            return _partner_subjects(event, sender)
        case EventKind.SHIPMENT_SPLIT:
            return [_SHIPMENT + event.subject, *_partner_subjects(event, sender)]
        case EventKind.UNPACKED:
            return list(map(_item_prefix, (*event.items, event.subject)))
        case EventKind.MOVED | EventKind.EXCURSION | EventKind.READING_GAP:
            return list(map(_item_prefix, event.items))
        case EventKind.CLAIM_CONFIRMED | EventKind.CLAIM_CONTRADICTED:
            return list(map(_item_prefix, event.items))
        case EventKind.LATE_RECEIPT:
            return [_SHIPMENT + event.subject, *map(_item_prefix, event.items)]
        case EventKind.INTRODUCED | EventKind.CORRECTED:
            return [_item_prefix(unit) for unit in (event.subject,) if unit]
        case _:
            return []


def _partner_subjects(event: Event, sender: int) -> list[bytes]:
    return _numbered(_PARTNER, event, sender)


def _numbered(kind: bytes, event: Event, sender: int) -> list[bytes]:
    return [kind + number.to_bytes(4, "big") for number in dict.fromkeys((sender, *event.concerned))]


class Journeys:
    """Reads the indices, over a store or a pinned snapshot."""

    def __init__(self, reader: Reader) -> None:
        """Read from `reader`."""
        self._index = Space(reader, INDEX)

    def item(self, item: bytes, limit: int) -> list[Touch]:
        """Return what happened to an item since its birth, in order; at most `limit`, oldest first."""
        return self._touches(_item_prefix(item), limit)

    def shipment(self, shipment: bytes, limit: int) -> list[Touch]:
        """Return what happened to a shipment, in order; at most `limit`, oldest first."""
        return self._touches(_SHIPMENT + shipment, limit)

    def recall(self, recall: bytes) -> Iterator[Touch]:
        """Yield what happened to a recall, in order."""
        return self._all_touches(_RECALL + recall)

    def lot(self, gtin: bytes, lot: bytes, limit: int) -> list[Touch]:
        """Return the commissions of a lot, and what it is of, in order; at most `limit`, oldest first."""
        return self._touches(_lot_prefix(gtin, lot), limit)

    def makes_of_lot(self, gtin: bytes, lot: bytes) -> Iterator[Touch]:
        """Yield every record that brought serials of a lot to life, in order."""
        return self._all_touches(_lot_prefix(gtin, lot))

    def is_despite(self, keys: Iterable[bytes]) -> bool:
        """Tell whether one of these items was supplied although it was not clean, and still is."""
        found = self._index.get_many([_DESPITE + key for key in keys])
        return any(row is not None for row in found)

    def shipments_of(self, partner: int, before: Touch | None, limit: int) -> list[Touch]:
        """Return the announcements of shipments that concern a partner, newest first.

        Args:
            partner: The partner's number.
            before: Only older ones; None for all.
            limit: Most to return.
        """
        prefix = _PARTNER + partner.to_bytes(4, "big")
        start = None if before is None else prefix + _place(before)
        page = self._index.scan(prefix, start=start, limit=limit, reverse=True)
        return [_read_place(key) for key, _value in page.rows]

    def alerts_of(self, partner: int, before: Touch | None, limit: int) -> list[Touch]:
        """Return events of `ALERTS` that a partner is told of, newest first; `before` as for shipments."""
        prefix = _ALERT + partner.to_bytes(4, "big")
        start = None if before is None else prefix + _place(before)
        page = self._index.scan(prefix, start=start, limit=limit, reverse=True)
        return _read_touches(prefix, page.rows)

    def loads_of(self, partner: int, limit: int) -> list[bytes]:
        """Return the ids of shipments of packs without serials that concern a partner, newest first."""
        prefix = _LOAD + partner.to_bytes(4, "big")
        return [value for _key, value in self._index.scan(prefix, limit=limit, reverse=True).rows]

    def _touches(self, prefix: bytes, limit: int) -> list[Touch]:
        return _read_touches(prefix, self._index.scan(prefix, limit=limit).rows)

    def _all_touches(self, prefix: bytes) -> Iterator[Touch]:
        """Yield all rows that begin so, read in bounded steps."""
        start: bytes | None = None
        while True:
            page = self._index.scan(prefix, start=start, limit=_ROWS_AT_ONCE)
            yield from _read_touches(prefix, page.rows)
            if page.resume is None:
                return
            start = page.resume


def _read_touches(prefix: bytes, rows: Iterable[tuple[bytes, bytes]]) -> list[Touch]:
    found: list[Touch] = []
    for key, _value in rows:
        if len(key) != len(prefix) + _PLACE_BYTES:
            raise StorageDamaged("index row", f"its key {key.hex()} has {len(key)} bytes")
        found.append(_read_place(key))
    return found
