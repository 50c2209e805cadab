"""The head marker: height and app hash in a small file outside the database, so that a loss shows.

It is written now and then, always after the batch of its height is durable. So a store that is ahead of
the marker is normal; a store behind it, or with another app hash at its height, has lost or changed something
that was durable. A missing or damaged marker proves nothing about the store: the node says so, and writes a
new one.
"""

import zlib
from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.files import FileSystem, replace_file

_CRC_BYTES: Final = 4


class HeadMarker(msgspec.Struct, frozen=True, array_like=True):
    """What the file says."""

    height: int
    """Height that was durable in the store."""
    app_hash: bytes
    """32 bytes, after executing it."""


class MarkerState(Enum):
    """How the marker stands to the store."""

    AGREES = "agrees"
    """Same height, same app hash."""
    BEHIND = "behind"
    """The store is ahead, and holds the marker's app hash at the marker's height."""
    MISSING = "missing"
    """There is none: a new node, or the file was deleted. A loss of the store would not show."""
    UNREADABLE = "unreadable"
    """The file does not match its checksum. A loss of the store would not show."""


_MARKERS: Decoder[HeadMarker] = Decoder(HeadMarker)


def save_head_marker(files: FileSystem, name: str, marker: HeadMarker) -> None:
    """Write the marker, atomically and durably; its height must be durable in the store already.

    Raises:
        StorageFailed: The disk refused.
    """
    body = encode(marker)
    replace_file(files, name, zlib.crc32(body).to_bytes(_CRC_BYTES, "big") + body)


def load_head_marker(files: FileSystem, name: str) -> HeadMarker | MarkerState:
    """Return the marker, or MISSING or UNREADABLE."""
    data = files.read(name)
    if data is None:
        return MarkerState.MISSING
    body = data[_CRC_BYTES:]
    if zlib.crc32(body).to_bytes(_CRC_BYTES, "big") != data[:_CRC_BYTES]:
        return MarkerState.UNREADABLE
    try:
        return _MARKERS.decode(body)
    except MalformedBytes:
        return MarkerState.UNREADABLE


def check_head_marker(
    files: FileSystem, name: str, head: int, app_hash_at: Callable[[int], bytes | None]
) -> MarkerState:
    """Compare the marker with the store.

    Args:
        files: Where the marker is.
        name: Its name.
        head: Height of the store's head; -1 for an empty store.
        app_hash_at: Returns the app hash after a height up to `head`, or None when the store lacks it.

    Returns:
        How they stand to each other, when nothing shows a loss.

    Raises:
        StorageDamaged: The store has lost blocks, or holds another app hash than was once durable.
    """
    marker = load_head_marker(files, name)
    if isinstance(marker, MarkerState):
        return marker
    if marker.height > head:
        reason = f"its head is height {head}, but height {marker.height} was durable once"
        raise StorageDamaged("database", reason)
    if app_hash_at(marker.height) != marker.app_hash:
        raise StorageDamaged(
            "database", f"the app hash of height {marker.height} is not what was durable once"
        )
    return MarkerState.AGREES if marker.height == head else MarkerState.BEHIND
