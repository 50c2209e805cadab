"""A new node joins by a snapshot, before it starts: the part that picks concrete classes (ADR 20).

Only a node that neither votes nor signs for a partner joins so, when its configuration says it may. Who votes
vouches for the chain and has executed it; who signs must know everything that it has stated. The new database
grows beside its place and is moved there complete, so a crash at any moment leaves a node that has nothing
and begins again. Without a snapshot that enough validators vouch for, the node starts and fetches blocks.
"""

import asyncio
import os
import shutil
from typing import Final

import structlog

from network.peer.face import OBSERVER
from network.sync.snapshots import SnapshotConfig
from network.transport.clock import LoopClock
from node.assembly import begin_listening, make_peers, open_store
from node.config.load import read_config
from node.event_loop import new_event_loop
from node.home import HEAD_FILE, Home
from node.host.joining import Joining, JoiningPlace
from node.host.worker import ThreadWorker
from node.logs import configure_logs
from node.places import take_place
from node.setting import Setting, read_setting
from node.storage.files import DiskFiles
from node.storage.head import Head
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.leveldb import LevelStore
from node.storage.snapshot_files import SnapshotFiles
from node.supervisor import Supervisor

_log = structlog.get_logger(__name__)

WORK_FOLDER: Final = "joining"
"""Below the data folder: where the new database grows; what an interrupted run left there is dropped."""


def join_first(home: Home) -> int | None:
    """Join by a snapshot, if the node of this home is new and may.

    Returns:
        None when the node is to be started now, with or without a snapshot; else the exit code of a process
        that was told to stop, or whose disk failed, meanwhile.

    Raises:
        InvalidConfig, InvalidGenesis, NotThisNode, KeystoreError, NoPassphrase: As `read_setting`.
        StorageError: The disk refused.
    """
    loaded = read_config(home.config, os.environ)
    work = home.data / WORK_FOLDER
    shutil.rmtree(work, ignore_errors=True)
    take_place(home)
    if not loaded.config.snapshots.join or not _is_new(home):
        return None
    setting = read_setting(home)
    configure_logs(setting.config.log.level, setting.config.log.format)
    if setting.node.role != OBSERVER or setting.secrets.lane_keys:
        _log.warning("not_joining_by_snapshot", reason="only an observer that holds no partner's key does")
        return None
    home.data.mkdir(mode=0o700, exist_ok=True)
    store = open_store(setting, work / home.database.name)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            found = runner.run(_join(setting, store))
    finally:
        store.close()
    if isinstance(found, Head):
        _move_in(home, found)
        return None
    shutil.rmtree(work)
    if isinstance(found, str):
        _log.warning("fetching_blocks", reason=f"no snapshot to join by: {found}")
        return None
    return found


def _is_new(home: Home) -> bool:
    """Tell whether there is nothing: neither a database nor a sign that there was one."""
    return not home.database.exists() and not (home.data / HEAD_FILE).exists()


def _move_in(home: Home, head: Head) -> None:
    """Give the complete database its place."""
    work = home.data / WORK_FOLDER
    (work / home.database.name).rename(home.database)
    files = DiskFiles(home.data)
    files.sync_folder("")
    save_head_marker(files, HEAD_FILE, HeadMarker(head.height, head.app_hash))
    shutil.rmtree(work)
    _log.info("joined_by_snapshot", height=head.height, app_hash=head.app_hash.hex())


async def _join(setting: Setting, store: LevelStore) -> Head | str | int:
    """Return the head, why there is none, or the exit code of a process that ends."""
    loop = asyncio.get_running_loop()
    supervisor = Supervisor(loop)
    supervisor.watch_signals()
    worker = ThreadWorker("joining", loop, supervisor.fail)
    outcome: asyncio.Future[Head | str] = loop.create_future()
    place = JoiningPlace(setting.genesis, store, SnapshotFiles(DiskFiles(setting.home.data)))
    patience = SnapshotConfig(trust_ms=1_000 * setting.config.snapshots.join_wait_s)
    joining = Joining(place, LoopClock(loop), worker, outcome.set_result, patience)
    nodes = setting.genesis.nodes
    peers = make_peers(setting, loop, joining, supervisor, nodes, lambda: (0, b"")).peers
    joining.start(peers)
    worker.start()
    begin_listening(setting, peers)
    stopped = loop.create_task(supervisor.wait())
    await asyncio.wait((outcome, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await peers.close()
    worker.close()
    return supervisor.exit_code if not outcome.done() else outcome.result()
