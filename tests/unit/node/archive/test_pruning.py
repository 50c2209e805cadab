"""Contents of old blocks go into an archive and come back; whatever fails on the way, nothing is lost."""

import contextlib
from collections.abc import Callable, Iterable
from random import Random

import pytest

from contracts.ledger.bundle import bundle_id
from node.archive import pruning, restoring
from node.archive.folder import ArchiveFolder
from node.archive.manifest import WrongArchive
from node.archive.restoring import restore
from node.archive.verifying import verify_segment
from node.storage.archived import archived_entry, archived_height, bodies_from
from node.storage.blocks import BlockStore
from node.storage.errors import HistoryArchived, StorageDamaged, StorageFailed
from node.storage.history import History
from node.storage.memory_files import MemoryFiles, Operation, PowerLoss, Survive
from node.storage.store import BUNDLES
from tests.simulation.disks import TrappedStore
from tests.support.archives import LAST, SEGMENT_HEIGHTS, copy_of, old_chain, prune, rows_of
from tests.support.ledger import OneNode


@pytest.fixture(scope="module")
def chain() -> OneNode:
    return old_chain()


def bring_back(store: TrappedStore, node: OneNode, files: MemoryFiles, from_height: int = 1) -> int:
    return restore(store, node.genesis, ArchiveFolder(files), from_height, lambda _height: None)


def test_contents_go_into_the_archive_and_headers_stay(chain: OneNode) -> None:
    store, files = copy_of(chain.store), MemoryFiles()
    done = prune(store, chain.genesis, files)
    before = BlockStore(chain.store)
    removed = sum(len(block.bundles) for block in map(before.load, range(1, LAST + 1)) if block is not None)
    assert (done.first, done.last, done.segments, done.bundles) == (1, LAST, 3, removed)
    assert (archived_height(store), bodies_from(store)) == (LAST, LAST + 1)
    after = BlockStore(store)
    for height in range(1, chain.ledger.tip.height + 1):
        block = after.load(height)
        assert block == before.load(height)
        assert after.commit_of(height) == before.commit_of(height)
        assert after.receipts(height) == before.receipts(height)
        for entry in block.bundles if block is not None else ():
            header = after.bundle_header(entry.bundle_id)
            assert header is not None
            assert bundle_id(header) == entry.bundle_id
            if height <= LAST:
                with pytest.raises(HistoryArchived, match=f"block {height} is needed") as needed:
                    after.bundle(entry.bundle_id)
                assert (needed.value.height, needed.value.up_to) == (height, LAST)
                with pytest.raises(HistoryArchived):
                    after.bundles_of(height)
            else:
                assert after.bundle(entry.bundle_id) == before.bundle(entry.bundle_id)
    changed = {key for key, value in rows_of(chain.store).items() if rows_of(store).get(key) != value}
    assert {key[:1] for key in changed} == {BUNDLES}


def test_what_is_archived_verifies_from_genesis_file_by_file(chain: OneNode) -> None:
    files = MemoryFiles()
    prune(copy_of(chain.store), chain.genesis, files)
    folder = ArchiveFolder(files)
    found = [verify_segment(chain.genesis, one, folder.read(one)) for one in folder.manifests()]
    assert [(one.first, one.last) for one in found] == [(1, 4), (5, 8), (9, 9)]
    documents = [len(applied.receipts) for applied in chain.applied[:LAST]]
    assert sum(one.documents for one in found) == sum(documents)


def test_a_later_run_goes_on_and_one_that_has_nothing_to_do_changes_nothing(chain: OneNode) -> None:
    store, files = copy_of(chain.store), MemoryFiles()
    prune(store, chain.genesis, files, 3)
    assert prune(store, chain.genesis, files, 3).segments == 0
    assert prune(store, chain.genesis, files, LAST).first == 4
    names = [(one.first, one.last) for one in ArchiveFolder(files).manifests()]
    assert names == [(1, 3), (4, 7), (8, 9)]
    assert prune(store, chain.genesis, files, 5).bundles == 0
    assert archived_height(store) == LAST


def test_an_archive_may_be_written_and_nothing_removed_and_pruned_later(chain: OneNode) -> None:
    store, files = copy_of(chain.store), MemoryFiles()
    assert prune(store, chain.genesis, files, keep=True).bundles == 0
    assert rows_of(store) == rows_of(chain.store)
    done = prune(store, chain.genesis, files, 6)
    assert (done.segments, done.last, archived_height(store)) == (0, LAST, 6)


