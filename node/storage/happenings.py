"""Index rows made whole: which document, record and event a touch of an item or a shipment stands for.

Within one record, what it implies comes first (unpacking, moving, introducing), then the record itself, then
what it leads to. `Happening.moment` sorts by that.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.ledger.receipt import Event, Receipt
from contracts.records.custody import shipment_id
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.late import Late, LateReason
from contracts.records.record import Record, plain
from contracts.rules.events import EventKind
from node.storage.errors import StorageDamaged
from node.storage.history import History, PlacedDocument
from node.storage.journeys import THE_RECORD, Journeys, Touch
from node.storage.store import Reader

MAX_TOUCHES: Final = 2_000
"""Most index rows read for one item or shipment: the oldest."""

Moment = tuple[int, int, int, int, int]
"""Height, document, record, phase (0 implied, 1 the record, 2 what follows), event."""

_IMPLIED: Final = frozenset(
    {EventKind.UNPACKED, EventKind.MOVED, EventKind.INTRODUCED, EventKind.LATE_RECEIPT}
)


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened."""

    moment: Moment
    """When, within the chain."""
    placed: PlacedDocument
    """The document that did it."""
    index: int
    """Index of the record in it."""
    record: Record
    """The record; of a late one what was done."""
    event: Event | None
    """What the law did beside it; None when this is about the record itself."""
    late: LateReason | None = None
    """Why the record came late (rule 11b); None when it did not."""
    exempt: ExemptReason | None = None
    """Why it is exempt from what a sale is asked (rule 20); None when it is not."""

    @property
    def events(self) -> tuple[Event, ...]:
        """All events of this record."""
        return tuple(event for event in self.placed.receipt.events if event.record == self.index)

    def has_event(self, kind: EventKind) -> bool:
        """Tell whether this record led to an event of this kind."""
        return any(event.kind == kind for event in self.events)


class Told(msgspec.Struct, frozen=True):
    """What receipts say of an index row: known also when an archive has the document."""

    document: bytes
    """Id of the document, 32 bytes."""
    height: int
    """Height of its block."""
    time_ms: int
    """Block time."""
    index: int
    """Index of the record in the document."""
    event: Event | None
    """What the law did beside it; None when the row is about the record itself."""

    @property
    def shipment(self) -> bytes:
        """The shipment that the row is about: announced by a record, or split off by a receipt."""
        return shipment_id(self.document, self.index) if self.event is None else self.event.subject


class Happenings:
    """Reads happenings from a store or a pinned snapshot; raises as `History` does.

    Attributes:
        history: Documents by place.
        is_complete: False once more rows were there than are read.
    """

    def __init__(self, reader: Reader, history: History | None = None) -> None:
        """Read from `reader`, with documents from `history` when there is one over it already."""
        self._journeys = Journeys(reader)
        self.history = history or History(reader)
        self.is_complete = True

    def of_item(self, key: bytes) -> list[Happening]:
        """Return what the indices say of an item, oldest first."""
        return self._in_order(self._journeys.item(key, MAX_TOUCHES))

    def of_shipment(self, identifier: bytes) -> list[Happening]:
        """Return what the indices say of a shipment, oldest first; the first one announces it."""
        return self._in_order(self._journeys.shipment(identifier, MAX_TOUCHES))

    def told_at(self, touch: Touch) -> Told:
        """Return what receipts say of a touch."""
        receipt = self.history.receipt_at(touch.height, touch.document)
        time_ms = self.history.block(touch.height).header.time_ms
        event = _event_of(receipt, touch)
        return Told(receipt.document_id, touch.height, time_ms, touch.record, event)

    def at(self, touch: Touch) -> Happening:
        """Return what a touch stands for."""
        placed = self.history.at(touch.height, touch.document)
        if touch.record >= len(placed.document.records):
            where = f"document {placed.id.hex()}"
            raise StorageDamaged(where, f"an index row names its record {touch.record}")
        event = _event_of(placed.receipt, touch)
        phase = 1 if event is None else 0 if event.kind in _IMPLIED else 2
        moment = (touch.height, touch.document, touch.record, phase, touch.event)
        return _happened(moment, placed, touch.record, event)

    def records_of(self, placed: PlacedDocument) -> list[Happening]:
        """Return the records of a document."""
        return [
            _happened((placed.height, placed.index, at, 1, THE_RECORD), placed, at, None)
            for at in range(len(placed.document.records))
        ]

    def _in_order(self, touches: Iterable[Touch]) -> list[Happening]:
        found = sorted((self.at(touch) for touch in touches), key=_moment)
        if len(found) >= MAX_TOUCHES:
            self.is_complete = False
        return found


def _event_of(receipt: Receipt, touch: Touch) -> Event | None:
    if touch.event == THE_RECORD:
        return None
    if touch.event > len(receipt.events):
        where = f"document {receipt.document_id.hex()}"
        raise StorageDamaged(where, f"an index row names its event {touch.event}")
    return receipt.events[touch.event - 1]


def _happened(moment: Moment, placed: PlacedDocument, index: int, event: Event | None) -> Happening:
    record = placed.document.records[index]
    late = record.reason if isinstance(record, Late) else None
    exempt = record.reason if isinstance(record, Exempt) else None
    return Happening(moment, placed, index, plain(record), event, late, exempt)


def _moment(happening: Happening) -> Moment:
    return happening.moment
