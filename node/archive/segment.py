"""One file of the archive: blocks in the order of their heights, with all that verifies them from genesis.

What is compressed with zstandard, each part with its length (4 bytes, big-endian) in front of it:

    `Opening`           how the validators of genesis lead to those of the first block, who else voted, and
                        the header after the last block, which certifies the last receipts
    `ArchivedBlock`     one for each height: block, commit, bundles, receipts, as the database had them

So one file is proven with genesis alone, without the files before it. Reading is bounded: a few bytes cannot
become many.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
import zstandard

from contracts.chain.validators import Validator
from contracts.ledger.proof import CertifiedHeader, ValidatorChange
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.archive.manifest import WrongArchive

LEVEL: Final = 9
"""Of compression: an archive is written once and kept for years."""
MAX_WINDOW_BYTES: Final = 8 << 20
"""Most memory that a file may ask for to be opened."""
MAX_PART_BYTES: Final = 256 << 20
"""Longest part: what a database row may be, too."""

_LENGTH_BYTES: Final = 4
_PIECE_BYTES: Final = 1 << 20


class Opening(msgspec.Struct, frozen=True, array_like=True):
    """What a segment begins with."""

    chain_id: str
    """The network."""
    genesis_hash: bytes
    """32 bytes."""
    first: int
    """Height of the first block."""
    last: int
    """Height of the last block."""
    changes: tuple[ValidatorChange, ...]
    """Every change of the validators from genesis up to the set of `first`, by height."""
    sets: tuple[tuple[Validator, ...], ...]
    """The sets that vote from some height after `first` on, up to the height after `last`, in order."""
    following: CertifiedHeader
    """The header after `last`: it names the receipts root of the last block."""


class ArchivedBlock(msgspec.Struct, frozen=True, array_like=True):
    """A decided block, whole, as it was stored."""

    block: bytes
    """Encoded `contracts.chain.header.Block`."""
    commit: bytes
    """Encoded commit."""
    bundles: tuple[bytes, ...]
    """Encoded bundles, in the block's order."""
    receipts: bytes
    """Encoded tuple of its receipts, in document order."""

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return len(self.block) + len(self.commit) + sum(map(len, self.bundles)) + len(self.receipts)


_OPENINGS: Final[Decoder[Opening]] = Decoder(Opening, MAX_PART_BYTES)
_BLOCKS: Final[Decoder[ArchivedBlock]] = Decoder(ArchivedBlock, MAX_PART_BYTES)


def pack_segment(opening: Opening, blocks: list[ArchivedBlock]) -> bytes:
    """Return the bytes of a file."""
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
    packed = bytearray()
    for part in (opening, *blocks):
        data = encode(part)
        packed += packer.compress(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
    packed += packer.flush()
    return bytes(packed)


def open_segment(name: str, data: bytes) -> tuple[Opening, Iterator[ArchivedBlock]]:
    """Return what a file begins with, and its blocks, read as they are taken.

    Args:
        name: Of the file, for errors.
        data: Its content.

    Raises:
        WrongArchive: It is not such a file; also while the blocks are taken.
    """
    parts = _parts(name, data)
    found = next(parts, None)
    if found is None:
        raise WrongArchive(name, "it is empty")
    try:
        opening = _OPENINGS.decode(found)
    except MalformedBytes as error:
        raise WrongArchive(name, str(error)) from error
    return opening, _blocks(name, parts)


def _blocks(name: str, parts: Iterator[bytes]) -> Iterator[ArchivedBlock]:
    for part in parts:
        try:
            yield _BLOCKS.decode(part)
        except MalformedBytes as error:
            raise WrongArchive(name, str(error)) from error


def _parts(name: str, data: bytes) -> Iterator[bytes]:
    opener = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    try:
        with opener.stream_reader(data) as reader:
            while length := reader.read(_LENGTH_BYTES):
                size = int.from_bytes(length, "big")
                part = _read(reader, size) if size <= MAX_PART_BYTES else b""
                if len(length) != _LENGTH_BYTES or not size or len(part) != size:
                    raise WrongArchive(name, f"a part of {size} bytes is cut off, or too long")
                yield part
    except (zstandard.ZstdError, MemoryError) as error:
        raise WrongArchive(name, f"it cannot be opened: {error}") from error


def _read(reader: zstandard.ZstdDecompressionReader, size: int) -> bytes:
    """Return up to `size` bytes: a length that lies takes no more memory than there are bytes behind it."""
    read = bytearray()
    while len(read) < size and (piece := reader.read(min(size - len(read), _PIECE_BYTES))):
        read += piece
    return bytes(read)
