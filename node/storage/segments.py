"""An append-only log in files of bounded length: append many records, sync once, release old files.

Under the consensus log and the outbox. Records are durable after `sync`, in the order they were appended; a
power cut may also keep some that were not synced. A file is full at `segment_bytes`; the next one is begun
only when it is durable, so only the last file can have a torn tail. See `frames.py` for the bytes.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import msgspec

from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.files import FileSystem, OpenFile
from node.storage.frames import (
    FRAME_HEADER_BYTES,
    MARK_BYTES,
    Record,
    encode_frame,
    encode_segment_header,
    is_unfinished_header,
    read_segment,
)

SUFFIX: Final = ".seg"
_INDEX_DIGITS: Final = 12


class _Full(msgspec.Struct, frozen=True):
    """A file that is no longer appended to."""

    index: int
    """Its number."""
    highest: int
    """Greatest `number` of its records, -1 when it has none."""


class SegmentedLog:
    """The log in one folder. Not for two threads at once."""

    def __init__(
        self, files: FileSystem, folder: str, segment_bytes: int, draw_mark: Callable[[int], bytes]
    ) -> None:
        """Prepare; `recover` reads.

        Args:
            files: Where the folder is.
            folder: A folder of the log's own.
            segment_bytes: Length at which a file is full.
            draw_mark: Returns so many random bytes that no peer can foresee, such as `os.urandom`.
        """
        self._files = files
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._draw_mark = draw_mark
        self._file: OpenFile | None = None
        self._is_broken = False
        self._full: list[_Full] = []
        self._index = 0
        self._mark = b""
        self._size = self._synced = 0
        self._highest = -1

    def _name(self, index: int) -> str:
        return f"{self._folder}/{index:0{_INDEX_DIGITS}d}{SUFFIX}"

    @property
    def segment(self) -> int:
        """Index of the file that is appended to."""
        return self._index

    @property
    def first_segment(self) -> int:
        """Index of the oldest file that is kept."""
        return self._full[0].index if self._full else self._index

    # ------------------------------------------------------------------------------- reading back

    def recover(self) -> list[Record]:
        """Read every record, cut off a torn tail, and get ready to append. Call it once, first.

        Raises:
            StorageDamaged: A record that was durable is damaged, or a file is missing between others; names
                the file and the offset.
            StorageFailed: The disk refused.
        """
        self._files.make_folder(self._folder)
        # A file that is found may have been made by a process that ended before its name was durable.
        self._files.sync_folder(self._folder)
        records: list[Record] = []
        indices = self._indices()
        for index in indices:
            records.extend(self._recover_segment(index, is_last=index == indices[-1]))
        if not indices:
            self._begin_segment(1)
        return records

    def _indices(self) -> list[int]:
        """Return the indices of the files, without a last one that was cut short while it was made."""
        names = [name for name in self._files.names(self._folder) if name.endswith(SUFFIX)]
        indices = [int(name.removesuffix(SUFFIX)) for name in names]
        for before, after in pairwise(indices):
            if after != before + 1:
                raise StorageDamaged(self._name(before + 1), "the file is missing")
        if indices and is_unfinished_header(self._read(indices[-1])):
            self._files.remove(self._name(indices.pop()))
            self._files.sync_folder(self._folder)
        return indices

    def _read(self, index: int) -> bytes:
        data = self._files.read(self._name(index))
        if data is None:
            raise StorageDamaged(self._name(index), "the file is missing")
        return data

    def _recover_segment(self, index: int, *, is_last: bool) -> tuple[Record, ...]:
        data = self._read(index)
        segment = read_segment(self._name(index), index, data, is_last=is_last)
        highest = max((record.number for record in segment.records), default=-1)
        if not is_last:
            self._full.append(_Full(index, highest))
            return segment.records
        file = self._files.open(self._name(index))
        if segment.end < len(data):
            file.truncate(segment.end)
        # What was read may be in the page cache only: nothing is acted on before it is on the disk.
        file.sync()
        self._file, self._index, self._mark = file, index, segment.mark
        self._size = self._synced = segment.end
        self._highest = highest
        return segment.records

    # ---------------------------------------------------------------------------------- appending

    def _usable(self) -> OpenFile:
        """Return the file, unless a write or sync on it once failed: what it holds is unknown since."""
        if self._file is None:
            raise StorageFailed(self._folder, "the log is not open")
        if self._is_broken:
            raise StorageFailed(self._folder, "an earlier write failed")
        return self._file

    def append(self, kind: int, number: int, payload: bytes) -> int:
        """Append a record; it is durable after the next `sync`.

        Returns:
            Index of the file it stands in.

        Raises:
            StorageFailed: The disk refused; nothing can be appended any more.
            ValueError: The payload is too long.
        """
        if self._highest >= 0 and self._size + FRAME_HEADER_BYTES + len(payload) > self._segment_bytes:
            self._rotate()
        frame = encode_frame(self._mark, self._size, self._synced, Record(kind, number, payload))
        file, self._is_broken = self._usable(), True
        file.append(frame)
        self._is_broken = False
        self._size += len(frame)
        self._highest = max(self._highest, number)
        return self._index

    def sync(self) -> None:
        """Return when every record appended so far is durable; costs nothing when all are.

        Raises:
            StorageFailed: The disk refused; nothing can be appended any more.
        """
        file = self._usable()
        if self._synced < self._size:
            self._is_broken = True
            file.sync()
            self._is_broken = False
            self._synced = self._size

    def _rotate(self) -> None:
        self.sync()
        self._usable().close()
        self._full.append(_Full(self._index, self._highest))
        self._is_broken = True
        self._begin_segment(self._index + 1)
        self._is_broken = False

    def _begin_segment(self, index: int) -> None:
        mark = self._draw_mark(MARK_BYTES)
        header = encode_segment_header(index, mark)
        file = self._files.open(self._name(index))
        file.append(header)
        file.sync()
        self._files.sync_folder(self._folder)
        self._file, self._index, self._mark = file, index, mark
        self._size = self._synced = len(header)
        self._highest = -1

    def release(self, number: int) -> None:
        """Remove the oldest full files while all their records have numbers up to `number`.

        Files go one by one, oldest first and each durably, so that no crash leaves a gap.

        Raises:
            StorageFailed: The disk refused.
        """
        while self._full and self._full[0].highest <= number:
            self._files.remove(self._name(self._full[0].index))
            self._files.sync_folder(self._folder)
            del self._full[0]

    def close(self) -> None:
        """Close; closing twice is allowed. Does not sync."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
