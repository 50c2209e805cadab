"""Recalls of one snapshot for people: how they stand, who answered, and which items are in scope.

The items are found by the law's own search over the state, and by the index of what was commissioned and
repacked of a lot; nothing here decides anything.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import SGTIN_KIND, unpack_gtin
from contracts.records.recall import (
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    Scope,
    WidenRecall,
)
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from contracts.state.layout import ITEMS, RECALLS, RESPONSES, number_key
from contracts.state.recall_rows import RecallRow, RecallStanding
from contracts.state.recalls import find_recall
from contracts.state.scopes import Reach, find_reach, follow_lineage
from contracts.state.sources import lot_row
from node.storage.custody import Custody
from node.storage.happenings import Happenings
from node.storage.journeys import Journeys
from node.storage.recall_books import Books, count_books, locate_items
from node.storage.store import STATE, Reader, Space

MAX_RECALLS: Final = 500
"""Most recalls that are listed: the oldest."""
MAX_RECORDS: Final = 2_000
"""Most records read of one recall, and of one lot."""


class AnswerView(msgspec.Struct, frozen=True):
    """What a partner answered to a recall."""

    partner: str
    """GLN."""
    acknowledged: str
    """Block time at which it first said that it knows."""
    responded: str | None
    """Block time of its last answer with quantities."""
    quantities: dict[str, int]
    """set_aside, returned, destroyed, dispensed, missing."""


class RecallView(msgspec.Struct, frozen=True):
    """A recall as it stands."""

    recall: str
    """Id, hex."""
    kind: str
    """recall or withdrawal."""
    drill: bool
    """Whether it is tried out only."""
    opener: str
    """GLN."""
    origin: str
    """voluntary or ordered."""
    recall_class: str
    """unclassified, class_i, class_ii or class_iii."""
    depth: str
    """consumer, retail or wholesale."""
    reason: str
    """quality_defect, contamination …"""
    standing: str
    """open or closed."""
    opened_height: int
    """Height of the block."""
    opened: str
    """Block time."""
    respond_by: str
    """Block time by which partners must answer."""
    products: tuple[str, ...]
    """GTINs that it reaches."""
    answers: tuple[AnswerView, ...]
    """Of partners, in the order of their registration."""


class BooksView(msgspec.Struct, frozen=True):
    """Where everything in a recall's scope is."""

    recall: str
    """Id, hex."""
    made: int
    """Serials that were ever made in scope."""
    accounts: dict[str, int]
    """How many are where: on_hand, in_transit, returned, dispensed …, unaccounted."""
    balance: int
    """What is in no account: 0."""
    holders: dict[str, int]
    """By GLN, how many each has in hand or sent off."""


class Recalls:
    """Reads recalls from a pinned snapshot; raises as `Custody` does."""

    def __init__(self, reader: Reader, custody: Custody) -> None:
        """Read from `reader`; `custody` is over the same."""
        self._reader = reader
        self._custody = custody

    def all(self) -> tuple[RecallView, ...]:
        """Return all recalls, oldest first."""
        rows = Space(self._reader, STATE).scan(RECALLS.prefix, limit=MAX_RECALLS).rows
        return tuple(self._view(int.from_bytes(key[1:], "big"), RECALLS.decode(row)) for key, row in rows)

    def find(self, identifier: bytes) -> RecallView | None:
        """Return a recall, or None when there is no such."""
        found = find_recall(self._custody.state, identifier)
        return None if found is None else self._view(*found)

    def books(self, identifier: bytes) -> BooksView | None:
        """Return a recall's books at this height, or None when there is no such recall.

        Raises:
            TooManyRows: Its scope leads through more rows than the law itself may go through.
        """
        found = find_recall(self._custody.state, identifier)
        if found is None:
            return None
        keys = list(dict.fromkeys(self._keys(self._reach(identifier))))
        state = self._custody.state
        books: Books = count_books(state, found[0], len(keys), locate_items(state, keys))
        glns = {number: self._custody.gln_of(number) or "" for number in sorted(books.holders)}
        holders = {gln: books.holders[number] for number, gln in glns.items()}
        return BooksView(identifier.hex(), books.made, books.accounts, books.balance, holders)

    def _reach(self, identifier: bytes) -> Reach:
        """Return what a recall reaches now, by everything that its records ever said."""
        happenings = Happenings(self._reader)
        scope: list[Scope] = []
        for touch in Journeys(self._reader).recall(identifier, MAX_RECORDS):
            record = happenings.at(touch).record
            if isinstance(record, OpenRecall | WidenRecall):
                scope += record.scope
        reach = find_reach(self._custody.state, scope)
        follow_lineage(self._custody.state, reach)
        return reach

    def _keys(self, reach: Reach) -> Iterator[bytes]:
        """Yield the items that are reached: those of its makes, by what made them, and single ones."""
        state, happenings = self._custody.state, Happenings(self._reader)
        journeys = Journeys(self._reader)
        for number in sorted(reach.makes):
            lot = lot_row(state, number)
            for touch in journeys.lot(lot.gtin, lot.lot, MAX_RECORDS):
                record = happenings.at(touch).record
                if not isinstance(record, Commission | Transform):
                    continue
                keys = [SGTIN_KIND + record.gtin + serial for serial in record.serials]
                # All serials of one record are of one make.
                if reach.has(state.require(ITEMS, keys[0]).source):
                    yield from keys
        yield from reach.items

    def _view(self, number: int, row: RecallRow) -> RecallView:
        return RecallView(
            recall=row.identifier.hex(),
            kind=RecallKind(row.kind).name.lower(),
            drill=bool(row.drill),
            opener=self._custody.gln_of(row.opener) or "",
            origin=RecallOrigin(row.origin).name.lower(),
            recall_class=RecallClass(row.recall_class).name.lower(),
            depth=RecallDepth(row.depth).name.lower(),
            reason=RecallReason(row.reason).name.lower(),
            standing=RecallStanding(row.standing).name.lower(),
            opened_height=row.opened_height,
            opened=format_timestamp(row.opened_ms),
            respond_by=format_timestamp(row.respond_by_ms),
            products=tuple(map(unpack_gtin, row.products)),
            answers=tuple(self._answers(number)),
        )

    def _answers(self, number: int) -> Iterator[AnswerView]:
        prefix = RESPONSES.prefix + number_key(number)
        for key, data in Space(self._reader, STATE).scan(prefix, limit=MAX_RECORDS).rows:
            row = RESPONSES.decode(data)
            yield AnswerView(
                self._custody.gln_of(int.from_bytes(key[len(prefix) :], "big")) or "",
                format_timestamp(row.acknowledged_ms),
                format_timestamp(row.responded_ms) if row.responded_ms else None,
                msgspec.structs.asdict(row.quantities),
            )
