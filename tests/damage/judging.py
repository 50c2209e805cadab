"""One damage, and what became of it."""

import shutil
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import msgspec

from node.home import Home
from node.host.opening import Opened
from node.identity.standing import Standing
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.level_files import check_level_files
from tests.damage.archived import WholeArchive, archived_again, fate_of_archive
from tests.damage.cases import Case
from tests.damage.facts import Facts, Noticed, learn


class Outcome(StrEnum):
    """What became of a damage."""

    AT_START = "at start"
    """The node does not start, and says why."""
    AT_READ = "at read"
    """It starts, and the read of what is damaged fails."""
    TOLD = "told"
    """It starts, says what is otherwise, and is right to go on."""
    BY_VERIFY = "by verify"
    """`packtrail archive verify` names the file of the archive; nothing is taken from it, or removed."""
    BY_CHECK = "by check"
    """It starts with all its values; `packtrail node repair` and `verify chain` name the file."""
    SAME = "no change"
    """Every decoded value is what it was."""
    TORN_TAIL = "torn tail"
    """The newest records of a log are gone, as after a power cut (docs/persistence.md)."""
    ARCHIVED_LESS = "archived less"
    """The newest writes of a pruned database are gone: contents are in it again, and in the archive."""
    RELEASED = "released"
    """The oldest file of the consensus log is gone, as when its heights are committed: and they are."""
    UNNOTICED = "UNNOTICED"
    """A value changed, and nobody said so."""
    UNNAMED = "UNNAMED"
    """It was noticed, and what was said leads nowhere."""


class Judged(NamedTuple):
    """A damage and its outcome."""

    case: Case
    """The damage."""
    outcome: Outcome
    """What became of it."""
    said: str
    """What the node said."""


_NAMES = {
    "configuration": ("node.toml", "configuration", "genesis", " was "),
    "genesis": ("genesis",),
    "tokens": ("tokens.json",),
    "public record": ("config/record.json",),
    "passphrase": ("passphrase",),
    "key": ("keys/",),
    "head marker": ("head", "database"),
    "remembered configuration": ("config",),
    "signer's record": ("signer",),
    "right to vote": ("not_voting_yet",),
    "consensus log, full": ("log/",),
    "consensus log, last": ("log/", "log"),
    "outbox, full": ("outbox/",),
    "outbox, last": ("outbox/", "outbox"),
    "manifest of a snapshot": ("snapshot_removed", "snapshot_incomplete"),
    "chunk of a snapshot": ("chunk",),
    "manifests vouched for": ("voucher_record_unusable",),
}
"""What must stand in what is said; for LevelDB's files the file's own name, from the check of its files."""


def judge(home: Home, whole: Facts, case: Case, target: Path, archive: WholeArchive | None = None) -> Judged:
    """Damage a copy of the home at `target`, which must not exist, and see what a node makes of it.

    Args:
        home: The home.
        whole: What a copy of it says.
        case: The damage.
        target: Where the copy is made, and removed.
        archive: What was removed from the home's database, if anything was.
    """
    copy = copy_home(home, target)
    try:
        _damage(target, case)
        return _judged(copy, whole, case, archive)
    finally:
        shutil.rmtree(target)


def judge_archive(whole: WholeArchive, case: Case, target: Path) -> Judged:
    """Damage a copy of an archive at `target`, which must not exist, and see what becomes of it."""
    shutil.copytree(whole.folder, target)
    try:
        _damage(target, case)
        said, wrong = fate_of_archive(whole, case, target)
    finally:
        shutil.rmtree(target)
    if wrong:
        outcome = Outcome.UNNAMED if said else Outcome.UNNOTICED
        return Judged(case, outcome, f"{wrong}: {said}")
    return Judged(case, Outcome.BY_VERIFY if said else Outcome.SAME, said)


