"""Cold-chain sessions: what a logger saw on an item, and what that says of goods that went through it.

A session is judged product by product, by the storage profile that stood when the product came in. It is one
row: readings rewrite that row, and a breach in it holds everything that went through it at once, wherever it
is by now, with no row of theirs written.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

from contracts.state.cold_rows import JudgementRow, SessionRow, StorageRow
from contracts.state.exposures import MS_PER_SECOND, THE_WHOLE, exposure, session_of
from contracts.state.layout import COUNTERS, LOGGERS, PRODUCTS, SESSIONS, STORAGE, number_key
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay

UNKEPT: Final = StorageRow(0, 0, 0, 0, 0)
"""Of a journey without a logger: nothing is measured against it."""
NOT_YET: Final = 0
"""Second of something that did not happen; number of whoever did not do it."""

_LAST_SESSION: Final = b"session"
"""Name of the counter."""


class Standing(IntEnum):
    """What a session says of goods, the worse the greater."""

    FINE = 0
    UNREAD = 1
    """Readings are missing that should be there by now; when they come, all may be well."""
    BREACHED = 2
    """Too warm, too cold, or unwatched for too long; only the maker can clear it."""


def session_row(state: Overlay, number: int) -> SessionRow:
    """Return the row of a session that an exposure or a logger names."""
    return state.require(SESSIONS, number_key(number))


def open_session(state: Overlay, row: SessionRow) -> int:
    """Begin a session; return its number."""
    number = (state.read(COUNTERS, _LAST_SESSION) or 0) + 1
    state.write(COUNTERS, _LAST_SESSION, number)
    write_session(state, number, row)
    if row.logger:
        state.write(LOGGERS, row.logger, number)
    return number


def write_session(state: Overlay, number: int, row: SessionRow) -> None:
    """Put a session's row."""
    state.write(SESSIONS, number_key(number), row)


def is_running(row: SessionRow) -> bool:
    """Tell whether a session's logger is still on."""
    return bool(row.logger) and row.off_s == NOT_YET


def gtins_of(state: Overlay, sources: Iterable[int]) -> tuple[bytes, ...]:
    """Return the different products among sources, ascending."""
    return tuple(sorted({lot_row(state, lot_of(source)).gtin for source in sources}))


def storage_of(state: Overlay, gtin: bytes) -> StorageRow | None:
    """Return how a product must be kept now; None when its marketing holder does not say."""
    return state.read(STORAGE, gtin)


def needs_logger(state: Overlay, gtin: bytes) -> bool:
    """Tell whether no journey of a product may be without a logger (record 24)."""
    return state.require(PRODUCTS, gtin).logger_required == 1


def new_judgement(state: Overlay, gtin: bytes, since_s: int, used_s: int) -> JudgementRow:
    """Return the judgement of a product that comes into a session."""
    storage = storage_of(state, gtin) or UNKEPT
    return JudgementRow(
        gtin, storage, int(needs_logger(state, gtin)), since_s, 0, used_s, 0, NOT_YET, NOT_YET
    )


def used_before(state: Overlay, exposures: Iterable[int], gtin: bytes) -> int:
    """Return the most that one earlier session used of a product's budget, seconds."""
    rows = (session_row(state, number) for number in dict.fromkeys(map(session_of, exposures)))
    used = (one.outside_s for row in rows for one in row.judgements if one.gtin == gtin)
    return max(used, default=0)


def carries(row: SessionRow, number: int, exposures: tuple[int, ...]) -> bool:
    """Tell whether an item with these exposures is what a running session's logger is on."""
    return is_running(row) and exposure(number) in exposures


def standing_of(row: SessionRow, until_s: int, now_ms: int, gtins: frozenset[bytes] | None) -> Standing:
    """Return what a session says of goods that went through it.

    Args:
        row: The session.
        until_s: Second at which they left it; `THE_WHOLE` when they did not, or it ended before.
        now_ms: Block time.
        gtins: The products; None for all that are judged in it.
    """
    asked = [one for one in row.judgements if gtins is None or one.gtin in gtins]
    return max((standing_for(row, one, until_s, now_ms) for one in asked), default=Standing.FINE)


def standing_for(row: SessionRow, judged: JudgementRow, until_s: int, now_ms: int) -> Standing:
    """Return what a session says of one product that went through it (`standing_of`)."""
    if judged.breached_s != NOT_YET and (until_s == THE_WHOLE or judged.breached_s < until_s):
        return Standing.BREACHED
    if not row.logger:
        return Standing.FINE
    ends_s = [second for second in (until_s, row.off_s) if second != NOT_YET]
    # A logger that is on may be read out later, but for what must never be unwatched.
    watched_now_s = now_ms // MS_PER_SECOND if judged.logger_required else NOT_YET
    end_s = min(ends_s, default=watched_now_s)
    is_unread = end_s - max(row.last_s, judged.since_s) > judged.storage.longest_gap_s
    return Standing.UNREAD if is_unread else Standing.FINE
