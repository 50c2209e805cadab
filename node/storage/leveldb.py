"""The store on disk: LevelDB by plyvel. No other module knows either.

What is set, and why:
- Paranoid checks, and checksums verified on every read: by default LevelDB hides damage.
- No compression: state reads cost a fifth of what they cost with it.
- A bloom filter: most reads of a commission are of keys that do not exist.
- A folder with database files but without its CURRENT file is refused: LevelDB would start an empty
  database in it. A new database is made only in a folder that is missing or empty.
- A folder without the log that its manifest names is refused: LevelDB would go on without its rows, and
  without those of tables that a manifest without its end does not name.
- After a write that failed, every later one fails too: the log's end is unknown then.
- Scans use the raw iterator: the plain one ends without a word when a damaged block is the last one.
- LevelDB crashes the process when it is closed under a running read, so closing waits for all of them.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar

import msgspec
import plyvel

from node.storage.errors import StorageBusy, StorageDamaged, StorageError, StorageFailed
from node.storage.level_files import check_newest_log
from node.storage.store import MAX_SCAN_ROWS, Page, Write, prefix_end

T = TypeVar("T")

CLOSE_TIMEOUT_S: Final = 30.0
"""How long closing waits for readers."""
_LOCK_FILE: Final = "LOCK"
_CURRENT_FILE: Final = "CURRENT"
_UNFINISHED_FILES: Final = frozenset(("LOCK", "LOG", "LOG.old", "MANIFEST-000001", "000001.dbtmp"))
"""All that a folder holds when making a database was cut short: nothing was ever written to it."""


class LevelOptions(msgspec.Struct, frozen=True):
    """How the database is tuned; see `StorageSection` of the configuration."""

    cache_bytes: int = 128 << 20
    """Cache of database blocks."""
    write_buffer_bytes: int = 32 << 20
    """Writes kept in memory before they become a sorted file; at most two such buffers exist."""
    table_bytes: int = 8 << 20
    """Largest sorted file."""
    bloom_bits: int = 10
    """Bits per key of the filter; 0 for none."""
    max_open_files: int = 512
    """Most sorted files open at once."""


class _Gate:
    """Counts what is running inside the database, and waits for it before the database is closed.

    Every read passes here twice, so it takes no lock: who is inside stands in a list, whose append and pop
    are atomic. One who enters is counted first and then looks whether the gate closes; one who closes it says
    so first and then counts. So either sees the other.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._changed = threading.Condition()
        self._inside: list[None] = []
        self._closing = False

    def enter(self) -> None:
        self._inside.append(None)
        if self._closing:
            self.leave()
            raise StorageFailed(self._where, "the database is closed")

    def leave(self) -> None:
        self._inside.pop()
        if self._closing:
            with self._changed:
                self._changed.notify_all()

    def close(self, timeout_s: float) -> bool:
        """Let nobody in any more and wait; true for the one caller who is to close the database."""
        with self._changed:
            if self._closing:
                return False
            self._closing = True
            if self._changed.wait_for(lambda: not self._inside, timeout_s):
                return True
            self._closing = False
            raise StorageFailed(self._where, f"{len(self._inside)} reads or snapshots are still open")


def _translate(where: str, error: plyvel.Error) -> StorageError:
    """Say in our words what LevelDB says in a sentence."""
    said = error.args[0] if error.args else ""
    # LevelDB's own words, which come as bytes.
    reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if isinstance(error, plyvel.CorruptionError) or "No such file" in reason:
        return StorageDamaged(where, reason)
    if f"{_LOCK_FILE}: " in reason:
        return StorageBusy(where, "another process has the database open")
    return StorageFailed(where, reason)


def _refuse(where: str, error: plyvel.Error) -> NoReturn:
    raise _translate(where, error) from error


@contextmanager
def _errors(where: str) -> Iterator[None]:
    try:
        yield
    except plyvel.Error as error:
        _refuse(where, error)


def _read_page(
    source: Any,  # noqa: ANN401 - plyvel has no types; a DB or a Snapshot
    where: str,
    prefix: bytes,
    start: bytes | None,
    limit: int,
    reverse: bool,  # noqa: FBT001 - handed through
) -> Page:
    """Scan with the raw iterator, whose every step reports damage."""
    if limit < 1:
        raise ValueError(f"a scan of {limit} rows")
    limit = min(limit, MAX_SCAN_ROWS)
    with _errors(where), source.raw_iterator(verify_checksums=True) as rows:
        if reverse:
            return _backwards(rows, prefix, start, limit)
        return _forwards(rows, prefix, start, limit)


def _forwards(rows: Any, prefix: bytes, start: bytes | None, limit: int) -> Page:  # noqa: ANN401
    rows.seek(prefix if start is None else max(prefix, start))
    found: list[tuple[bytes, bytes]] = []
    while rows.valid():
        key = rows.key()
        if not key.startswith(prefix):
            break
        if len(found) == limit:
            return Page(found, key)
        found.append((key, rows.value()))
        rows.next()
    return Page(found, None)


def _backwards(rows: Any, prefix: bytes, start: bytes | None, limit: int) -> Page:  # noqa: ANN401
    end = prefix_end(prefix)
    if start is not None and (end is None or start < end):
        end = start
    if end is None:
        rows.seek_to_last()
    else:
        rows.seek(end)
        if rows.valid():
            rows.prev()
        else:
            rows.seek_to_last()
    found: list[tuple[bytes, bytes]] = []
    while rows.valid():
        key = rows.key()
        if not key.startswith(prefix):
            break
        if len(found) == limit:
            return Page(found, found[-1][0])
        found.append((key, rows.value()))
        rows.prev()
    return Page(found, None)


