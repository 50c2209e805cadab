"""What is damaged in a stopped node's home, part by part. Blocking; nothing is repaired here.

Each part is opened as a start opens it: a change of places that was interrupted is finished, ends that a
power cut tore are cut off, and a damaged copy of the signer's record is mended from the other. But nothing is
removed because the chain has no use for it: what looks so may follow from the damage. Then the files of the
database are checked byte for byte.
"""

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from network.peer.face import VALIDATOR
from node.archive.restoring import ArchivedBodies
from node.assembly import make_disks, open_own_store
from node.home import HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, Home
from node.host.chain_fault import ChainFault
from node.host.opening import open_ledger, read_disks
from node.host.verify_chain import verify_home
from node.host.verify_headers import VerifiedHeaders
from node.last_height import last_height
from node.places import take_place, why_missed
from node.setting import Setting
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head import OtherFormat
from node.storage.level_files import check_level_files
from node.storage.level_glance import TEMPORARY_PREFIX, laid_out
from node.storage.leveldb import has_level
from node.storage.log import ConsensusLog
from node.storage.outbox import Outbox

_SMALL: Final = (LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, HEAD_FILE)
"""What a start reads beside the database, below the data folder."""


class Part(StrEnum):
    """What may be damaged and repaired."""

    DATABASE = "database"
    """The chain: peers have it."""
    LOG = "log"
    """The consensus log: the signer's record stands in for it."""
    OUTBOX = "outbox"
    """Own bundles that are not in the chain: nobody else has them."""


class Finding(msgspec.Struct, frozen=True):
    """One damaged part."""

    part: Part
    """Which."""
    where: str
    """File, folder, row or height."""
    reason: str
    """What is wrong with it."""
    is_damage: bool = True
    """Whether it is damaged; else another release wrote it, and the reason says what to do."""


def diagnose(
    setting: Setting,
    *,
    thorough: bool,
    progress: Callable[[int], None],
    archive: ArchivedBodies | None = None,
    tell: Callable[[str], None] = lambda _sentence: None,
) -> list[Finding]:
    """Look at everything that a start reads.

    Args:
        setting: Of the stopped node.
        thorough: Execute the whole chain once more (`packtrail verify chain`).
        progress: Told every height, when thorough.
        archive: Has what was archived of it; without it, a home that archived executes nothing once more.
        tell: Told in a sentence what could not be looked at.

    Raises:
        WrongArchive: The archive is damaged, or does not have what was archived.
        StorageDamaged: The signer's record is missing or damaged: no repair makes this validator vote again.
        StorageBusy: The node runs.
        StorageFailed: The disk refused.
    """
    last_height(setting)
    take_place(setting.home)
    *found, damage = _opened(setting)
    if has_level(setting.home.database):
        # LevelDB says that something is wrong; byte for byte it is found where.
        damage = _files(setting) or damage
        if damage is None and thorough:
            damage = _chain(setting, progress, archive, tell)
    return [each for each in (*found, damage) if each is not None]


@contextmanager
def glanced_at(setting: Setting) -> Iterator[Setting]:
    """Yield the setting of a copy of what a start mends or cuts off, so that looking changes nothing.

    Of the database, which may be long, the tables are there as links: nobody writes into a table.

    Raises:
        StorageBusy: Another process has the database open.
        StorageFailed, OSError: The disk refused.
    """
    data = setting.home.data
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX) as folder, ExitStack() as stack:
        copy = Home(Path(folder))
        copy.data.mkdir()
        for name in _SMALL:
            source = data / name
            if source.is_dir():
                shutil.copytree(source, copy.data / name)
            elif source.exists():
                shutil.copy2(source, copy.data / name)
        if has_level(setting.home.database):
            stack.enter_context(laid_out(setting.home.database, copy.database))
        yield dataclasses.replace(setting, home=copy)


def refused(setting: Setting) -> list[Finding]:
    """Return what a start would refuse to go on with, in a home where no change of places waits.

    Raises:
        StorageDamaged: The signer's record is missing or damaged.
        StorageBusy: The node runs.
        StorageFailed: The disk refused.
        WrongStore: The database is of another network.
    """
    return [each for each in _opened(setting) if each is not None]


def _opened(setting: Setting) -> list[Finding | None]:
    """Open everything as a start does; return what is damaged, the database's last: None when it is whole."""
    height = last_height(setting)
    found = _append_only(setting)
    if has_level(setting.home.database):
        return [*found, _database(setting, is_log_whole=not found)]
    # A node that never started has no database yet.
    reason = why_missed(setting.home, height)
    return [*found, Finding(Part.DATABASE, str(setting.home.database), reason) if reason else None]


def _append_only(setting: Setting) -> list[Finding]:
    files, length = DiskFiles(setting.home.data), setting.config.storage.log_segment_bytes
    opened: list[tuple[Part, ConsensusLog | Outbox]] = [
        (Part.OUTBOX, Outbox(files, OUTBOX_FOLDER, length, os.urandom))
    ]
    if setting.node.role == VALIDATOR:
        # Opening begins a log where there is none, and others have none.
        opened.insert(0, (Part.LOG, ConsensusLog(files, LOG_FOLDER, length, os.urandom)))
    found = []
    for part, log in opened:
        try:
            log.recover()
        except StorageDamaged as damage:
            found.append(Finding(part, damage.where, damage.reason))
        finally:
            log.close()
    return found


def _database(setting: Setting, *, is_log_whole: bool) -> Finding | None:
    """Open the database as a start does, and compare it with the marker, and with log and outbox if whole."""
    try:
        store = open_own_store(setting, create=False)
    except StorageDamaged as damage:
        return Finding(Part.DATABASE, damage.where, damage.reason)
    try:
        disks = make_disks(setting, store)
        try:
            if is_log_whole:
                read_disks(disks, [key.public_key for key in setting.secrets.lane_keys])
            else:
                open_ledger(disks)
        finally:
            disks.outbox.close()
            if disks.journal is not None:
                disks.journal.close()
    except StorageDamaged as damage:
        return Finding(Part.DATABASE, damage.where, damage.reason)
    except OtherFormat as other:
        # The way out is the same: the chain is with the peers.
        return Finding(Part.DATABASE, other.where, other.reason, is_damage=False)
    finally:
        store.close()
    return None


def _files(setting: Setting) -> Finding | None:
    try:
        check_level_files(setting.home.database)
    except StorageDamaged as damage:
        return Finding(Part.DATABASE, damage.where, damage.reason)
    return None


def _chain(
    setting: Setting,
    progress: Callable[[int], None],
    archive: ArchivedBodies | None,
    tell: Callable[[str], None],
) -> Finding | None:
    try:
        found = verify_home(setting.home, setting.genesis, progress, archive)
    except ChainFault as fault:
        return Finding(Part.DATABASE, fault.where, fault.reason)
    if isinstance(found, VerifiedHeaders):
        tell(
            f"contents up to height {found.archived} are in an archive: without --archive FOLDER nothing is"
            " executed, and state and indices are not compared"
        )
    return None
