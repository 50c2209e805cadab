"""An archive on a disk: a folder of segments, each with its manifest, whose heights follow one another.

    0000000000000001-0000000000010000.zst     the blocks (`segment.py`)
    0000000000000001-0000000000010000.json    what it holds (`manifest.py`); written when the other is durable

A file without its manifest is what an interrupted run left, and the next run removes it; unless the database
no longer has its contents, for then the manifest was lost. Nothing complete is ever changed or removed here.
"""

import hashlib

from node.archive.cutting import Cut, describe
from node.archive.manifest import (
    SegmentManifest,
    WrongArchive,
    decode_manifest,
    encode_manifest,
    first_height_of,
    is_data_name,
    is_manifest_name,
    is_own_name,
    manifest_name_of,
)
from node.archive.segment import pack_segment
from node.storage.files import FileSystem, replace_file
from node.storage.store import Reader


class ArchiveFolder:
    """One archive. Blocking; all methods raise StorageFailed when the disk refuses."""

    def __init__(self, files: FileSystem) -> None:
        """Use the root of `files`; nothing is touched yet."""
        self._files = files

    def manifests(self) -> list[SegmentManifest]:
        """Return the manifests by height.

        Raises:
            WrongArchive: One is damaged, or heights are missing between two or in both.
        """
        found, faults = self.look()
        if faults:
            raise faults[0]
        return found

    def look(self) -> tuple[list[SegmentManifest], list[WrongArchive]]:
        """Return the manifests that can be read, by height, and everything that is wrong with manifests."""
        found: list[SegmentManifest] = []
        faults: list[WrongArchive] = []
        before: SegmentManifest | None = None
        for name in filter(is_manifest_name, self._files.names("")):
            try:
                manifest = decode_manifest(name, self._files.read(name) or b"")
            except WrongArchive as error:
                faults.append(error)
                before = None
                continue
            if before is not None and (reason := _gap(before, manifest)):
                faults.append(WrongArchive(name, reason))
            found.append(manifest)
            before = manifest
        return found, faults

    def without_manifest(self) -> list[str]:
        """Return the files with blocks whose manifest is not there: nobody knows whether they are whole."""
        names = set(self._files.names(""))
        return sorted(name for name in names if is_data_name(name) and manifest_name_of(name) not in names)

    def read(self, manifest: SegmentManifest) -> bytes:
        """Return the file of a manifest.

        Raises:
            WrongArchive: It is missing, or not the one that the manifest describes.
        """
        name = manifest.data_name
        data = self._files.read(name)
        if data is None:
            raise WrongArchive(name, "it is missing")
        if len(data) != manifest.bytes:
            raise WrongArchive(name, f"it has {len(data)} bytes, {manifest.name} says {manifest.bytes}")
        found = hashlib.sha256(data).hexdigest()
        if found != manifest.sha256:
            raise WrongArchive(name, f"its SHA-256 is {found}, {manifest.name} says {manifest.sha256}")
        return data

    def write(self, reader: Reader, cut: Cut) -> SegmentManifest:
        """Write a segment, the file first and then its manifest; both are durable on return.

        Args:
            reader: The database that it was cut from.
            cut: The segment.
        """
        data = pack_segment(cut.opening, cut.blocks)
        manifest = describe(reader, cut.opening, data, hashlib.sha256(data).hexdigest())
        replace_file(self._files, manifest.data_name, data)
        replace_file(self._files, manifest.name, encode_manifest(manifest))
        return manifest

    def settle(self, manifest: SegmentManifest) -> None:
        """Make a segment durable that somebody else wrote, or copied here; `prepare` came first."""
        self._files.sync_file(manifest.data_name)
        self._files.sync_file(manifest.name)

    def prepare(self, contents_from: int) -> None:
        """Make the folder, make durable what names it has, and remove what interrupted runs left in it.

        A run removes contents from the database only when both files are durable. So blocks without a
        manifest are what it left if all their contents are in the database; else the manifest was lost, and
        these blocks may be the only ones.

        Args:
            contents_from: First height whose contents are in the database.

        Raises:
            WrongArchive: The archive in it is damaged; nothing is removed.
        """
        self._files.make_folder("")
        # A run that was killed may have left a manifest whose name is not durable.
        self._files.sync_folder("")
        complete = {name for manifest in self.manifests() for name in (manifest.name, manifest.data_name)}
        left = [name for name in self._files.names("") if is_own_name(name) and name not in complete]
        for name in left:
            if is_data_name(name) and first_height_of(name) < contents_from:
                raise WrongArchive(
                    name,
                    f"its manifest is missing, and the contents here begin at height {contents_from}:"
                    f" bring {manifest_name_of(name)} back from another copy",
                )
        for name in left:
            self._files.remove(name)
        if left:
            self._files.sync_folder("")


def _gap(before: SegmentManifest, after: SegmentManifest) -> str:
    """Return why one segment does not follow another; empty when it does."""
    if after.first != before.last + 1:
        return (
            f"it begins at {after.first}, and {before.name} before it ends"
            f" at {before.last}: files are missing, or of two archives"
        )
    if after.previous_block != before.last_block:
        return f"it does not follow {before.name}: another block is before it"
    return ""
