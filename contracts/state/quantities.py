"""Packs without serials: how many of a product and lot a party holds for an owner, and the books.

For every product and lot, at every moment: made = held + on their way + dispensed + destroyed + exported +
stolen + lost. Nothing here is ever negative, and nothing is above `MAX_MADE`.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.state.layout import BOOKS, HOLDINGS, number_key
from contracts.state.quantity_rows import BookRow
from contracts.state.view import Overlay

MAX_MADE: Final = 10**12
"""Most packs of one product and lot: all other numbers are bounded by it."""

Lines = tuple[tuple[bytes, bytes, int], ...]
"""(packed GTIN, lot, packs)."""

_NOTHING: Final = BookRow(0, 0, 0, 0, 0, 0)


def book_key(gtin: bytes, lot: bytes) -> bytes:
    """Return the key of a product's and lot's book."""
    return gtin + lot


def holding_key(gtin: bytes, lot: bytes, holder: int, owner: int) -> bytes:
    """Return the key of what a party holds of a product and lot for an owner."""
    return holdings_of(gtin, lot) + number_key(holder) + number_key(owner)


def holdings_of(gtin: bytes, lot: bytes) -> bytes:
    """Return how the keys of everything held of a product and lot begin; the holder's number follows."""
    return gtin + bytes((len(lot),)) + lot


def held(state: Overlay, gtin: bytes, lot: bytes, holder: int, owner: int) -> int:
    """Return how many packs a party holds for an owner."""
    return state.read(HOLDINGS, holding_key(gtin, lot, holder, owner)) or 0


def book(state: Overlay, gtin: bytes, lot: bytes) -> BookRow:
    """Return the book of a product and lot; an empty one when none was ever made."""
    return state.read(BOOKS, book_key(gtin, lot)) or _NOTHING


def make(state: Overlay, line: tuple[bytes, bytes, int], party: int) -> None:
    """Let packs come to be with a party that owns them."""
    gtin, lot, quantity = line
    row = book(state, gtin, lot)
    state.write(BOOKS, book_key(gtin, lot), msgspec.structs.replace(row, made=row.made + quantity))
    put(state, (line,), party, party)


def put(state: Overlay, lines: Lines, holder: int, owner: int) -> None:
    """Add packs to what a party holds for an owner."""
    for gtin, lot, quantity in lines:
        key = holding_key(gtin, lot, holder, owner)
        state.write(HOLDINGS, key, (state.read(HOLDINGS, key) or 0) + quantity)


def take(state: Overlay, lines: Lines, holder: int, owner: int) -> None:
    """Take packs from what a party holds for an owner; there must be as many."""
    for gtin, lot, quantity in lines:
        key = holding_key(gtin, lot, holder, owner)
        left = state.require(HOLDINGS, key) - quantity
        if left:
            state.write(HOLDINGS, key, left)
        else:
            state.delete(HOLDINGS, key)


def end(state: Overlay, lines: Lines, column: str) -> None:
    """Enter packs that left the supply chain into a column of their books."""
    for gtin, lot, quantity in lines:
        row = book(state, gtin, lot)
        after = msgspec.structs.replace(row, **{column: getattr(row, column) + quantity})
        state.write(BOOKS, book_key(gtin, lot), after)


def without(lines: Lines, some: Lines) -> Lines:
    """Return lines less some of them; what reaches 0 is left out."""
    less = {(gtin, lot): quantity for gtin, lot, quantity in some}
    rest = ((gtin, lot, quantity - less.get((gtin, lot), 0)) for gtin, lot, quantity in lines)
    return tuple(line for line in rest if line[2])


def exceeding(lines: Lines, most: Iterable[tuple[bytes, bytes, int]]) -> bytes | None:
    """Return the GTIN of the first line of which there is not enough, or None."""
    known = {(gtin, lot): quantity for gtin, lot, quantity in most}
    return next((gtin for gtin, lot, quantity in lines if quantity > known.get((gtin, lot), 0)), None)
