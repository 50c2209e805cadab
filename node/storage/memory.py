"""The store in memory: LevelDB's twin for tests and simulation, with the same face and the same promises.

What LevelDB loses in a crash, this one loses too when asked (`crash`): batches that were written without sync
after the last synced one, from the newest backwards, each as a whole.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from node.storage.errors import StorageFailed
from node.storage.store import MAX_SCAN_ROWS, Page, Write, prefix_end

_WHERE = "memory store"


class _Rows:
    """An ordered map. Never changed once a snapshot shares it."""

    def __init__(self, values: dict[bytes, bytes]) -> None:
        self.values = values
        self._sorted: list[bytes] | None = None

    def apply(self, batch: Iterable[Write]) -> None:
        for key, value in batch:
            if value is None:
                if self.values.pop(key, None) is not None:
                    self._sorted = None
            else:
                if self._sorted is not None and key not in self.values:
                    self._sorted = None
                self.values[key] = value

    def scan(self, prefix: bytes, start: bytes | None, limit: int, *, reverse: bool) -> Page:
        if limit < 1:
            raise ValueError(f"a scan of {limit} rows")
        keys = self._sorted
        if keys is None:
            keys = self._sorted = sorted(self.values)
        end = prefix_end(prefix)
        low, high = bisect_left(keys, prefix), len(keys) if end is None else bisect_left(keys, end)
        if start is not None:
            bound = bisect_left(keys, start)
            low, high = (low, min(high, bound)) if reverse else (max(low, bound), high)
        count = min(limit, MAX_SCAN_ROWS)
        if reverse:
            chosen = keys[max(low, high - count) : max(low, high)][::-1]
            resume = chosen[-1] if chosen and high - len(chosen) > low else None
        else:
            chosen = keys[low : min(high, low + count)]
            resume = keys[low + len(chosen)] if chosen and low + len(chosen) < high else None
        return Page([(key, self.values[key]) for key in chosen], resume)


class MemorySnapshot:
    """A pinned view."""

    def __init__(self, rows: _Rows, closed: Callable[[], None]) -> None:
        """Share `rows`, which nobody changes any more; `closed` is called once, when it is released."""
        self._rows = rows
        self._closed: Callable[[], None] | None = closed

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None. See `Reader.get`."""
        return self._rows.values.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys`, in their order. See `Reader.get_many`."""
        return [self._rows.values.get(key) for key in keys]

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return rows by prefix. See `Reader.scan`."""
        return self._rows.scan(prefix, start, limit, reverse=reverse)

    def close(self) -> None:
        """Release it; closing twice is allowed."""
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()

    def __enter__(self) -> Self:
        """Return the snapshot itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it."""
        self.close()


class MemoryStore:
    """A `KeyValueStore` without a disk. Safe to share between threads."""

    def __init__(self) -> None:
        """Begin empty."""
        self._lock = threading.Lock()
        self._rows = _Rows({})
        self._shared = False
        self._snapshots = 0
        self._closed = False
        self._durable: dict[bytes, bytes] = {}
        self._unsynced: list[tuple[Write, ...]] = []

    def _present(self) -> _Rows:
        if self._closed:
            raise StorageFailed(_WHERE, "the database is closed")
        return self._rows

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None. See `Reader.get`."""
        return self._present().values.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys`, in their order. See `Reader.get_many`."""
        values = self._present().values
        return [values.get(key) for key in keys]

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return rows by prefix. See `Reader.scan`."""
        with self._lock:
            return self._present().scan(prefix, start, limit, reverse=reverse)

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:
        """Apply a batch atomically. See `KeyValueStore.write`."""
        writes = tuple(batch)
        with self._lock:
            rows = self._present()
            if self._shared:
                rows = self._rows = _Rows(dict(rows.values))
                self._shared = False
            rows.apply(writes)
            self._unsynced.append(writes)
            if sync:
                for unsynced in self._unsynced:
                    _Rows(self._durable).apply(unsynced)
                self._unsynced.clear()

    def snapshot(self) -> MemorySnapshot:
        """Pin the present; the store cannot close before the snapshot is."""
        with self._lock:
            rows = self._present()
            self._shared = True
            self._snapshots += 1
            return MemorySnapshot(rows, self._released)

    def _released(self) -> None:
        with self._lock:
            self._snapshots -= 1

    def close(self) -> None:
        """Close; closing twice is allowed.

        Raises:
            StorageFailed: A snapshot is still open.
        """
        with self._lock:
            if self._snapshots:
                raise StorageFailed(_WHERE, f"{self._snapshots} snapshots are still open")
            self._closed = True

    def crash(self, choose: Callable[[int], int]) -> "MemoryStore":
        """Return the store that a restart finds after the power went out; this one is as good as gone.

        Args:
            choose: Returns a number below its argument: how many unsynced batches survived.
        """
        survivor = MemoryStore()
        batches = self._unsynced[: choose(len(self._unsynced) + 1)]
        survivor.write([*self._durable.items(), *(write for batch in batches for write in batch)], sync=True)
        return survivor
