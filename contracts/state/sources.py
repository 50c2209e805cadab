"""Sources: where serials come from, interned so that a recall marks a row and not every pack (DESIGN 2).

All serials of one GTIN, lot, line, hour and site share one source number. Everything a sale must know about
where goods come from (standing, expiry) is on the source's row, read once for however many packs.
"""

from typing import Final

from contracts.gs1.dates import end_of_day_ms
from contracts.state.layout import COUNTERS, LOTS, ORIGINS, SOURCES, lot_key, number_key, origin_key
from contracts.state.rows import STANDING_OK, LotRow, SourceRow
from contracts.state.view import Overlay

MS_PER_HOUR: Final = 3_600_000

_LAST_SOURCE: Final = b"source"
"""Name of the counter of source numbers."""


def find_lot(state: Overlay, gtin: bytes, lot: bytes) -> LotRow | None:
    """Return the row of a lot, or None when nothing of it was commissioned."""
    return state.read(LOTS, lot_key(gtin, lot))


def open_lot(state: Overlay, gtin: bytes, lot: bytes, expiry: int, maker: int) -> None:
    """Register a lot with its last day of use and the partner that commissioned it first."""
    state.write(LOTS, lot_key(gtin, lot), LotRow(expiry, maker, STANDING_OK))


def expires_at(expiry: int, utc_offset_minutes: int) -> int:
    """Return the instant from which packs with this last day are expired, ms (LAW, Identifiers)."""
    return end_of_day_ms(expiry, utc_offset_minutes)


def intern_source(state: Overlay, source: SourceRow) -> int:
    """Return the number of a source, giving it one when it is new.

    A known origin keeps its row: its lot's expiry was found equal before this is called.
    """
    origin = origin_key(source.gtin, source.lot, source.line, source.hour, source.site)
    number = state.read(ORIGINS, origin)
    if number is not None:
        return number
    number = (state.read(COUNTERS, _LAST_SOURCE) or 0) + 1
    state.write(COUNTERS, _LAST_SOURCE, number)
    state.write(ORIGINS, origin, number)
    state.write(SOURCES, number_key(number), source)
    return number


def source_row(state: Overlay, number: int) -> SourceRow:
    """Return the row of a source that an item or container names."""
    return state.require(SOURCES, number_key(number))
