"""From which height on open recalls need documents: their books are reckoned from what made their goods."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from contracts.records.recall import Scope
from contracts.state.layout import RECALLS
from contracts.state.lists import Budget, TooManyRows, entries, lots_of_gtin
from contracts.state.recall_rows import RecallRow, RecallStanding
from contracts.state.scopes import find_reach, follow_lineage
from contracts.state.sessions import session_row
from contracts.state.sources import lot_row
from contracts.state.view import Overlay
from node.storage.archived import bodies_from
from node.storage.base import base_height
from node.storage.errors import HistoryArchived
from node.storage.journeys import Journeys
from node.storage.recall_scope import MAX_ROWS_READ, what_was_said
from node.storage.store import STATE, Reader, Space

_RECALLS_AT_ONCE: Final = 500


class Floor(NamedTuple):
    """What an open recall needs."""

    height: int
    """First height whose documents it needs."""
    recall: bytes
    """Its id."""


def floor_of_open_recalls(reader: Reader) -> Floor | None:
    """Return the open recall that needs the oldest documents; None when none is open.

    On a node that began with a snapshot no books can be reckoned, so nothing is kept for them.
    """
    if base_height(reader):
        return None
    state = Overlay(Space(reader, STATE))
    floors = [Floor(_first_height(reader, state, row), row.identifier) for row in _open_recalls(reader)]
    return min(floors, default=None)


def _open_recalls(reader: Reader) -> Iterator[RecallRow]:
    start: bytes | None = None
    while True:
        page = Space(reader, STATE).scan(RECALLS.prefix, start=start, limit=_RECALLS_AT_ONCE)
        rows = (RECALLS.decode(value) for _key, value in page.rows)
        yield from (row for row in rows if row.standing == RecallStanding.OPEN)
        if page.resume is None:
            return
        start = page.resume


def _first_height(reader: Reader, state: Overlay, row: RecallRow) -> int:
    try:
        scope = what_was_said(reader, row.identifier).scope
        reach = find_reach(state, scope, MAX_ROWS_READ)
        follow_lineage(state, reach, MAX_ROWS_READ)
        lots = {*reach.makes, *_lots_in_sessions(state, scope)}
    except (HistoryArchived, TooManyRows):
        # What it needs cannot be told any more: then nothing more goes.
        return bodies_from(reader)
    journeys = Journeys(reader)
    heights = [row.opened_height, *(item.born_height for item in reach.items.values())]
    for number in lots:
        lot = lot_row(state, number)
        first = next(journeys.makes_of_lot(lot.gtin, lot.lot), None)
        heights += [] if first is None else [first.height]
    return min(heights)


def _lots_in_sessions(state: Overlay, scope: tuple[Scope, ...]) -> Iterator[int]:
    """Yield the lots of the products that were judged in cold-chain sessions which a scope names."""
    budget = Budget(MAX_ROWS_READ)
    for session in {one.session for one in scope if one.session}:
        for judged in session_row(state, session).judgements:
            yield from entries(state, lots_of_gtin(judged.gtin), budget)
