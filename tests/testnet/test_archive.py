"""Real processes: a validator archives old blocks while others go on; a new database begins with them."""

import http.client
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.home import Home
from node.storage.leveldb import LevelOptions, open_level
from node.storage.store import MAX_SCAN_ROWS
from tests.testnet.client import until
from tests.testnet.history import History
from tests.testnet.load import Load
from tests.testnet.running import Ended, Running, packtrail
from tests.testnet.test_faults import PREFIXES
from tests.testnet.test_repair import repair

NAME = "validator-4"
KEPT = 16


def test_a_validator_archives_and_goes_on(four: Running, tmp_path_factory: pytest.TempPathFactory) -> None:
    history, archive = History(), tmp_path_factory.mktemp("archive")
    clients = four.clients(*four.validators)
    first = clients["validator-1"]
    with Load(clients, PREFIXES, history):
        until(lambda: history.committed >= 1, "a document is committed")
        old = first.get("/v1/blocks", limit=1)["blocks"][0]["height"]
        until(lambda: _oldest_snapshot(four) > old, "old snapshots are replaced by newer ones")
        until(lambda: four.client(NAME).height() >= old + KEPT, "there are blocks to keep")
        four.stop(NAME)
    home = Home(four.folder.home(NAME))
    done = packtrail(
        *("node", "archive", "--home", home.root, "--to", archive, "--keep-days", 0),
        *("--keep-heights", KEPT, "--output", "json"),
        state=four.state,
    )
    assert done.code == 0, done.err
    archived = done.json["archived_to"]
    assert archived >= old
    assert done.json["bundles_removed"] > 0
    verified = packtrail(
        "archive", "verify", archive, "--genesis", home.genesis, "--output", "json", state=four.state
    )
    assert (verified.code, verified.json["last"]) == (0, archived), verified.err
    checked = packtrail(
        "verify", "chain", "--home", home.root, "--archive", archive, "--output", "json", state=four.state
    )
    assert (checked.code, checked.json["archived"]) == (0, archived), checked.err

    four.recover(NAME)
    late = four.client(NAME)
    assert late.get("/v1/status")["bodies_from"] == archived + 1
    (document, *_rest) = first.get(f"/v1/blocks/{old}")["documents"]
    assert late.get(f"/v1/blocks/{old}")["documents"][0] == document
    reply = late.ask("GET", f"/v1/documents/{document['document']}")
    assert (reply.status, reply.code, reply.body["height"]) == (http.client.GONE, "archived", old)
    # It votes: without it two of three are no quorum.
    four.kill("validator-3")
    with Load(four.clients("validator-1", "validator-2"), PREFIXES, history):
        committed = history.committed
        until(lambda: history.committed > committed, "documents are committed with its vote")
    four.recover("validator-3")

    four.stop(NAME)
    rebuilt = repair(four, "--rebuild", "--archive", str(archive))
    assert rebuilt.code == 0, rebuilt.err
    assert f"height {archived} executed from the archive" in rebuilt.err
    four.recover(NAME)
    assert late.get("/v1/status")["bodies_from"] == 1
    assert late.get(f"/v1/documents/{document['document']}")["code"] == "accepted"
    history.check(four.clients(*four.validators))
    four.same_ledger()


def archive(network: Running, name: str, folder: Path, kept: int) -> int:
    """Archive a stopped node's old blocks, and return up to which height it did."""
    done = packtrail(
        *("node", "archive", "--home", network.folder.home(name), "--to", folder, "--keep-days", 0),
        *("--keep-heights", kept, "--output", "json"),
        state=network.state,
    )
    assert done.code == 0, done.err
    found: int = done.json["archived_to"]
    return found


