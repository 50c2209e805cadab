"""Receipts and ledger events in JSON."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from contracts.ledger.events import EventKind, sentence
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.records.record import Record
from node.api.record_texts import gln_text, gtin_text, item_text, plain_text
from node.api.refused_subjects import subject_text

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
        EventKind.HELD_AS_RETURNED,
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
