"""`node archive`, `archive verify`, `archive restore`, and what other commands say of an archived home."""

import os

import msgspec
import pytest

from cli.failures import Exit
from contracts.chain.genesis import encode_genesis
from network.testnet.process import ProcessId, identify
from node.home import Home
from node.storage.archived import archived_height
from node.storage.leveldb import LevelOptions, open_level
from tests.support.archives import old_chain, rows_of

HEAD = 17
KEPT = 16
"""The least that may be kept: so height 1 is archived, and more when the chain is longer."""


@pytest.fixture(scope="module")
def ledger():
    node = old_chain()
    while node.ledger.tip.height < HEAD + 4:
        node.produce()
    return node


@pytest.fixture
def home(ledger, tmp_path, packtrail):
    root = tmp_path / "home"
    packtrail(
        *("init", "--home", root, "--name", "watch", "--role", "observer", "--chain-id", "test"),
        *("--passphrase-file", "keys/passphrase", "--key-cost", "minimum", "--no-input", "-o", "json"),
    )
    found = Home(root)
    found.genesis.write_bytes(encode_genesis(ledger.genesis))
    store = open_level(found.database, LevelOptions(), create=True)
    store.write(rows_of(ledger.store).items(), sync=True)
    store.close()
    return found


def in_store(home, question):
    store = open_level(home.database, LevelOptions(), create=False)
    try:
        return question(store)
    finally:
        store.close()


def archive(packtrail, home, folder, *more):
    code, out, err = packtrail(
        *("node", "archive", "--home", home.root, "--to", folder, "-o", "json"),
        *("--keep-days", "0", "--keep-heights", KEPT, *more),
    )
    return code, msgspec.json.decode(out) if out else None, err


def test_a_year_goes_into_an_archive_and_comes_back(home, ledger, packtrail, tmp_path):
    folder = tmp_path / "archive"
    last = ledger.ledger.tip.height - KEPT
    code, done, err = archive(packtrail, home, folder)
    assert code == Exit.OK, err
    assert (done["archived_to"], done["kept_from"], done["files_written"]) == (last, last + 1, 1)
    assert "the newest 16 blocks are kept" in done["because"]
    assert in_store(home, archived_height) == last

    code, out, _err = packtrail("archive", "verify", folder, "--genesis", home.genesis, "-o", "json")
    found = msgspec.json.decode(out)
    assert code == Exit.OK
    assert (found["valid"], found["first"], found["last"], found["damaged"]) == (True, 1, last, [])
    assert found["signatures"] > found["bundles"] > 0

    code, out, err = packtrail("verify", "chain", "--home", home.root, "-o", "json")
    found = msgspec.json.decode(out)
    assert (code, found["valid"], found["archived"]) == (Exit.OK, True, last)
    assert "nothing was executed" in err
    assert "rows" not in found
    code, out, err = packtrail("verify", "chain", "--home", home.root, "--archive", folder, "-o", "json")
    found = msgspec.json.decode(out)
    assert (code, found["archived"]) == (Exit.OK, last), err
    assert found["app_hash"] == ledger.ledger.tip.app_hash.hex()
    assert found["rows"] > 0

    code, out, err = packtrail(
        *("archive", "restore", "--home", home.root, "--from", folder, "--from-height", 3, "-o", "json"),
    )
    assert (code, msgspec.json.decode(out)["archived_to"]) == (Exit.OK, 2), err
    code, out, err = packtrail("archive", "restore", "--home", home.root, "--from", folder, "-o", "json")
    assert (code, msgspec.json.decode(out)["contents_from"]) == (Exit.OK, 1), err
    assert in_store(home, rows_of) == rows_of(ledger.store)


def test_nothing_is_old_enough_by_itself(home, ledger, packtrail, tmp_path):
    code, out, err = packtrail("node", "archive", "--home", home.root, "--to", tmp_path / "a", "-o", "json")
    assert (code, msgspec.json.decode(out)["files_written"]) == (Exit.OK, 0), err
    assert in_store(home, rows_of) == rows_of(ledger.store)


def test_contents_that_were_archived_further_before_are_not_said_to_be_here(
    home, ledger, packtrail, tmp_path
):
    folder = tmp_path / "archive"
    last = ledger.ledger.tip.height - KEPT
    archive(packtrail, home, folder)
    code, done, err = archive(packtrail, home, folder, "--keep-heights", KEPT + 2)
    assert (code, done["archived_to"], done["kept_from"]) == (Exit.OK, last, last + 1), err


