"""A repair goes by who may connect now, as far as the damaged database still says it."""

import shutil
from pathlib import Path

import msgspec

from contracts.state.governance_rows import NodeRow
from contracts.state.layout import NODES, text_key
from node.home import HEAD_FILE, Home
from node.last_height import last_height
from node.repair.salvage import COPY_FOLDER, Salvaged, salvage
from node.setting import read_setting
from node.storage.files import DiskFiles
from node.storage.head import head_entry, load_head
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.leveldb import LevelOptions, open_level
from tests.support.governed import overwrite
from tests.unit.node.repair.test_diagnosis import flip


def run(home: Home, work: Path) -> Salvaged:
    work.mkdir()
    target = open_level(work / "database", LevelOptions(), create=True)
    try:
        return salvage(read_setting(home), work, target)
    finally:
        target.close()
        assert not (work / COPY_FOLDER).exists()


def test_peers_are_those_of_the_damaged_ledger(home: Home, tmp_path: Path) -> None:
    overwrite(home, NODES, text_key("fifth"), NodeRow("member", b"fifth's", b"", b"", 0))
    overwrite(home, NODES, text_key("node-1"), NodeRow("member", b"anew", b"", b"", 0))
    overwrite(home, NODES, text_key("node-2"), None)  # removed, or lost with the rest of a damaged file
    setting = read_setting(home)
    found = run(home, tmp_path / "work")
    first = {node.name: node.certificate for node in setting.genesis.nodes}
    assert {node.name: node.certificate for node in found.nodes} == {
        **first,
        "node-1": b"anew",
        "fifth": b"fifth's",
    }
    assert found.since == last_height(setting)
    assert found.kept_rows > 0
    assert found.is_whole


def test_a_list_that_does_not_read_is_of_no_use(home: Home, tmp_path: Path) -> None:
    overwrite(home, NODES, text_key("fifth"), NodeRow("member", b"", b"no GLN", b"", 0))
    found = run(home, tmp_path / "work")
    assert (found.nodes, found.since) == (read_setting(home).genesis.nodes, 0)
    assert found.kept_rows > 0


def test_without_a_database_peers_are_those_of_genesis(home: Home, tmp_path: Path) -> None:
    shutil.rmtree(home.database)
    found = Salvaged(0, read_setting(home).genesis.nodes, 0, is_whole=False)
    assert run(home, tmp_path / "work") == found


def test_rows_of_a_database_that_only_opens_when_it_is_mended_may_not_be_all(
    home: Home, tmp_path: Path
) -> None:
    whole = run(home, tmp_path / "first")
    (manifest,) = home.database.glob("MANIFEST-*")
    flip(manifest, manifest.stat().st_size // 2)
    found = run(home, tmp_path / "second")
    assert (found.kept_rows, whole.is_whole, found.is_whole) == (whole.kept_rows, True, False)


def test_rows_behind_damage_are_missed_and_it_is_said(home: Home, tmp_path: Path) -> None:
    whole = run(home, tmp_path / "first")
    (log,) = home.database.glob("*.log")
    log.write_bytes(log.read_bytes()[:40])
    found = run(home, tmp_path / "second")
    assert found.kept_rows < whole.kept_rows
    assert not found.is_whole


def test_what_the_signers_record_knows_of_counts_as_well_as_the_marker(home: Home, tmp_path: Path) -> None:
    """The marker is written once a second: it does not know of rows that came with the last blocks."""
    height = last_height(read_setting(home)) - 1
    store = open_level(home.database, LevelOptions(), create=False)
    head = load_head(store)
    assert head is not None
    store.write([head_entry(msgspec.structs.replace(head, height=height))], sync=True)
    store.close()
    save_head_marker(DiskFiles(home.data), HEAD_FILE, HeadMarker(height, head.app_hash))
    found = run(home, tmp_path / "work")
    assert found.since == height
    assert found.kept_rows > 0
    assert not found.is_whole
