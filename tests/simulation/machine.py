"""One simulated machine: a disk that outlives crashes, and the real node that runs on it between them.

A life begins with `boot`, which opens the disks and joins the real parts as `node/assembly.py` does, and ends
with `stop`. Worker threads become queues in virtual time (`threads.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from contracts.chain.commit import Commit
from contracts.chain.genesis import Node
from network.peer.config import PeerConfig
from network.peer.directory import Directory
from network.peer.face import OBSERVER, PeerIdentity, PeerListener
from network.peer.handshake import LocalNode
from network.peer.peers import Peers, Status
from network.peer.peers import Surroundings as PeerSurroundings
from network.transport.base import Address
from network.wire.frames import FrameCodec
from network.wire.messages import Hello, Message
from node.host.applied import Applied, Decided, Followed
from node.host.core import CoreConfig, NodeCore, Threads
from node.host.journal import ConsensusJournal
from node.host.ledger import Ledger
from node.host.listing import PeerSide
from node.host.opening import Disks, Opened, open_disks
from node.host.router import Router
from node.host.snapshot_maker import SnapshotShelf
from node.host.surroundings import Surroundings
from node.identity.signer import FileSigner, create_signer_record
from node.identity.standing import Standing
from node.identity.vouching import VoucherSigner
from node.pool.pool import PoolLimits
from node.pool.waiting_room import RoomLimits
from node.storage.errors import StorageDamaged, StorageError
from node.storage.head import Head, load_head
from node.storage.log import ConsensusLog
from node.storage.memory_files import PowerLoss, Survive
from node.storage.outbox import Outbox
from node.storage.snapshot_files import SnapshotFiles
from tests.simulation import decay
from tests.simulation.cast import CHAIN_ID, START_MS, Role, certificate_of
from tests.simulation.clock import Life, NodeClock, Wall
from tests.simulation.disks import Disk, Trap
from tests.simulation.invariants import Broken
from tests.simulation.joining import begin_joining
from tests.simulation.plan import SMALL_POOL, stream
from tests.simulation.threads import QueuedWorker
from tests.simulation.wire import MachineTransport, Postbox, Tampering, said

if TYPE_CHECKING:
    from tests.simulation.world import World

PEER_CONFIG = PeerConfig(
    handshake_ms=1_500,
    tick_ms=500,
    ping_after_ms=700,
    idle_ms=2_500,
    stall_ms=2_500,
    ban_ms=3_000,
    dial_ms=1_500,
    dial_base_ms=50,
    dial_cap_ms=600,
    stable_ms=1_000,
)
"""Impatient, as the whole network is."""
SIGNER_FILE, HEAD_FILE, VOUCHER_FILE = "signer", "head", "vouched"
SNAPSHOT_INTERVAL = 4
"""Every machine makes a snapshot at so many heights."""
SNAPSHOTS_KEPT = 2


class CountedLedger(Ledger):
    """The ledger; it counts the blocks that others decided."""

    fetched: Counter[str]

    def follow(self, run: Sequence[Decided]) -> Followed:
        """Check and apply decided blocks."""
        found = super().follow(run)
        self.fetched["block_fetched"] += len(found.applied)
        return found


class Ears:
    """The listener of a node's peers: the real one, and an ear for quarrels among honest nodes."""

    def __init__(self, machine: "Machine", listener: PeerListener) -> None:
        """Stand before `listener`."""
        self._machine = machine
        self._listener = listener

    def on_up(self, peer: PeerIdentity, hello: Hello) -> None:
        """A session is open."""
        self._listener.on_up(peer, hello)

    def on_down(self, peer: PeerIdentity, reason: str) -> None:
        """A session is over."""
        if reason.startswith("protocol"):
            self._machine.world.quarrel(self._machine.name, peer.name, reason)
        self._listener.on_down(peer, reason)

    def on_message(self, peer: PeerIdentity, message: Message) -> None:
        """A message came."""
        if self._machine.overheard is not None:
            self._machine.overheard(peer, message)
        self._listener.on_message(peer, message)


