"""Opening a node's disks: what is there, whether it agrees with itself, and where to go on. Blocking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from contracts.chain.commit import NO_COMMIT, Commit
from contracts.chain.evidence import Evidence
from contracts.chain.genesis import Node
from contracts.state.rows import KeyRow
from node.host.journal import ConsensusJournal, Replay
from node.host.ledger import Ledger
from node.host.snapshot_maker import SnapshotShelf
from node.storage.archived import archived_height
from node.storage.base import base_height
from node.storage.convictions import Convictions
from node.storage.errors import StorageDamaged
from node.storage.evidence import KeptEvidence, load_evidence
from node.storage.files import FileSystem
from node.storage.forks import KeptFork, load_fork, load_settled
from node.storage.head_marker import MarkerState, check_head_marker
from node.storage.outbox import Outbox, OutboxEntry
from node.storage.snapshot_files import HeldSnapshot, SnapshotFiles

_BRING_BACK: Final = (
    "bring the file back from a backup, or fetch every block from peers: packtrail node repair --rebuild;"
    " until then neither packtrail verify chain nor packtrail node reindex can begin"
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Disks:
    """A node's persistent parts."""

    ledger: Ledger
    """The chain; opened here."""
    outbox: Outbox
    """Own bundles on their way; recovered here."""
    journal: ConsensusJournal | None
    """Log and signer; None for a node that does not vote."""
    files: FileSystem
    """Holds the head marker."""
    marker: str
    """Name of the head marker."""
    shelf: SnapshotShelf | None = None
    """Snapshots; None for a node that neither makes nor serves any."""


class Opened(msgspec.Struct, frozen=True):
    """Where a node goes on."""

    commit: Commit
    """For the tip; NO_COMMIT at height 0."""
    had_bundles: bool
    """Whether the tip's block has bundles."""
    lanes: dict[bytes, int]
    """Last sequence of every registered lane."""
    keys: dict[bytes, KeyRow]
    """Every registered partner key, with the heights at which it acts."""
    waiting: tuple[OutboxEntry, ...]
    """Own bundles that the chain does not hold, by lane and ascending sequence."""
    last_used: dict[bytes, int]
    """Greatest sequence ever used, by own lane."""
    replay: Replay | None
    """What the journal holds of the next height; None for a node that does not vote."""
    evidence: tuple[KeptEvidence, ...]
    """What is kept against validators."""
    pending_evidence: tuple[Evidence, ...]
    """Of that, what some block could still carry."""
    convictions: Mapping[bytes, int]
    """How often the ledger convicted a validator's key, by key."""
    nodes: tuple[Node, ...]
    """Every node that may connect, by genesis and governance."""
    owners: dict[bytes, int]
    """Number of the partner that each registered lane belongs to."""
    base: int = 0
    """Height of the snapshot that the database began with; 0 when it has every block."""
    archived: int = 0
    """Up to this height, bundles are in an archive; 0 when none are."""
    snapshots: dict[int, HeldSnapshot] = {}
    """Complete snapshots of this chain on the disk, by height."""
    fork: KeptFork | None = None
    """A fork of the ledger that this node knows of."""
    settled: Mapping[int, bytes] = {}
    """Which block stands after a fork, by height, as the operators have said."""


def open_disks(disks: Disks, own_lanes: Sequence[bytes]) -> Opened:
    """Open everything, compare it, and remove own bundles and snapshots that the chain has no use for.

    Args, Raises: As `read_disks`.
    """
    opened = read_disks(disks, own_lanes)
    done = [entry for entry in disks.outbox.entries() if entry not in opened.waiting]
    disks.outbox.remove([(entry.lane, entry.sequence) for entry in done])
    return msgspec.structs.replace(opened, snapshots=_snapshots(disks, opened.base))