def test_everything_comes_back_as_it_was(chain: OneNode) -> None:
    store, files = copy_of(chain.store), MemoryFiles()
    prune(store, chain.genesis, files)
    assert bring_back(store, chain, files, 6) == 5
    assert bodies_from(store) == 6
    assert BlockStore(store).bundles_of(6) == BlockStore(chain.store).bundles_of(6)
    assert bring_back(store, chain, files, 6) == 5
    assert bring_back(store, chain, files) == 0
    assert rows_of(store) == rows_of(chain.store)
    assert bring_back(store, chain, files) == 0


def test_an_archive_that_does_not_go_on_here_is_refused(chain: OneNode) -> None:
    store, files, other = copy_of(chain.store), MemoryFiles(), MemoryFiles()
    prune(store, chain.genesis, files, 3)
    prune(store, chain.genesis, other, 6)
    before = rows_of(store)
    with pytest.raises(WrongArchive, match="ends at height 3, and the contents here begin at 7"):
        prune(store, chain.genesis, files)
    with pytest.raises(WrongArchive, match="block 3 is wanted, and the folder holds heights 4 to 6"):
        bring_back(store, chain, other)
    # What it has is back, and the rest is in the other one.
    assert archived_height(store) == 3
    assert before != rows_of(store)
    assert bring_back(store, chain, files) == 0
    prune(store, chain.genesis, files, 3)
    with pytest.raises(WrongArchive, match="holds nothing"):
        bring_back(store, chain, MemoryFiles())


def test_an_archive_of_another_chain_is_refused_and_nothing_removed(chain: OneNode) -> None:
    other = OneNode(chain.genesis)
    for _block in range(LAST + 2):
        other.produce()
    files, store = MemoryFiles(), copy_of(chain.store)
    prune(other.store, other.genesis, files)
    with pytest.raises(WrongArchive, match="height 1 is another block there"):
        prune(store, chain.genesis, files)
    assert rows_of(store) == rows_of(chain.store)
    own = MemoryFiles()
    prune(store, chain.genesis, own)
    before = rows_of(store)
    with pytest.raises(WrongArchive, match="another block than in the database"):
        bring_back(store, chain, files)
    assert rows_of(store) == before


def test_a_bundle_that_lost_its_contents_and_is_not_archived_is_damage(chain: OneNode) -> None:
    store = copy_of(chain.store)
    prune(store, chain.genesis, MemoryFiles())
    store.write([archived_entry(1)], sync=True)
    with pytest.raises(StorageDamaged, match="only its header is here"):
        BlockStore(store).bundles_of(2)
    for key, value in store.scan(BUNDLES, limit=1_000).rows:
        store.write([(key, value[:20] + b"\x00" + value[21:])], sync=True)
    identifier = History(store).block(1).bundles[0].bundle_id
    with pytest.raises(StorageDamaged):
        BlockStore(store).bundle_header(identifier)


def test_documents_that_are_archived_are_named_by_their_height(chain: OneNode) -> None:
    store = copy_of(chain.store)
    prune(store, chain.genesis, MemoryFiles())
    history = History(store)
    receipt = history.receipt_at(1, 0)
    for ask in (lambda: history.at(1, 0), lambda: history.find(receipt.document_id)):
        with pytest.raises(HistoryArchived, match="block 1 is needed"):
            ask()
    assert history.bundle_header(history.block(1).bundles[0].bundle_id).count == 1


# ------------------------------------------------------------------------------------------ crashes

CRASH_POINTS = 88
"""Of archiving nine blocks in three files, restoring them, and pruning eight of them again."""


class Machine:
    """A database and an archive on one disk that stops, or refuses, at a point.

    Attributes:
        points: Points passed so far.
        passed: What they were.
    """

    def __init__(
        self, rows: Iterable[tuple[bytes, bytes]], stop: int, stops_with: Callable[[], Exception]
    ) -> None:
        self._stop = 0
        self._stops_with = stops_with
        self.points, self.passed = 0, list[str]()
        self.store = TrappedStore(self._point)
        self.store.write(list(rows), sync=True)
        self.files = MemoryFiles(self._before)
        self.points, self.passed = 0, []
        self._stop = stop

    def _point(self, name: str) -> None:
        self.points += 1
        self.passed.append(name)
        if self.points == self._stop:
            raise self._stops_with()

    def _before(self, operation: Operation) -> None:
        self._point(operation.kind)

    def restart(self, survive: Survive, random: Random, stop: int = 0) -> None:
        """Power is back; it may go out once more, at a point from now."""
        self.points, self._stop = 0, stop
        batches = {Survive.KEPT: lambda count: count - 1, Survive.DROPPED: lambda _count: 0}
        self.files = self.files.crash(survive, random.randrange, self._before)
        self.store = self.store.survivor(batches.get(survive, random.randrange), self._point)


