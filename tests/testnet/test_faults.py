"""Validators die without warning: the others go on, nothing that was promised is lost, and they come back."""

import http.client
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from network.testnet.runner import NodeNotReady
from node.home import Home
from tests.testnet.client import until
from tests.testnet.history import History
from tests.testnet.load import Load, birth, units
from tests.testnet.running import Running

PREFIXES = {
    "validator-1": "9521101",
    "validator-2": "9521102",
    "validator-3": "9521103",
    "validator-4": "9521104",
}
Measured = Callable[[str], None]
ROOM_BYTES = 64 << 10
MAX_FILLING = 60
SOME = 12
"""Documents that tell a network at work from one that stands."""


def test_one_of_four_dies_under_load(four: Running, measured: Measured) -> None:
    """kill -9: the others go on; restarted, it catches up; what clients were told is true on every node."""
    history = History()
    clients = four.clients(*four.validators)
    with Load(clients, PREFIXES, history):
        until(lambda: history.committed >= SOME, "documents are committed")
        four.kill("validator-4")
        before = history.committed
        until(lambda: history.committed >= before + SOME, "the others go on")
        seconds = four.recover("validator-4")
        before = history.committed
        until(lambda: history.committed >= before + SOME, "all four go on")
    measured(f"recovered in {seconds:.1f} s; {history.promised} documents told of")
    history.check(clients)
    four.same_ledger()


def test_two_of_four_die(four: Running, measured: Measured) -> None:
    """Without a quorum nothing is decided, reads go on, readyz says why; with one, what waited is decided."""
    history = History()
    first, second = four.clients("validator-1", "validator-2").values()
    known = first.accept(birth(first.now_ms(), units(PREFIXES["validator-1"], 1)))
    # With the block that certifies it, nothing is left for the network to decide.
    for name in four.validators:
        four.wait_for_height(name, known["height"] + 1)
    four.same_ledger()
    four.kill("validator-3", "validator-4")
    for name in ("validator-1", "validator-2"):
        until(lambda name=name: "quorum" in four.readiness(name), f"{name} sees that the quorum is gone")
        assert "validator-3, validator-4" in four.readiness(name)["quorum"]
        assert four.operators(name).ask("GET", "/readyz").status == http.client.SERVICE_UNAVAILABLE
        assert four.operators(name).ask("GET", "/livez").status == http.client.OK
    height = first.height()
    reply = second.submit([birth(second.now_ms(), units(PREFIXES["validator-2"], 1))])
    assert (reply.status, reply.code) == (http.client.SERVICE_UNAVAILABLE, "no_quorum")
    assert history.note(reply)
    # Reads go on, and the height is still what it was after that document's patience has run out.
    assert {first.height(), second.height()} == {height}
    assert first.document(known["document"])["height"] == known["height"]
    assert second.document(reply.body["document"]) is None

    seconds = four.recover("validator-3", "validator-4")
    measured(f"recovered in {seconds:.1f} s")
    clients = four.clients(*four.validators)
    history.check(clients)
    four.start(*four.validators)
    assert first.height() > height
    four.same_ledger()


def test_a_promise_outlives_its_node(four: Running, measured: Measured) -> None:
    """Acknowledged with 202 while nobody else was there, then kill -9: it is committed after the restart."""
    history = History()
    second = four.client("validator-2")
    four.kill("validator-1", "validator-3", "validator-4")
    at_ms = second.now_ms()
    for _ in range(3):
        reply = second.submit([birth(at_ms, units(PREFIXES["validator-2"], 1))], wait=False)
        assert reply.status == http.client.ACCEPTED
        assert history.note(reply)
    four.kill("validator-2")
    measured(f"all four recovered in {four.recover(*four.validators):.1f} s")
    history.check(four.clients(*four.validators))
    four.same_ledger()


def test_a_key_sent_again_makes_no_second_document(four: Running) -> None:
    """A client that lost the answer to a dead node sends the same key to it after its restart."""
    second = four.client("validator-2")
    body = {"records": [birth(second.now_ms(), units(PREFIXES["validator-2"], 1))]}
    headers = {"Idempotency-Key": "shipment-4711"}
    first_reply = second.ask("POST", "/v1/documents", body, headers=headers)
    assert first_reply.status == http.client.ACCEPTED
    four.kill("validator-2")
    four.start("validator-2")
    again = second.ask("POST", "/v1/documents", body, query={"wait": "commit"}, headers=headers)
    assert again.status == http.client.OK, again
    assert again.body["document"] == first_reply.body["document"]
    assert again.body["accepted"] is True


def test_a_validator_that_lost_its_disk_does_not_vote(four: Running) -> None:
    """Without the record of what it signed it could sign a step twice: it says so and stays down."""
    data = Home(four.folder.home("validator-4")).data
    four.stop("validator-4")
    aside = data.rename(data.with_name("data-aside"))
    with pytest.raises(NodeNotReady, match="signer: it is missing; not knowing what it signed last"):
        four.start("validator-4")
    shutil.rmtree(data)
    aside.rename(data)
    four.recover("validator-4")


def test_a_full_disk_ends_a_node_and_nobody_else(four: Running, measured: Measured) -> None:
    """Its files cannot grow any more: it says so and ends, and comes back when there is room again."""
    history = History()
    first = four.client("validator-1")
    four.fill_disk("validator-4", ROOM_BYTES)
    for _ in range(MAX_FILLING):
        assert history.note(first.submit([birth(first.now_ms(), units(PREFIXES["validator-1"], 200))]))
        if not four.is_running("validator-4"):
            break
    until(lambda: not four.is_running("validator-4"), "validator-4 has ended")
    log = four.folder.log("validator-4").read_text()
    (failed,) = (line for line in log.splitlines() if "node_failed" in line)
    # The file that could not grow, and why.
    said = re.search(r"""reason=['"]StorageFailed: .*?([^ ]+): File too large['"]$""", failed)
    assert said is not None, failed
    assert Path(said[1]).is_file()
    assert Path(said[1]).is_relative_to(Home(four.folder.home("validator-4")).data)
    first.accept(birth(first.now_ms(), units(PREFIXES["validator-1"], 1)))
    measured(f"recovered in {four.recover('validator-4'):.1f} s")
    history.check(four.clients(*four.validators))
