"""A new database from this node's own blocks, beside the old one; they change places when it is complete.

For indices that a release adds, and for what beside the blocks is not what it should be: no peer is asked.
Every block is checked and executed again as by `packtrail verify chain`, so that state and indices are what a
node would have written; rows of this node alone are copied. A node that began with a snapshot begins with it
anew.

It may be interrupted at any moment: the home is as it was until the end, and the next run goes on where this
one stopped, as long as it stands on the blocks that are here now.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from node.archive.restoring import ArchivedBodies
from node.assembly import open_own_store, open_store
from node.host.chain_fault import ChainFault
from node.host.ledger import MAX_RUN, Ledger
from node.host.replaying import Replay
from node.host.verify_chain import begin_like
from node.last_height import last_known
from node.places import change_places
from node.repair.salvage import copy_own_rows
from node.setting import Setting
from node.storage.blocks import BlockStore
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head import OtherFormat, check_blocks, load_head
from node.storage.head_marker import HeadMarker
from node.storage.leveldb import LevelStore
from node.storage.snapshot_files import SnapshotFiles

WORK_FOLDER: Final = "reindex"
"""Below the data folder: where the new database grows, and where an interrupted run left it."""


class Reindexed(msgspec.Struct, frozen=True):
    """What was done."""

    height: int
    """Height of the database."""
    app_hash: bytes
    """32 bytes, after that height."""
    executed: int
    """Blocks that this run executed."""
    kept_rows: int
    """Rows that only this node knew, copied."""
    aside: str
    """Folder with the old database."""


def reindex(
    setting: Setting, progress: Callable[[int], None], archive: ArchivedBodies | None = None
) -> Reindexed:
    """Build the database of a stopped node anew from its own blocks.

    Args:
        setting: Of the stopped node.
        progress: Told every height that was executed, when it is durable.
        archive: Has contents that are no longer in the database; in the new one they are again.

    Raises:
        WrongArchive: Contents are archived, and the archive does not have them. Nothing was changed.
        ChainFault: A block, commit or bundle is missing or damaged: peers have it. Nothing was changed.
        StorageError: The node runs, its blocks are of an earlier version of the ledger, or the disk refused.
    """
    home, work = setting.home, setting.home.data / WORK_FOLDER
    built = work / home.database.name
    source = open_own_store(setting, create=False)
    try:
        check_blocks(source)
        done = _build(setting, source, built, progress, archive)
    finally:
        source.close()
    head = HeadMarker(done.height, done.app_hash)
    aside = change_places(home, work, head)
    return msgspec.structs.replace(done, aside=str(aside))


def _build(
    setting: Setting,
    source: LevelStore,
    built: Path,
    progress: Callable[[int], None],
    archive: ArchivedBodies | None,
) -> Reindexed:
    """Build the new database; raises as `reindex`."""
    target = _open_target(setting, source, built)
    try:
        done = _execute(setting, source, target, progress, archive)
        return msgspec.structs.replace(done, kept_rows=copy_own_rows(source, target))
    except StorageDamaged as damage:
        if not damage.where.startswith(str(built)):
            raise
        # What an interrupted run left was damaged since: nobody needs it, and it must not end every next run.
        target.close()
        shutil.rmtree(built.parent)
        reason = (
            f"{damage.reason}; it was not complete yet, and is removed: packtrail node reindex begins anew"
        )
        raise StorageDamaged(damage.where, reason) from damage
    finally:
        target.close()


def _open_target(setting: Setting, source: LevelStore, built: Path) -> LevelStore:
    """Open what an interrupted run left, if this release can go on with it on these blocks; else begin."""
    built.parent.mkdir(mode=0o700, exist_ok=True)
    left = _open_left(setting, source, built)
    if left is not None:
        return left
    shutil.rmtree(built)
    return open_store(setting, built)


def _open_left(setting: Setting, source: LevelStore, built: Path) -> LevelStore | None:
    """Open what an interrupted run left; None when it is of no use.

    That is: damaged, nothing, the rows of half a snapshot, another chain, or what another release began.
    """
    try:
        target = open_store(setting, built)
    except StorageDamaged:
        return None
    try:
        head = load_head(target)
        if head is not None:
            Ledger(target, setting.genesis).open()
            commit = BlockStore(source).commit_of(head.height)
            if commit is not None and commit.block_id == head.block_id:
                return target
    except (OtherFormat, StorageDamaged):
        pass
    target.close()
    return None


def _execute(
    setting: Setting,
    source: LevelStore,
    target: LevelStore,
    progress: Callable[[int], None],
    archive: ArchivedBodies | None,
) -> Reindexed:
    """Execute every block of `source` that `target` lacks, and compare where both end."""
    own_lanes = [key.public_key for key in setting.secrets.lane_keys]
    keep_writes = setting.config.storage.keep_writes_heights
    ledger = Ledger(target, setting.genesis, keep_writes, own_lanes)
    if load_head(target) is None:
        snapshots = SnapshotFiles(DiskFiles(setting.home.data))
        begin_like(source, setting.genesis, target, snapshots, progress)
    ledger.open()
    replay = Replay(BlockStore(source), setting.genesis, ledger, archive=archive)
    began = done = ledger.tip.height
    while replay.has(done + 1):
        with ledger.together():
            while ledger.tip.height < done + MAX_RUN and replay.has(ledger.tip.height + 1):
                replay.advance(ledger.tip.height + 1)
        while done < ledger.tip.height:
            done += 1
            progress(done)
    marker, tip = last_known(setting), ledger.tip
    if marker is not None and marker.height > tip.height:
        raise ChainFault(marker.height, "block", f"it was durable once, but the chain ends at {tip.height}")
    return Reindexed(tip.height, tip.app_hash, tip.height - began, 0, "")
