"""Snapshots on this node's disk: chunks first, the manifest last, so a manifest means that all is there.

In the folder `snapshots` of a node's data, for a snapshot at height 12000:

    0000000000012000-00000.chunk    compressed chunks, from 0
    0000000000012000.manifest       checksum and `Kept`; written when all chunks are durable

Chunks without a manifest are what an interrupted run left; they are removed, but never those of the snapshot
that the database began with. A snapshot is removed manifest first. How many are kept is bounded, and so is
the disk they take.
"""

import zlib
from collections.abc import Collection
from typing import Final

import msgspec

from contracts.chain.snapshot import (
    MANIFESTS,
    MAX_MANIFEST_BYTES,
    Manifest,
    is_well_formed_manifest,
    manifest_hash,
)
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.files import FileSystem, replace_file

SNAPSHOT_FOLDER: Final = "snapshots"
"""In the file system of a node's data."""

_CRC_BYTES: Final = 4
_CHUNK_END: Final = ".chunk"
_MANIFEST_END: Final = ".manifest"
_HEIGHT_DIGITS: Final = 16


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What a manifest file says."""

    manifest: bytes
    """Encoded."""
    stored_bytes: int
    """Length of all chunks as they are stored."""


class HeldSnapshot(msgspec.Struct, frozen=True):
    """A complete snapshot on this disk."""

    manifest: Manifest
    """What it holds."""
    hash: bytes
    """32 bytes, of the manifest."""
    data: bytes
    """The manifest, encoded."""
    stored_bytes: int
    """Length of all chunks as they are stored."""


_KEPT: Final[Decoder[Kept]] = Decoder(Kept, MAX_MANIFEST_BYTES + 64)


class SnapshotFiles:
    """The folder of snapshots. Blocking; all methods raise StorageFailed when the disk refuses."""

    def __init__(self, files: FileSystem, folder: str = SNAPSHOT_FOLDER) -> None:
        """Use `folder` of `files`; nothing is touched yet."""
        self._files = files
        self._folder = folder

    def free_bytes(self) -> int:
        """Return how much more the disk takes."""
        return self._files.free_bytes()

    def heights(self) -> list[int]:
        """Return the heights of the complete snapshots, ascending."""
        names = self._files.names(self._folder)
        return sorted(int(name[:_HEIGHT_DIGITS]) for name in names if _is_manifest(name))

    def begin(self, height: int) -> None:
        """Make room for a new snapshot: what an interrupted run left of this height is removed."""
        self._files.make_folder(self._folder)
        self.remove(height)

    def write_chunk(self, height: int, index: int, data: bytes) -> None:
        """Write a compressed chunk; its bytes are durable on return, its name with `finish`."""
        name = self._chunk(height, index)
        self._files.remove(name)
        handle = self._files.open(name)
        try:
            handle.append(data)
            handle.sync()
        finally:
            handle.close()

    def finish(self, manifest: Manifest, stored_bytes: int) -> HeldSnapshot:
        """Write the manifest, atomically: from here on the snapshot is complete."""
        self._files.sync_folder(self._folder)
        data = encode(manifest)
        body = encode(Kept(data, stored_bytes))
        replace_file(self._files, self.manifest_name(manifest.height), _crc(body) + body)
        return HeldSnapshot(manifest, manifest_hash(manifest), data, stored_bytes)

    def load(self, height: int) -> HeldSnapshot | None:
        """Return a complete snapshot; None when there is none of this height.

        Raises:
            StorageDamaged: The manifest's file does not match its checksum.
        """
        name = self.manifest_name(height)
        data = self._files.read(name)
        if data is None:
            return None
        body = data[_CRC_BYTES:]
        if _crc(body) != data[:_CRC_BYTES]:
            raise StorageDamaged(name, "it does not match its checksum")
        try:
            kept = _KEPT.decode(body)
            manifest = MANIFESTS.decode(kept.manifest)
        except MalformedBytes as error:
            raise StorageDamaged(name, str(error)) from error
        if manifest.height != height or not is_well_formed_manifest(manifest):
            raise StorageDamaged(name, f"it is none of a snapshot at height {height}")
        return HeldSnapshot(manifest, manifest_hash(manifest), kept.manifest, kept.stored_bytes)

    def read_chunk(self, height: int, index: int) -> bytes | None:
        """Return a compressed chunk; None when it is not here. Who takes it compares its hash."""
        return self._files.read(self._chunk(height, index))

    def remove(self, height: int) -> None:
        """Remove a snapshot, or what an interrupted run left of one: chunks, and a manifest half written."""
        self._files.remove(self.manifest_name(height))
        self._files.sync_folder(self._folder)
        start = f"{height:0{_HEIGHT_DIGITS}d}"
        for name in self._files.names(self._folder):
            if name.startswith(start):
                self._files.remove(f"{self._folder}/{name}")
        self._files.sync_folder(self._folder)

    def clean(self, keep: int, besides: Collection[int] = ()) -> list[int]:
        """Remove what interrupted runs left, and all but the newest `keep`.

        Args:
            keep: How many stay.
            besides: Nothing of these heights is removed, not even chunks whose manifest was lost.

        Returns:
            Heights of which there were chunks without a manifest, and are none any more.
        """
        complete = self.heights()
        staying = {*complete[-keep:], *besides} if keep else {*besides}
        names = self._files.names(self._folder)
        found = {int(name[:_HEIGHT_DIGITS]) for name in names if name[:_HEIGHT_DIGITS].isdigit()}
        for height in sorted(found - staying):
            self.remove(height)
        return sorted(found - staying - set(complete))

    def manifest_name(self, height: int) -> str:
        """Return the name of a snapshot's manifest, whether there is one or not."""
        return f"{self._folder}/{height:0{_HEIGHT_DIGITS}d}{_MANIFEST_END}"

    def _chunk(self, height: int, index: int) -> str:
        return f"{self._folder}/{height:0{_HEIGHT_DIGITS}d}-{index:05d}{_CHUNK_END}"


def _is_manifest(name: str) -> bool:
    return len(name) == _HEIGHT_DIGITS + len(_MANIFEST_END) and (
        name.endswith(_MANIFEST_END) and name[:_HEIGHT_DIGITS].isdigit()
    )


def _crc(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CRC_BYTES, "big")
