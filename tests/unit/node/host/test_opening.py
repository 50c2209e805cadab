"""What a start finds on the disk, and what it removes because it is not of this chain."""

import pytest

from node.host.ledger import Ledger
from node.host.opening import Disks, open_disks
from node.host.snapshot_maker import SnapshotShelf
from node.storage.outbox import Outbox
from node.storage.snapshot_files import SnapshotFiles
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis
from tests.support.snapshots import INTERVAL, VALIDATORS, Holder
from tests.unit.node.host.test_snapshots import BASE, grow


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
    outbox = Outbox(holder.files, "outbox", 1 << 20, bytes)
    shelf = SnapshotShelf(SnapshotFiles(holder.files), None, INTERVAL, 2)
    opened = open_disks(
        Disks(Ledger(node.store, node.genesis), outbox, None, holder.files, "head", shelf), ()
    )
    assert list(opened.snapshots) == holder.shelf.files.heights() == stay
    chunks = [name for name in holder.files.names("snapshots") if name.endswith(".chunk")]
    assert {int(name[:16]) for name in chunks} == set(stay)
