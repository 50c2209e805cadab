"""Lists of lots and sources, so that a recall finds what was made by point reads alone, in one order.

State can be read by key only. So whatever a recall may name has a list: the lots of a GTIN, the lots made at
a site, the makes of a GTIN in an hour, what was repacked from a lot. A list grows at its open end, one row
under its name; a full part moves to a row of its own, so that adding costs one read and one or two writes
however long the list is.
"""

from collections.abc import Iterator
from typing import Final

from contracts.state.layout import LISTS, list_name, list_part_key, number_key, source_key
from contracts.state.recall_rows import NumbersRow
from contracts.state.view import Overlay

PART: Final = 128
"""Numbers in a full part of a list."""

_LOTS_OF_GTIN: Final = b"g"
_LOTS_OF_SITE: Final = b"s"
_SITES_OF_LOT: Final = b"l"
_MAKES_OF_HOUR: Final = b"h"
_DERIVED_FROM_LOT: Final = b"D"
_DERIVED_FROM_MAKE: Final = b"d"
_ORIGINS_OF_MAKE: Final = b"o"
_MADE_OF_BATCH: Final = b"m"
_CLAIMED_LOTS: Final = b"c"


class TooManyRows(Exception):
    """A search would read more rows than one record may."""


class Budget:
    """How many rows a search may still read."""

    __slots__ = ("left",)

    def __init__(self, rows: int) -> None:
        """Allow so many rows."""
        self.left = rows

    def spend(self, rows: int = 1) -> None:
        """Note rows that are about to be read.

        Raises:
            TooManyRows: The budget does not cover them.
        """
        self.left -= rows
        if self.left < 0:
            raise TooManyRows


def lots_of_gtin(gtin: bytes) -> bytes:
    """Return the name of the list of a GTIN's lots."""
    return list_name(_LOTS_OF_GTIN, gtin)


def lots_of_site(site: int) -> bytes:
    """Return the name of the list of the lots that were made, at least in part, at a site."""
    return list_name(_LOTS_OF_SITE, number_key(site))


def sites_of_lot(lot: int) -> bytes:
    """Return the name of the list of the sites where a lot was made."""
    return list_name(_SITES_OF_LOT, number_key(lot))


def makes_of_hour(gtin: bytes, hour: int) -> bytes:
    """Return the name of the list of the sources of a GTIN that were made in an hour."""
    return list_name(_MAKES_OF_HOUR, gtin, number_key(hour))


def derived_from_lot(lot: int) -> bytes:
    """Return the name of the list of the sources that something of a lot was repacked into."""
    return list_name(_DERIVED_FROM_LOT, number_key(lot))


def derived_from_make(source: int) -> bytes:
    """Return the name of the list of the sources that something of a make was repacked into."""
    return list_name(_DERIVED_FROM_MAKE, source_key(source))


def origins_of_make(source: int) -> bytes:
    """Return the name of the list of the sources that a repacked make comes from."""
    return list_name(_ORIGINS_OF_MAKE, source_key(source))


def made_of_batch(batch: int) -> bytes:
    """Return the name of the list of the batches that a batch went into."""
    return list_name(_MADE_OF_BATCH, number_key(batch))


def claimed_lots(gtin: bytes, lot: bytes) -> bytes:
    """Return the name of the list of the claimed lots of a GTIN and lot: one for each expiry claimed."""
    return list_name(_CLAIMED_LOTS, gtin, lot)


def append(state: Overlay, name: bytes, number: int) -> None:
    """Add a number to the end of a list."""
    row = state.read(LISTS, name) or NumbersRow(0, ())
    if len(row.numbers) == PART:
        state.write(LISTS, list_part_key(name, row.full_parts), NumbersRow(0, row.numbers))
        row = NumbersRow(row.full_parts + 1, ())
    state.write(LISTS, name, NumbersRow(row.full_parts, (*row.numbers, number)))


def entries(state: Overlay, name: bytes, budget: Budget) -> Iterator[int]:
    """Yield the numbers of a list in the order in which they were added.

    Raises:
        TooManyRows: The budget does not cover its rows.
    """
    budget.spend()
    row = state.read(LISTS, name)
    if row is None:
        return
    for part in range(row.full_parts):
        budget.spend()
        yield from state.require(LISTS, list_part_key(name, part)).numbers
    yield from row.numbers
