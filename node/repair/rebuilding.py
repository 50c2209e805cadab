"""A new database from peers, beside the damaged one; they change places when the new one is complete.

The node connects to its peers and follows them, as every late node does: each block is proven by the commit
of its height, executed, and compared. It does not vote, signs for nobody and answers no client. What only
this node knew (rows in LOCAL) is copied as far as it can be read. Who its peers are, the damaged ledger says
where it can be read, and genesis for the rest; then every block that is newer than that list.

Peers may have archived old blocks, all of them: then an archive gives the first ones. They are no more
believed than a peer's: each is proven by its commit, executed and compared.

After a fork that the operators have settled, a node of the other branch is asked for nothing that it had from
the fork on: peers have the block that stands there.

The signer's record is never touched: at the next start the validator votes only above what it has signed
(ADR 22). Whatever goes wrong before the change of places leaves the home as it was.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from network.peer.peers import Peers
from network.transport.clock import LoopClock
from node.archive.manifest import WrongArchive
from node.archive.restoring import ArchivedBodies
from node.assembly import begin_listening, make_peers, open_store, tip_of
from node.clock import SystemClock
from node.event_loop import new_event_loop
from node.home import HEAD_FILE, OUTBOX_FOLDER
from node.host.archive_replay import replay_archive
from node.host.core import CoreConfig, NodeCore, Threads
from node.host.ledger import Ledger
from node.host.opening import Disks, open_disks
from node.host.router import Router
from node.host.surroundings import Surroundings
from node.host.worker import ThreadWorker
from node.last_height import last_height, last_known
from node.places import aside_folder, change_places, move_aside
from node.pool.pool import PoolLimits
from node.pool.waiting_room import RoomLimits
from node.repair.diagnosis import Finding, Part
from node.repair.salvage import Salvaged, salvage
from node.setting import Setting
from node.storage.files import DiskFiles
from node.storage.head_marker import HeadMarker
from node.storage.leveldb import LevelStore
from node.storage.outbox import Outbox
from node.supervisor import Supervisor

WORK_FOLDER: Final = "repair"
"""Below the data folder: where the new database grows; what an interrupted repair left there is dropped."""
LOOK_S: Final = 0.25
"""How often it is looked whether the node stands where its peers stand."""
TELL_HEIGHTS: Final = 1_000
CALM_LOOKS: Final = 8
"""So many looks in a row nothing may be missing: peers that are reached last may be higher."""


class CannotRepair(Exception):
    """What is damaged cannot be fetched; the home is as it was. The message says what to do."""


class Repaired(msgspec.Struct, frozen=True):
    """What a repair has done."""

    aside: str
    """Folder with what was damaged."""
    database: "NewDatabase | None"
    """What there is instead of the database; None when that was whole and is as it was."""


class NewDatabase(msgspec.Struct, frozen=True):
    """A database that was fetched from peers."""

    height: int
    """Height of it."""
    app_hash: bytes
    """32 bytes, after that height."""
    kept_rows: int
    """Rows that only this node knew, copied from the damaged database."""
    is_whole: bool
    """Whether that was all of them; when not, what is missing is in the folder aside, if anywhere."""


Tell = Callable[[str], None]
_THREADS: Final = ("writer", "disk", "verifier", "peer-reader")


def repair(
    setting: Setting,
    findings: Iterable[Finding],
    patience_s: int,
    tell: Tell,
    archive: ArchivedBodies | None = None,
) -> Repaired:
    """Repair what was found; signer, keys, configuration and genesis must be whole.

    Args:
        setting: Of the stopped node.
        findings: What is damaged.
        patience_s: Longest time without a new block before it is given up.
        tell: Told how it goes, in sentences.
        archive: Blocks that peers may no longer have.

    Raises:
        CannotRepair: No peer has what is missing; nothing was changed.
        WrongArchive: The archive is damaged, or of another chain; nothing was changed.
        StorageError: The disk refused.
    """
    parts = {finding.part for finding in findings}
    data = setting.home.data
    if Part.DATABASE not in parts:
        aside = aside_folder(data)
        move_aside(data, aside, sorted(parts))
        return Repaired(str(aside), None)
    work = data / WORK_FOLDER
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    try:
        salvaged, head = _build(setting, work, patience_s, tell, archive)
    except (CannotRepair, WrongArchive):
        # The next run begins anew: nobody needs what this one has built.
        shutil.rmtree(work, ignore_errors=True)
        raise
    # What it voted for on a branch that does not stand is no past of the one that does.
    others = {*parts, Part.LOG} if salvaged.parted_at else parts
    aside = change_places(setting.home, work, head, sorted(others - {Part.DATABASE}))
    new = NewDatabase(head.height, head.app_hash, salvaged.kept_rows, salvaged.is_whole)
    return Repaired(str(aside), new)


def _build(
    setting: Setting, work: Path, patience_s: int, tell: Tell, archive: ArchivedBodies | None
) -> tuple[Salvaged, HeadMarker]:
    """Fill a new database in the work folder: from the archive, then from peers; raises as `repair`."""
    store = open_store(setting, work / setting.home.database.name)
    try:
        salvaged = salvage(setting, work, store)
        if archive is not None:
            height = replay_archive(_ledger(setting, store), setting.genesis, archive, _telling(tell))
            tell(f"height {height} executed from the archive")
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return salvaged, runner.run(_Following(setting, store, work, salvaged, tell).run(patience_s))
    finally:
        store.close()


# -------------------------------------------------------------------------------------- following


class _Following:
    """The node following its peers with a new database, and nothing else."""

    def __init__(
        self, setting: Setting, store: LevelStore, work: Path, salvaged: Salvaged, tell: Tell
    ) -> None:
        self._setting = setting
        self._store = store
        self._work = work
        self._salvaged = salvaged
        self._tell = tell

    async def run(self, patience_s: int) -> HeadMarker:
        """Return the head once the node stands where its peers stand."""
        loop = asyncio.get_running_loop()
        supervisor = Supervisor(loop)
        workers = [ThreadWorker(name, loop, supervisor.fail) for name in _THREADS]
        router = Router()
        side = make_peers(
            *(self._setting, loop, router, supervisor, self._salvaged.nodes),
            lambda: tip_of(router),
            self._salvaged.since,
        )
        peers = side.peers
        core = self._core(loop, peers, workers, supervisor)
        router.bind(core)
        core.chain.subscribe(lambda applied, _commit: side.follow(applied))
        for worker in workers:
            worker.start()
        begin_listening(self._setting, peers)
        core.start()
        try:
            await self._wait(core, peers, supervisor, patience_s)
        finally:
            await peers.close()
            for worker in workers:
                worker.close()
        tip = core.chain.tip
        return HeadMarker(tip.height, tip.app_hash)

    def _core(
        self,
        loop: asyncio.AbstractEventLoop,
        peers: Peers,
        workers: list[ThreadWorker],
        supervisor: Supervisor,
    ) -> NodeCore:
        """Join a node that has no journal, so it cannot vote, and no key, so it signs nothing."""
        setting = self._setting
        writer, disk, verifier, reader = workers
        ledger = _ledger(setting, self._store)
        files = DiskFiles(self._work)
        outbox = Outbox(files, OUTBOX_FOLDER, setting.config.storage.log_segment_bytes, os.urandom)
        disks = Disks(ledger, outbox, None, files, HEAD_FILE)
        wall = SystemClock(setting.genesis.clock_offset_ms)
        config = CoreConfig(
            setting.genesis,
            setting.node.name,
            (),
            PoolLimits(*msgspec.structs.astuple(setting.config.pool)),
            RoomLimits(setting.config.api.max_queued_bytes),
        )

        def on_diverged(reason: str) -> None:
            supervisor.fail(CannotRepair(f"this program and the network part: {reason}"))

        return NodeCore(
            config,
            disks,
            open_disks(disks, ()),
            Surroundings(LoopClock(loop), wall, peers, writer, disk),
            Threads(verifier, reader),
            on_diverged,
        )

    async def _wait(self, core: NodeCore, peers: Peers, supervisor: Supervisor, patience_s: int) -> None:
        """Wait until nothing is missing.

        Raises:
            CannotRepair: No new block for too long, or what peers have is not what was durable here.
        """
        required = self._salvaged.parted_at or last_height(self._setting)
        calm = idle = told = 0
        last = -1
        while calm < CALM_LOOKS:
            await asyncio.sleep(LOOK_S)
            if supervisor.reason:
                raise CannotRepair(supervisor.reason)
            height = core.chain.tip.height
            idle = 0 if height > last else idle + 1
            last = height
            is_there = height >= required and bool(peers.connected()) and not core.follower.is_syncing
            calm = calm + 1 if is_there else 0
            if not is_there and idle * LOOK_S > patience_s:
                raise CannotRepair(_stuck(core, required, peers))
            if height >= told + TELL_HEIGHTS:
                told = height
                self._tell(f"height {height} …")
        self._compare(core)

    def _compare(self, core: NodeCore) -> None:
        """Ask that the new chain holds what was durable here before, on the branch that stands."""
        marker, parted_at = last_known(self._setting), self._salvaged.parted_at
        if marker is None or 0 < parted_at <= marker.height:
            return
        following = core.chain.ledger.blocks.load(marker.height + 1)
        found = core.chain.tip.app_hash if following is None else following.header.app_hash
        if found != marker.app_hash:
            raise CannotRepair(
                f"the peers' app hash of height {marker.height} is {found.hex()}, and {marker.app_hash.hex()}"
                " was durable here: this home belongs to another history; after a fork, packtrail node settle"
                " says which one stands; without one, ask the network's operators"
            )


def _ledger(setting: Setting, store: LevelStore) -> Ledger:
    own_lanes = [key.public_key for key in setting.secrets.lane_keys]
    return Ledger(store, setting.genesis, setting.config.storage.keep_writes_heights, own_lanes)


def _telling(tell: Tell) -> Callable[[int], None]:
    def told(height: int) -> None:
        if height % TELL_HEIGHTS == 0:
            tell(f"height {height} …")

    return told


def _stuck(core: NodeCore, required: int, peers: Peers) -> str:
    height, given_from = core.chain.tip.height, core.follower.out_of_reach
    stands = core.chain.stands.get(height + 1)
    reasons = "; ".join(f"{name}: {reason}" for name, reason in peers.unreached().items())
    connected = ", ".join(sorted(peer.name for peer in peers.connected())) or "no peer"
    if given_from:
        return (
            f"{connected} in touch, and all that are ahead have archived old blocks: they give none before"
            f" height {given_from}, and {height + 1} is needed next. --archive FOLDER names where it is."
        )
    if stands is not None:
        return (
            f"{connected} in touch, and none gives block {stands.hex()}, which stands at height {height + 1},"
            " as the operators have settled. Name peers that have it in p2p.peers."
        )
    return (
        f"{connected} in touch, and no block comes after height {height}; {required} was durable here."
        f" Not reached: {reasons or 'nobody else is configured'}. Try again when more peers run."
    )