class Machine:
    """One machine.

    Attributes:
        world: Where it stands.
        name: Its node's name.
        role: What the node is and which keys it holds.
        disk: What outlives crashes.
        wall: Its idea of the time of day.
        core: The running node; None while it is down.
        workers: Its threads by name, while it runs.
        told: Greatest height that this node has told anybody it has.
        trapped: What the trap in wait leaves of unsynced data.
        said: Why it stopped itself, each time.
        repairs: How often it mended what, by kind.
        tampering: Changes what it says; None for an honest one.
        overheard: Told what it hears; None for nobody.
        joins: Whether it joins by a snapshot when its disk is empty; `is_joining` while it looks for one.
    """

    def __init__(self, world: "World", role: Role, number: int) -> None:
        """Set it up, powered off, with an empty disk."""
        self.world = world
        self.name = role.name
        self.role = role
        self.address = Address("memory", number + 1)
        self.random = stream(world.plan.seed, f"machine {role.name}")
        self.disk = Disk(stream(world.plan.seed, f"disk {role.name}"))
        self.wall = Wall(world.scheduler, START_MS + 1_000)
        self.core: NodeCore | None = None
        self.ledger: Ledger | None = None
        self.workers: dict[str, QueuedWorker] = {}
        self.told = 0
        self.trapped = Survive.KEPT
        self.said: list[str] = []
        self.repairs: Counter[str] = Counter()
        self.tampering: Tampering | None = None
        self.overheard: Callable[[PeerIdentity, Message], None] | None = None
        self.postbox: Postbox | None = None
        self._life = Life()
        self._life.is_alive = False
        self._transport: MachineTransport | None = None
        self._lives = 0
        self.is_joining = False
        self.joins = bool(world.plan.joins_at) and role.role == OBSERVER
        if role.validator_seed:
            self.begin_signer()
            Standing(self.disk.files).allow(0)

    @property
    def is_up(self) -> bool:
        """Whether the node runs, or is about to join."""
        return self.core is not None or self.is_joining

    @property
    def life(self) -> Life:
        """The present life."""
        return self._life

    # ------------------------------------------------------------------------------- life

    def boot(self) -> None:
        """Begin a life: open what the disk holds, join the node, connect."""
        if self.is_up:
            return
        world = self.world
        self._lives += 1
        self._life = life = Life()
        world.trace("boot", self.name)
        if self.joins and load_head(self.disk.store) is None and not self.disk.files.read(HEAD_FILE):
            self._join(life)
        else:
            self._start(life)

    def _join(self, life: Life) -> None:
        """Fetch a snapshot before the node starts."""
        if self.told:
            raise Broken(f"I3: {self.name} told of height {self.told} and has lost its database")
        self.is_joining = True
        self.postbox = self._postbox(life)
        self._surroundings(self.postbox, life)
        joining = begin_joining(self, life, self._joined)
        nodes = self.world.cast.genesis.nodes
        self.postbox.peers = self._peers(joining, life, nodes, lambda: (0, b"")).peers
        joining.start(self.postbox)
        self.postbox.peers.start(self.address, self.world.addresses)

    def _joined(self, found: Head | str) -> None:
        """The process that joined ends; the node starts, with the snapshot or with nothing."""
        self.is_joining = False
        self._life.is_alive = False
        self._vanish(is_noticed=True)
        self.world.trace("joined", self.name, found if isinstance(found, str) else found.height)
        self.repairs["joined_in_vain" if isinstance(found, str) else "joined_by_snapshot"] += 1
        try:
            if isinstance(found, Head):
                self.disk.move_in(found)
        except PowerLoss as error:
            self.stop(self.trapped, f"power lost while joining, before {error}")
            return
        except StorageError as error:
            self.refused(error)
            return
        if isinstance(found, Head):
            self.world.joined.check(self, found)
        self._life = life = Life()
        self._start(life)

    def _start(self, life: Life) -> None:
        """Open the disk, join the node's parts, connect."""
        world = self.world
        try:
            disks, opened = self._open()
        except PowerLoss as error:
            self.stop(self.trapped, f"power lost while opening, before {error}")
            return
        except StorageError as error:
            self.refused(error)
            return
        self.ledger = disks.ledger
        if self.disk.decayed is not None:
            decay.check_opened(self, self.disk.decayed)
        world.check_opened(self)
        router = Router()
        self.postbox = postbox = self._postbox(life)
        side = self._peers(router, life, opened.nodes, lambda: said(self.tampering, *_tip_of(router)))
        peers = side.peers
        postbox.peers = peers
        surroundings = self._surroundings(postbox, life)
        room = SMALL_POOL if world.plan.has_small_pools else PoolLimits()
        config = CoreConfig(world.cast.genesis, self.name, self.role.keys, room, RoomLimits(1 << 20))
        threads = Threads(*(self.workers[name] for name in ("verifier", "reader", "snapshots")))
        core = NodeCore(config, disks, opened, surroundings, threads, self._diverged)
        router.bind(core)
        core.chain.subscribe(self._on_applied)
        core.chain.subscribe(lambda applied, _commit: side.follow(applied))
        self.core = core
        peers.start(self.address, world.addresses)
        world.watch_engine(self)
        core.start()
        # Without a log, the start has put a new engine in the place of that one.
        world.watch_engine(self)

    def _open(self) -> tuple[Disks, Opened]:
        disk, genesis = self.disk, self.world.cast.genesis
        disk.store.settle()
        segment_bytes, draw = self.world.plan.segment_bytes, self.random.randbytes
        journal = None
        if self.role.validator_seed:
            signer = FileSigner(disk.files, SIGNER_FILE, CHAIN_ID, self.role.validator_seed)
            signer.open()
            standing = Standing(disk.files)
            standing.open()
            journal = ConsensusJournal(ConsensusLog(disk.files, "log", segment_bytes, draw), signer, standing)
        outbox = Outbox(disk.files, "outbox", segment_bytes, draw)
        shelf = self._shelf()
        ledger = CountedLedger(disk.store, genesis)
        ledger.fetched = self.repairs
        disks = Disks(ledger, outbox, journal, disk.files, HEAD_FILE, shelf)
        disk.is_opening = True
        opened = open_disks(disks, [key.public_key for key in self.role.keys])
        disk.is_opening = False
        return disks, opened

    def _shelf(self) -> SnapshotShelf:
        """Return where this node's snapshots are; a validator vouches for them."""
        files, seed = self.disk.files, self.role.validator_seed
        signer = VoucherSigner(files, VOUCHER_FILE, CHAIN_ID, seed) if seed else None
        return SnapshotShelf(SnapshotFiles(files), signer, SNAPSHOT_INTERVAL, SNAPSHOTS_KEPT)

    def _postbox(self, life: Life) -> Postbox:
        world = self.world
        random = stream(world.plan.seed, f"post {self.name} {self._lives}")
        on_ban = partial(world.quarrel, self.name)
        on_sent = partial(world.on_sent, self)
        return Postbox(self.name, world.scheduler, random, life, world.mood, self.tampering, on_ban, on_sent)

    def _peers(self, listener: PeerListener, life: Life, nodes: Iterable[Node], status: Status) -> PeerSide:
        world = self.world
        directory = Directory.of_genesis(world.cast.genesis)
        directory.list_anew(nodes)
        memory = world.wire.memory.transport(self.name, certificate_of(self.name), directory.certificates)
        self._transport = MachineTransport(memory, life)
        jitter = stream(world.plan.seed, f"dial {self.name} {self._lives}").random
        surroundings = PeerSurroundings(
            self._transport, NodeClock(world.scheduler, life), jitter, world.crashed
        )
        own = directory.by_name(self.name)
        peers = Peers(
            LocalNode(self.name, self.role.role if own is None else own.role),
            directory,
            FrameCodec(world.cast.genesis.parameters.limits),
            surroundings,
            Ears(self, listener),
            status,
            PEER_CONFIG,
        )
        return PeerSide(peers, directory, self._transport)

    def _surroundings(self, postbox: Postbox, life: Life) -> Surroundings:
        longest_us = {"writer": 2_000, "disk": 4_000, "verifier": 1_000, "reader": 2_000, "snapshots": 8_000}
        self.workers = {name: QueuedWorker(self, life, longest) for name, longest in longest_us.items()}
        clock = NodeClock(self.world.scheduler, life)
        return Surroundings(clock, self.wall, postbox, self.workers["writer"], self.workers["disk"])

    def stop(self, survive: Survive, reason: str, *, is_noticed: bool = True) -> None:
        """End this life: nothing runs on; the disk keeps what `survive` says.

        Args:
            survive: What becomes of unsynced data.
            reason: For the trace.
            is_noticed: Whether peers learn of it at once, as when a process is killed, or by its silence.
        """
        self.world.trace("stop", self.name, survive.value, reason)
        self._life.is_alive = False
        self.core = None
        self.ledger = None
        self.is_joining = False
        self._vanish(is_noticed=is_noticed)
        self.disk.crash(survive)
        self.world.on_stopped(self)

    def _vanish(self, *, is_noticed: bool) -> None:
        self.postbox = None
        if self._transport is not None:
            self._transport.vanish(is_noticed=is_noticed)
            self._transport = None

    def refused(self, error: StorageError) -> None:
        """The disk refused or was found damaged: the node stops itself, as its supervisor would."""
        self.said.append(str(error))
        if isinstance(error, StorageDamaged) and self.disk.decayed is not None:
            decay.notice(self, self.disk.decayed, error)
            return
        trap = self.disk.trap
        if trap is None or not trap.refuses:
            self.world.crashed(error)
        self.stop(self.trapped, f"stopped itself: {error}")

    def forget_chain(self) -> None:
        """Its database is gone, or older: what it told of heights is not there."""
        self.told = 0
        self.world.has_forgotten = True

    def forget(self) -> None:
        """Its whole disk is an old copy: documents that its users handed in since may be gone, too.

        What stands in a block that another node has is not gone, and is expected as before.
        """
        self.forget_chain()
        height = max((each.told for each in self.world.machines.values() if each is not self), default=0)
        held = self.world.invariants.documents_up_to(height)
        self.world.workload.promises.lose_outbox(self.name, held)

    def lose_home(self) -> None:
        """Its disk is gone; it gets an empty record of what it signed, as `packtrail node repair` makes."""
        self.disk.lose()
        Standing(self.disk.files).suspend()
        self.begin_signer()

    def begin_signer(self) -> None:
        """Make an empty record of what it signed."""
        public_key = self.world.public_key_of(self.role)
        create_signer_record(self.disk.files, SIGNER_FILE, CHAIN_ID, public_key)

    def set_trap(self, trap: Trap) -> None:
        """Let the node run into something at a persistence point."""
        self.world.trace("trap", self.name, trap.points, trap.refuses)
        self.trapped = trap.survive
        self.disk.trap = trap

    # --------------------------------------------------------------------------- the node

    def _on_applied(self, applied: Applied, commit: Commit) -> None:
        self.told = applied.tip.height
        self.world.on_applied(self, applied, commit)

    def _diverged(self, reason: str) -> None:
        self.world.diverged(self, reason)

    @property
    def height(self) -> int:
        """Last decided height; what it told last while it is down."""
        return self.told if self.core is None else self.core.chain.tip.height

    def proposed_in(self, height: int, round_: int) -> bytes | None:
        """Return the block that was proposed to this node in a round of the height that it works on."""
        if self.core is None or self.core.consensus is None or self.core.consensus.engine.height != height:
            return None
        proposals = self.core.consensus.engine.messages_for(round_).proposals
        return next((each.block_id for each in proposals if each.round == round_), None)

    def chunk_of(self, height: int, index: int) -> bytes | None:
        """Return a chunk of this node's snapshot of a height."""
        return SnapshotFiles(self.disk.files).read_chunk(height, index)

    def lane_of(self, bundle_id: bytes) -> bytes | None:
        """Return the lane of a bundle in this node's pool."""
        pooled = None if self.core is None else self.core.pool.get(bundle_id)
        return None if pooled is None else pooled.bundle.header.lane


def _tip_of(router: Router) -> tuple[int, bytes]:
    tip = router.core.chain.tip
    return tip.height, tip.block_id if tip.height else b""
