"""A new database takes the old one's place whole: interrupted anywhere, whatever is started in between."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from node import assembly, places
from node.assembly import open_store, run_node
from node.home import HEAD_FILE, LOG_FOLDER, Home
from node.host.verify_chain import verify_home
from node.joining import join_first
from node.last_height import last_known
from node.places import aside_folder, change_places, take_place
from node.repair import rebuilding
from node.repair.diagnosis import Finding, Part, diagnose
from node.repair.rebuilding import repair
from node.repair.reindexing import reindex
from node.repair.salvage import Salvaged, salvage
from node.repair.signing import renew_signer
from node.setting import Setting, read_setting
from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.head import load_head
from node.storage.head_marker import HeadMarker
from node.storage.leveldb import has_level
from node.storage.store import LOCAL, MAX_SCAN_ROWS

Tool = Callable[[Home], object]
WISHED = Finding(Part.DATABASE, "database", "it is fetched anew")


class Interrupted(Exception):
    """What stops a run, as a crash would."""


@contextmanager
def power_for(operations: int) -> Iterator[None]:
    """Let so many renames and removals of folders be done; the next one is not, nor anything after it."""
    done = itertools.count()

    def bounded(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            if next(done) >= operations:
                raise Interrupted
            return operation(*arguments, **options)

        return run

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((os, "rename"), (os, "replace"), (shutil, "rmtree")):
            patch.setattr(module, name, bounded(getattr(module, name)))
        yield


def copied(setting: Setting, work: Path, *_others: object) -> tuple[Salvaged, HeadMarker]:
    """Make the new database of a repair: peers would give just these blocks."""
    target = open_store(setting, work / setting.home.database.name)
    try:
        found = salvage(setting, work, target)
        source = open_store(setting, setting.home.database)
        rows = source.scan(b"", limit=MAX_SCAN_ROWS).rows
        source.close()
        target.write([row for row in rows if not row[0].startswith(LOCAL)], sync=True)
        head = load_head(target)
    finally:
        target.close()
    assert head is not None
    return found, HeadMarker(head.height, head.app_hash)


def repaired(home: Home) -> None:
    """Do as `packtrail node repair`, where damage is found or something was interrupted."""
    setting = read_setting(home)
    found = diagnose(setting, thorough=False, progress=lambda _height: None)
    if found:
        repair(setting, found, 1, lambda _sentence: None)


def rebuilt(home: Home) -> None:
    """Do as `packtrail node repair --rebuild`."""
    repair(read_setting(home), [WISHED], 1, lambda _sentence: None)


def reindexed(home: Home) -> None:
    """Do as `packtrail node reindex`."""
    reindex(read_setting(home), lambda _height: None)


def started(home: Home) -> None:
    """Do as `packtrail node start`, up to the event loop."""
    join_first(home)
    run_node(home.root)


def nothing(_home: Home) -> None:
    """Start nothing."""


class NoLoop:
    """In the place of a node that runs: it ends at once."""

    def __init__(self, *_parts: object) -> None:
        """Take the parts."""

    async def run(self) -> int:
        """End."""
        return 0


@pytest.fixture(autouse=True)
def _without_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "_Node", NoLoop)
    monkeypatch.setattr(rebuilding, "_build", copied)


def own_rows(home: Home) -> dict[bytes, bytes]:
    store = open_store(read_setting(home), home.database)
    try:
        return dict(store.scan(LOCAL, limit=MAX_SCAN_ROWS).rows)
    finally:
        store.close()


@pytest.mark.parametrize("between", [nothing, started, repaired, reindexed], ids=lambda tool: tool.__name__)
@pytest.mark.parametrize("tool", [rebuilt, reindexed], ids=lambda tool: tool.__name__)
@pytest.mark.parametrize("is_marked", [True, False], ids=["with-marker", "without-marker"])
def test_nothing_is_lost_wherever_it_is_interrupted_and_whatever_is_started_in_between(
    home: Home, tool: Tool, between: Tool, *, is_marked: bool
) -> None:
    marker = last_known(read_setting(home))
    assert marker is not None
    if not is_marked:
        (home.data / HEAD_FILE).unlink()
    whole = own_rows(home)
    kept = home.root.with_name("kept")
    shutil.copytree(home.root, kept)
    for operations in itertools.count():
        shutil.rmtree(home.root)
        shutil.copytree(kept, home.root)
        try:
            with power_for(operations):
                tool(home)
        except Interrupted:
            between(home)
            started(home)
            assert own_rows(home) == whole, operations
            tool(home)
            assert own_rows(home) == whole, operations
        else:
            break
    assert operations > 3
    setting = read_setting(home)
    verified = verify_home(home, setting.genesis, lambda _height: None)
    assert HeadMarker(verified.height, verified.app_hash) == marker
    left = {path.name for path in home.data.iterdir()} - {path.name for path in (kept / "data").iterdir()}
    assert {name for name in left if not name.startswith("damaged-")} <= {HEAD_FILE, "config"}


def test_all_else_goes_before_the_old_database_and_its_marker_after_it(home: Home) -> None:
    kept, work = home.root.with_name("kept"), home.data / rebuilding.WORK_FOLDER
    shutil.copytree(home.database, work / home.database.name)
    shutil.copytree(home.root, kept)
    seen = set()
    for operations in itertools.count():
        shutil.rmtree(home.root)
        shutil.copytree(kept, home.root)
        try:
            with power_for(operations):
                change_places(home, work, HeadMarker(1, bytes(32)), [LOG_FOLDER])
        except Interrupted:
            there = [(home.data / name).exists() for name in (LOG_FOLDER, "database", HEAD_FILE)]
            seen.add(tuple(there))
            take_place(home)
            assert home.database.exists()
        else:
            break
    # Last come the new marker and the new database.
    assert seen == {(True, True, True), (False, True, True), (False, False, True), (False, False, False)}


@pytest.mark.parametrize("tool", [started, reindexed], ids=lambda tool: tool.__name__)
@pytest.mark.parametrize("is_folder", [True, False], ids=["empty folder", "no folder"])
def test_no_database_is_begun_where_the_marker_says_that_there_was_one(
    home: Home, tool: Tool, *, is_folder: bool
) -> None:
    shutil.rmtree(home.database)
    if is_folder:
        # As where another disk belongs and is not mounted.
        home.database.mkdir()
    with pytest.raises(StorageDamaged, match=r"database: it is missing, and height \d+ was durable"):
        tool(home)
    assert not home.database.exists() or not any(home.database.iterdir())
    (found,) = diagnose(read_setting(home), thorough=False, progress=lambda _height: None)
    assert found.part is Part.DATABASE
    assert not home.database.exists() or not any(home.database.iterdir())


@pytest.mark.parametrize("tool", [started, reindexed], ids=lambda tool: tool.__name__)
def test_no_database_is_begun_where_the_signer_has_signed_on_top_of_one(home: Home, tool: Tool) -> None:
    shutil.rmtree(home.database)
    (home.data / HEAD_FILE).unlink()
    with pytest.raises(StorageDamaged, match=r"database: it is missing, and height \d+ was durable"):
        tool(home)
    assert not home.database.exists()
    (found,) = diagnose(read_setting(home), thorough=False, progress=lambda _height: None)
    assert found.part is Part.DATABASE


def test_a_validator_that_lost_its_data_folder_begins_anew_with_an_empty_record(home: Home) -> None:
    shutil.rmtree(home.data)
    with pytest.raises(StorageDamaged, match="not knowing what it signed last"):
        started(home)
    assert not home.database.exists()
    renew_signer(read_setting(home))
    started(home)
    assert has_level(home.database)


def test_a_new_database_that_another_process_took_away_is_missed(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile(data: Path) -> Path:
        take_place(home)
        return aside_folder(data)

    monkeypatch.setattr(places, "aside_folder", meanwhile)
    for tool in (rebuilt, reindexed):
        kept = home.data.with_name("kept")
        shutil.copytree(home.data, kept)
        with pytest.raises(StorageFailed, match=r"next: the new database is not there.*damaged-1"):
            tool(home)
        shutil.rmtree(home.data)
        kept.rename(home.data)


def test_a_marker_that_cannot_be_read_is_a_sign_as_well(home: Home) -> None:
    shutil.rmtree(home.database)
    # Nor does the signer know of any.
    renew_signer(read_setting(home))
    (home.data / HEAD_FILE).write_bytes(b"nothing")
    with pytest.raises(StorageDamaged, match="there was one"):
        started(home)
    assert not home.database.exists()
