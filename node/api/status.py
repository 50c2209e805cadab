"""What a node says about itself, and whether it is ready: the face that the node's core implements."""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from contracts.chain.evidence import OffenceKind


class ConsensusStatus(msgspec.Struct, frozen=True):
    """Where consensus stands on a validator."""

    height: int
    """Height being decided."""
    round: int
    """Round of it."""
    step: str
    """propose, prevote or precommit."""
    votes: bool
    """Whether it votes at this height; false while a home that was copied, or lost its record, listens."""


class PeerStatus(msgspec.Struct, frozen=True):
    """A connected peer."""

    name: str
    """Its name in genesis."""
    role: str
    """validator, member or observer."""
    height: int
    """The last height it told us of."""
    remote: str
    """Its address, as this node sees it."""
    round_trip_ms: int
    """Of the last ping; -1 before the first."""
    waiting_bytes: int
    """Queued for it: more than a moment's worth means that it reads too slowly."""


class UnreachedPeer(msgspec.Struct, frozen=True):
    """A peer that this node dials in vain."""

    name: str
    """Its name in genesis."""
    reason: str
    """Why the last attempt failed."""


class PoolStatus(msgspec.Struct, frozen=True):
    """Bundles that wait for a block."""

    bundles: int
    """How many."""
    bytes: int
    """How long together."""
    oldest_since_ms: int | None = None
    """When the one that waits longest came, by this node's clock; None when none waits."""


class SnapshotStatus(msgspec.Struct, frozen=True):
    """A snapshot that this node holds."""

    height: int
    """The last block whose writes are in it."""
    manifest_hash: str
    """What validators vouch for, hex."""
    rows: int
    """Rows of state in it."""
    bytes: int
    """Its chunks as they are stored, compressed."""
    vouchers: int
    """Validators that are known to vouch for it."""


class QueueStatus(msgspec.Struct, frozen=True):
    """Something that waits inside the node."""

    name: str
    """unverified_bundles, pool, to_peers, from_peers, proposed_blocks; see docs/limits.md."""
    bytes: int
    """What it holds."""
    most_bytes: int
    """Its bound."""


class NodeStatus(msgspec.Struct, frozen=True):
    """The node beside its ledger."""

    consensus: ConsensusStatus | None
    """None on a node that does not vote."""
    peers: tuple[PeerStatus, ...]
    """Connected peers, by name."""
    unreached: tuple[UnreachedPeer, ...]
    """Peers that it dials in vain, by name."""
    pool: PoolStatus
    """Bundles that wait."""
    syncing: bool
    """Whether blocks of others are being fetched because this node is behind."""
    has_quorum: bool
    """Whether validators with more than 2/3 of the power (this node counts if it votes) are in touch."""
    evidence: Mapping[OffenceKind, int]
    """Pieces of evidence that it holds against validators, by what was said twice."""
    refused: Mapping[str, int]
    """Bundles of peers that were refused since the start, by reason."""
    ended: Mapping[str, int]
    """Conversations with peers that ended since the start, by reason."""
    failed_dials: int
    """Attempts since the start to reach a peer that found nobody."""
    convictions: Mapping[str, int]
    """How often the ledger convicted each validator, by name; 0 for those that vote and never were."""
    snapshots: tuple[SnapshotStatus, ...] = ()
    """Snapshots that it holds, by height."""
    snapshots_made: int = 0
    """Snapshots made since the start."""
    snapshots_left_out: int = 0
    """Snapshots left out since the start: one was still being made, or the disk had no room."""
    queues: tuple[QueueStatus, ...] = ()
    """What waits inside the node."""
    dropped: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Messages dropped since the start: of peers for want of room, and answers too long to be sent."""
    fork_height: int = 0
    """The lowest height that is known to have two decided blocks; 0 while there is none."""


class ReadinessCheck(msgspec.Struct, frozen=True):
    """One named question whose answers together make a node ready."""

    name: str
    """storage, consensus, quorum, sync, disk, head_age …; lower case, stable."""
    ok: bool
    """Whether it passed."""
    detail: str
    """What was found, in a sentence: the reason when it failed."""


class StatusSource(Protocol):
    """Who knows. Called on the event loop; must not block."""

    def status(self) -> NodeStatus:
        """Return how the node stands now."""
        ...

    def checks(self) -> tuple[ReadinessCheck, ...]:
        """Return all checks, always the same ones in the same order; the node is ready when all passed."""
        ...
