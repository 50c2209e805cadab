"""The configuration of the last start, so that a change since then is told: an edit, or a decayed bit.

A configuration is text that people edit, so no checksum could tell a slip from a wish. What can be told is
what changed, and a start tells it.
"""

import zlib
from typing import Final

import msgspec

from node.config.describe import fields
from node.config.schema import Config
from node.storage.files import FileSystem, replace_file

_CRC_BYTES: Final = 4


def changes_since(files: FileSystem, name: str, config: Config) -> tuple[str, ...]:
    """Return what is set otherwise than at the last start, a sentence for each key; nothing at the first.

    Args:
        files: Where it is remembered.
        name: The file's name.
        config: What the node starts with now.

    Raises:
        StorageFailed: The disk refused.
    """
    data = files.read(name)
    if data is None:
        return ()
    body = data[_CRC_BYTES:]
    if zlib.crc32(body).to_bytes(_CRC_BYTES, "big") != data[:_CRC_BYTES]:
        return (f"{name} does not match its checksum: what was set at the last start is unknown",)
    before = msgspec.json.decode(body, type=dict[str, str])
    return tuple(
        f"{key} was {before.get(key, 'unknown')}, is {value}"
        for key, value in _values(config).items()
        if before.get(key) != value
    )


def remember(files: FileSystem, name: str, config: Config) -> None:
    """Keep what the node starts with, durably.

    Raises:
        StorageFailed: The disk refused.
    """
    body = msgspec.json.encode(_values(config))
    replace_file(files, name, zlib.crc32(body).to_bytes(_CRC_BYTES, "big") + body)


def _values(config: Config) -> dict[str, str]:
    """Return every key's value as JSON."""
    return {
        field.key: msgspec.json.encode(getattr(getattr(config, field.section), field.name)).decode()
        for field in fields()
    }