@pytest.fixture
def archived_everywhere(
    four: Running, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, Path, int]]:
    """The network, validator-1's archive in two files, and the height up to which all have archived."""
    history, folders = History(), tmp_path_factory.mktemp("everywhere")
    with Load(four.clients(*four.validators), PREFIXES, history):
        until(lambda: history.committed >= 1, "a document is committed")
        old: int = four.client(NAME).get("/v1/blocks", limit=1)["blocks"][0]["height"]
        until(lambda: _oldest_snapshot(four) > old + 2, "old snapshots are replaced by newer ones")
        until(lambda: four.client(NAME).height() >= old + 2 + KEPT, "there are blocks to keep")
    head = max(client.height() for client in four.clients(*four.validators).values())
    until(lambda: all(four.client(name).height() >= head for name in four.validators), "all are there")
    four.stop(*four.validators)
    try:
        begun = archive(four, "validator-1", folders / "validator-1", head - old)
        upto = min(archive(four, name, folders / name, KEPT) for name in four.validators)
        assert old <= begun < upto
        four.recover(*four.validators)
        yield four, folders / "validator-1", upto
    finally:
        four.stop(*four.validators)
        for name in four.validators:
            back = ("archive", "restore", "--home", four.folder.home(name), "--from", folders / name)
            assert packtrail(*back, state=four.state).code == 0


def test_a_node_that_began_with_a_snapshot_gets_all_that_was_before_from_an_archive(
    archived_everywhere: tuple[Running, Path, int], tmp_path: Path
) -> None:
    four, folder, upto = archived_everywhere
    (name,) = four.names("observer")
    home = Home(four.folder.home(name))
    four.stop(name)
    shutil.rmtree(home.data, ignore_errors=True)
    four.start(name)
    late, first = four.client(name), four.client("validator-1")
    assert late.get("/v1/status")["history_from"] > 1
    four.stop(name)

    def rebuild(*options: object) -> Ended:
        return repair(four, "--rebuild", "--patience", "5", *map(str, options), name=name)

    before = _contents(home)
    for refused, said in (
        (rebuild(), f"they give none before height {upto + 1}, and 1 is needed next. --archive FOLDER"),
        (rebuild("--archive", _without_beginning(folder, tmp_path)), "height 1 is needed first"),
        (rebuild("--archive", _with_damage(folder, tmp_path)), "its SHA-256 is"),
    ):
        assert refused.code != 0
        assert "nothing was changed: " in refused.err
        assert said in refused.err
        after = _contents(home)
        assert after.keys() - before.keys() == before.keys() - after.keys() == set()
        assert after == before

    done = rebuild("--archive", folder)
    assert done.code == 0, done.err
    assert "executed from the archive" in done.err
    four.recover(name)
    status = late.get("/v1/status")
    assert (status["history_from"], status["bodies_from"]) == (1, 1)
    for height in range(1, upto + 1):
        own, other = (client.get(f"/v1/blocks/{height}") for client in (late, first))
        assert {**own, "commit": None} == {**other, "commit": None}
        for each in own["documents"]:
            assert late.get(f"/v1/documents/{each['document']}")["height"] == height
            assert first.ask("GET", f"/v1/documents/{each['document']}").code == "archived"
    four.stop(name)
    checked = packtrail("verify", "chain", "--home", home.root, "--output", "json", state=four.state)
    assert (checked.code, checked.json["first"]) == (0, 1), checked.err


def _contents(home: Home) -> dict[str, bytes]:
    """Return a stopped node's files; in place of the database's, which every look at it renames, its rows."""
    kept = (path for path in home.root.rglob("*") if path.is_file() and path.parent != home.database)
    found = {str(path.relative_to(home.root)): path.read_bytes() for path in kept}
    store = open_level(home.database, LevelOptions(), create=False)
    try:
        return found | {key.hex(): value for key, value in store.scan(b"", limit=MAX_SCAN_ROWS).rows}
    finally:
        store.close()


def _without_beginning(folder: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(folder, tmp_path / "without"))
    for path in sorted(copy.iterdir())[:2]:
        path.unlink()
    assert len(list(copy.iterdir())) == 2
    return copy


def _with_damage(folder: Path, tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(folder, tmp_path / "damaged"))
    path = max(copy.glob("*.zst"))
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes((data[40] ^ 1,)) + data[41:])
    return copy


def _oldest_snapshot(four: Running) -> int:
    held = four.client(NAME).get("/v1/status")["snapshots"]
    return min((each["height"] for each in held), default=0)
