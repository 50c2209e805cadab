"""What a start finds on the disk, and what it removes because it is not of this chain."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from node.host.chain_fault import ChainFault
from node.host.ledger import Ledger
from node.host.opening import Disks, open_disks, read_disks
from node.host.snapshot_maker import SnapshotShelf
from node.storage.memory_files import MemoryFiles
from node.storage.outbox import Outbox, OutboxEntry
from node.storage.snapshot_files import SnapshotFiles
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, build_test_genesis, lane_key
from tests.support.snapshots import INTERVAL, VALIDATORS, Holder, Late
from tests.unit.node.host.test_snapshots import BASE, follow, grow, late, verified

MANIFEST = f"snapshots/{BASE:016d}.manifest"


def disks_of(node: OneNode | Late, files: MemoryFiles) -> Disks:
    shelf = SnapshotShelf(SnapshotFiles(files), None, INTERVAL, 2)
    outbox = Outbox(files, "outbox", 1 << 20, bytes)
    return Disks(Ledger(node.store, node.genesis), outbox, None, files, "head", shelf)


@pytest.mark.parametrize(
    ("parted_at", "heights", "stay"),
    [
        (0, BASE + 2, [INTERVAL, BASE]),
        (BASE + 1, BASE + 2, [INTERVAL, BASE]),
        (BASE, BASE + 2, [INTERVAL]),
        (0, BASE, [INTERVAL, BASE]),
        (BASE, BASE, [INTERVAL]),
        (0, BASE - 1, [INTERVAL]),
        (2, BASE + 2, []),
    ],
)
def test_a_snapshot_that_is_not_of_this_chain_is_removed_at_a_start(
    parted_at: int, heights: int, stay: list[int]
) -> None:
    """As after a fork, when the chain of the other branch has taken the place of the own one."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, BASE + 2)
    node = OneNode(holder.node.genesis)
    for height in range(1, heights + 1):
        node.wall.ms += height == parted_at
        grow(node, 1)
    opened = open_disks(disks_of(node, holder.files), ())
    assert list(opened.snapshots) == holder.shelf.files.heights() == stay
    chunks = [name for name in holder.files.names("snapshots") if name.endswith(".chunk")]
    assert {int(name[:16]) for name in chunks} == set(stay)


def all_of(files: MemoryFiles, folder: str = "snapshots") -> dict[str, bytes | None]:
    return {name: files.read(f"{folder}/{name}") for name in files.names(folder)}


def cut_short(files: MemoryFiles) -> None:
    files.cut(MANIFEST, 3)


def flipped(files: MemoryFiles) -> None:
    files.flip(MANIFEST, 10, 0)


def lost(files: MemoryFiles) -> None:
    files.remove(MANIFEST)


def of_another_chain(files: MemoryFiles) -> None:
    """As from a backup of another network's node."""
    other = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    other.node.wall.ms += 1
    grow(other.node, BASE)
    content = other.files.read(MANIFEST)
    assert content is not None
    files.remove(MANIFEST)
    files.open(MANIFEST).append(content)


@pytest.mark.parametrize("damage", [cut_short, flipped, lost, of_another_chain])
def test_the_snapshot_that_a_node_began_with_is_never_removed(damage: Callable[[MemoryFiles], None]) -> None:
    """Whatever became of its manifest: with the one of a backup, the chain can be verified again."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, BASE + 2)
    holder.vouched_by(1)
    joined = late(holder)
    joined.run()
    follow(joined, holder)
    backup = joined.files.read(MANIFEST)
    assert backup is not None
    damage(joined.files)
    before = all_of(joined.files)
    with capture_logs() as logs:
        opened = open_disks(disks_of(joined, joined.files), ())
    assert (opened.base, opened.snapshots) == (BASE, {})
    assert [(each["event"], each["file"]) for each in logs if "snapshot" in each["event"]] == [
        ("base_snapshot_unusable", MANIFEST)
    ]
    # Nor when a newer one is made.
    joined.snapshots.clean(2, besides={BASE})
    assert all_of(joined.files) == before
    with pytest.raises(ChainFault):
        verified(joined, holder)
    joined.files.remove(MANIFEST)
    joined.files.open(MANIFEST).append(backup)
    assert verified(joined, holder) == BASE + 1
    assert list(open_disks(disks_of(joined, joined.files), ()).snapshots) == [BASE]


def test_who_only_looks_removes_nothing() -> None:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, BASE)
    holder.shelf.files.write_chunk(BASE + INTERVAL, 0, b"what an interrupted run left")
    flipped(holder.files)
    lane = lane_key(MAKER).public_key
    block, rows = (
        holder.node.ledger.blocks.load(BASE),
        holder.node.ledger.blocks.bundles_of(BASE),
    )
    assert block is not None
    assert rows is not None
    disks = disks_of(holder.node, holder.files)
    disks.outbox.recover()
    disks.outbox.put([OutboxEntry(lane, BASE - 1, BASE, block.bundles[0].bundle_id, rows[0])])
    disks.outbox.close()
    folders = ("snapshots", "outbox")
    before = [all_of(holder.files, folder) for folder in folders]
    looked = disks_of(holder.node, holder.files)
    assert read_disks(looked, (lane,)).waiting == ()
    assert [all_of(holder.files, folder) for folder in folders] == before
    looked.outbox.close()
    started = disks_of(holder.node, holder.files)
    assert list(open_disks(started, (lane,)).snapshots) == [INTERVAL]
    assert {int(name[:16]) for name in holder.files.names("snapshots") if name[0] == "0"} == {INTERVAL}
    assert started.outbox.entries() == ()
