"""Receipts and ledger events in JSON."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import GLN_BYTES, is_valid_gln, is_valid_item_key
from contracts.ledger.events import EventKind, sentence
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.records.catalogue import DescribeProduct
from contracts.records.coldchain import ClearSession, ColdRecord
from contracts.records.custody import SHIPMENT_ID_BYTES
from contracts.records.lots import LotRecord, TraceLot
from contracts.records.onboarding import Onboard
from contracts.records.record import Record
from contracts.records.supply import Commission
from node.api.cold_json import logger_text
from node.api.record_texts import gln_text, gtin_text, item_text, plain_text

MAX_SHOWN_ITEMS: Final = 100
"""Items that an event shows; `item_count` says how many it has."""

_IDS: Final = frozenset(
    {
        EventKind.SHIPMENT_ANNOUNCED,
        EventKind.CUSTODY_TAKEN,
        EventKind.SHIPMENT_RECEIVED,
        EventKind.SHIPMENT_SPLIT,
        EventKind.SHIPMENT_REFUSED,
        EventKind.SHIPMENT_VOIDED,
        EventKind.QUARANTINED,
        EventKind.RECALL_OPENED,
        EventKind.DRILL_OPENED,
        EventKind.RECALL_WIDENED,
        EventKind.RECALL_CLASSIFIED,
        EventKind.RECALL_ACKNOWLEDGED,
        EventKind.RECALL_RESPONDED,
        EventKind.RECALL_CLOSED,
        EventKind.RECALL_MISSED,
        EventKind.RECALL_REACHED,
        EventKind.RECALL_RELEASED,
        EventKind.HELD_ON_RECEIPT,
        EventKind.OVERDUE_DECLARED,
        EventKind.PROPOSED,
        EventKind.PROPOSAL_ENDED,
        EventKind.OWNERSHIP_PASSED,
        EventKind.LATE_RECEIPT,
        EventKind.QUANTITY_ANNOUNCED,
        EventKind.QUANTITY_RECEIVED,
        EventKind.QUANTITY_BACK,
    }
)

_GLN_SUBJECTS: Final = frozenset(
    {
        EventKind.MOVED,
        EventKind.LEFT_NETWORK,
        EventKind.CAME_ANOTHER_WAY,
        EventKind.MANDATE_GIVEN,
        EventKind.MANDATE_WITHDRAWN,
        EventKind.ACTED_FOR,
    }
)

_PRODUCT_SUBJECTS: Final = frozenset(
    {
        EventKind.PRODUCT_OFFERED,
        EventKind.PRODUCT_TAKEN,
        EventKind.DELEGATION_GIVEN,
        EventKind.DELEGATION_WITHDRAWN,
        EventKind.LANE_LEFT,
    }
)

_LOT_SUBJECTS: Final = frozenset(
    {EventKind.LOT_TRACED, EventKind.LOT_AMENDED, EventKind.REPACKED, EventKind.ONBOARDED}
)

_SESSION_SUBJECTS: Final = frozenset(
    {
        EventKind.EXCURSION,
        EventKind.READING_GAP,
        EventKind.LOGGER_MISSING,
        EventKind.COLD_CHAIN_CLEARED,
    }
)

PartnerName = Callable[[int], str | None]
"""A partner's GLN by its number."""


class EventView(msgspec.Struct, frozen=True):
    """Something the law did, or that someone must be told of."""

    kind: str
    """unpacked, moved, introduced, repeated_step, shipment_announced …"""
    record: int
    """Index of the record in its document."""
    items: tuple[str, ...]
    """Items concerned, the first 100."""
    item_count: int
    """How many there are."""
    subject: str
    """Container, shipment id, premises or product, by kind; may be empty."""
    """Container, shipment or recall id, or premises, by kind; may be empty."""
    """Container, shipment id, premises, product or number of a session, by kind; may be empty."""
    concerned: tuple[str, ...]
    """GLNs of the partners to be told."""
    sentence: str
    """What it means."""


class ReceiptView(msgspec.Struct, frozen=True):
    """The verdict on a document."""

    document: str
    """Document id, hex."""
    code: str
    """accepted, or the verdict code of the first refusal."""
    accepted: bool
    """Whether the document acted."""
    record: int
    """Index of the refused record; 0 when accepted."""
    subject: str
    """What was refused; empty when accepted."""
    events: tuple[EventView, ...]
    """In order."""


