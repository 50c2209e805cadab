"""Assembly: the only place that picks concrete classes and joins a real node from its home folder.

Blocking first (configuration, keys, disks), then the event loop. The end comes in the opposite order: no new
requests, no new messages, threads finish what they have, disks close last.
"""

import asyncio
import gc
import os
import secrets
import sys
from collections.abc import Callable, Iterable
from functools import partial
from importlib import metadata
from operator import attrgetter
from pathlib import Path

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Gauge

from contracts.chain.genesis import Node
from network.peer.config import PeerConfig
from network.peer.directory import Directory
from network.peer.face import VALIDATOR, PeerListener
from network.peer.handshake import LocalNode
from network.peer.peers import Peers
from network.peer.peers import Surroundings as PeerSurroundings
from network.transport.base import Address
from network.transport.clock import LoopClock
from network.transport.tcp import TcpTransport
from network.transport.tls import TlsIdentity
from network.wire.frames import FrameCodec
from node.api.context import ApiContext
from node.api.promises import Promises
from node.api.server import Servers
from node.api.tokens import TokenFile
from node.clock import SystemClock
from node.config.remembered import changes_since, remember
from node.epcis.capture import CaptureService
from node.epcis.drafting import Drafting
from node.epcis.parts import Parts
from node.epcis.recorder import Recorder
from node.event_loop import new_event_loop
from node.health import Health
from node.home import (
    CONFIG_FILE,
    HEAD_FILE,
    LOG_FOLDER,
    OUTBOX_FOLDER,
    SIGNER_FILE,
    VOUCHER_FILE,
    Home,
)
from node.host.core import CoreConfig, NodeCore, Threads
from node.host.journal import ConsensusJournal
from node.host.ledger import Ledger
from node.host.listing import PeerSide
from node.host.opening import Disks, Opened, open_disks
from node.host.router import Router
from node.host.snapshot_maker import SnapshotShelf
from node.host.surroundings import Surroundings
from node.host.worker import ThreadWorker
from node.identity.signer import FileSigner
from node.identity.standing import Standing
from node.identity.vouching import VoucherSigner
from node.last_height import last_height
from node.logs import configure_logs
from node.loop_lag import LoopLag
from node.places import take_place, why_missed
from node.pool.pool import PoolLimits
from node.pool.waiting_room import RoomLimits
from node.setting import Setting, read_setting
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head import load_head
from node.storage.leveldb import LevelOptions, LevelStore, has_level, open_level
from node.storage.log import ConsensusLog
from node.storage.outbox import Outbox
from node.storage.readers import Readers
from node.storage.snapshot_files import SnapshotFiles
from node.supervisor import Supervisor

_log = structlog.get_logger(__name__)

GARBAGE_THRESHOLDS = (20_000, 20, 50)
"""When the garbage collector looks at the young, the middle and all objects; the youngest look takes 1 ms."""
SWITCH_INTERVAL_S = 0.001
"""How long a thread that burns Python may hold up the event loop."""


def run_node(home: Path) -> int:
    """Run the node whose home folder this is, until it is told to stop.

    Returns:
        The exit code: 0 when it was told to stop, 1 when it failed, 6 when its disk is damaged or refuses.

    Raises:
        InvalidConfig, InvalidGenesis, NotThisNode, KeystoreError, NoPassphrase: Nothing was started.
        StorageError: The disks could not be opened, or contradict themselves.
    """
    setting = read_setting(Home(home))
    set_log_level = configure_logs(setting.config.log.level, setting.config.log.format)
    for warning in start_warnings(setting):
        _log.warning("at_start", warning=warning)
    store = open_own_store(setting, create=True)
    try:
        disks = make_disks(setting, store)
        opened = open_disks(disks, [key.public_key for key in setting.secrets.lane_keys])
        remember(DiskFiles(setting.home.data), CONFIG_FILE, setting.config)
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(_Node(setting, store, disks, opened, set_log_level).run())
    finally:
        store.close()


def start_warnings(setting: Setting) -> tuple[str, ...]:
    """Return what an operator should know before the node starts, in sentences: what is not as it was.

    Raises:
        StorageFailed: The disk refused.
    """
    home = setting.home
    told = [*changes_since(DiskFiles(home.data), CONFIG_FILE, setting.config)]
    if not home.tokens.exists():
        told.append(f"{home.tokens} is missing: no client has a token (packtrail token new makes one)")
    if not home.record.exists():
        told.append(
            f"{home.record} is missing: this node goes by genesis, as if governance had changed nothing"
        )
    return tuple(told)


def open_store(setting: Setting, folder: Path) -> LevelStore:
    """Open the database in `folder`, with the node's tuning; raises as `open_level`."""
    storage = setting.config.storage
    options = LevelOptions(
        storage.cache_bytes,
        storage.write_buffer_bytes,
        storage.table_bytes,
        storage.bloom_bits,
        storage.max_open_files,
    )
    return open_level(folder, options, create=True)


