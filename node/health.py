"""How the node stands: what `status` and `readyz` say."""

from collections.abc import Callable

from network.peer.peers import Peers
from node.api.status import (
    ConsensusStatus,
    NodeStatus,
    PeerStatus,
    PoolStatus,
    QueueStatus,
    ReadinessCheck,
    SnapshotStatus,
    UnreachedPeer,
)
from node.host.candidates import MAX_CANDIDATE_BYTES
from node.host.core import NodeCore
from node.host.intake import MAX_ALL_WAITING_BYTES

STALE_HEARTBEATS = 3
"""A last block older than this many heartbeats is one too old."""


def queues(core: NodeCore, peers: Peers) -> tuple[QueueStatus, ...]:
    """Return what waits inside a node, in bytes, each beside its bound."""
    proposed = 0 if core.consensus is None else core.consensus.proposals.candidates.bytes
    return (
        QueueStatus("unverified_bundles", core.intake.queued_bytes, MAX_ALL_WAITING_BYTES),
        QueueStatus("pool", core.pool.droppable_bytes, core.pool.most_bytes),
        QueueStatus("to_peers", peers.waiting_bytes, peers.most_waiting_bytes),
        QueueStatus("from_peers", peers.unread_bytes, peers.most_unread_bytes),
        QueueStatus("proposed_blocks", proposed, MAX_CANDIDATE_BYTES),
    )


class Health:
    """Answers for one running node. On the event loop; never blocks."""

    def __init__(
        self,
        name: str,
        core: NodeCore,
        peers: Peers,
        now_ms: Callable[[], int],
        failure: Callable[[], str],
    ) -> None:
        """Join the parts.

        Args:
            name: This node's name.
            core: The node.
            peers: Its peers, and what happened between it and them.
            now_ms: Wall clock.
            failure: Returns why the node is failing; empty while it is not.
        """
        self._core = core
        self._peers = peers
        self._now_ms = now_ms
        self._failure = failure
        self._own = name

    def _powers(self) -> dict[str, int]:
        """Return the power of who votes on the next block, by the name of its node."""
        core = self._core
        return {
            core.name_of(member.public_key): member.power for member in core.chain.tip.validators.validators
        }

    def _power_in_touch(self) -> int:
        names = self._in_touch()
        return sum(power for name, power in self._powers().items() if name in names)

    def _in_touch(self) -> set[str]:
        return {peer.name for peer in self._peers.connected()} | {self._own}

    def _has_quorum(self) -> bool:
        return self._power_in_touch() * 3 > 2 * sum(self._powers().values())

    def status(self) -> NodeStatus:
        """Return how the node stands now."""
        core = self._core
        consensus = None
        if core.consensus is not None:
            engine = core.consensus.engine
            votes = engine.own_index is not None
            consensus = ConsensusStatus(engine.height, max(engine.round, 0), engine.step.name.lower(), votes)
        peers = tuple(
            PeerStatus(
                *(peer.name, peer.role, core.heights.get(peer.name, 0)),
                *(peer.remote, peer.round_trip_ms, peer.waiting_bytes),
            )
            for peer in self._peers.stats()
        )
        unreached = tuple(UnreachedPeer(*entry) for entry in self._peers.unreached().items())
        pool = PoolStatus(len(core.pool), core.pool.bytes, core.pool.oldest_since_ms())
        return NodeStatus(
            *(consensus, peers, unreached, pool, core.follower.is_syncing),
            self._has_quorum(),
            core.evidence.counts,
            core.intake.refused,
            self._peers.counters.ended,
            self._peers.counters.dial_failures,
            self._convictions(),
            *self._snapshots(),
            queues(core, self._peers),
            {
                "inputs": 0 if core.consensus is None else core.consensus.dropped,
                "requests": core.portions.refused,
                "ballots": 0 if core.ballots is None else core.ballots.unheard,
                "vouchers": 0 if core.snapshots is None else core.snapshots.desk.unheard,
                "too_long": self._peers.counters.too_long.total(),
            },
            0 if core.forks.fork is None else core.forks.fork.kept.proof.height,
        )

    def _convictions(self) -> dict[str, int]:
        found = dict.fromkeys(self._powers(), 0)
        for key, count in self._core.evidence.convictions.items():
            # A key that votes no more has no name.
            name = self._core.name_of(key) or key.hex()
            found[name] = found.get(name, 0) + count
        return found

    def _snapshots(self) -> tuple[tuple[SnapshotStatus, ...], int, int]:
        """Return the snapshots here, how many were made, and how many left out."""
        snapshots = self._core.snapshots
        if snapshots is None:
            return (), 0, 0
        held = tuple(
            SnapshotStatus(
                *(height, each.hash.hex(), each.manifest.rows, each.stored_bytes),
                len(snapshots.desk.vouchers_for(each)),
            )
            for height, each in sorted(snapshots.desk.held.items())
        )
        return held, snapshots.maker.made, snapshots.maker.left_out

    def checks(self) -> tuple[ReadinessCheck, ...]:
        """Return all checks, always the same ones in the same order."""
        return (
            self._storage(),
            self._voting(),
            self._quorum(),
            self._sync(),
            self._head_age(),
        )

    def _storage(self) -> ReadinessCheck:
        failure = self._failure()
        return ReadinessCheck("storage", not failure, failure or "reads and writes succeed")

    def _voting(self) -> ReadinessCheck:
        consensus = self._core.consensus
        stopped = self._core.follower.stopped_because
        if consensus is not None and consensus.stopped_because:
            stopped = consensus.stopped_because
        return ReadinessCheck("consensus", not stopped, stopped or "follows the network's decisions")

    def _quorum(self) -> ReadinessCheck:
        power, total = self._power_in_touch(), sum(self._powers().values())
        need = total * 2 // 3 + 1
        missing = sorted(set(self._powers()) - self._in_touch())
        detail = f"validators with power {power} of {total} are in touch, {need} decide"
        if missing:
            detail += f"; not in touch: {', '.join(missing)}"
        return ReadinessCheck("quorum", self._has_quorum(), detail)

    def _sync(self) -> ReadinessCheck:
        # What peers claim is no reason: one liar could take every node out of service.
        follower = self._core.follower
        height = self._core.chain.tip.height
        best = max(height, follower.proven_height)
        detail = f"at height {height}, decided and proven are {best}"
        if follower.out_of_reach:
            detail += (
                f"; peers ahead say that they give blocks from height {follower.out_of_reach} on only:"
                " fetch an archive (packtrail node repair --rebuild --archive FOLDER)"
            )
        return ReadinessCheck("sync", not follower.is_syncing, detail)

    def _head_age(self) -> ReadinessCheck:
        tip = self._core.chain.tip
        age_ms = max(0, self._now_ms() - tip.time_ms)
        limit_ms = STALE_HEARTBEATS * self._core.chain.tip.parameters.timing.heartbeat_ms
        detail = f"the last block is {age_ms // 1000} s old, at most {limit_ms // 1000} s is usual"
        is_new = tip.height == 0
        return ReadinessCheck("head_age", age_ms <= limit_ms or is_new, detail)
