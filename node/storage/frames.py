"""The bytes of an append-only file: framed records, and what a damaged end of it means. Pure.

A segment file begins with a header: magic, index, an 8-byte random mark, CRC. Each frame is
    mark (8)  length (4)  synced (4)  number (8)  kind (1)  CRC (4)  payload
with big-endian integers; the CRC covers the frame's own offset and everything but itself.

The mark is drawn when the file is made, so nobody who chooses payloads (a peer's bundle) can put a frame
inside one. `synced` is how many bytes of the file were durable when the frame was appended. It tells a torn
tail from damage: after a power cut, anything may stand in what was never synced, and it is cut off; but a bad
frame in front of a good one that says "this was durable" is damage, and nothing is cut.
"""

import struct
import zlib
from typing import Final

import msgspec

from node.storage.errors import StorageDamaged

MARK_BYTES: Final = 8
_MAGIC: Final = b"PTL1"
_HEADER: Final = struct.Struct(">4sQ8sI")
_FRAME: Final = struct.Struct(">8sIIQBI")
_CHECKED: Final = struct.Struct(">QIIQB")
SEGMENT_HEADER_BYTES: Final = _HEADER.size
FRAME_HEADER_BYTES: Final = _FRAME.size
MAX_PAYLOAD_BYTES: Final = 64 << 20
"""Longest payload of one record."""


class Record(msgspec.Struct, frozen=True):
    """One record of a log."""

    kind: int
    """What it is, 0 to 255; the owner of the log decides."""
    number: int
    """Height or position it belongs to: files are released by it."""
    payload: bytes
    """Its bytes."""


class ReadSegment(msgspec.Struct, frozen=True):
    """What a segment file holds."""

    mark: bytes
    """8 bytes, its frames' mark."""
    records: tuple[Record, ...]
    """In order."""
    end: int
    """Offset after the last good record; what follows is a torn tail."""


def encode_segment_header(index: int, mark: bytes) -> bytes:
    """Return the first bytes of segment `index`."""
    return _HEADER.pack(_MAGIC, index, mark, zlib.crc32(_HEADER.pack(_MAGIC, index, mark, 0)))


def encode_frame(mark: bytes, offset: int, synced: int, record: Record) -> bytes:
    """Return the frame of `record` for position `offset` of its file.

    Args:
        mark: The file's mark.
        offset: Where the frame will stand.
        synced: How many bytes of the file are durable now.
        record: The record.

    Raises:
        ValueError: The payload is longer than `MAX_PAYLOAD_BYTES`.
    """
    length = len(record.payload)
    if length > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a record of {length} bytes; at most {MAX_PAYLOAD_BYTES} are framed")
    crc = _crc(offset, length, synced, record.number, record.kind, record.payload)
    return _FRAME.pack(mark, length, synced, record.number, record.kind, crc) + record.payload


def _crc(offset: int, length: int, synced: int, number: int, kind: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_CHECKED.pack(offset, length, synced, number, kind)))


def _frame_at(data: bytes, mark: bytes, offset: int) -> tuple[Record, int] | str:
    """Return the record at `offset` and its `synced`, or what is wrong there."""
    if len(data) - offset < FRAME_HEADER_BYTES:
        return "the file ends inside a record's header"
    found, length, synced, number, kind, crc = _FRAME.unpack_from(data, offset)
    if found != mark:
        return "no record begins here"
    start = offset + FRAME_HEADER_BYTES
    if length > MAX_PAYLOAD_BYTES or start + length > len(data):
        return f"a record of {length} bytes does not fit into the file"
    payload = data[start : start + length]
    if _crc(offset, length, synced, number, kind, payload) != crc:
        return "the record does not match its checksum"
    return Record(kind, number, payload), synced


def is_unfinished_header(data: bytes) -> bool:
    """Tell whether a file was cut short while it was made: no more than a header, and not a whole one."""
    return len(data) <= SEGMENT_HEADER_BYTES and _mark_of(data) is None


def _mark_of(data: bytes) -> tuple[int, bytes] | None:
    if len(data) < SEGMENT_HEADER_BYTES:
        return None
    magic, index, mark, crc = _HEADER.unpack_from(data)
    if magic != _MAGIC or crc != zlib.crc32(_HEADER.pack(magic, index, mark, 0)):
        return None
    return index, mark


def read_segment(name: str, index: int, data: bytes, *, is_last: bool) -> ReadSegment:
    """Read a segment file.

    Args:
        name: Its name, for errors.
        index: The index it must have.
        data: Its content.
        is_last: No file follows, so a torn tail is allowed.

    Raises:
        StorageDamaged: Something that was durable is changed or missing; names the file and the offset.
    """
    header = _mark_of(data)
    if header is None or header[0] != index:
        raise StorageDamaged(name, f"offset 0: not the header of segment {index}")
    mark, offset, records = header[1], SEGMENT_HEADER_BYTES, []
    while offset < len(data):
        frame = _frame_at(data, mark, offset)
        if isinstance(frame, str):
            if not is_last or _was_durable(data, mark, offset):
                raise StorageDamaged(name, f"offset {offset}: {frame}")
            break
        records.append(frame[0])
        offset += FRAME_HEADER_BYTES + len(frame[0].payload)
    return ReadSegment(mark, tuple(records), offset)


def _was_durable(data: bytes, mark: bytes, offset: int) -> bool:
    """Tell whether a good frame behind `offset` says that `offset` was durable before it was written."""
    at = data.find(mark, offset + 1)
    while at >= 0:
        frame = _frame_at(data, mark, at)
        if not isinstance(frame, str) and frame[1] > offset:
            return True
        at = data.find(mark, at + 1)
    return False
