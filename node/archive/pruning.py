"""Pruning a stopped node's database: contents of old blocks go into an archive, and then out of the database.

For each segment, in this order: it is cut and written, durably; it is read back from the disk, verified from
genesis on, and compared with the database; only then its bundles are replaced by their headers, batch by
batch, each with the height that it came to. So a crash at any moment loses nothing, and the next run goes on
where this one ended: what is complete in the folder is synced, verified and compared again before anything
goes.
"""

from collections.abc import Callable, Iterator

import msgspec

from contracts.chain.genesis import Genesis
from contracts.primitives.encoding import MalformedBytes
from node.archive.cutting import MAX_HEIGHTS, cut_segment
from node.archive.folder import ArchiveFolder
from node.archive.manifest import SegmentManifest, WrongArchive
from node.archive.segment import ArchivedBlock, open_segment
from node.archive.verifying import verify_segment
from node.storage.archived import archived_entry, bodies_from, what_stays
from node.storage.blocks import BlockStore, bundle_entry
from node.storage.errors import StorageDamaged
from node.storage.store import KeyValueStore, Write

MAX_BATCH_ROWS = 1_000
"""Bundles that one batch replaces, about."""

Tell = Callable[[int], None]
"""Told a height that it came to."""


class Pruned(msgspec.Struct, frozen=True):
    """What was done."""

    first: int
    """First height that was archived in this run; 0 when none was."""
    last: int
    """Last height whose contents are in the archive, as far as this run looked; 0 for none."""
    segments: int
    """Files written."""
    bytes: int
    """Their length."""
    bundles: int
    """Bundles removed from the database."""


class Pruning:
    """One run over one database and one archive. Blocking; nobody else may use either."""

    def __init__(
        self, store: KeyValueStore, genesis: Genesis, folder: ArchiveFolder, max_heights: int = MAX_HEIGHTS
    ) -> None:
        """Prepare; `run` does it.

        Args:
            store: The database of a stopped node.
            genesis: The network.
            folder: The archive.
            max_heights: Most blocks in a file.
        """
        self._store = store
        self._genesis = genesis
        self._folder = folder
        self._max_heights = max_heights
        self._bundles = 0

    def run(self, last: int, tell: Tell, *, keep: bool = False) -> Pruned:
        """Archive the contents of blocks up to a height, and remove them from the database.

        Args:
            last: Last height, below that of the head; nothing is done when that is archived already.
            tell: Told how far it is.
            keep: Remove nothing: only write the archive.

        Raises:
            WrongArchive: The folder holds an archive that these blocks do not continue, or a damaged one, or
                what was read back is not what the database has.
            StorageError: The disk refused, or the database is damaged.
        """
        begin = bodies_from(self._store)
        self._folder.prepare(begin)
        segments = self._folder.manifests()
        following = self._next_height(segments, begin)
        for manifest in segments:
            if manifest.last >= begin and manifest.first <= last:
                self._folder.settle(manifest)
                self._remove(manifest, last, tell, keep=keep)
        written: list[SegmentManifest] = []
        while following <= last:
            cut = cut_segment(self._store, self._genesis, following, last, self._max_heights)
            manifest = self._folder.write(self._store, cut)
            written.append(manifest)
            self._remove(manifest, last, tell, keep=keep)
            following = manifest.last + 1
        first = written[0].first if written else 0
        size = sum(manifest.bytes for manifest in written)
        return Pruned(first, following - 1, len(written), size, self._bundles)

    def _next_height(self, segments: list[SegmentManifest], begin: int) -> int:
        """Return the height with which the archive goes on."""
        if not segments:
            return begin
        oldest, newest = segments[0], segments[-1]
        if oldest.first > begin:
            reason = f"the archive begins at height {oldest.first}, and the contents here at {begin}"
            raise WrongArchive(oldest.name, f"{reason}: name the folder that has those before, or a new one")
        if newest.last + 1 < begin:
            reason = f"the archive ends at height {newest.last}, and the contents here begin at {begin}"
            raise WrongArchive(newest.name, f"{reason}: name the folder that has those between, or a new one")
        return newest.last + 1

    def _remove(self, manifest: SegmentManifest, last: int, tell: Tell, *, keep: bool) -> None:
        """Read a file back, verify and compare it, and remove what it holds from the database."""
        data = self._folder.read(manifest)
        verify_segment(self._genesis, manifest, data)
        begin = bodies_from(self._store)
        for height, block in heights_of(manifest, data):
            if begin <= height <= last:
                self._compare(manifest, height, block)
        if keep:
            tell(manifest.last)
            return
        batch: list[Write] = []
        for height, block in heights_of(manifest, data):
            if not begin <= height <= last:
                continue
            batch += self._without_contents(height, block)
            if len(batch) >= MAX_BATCH_ROWS or height in (manifest.last, last):
                self._store.write([*batch, archived_entry(height)], sync=True)
                batch = []
                tell(height)

    def _compare(self, manifest: SegmentManifest, height: int, block: ArchivedBlock) -> None:
        blocks = BlockStore(self._store)
        if (blocks.block_bytes(height), blocks.bundles_of(height)) != (block.block, block.bundles):
            reason = f"height {height} is another block there than in the database, or has other bundles"
            raise WrongArchive(manifest.data_name, f"{reason}: nothing was removed")

    def _without_contents(self, height: int, block: ArchivedBlock) -> Iterator[Write]:
        """Yield the rows that stay of a block's bundles: their headers."""
        named = BlockStore(self._store).load(height)
        if named is None:
            raise StorageDamaged(f"block {height}", "it is missing")
        for entry, data in zip(named.bundles, block.bundles, strict=True):
            try:
                yield bundle_entry(height, entry.bundle_id, what_stays(data))
            except MalformedBytes as error:
                raise StorageDamaged(f"bundle {entry.bundle_id.hex()}", str(error)) from error
            self._bundles += 1


def heights_of(manifest: SegmentManifest, data: bytes) -> Iterator[tuple[int, ArchivedBlock]]:
    """Yield the blocks of a file with their heights.

    Raises:
        WrongArchive: The file cannot be read.
    """
    _opening, blocks = open_segment(manifest.data_name, data)
    yield from enumerate(blocks, manifest.first)
