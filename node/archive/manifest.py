"""The manifest of a segment: what a file of the archive holds, in a form that people read.

It is JSON in one fixed form, with the file's SHA-256, so an inspector can check a copy with `sha256sum`
alone. What it says of blocks is compared with what the file holds; it is believed in nothing.
"""

import re
from typing import Final

import msgspec

FORMAT: Final = "packtrail archive segment 1"
"""Form of manifest and file."""
MAX_MANIFEST_BYTES: Final = 16 << 10

_DIGITS: Final = 16
_DATA_END: Final = ".zst"
_MANIFEST_END: Final = ".json"
_OWN_NAME: Final = re.compile(r"[0-9]{16}-[0-9]{16}\.(zst|json)(\.new)?")


class WrongArchive(ValueError):
    """Files that are no archive of this chain, or not what they were.

    Attributes:
        file: Name of the file that shows it.
        reason: What is wrong with it, in a sentence.
    """

    def __init__(self, file: str, reason: str) -> None:
        """Say where and what."""
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


class SegmentManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the archive. Ids and hashes are hex."""

    format: str
    """`FORMAT`."""
    network: str
    """Chain id."""
    genesis: str
    """Genesis hash."""
    first: int
    """Height of its first block."""
    last: int
    """Height of its last block."""
    first_time_ms: int
    """Block time of the first, in ms since 1970-01-01 UTC."""
    last_time_ms: int
    """Block time of the last."""
    previous_block: str
    """Id of the block before the first one; zeros before height 1."""
    last_block: str
    """Id of the last one."""
    bundles: int
    """Bundles in it."""
    documents: int
    """Documents in it: as many receipts."""
    bytes: int
    """Length of the file."""
    sha256: str
    """Of the file."""

    @property
    def data_name(self) -> str:
        """Name of the file with the blocks."""
        return _name(self.first, self.last) + _DATA_END

    @property
    def name(self) -> str:
        """Name of the manifest's own file."""
        return _name(self.first, self.last) + _MANIFEST_END


def _name(first: int, last: int) -> str:
    return f"{first:0{_DIGITS}d}-{last:0{_DIGITS}d}"


def is_manifest_name(name: str) -> bool:
    """Tell whether a file of this name is a manifest."""
    return name.endswith(_MANIFEST_END) and is_own_name(name)


def is_data_name(name: str) -> bool:
    """Tell whether a file of this name holds blocks."""
    return name.endswith(_DATA_END) and is_own_name(name)


def is_own_name(name: str) -> bool:
    """Tell whether a file of this name is one that archiving writes, complete or under way."""
    return _OWN_NAME.fullmatch(name) is not None


def manifest_name_of(data_name: str) -> str:
    """Return the name of the manifest of a file with blocks."""
    return data_name.removesuffix(_DATA_END) + _MANIFEST_END


def first_height_of(name: str) -> int:
    """Return the height that one of archiving's own files begins with, by its name."""
    return int(name[:_DIGITS])


def encode_manifest(manifest: SegmentManifest) -> bytes:
    """Return the manifest's file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode_manifest(name: str, data: bytes) -> SegmentManifest:
    """Read a manifest's file.

    Args:
        name: Of the file.
        data: Its content.

    Raises:
        WrongArchive: It is none, of another form, or of other heights than its name says.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise WrongArchive(name, f"it has {len(data)} bytes, a manifest at most {MAX_MANIFEST_BYTES}")
    try:
        manifest = msgspec.json.decode(data, type=SegmentManifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise WrongArchive(name, f"it is no manifest: {error}") from error
    if manifest.format != FORMAT:
        raise WrongArchive(name, f"its form is {manifest.format[:80]!r}, this release reads {FORMAT!r}")
    if not 1 <= manifest.first <= manifest.last or manifest.name != name:
        raise WrongArchive(name, f"it speaks of heights {manifest.first} to {manifest.last}")
    if encode_manifest(manifest) != data:
        raise WrongArchive(name, "it is not in the form in which it was written")
    return manifest