def read_disks(disks: Disks, own_lanes: Sequence[bytes]) -> Opened:
    """Open everything but the snapshots and compare it; nothing is removed but ends that a power cut tore.

    Args:
        disks: Closed.
        own_lanes: Keys this node signs with.

    Raises:
        StorageDamaged: Something that was durable is lost or changed.
        StorageFailed: The disk refused.
        WrongStore: The database is of another network or format.
    """
    commit, had_bundles = open_ledger(disks)
    disks.outbox.recover()
    ledger = disks.ledger
    replay = None if disks.journal is None else disks.journal.replay(ledger.tip.height + 1)
    last_used = {lane: disks.outbox.last_used(lane) for lane in own_lanes}
    evidence = tuple(load_evidence(ledger.store))
    pending = tuple(ledger.still_open(kept.evidence for kept in evidence))
    convictions = {one.public_key: one.row.count for one in Convictions(ledger.store).all()}
    return Opened(
        *(commit, had_bundles, ledger.lanes(), ledger.keys(), _waiting(disks), last_used, replay),
        *(evidence, pending, convictions, ledger.nodes()),
        *(ledger.owners(), base_height(ledger.store), archived_height(ledger.store)),
        fork=load_fork(ledger.store),
        settled=load_settled(ledger.store),
    )


def open_ledger(disks: Disks) -> tuple[Commit, bool]:
    """Open the chain alone, and compare it with what was durable once.

    Returns:
        The tip's commit, NO_COMMIT at height 0, and whether the tip's block has bundles.

    Raises:
        StorageDamaged, StorageFailed, WrongStore: As `read_disks`.
    """
    ledger = disks.ledger
    # That the database has its place, say, may be the work of a process that ended before it was durable.
    disks.files.sync_folder("")
    ledger.open()
    _check_marker(disks)
    height = ledger.tip.height
    if not height:
        return NO_COMMIT, False
    commit, block = ledger.blocks.commit_of(height), ledger.blocks.load(height)
    if commit is None or block is None:
        raise StorageDamaged(f"block {height}", "it or its commit is missing")
    return commit, bool(block.bundles)


def _check_marker(disks: Disks) -> None:
    ledger = disks.ledger

    def app_hash_at(height: int) -> bytes | None:
        if height == ledger.tip.height:
            return ledger.tip.app_hash
        following = ledger.blocks.load(height + 1)
        return None if following is None else following.header.app_hash

    state = check_head_marker(disks.files, disks.marker, ledger.tip.height, app_hash_at)
    if state in (MarkerState.MISSING, MarkerState.UNREADABLE) and ledger.tip.height > 0:
        _log.warning("head_marker_unusable", state=state.value, height=ledger.tip.height)


def _snapshots(disks: Disks, base: int) -> dict[int, HeldSnapshot]:
    """Return the chain's snapshots on the disk, and remove all others but the one that the node began with.

    Those are what interrupted runs left, and snapshots of the other chain that was here, after a fork.
    """
    shelf = disks.shelf
    if shelf is None:
        return {}
    for height in shelf.files.clean(shelf.keep, {base}):
        _log.warning("snapshot_incomplete", height=height, reason="no manifest: its chunks are removed")
    if shelf.signer is not None and not shelf.signer.open(disks.ledger.tip.height):
        _log.warning("voucher_record_unusable", signs_above=disks.ledger.tip.height)
    held: dict[int, HeldSnapshot] = {}
    for height in sorted({*shelf.files.heights(), base} - {0}):
        found = _held(shelf.files, disks.ledger, height)
        if isinstance(found, HeldSnapshot):
            held[height] = found
        elif height == base:
            # Peers have it no more, and nothing else shows the state from which this chain is verified.
            file = shelf.files.manifest_name(height)
            _log.warning(
                "base_snapshot_unusable", height=height, file=file, reason=found, what_to_do=_BRING_BACK
            )
        else:
            # Peers have the same snapshot, and the next one is made from the state: nothing is lost.
            _log.warning("snapshot_removed", height=height, reason=found)
            shelf.files.remove(height)
    return held


def _held(files: SnapshotFiles, ledger: Ledger, height: int) -> HeldSnapshot | str:
    """Return the chain's snapshot at a height, or why what is there is none."""
    try:
        found = files.load(height)
    except StorageDamaged as damage:
        return damage.reason
    if found is None:
        return "its manifest is missing"
    if found.manifest.block_id != _block_id(ledger, height):
        return "its block is not the one that the chain has there"
    return found


def _block_id(ledger: Ledger, height: int) -> bytes | None:
    """Return the block that the chain has at a height; None above its tip."""
    commit = ledger.blocks.commit_of(height)
    return None if commit is None else commit.block_id


def _waiting(disks: Disks) -> tuple[OutboxEntry, ...]:
    """Return the bundles that the chain does not hold."""
    blocks = disks.ledger.blocks
    return tuple(entry for entry in disks.outbox.entries() if blocks.bundle_header(entry.bundle_id) is None)
