"""One node's parts, joined: everything between the network and the disks, for every role.

It is given stores, threads, clocks and peers, and picks none of them; `node/assembly.py` gives it the real
ones, the simulator its own. Blocking steps (`open_disks`) come first, then `start` on the event loop.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from consensus.effects import CancelFetch, FetchValue
from contracts.chain.commit import Commit
from contracts.chain.genesis import Genesis, Node
from contracts.chain.header import BundleEntry
from contracts.chain.votes import Vote
from contracts.ledger.block import ChainTip, rules_fault
from contracts.ledger.bundle import BundleReader
from network.peer.face import MEMBER, OBSERVER, ROLES, VALIDATOR, PeerIdentity
from network.sync.effects import SyncConfig
from network.wire.messages import BundleAnnounce, BundlePush, Hello, Tip
from node.host.applied import Applied
from node.host.ballots import Ballots
from node.host.chain import Chain
from node.host.consensus_host import ConsensusHost
from node.host.evidence import EvidenceBook
from node.host.fetching import Fetching
from node.host.follower import Follower
from node.host.forks import ForkWatch
from node.host.intake import Intake
from node.host.journal import ConsensusJournal
from node.host.opening import Disks, Opened
from node.host.portions import Portions
from node.host.serving import Serving
from node.host.snapshot_desk import SnapshotDesk
from node.host.snapshot_maker import SnapshotMaker
from node.host.submission import Submissions
from node.host.surroundings import Surroundings
from node.host.worker import Worker, no_answer
from node.pool.admission import Admission
from node.pool.bundler import LaneKey, MadeBundle, entry_for, in_turn
from node.pool.held import PooledBundle, entry_of
from node.pool.pool import BundlePool, PoolLimits
from node.pool.waiting_room import RoomLimits
from node.storage.head_marker import HeadMarker, save_head_marker

VALIDATOR_PATIENCE_MS = 1_000
"""A validator that is a little behind waits this long for its own decision before it fetches the block."""
MARKER_INTERVAL_MS = 1_000
"""The head marker is written at most this often."""
TELL_INTERVAL_MS = 2_000
"""How often peers are told this node's height and which bundles it waits for, whatever was told before."""
MAX_PUSHED_BYTES = 8 << 20
"""Most bytes of own bundles pushed to a new peer: more could fill its queue, and cost it the session."""
VALIDATOR_TIP_INTERVAL_MS = 100
"""Validators hear of this node's height at most this often; they hear its votes anyway."""
LEFT_OUT_MS = 200
"""A bundle that waits longer was left out, and its proposer may lack it."""
MAX_ANNOUNCED = 256
"""Most bundles told to a peer at once."""


@dataclass(frozen=True)
class CoreConfig:
    """Who this node is, and its bounds."""

    genesis: Genesis
    """The network."""
    name: str
    """This node's name in genesis."""
    keys: Sequence[LaneKey]
    """Partner keys it signs with; none for an observer."""
    pool: PoolLimits
    """Bounds of the pool."""
    room: RoomLimits
    """How much of its clients' documents may be between submission and commit."""


@dataclass(frozen=True)
class Threads:
    """Workers beside those of the surroundings."""

    verifier: Worker
    """Checks signatures of bundles."""
    reader: Worker
    """Reads the history for peers."""
    snapshots: Worker | None = None
    """Cuts snapshots; None where none are made or served."""


@dataclass(frozen=True)
class Snapshots:
    """What a node does about snapshots."""

    desk: SnapshotDesk
    """Gives them to peers."""
    maker: SnapshotMaker
    """Makes them."""


