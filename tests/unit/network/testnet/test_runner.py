"""A network is made, started, hurt and stopped through an operator's commands, nodes by their process ids."""

import json
import shutil
import signal
import sys
from pathlib import Path

import pytest

from network.testnet.homes import NetworkExists, prepare
from network.testnet.layout import Folder, NoSuchNetwork, find_node
from network.testnet.manifest import Perturbation
from network.testnet.perturb import NodeNotRunning, perturb, perturb_all
from network.testnet.process import ProcessId, is_running, send, stop
from network.testnet.program import CommandFailed, Program, last_lines
from network.testnet.runner import (
    NodeNotReady,
    remove,
    standing,
    start_all,
    start_node,
    stop_all,
    wait_ready,
)

PROGRAM = Program((sys.executable, str(Path(__file__).parent / "fake_packtrail.py")))
MANIFEST = """
name = "net"
clock_start = 2023-04-01T09:00:00Z
[[markets]]
code = "NL"
profile = "eu-fmd"
utc_offset_minutes = 60
[[partners]]
gln = "9521101000009"
name = "Maker"
roles = ["maker"]
market = "NL"
[[nodes]]
name = "a"
role = "validator"
partner = "9521101000009"
power = 2
[[nodes]]
name = "b"
role = "observer"
"""


@pytest.fixture
def manifest(tmp_path):
    path = tmp_path / "net.toml"
    path.write_text(MANIFEST)
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A network made once, for its copies: its commands are processes, and those take time."""
    root = tmp_path_factory.mktemp("template")
    (root / "net.toml").write_text(MANIFEST)
    prepare(root / "net.toml", root / "testnets", PROGRAM)
    return root / "testnets"


@pytest.fixture
def made(template, tmp_path):
    shutil.copytree(template, tmp_path / "testnets")
    folder = Folder(tmp_path / "testnets" / "net")
    yield folder, folder.load()
    if folder.file.exists():
        stop_all(folder, folder.load(), timeout_s=5)


@pytest.fixture
def running(made):
    folder, network = made
    network = start_all(folder, network, PROGRAM)
    wait_ready(folder, network.nodes, timeout_s=20)
    return folder


def process_of(folder, name):
    return find_node(folder.load(), name).process


def test_homes_are_made_as_operators_make_them(made, tmp_path):
    folder, network = made
    arguments = json.loads((folder.home("b") / "arguments.json").read_text())
    peer = arguments[arguments.index("--peer") + 1]
    assert peer == f"a={find_node(network, 'a').p2p}"
    assert json.loads(folder.record("a").read_text()) == {"name": "a"}
    calls = json.loads((folder.home("a") / "genesis.json").read_text())
    assert calls[0][calls[0].index("--clock-start") + 1] == "2023-04-01T09:00:00+00:00"
    assert [call[call.index("--power") + 1] for call in calls[1:]] == ["2", "1"]
    assert json.loads(folder.description.read_text())["partners"][0]["name"] == "Maker"


def test_the_same_manifest_finds_the_network_again(made, manifest, tmp_path):
    folder, network = made
    assert prepare(manifest, tmp_path / "testnets", PROGRAM)[1] == network
    manifest.write_text(MANIFEST + "# changed\n")
    with pytest.raises(NetworkExists):
        prepare(manifest, tmp_path / "testnets", PROGRAM)
    remove(manifest, tmp_path / "testnets")
    assert not folder.root.exists()


def test_nodes_start_and_say_where_they_are(running):
    found = standing(running, find_node(running.load(), "a"))
    assert (found.running, found.ready, found.height, found.app_hash) == (True, True, 7, "ab")
    assert last_lines(running.log("a")) == ["started"]
    assert found.pid == process_of(running, "a").pid


def test_a_node_that_runs_is_not_started_twice(running):
    before = process_of(running, "a")
    assert find_node(start_node(running, running.load(), "a", PROGRAM), "a").process == before


def test_stopping_ends_every_process(running):
    processes = [node.process for node in running.load().nodes]
    stop_all(running, running.load())
    assert not any(is_running(process) for process in processes)
    assert standing(running, find_node(running.load(), "a")).height is None


def test_a_node_is_killed_and_restarted(running):
    before = process_of(running, "a")
    perturb(running, "a", "kill", PROGRAM)
    assert not is_running(before)
    with pytest.raises(NodeNotRunning):
        perturb(running, "a", "pause", PROGRAM)
    after = find_node(perturb(running, "a", "restart", PROGRAM), "a").process
    assert after != before
    assert is_running(after)
    wait_ready(running, running.load().nodes, timeout_s=20)


def test_a_paused_node_stands_still_and_goes_on(running):
    seen = []
    stat = Path(f"/proc/{process_of(running, 'a').pid}/stat")

    def look(seconds):
        # The kernel stops it when it gets to it.
        states = (stat.read_text().rpartition(")")[2].split()[0] for _ in range(100_000))
        seen.append((seconds, "T" in states))

    perturb(running, "a", "pause", PROGRAM, 3, look)
    assert seen == [(3.0, True)]
    wait_ready(running, running.load().nodes, timeout_s=20)


def test_what_a_manifest_plans_is_done_in_order(running):
    told, waits = [], []
    plan = (Perturbation("kill", "a", 2), Perturbation("restart", "b"), Perturbation("pause", "a", 1))
    perturb_all(running, plan, PROGRAM, lambda entry: told.append(entry.action), waits.append)
    assert told == ["kill", "restart", "pause"]
    assert waits == [2.0, 1.0]
    assert all(is_running(node.process) for node in running.load().nodes)


def test_an_unknown_node(running):
    with pytest.raises(NoSuchNetwork, match="it has a, b"):
        perturb(running, "c", "kill", PROGRAM)


def test_a_node_that_ends_is_reported_with_what_it_said(made):
    folder, network = made
    (folder.home("b") / "broken").touch()
    network = start_all(folder, network, PROGRAM)
    with pytest.raises(NodeNotReady, match=r"b has ended(.*\n)*.*this node is broken"):
        wait_ready(folder, network.nodes, timeout_s=20)


def test_a_network_that_never_gets_ready(made):
    folder, network = made
    network = start_all(folder, network, PROGRAM)
    for node in network.nodes:
        perturb(folder, node.name, "kill", PROGRAM)
    with pytest.raises(NodeNotReady, match="a has ended"):
        wait_ready(folder, network.nodes, timeout_s=1, pause=lambda _seconds: None)


def test_a_command_that_fails_is_reported_with_what_it_said():
    with pytest.raises(CommandFailed, match="ended with 2: no such command"):
        PROGRAM.run("dance")
    with pytest.raises(CommandFailed):
        Program(("/nowhere/packtrail",)).run("init")


def test_a_killed_process_is_found_gone_even_when_its_number_lives_on(running):
    process = process_of(running, "a")
    other = type(process)(process.pid, process.started + 1)
    assert is_running(process)
    assert not is_running(other)


def test_nothing_is_done_to_a_process_that_is_not_ours(running):
    process = process_of(running, "a")
    other = ProcessId(process.pid, process.started + 1)
    assert send(other, signal.SIGKILL) is False
    assert stop(other, 1.0) is True
    assert is_running(process)