def copy_home(home: Home, target: Path) -> Home:
    """Copy a home, as if it had always been there: its validator may vote."""
    shutil.copytree(home.root, target)
    Standing(DiskFiles(Home(target).data)).allow(0)
    return Home(target)


def _damage(target: Path, case: Case) -> None:
    path = target / case.file
    content = case.damaged(path.read_bytes())
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


def _judged(home: Home, whole: Facts, case: Case, archive: WholeArchive | None) -> Judged:
    in_database = case.kind.startswith("LevelDB")
    by_check = _check(home) if in_database else ""
    try:
        found = learn(home)
    except Noticed as noticed:
        return _named(case, noticed, by_check, in_database=in_database)
    if found.told:
        text = "; ".join(found.told)
        is_named = any(name in text for name in _NAMES[case.kind])
        return Judged(case, Outcome.TOLD if is_named else Outcome.UNNAMED, text)
    if found == whole:
        return Judged(case, Outcome.BY_CHECK if by_check else Outcome.SAME, by_check)
    if case.kind in ("consensus log, last", "outbox, last") and _is_older(found, whole):
        return Judged(case, Outcome.TORN_TAIL, "")
    if case.kind == "consensus log, full" and case.what == "delete" and _is_older(found, whole):
        return Judged(case, Outcome.RELEASED, "")
    if archive is not None and case.kind == "LevelDB log" and _is_archived_less(found, whole, archive):
        return Judged(case, Outcome.ARCHIVED_LESS, "")
    return Judged(case, Outcome.UNNOTICED, _difference(found, whole))


def _named(case: Case, noticed: Noticed, by_check: str, *, in_database: bool) -> Judged:
    outcome = Outcome.AT_START if noticed.when == "start" else Outcome.AT_READ
    if in_database:
        # LevelDB names its folder; the check of its files, which repair makes, names the file.
        is_named = case.file.name in by_check or case.file.name in noticed.reason
        # Its newest writes gone, a database is whole, and older than it was: rows or the marker tell.
        is_older = case.kind in ("LevelDB log", "LevelDB MANIFEST") and noticed.reason.startswith("database")
        is_named = is_named or is_older
        return Judged(case, outcome if is_named else Outcome.UNNAMED, f"{noticed.reason}; {by_check}")
    is_named = any(name in noticed.reason for name in _NAMES.get(case.kind, (case.file.name,)))
    return Judged(case, outcome if is_named else Outcome.UNNAMED, noticed.reason)


def _check(home: Home) -> str:
    try:
        check_level_files(home.database)
    except StorageDamaged as damage:
        return str(damage)
    return ""


def _is_older(found: Facts, whole: Facts) -> bool:
    """Tell whether all that differs is that the newest records of log or outbox are gone."""
    (now,), (before,) = found.opened, whole.opened
    kept = set(before.waiting)
    if found._replace(opened=(), outbox=()) != whole._replace(opened=(), outbox=()):
        return False
    is_log_older = before.replay.inputs[: len(now.replay.inputs)] == now.replay.inputs and all(
        before.replay.blocks.get(key) == value for key, value in now.replay.blocks.items()
    )
    is_outbox_older = kept.issuperset(now.waiting) and set(whole.outbox).issuperset(found.outbox)
    return is_log_older and is_outbox_older and now.replay.signed == before.replay.signed


def _is_archived_less(found: Facts, whole: Facts, archive: WholeArchive) -> bool:
    """Tell whether only contents are there that the archive has too, and that the next run removes."""
    (now,), (before,) = found.opened, whole.opened
    assert isinstance(now, Opened)
    assert isinstance(before, Opened)
    known = found._replace(rows=whole.rows, opened=whole.opened)
    if known != whole or msgspec.structs.replace(now, archived=before.archived) != before:
        return False
    return now.archived < before.archived and archived_again(archive, found.rows) == whole.rows


def _difference(found: Facts, whole: Facts) -> str:
    return ", ".join(name for name in Facts._fields if getattr(found, name) != getattr(whole, name))
