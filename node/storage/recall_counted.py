"""Packs without serials in the books of a recall: how many of each lot are where (rule 30).

The law's own book of a lot says what was made and how packs ended; its holdings say who has how many in
hand. What is in neither is on its way.
"""

from typing import Final

import msgspec

from contracts.gs1.keys import unpack_gtin
from contracts.state.layout import HOLDINGS, NUMBER_BYTES
from contracts.state.quantities import book, holdings_of
from contracts.state.view import Overlay
from node.storage.store import STATE, Reader, Space

COUNTED_ACCOUNTS: Final = (
    "on_hand",
    "in_transit",
    "dispensed",
    "destroyed",
    "exported",
    "stolen",
    "lost",
    "unaccounted",
)
"""Where packs without serials can be."""

_HOLDINGS_AT_ONCE: Final = 1_000


class CountedBook(msgspec.Struct, frozen=True):
    """The packs of one lot without serials."""

    gtin: str
    """GTIN-14."""
    lot: str
    """Lot."""
    made: int
    """Packs that ever came to be."""
    accounts: dict[str, int]
    """How many are where; every one of `COUNTED_ACCOUNTS` is there."""
    balance: int
    """What is in no account: 0."""
    in_hand: dict[int, int]
    """How many each partner has in hand, by the partner's number; what it does not find is among them."""


def count_packs(reader: Reader, state: Overlay, gtin: bytes, lot: bytes) -> CountedBook:
    """Return the book of a lot at the height of a snapshot, before anybody's answer is looked at."""
    row = book(state, gtin, lot)
    in_hand = _in_hand(reader, gtin, lot)
    ended = msgspec.structs.asdict(row)
    del ended["made"]
    accounts = {**dict.fromkeys(COUNTED_ACCOUNTS, 0), **ended, "on_hand": sum(in_hand.values())}
    rest = row.made - sum(accounts.values())
    accounts["in_transit"] = max(0, rest)
    return CountedBook(unpack_gtin(gtin), lot.decode("ascii"), row.made, accounts, min(0, rest), in_hand)


def without_missing(counted: CountedBook, missing: dict[int, int]) -> CountedBook:
    """Return a book in which packs that their holders do not find are unaccounted for.

    Args:
        counted: The book.
        missing: How many each partner does not find; what is entered here is taken off.
    """
    not_found = 0
    for holder, count in sorted(counted.in_hand.items()):
        taken = min(missing.get(holder, 0), count)
        if taken:
            missing[holder] -= taken
            not_found += taken
    accounts = dict(counted.accounts)
    accounts["on_hand"] -= not_found
    accounts["unaccounted"] += not_found
    return msgspec.structs.replace(counted, accounts=accounts)


def _in_hand(reader: Reader, gtin: bytes, lot: bytes) -> dict[int, int]:
    """Return how many packs of a lot each partner holds, whoever owns them."""
    prefix = HOLDINGS.prefix + holdings_of(gtin, lot)
    found: dict[int, int] = {}
    start: bytes | None = None
    while True:
        page = Space(reader, STATE).scan(prefix, start=start, limit=_HOLDINGS_AT_ONCE)
        for key, value in page.rows:
            holder = int.from_bytes(key[len(prefix) : len(prefix) + NUMBER_BYTES], "big")
            found[holder] = found.get(holder, 0) + HOLDINGS.decode(value)
        if page.resume is None:
            return found
        start = page.resume