class NodeCore:
    """One running node.

    Attributes:
        chain: The decided chain.
        pool: Verified bundles.
        submissions: Documents of this node's clients.
        consensus: The host of the engine; None for a node that does not vote.
        follower: Block sync.
        evidence: What is held against validators.
        forks: Looks for a second chain.
        snapshots: Snapshots, made here and given to peers; None where there are none.
        heights: What peers say of their heights, by name.
    """

    def __init__(
        self,
        config: CoreConfig,
        disks: Disks,
        opened: Opened,
        surroundings: Surroundings,
        threads: Threads,
        on_diverged: Callable[[str], None],
    ) -> None:
        """Join the parts; the order of subscriptions is the order in which they hear of a block.

        Args:
            config: Who this node is.
            disks: Open.
            opened: Where it goes on.
            surroundings: Time, threads, peers.
            threads: More threads.
            on_diverged: Told why this node and the network part.
        """
        self._config = config
        self._disks = disks
        self._opened = opened
        self._surroundings = surroundings
        self._network = surroundings.network
        limits = config.genesis.parameters.limits
        self._reader = BundleReader(config.genesis.chain_id, limits)
        self.heights: dict[str, int] = {}
        self.pool = _pool_of(config, disks.ledger.tip, opened)
        known = (opened.commit, opened.lanes, opened.keys)
        self.chain = Chain(disks.ledger, surroundings.writer, *known, had_bundles=opened.had_bundles)
        self.chain.subscribe(self._prune)
        self.fetching = Fetching(surroundings, self.pool)
        self.intake = Intake(
            self._reader,
            threads.verifier,
            self.pool,
            self.chain.lanes,
            surroundings.wall.now_ms,
            self._on_added,
            self._network.ban,
        )
        self.submissions = Submissions(
            *(surroundings, self.chain, Admission(disks.ledger), disks.outbox),
            *(disks.ledger.store, config.keys, self._on_made, config.room),
        )
        self.portions = Portions(surroundings.clock.now_ms)
        self.serving = Serving(
            *(self._network, threads.reader, disks.ledger.blocks, self.chain, self.pool),
            *(self.portions, max(opened.base, opened.archived) + 1),
        )
        self.evidence = _evidence_book(surroundings, self.chain, disks, opened)
        # Before consensus hears of a block: it goes on with the next height then.
        self.forks = ForkWatch(
            *(surroundings, self.chain, threads.reader, self.evidence),
            *(self._votes, self._halt, opened.base),
        )
        patience = 0 if disks.journal is None else VALIDATOR_PATIENCE_MS
        self.follower = Follower(
            surroundings,
            threads.verifier,
            self.chain,
            self._reader,
            SyncConfig(patience_ms=patience),
            partial(self._diverged, on_diverged),
            self._doubt,
        )
        self.submissions.hindrance.following = self.follower
        self.snapshots = self._snapshots(threads)
        self._names = _names_of(opened.nodes)
        self.consensus: ConsensusHost | None = None
        self.ballots: Ballots | None = None
        if disks.journal is not None:
            self.consensus, self.ballots = self._voting(disks.journal)
        self._on_stop = partial(self._diverged, on_diverged)
        self._marker_due_ms = 0
        self._tip_due_ms = 0
        self._left_out: frozenset[bytes] = frozenset()
        self._told_before: set[bytes] = set()
        self.chain.subscribe(self._on_applied)

    def _voting(self, journal: ConsensusJournal) -> tuple[ConsensusHost, Ballots]:
        """Make the parts that only a validator has."""
        consensus = ConsensusHost(
            self._surroundings,
            self.chain,
            self.pool,
            journal,
            self._fetch,
            self._cancel_fetch,
            self._announce,
            self.evidence,
        )
        consensus.on_fork = self.forks.take_decision
        return consensus, Ballots(self.chain, consensus, self._network, self._surroundings.clock.now_ms)

    def _snapshots(self, threads: Threads) -> Snapshots | None:
        """Make the parts that make snapshots and give them to peers."""
        shelf, worker, opened = self._disks.shelf, threads.snapshots, self._opened
        if shelf is None or worker is None:
            return None
        store = self._disks.ledger.store
        held = opened.snapshots
        desk = SnapshotDesk(
            *(self._surroundings, threads.reader, store, self.chain, shelf, held, self.portions)
        )
        maker = SnapshotMaker(shelf, self._disks.ledger, worker, opened.base, desk)
        self.chain.subscribe(maker.on_applied)
        return Snapshots(desk, maker)

    # ------------------------------------------------------------------------------- life

    def start(self) -> None:
        """Begin: on the event loop, with the network ready to send."""
        opened = self._opened
        if opened.replay is not None:
            for data in opened.replay.bundles.values():
                pooled = PooledBundle(self._reader.read(data), data, self._surroundings.wall.now_ms())
                # This node may have voted for a block that names it.
                self.pool.keep([entry_of(pooled)], self.chain.tip.height + 1)
                self.pool.add(pooled, self.chain.lanes)
        self.submissions.restore(opened.waiting, self._reader, opened.last_used)
        self.follower.start()
        self.fetching.start()
        self._surroundings.clock.call_later(TELL_INTERVAL_MS, self._tell_again)
        is_stopped = self._stop_before_unknown_rules() or self._stop_at_a_fork()
        if self.consensus is not None and opened.replay is not None and not is_stopped:
            self.consensus.start(opened.replay)

    def _stop_before_unknown_rules(self) -> bool:
        """Stop when this program does not know the rules of the next height; tell whether it did."""
        fault = rules_fault(self.chain.tip)
        if fault is None:
            return False
        self.follower.stop(fault)
        self._on_stop(fault)
        return True

    def _stop_at_a_fork(self) -> bool:
        """Stop when a fork of the ledger is on record; tell whether it did."""
        self.forks.restore(self._opened.fork, self._opened.settled)
        reason = self.forks.reason
        if reason:
            self._halt(reason)
        return bool(reason)

    def name_of(self, validator_key: bytes) -> str:
        """Return the name of the node that votes with a key; empty when there is none now."""
        return self._names.get(validator_key, "")

    def _votes(self) -> tuple[Vote, ...]:
        return () if self.consensus is None else self.consensus.engine.votes

    def _halt(self, reason: str) -> None:
        """Apply nothing more, follow no further, vote no more; reads go on."""
        self.chain.halt()
        self.follower.stop(reason)
        self._on_stop(reason)

    def _doubt(self, peer: str, height: int) -> None:
        self.forks.partings.doubt(peer, height)

    def _diverged(self, on_diverged: Callable[[str], None], reason: str) -> None:
        if self.consensus is not None:
            self.consensus.stop(reason)
        on_diverged(reason)

    # ----------------------------------------------------------------------------- blocks

    def _prune(self, applied: Applied, _commit: Commit) -> None:
        self.pool.bind(applied.tip.parameters.tolerances.bundle_lifetime_ms)
        self.pool.belong(applied.owners)
        self.pool.prune(self.chain.lanes, applied.tip.time_ms)
        self.fetching.clear()

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        if applied.nodes is not None:
            self._names = _names_of(applied.nodes)
        self._stop_before_unknown_rules()
        now_ms = self._surroundings.clock.now_ms()
        self._tell_tip((MEMBER, OBSERVER) if now_ms < self._tip_due_ms else ROLES)
        self._announce_left_out()
        self._announce()
        if now_ms >= self._marker_due_ms:
            self._marker_due_ms = now_ms + MARKER_INTERVAL_MS
            marker = HeadMarker(applied.tip.height, applied.tip.app_hash)
            save = partial(save_head_marker, self._disks.files, self._disks.marker, marker)
            self._surroundings.disk.submit(save, no_answer)

    def _tell_tip(self, roles: Collection[str]) -> None:
        """Tell peers how far this node is: those that follow at once, validators now and then."""
        if VALIDATOR in roles:
            self._tip_due_ms = self._surroundings.clock.now_ms() + VALIDATOR_TIP_INTERVAL_MS
        tip = self.chain.tip
        self._network.broadcast(Tip(tip.height, tip.block_id if tip.height else b"", 0, 0), roles)

    def _tell_again(self) -> None:
        """Tell peers once more what may have been lost on its way, or refused when there was no room."""
        self._tell_tip(ROLES)
        waiting = [made for made in self.submissions.outstanding() if made.bundle_id in self._told_before]
        entries = tuple(map(entry_for, in_turn(waiting)[:MAX_ANNOUNCED]))
        if entries:
            self._network.broadcast(BundleAnnounce(entries), (VALIDATOR,))
        self.evidence.tell()
        self.forks.tell()
        self._told_before = {made.bundle_id for made in self.submissions.outstanding()}
        self._surroundings.clock.call_later(TELL_INTERVAL_MS, self._tell_again)

    def _announce(self) -> None:
        """Tell the proposer of bundles that were left out, or keep a round waiting; it may lack them."""
        if self.consensus is None:
            return
        engine = self.consensus.engine
        if engine.height != self.chain.tip.height + 1:
            # Its next height waits for the disk: the proposer it names is an index in the set before.
            return
        proposer = engine.proposer(max(engine.round, 0))
        validators = self.chain.tip.validators.validators
        until_ms = self._surroundings.wall.now_ms() - LEFT_OUT_MS
        entries = self.pool.entries(self.chain.lanes, until_ms, MAX_ANNOUNCED)
        if proposer is None or not entries:
            return
        name = self._names.get(validators[proposer].public_key, "")
        if name and name != self._config.name:
            self._network.send(name, BundleAnnounce(entries))

    # ---------------------------------------------------------------------------- bundles

    def _on_made(self, made: MadeBundle) -> None:
        bundle = self._reader.read(made.data)
        pooled = PooledBundle(bundle, made.data, self._surroundings.wall.now_ms())
        # An author always has what it is asked for: how much is outstanding is bounded where it is made.
        self.pool.add(pooled, self.chain.lanes, is_own=True)
        self._on_added([pooled])

    def _announce_left_out(self) -> None:
        """Name to every validator what two blocks in a row left out: its push may be lost, or found no room.

        Else its documents would wait until it expires.
        """
        outstanding = self.submissions.outstanding()
        stuck = {made.header.lane for made in outstanding if made.bundle_id in self._left_out}
        left = in_turn([made for made in outstanding if made.header.lane in stuck])[:MAX_ANNOUNCED]
        if left:
            self._network.broadcast(BundleAnnounce(tuple(map(entry_for, left))), (VALIDATOR,))
        first = {made.header.lane: made.bundle_id for made in reversed(outstanding)}
        self._left_out = frozenset(first.values())

    def _on_added(self, added: Sequence[PooledBundle]) -> None:
        self.fetching.drop([pooled.bundle.id for pooled in added])
        if self.consensus is not None:
            self.consensus.bundles_arrived()

    def take_announcement(self, peer: str, announce: BundleAnnounce) -> None:
        """Fetch announced bundles that are not here."""
        if self.consensus is not None:
            self.fetching.announced(peer, [entry.bundle_id for entry in announce.entries])

    def _fetch(self, effect: FetchValue, missing: Sequence[BundleEntry] | None) -> None:
        if effect.height != self.chain.tip.height + 1:
            # Decided meanwhile; and its sources are indices in the set of its own height.
            return
        validators = self.chain.tip.validators.validators
        names = [self._names.get(validators[at].public_key, "") for at in effect.sources]
        sources = [name for name in names if name]
        if missing is None:
            if self.ballots is not None:
                self.ballots.ask_round(sources)
            return
        self.fetching.need(effect.block_id, missing, sources)

    def _cancel_fetch(self, effect: CancelFetch) -> None:
        self.fetching.cancel(effect.block_id)

    # ------------------------------------------------------------------------------ peers

    def peer_up(self, peer: PeerIdentity, hello: Hello) -> None:
        """Greet a peer: learn its height, push what it may lack, bring it along."""
        self._heard(peer.name, hello.height)
        self.follower.take_tip(peer.name, hello.height)
        self.forks.greet(peer.name, hello.height, hello.tip)
        if self.snapshots is not None:
            self.snapshots.desk.greet(peer.name)
        if peer.role != VALIDATOR:
            return
        room = MAX_PUSHED_BYTES
        for made in self.submissions.outstanding():
            room -= len(made.data)
            if room < 0:
                break
            self._network.send(peer.name, BundlePush(made.bundle_id, made.data))
        if self.ballots is not None:
            self.ballots.greet(peer.name)

    def _heard(self, name: str, height: int) -> None:
        self.heights[name] = height
        if self.consensus is not None and self.consensus.rejoining.votes_from is None:
            for key, known in self._names.items():
                if known == name:
                    self.consensus.rejoining.hear(key, height)

    def peer_down(self, peer: PeerIdentity) -> None:
        """Forget a peer."""
        self.heights.pop(peer.name, None)
        self.follower.take_down(peer.name)
        self.forks.partings.peer_down(peer.name)
        self.fetching.peer_down(peer.name)

    def take_tip(self, peer: PeerIdentity, tip: Tip) -> None:
        """A peer says how far it is."""
        self._heard(peer.name, tip.height)
        self.follower.take_tip(peer.name, tip.height)
        self.forks.hear(peer.name, tip.height, tip.block_id)


def _pool_of(config: CoreConfig, tip: ChainTip, opened: Opened) -> BundlePool:
    """Return an empty pool that knows whose lanes there are."""
    pool = BundlePool(config.pool, tip.parameters.tolerances.bundle_lifetime_ms)
    pool.belong(opened.owners)
    return pool


def _evidence_book(surroundings: Surroundings, chain: Chain, disks: Disks, opened: Opened) -> EvidenceBook:
    """Return what is held against validators, as the disk has it."""
    return EvidenceBook(
        *(surroundings, chain, disks.ledger.store),
        *(opened.evidence, opened.pending_evidence, opened.convictions),
    )


def _names_of(nodes: Iterable[Node]) -> dict[bytes, str]:
    """Return the names of validators by the keys they vote with."""
    return {node.validator_key: node.name for node in nodes if node.role == VALIDATOR}
