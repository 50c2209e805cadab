"""Cutting the state into chunks: the same rows give the same bytes on every honest node (ADR 20).

What is in a snapshot: the present state, and who votes at which height. Both follow from the blocks alone.
Nothing of what nodes may hold differently is in it: commits (each node keeps the signatures it saw), bundles
(an author may sign twice), writes of the last heights, what a node keeps for its clients.

A chunk is the canonical encoding of rows (key with its space, value), by ascending key. A row goes into the
chunk under way unless that would then count for more than `CHUNK_BYTES`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.chain.snapshot import CHUNK_BYTES, CHUNKS, MAX_ROW_BYTES, ROW_BYTES, Row
from contracts.primitives.encoding import MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.store import STATE, Reader
from node.storage.validators import SETS

SECTIONS: Final = (STATE, SETS)
"""First bytes of the rows in a snapshot, ascending."""
_SCAN_ROWS: Final = 2_000


class Cutting:
    """One snapshot being cut; each call does a bounded piece of the work.

    Attributes:
        rows: How many rows are in the chunks so far.
    """

    def __init__(self, reader: Reader) -> None:
        """Cut what `reader`, a pinned snapshot of the store, holds."""
        self._rows = _rows(reader)
        self._ahead: Row | None = next(self._rows, None)
        self.rows = 0

    def next_chunk(self) -> bytes | None:
        """Return the next chunk, encoded; None after the last.

        Raises:
            StorageDamaged: A row cannot be read, or is longer than any row of the law.
            StorageFailed: The disk refused.
        """
        if self._ahead is None:
            return None
        chunk: list[Row] = []
        size = 0
        while self._ahead is not None:
            key, value = self._ahead
            if len(key) + len(value) > MAX_ROW_BYTES:
                raise StorageDamaged(f"row {key.hex()[:80]}", f"it has {len(key) + len(value)} bytes")
            size += len(key) + len(value) + ROW_BYTES
            if chunk and size > CHUNK_BYTES:
                break
            chunk.append(self._ahead)
            self._ahead = next(self._rows, None)
        self.rows += len(chunk)
        return encode(chunk)


def _rows(reader: Reader) -> Iterator[Row]:
    for prefix in SECTIONS:
        start: bytes | None = None
        while True:
            page = reader.scan(prefix, start=start, limit=_SCAN_ROWS)
            yield from page.rows
            if page.resume is None:
                break
            start = page.resume


class WrongRows(ValueError):
    """Chunks whose rows no node writes; the message says which."""


def read_rows(chunk: bytes, after: bytes) -> tuple[Row, ...]:
    """Return the rows of an encoded chunk, whose keys all stand above `after` and in a section.

    Raises:
        WrongRows: Malformed, empty, out of order, or rows that do not belong into a snapshot.
    """
    try:
        rows = CHUNKS.decode(chunk)
    except MalformedBytes as error:
        raise WrongRows(str(error)) from error
    if not rows:
        raise WrongRows("a chunk without rows")
    _check_order((key for key, _value in rows), after)
    return rows


def _check_order(keys: Iterable[bytes], after: bytes) -> None:
    for key in keys:
        if key <= after or not key.startswith(SECTIONS):
            raise WrongRows(f"row {key.hex()[:80]} after {after.hex()[:80]}")
        after = key
