"""Sources: where serials come from, interned so that a recall marks a row and not every pack.

All serials of one GTIN, lot, line, hour and site share one source number. It is made of the lot's number and
that of the make in its lot, so whoever has the number has the lot's row. There stands everything that a sale
must know (expiry, what speaks against the lot or some of its makes): one read for all makes and packs of it.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.gs1.dates import end_of_day_ms
from contracts.state.layout import (
    COUNTERS,
    FORMER_EXPIRIES,
    LOT_NUMBERS,
    LOTS,
    ORIGINS,
    SOURCES,
    lot_key,
    number_key,
    origin_key,
    source_key,
)
from contracts.state.lists import (
    Budget,
    append,
    derived_from_lot,
    derived_from_make,
    entries,
    lots_of_gtin,
    lots_of_site,
    makes_of_hour,
    origins_of_make,
    sites_of_lot,
)
from contracts.state.rows import ALL_MAKES, MAKES_PER_LOT, MAX_MAKES, LotRow, SourceRow
from contracts.state.view import Overlay

MS_PER_HOUR: Final = 3_600_000

_LAST_LOT: Final = b"lot"
"""Name of the counter of lot numbers."""


def find_lot(state: Overlay, gtin: bytes, lot: bytes) -> tuple[int, LotRow] | None:
    """Return number and row of a lot, or None when nothing of it was commissioned."""
    number = state.read(LOT_NUMBERS, lot_key(gtin, lot))
    return None if number is None else (number, lot_row(state, number))


def open_lot(state: Overlay, row: LotRow) -> int:
    """Register a lot that has no make yet; return its number."""
    number = number_lot(state, row)
    state.write(LOT_NUMBERS, lot_key(row.gtin, row.lot), number)
    return number


def number_lot(state: Overlay, row: LotRow) -> int:
    """Give a lot a number, under which recalls of its product find it; return that."""
    number = (state.read(COUNTERS, _LAST_LOT) or 0) + 1
    state.write(COUNTERS, _LAST_LOT, number)
    state.write(LOTS, number_key(number), row)
    append(state, lots_of_gtin(row.gtin), number)
    return number


def expires_at(expiry: int, utc_offset_minutes: int) -> int:
    """Return the instant from which packs with this last day are expired, ms (LAW, Identifiers)."""
    return end_of_day_ms(expiry, utc_offset_minutes)


def find_source(state: Overlay, lot: int, make: SourceRow) -> int | None:
    """Return the number of a make of a lot, or None when it has none yet."""
    return state.read(ORIGINS, origin_key(lot, make.line, make.hour, make.site))


def intern_source(state: Overlay, lot: int, make: SourceRow) -> int:
    """Return the number of a make of a lot, giving it one when it is new.

    The lot must have room for it (`rows.MAX_MAKES`).
    """
    number = find_source(state, lot, make)
    if number is not None:
        return number
    number = add_make(state, lot, make)
    state.write(ORIGINS, origin_key(lot, make.line, make.hour, make.site), number)
    return number


def add_derived_make(state: Overlay, lot: int, make: SourceRow, origins: Sequence[int]) -> int:
    """Give what was repacked a source number of its own, and keep its lineage both ways; return the number.

    Nothing else is ever of this make, so that a recall of an origin reaches no more than what came of it.

    Args:
        state: State.
        lot: The lot's number; it must have room (`rows.MAX_MAKES`).
        make: Where it was repacked.
        origins: Numbers of the sources it comes from, each once.
    """
    number = add_make(state, lot, make)
    for origin in origins:
        append(state, origins_of_make(number), origin)
        append(state, derived_from_make(origin), number)
    for origin_lot in sorted({lot_of(origin) for origin in origins}):
        append(state, derived_from_lot(origin_lot), number)
    return number


def add_make(state: Overlay, lot: int, make: SourceRow) -> int:
    """Give a lot, which must have room, one more make; return its source number."""
    row = lot_row(state, lot)
    number = lot * MAKES_PER_LOT + row.makes + 1
    state.write(LOTS, number_key(lot), _with_one_more(row))
    state.write(SOURCES, source_key(number), make)
    _list_make(state, row.gtin, number, make)
    return number


def _list_make(state: Overlay, gtin: bytes, number: int, make: SourceRow) -> None:
    """Put a new make into the lists by which recalls find it: by its hour, and its lot by its site."""
    if make.hour:
        append(state, makes_of_hour(gtin, make.hour), number)
    if not make.site:
        return
    sites = sites_of_lot(lot_of(number))
    # A lot has far fewer sites than makes, so this list is short.
    if make.site not in entries(state, sites, Budget(MAX_MAKES)):
        append(state, sites, make.site)
        append(state, lots_of_site(make.site), lot_of(number))


def lot_of(source: int) -> int:
    """Return the number of the lot that a source is a make of."""
    return source // MAKES_PER_LOT


def lot_row(state: Overlay, number: int) -> LotRow:
    """Return the row of a lot that a source or another row names."""
    return state.require(LOTS, number_key(number))


def source_row(state: Overlay, number: int) -> SourceRow:
    """Return the row of a source that an item or container names."""
    return state.require(SOURCES, source_key(number))


def former_expiries(state: Overlay, number: int) -> tuple[int, ...]:
    """Return the last days of use that a lot had before it was amended: its packs may say so."""
    row = state.read(FORMER_EXPIRIES, number_key(number))
    return () if row is None else row.numbers


def marks_of(lot: LotRow, source: int) -> tuple[tuple[int, int], ...]:
    """Return what speaks against one make of a lot, as (`HoldKind`, number of the recall)."""
    if not lot.marks:
        return ()
    make = source % MAKES_PER_LOT
    return tuple((kind, recall) for at, kind, recall in lot.marks if at in {ALL_MAKES, make})


def _with_one_more(row: LotRow) -> LotRow:
    return msgspec.structs.replace(row, makes=row.makes + 1)
