"""Chunks of a snapshot on their way: compressed, and opened again within bounds.

What is hashed is the chunk as it was before compression, so a release of zstandard that compresses otherwise
changes no manifest. What comes from a peer is opened as a stream that ends at the longest chunk there may be,
with a bounded window: a few bytes cannot become many.
"""

from typing import Final

import zstandard

from contracts.chain.snapshot import MAX_CHUNK_BYTES, chunk_hash
from network.wire.errors import RemoteProtocolError

LEVEL: Final = 3
"""Of compression: about a third of the size at hundreds of megabytes a second."""
_PIECE_BYTES: Final = 1 << 16
MAX_WINDOW_BYTES: Final = 8 << 20
"""Most memory that a frame may ask for."""


def pack_chunk(chunk: bytes) -> bytes:
    """Compress an encoded chunk."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(chunk)


def unpack_chunk(data: bytes, expected_hash: bytes) -> bytes:
    """Return the encoded chunk whose hash (32 bytes) a manifest names.

    Raises:
        RemoteProtocolError: Not zstandard, too long, or another chunk.
    """
    opener = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    opened = bytearray()
    try:
        with opener.stream_reader(data) as reader:
            while len(opened) <= MAX_CHUNK_BYTES and (piece := reader.read(_PIECE_BYTES)):
                opened += piece
    except (zstandard.ZstdError, MemoryError) as error:
        raise RemoteProtocolError(f"chunk: {error}") from error
    if len(opened) > MAX_CHUNK_BYTES:
        raise RemoteProtocolError(f"chunk: more than {MAX_CHUNK_BYTES} bytes")
    chunk = bytes(opened)
    if chunk_hash(chunk) != expected_hash:
        raise RemoteProtocolError("chunk: it is not the one that the manifest names")
    return chunk
