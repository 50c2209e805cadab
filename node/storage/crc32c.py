"""CRC-32C (Castagnoli) over many pieces at once: what LevelDB guards its blocks with.

The standard library has only the other CRC-32, and a loop over bytes in Python reads few megabytes a second.
A CRC is linear, so chunks of equal length can be worked on side by side: byte j of every chunk is one step,
made of table look-ups (bytes.translate) and exclusive ors over all chunks together, both of which run in C.
The chunks of one piece are joined afterwards by the operator that appends a chunk's length of zeros.

Source: RFC 3720, appendix B.4; the polynomial is 0x1EDC6F41, reflected.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

_POLYNOMIAL: Final = 0x82F63B78
_ALL_ONES: Final = 0xFFFFFFFF
_CHUNK_BYTES: Final = 1024
_BATCH_CHUNKS: Final = 8192
"""Chunks worked on together: bounds the memory, 8 MiB and the same again for a copy."""
_PLANES: Final = 4
_START_BYTES: Final = 4
"""The CRC's start value of all ones is the same as inverting the first four bytes and starting from zero."""


def _byte_table() -> list[int]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE: Final = _byte_table()
_TABLE_PLANES: Final = tuple(bytes(entry >> 8 * plane & 0xFF for entry in _TABLE) for plane in range(_PLANES))


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of one piece, byte by byte."""
    return _ALL_ONES ^ _advance(_ALL_ONES, data)


def _advance(state: int, data: Iterable[int]) -> int:
    for value in data:
        state = _TABLE[(state ^ value) & 0xFF] ^ (state >> 8)
    return state


@cache
def _append_chunk_tables() -> tuple[tuple[int, ...], ...]:
    """Return, for each byte of the state, what a chunk's length of zeros makes of its 256 values."""
    zeros = bytes(_CHUNK_BYTES)
    basis = [_advance(1 << bit, zeros) for bit in range(32)]
    tables = []
    for plane in range(_PLANES):
        row = [0] * 256
        for value in range(1, 256):
            low = value & -value
            row[value] = row[value ^ low] ^ basis[8 * plane + low.bit_length() - 1]
        tables.append(tuple(row))
    return tuple(tables)


def crc32c_many(pieces: Sequence[bytes]) -> list[int]:
    """Return the CRC-32C of every piece, in order."""
    found: list[int] = []
    batch: list[bytes] = []
    counts: list[int] = []
    for piece in pieces:
        chunks = _chunks(piece)
        if batch and len(batch) + len(chunks) > _BATCH_CHUNKS:
            found += _join(_states(batch), counts)
            batch, counts = [], []
        batch += chunks
        counts.append(len(chunks))
    found += _join(_states(batch), counts)
    # Of a shorter piece, a part of the inversion falls on bytes that do not exist.
    return [
        value if len(piece) >= _START_BYTES else crc32c(piece)
        for piece, value in zip(pieces, found, strict=True)
    ]


def _chunks(piece: bytes) -> list[bytes]:
    """Cut a piece, its start inverted, into whole chunks; zeros in front change nothing."""
    whole = bytes(value ^ 0xFF for value in piece[:_START_BYTES]) + piece[_START_BYTES:]
    first = len(whole) % _CHUNK_BYTES
    parts = [whole[:first].rjust(_CHUNK_BYTES, b"\0")] if first else []
    return parts + [whole[at : at + _CHUNK_BYTES] for at in range(first, len(whole), _CHUNK_BYTES)]


def _states(chunks: Sequence[bytes]) -> list[int]:
    """Return the state after each chunk, from zero."""
    count = len(chunks)
    if not count:
        return []
    data = b"".join(chunks)
    state = [0] * _PLANES
    for column in range(_CHUNK_BYTES):
        step = int.from_bytes(data[column::_CHUNK_BYTES], "little") ^ state[0]
        index = step.to_bytes(count, "little")
        looked = [int.from_bytes(index.translate(plane), "little") for plane in _TABLE_PLANES]
        state = [looked[0] ^ state[1], looked[1] ^ state[2], looked[2] ^ state[3], looked[3]]
    planes = [plane.to_bytes(count, "little") for plane in state]
    return [int.from_bytes(bytes(row), "little") for row in zip(*planes, strict=True)]


def _join(states: Sequence[int], counts: Sequence[int]) -> list[int]:
    zero, one, two, three = _append_chunk_tables()
    found, at = [], 0
    for count in counts:
        state = 0
        for chunk in states[at : at + count]:
            appended = (
                zero[state & 0xFF] ^ one[state >> 8 & 0xFF] ^ two[state >> 16 & 0xFF] ^ three[state >> 24]
            )
            state = appended ^ chunk
        found.append(state ^ _ALL_ONES)
        at += count
    return found
