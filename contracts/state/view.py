"""Typed reading and writing of state: an overlay over whatever stores it.

A block is executed on an overlay: what it writes lies over the state that it reads, each row is decoded once
and encoded once, and the documents of the block see each other's effects in order. Inside a block each
document has a journal: a refused document is undone row by row. An overlay is itself a reader, so admission
can put one on another.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar

from contracts.primitives.encoding import encode
from contracts.state.layout import TABLES, Table

RowT = TypeVar("RowT")
KeyT = TypeVar("KeyT")
AnswerT = TypeVar("AnswerT")

Writes = tuple[tuple[bytes, bytes], ...]
"""(key, value) in ascending key order; an empty value is a tombstone, for no row encodes to nothing."""

TOMBSTONE = b""


class StateReader(Protocol):
    """Whatever holds state: a store, a snapshot, a dict, another overlay."""

    def get(self, key: bytes) -> bytes | None:
        """Return the row stored under a state key (table byte included), or None."""
        ...


_DIRECTORY = frozenset(table.prefix for table in TABLES if table.is_directory)


class DirectoryCache:
    """Decoded rows of the directory tables, and what follows from them, kept from block to block.

    Who is registered is read by every record and changes seldom. The owner of the cache must call `forget`
    with the writes of each block that it commits, and must not share it between states that differ in their
    directory.

    Attributes:
        rows: By state key.
        answers: Of questions that are `of_directory`, by question and key.
    """

    __slots__ = ("answers", "rows")

    def __init__(self) -> None:
        """Start with nothing known."""
        self.rows: dict[bytes, Any] = {}
        self.answers: dict[tuple[object, object], Any] = {}

    def forget(self, writes: Iterable[tuple[bytes, bytes]]) -> bool:
        """Drop what a committed block wrote, and what followed from it; tell whether there was any."""
        changed = [key for key, _value in writes if key[:1] in _DIRECTORY]
        for key in changed:
            self.rows.pop(key, None)
        if changed:
            # A new one: an overlay that was made before keeps the old, and can put nothing old into this.
            self.answers = {}
        return bool(changed)


def of_directory(
    question: "Callable[[Overlay, KeyT], AnswerT]",
) -> "Callable[[Overlay, KeyT], AnswerT]":
    """Let a question that rows of the directory alone answer be answered once, until one of them changes.

    Like such a row, an answer is remembered only when there is one: the memory stays as small as the
    directory.

    Args:
        question: Reads nothing but tables of the directory, by a key of few values or of registered ones.
    """

    @wraps(question)
    def asked(state: "Overlay", key: KeyT) -> AnswerT:
        at = (question, key)
        known: AnswerT | None = state.answers.get(at)
        if known is not None:
            return known
        answer = question(state, key)
        if answer is not None:
            state.answers[at] = answer
        return answer

    return asked


_UNREAD = object()


class Overlay:
    """Rows read and written over a reader. Not for two threads at once.

    Attributes:
        answers: What follows from the directory as this overlay shows it (`of_directory`).
    """

    __slots__ = (
        "_base",
        "_directory",
        "_journal",
        "_kept",
        "_old",
        "_rows",
        "_shared",
        "_written",
        "answers",
    )

    def __init__(self, base: StateReader, directory: DirectoryCache | None = None) -> None:
        """Lie over `base`.

        Args:
            base: What is read where nothing was written.
            directory: Shared cache of directory rows; None for one of its own.
        """
        self._base = base
        # What is pending in another overlay counts, and must not get into a cache of what is committed.
        if directory is None or isinstance(base, Overlay):
            directory = DirectoryCache()
        self._directory = directory.rows
        self.answers = self._shared = directory.answers
        # Rows of all tables: which type each has, its table says.
        self._rows: dict[bytes, Any] = {}
        # The bytes a present row was read as: what it is compared with at the end.
        self._old: dict[bytes, bytes] = {}
        self._written: set[bytes] = set()
        # Where was written, and the row that stood there; up to `_kept` it is not undone any more.
        self._journal: list[tuple[Sequence[bytes], object]] = []
        self._kept = 0

    def get(self, key: bytes) -> bytes | None:
        """Return a row's bytes as they would be stored, under a state key (table byte included)."""
        row = self._rows.get(key, _UNREAD)
        if row is _UNREAD:
            return self._base.get(key)
        return None if row is None else encode(row)

    def read(self, table: Table[RowT], key: bytes) -> RowT | None:
        """Return the row of `table` under `key`, or None."""
        at = table.prefix + key
        row: RowT | None = self._rows.get(at, _UNREAD)
        if row is not _UNREAD:
            return row
        if not table.is_directory:
            return self._load(table, at)
        row = self._directory.get(at)
        return self._look_up(table, at) if row is None else row

    def require(self, table: Table[RowT], key: bytes) -> RowT:
        """Return a row that another row says is there.

        Raises:
            LookupError: It is not: the state contradicts itself, and the node must stop.
        """
        row: RowT | None = self._rows.get(table.prefix + key)
        if row is None:
            row = self.read(table, key)
        if row is None:
            msg = f"{table.name}: no row under {key.hex()}, though another row names it"
            raise LookupError(msg)
        return row

    def write(self, table: Table[RowT], key: bytes, row: RowT) -> None:
        """Put a row."""
        at = table.prefix + key
        before = self._rows.get(at, _UNREAD)
        if before is _UNREAD:
            self._load(table, at)
            before = self._rows[at]
        self._journal.append(((at,), before))
        self._rows[at] = row
        self._written.add(at)
        if table.is_directory:
            self._forget_answers()

    def delete(self, table: Table[RowT], key: bytes) -> None:
        """Remove a row."""
        nothing: Any = None
        self.write(table, key, nothing)

    def first_present(self, table: Table[RowT], keys: Iterable[bytes]) -> bytes | None:
        """Return the first of `keys` that has a row, or None. Does not decode."""
        rows, get, prefix = self._rows, self._base.get, table.prefix
        for key in keys:
            at = prefix + key
            row = rows.get(at, _UNREAD)
            if (get(at) if row is _UNREAD else row) is not None:
                return key
        return None

    def first_absent(self, table: Table[RowT], keys: Iterable[bytes]) -> bytes | None:
        """Return the first of `keys` that has no row, or None. Does not decode."""
        rows, get, prefix = self._rows, self._base.get, table.prefix
        for key in keys:
            at = prefix + key
            row = rows.get(at, _UNREAD)
            if (get(at) if row is _UNREAD else row) is None:
                return key
        return None

    def create_all(self, table: Table[RowT], keys: Iterable[bytes], row: RowT) -> None:
        """Put the same row under many keys, of which `first_present` said that none has one."""
        prefix = table.prefix
        places = [prefix + key for key in keys]
        self._rows.update(dict.fromkeys(places, row))
        self._written.update(places)
        self._journal.append((places, None))
        if table.is_directory:
            self._forget_answers()

    def keep(self) -> None:
        """End a document: what it wrote stays."""
        self._kept = len(self._journal)

    def rollback(self) -> None:
        """End a document: what was written since the last `keep` or `rollback` is undone."""
        undone = self._journal[self._kept :]
        for places, row in reversed(undone):
            for at in places:
                self._rows[at] = row
        del self._journal[self._kept :]
        if self.answers is not self._shared:
            self._forget_answers()

    def take_written(self) -> list[bytes]:
        """Return the keys (table bytes included) that were written, and kept, since this was last asked."""
        found = [at for places, _before in self._journal[: self._kept] for at in places]
        del self._journal[: self._kept]
        self._kept = 0
        return found

    def has_met(self, keys: Iterable[bytes]) -> bool:
        """Tell whether one of these keys (table bytes included) was read or written here.

        What was looked for only by `first_present` and `first_absent` does not count, nor do rows of the
        directory that were known already.
        """
        return not self._rows.keys().isdisjoint(keys)

    def changes(self) -> Writes:
        """Return what differs from the base, in key order."""
        # Many keys share one row object (the serials of one commission): it is encoded once.
        encoded: dict[int, bytes] = {id(None): TOMBSTONE}
        old, rows = self._old, self._rows
        found: list[tuple[bytes, bytes]] = []
        for at in sorted(self._written):
            row = rows[at]
            value = encoded.get(id(row))
            if value is None:
                value = encoded[id(row)] = encode(row)
            if value != old.get(at, TOMBSTONE):
                found.append((at, value))
        return tuple(found)

    def _forget_answers(self) -> None:
        """Ask anew: this overlay shows, or showed until now, another directory than the shared answers do."""
        self.answers = {}

    def _look_up(self, table: Table[RowT], at: bytes) -> RowT | None:
        """Return a directory row that the cache does not hold."""
        if isinstance(self._base, Overlay):
            return self._base.read(table, at[len(table.prefix) :])
        row = self._load(table, at)
        # What is not registered is not remembered: the cache stays as small as the directory.
        if row is not None:
            self._directory[at] = row
        return row

    def _load(self, table: Table[RowT], at: bytes) -> RowT | None:
        """Read and decode a row not seen before in this block, and remember it."""
        raw = self._base.get(at)
        if raw is None:
            self._rows[at] = None
            return None
        row = table.decode(raw)
        self._old[at] = raw
        self._rows[at] = row
        return row
