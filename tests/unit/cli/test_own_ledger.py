"""The doctor says of a stopped home what its start would: of ledger, log, outbox, and what was signed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cli.failures import Exit
from contracts.chain.genesis import genesis_hash
from contracts.primitives.encoding import encode
from network.testnet.process import identify
from node.assembly import make_disks, open_own_store
from node.home import HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, Home
from node.host.opening import open_disks
from node.identity.standing import Standing
from node.places import NEXT_FOLDER
from node.setting import read_setting
from node.storage.errors import StorageError
from node.storage.files import DiskFiles
from node.storage.head import FORMAT, OLDEST_BLOCKS, Identity
from node.storage.leveldb import LevelOptions, open_level
from node.storage.store import META, put
from tests.support.elsewhere import opened_elsewhere

Packtrail = Callable[..., tuple[int, str, str]]


Ask = Callable[[], dict[str, tuple[bool, str]]]


@pytest.fixture
def ask(home: Home, packtrail: Packtrail) -> Ask:
    """Runs the doctor; returns what it says of signer and ledger."""

    def run() -> dict[str, tuple[bool, str]]:
        code, out, _err = packtrail("doctor", "--home", home.root, "-o", "json")
        rows = {row["check"]: (row["ok"], row["detail"]) for row in msgspec.json.decode(out)}
        assert (code == Exit.OK) == all(ok for ok, _detail in rows.values())
        return {name: row for name, row in rows.items() if name in ("signer", "ledger")}

    return run


def starts(home: Home) -> bool:
    """Tell whether a start would open everything."""
    setting = read_setting(home)
    try:
        store = open_own_store(setting, create=True)
    except StorageError:
        return False
    try:
        disks = make_disks(setting, store)
        open_disks(disks, [key.public_key for key in setting.secrets.lane_keys])
    except StorageError:
        return False
    finally:
        store.close()
    return True


def files_of(home: Home) -> dict[str, bytes]:
    """Return everything in the home."""
    return {str(path): path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


def test_of_a_good_home_it_says_what_was_durable_and_signed(home: Home, ask: Ask) -> None:
    before = files_of(home)
    found = ask()
    assert found["ledger"][0]
    assert found["ledger"][1].startswith("opens; height ")
    # It was copied by this test.
    assert found["signer"][0]
    assert "listens before it votes" in found["signer"][1]
    assert files_of(home) == before
    Standing(DiskFiles(home.data)).allow(0)
    assert "it votes as soon as it has caught up" in ask()["signer"][1]


def lose_database(home: Home) -> None:
    shutil.rmtree(home.database)


def lose_current(home: Home) -> None:
    (home.database / "CURRENT").unlink()


def lose_table(home: Home) -> None:
    min(home.database.glob("*.ldb")).unlink()


def damage_manifest(home: Home) -> None:
    (manifest,) = home.database.glob("MANIFEST-*")
    flip(manifest)


def lose_end(home: Home) -> None:
    (log,) = home.database.glob("*.log")
    log.write_bytes(log.read_bytes()[:40])


def lose_rows(home: Home) -> None:
    """Nothing but the signer's record tells that there was more."""
    shutil.rmtree(home.database)
    open_level(home.database, LevelOptions(), create=True).close()
    (home.data / HEAD_FILE).unlink()


def damage_log(home: Home) -> None:
    flip(min((home.data / LOG_FOLDER).iterdir()))


def damage_outbox(home: Home) -> None:
    flip(min((home.data / OUTBOX_FOLDER).iterdir()))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose_database, "was durable in it; packtrail node repair fetches it"),
        (lose_current, "CURRENT is missing; packtrail node repair fetches it"),
        (lose_rows, "its head is missing, and height"),
        (lose_table, "packtrail node repair fetches it"),
        (damage_manifest, "packtrail node repair fetches it"),
        (lose_end, "packtrail node repair fetches it"),
        (damage_log, "packtrail node repair puts it aside"),
        (damage_outbox, "packtrail node repair puts it aside"),
    ],
)
def test_what_a_start_refuses_is_named_and_nothing_is_changed(
    home: Home, ask: Ask, damage: Callable[[Home], None], said: str
) -> None:
    damage(home)
    before = files_of(home)
    ok, detail = ask()["ledger"]
    assert not ok
    assert said in detail
    assert "/packtrail-" not in detail
    assert files_of(home) == before
    assert not starts(home)


def test_a_database_that_another_process_has_open_is_not_looked_at(home: Home, ask: Ask) -> None:
    said = (True, "not looked at: another process has the ledger open")
    with opened_elsewhere(home.database):
        assert ask() == {"signer": said, "ledger": said}


def test_while_the_node_runs_neither_is_looked_at(home: Home, ask: Ask) -> None:
    home.process_id.write_bytes(msgspec.json.encode(identify(os.getpid())))
    (home.data / SIGNER_FILE).write_bytes(b"")
    said = (True, "not looked at: the node runs")
    assert ask() == {"signer": said, "ledger": said}
    (home.data / SIGNER_FILE).unlink()
    assert ask() == {"ledger": said}


def test_a_record_of_which_one_copy_is_damaged_is_not_mended_by_looking(home: Home, ask: Ask) -> None:
    path = home.data / SIGNER_FILE
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)
    assert ask()["signer"][0]
    assert path.read_bytes() == data
    assert starts(home)
    assert path.read_bytes() != data


@pytest.mark.parametrize("data", [None, b""])
def test_without_its_record_a_validator_does_not_start(home: Home, ask: Ask, data: bytes | None) -> None:
    path = home.data / SIGNER_FILE
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
    found = ask()
    assert not found["signer"][0]
    assert "not knowing what it signed last" in found["signer"][1]
    assert "--give-up-signer" in found["signer"][1]
    assert not starts(home)


def test_a_database_on_its_way_to_its_place_is_no_damage(home: Home, ask: Ask) -> None:
    (home.data / NEXT_FOLDER).mkdir()
    home.database.rename(home.data / NEXT_FOLDER / home.database.name)
    assert ask()["ledger"] == (True, "a new database waits, and takes its place at the next start")
    assert starts(home)


@pytest.mark.parametrize(
    ("number", "said"),
    [(FORMAT + 1, "node reindex builds it anew"), (OLDEST_BLOCKS - 1, "start the release that wrote it")],
)
def test_a_database_of_another_release_is_no_damage_and_refused(
    home: Home, ask: Ask, number: int, said: str
) -> None:
    setting = read_setting(home)
    store = open_own_store(setting, create=False)
    store.write([put(META, b"identity", encode(Identity(number, genesis_hash(setting.genesis))))], sync=True)
    store.close()
    ok, detail = ask()["ledger"]
    assert not ok
    assert said in detail
    assert "fetches it from peers" not in detail
    assert not starts(home)


def test_keys_without_which_nothing_starts_are_named(home: Home, ask: Ask) -> None:
    (key,) = home.keys.glob("validator*")
    key.unlink()
    ok, detail = ask()["ledger"]
    assert not ok
    assert detail.startswith("not looked at, for the node would not start: ")
