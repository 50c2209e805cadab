"""Which cold-chain sessions goods of a lot went through: what a quality manager asks first.

Beside the state, computed from what each block writes: an item that carries a logger, one that came out of
what carries one, and a container that something went into show at that moment which lots are in which
session. Never law: a session's judgement is read from its row.

Rows:
    h  GTIN, length, lot, session number (4)    something of the lot went through the session
"""

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.state.containers import sources_of
from contracts.state.exposures import session_of
from contracts.state.layout import CONTAINERS, ITEMS, NUMBER_BYTES
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay
from node.storage.errors import StorageDamaged
from node.storage.store import INDEX, Reader, Space, Write, put

_LOT_SESSION: Final = b"h"


def _prefix(gtin: bytes, lot: bytes) -> bytes:
    return _LOT_SESSION + gtin + bytes((len(lot),)) + lot


def lot_session_entries(after: Overlay, writes: Iterable[tuple[bytes, bytes]]) -> Iterator[Write]:
    """Yield the index rows of a block.

    Args:
        after: State after the block; the rows that it wrote are there already, decoded.
        writes: What it wrote, keys with their table's byte.
    """
    found: set[tuple[int, int]] = set()
    for at, _value in writes:
        table, key = at[:1], at[1:]
        # A container's row is written when something goes in: then that is in what the container carries.
        if table not in (ITEMS.prefix, CONTAINERS.prefix):
            continue
        row = after.read(ITEMS, key)
        if row is None or not row.exposures:
            continue
        lots = {lot_of(source) for source in sources_of(after, key, row)}
        found.update((lot, session_of(exposed)) for lot in lots for exposed in row.exposures)
    for lot, session in sorted(found):
        named = lot_row(after, lot)
        yield put(INDEX, _prefix(named.gtin, named.lot) + session.to_bytes(NUMBER_BYTES, "big"), b"")


def sessions_of_lot(reader: Reader, gtin: bytes, lot: bytes, before: int | None, limit: int) -> list[int]:
    """Return the sessions that goods of a lot went through, the newest first.

    Args:
        reader: Store, or a snapshot.
        gtin: Packed GTIN.
        lot: Lot.
        before: Only sessions with a smaller number; None for all.
        limit: Most to return.

    Raises:
        StorageDamaged: A row is none.
    """
    prefix = _prefix(gtin, lot)
    start = None if before is None else prefix + before.to_bytes(NUMBER_BYTES, "big")
    page = Space(reader, INDEX).scan(prefix, start=start, limit=limit, reverse=True)
    if any(len(key) != len(prefix) + NUMBER_BYTES for key, _value in page.rows):
        raise StorageDamaged("index row", f"a session of a lot under {prefix.hex()} has no number")
    return [int.from_bytes(key[-NUMBER_BYTES:], "big") for key, _value in page.rows]
