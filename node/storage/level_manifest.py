"""Which files a LevelDB database consists of, read from its manifest: its tables, and its log.

A folder may hold more table files than the database has: a compaction that was cut short by the end of the
process leaves what it had begun, and the next start removes it. Only what the manifest names is data, and
what it names must be there. The newest writes are in a log, which is removed only after a manifest that names
the tables made of it was durable. So the log that it names is there, or the manifest's own end is gone, and
with it tables that nobody would miss.

Source: LevelDB's impl.md and log_format.md; a record of the manifest is a list of tagged edits.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

_FULL: Final = 1
_FIRST: Final = 2
_LAST: Final = 4

_COMPARATOR: Final = 1
_LOG_NUMBER: Final = 2
_OTHER_NUMBERS: Final = frozenset({3, 4, 9})
"""Next file number, last sequence, previous log number."""
_COMPACT_POINTER: Final = 5
_DELETED_FILE: Final = 6
_NEW_FILE: Final = 7

_MAX_VARINT_BYTES: Final = 10
_MORE: Final = 0x80


class BadManifest(ValueError):
    """Records that are no list of edits."""


class LiveTable(msgspec.Struct, frozen=True):
    """A table file that belongs to the database."""

    number: int
    """It stands in the file's name."""
    size: int
    """Length in bytes."""


def live_tables(pieces: Iterable[bytes]) -> list[LiveTable]:
    """Return the tables that are left after all edits of a manifest, by number.

    Args:
        pieces: The manifest's physical records in order: one byte of type, then content.

    Raises:
        BadManifest: They are no list of edits.
    """
    sizes: dict[int, int] = {}
    for record in _logical(pieces):
        for tag, number, size in _edits(record):
            if tag == _DELETED_FILE:
                sizes.pop(number, None)
            elif tag == _NEW_FILE:
                sizes[number] = size
    return [LiveTable(number, size) for number, size in sorted(sizes.items())]


def log_in_use(pieces: Iterable[bytes]) -> int:
    """Return the number of the oldest log whose writes are not all in tables; 0 when there is none.

    Args:
        pieces: As for `live_tables`.

    Raises:
        BadManifest: They are no list of edits.
    """
    found = 0
    for record in _logical(pieces):
        for tag, number, _size in _edits(record):
            if tag == _LOG_NUMBER:
                found = number
    return found


def _logical(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join physical records to logical ones."""
    begun = b""
    for piece in pieces:
        kind, content = piece[0], piece[1:]
        begun = content if kind in (_FULL, _FIRST) else begun + content
        if kind in (_FULL, _LAST):
            yield begun


class _Cursor:
    """Reads numbers and strings off a record."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def is_at_end(self) -> bool:
        return self._at >= len(self._data)

    def number(self) -> int:
        value = 0
        for position in range(_MAX_VARINT_BYTES):
            if self.is_at_end():
                break
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & ~_MORE) << 7 * position
            if byte < _MORE:
                return value
        raise BadManifest("a number has no end")

    def skip_text(self) -> None:
        length = self.number()
        self._at += length
        if self._at > len(self._data):
            raise BadManifest("a text reaches beyond its record")


def _edits(record: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (tag, file number, size) of tables that were added or removed, and of the log."""
    cursor = _Cursor(record)
    while not cursor.is_at_end():
        tag = cursor.number()
        if tag == _COMPARATOR:
            cursor.skip_text()
        elif tag == _LOG_NUMBER:
            yield tag, cursor.number(), 0
        elif tag in _OTHER_NUMBERS:
            cursor.number()
        elif tag == _COMPACT_POINTER:
            cursor.number()
            cursor.skip_text()
        elif tag == _DELETED_FILE:
            cursor.number()
            yield tag, cursor.number(), 0
        elif tag == _NEW_FILE:
            cursor.number()
            yield tag, cursor.number(), cursor.number()
            cursor.skip_text()
            cursor.skip_text()
        else:
            raise BadManifest(f"an edit has the unknown tag {tag}")
