"""What is damaged is found part by part; what needs no peers is repaired without."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from contracts.primitives.encoding import encode
from node.assembly import open_store
from node.home import HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, VOUCHER_FILE, Home
from node.last_height import last_height
from node.repair.diagnosis import Finding, Part, diagnose
from node.repair.rebuilding import repair
from node.setting import Setting, read_setting
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head import FORMAT, Identity
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.snapshot_files import SNAPSHOT_FOLDER
from node.storage.store import COMMITS, META, Space, put
from tests.damage.cases import kinds_of
from tests.damage.facts import learn


def look(home: Home, *, thorough: bool = False) -> list[Finding]:
    return diagnose(setting_of(home), thorough=thorough, progress=lambda _height: None)


def setting_of(home: Home) -> Setting:
    return read_setting(home)


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_whole_home_has_nothing(home: Home) -> None:
    assert look(home) == []


def test_a_home_that_never_ran_has_nothing(home: Home) -> None:
    for name in ("database", HEAD_FILE):
        path = home.data / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.rmtree(home.data / LOG_FOLDER)
    found = look(home)
    # The signer has signed on top of what is gone.
    assert [(each.part, "is missing" in each.reason) for each in found] == [(Part.DATABASE, True)]
    assert not home.database.exists()


def test_rows_of_another_release_are_built_anew_like_damaged_ones(home: Home) -> None:
    store = open_store(setting_of(home), home.database)
    data = Space(store, META).get(b"identity")
    assert data is not None
    identity = msgspec.msgpack.decode(data, type=Identity)
    another = put(META, b"identity", encode(msgspec.structs.replace(identity, format=FORMAT + 1)))
    store.write([another], sync=True)
    store.close()
    (found,) = look(home)
    assert found.part is Part.DATABASE
    assert f"format {FORMAT + 1}" in found.reason


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("LevelDB table", Part.DATABASE),
        ("LevelDB MANIFEST", Part.DATABASE),
        ("LevelDB CURRENT", Part.DATABASE),
        ("consensus log, full", Part.LOG),
        ("outbox, full", Part.OUTBOX),
    ],
)
def test_each_damaged_part_is_named_with_its_file(home: Home, kind: str, part: Part) -> None:
    file = kinds_of(home)[kind][0]
    flip(home.root / file, 10)
    (found,) = look(home)
    assert found.part is part
    assert file.name in found.where


def test_a_database_behind_what_was_durable(home: Home) -> None:
    setting = setting_of(home)
    assert last_height(setting) > 0
    # As if the last block had never reached the disk; how much of it a log holds depends on many things.
    marker = HeadMarker(last_height(setting) + 1, bytes(32))
    save_head_marker(DiskFiles(home.data), HEAD_FILE, marker)
    (found,) = look(home)
    assert found.part is Part.DATABASE


@pytest.mark.parametrize(("folder", "part"), [(LOG_FOLDER, Part.LOG), (OUTBOX_FOLDER, Part.OUTBOX)])
def test_a_database_behind_what_was_durable_is_found_beside_other_damage(
    home: Home, folder: str, part: Part
) -> None:
    """Without it, a repair would be over, and the next start would refuse."""
    flip(min((home.data / folder).iterdir()), 40)
    marker = HeadMarker(last_height(setting_of(home)) + 1, bytes(32))
    save_head_marker(DiskFiles(home.data), HEAD_FILE, marker)
    found = look(home)
    assert [each.part for each in found] == [part, Part.DATABASE]
    assert f"height {marker.height} was durable once" in found[1].reason


@pytest.mark.parametrize("is_log_whole", [True, False])
def test_a_database_without_the_commit_of_its_head_is_found(home: Home, is_log_whole: bool) -> None:
    head = last_height(setting_of(home))
    store = open_store(setting_of(home), home.database)
    store.write([(COMMITS + head.to_bytes(8, "big"), None)], sync=True)
    store.close()
    if not is_log_whole:
        flip(min((home.data / LOG_FOLDER).iterdir()), 40)
    assert (look(home)[-1].part, look(home)[-1].where) == (Part.DATABASE, f"block {head}")


def test_a_look_leaves_snapshots_as_they_are(home: Home) -> None:
    folder = home.data / SNAPSHOT_FOLDER
    (manifest,) = folder.glob("*.manifest")
    flip(manifest, 10)
    (home.data / VOUCHER_FILE).write_bytes(b"")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    look(home)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_without_the_signers_record_nothing_is_looked_at(home: Home) -> None:
    (home.data / SIGNER_FILE).write_bytes(b"")
    with pytest.raises(StorageDamaged, match="not knowing what it signed last"):
        look(home)


@pytest.mark.parametrize(("folder", "part"), [(LOG_FOLDER, Part.LOG), (OUTBOX_FOLDER, Part.OUTBOX)])
def test_what_needs_no_peers_is_moved_aside(home: Home, folder: str, part: Part) -> None:
    whole = learn(home)
    first = min((home.data / folder).iterdir())
    flip(first, 40)
    damaged = first.read_bytes()
    findings = look(home)
    assert [each.part for each in findings] == [part]
    tell: Callable[[str], None] = pytest.fail
    done = repair(setting_of(home), findings, 1, tell)
    assert done.database is None
    assert (Path(done.aside) / folder / first.name).read_bytes() == damaged
    assert look(home) == []
    now = learn(home)
    assert now.rows == whole.rows
    assert (home.data / SIGNER_FILE).exists()