def open_own_store(setting: Setting, *, create: bool) -> LevelStore:
    """Open the database in its place in the home, and first finish what a repair left between two renames.

    Args:
        setting: Of the home.
        create: Begin a database where nothing says that there was one: an empty one in its place would be
            taken for a chain that lost everything, also its rows of this node alone.

    Raises:
        StorageDamaged: There is none, nor what a validator signed last; or as `open_level`.
        WrongSignerRecord: There is none, and the signer's record belongs to another key or network.
        StorageBusy, StorageFailed: As `open_level`.
    """
    home = setting.home
    take_place(home)
    if not has_level(home.database):
        reason = why_missed(home, last_height(setting)) or ("" if create else "it is missing")
        if reason:
            raise StorageDamaged(str(home.database), reason)
    store = open_store(setting, home.database)
    if reason := _why_headless(setting, store):
        store.close()
        raise StorageDamaged(str(home.database), reason)
    return store


def _why_headless(setting: Setting, store: LevelStore) -> str:
    """Say that a database has lost its head: it would begin with genesis as if there had never been more."""
    try:
        is_there = load_head(store) is not None
    except StorageDamaged:
        # Whoever reads it next says so.
        return ""
    return "" if is_there else why_missed(setting.home, last_height(setting), "its head")


def make_disks(setting: Setting, store: LevelStore) -> Disks:
    """Join a node's persistent parts; `open_disks` opens them.

    Raises:
        StorageDamaged: The signer's record is missing or damaged.
        WrongSignerRecord: It belongs to another key or network.
    """
    files = DiskFiles(setting.home.data)
    segment_bytes = setting.config.storage.log_segment_bytes
    journal = None
    if setting.node.role == VALIDATOR:
        signer = FileSigner(files, SIGNER_FILE, setting.genesis.chain_id, setting.secrets.validator_seed)
        signer.open()
        standing = Standing(files)
        standing.open()
        log = ConsensusLog(files, LOG_FOLDER, segment_bytes, os.urandom)
        journal = ConsensusJournal(log, signer, standing)
    own_lanes = [key.public_key for key in setting.secrets.lane_keys]
    ledger = Ledger(store, setting.genesis, setting.config.storage.keep_writes_heights, own_lanes)
    outbox = Outbox(files, OUTBOX_FOLDER, segment_bytes, os.urandom)
    return Disks(ledger, outbox, journal, files, HEAD_FILE, _make_shelf(setting, files))


def _make_shelf(setting: Setting, files: DiskFiles) -> SnapshotShelf:
    signer = None
    if setting.node.role == VALIDATOR:
        seed = setting.secrets.validator_seed
        signer = VoucherSigner(files, VOUCHER_FILE, setting.genesis.chain_id, seed)
    snapshots = setting.config.snapshots
    return SnapshotShelf(SnapshotFiles(files), signer, snapshots.interval_heights, snapshots.keep)


