"""An archive on a disk: a folder of segments, each with its manifest, whose heights follow one another.

    0000000000000001-0000000000010000.zst     the blocks (`segment.py`)
    0000000000000001-0000000000010000.json    what it holds (`manifest.py`); written when the other is durable

A file without its manifest is what an interrupted run left; the next run removes it. Nothing complete is ever
changed or removed here.
"""

import hashlib
import itertools

from node.archive.cutting import Cut, describe
from node.archive.manifest import (
    SegmentManifest,
    WrongArchive,
    decode_manifest,
    encode_manifest,
    is_manifest_name,
    is_own_name,
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
        names = [name for name in self._files.names("") if is_manifest_name(name)]
        found = [decode_manifest(name, self._files.read(name) or b"") for name in names]
        for before, after in itertools.pairwise(found):
            if after.first != before.last + 1:
                raise WrongArchive(
                    after.name,
                    f"it begins at {after.first}, and {before.name} before it ends"
                    f" at {before.last}: files are missing, or of two archives",
                )
            if after.previous_block != before.last_block:
                raise WrongArchive(
                    after.name, f"it does not follow {before.name}: another block is before it"
                )
        return found

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

    def prepare(self) -> None:
        """Make the folder, and remove what interrupted runs left in it.

        Raises:
            WrongArchive: The archive in it is damaged; nothing is removed.
        """
        self._files.make_folder("")
        complete = {name for manifest in self.manifests() for name in (manifest.name, manifest.data_name)}
        left = [name for name in self._files.names("") if is_own_name(name) and name not in complete]
        for name in left:
            self._files.remove(name)
        if left:
            self._files.sync_folder("")