class LevelSnapshot:
    """A pinned view. For one thread at a time."""

    def __init__(self, where: str, snapshot: Any, closed: Callable[[], None]) -> None:  # noqa: ANN401
        """Wrap plyvel's snapshot; `closed` is called once, when it is released."""
        self._where = where
        self._snapshot = snapshot
        self._closed: Callable[[], None] | None = closed
        self._get = snapshot.get

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None. See `Reader.get`."""
        try:
            value: bytes | None = self._get(key, verify_checksums=True)
        except plyvel.Error as error:
            _refuse(f"{self._where}, key {key.hex()}", error)
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys`, in their order. See `Reader.get_many`."""
        return [self.get(key) for key in keys]

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return rows by prefix. See `Reader.scan`."""
        return _read_page(self._snapshot, self._where, prefix, start, limit, reverse)

    def close(self) -> None:
        """Release it; closing twice is allowed."""
        closed, self._closed = self._closed, None
        if closed is not None:
            self._snapshot.close()
            closed()

    def __enter__(self) -> Self:
        """Return the snapshot itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it."""
        self.close()


class LevelStore:
    """A LevelDB database behind `KeyValueStore`. Safe to share between threads."""

    def __init__(self, folder: Path, database: Any) -> None:  # noqa: ANN401
        """Wrap an open plyvel database; use `open_level`."""
        self._where = str(folder)
        self._database = database
        self._get = database.get
        self._gate = _Gate(self._where)
        self._broken = False

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None. See `Reader.get`."""
        self._gate.enter()
        try:
            value: bytes | None = self._get(key, verify_checksums=True)
        except plyvel.Error as error:
            _refuse(f"{self._where}, key {key.hex()}", error)
        finally:
            self._gate.leave()
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of `keys`, in their order. See `Reader.get_many`."""
        get = self._get
        self._gate.enter()
        try:
            return [get(key, verify_checksums=True) for key in keys]
        except plyvel.Error as error:
            _refuse(self._where, error)
        finally:
            self._gate.leave()

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return rows by prefix. See `Reader.scan`."""
        self._gate.enter()
        try:
            return _read_page(self._database, self._where, prefix, start, limit, reverse)
        finally:
            self._gate.leave()

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:
        """Apply a batch atomically. See `KeyValueStore.write`."""
        self._gate.enter()
        try:
            if self._broken:
                raise StorageFailed(self._where, "an earlier write failed")
            rows = self._database.write_batch(sync=sync)
            for key, value in batch:
                if value is None:
                    rows.delete(key)
                else:
                    rows.put(key, value)
            rows.write()
        except plyvel.Error as error:
            self._broken = True
            _refuse(self._where, error)
        finally:
            self._gate.leave()

    def compact(self, prefix: bytes) -> None:
        """Give the disk back what removed and replaced rows still take whose keys begin with `prefix`.

        Raises:
            StorageDamaged: A row on the way does not match its checksum.
            StorageFailed: The disk refused.
        """
        self._gate.enter()
        try:
            with _errors(self._where):
                self._database.compact_range(start=prefix, stop=prefix_end(prefix))
        finally:
            self._gate.leave()

    def snapshot(self) -> LevelSnapshot:
        """Pin the present; the store cannot close before the snapshot is."""
        self._gate.enter()
        try:
            return LevelSnapshot(self._where, self._database.snapshot(), self._gate.leave)
        except BaseException:
            self._gate.leave()
            raise

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Wait for running reads and open snapshots, then close; closing twice is allowed.

        Raises:
            StorageFailed: One is still open after `timeout_s`; the store stays open.
        """
        if self._gate.close(timeout_s):
            self._database.close()


def has_level(folder: Path) -> bool:
    """Tell whether a database was ever written to in `folder`; making one may have been cut short.

    Raises:
        StorageFailed: The disk refused.
    """
    return not _names(folder) <= _UNFINISHED_FILES


def _names(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise StorageFailed(str(folder), error.strerror or str(error)) from error


def open_level(folder: Path, options: LevelOptions, *, create: bool) -> LevelStore:
    """Open the database in `folder`.

    Args:
        folder: The database's own folder.
        options: Tuning.
        create: Make a new database when the folder is missing, empty, or was left unfinished.

    Raises:
        StorageDamaged: Files are missing, or a log or manifest does not match its checksums.
        StorageBusy: Another process has it open.
        StorageFailed: There is no database here (and `create` is false), or the disk refused.
    """
    where = str(folder)
    names = _names(folder)
    try:
        if create and not names:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageFailed(where, error.strerror or str(error)) from error
    is_new = names <= _UNFINISHED_FILES
    if is_new and not create:
        raise StorageFailed(where, "there is no database here")
    if not is_new and _CURRENT_FILE not in names:
        raise StorageDamaged(where, f"the file {_CURRENT_FILE} is missing")
    if not is_new:
        check_newest_log(folder)
    with _errors(where):
        return LevelStore(folder, _open(folder, options, create=is_new))


def _open(folder: Path, options: LevelOptions, *, create: bool) -> Any:  # noqa: ANN401
    return plyvel.DB(
        str(folder),
        create_if_missing=create,
        paranoid_checks=True,
        compression=None,
        write_buffer_size=options.write_buffer_bytes,
        max_file_size=options.table_bytes,
        lru_cache_size=options.cache_bytes,
        bloom_filter_bits=options.bloom_bits,
        max_open_files=options.max_open_files,
    )


def repair_level(folder: Path) -> None:
    """Have LevelDB make a database of what it can still read in `folder`; rows are lost, old ones come back.

    For copies only: what comes out is no ledger, but single rows of it may be saved.

    Raises:
        StorageDamaged: Nothing can be read.
        StorageFailed: The disk refused.
    """
    with _errors(str(folder)):
        plyvel.repair_db(str(folder))