def receipt_view(receipt: Receipt, records: Sequence[Record], name: PartnerName) -> ReceiptView:
    """Return a receipt for people.

    Args:
        receipt: The verdict.
        records: The document's.
        name: For who is concerned.
    """
    return ReceiptView(
        receipt.document_id.hex(),
        receipt.code,
        receipt.code == ACCEPTED,
        receipt.record,
        subject_text(receipt, records),
        tuple(event_view(event, name) for event in receipt.events),
    )


def event_view(event: Event, name: PartnerName) -> EventView:
    """Return a ledger event for people."""
    kind = EventKind(event.kind)
    return EventView(
        kind.name.lower(),
        event.record,
        tuple(map(item_text, event.items[:MAX_SHOWN_ITEMS])),
        len(event.items),
        _event_subject(kind, event.subject),
        tuple(gln for gln in map(name, event.concerned) if gln),
        sentence(event),
    )


def _event_subject(kind: EventKind, subject: bytes) -> str:
    if kind in _IDS or kind == EventKind.VALIDATOR_CONVICTED:
        return subject.hex()
    if kind in _PRODUCT_SUBJECTS:
        return gtin_text(subject)
    if kind in _SESSION_SUBJECTS:
        return str(int.from_bytes(subject, "big")) if subject else ""
    if kind in {EventKind.LATE_RECORDED, EventKind.BREACHED, EventKind.EXEMPT_MOVED}:
        return subject.decode("ascii")
    if kind in _GLN_SUBJECTS:
        return gln_text(subject)
    if kind in _LOT_SUBJECTS:
        return plain_text(subject)
    return item_text(subject) if subject else ""


def subject_text(receipt: Receipt, records: Sequence[Record]) -> str:
    """Return what a refusal is about, as people write it: item, shipment id, GLN, GTIN, lot or serial.

    A subject is bare bytes; the refused record says which of them it is.
    """
    subject = receipt.subject
    if not subject or receipt.record >= len(records):
        return subject.hex()
    record = records[receipt.record]
    of_family = _of_family(record, subject)
    if of_family is not None:
        return of_family
    if subject in (getattr(record, "gtin", None), _contained(record)):
        return gtin_text(subject)
    named = [getattr(record, field, b"") for field in ("shipment", "sale", "recall", "proposal")]
    if len(subject) == SHIPMENT_ID_BYTES and subject in named:
        return subject.hex()
    if is_valid_item_key(subject):
        return item_text(subject)
    if len(subject) == GLN_BYTES and is_valid_gln(subject):
        return gln_text(subject)
    return item_text(subject)


def _of_family(record: Record, subject: bytes) -> str | None:
    """Return the subject of a record whose family has names of its own; None for all others."""
    if isinstance(record, Commission | Onboard):
        return _commission_subject(record, subject)
    if isinstance(record, LotRecord) and subject in (record.lot, *_materials(record)):
        return plain_text(subject)
    return _cold_subject(record, subject) if isinstance(record, ColdRecord) else None


def _materials(record: LotRecord) -> tuple[bytes, ...]:
    return tuple(one.lot for one in record.materials) if isinstance(record, TraceLot) else ()


def _contained(record: Record) -> bytes | None:
    """Return the GTIN that a record states beside its own, if any."""
    return record.facts.contains_gtin if isinstance(record, DescribeProduct) else None


def _cold_subject(record: ColdRecord, subject: bytes) -> str:
    if subject == getattr(record, "gtin", b""):
        return gtin_text(subject)
    if subject == getattr(record, "logger", b""):
        return logger_text(subject)
    if len(subject) == GLN_BYTES and is_valid_gln(subject):
        return gln_text(subject)
    return str(int.from_bytes(subject, "big")) if isinstance(record, ClearSession) else item_text(subject)


def _commission_subject(record: Commission | Onboard, subject: bytes) -> str:
    if subject == record.gtin:
        return gtin_text(subject)
    if subject in (record.lot, getattr(record, "line", b"")) or subject in record.serials:
        return plain_text(subject)
    return gln_text(subject) if len(subject) == GLN_BYTES else item_text(subject)
