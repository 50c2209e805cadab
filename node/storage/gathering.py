"""A store whose writes can be gathered into one batch, for who makes many changes in a row.

A synced write costs a turn of the disk, whatever it holds. A node that is far behind applies block after
block, each on the state that the one before left, and needs none of them to be durable before the last:
gathered, they become durable together, all or none. Batches without sync would not do: LevelDB gives no order
of durability to batches that stand in different files of its log.

While writes are gathered, reads here see them, and nobody else does. Each write stays whole: when too much is
gathered, all of it is written, and gathering goes on.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from node.storage.store import KeyValueStore, Page, Snapshot, Write

MAX_GATHERED_BYTES: Final = 8 << 20
"""About the most bytes of values that are gathered: then all of it is written, and gathering goes on."""


class GatheringStore:
    """A `KeyValueStore` in front of another; for one thread at a time."""

    def __init__(self, store: KeyValueStore) -> None:
        """Hand everything on to `store`, until something is gathered."""
        self._store = store
        self._get = store.get
        self._gathered: dict[bytes, bytes | None] = {}
        self._bytes = 0
        self._is_gathering = False

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Make one durable batch of everything written until the end; of nothing, when that is an error.

        Raises:
            StorageFailed: The disk refused; the store must not be used any more.
        """
        self._is_gathering = True
        try:
            yield
            self._flush()
        finally:
            self._is_gathering = False
            self._gathered, self._bytes = {}, 0

    def _flush(self) -> None:
        gathered, self._gathered, self._bytes = self._gathered, {}, 0
        if gathered:
            self._store.write(gathered.items(), sync=True)

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:
        """Apply a batch, or gather it. See `KeyValueStore.write`."""
        if not self._is_gathering:
            self._store.write(batch, sync=sync)
            return
        writes = tuple(batch)
        self._gathered.update(writes)
        self._bytes += sum(len(value or b"") for _key, value in writes)
        if self._bytes > MAX_GATHERED_BYTES:
            self._flush()

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None. See `Reader.get`."""
        if key in self._gathered:
            return self._gathered[key]
        return self._get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys`, in their order. See `Reader.get_many`."""
        if self._gathered:
            return [self.get(key) for key in keys]
        return self._store.get_many(keys)

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return rows by prefix. See `Reader.scan`. What was gathered so far is written first."""
        self._flush()
        return self._store.scan(prefix, start=start, limit=limit, reverse=reverse)

    def snapshot(self) -> Snapshot:
        """Pin the present. What was gathered so far is written first."""
        self._flush()
        return self._store.snapshot()
