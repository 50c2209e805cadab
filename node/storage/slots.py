"""A small record that is replaced often and must never go back: two mirrored pairs of slots in one file.

The signer's record changes two or three times a block, in the path of every vote. Replacing a file (write,
fsync, rename, fsync the folder) costs four to five times one fdatasync of a file whose length stays. So the
record alternates between two *pairs* of slots; both copies of a pair are written, then one sync makes them
durable. Slots lie in pages of their own, the copies of a pair two pages apart.

What a crash or a fault can leave, and what is read then:
    the pair being written is torn in both copies -> the other pair: the record before; nothing was released
    the pair being written is whole in one copy   -> that copy
    one bit, one page or one copy damaged later   -> the copy that is left
    no whole copy, a missing file, a wrong length, two copies that differ -> StorageDamaged
Only damage to both copies of the newest pair would go back by one record unnoticed. Opening syncs what it
read (a record, or the file's name, may still be in the page cache only) and writes the record anew when a
copy was damaged.
"""

import zlib
from typing import Final

from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.files import FileSystem, OpenFile, folder_of, replace_file

SLOT_BYTES: Final = 4096
_SLOTS: Final = 4
_MAGIC: Final = b"PTS1"
_HEADER_BYTES: Final = 20
MAX_RECORD_BYTES: Final = SLOT_BYTES - _HEADER_BYTES
"""Longest record."""


def _slot(sequence: int, record: bytes) -> bytes:
    body = sequence.to_bytes(8, "big") + len(record).to_bytes(4, "big") + record
    framed = _MAGIC + zlib.crc32(body).to_bytes(4, "big") + body
    return framed.ljust(SLOT_BYTES, b"\0")


def _read_slot(data: bytes) -> tuple[int, bytes] | None:
    if data[:4] != _MAGIC:
        return None
    length = int.from_bytes(data[16:20], "big")
    body = data[8 : _HEADER_BYTES + length]
    if len(body) != length + _HEADER_BYTES - 8 or zlib.crc32(body).to_bytes(4, "big") != data[4:8]:
        return None
    return int.from_bytes(data[8:16], "big"), data[_HEADER_BYTES : _HEADER_BYTES + length]


def create_slots(files: FileSystem, name: str, record: bytes) -> None:
    """Create the file with its first record, durably; replaces a file of that name."""
    replace_file(files, name, _slot(0, record) * _SLOTS)


class SlotFile:
    """One record on disk. Not for two threads at once.

    Attributes:
        record: The record that is durable.
    """

    def __init__(self, files: FileSystem, name: str) -> None:
        """Prepare; `open` reads."""
        self._files = files
        self._name = name
        self._file: OpenFile | None = None
        self._is_broken = False
        self._sequence = 0
        self.record = b""

    def open(self) -> None:
        """Read the newest record.

        Raises:
            StorageDamaged: The file is missing, of the wrong length, or holds no whole record.
        """
        data = self._files.read(self._name)
        if data is None:
            raise StorageDamaged(self._name, "it is missing")
        if len(data) != _SLOTS * SLOT_BYTES:
            raise StorageDamaged(self._name, f"it has {len(data)} bytes, expected {_SLOTS * SLOT_BYTES}")
        found = [_read_slot(data[at : at + SLOT_BYTES]) for at in range(0, len(data), SLOT_BYTES)]
        whole = [entry for entry in found if entry is not None]
        if not whole:
            raise StorageDamaged(self._name, "none of its four slots holds a whole record")
        newest = max(whole)
        if any(entry != newest for entry in whole if entry[0] == newest[0]):
            raise StorageDamaged(self._name, f"the two copies of record {newest[0]} differ")
        file = self._files.open(self._name)
        file.sync()
        self._files.sync_folder(folder_of(self._name))
        self._file, (self._sequence, self.record) = file, newest
        if len(whole) < _SLOTS:
            self.save(self.record)

    def save(self, record: bytes) -> None:
        """Replace the record; it is durable on return.

        Raises:
            StorageFailed: The disk refused. What is on it is unknown, so every later save is refused too.
            ValueError: The record is longer than `MAX_RECORD_BYTES`.
        """
        if len(record) > MAX_RECORD_BYTES:
            raise ValueError(f"a record of {len(record)} bytes; a slot holds {MAX_RECORD_BYTES}")
        if self._file is None or self._is_broken:
            reason = "it is not open" if self._file is None else "an earlier write failed"
            raise StorageFailed(self._name, reason)
        self._is_broken = True
        sequence = self._sequence + 1
        slot, first = _slot(sequence, record), sequence % 2 * SLOT_BYTES
        self._file.write_at(first, slot)
        self._file.write_at(first + 2 * SLOT_BYTES, slot)
        self._file.sync()
        self._is_broken = False
        self._sequence, self.record = sequence, record

    def close(self) -> None:
        """Close; closing twice is allowed."""
        if self._file is not None:
            self._file.close()
            self._file = None