def test_a_copy_for_an_inspector_removes_nothing(home, ledger, packtrail, tmp_path):
    code, done, err = archive(packtrail, home, tmp_path / "copy", "--keep-contents")
    assert (code, done["bundles_removed"], done["files_written"]) == (Exit.OK, 0, 1), err
    assert done["kept_from"] == 1
    assert in_store(home, rows_of) == rows_of(ledger.store)


def test_damage_is_named_and_nothing_is_taken_from_it(home, packtrail, tmp_path):
    folder = tmp_path / "archive"
    archive(packtrail, home, folder)
    (path,) = folder.glob("*.zst")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    before = in_store(home, rows_of)
    code, out, err = packtrail("archive", "verify", folder, "--genesis", home.genesis, "-o", "json")
    assert code == Exit.FAILED
    assert msgspec.json.decode(out)["damaged"] == [path.name]
    assert path.name in err
    code, _out, err = packtrail("archive", "restore", "--home", home.root, "--from", folder)
    assert (code, path.name in err) == (Exit.FAILED, True)
    code, _out, err = packtrail("verify", "chain", "--home", home.root, "--archive", folder)
    assert (code, path.name in err) == (Exit.FAILED, True)
    assert in_store(home, rows_of) == before


def test_a_lost_or_damaged_manifest_is_named(home, packtrail, tmp_path):
    folder = tmp_path / "archive"
    archive(packtrail, home, folder)
    (manifest,), (blocks,) = folder.glob("*.json"), folder.glob("*.zst")
    kept = manifest.read_bytes()
    for content, named in ((kept[:-3], manifest.name), (None, blocks.name)):
        manifest.unlink() if content is None else manifest.write_bytes(content)
        code, out, err = packtrail("archive", "verify", folder, "--genesis", home.genesis, "-o", "json")
        assert (code, msgspec.json.decode(out)["damaged"]) == (Exit.FAILED, [named])
        assert f"damaged: {named}" in err
        code, _done, err = archive(packtrail, home, folder)
        assert (code, named in err) == (Exit.FAILED, True)
        assert blocks.exists()
    manifest.write_bytes(kept)
    code, _done, err = archive(packtrail, home, folder)
    assert code == Exit.OK, err


def test_places_where_no_archive_is_or_may_be(home, packtrail, tmp_path):
    code, _out, err = archive(packtrail, home, home.data / "archive")
    assert (code, "among the node's own files" in err) == (Exit.USAGE, True)
    code, _out, err = packtrail("archive", "verify", tmp_path / "nothing", "--genesis", home.genesis)
    assert (code, "there is no archive" in err) == (Exit.NOT_FOUND, True)
    code, _out, err = packtrail("verify", "chain", "--home", home.root, "--archive", tmp_path / "nothing")
    assert (code, "there is no archive" in err) == (Exit.NOT_FOUND, True)
    code, _out, err = packtrail("archive", "restore", "--home", home.root, "--from", tmp_path / "nothing")
    assert code == Exit.OK, err
    store = open_level(home.database, LevelOptions(), create=False)
    code, _out, err = archive(packtrail, home, tmp_path / "archive")
    store.close()
    assert (code, "another process" in err, "packtrail node stop" in err) == (Exit.FAILED, True, True)


def test_while_the_node_runs_it_says_what_to_do(home, ledger, packtrail, tmp_path):
    home.process_id.write_bytes(msgspec.json.encode(identify(os.getpid())))
    code, _out, err = archive(packtrail, home, tmp_path / "archive")
    assert code == Exit.FAILED
    assert f"runs, as process {os.getpid()}" in err
    assert f"packtrail node stop --home {home.root}" in err
    assert "one at a time, and start it again" in err
    code, _out, err = packtrail("archive", "restore", "--home", home.root, "--from", tmp_path / "archive")
    assert (code, f"packtrail node stop --home {home.root}" in err) == (Exit.FAILED, True)
    assert not (tmp_path / "archive").exists()
    # A file that a process left which is no more is no reason to refuse.
    home.process_id.write_bytes(msgspec.json.encode(ProcessId(os.getpid(), 1)))
    assert archive(packtrail, home, tmp_path / "archive")[0] == Exit.OK


def test_the_doctor_says_what_is_archived(home, packtrail, tmp_path):
    def contents():
        _code, out, _err = packtrail("doctor", "--home", home.root, "-o", "json")
        (found,) = (row for row in msgspec.json.decode(out) if row["check"] == "contents")
        return found

    assert "contents of all blocks" in contents()["detail"]
    archive(packtrail, home, tmp_path / "archive")
    assert "up to height 5 are in an archive" in contents()["detail"]
    assert contents()["ok"]
