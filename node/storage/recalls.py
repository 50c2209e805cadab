"""Recalls of one snapshot for people: how they stand, who answered, and which items are in scope.

The items are found by the law's own search over the state, and by the index of what was commissioned and
repacked of a lot; nothing here decides anything.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

import msgspec

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import unpack_gtin
from contracts.records.recall import (
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
)
from contracts.state.layout import RECALLS, RESPONSES, number_key
from contracts.state.recall_rows import RecallRow, RecallStanding, ResponseRow
from contracts.state.recalls import find_recall
from node.storage.base import require_history
from node.storage.custody import Custody
from node.storage.happenings import Happenings
from node.storage.journeys import Journeys
from node.storage.recall_books import Books, Located, count_books, locate_items
from node.storage.recall_counted import count_packs
from node.storage.recall_partners import PartnersOfRecall, partners_of, summed_up
from node.storage.recall_scope import Goods, find_goods
from node.storage.steps import step
from node.storage.store import STATE, Reader, Space
from node.storage.views import StepView

MAX_RECALLS: Final = 500
"""Most recalls that are listed: the oldest."""
MAX_RECORDS: Final = 2_000
"""Most records that a recall's history shows, oldest first; and answers read in one step."""


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


class RecallInFullView(RecallView, frozen=True, kw_only=True):
    """A recall, and what happened to it."""

    document: str
    """The document that opened it, hex: its scope, evaluation and contact stand there."""
    history: tuple[StepView, ...]
    """Every record about it, oldest first; at most 2,000."""


class CountedBookView(msgspec.Struct, frozen=True):
    """The packs of one lot without serials."""

    gtin: str
    """GTIN-14."""
    lot: str
    """Lot."""
    made: int
    """Packs that ever came to be."""
    accounts: dict[str, int]
    """How many are where: on_hand, in_transit, dispensed …, unaccounted."""
    balance: int
    """What is in no account: 0."""


class BooksView(msgspec.Struct, frozen=True):
    """Where everything in a recall's scope is."""

    recall: str
    """Id, hex."""
    made: int
    """Serials that were ever made in scope: commissioned, and repacked from what is in scope."""
    made_by: dict[str, int]
    """How many of them came to life in which way: commissioned, repacked, onboarded."""
    accounts: dict[str, int]
    """How many are where: on_hand, in_transit, returned, dispensed …, unaccounted."""
    dispensed_despite_hold: int
    """Of those dispensed, how many although they were not clean (rule 11b)."""
    balance: int
    """What is in no account: 0."""
    holders: dict[str, int]
    """By GLN, how many each has in hand or sent off."""
    counted: tuple[CountedBookView, ...]
    """Lots of packs without serials in scope."""


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

    def in_full(self, identifier: bytes) -> RecallInFullView | None:
        """Return a recall with its history, or None when there is no such."""
        view = self.find(identifier)
        if view is None:
            return None
        require_history(self._reader)
        happenings = Happenings(self._reader)
        touches = islice(Journeys(self._reader).recall(identifier), MAX_RECORDS)
        history = tuple(step(self._custody, happenings.at(touch), b"") for touch in touches)
        return RecallInFullView(**msgspec.structs.asdict(view), document=history[0].document, history=history)

    def books(self, identifier: bytes) -> BooksView | None:
        """Return a recall's books at this height, or None when there is no such recall.

        Raises:
            TooManyRows: Its scope leads through more rows than the law itself may go through.
        """
        found = find_recall(self._custody.state, identifier)
        if found is None:
            return None
        goods = self._goods(found[0])
        books = self._count(found[0], goods)
        holders = {self._custody.gln_of(number) or "": count for number, count in books.holders.items()}
        counted = tuple(
            CountedBookView(one.gtin, one.lot, one.made, one.accounts, one.balance) for one in books.counted
        )
        numbers = (goods.made_by, books.accounts, books.despite, books.balance)
        return BooksView(identifier.hex(), books.made, *numbers, holders, counted)

    def partners(
        self, identifier: bytes, shown: Callable[[str], bool] = lambda _gln: True
    ) -> PartnersOfRecall | None:
        """Return who has something of a recall's goods and what each answered; None when there is no such.

        Args:
            identifier: Recall id.
            shown: Tells by GLN whose line may be seen.

        Raises:
            TooManyRows: As for the books.
        """
        found = find_recall(self._custody.state, identifier)
        if found is None:
            return None
        number, row = found
        books = self._count(number, self._goods(number))
        lines = partners_of(self._custody, row, books, dict(self._responses(number)))
        return summed_up(row, (line for line in lines if shown(line.partner.gln)))

    def located(self, identifier: bytes) -> list[Located]:
        """Return where each serial in the scope of a recall was last confirmed to be, in a fixed order.

        Raises:
            TooManyRows: As for the books.
        """
        found = find_recall(self._custody.state, identifier)
        keys = [] if found is None else sorted(self._goods(found[0]).items)
        return locate_items(self._custody.state, keys, Journeys(self._reader))

    def _goods(self, number: int) -> Goods:
        return find_goods(self._reader, self._custody.state, number)

    def _count(self, number: int, goods: Goods) -> Books:
        state = self._custody.state
        items = locate_items(state, goods.items, Journeys(self._reader))
        counted = [count_packs(self._reader, state, gtin, lot) for gtin, lot in goods.counted]
        return count_books(state, number, len(goods.items), items, counted)

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
        for partner, row in self._responses(number):
            yield AnswerView(
                self._custody.gln_of(partner) or "",
                format_timestamp(row.acknowledged_ms),
                format_timestamp(row.responded_ms) if row.responded_ms else None,
                msgspec.structs.asdict(row.quantities),
            )

    def _responses(self, number: int) -> Iterator[tuple[int, ResponseRow]]:
        """Yield what partners answered to a recall, by their numbers, ascending."""
        prefix = RESPONSES.prefix + number_key(number)
        start: bytes | None = None
        while True:
            page = Space(self._reader, STATE).scan(prefix, start=start, limit=MAX_RECORDS)
            for key, data in page.rows:
                yield int.from_bytes(key[len(prefix) :], "big"), RESPONSES.decode(data)
            if page.resume is None:
                return
            start = page.resume