class _Node:
    """A node from the start of its event loop to the end."""

    def __init__(
        self,
        setting: Setting,
        store: LevelStore,
        disks: Disks,
        opened: Opened,
        set_log_level: Callable[[str], None],
    ) -> None:
        self._setting = setting
        self._store = store
        self._disks = disks
        self._opened = opened
        self._set_log_level = set_log_level

    async def run(self) -> int:
        setting, loop = self._setting, asyncio.get_running_loop()
        supervisor = Supervisor(loop)
        supervisor.watch_signals()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        workers = [
            ThreadWorker(name, loop, supervisor.fail)
            for name in ("writer", "disk", "verifier", "peer-reader", "parser", "snapshots")
        ]
        writer, disk, verifier, peer_reader, parser, cutter = workers
        router = Router()
        side = make_peers(
            *(setting, loop, router, supervisor, self._opened.nodes),
            lambda: tip_of(router),
        )
        peers = side.peers
        wall = SystemClock(setting.genesis.clock_offset_ms)
        surroundings = Surroundings(LoopClock(loop), wall, peers, writer, disk)
        config = CoreConfig(
            setting.genesis,
            setting.node.name,
            setting.secrets.lane_keys,
            PoolLimits(*msgspec.structs.astuple(setting.config.pool)),
            RoomLimits(setting.config.api.max_queued_bytes),
        )
        core = NodeCore(
            *(config, self._disks, self._opened, surroundings),
            Threads(verifier, peer_reader, cutter),
            _on_diverged,
        )
        router.bind(core)
        core.chain.subscribe(lambda applied, _commit: side.follow(applied))
        for worker in workers:
            worker.start()
        health = Health(
            *(setting.node.name, core, peers),
            *(wall.now_ms, lambda: supervisor.reason),
        )
        readers = Readers(self._store, supervisor.fail)
        context = self._api_context(core, health, readers, wall, (disk, parser))
        servers = Servers(context)
        begin_listening(setting, peers)
        core.start()
        api = setting.config.api
        await servers.start(_address(api.listen), _address(api.operators_listen))
        freeze_start_up()
        watch_threads(context.metrics, workers)
        LoopLag(loop, context.metrics, servers.apps.gate.felt).start()
        _log.info(
            "node_started", node=setting.node.name, role=setting.node.role, height=core.chain.tip.height
        )
        await supervisor.wait()
        await servers.close()
        await peers.close()
        readers.close()
        for worker in workers:
            worker.close()
        if core.snapshots is not None:
            core.snapshots.maker.close()
        return supervisor.exit_code

    def _gateway(
        self, core: NodeCore, wall: SystemClock, threads: tuple[ThreadWorker, ThreadWorker]
    ) -> tuple[CaptureService, Drafting]:
        disk, parser = threads
        parts = Parts(core.submissions, core.chain, self._store, disk, parser, wall.now_ms, os.urandom)
        recorder = Recorder(core.submissions)
        drafting = Drafting(parts, recorder)
        return CaptureService(parts, recorder, drafting), drafting

    def _api_context(
        self,
        core: NodeCore,
        health: Health,
        readers: Readers,
        wall: SystemClock,
        threads: tuple[ThreadWorker, ThreadWorker],
    ) -> ApiContext:
        setting, (disk, _parser) = self._setting, threads
        # Who holds no partner's key signs nothing: an observer, or a validator run for the network alone.
        signs = bool(setting.secrets.lane_keys)
        captures, drafts = self._gateway(core, wall, threads) if signs else (None, None)
        return ApiContext(
            genesis=setting.genesis,
            node=setting.node,
            version=metadata.version("packtrail"),
            settings=setting.config.api,
            chain=core.chain,
            submissions=core.submissions if signs else None,
            readers=readers,
            promises=Promises(self._store, disk, os.urandom),
            captures=captures,
            drafts=drafts,
            tokens=TokenFile(setting.home.tokens),
            status=health,
            wall=wall,
            metrics=CollectorRegistry(),
            serve_metrics=setting.config.metrics.enabled,
            set_log_level=self._set_log_level,
            draw=os.urandom,
            history_from=self._opened.base + 1,
            archived_to=self._opened.archived,
        )


def make_peers(
    setting: Setting,
    loop: asyncio.AbstractEventLoop,
    listener: PeerListener,
    supervisor: Supervisor,
    nodes: Iterable[Node],
    tip: Callable[[], tuple[int, bytes]],
    since: int = 0,
) -> PeerSide:
    """Join what talks to other nodes; `begin_listening` begins.

    Args:
        setting: Of this node.
        loop: The event loop.
        listener: Told what peers do.
        supervisor: Told of failures.
        nodes: Everyone who may connect.
        tip: Returns this node's height and the id of its block, empty at height 0.
        since: Height after which `nodes` may connect; blocks up to it are only executed again.
    """
    directory = Directory.of_genesis(setting.genesis)
    directory.list_anew(nodes)
    identity = TlsIdentity(setting.secrets.node_seed, setting.secrets.certificate, directory.certificates)
    transport = TcpTransport(identity, loop, supervisor.fail)
    world = PeerSurroundings(
        transport,
        LoopClock(loop),
        secrets.SystemRandom().random,
        supervisor.fail,
    )
    own = directory.by_name(setting.node.name)
    peers = Peers(
        # What the ledger made of it counts; a node that is not admitted yet introduces itself as it will be.
        LocalNode(setting.node.name, setting.node.role if own is None else own.role),
        directory,
        FrameCodec(setting.genesis.parameters.limits),
        world,
        listener,
        tip,
        PeerConfig(),
    )
    return PeerSide(peers, directory, transport, since)


def begin_listening(setting: Setting, peers: Peers) -> None:
    """Listen for other nodes, and dial those that the configuration names."""
    p2p = setting.config.p2p
    dial = {peer.name: _address(peer.address) for peer in p2p.peers}
    peers.start(_address(p2p.listen), dial)


def tip_of(router: Router) -> tuple[int, bytes]:
    """Return the height and block id of the node behind a router."""
    tip = router.core.chain.tip
    return tip.height, tip.block_id if tip.height else b""


def _address(text: str) -> Address:
    """Read a `host:port` that the configuration has checked."""
    host, _separator, port = text.rpartition(":")
    return Address(host.strip("[]"), int(port))


def _on_diverged(reason: str) -> None:
    _log.error("diverged", reason=reason)


def watch_threads(metrics: CollectorRegistry, workers: Iterable[ThreadWorker]) -> None:
    """Let Prometheus see how many jobs wait for each thread."""
    waiting = Gauge("packtrail_jobs_waiting", "Jobs not yet begun, by thread.", ("thread",), registry=metrics)
    for worker in workers:
        waiting.labels(worker.name).set_function(partial(attrgetter("waiting"), worker))


def freeze_start_up() -> None:
    """Take what was made at the start out of the garbage collector's sight: it lives as long as the node.

    And let it look seldom: a block makes tens of thousands of small objects, none of them in a cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
