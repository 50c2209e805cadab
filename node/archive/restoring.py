"""Bringing archived contents back: into the database of a stopped node, or to who executes blocks anew."""

from collections.abc import Iterator

from contracts.chain.genesis import Genesis
from node.archive.folder import ArchiveFolder
from node.archive.manifest import SegmentManifest, WrongArchive
from node.archive.pruning import Tell, heights_of
from node.archive.segment import ArchivedBlock
from node.archive.verifying import verify_segment
from node.storage.archived import archived_entry, archived_height
from node.storage.base import base_height
from node.storage.blocks import BlockStore, bundle_entry
from node.storage.errors import StorageDamaged
from node.storage.store import KeyValueStore, Write

MAX_BATCH_BYTES = 8 << 20
"""Bytes of bundles that one batch brings back, about."""


def restore(
    store: KeyValueStore, genesis: Genesis, folder: ArchiveFolder, from_height: int, tell: Tell
) -> int:
    """Bring contents back into a database, from the newest archived height downwards.

    Each file is verified from genesis on, and each of its blocks is compared with the database's, before
    anything is written. A run that was interrupted leaves less archived than before; the next one goes on.

    Args:
        store: The database of a stopped node.
        genesis: The network.
        folder: The archive.
        from_height: First height that is wanted, at least 1.
        tell: Told how far down it is.

    Returns:
        The height up to which contents are still archived; 0 when all are back.

    Raises:
        WrongArchive: A file is missing, damaged, or of another chain.
        StorageError: The disk refused, or the database is damaged.
    """
    archived = archived_height(store)
    wanted = max(from_height, base_height(store) + 1)
    segments = folder.manifests()
    for manifest in reversed(segments):
        if manifest.first <= archived <= manifest.last and archived >= wanted:
            data = folder.read(manifest)
            verify_segment(genesis, manifest, data)
            first = max(manifest.first, wanted)
            archived = _bring_back(store, manifest, data, range(first, archived + 1), tell)
    if archived >= wanted:
        held = f"heights {segments[0].first} to {segments[-1].last}" if segments else "nothing"
        raise WrongArchive("archive", f"block {archived} is wanted, and the folder holds {held}")
    return archived


def _bring_back(
    store: KeyValueStore, manifest: SegmentManifest, data: bytes, heights: range, tell: Tell
) -> int:
    """Bring the contents of some heights of a file back; return the height below them."""
    blocks = BlockStore(store)
    taken: list[tuple[int, ArchivedBlock]] = []
    for height, block in heights_of(manifest, data):
        if height in heights:
            if blocks.block_bytes(height) != block.block:
                raise WrongArchive(
                    manifest.data_name, f"height {height} is another block than in the database"
                )
            taken.append((height, block))
    base = base_height(store)
    batch: list[Write] = []
    left = size = 0
    for height, block in reversed(taken):
        batch += _rows(blocks, height, block)
        size += block.size
        if size >= MAX_BATCH_BYTES or height == heights.start:
            left = height - 1 if height - 1 > base else 0
            store.write([*batch, archived_entry(left)], sync=True)
            batch, size = [], 0
            tell(height)
    return left


def _rows(blocks: BlockStore, height: int, block: ArchivedBlock) -> Iterator[Write]:
    named = blocks.load(height)
    if named is None:
        raise StorageDamaged(f"block {height}", "it is missing")
    for entry, data in zip(named.bundles, block.bundles, strict=True):
        yield bundle_entry(height, entry.bundle_id, data)


class ArchivedBodies:
    """Blocks of an archive by height, for whoever asks for them in order; one file is kept open.

    Attributes:
        first: First height in it; 0 when it is empty.
        last: Last height in it; 0 when it is empty.
    """

    def __init__(self, folder: ArchiveFolder) -> None:
        """Read from a folder.

        Raises:
            WrongArchive: Its manifests are damaged, or heights are missing.
        """
        self._folder = folder
        self._segments = folder.manifests()
        self.first = self._segments[0].first if self._segments else 0
        self.last = self._segments[-1].last if self._segments else 0
        self._open: dict[int, ArchivedBlock] = {}

    def at(self, height: int) -> ArchivedBlock | None:
        """Return a block, as the archive has it: whoever takes it verifies it. None for one that it has not.

        Raises:
            WrongArchive: The file that has it is damaged or missing.
        """
        if height not in self._open:
            manifest = self._holding(height)
            if manifest is None:
                return None
            self._open = dict(heights_of(manifest, self._folder.read(manifest)))
            if height not in self._open:
                raise WrongArchive(manifest.data_name, f"height {height} is not in it")
        return self._open[height]

    def file_of(self, height: int) -> str:
        """Return the name of the file that has a block; "archive" when none has."""
        manifest = self._holding(height)
        return "archive" if manifest is None else manifest.data_name

    def _holding(self, height: int) -> SegmentManifest | None:
        return next((one for one in self._segments if one.first <= height <= one.last), None)