def archive_and_restore(machine: Machine, node: OneNode) -> None:
    prune(machine.store, node.genesis, machine.files)
    bring_back(machine.store, node, machine.files)
    prune(machine.store, node.genesis, machine.files, LAST - 1)


def whole(machine: Machine, node: OneNode) -> None:
    """Nothing is lost: every bundle is in the database, or in an archive that says so and verifies."""
    folder = ArchiveFolder(machine.files)
    folder.prepare(bodies_from(machine.store))
    for manifest in folder.manifests():
        verify_segment(node.genesis, manifest, folder.read(manifest))
    archived = archived_height(machine.store)
    blocks, sound = BlockStore(machine.store), BlockStore(node.store)
    for height in range(archived + 1, node.ledger.tip.height + 1):
        assert blocks.bundles_of(height) == sound.bundles_of(height)
    if archived:
        assert folder.manifests()[-1].last >= archived


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block is a batch of its own."""
    monkeypatch.setattr(pruning, "MAX_BATCH_ROWS", 0)
    monkeypatch.setattr(restoring, "MAX_BATCH_BYTES", 0)


@pytest.mark.usefixtures("_small_batches")
@pytest.mark.parametrize("survive", Survive)
def test_power_may_go_out_at_every_point_and_the_next_run_goes_on(chain: OneNode, survive: Survive) -> None:
    rows = rows_of(chain.store).items()
    calm = Machine(rows, 0, PowerLoss)
    archive_and_restore(calm, chain)
    expected, files = rows_of(calm.store), calm.files
    points = calm.points
    assert points == CRASH_POINTS
    for stop in range(1, points + 1):
        machine = Machine(rows, stop, lambda: PowerLoss("here"))
        with pytest.raises(PowerLoss):
            archive_and_restore(machine, chain)
        machine.restart(survive, Random(stop))
        whole(machine, chain)
        archive_and_restore(machine, chain)
        assert rows_of(machine.store) == expected
        assert machine.files.names("") == files.names("")


@pytest.mark.usefixtures("_small_batches")
def test_a_run_after_one_that_was_killed_trusts_no_name_that_is_not_durable(chain: OneNode) -> None:
    """Killed between a rename and its sync; then the power goes out, wherever the next run is."""
    rows = rows_of(chain.store).items()
    calm = Machine(rows, 0, PowerLoss)
    prune(calm.store, chain.genesis, calm.files)
    killed_at = [point for point, kind in enumerate(calm.passed, 1) if kind == "sync_folder"]
    for stop in killed_at[1:]:
        for again in range(1, calm.points):
            machine = Machine(rows, stop, lambda: PowerLoss("here"))
            for survive in (Survive.KEPT, Survive.DROPPED):
                with contextlib.suppress(PowerLoss):
                    prune(machine.store, chain.genesis, machine.files)
                machine.restart(survive, Random(stop), again if survive is Survive.KEPT else 0)
            whole(machine, chain)


def test_a_copy_of_an_archive_is_durable_before_anything_goes(chain: OneNode) -> None:
    """Somebody brought it back from elsewhere, and the power goes out right after the run."""
    calm = Machine(rows_of(chain.store).items(), 0, PowerLoss)
    prune(calm.store, chain.genesis, calm.files)
    machine = Machine(rows_of(chain.store).items(), 0, PowerLoss)
    for name in calm.files.names(""):
        machine.files.open(name).append(calm.files.read(name) or b"")
    prune(machine.store, chain.genesis, machine.files)
    machine.restart(Survive.DROPPED, Random(0))
    whole(machine, chain)
    assert archived_height(machine.store) == LAST


def test_a_disk_that_refuses_anywhere_ends_the_run_and_loses_nothing(chain: OneNode) -> None:
    rows = rows_of(chain.store).items()
    calm = Machine(rows, 0, PowerLoss)
    prune(calm.store, chain.genesis, calm.files)
    for stop in range(1, calm.points + 1):
        machine = Machine(rows, stop, lambda: StorageFailed("disk", "No space left on device"))
        with pytest.raises(StorageFailed, match="No space left"):
            prune(machine.store, chain.genesis, machine.files)
        machine.restart(Survive.KEPT, Random(stop))
        whole(machine, chain)
        prune(machine.store, chain.genesis, machine.files)
        assert rows_of(machine.store) == rows_of(calm.store)


def test_small_segments_are_what_was_asked_for(chain: OneNode) -> None:
    files = MemoryFiles()
    prune(copy_of(chain.store), chain.genesis, files)
    assert all(one.last - one.first < SEGMENT_HEIGHTS for one in ArchiveFolder(files).manifests())
