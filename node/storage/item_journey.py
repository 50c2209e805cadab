"""An item's journey: everything that happened to it, to the containers it was in, and to its shipments.

The indices hold one small row per (item, record); none for what happened to a pallet that a pack was inside,
and none for a receipt of everything. So a journey joins three things: the item's own rows; those of each
container for as long as the item was inside it; and those of each shipment until the item left that. All of
it is computed, none of it is law.
"""

from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from contracts.gs1.keys import format_item
from contracts.ledger.receipt import Event
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, Void, shipment_id
from contracts.records.holds import DeclareOverdue
from contracts.records.onboarding import Onboard
from contracts.records.record import listed
from contracts.records.supply import Commission, CommissionLogisticUnits, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.rules.events import EventKind
from contracts.state.places import MAX_LEVELS
from contracts.state.rows import NOBODY
from node.storage.custody import Custody
from node.storage.happenings import Happening, Happenings, Moment
from node.storage.history import PlacedDocument
from node.storage.steps import step
from node.storage.store import Reader
from node.storage.views import StepView

_NEVER: Final[Moment] = (1 << 62, 0, 0, 0, 0)

_OF_ALL_INSIDE: Final = frozenset({EventKind.MOVED, EventKind.EXCURSION, EventKind.READING_GAP})
"""What happens to everything in a container."""


class Journey(msgspec.Struct, frozen=True):
    """The journey of one item."""

    item: str
    """`(01)…(21)…` or `(00)…`."""
    steps: tuple[StepView, ...]
    """Oldest first."""
    signers: frozenset[int]
    """Numbers of the partners that signed a step."""
    is_complete: bool
    """False when more happened than is read for one answer."""
    is_restricted: bool
    """Later steps are left out: they concern partners other than those it is shown to."""


class _Span(msgspec.Struct):
    """How long an item was in one container."""

    parent: bytes
    start: Moment
    end: Moment = _NEVER


class _Passage(msgspec.Struct, frozen=True):
    """A happening and the item, this one or a container around it, that it happened to."""

    happening: Happening
    key: bytes


def item_journey(
    reader: Reader, custody: Custody, key: bytes, shown_to: Collection[int] | None = None
) -> Journey | None:
    """Return the journey of an item since its birth, or None when there is no such item.

    Args:
        reader: A pinned snapshot.
        custody: Over the same.
        key: Item key.
        shown_to: Numbers of partners that have no stake in the item any more: they are shown everything up to
            the last step that one of them signed (where the goods come from), and of what came later the
            steps that concern them (what became of their shipments). None shows everything.

    Raises:
        StorageDamaged: An index row names what is not there.
        StorageFailed: The disk refused.
    """
    born = custody.born(key)
    if born is None:
        return None
    walk = _Walk(Happenings(reader))
    passages = walk.passages(key, (*born, 0, 0, 0))
    placed = [passage.happening.placed for passage in passages]
    signers = frozenset(number for one in placed for number in (one.sender, one.agent)) - {NOBODY}
    shown = passages if shown_to is None else _shown(custody, passages, shown_to)
    steps = tuple(
        step(custody, passage.happening, passage.key, None if passage.key == key else passage.key)
        for passage in shown
    )
    is_restricted = len(shown) < len(passages)
    return Journey(format_item(key), steps, signers, walk.is_complete, is_restricted)


def _shown(custody: Custody, passages: list[_Passage], partners: Collection[int]) -> list[_Passage]:
    own = [at for at, passage in enumerate(passages) if _is_by(passage.happening.placed, partners)]
    end = own[-1] + 1 if own else 0
    later = (passage for passage in passages[end:] if not _concerned(custody, passage).isdisjoint(partners))
    return [*passages[:end], *later]


def _is_by(placed: PlacedDocument, partners: Collection[int]) -> bool:
    """Tell whether one of these partners stated something, or signed it for another."""
    return placed.sender in partners or placed.agent in partners


def _concerned(custody: Custody, passage: _Passage) -> set[int]:
    """Return whom a step concerns beside its signer: whom the law tells of it, and whose shipment it is."""
    happening = passage.happening
    events = (event for event in happening.events if not event.items or passage.key in event.items)
    concerned = {number for event in events for number in event.concerned}
    if isinstance(happening.record, Receive | Refuse | Void):
        concerned |= custody.parties(happening.record.shipment)
    return concerned


