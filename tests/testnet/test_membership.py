"""Who validates changes while the network runs: a fifth joins by proposal and votes, another leaves."""

import base64
import http.client
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.gs1.dates import format_timestamp
from network.testnet.layout import NetworkFile, NodeEntry
from network.testnet.ports import addresses
from tests.testnet.client import Client, until
from tests.testnet.running import MANIFESTS, PROGRAM, Running, packtrail

FIFTH = "validator-5"
RUN_BY = "9521101000009"
AHEAD = 12
"""A proposal acts so many blocks after it was made: time for three to vote."""


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Running]:
    """Four validators of its own: no other test is to meet the fifth."""
    made = Running.make(MANIFESTS / "four.toml", tmp_path)
    try:
        made.start(*made.validators)
        yield made
        made.check_nobody_died()
    finally:
        made.close()


def join(network: Running) -> dict[str, Any]:
    """Make the home of a node that genesis does not know; return what its operator hands over."""
    folder = network.folder
    known = folder.load()
    p2p, api, operators = addresses([FIFTH], 0)[FIFTH]
    home = folder.home(FIFTH)
    record = PROGRAM.run(
        *("init", "--home", str(home), "--name", FIFTH, "--role", "validator", "--chain-id", known.name),
        *("--partner", RUN_BY, "--listen", p2p, "--api", api, "--operators", operators),
        *(word for one in known.nodes[:4] for word in ("--peer", f"{one.name}={one.p2p}")),
        *("--passphrase-file", "passphrase", "--key-cost", "minimum", "--no-input", "--output", "json"),
    )
    PROGRAM.run(
        *("token", "new", "--home", str(home), "--name", "testnet", "--role", "admin"),
        *("--file", str(folder.token(FIFTH)), "--output", "json"),
    )
    shutil.copyfile(folder.genesis, home / "genesis.json")
    entry = NodeEntry(FIFTH, "validator", RUN_BY, p2p, api, operators)
    folder.save(NetworkFile(known.name, (*known.nodes, entry)))
    return msgspec.json.decode(record)


def go_on(client: Client, height: int) -> None:
    """Let the network make blocks up to a height: somebody describes a place again and again."""
    while client.height() < height:
        described = {
            "record": "describe_premises",
            "gln": "9521101000016",
            "name": f"Plant {client.height()}",
        }
        at = format_timestamp(client.now_ms())
        client.accept({**described, "market": "NL", "kind": "plant", "at": at})


def decide(network: Running, *changes: dict[str, Any], until_it_acts: int = 1) -> int:
    """Propose at one node and vote at two others, as operators do; return the height at which it acts."""
    file = network.state / "changes.json"
    file.write_bytes(msgspec.json.encode(changes))
    name = network.folder.load().name
    said = packtrail(
        *("propose", file, "--reason", "as agreed", "--acts-in", AHEAD),
        *("--profile", f"{name}/validator-1", "--output", "json"),
        state=network.state,
    )
    assert said.code == 0, said.err
    found = network.client("validator-1").get("/v1/proposals")["proposals"]
    (proposal,) = [one for one in found if one["standing"] == "open"]
    path = f"/v1/proposals/{proposal['proposal']}"
    for voter in ("validator-2", "validator-3"):
        client = network.client(voter)
        network.wait_for_height(
            voter, max(network.client(one).height() for one in ("validator-1", "validator-2"))
        )
        until(lambda: client.ask("GET", path).status == http.client.OK, "the proposal is known")  # noqa: B023
        if client.get(path)["standing"] == "decided":
            # Once the fifth has joined, its partner and one more have the power.
            break
        voted = packtrail(
            *("vote", proposal["proposal"], "--profile", f"{name}/{voter}"), state=network.state
        )
        assert voted.code == 0, voted.err
    acts_at: int = proposal["acts_at"]
    go_on(network.client("validator-1"), acts_at + until_it_acts)
    return acts_at


def voters(client: Client) -> set[str]:
    return {one["name"] for one in client.get("/v1/validators")["validators"]}


def signers(client: Client, height: int) -> set[str]:
    return set(client.get(f"/v1/blocks/{height}")["commit"]["signers"])


def test_a_fifth_validator_joins_and_votes_and_another_leaves(network: Running) -> None:
    first = network.client("validator-1")
    record = join(network)
    decide(
        network,
        {
            "change": "put_node",
            "name": FIFTH,
            "role": "validator",
            "partner": RUN_BY,
            "power": 1,
            "certificate": record["certificate"],
            "validator_key": base64.b64decode(record["validator_key"]).hex(),
        },
    )
    assert voters(first) == {*(f"validator-{number}" for number in range(1, 5)), FIFTH}
    network.start(FIFTH)

    def has_voted() -> bool:
        go_on(first, first.height() + 2)
        return FIFTH in signers(first, first.height() - 1)

    until(has_voted, "the fifth validator signs a commit")
    acts_at = decide(network, {"change": "remove_node", "name": "validator-4"})
    assert "validator-4" not in voters(first)
    go_on(first, acts_at + 6)
    assert all("validator-4" not in signers(first, height) for height in range(acts_at, acts_at + 5))
    network.wait_for_height(FIFTH, acts_at + 5)
    height = acts_at + 4
    hashes = {network.client(name).get(f"/v1/blocks/{height}")["app_hash"] for name in (FIFTH, "validator-1")}
    assert len(hashes) == 1
    stops_at = decide(network, {"change": "set_rules", "version": 2}, until_it_acts=-1)
    for name in (FIFTH, "validator-2"):
        said = until(lambda name=name: network.readiness(name), f"{name} is not ready any more")
        assert any(f"from height {stops_at} on" in detail for detail in said.values()), said
        assert any("newer Packtrail" in detail for detail in said.values()), said
    assert network.client("validator-2").height() == stops_at - 1
    network.stop(FIFTH, "validator-1")
    for name in (FIFTH, "validator-1"):
        checked = packtrail("verify", "chain", "--home", network.folder.home(name), state=network.state)
        assert checked.code == 0, checked.err
