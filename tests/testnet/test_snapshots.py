"""An observer that starts late begins with a snapshot: the same ledger, no block executed before it."""

import http.client
import shutil
from typing import Any

import pytest

from cli.main import run
from network.testnet.program import last_lines
from node.home import Home
from tests.testnet.client import Client, until
from tests.testnet.history import History
from tests.testnet.load import Load
from tests.testnet.running import Running, packtrail
from tests.testnet.test_faults import PREFIXES

HEADER = "packtrail-history-from"
ENOUGH = 2
"""Validators of four whose word is more than a third."""


@pytest.fixture
def observer(four: Running) -> str:
    """An observer that has nothing."""
    (name,) = four.names("observer")
    four.stop(name)
    data = Home(four.folder.home(name)).data
    if data.exists():
        shutil.rmtree(data)
    return name


def vouched_for(client: Client) -> dict[str, Any]:
    """Return the newest snapshot that enough validators vouch for, once the block after it is there."""
    head = client.get("/v1/status")
    sure = [each for each in head["snapshots"] if each["vouchers"] >= ENOUGH]
    found = [each for each in sure if each["height"] < head["height"]]
    return found[-1] if found else {}


def test_a_late_observer_joins_by_a_snapshot(
    four: Running, observer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    history = History()
    clients = four.clients(*four.validators)
    first = clients["validator-1"]
    with Load(clients, PREFIXES, history):
        until(lambda: history.committed >= 1, "a document is committed")
        old = first.get("/v1/blocks", limit=1)["blocks"][0]["height"]
        until(lambda: vouched_for(first).get("height", 0) > old, "a snapshot is made and vouched for")
        four.start(observer)
        until(lambda: four.client(observer).height() >= first.height() - 1, "it follows under load")
    late = four.client(observer)
    for name in (*four.validators, observer):
        four.wait_for_height(name, first.height())
    four.same_ledger(observer)
    begun = late.get("/v1/status")["history_from"]
    assert begun > old + 1, "\n".join(last_lines(four.folder.log(observer)))
    _check_history(first, late, old, begun)
    four.stop(observer)
    home = four.folder.home(observer)
    done = packtrail("verify", "chain", "--home", home, "--output", "json", state=four.state)
    assert done.code == 0, done.err
    assert done.json["first"] == begun
    assert f"snapshot of height {begun - 1}" in done.err
    capsys.readouterr()
    assert run(["snapshot", "verify", str(begun - 1), "--home", str(home)]) == 0
    # It starts again where it stood, without asking anybody for a snapshot.
    four.recover(observer)
    assert late.get("/v1/status")["history_from"] == begun
    four.stop(observer)


def test_without_any_snapshot_it_fetches_blocks(pharma: Running) -> None:
    """It may join by a snapshot, and its network makes none yet."""
    (name,) = pharma.names("observer")
    pharma.stop(name)
    shutil.rmtree(Home(pharma.folder.home(name)).data)
    file = Home(pharma.folder.home(name)).config
    before = file.read_text()
    pharma.configure(name, "join = false", "join = true")
    try:
        pharma.recover(name)
    finally:
        file.write_text(before)
    assert pharma.client(name).get("/v1/status")["history_from"] == 1
    assert "no snapshot to join by: no peer has one" in pharma.folder.log(name).read_text()


def _check_history(full: Client, late: Client, old: int, begun: int) -> None:
    """What lies before is said not to be here; what came since is as everywhere."""
    reply = late.ask("GET", f"/v1/blocks/{old}")
    assert (reply.status, reply.code, reply.body["history_from"]) == (
        http.client.NOT_FOUND,
        "history_not_here",
        begun,
    )
    assert reply.headers[HEADER] == str(begun)
    assert HEADER not in full.ask("GET", f"/v1/blocks/{begun}").headers
    one, other = (client.get(f"/v1/blocks/{begun}") for client in (full, late))
    # Nodes may keep other signatures of the same commit.
    assert {**one, "commit": None} == {**other, "commit": None}
    (document, *_rest) = full.get(f"/v1/blocks/{old}")["documents"]
    assert late.ask("GET", f"/v1/documents/{document['document']}").code == "history_not_here"
    newest = late.get("/v1/blocks", limit=100)["blocks"]
    assert min(block["height"] for block in newest) >= begun
