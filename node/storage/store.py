"""The key-value store that holds state, blocks and indices, as the rest of the node sees it.

One database, so that one batch is atomic over everything a block changes; kinds of rows are kept apart by
their first byte (a *space*). `leveldb.py` is the store on disk, `memory.py` its twin for tests and simulator;
one test suite holds both to what is written here.

All methods block: call them from a writer or reader thread, never on the event loop.
"""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

Write = tuple[bytes, bytes | None]
"""A key and its new value, or None to delete it."""

MAX_SCAN_ROWS: Final = 10_000
"""Most rows that one scan returns; a larger limit is cut to it."""

STATE: Final = b"\x01"
"""Present state; keys are those of contracts.state."""
BLOCKS: Final = b"\x02"
"""Block bytes by height."""
COMMITS: Final = b"\x03"
"""The commit that decided a block, by height."""
BUNDLES: Final = b"\x04"
"""Bundle bytes by bundle id, and the height they stand in."""
RECEIPTS: Final = b"\x05"
"""Receipts by height."""
WRITES: Final = b"\x06"
"""What a block wrote to the state, by height; only the newest are kept."""
DOCUMENTS: Final = b"\x07"
"""Where a document stands, by document id."""
INDEX: Final = b"\x08"
"""Indices for readers: journeys, shipments, lots."""
META: Final = b"\x09"
"""The head of the chain and what identifies this database."""
LOCAL: Final = b"\x0a"
"""What this node alone keeps, for its clients; never law, never sent to peers."""


class Page(msgspec.Struct, frozen=True):
    """One bounded step of a scan."""

    rows: list[tuple[bytes, bytes]]
    """Keys and values, in the order of the scan."""
    resume: bytes | None
    """Pass it as `start` of the same scan to go on; None when nothing is left."""


class Reader(Protocol):
    """Reads; a store reads the present, a snapshot one moment of it."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None.

        Raises:
            StorageDamaged: What is stored does not match its checksum.
            StorageFailed: The disk refused.
        """
        ...

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys`, in their order; raises as `get`."""
        ...

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return up to `limit` (at most `MAX_SCAN_ROWS`) rows whose keys begin with `prefix`, in key order.

        Args:
            prefix: First bytes of every key returned.
            start: Forwards, the first key that may be returned; in reverse, all keys returned are below it.
                None begins at the respective end.
            limit: Most rows to return, at least 1.
            reverse: Descending key order.

        Raises:
            StorageDamaged: A block on the way does not match its checksum; nothing is left out silently.
            StorageFailed: The disk refused.
        """
        ...


class Snapshot(Reader, Protocol):
    """Reads pinned to the moment it was taken. For one thread at a time; must be closed.

    A store cannot close while a snapshot is open.
    """

    def close(self) -> None:
        """Release it; closing twice is allowed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class KeyValueStore(Reader, Protocol):
    """An ordered map from bytes to bytes, with atomic batches. Safe to share between threads."""

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:
        """Apply a batch, all of it or nothing, also across a crash.

        Batches become durable in the order they were written. A later write to the same key wins.

        Args:
            batch: Keys and values.
            sync: Return only when the batch, and with it every earlier one, is on the disk.

        Raises:
            StorageFailed: The disk refused; the store must not be used any more.
        """
        ...

    def snapshot(self) -> Snapshot:
        """Pin the present."""
        ...

    def close(self) -> None:
        """Wait for running reads and open snapshots, then close; closing twice is allowed.

        Raises:
            StorageFailed: A snapshot was not closed in time.
        """
        ...


def prefix_end(prefix: bytes) -> bytes | None:
    """Return the first key after every key that begins with `prefix`; None when there is no such key."""
    stripped = prefix.rstrip(b"\xff")
    if not stripped:
        return None
    return stripped[:-1] + bytes((stripped[-1] + 1,))


class Space:
    """One kind of rows of a store or snapshot: every key is read and built with the space's first byte."""

    __slots__ = ("_get", "_prefix", "_reader")

    def __init__(self, reader: Reader, prefix: bytes) -> None:
        """View the rows of `reader` whose keys begin with `prefix`, one of the constants above."""
        self._reader = reader
        self._prefix = prefix
        self._get = reader.get

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key` in this space; raises as `Reader.get`."""
        return self._get(self._prefix + key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys` in this space; raises as `Reader.get_many`."""
        prefix = self._prefix
        return self._reader.get_many([prefix + key for key in keys])

    def scan(
        self, prefix: bytes = b"", *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Scan this space; keys, `start` and `resume` are without the space's byte. See `Reader.scan`."""
        own = self._prefix
        page = self._reader.scan(
            own + prefix, start=None if start is None else own + start, limit=limit, reverse=reverse
        )
        skip = len(own)
        resume = None if page.resume is None else page.resume[skip:]
        return Page([(key[skip:], value) for key, value in page.rows], resume)


def put(space: bytes, key: bytes, value: bytes) -> Write:
    """Build the batch entry that stores `value` under `key` in `space`."""
    return space + key, value


def delete(space: bytes, key: bytes) -> Write:
    """Build the batch entry that deletes `key` in `space`."""
    return space + key, None


def put_all(space: bytes, writes: Iterable[Write]) -> list[Write]:
    """Build the batch entries for `writes` (None deletes) in `space`."""
    return [(space + key, value) for key, value in writes]
