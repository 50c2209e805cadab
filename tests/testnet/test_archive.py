"""Real processes: a validator archives old blocks while others go on; a new database begins with them."""

import http.client

import pytest

from node.home import Home
from tests.testnet.client import until
from tests.testnet.history import History
from tests.testnet.load import Load
from tests.testnet.running import Running, packtrail
from tests.testnet.test_faults import PREFIXES, same_ledger
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
    same_ledger(four)


def _oldest_snapshot(four: Running) -> int:
    held = four.client(NAME).get("/v1/status")["snapshots"]
    return min((each["height"] for each in held), default=0)