class _Walk:
    """Walks through the indices for one item."""

    def __init__(self, happenings: Happenings) -> None:
        self._happenings = happenings
        self._rows: dict[bytes, list[Happening]] = {}
        self._spans: dict[bytes, list[_Span]] = {}

    @property
    def is_complete(self) -> bool:
        return self._happenings.is_complete

    def passages(self, key: bytes, born: Moment) -> list[_Passage]:
        """Return everything that happened to an item since `born`, in order."""
        found = [*self._birth(key, born), *self._during(key, born, _NEVER, 0)]
        for passage in tuple(found):
            happening = passage.happening
            if isinstance(happening.record, Ship) and happening.event is None:
                shipment = shipment_id(happening.placed.id, happening.index)
                found += self._under_way(key, shipment, happening.moment, passage.key)
        return sorted(found, key=lambda passage: passage.happening.moment)

    def _birth(self, key: bytes, born: Moment) -> Iterator[_Passage]:
        """Yield the commission; an introduction has a row of its own."""
        placed = self._happenings.history.at(born[0], born[1])
        for happening in self._happenings.records_of(placed):
            match happening.record:
                case (
                    Commission(gtin=gtin, serials=serials)
                    | Transform(gtin=gtin, serials=serials)
                    | Onboard(gtin=gtin, serials=serials)
                ):
                    is_birth = key[1:7] == gtin and key[7:] in serials
                case CommissionLogisticUnits(ssccs=ssccs):
                    is_birth = key in ssccs
                case _:
                    is_birth = False
            if is_birth:
                yield _Passage(happening, key)

    # ------------------------------------------------------------------------- containers

    def _during(self, key: bytes, start: Moment, end: Moment, level: int) -> Iterator[_Passage]:
        """Yield what happened to an item, itself or inside a container, between two moments."""
        for happening in self._of(key):
            if start <= happening.moment <= end and (level == 0 or _carries(happening, key)):
                yield _Passage(happening, key)
        if level < MAX_LEVELS:
            for span in self._spans_of(key):
                first, last = max(start, span.start), min(end, span.end)
                if first < last:
                    yield from self._during(span.parent, first, last, level + 1)

    def _of(self, key: bytes) -> list[Happening]:
        rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = self._happenings.of_item(key)
        return rows

    def _spans_of(self, key: bytes) -> list[_Span]:
        spans = self._spans.get(key)
        if spans is None:
            spans = self._spans[key] = _containment(key, self._of(key))
        return spans

    def _around(self, key: bytes, moment: Moment) -> set[bytes]:
        """Return an item and the containers it was in when a record came."""
        found = {key}
        for _level in range(MAX_LEVELS):
            parents = [span.parent for span in self._spans_of(key) if span.start < moment <= span.end]
            if not parents:
                break
            key = parents[0]
            found.add(key)
        return found

    # -------------------------------------------------------------------------- shipments

    def _under_way(self, key: bytes, shipment: bytes, since: Moment, via: bytes) -> Iterator[_Passage]:
        """Yield what happened to a whole shipment while the item was in it.

        Receipts and refusals that list the item, or a container around it, have rows of their own there.
        """
        for happening in self._until_taken_in(key, shipment, since):
            record = happening.record
            if not isinstance(record, Receive | Refuse | Void | DeclareOverdue):
                continue
            if isinstance(record, DeclareOverdue) or happening.has_event(EventKind.CUSTODY_TAKEN):
                yield _Passage(happening, via)
                continue
            is_listed = not self._around(key, happening.moment).isdisjoint(record.items)
            if isinstance(record, Receive) and record.mode == ReceiveMode.ALL_EXCEPT and is_listed:
                residual = shipment_id(happening.placed.id, happening.index)
                carried = key if key in record.items else via
                yield from self._under_way(key, residual, happening.moment, carried)
                return
            if _takes_all(record):
                yield _Passage(happening, via)
            if _takes_all(record) or is_listed:
                return

    def _until_taken_in(self, key: bytes, shipment: bytes, since: Moment) -> Iterator[Happening]:
        """Yield the records about a shipment until a late one took the item out of it."""
        for happening in self._happenings.of_shipment(shipment):
            event = happening.event
            if happening.moment <= since:
                continue
            if event is None:
                yield happening
            elif event.kind == EventKind.LATE_RECEIPT and self._is_in(event, key, happening.moment):
                return

    def _is_in(self, event: Event, key: bytes, moment: Moment) -> bool:
        """Tell whether an event is about an item, or a container that it was in."""
        return not self._around(key, moment).isdisjoint(event.items)


def _takes_all(record: Receive | Refuse | Void) -> bool:
    """Tell whether a record is about everything in the shipment that it does not list."""
    if isinstance(record, Receive):
        return record.mode != ReceiveMode.LISTED
    return not record.items


def _carries(happening: Happening, key: bytes) -> bool:
    """Tell whether what happened to a container happened to everything in it."""
    if happening.event is not None:
        return happening.event.kind in _OF_ALL_INSIDE
    record = happening.record
    return key in listed(record) or not isinstance(record, Pack | Unpack)


def _containment(key: bytes, rows: list[Happening]) -> list[_Span]:
    """Return when an item was inside what."""
    spans: list[_Span] = []
    for happening in rows:
        if _leaves(happening, key) and spans and spans[-1].end == _NEVER:
            spans[-1].end = happening.moment
        record = happening.record
        if happening.event is None and isinstance(record, Pack) and key in record.children:
            spans.append(_Span(record.parent, happening.moment))
    return spans


def _leaves(happening: Happening, key: bytes) -> bool:
    """Tell whether an item comes out of its container: unpacked, or split off on the way."""
    if happening.event is not None:
        leaving = happening.event.kind in {EventKind.UNPACKED, EventKind.LATE_RECEIPT}
        return leaving and key in happening.event.items
    match happening.record:
        case Unpack(children=children):
            return key in children
        case Receive(items=items) | Refuse(items=items) | Void(items=items):
            return key in items
        case _:
            return False
