"""A network has recovered when all validators have a block that was decided after the fault, and vote."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from network.testnet.layout import Folder, NetworkFile, NodeEntry
from network.testnet.process import identify, is_running
from tests.chaos.faults import recover
from tests.testnet.running import Running

VALIDATORS = ["v1", "v2", "v3"]
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
OBEDIENT = "import signal; print(flush=True); signal.pause()"


class Twin:
    """A network in memory, which decides a block whenever somebody waits, if it can."""

    validators = VALIDATORS

    def __init__(self, height: int) -> None:
        self.height = height
        self.waited: dict[str, int] = {}
        self.voting: list[str] = []

    def highest(self) -> int:
        return self.height

    def wait_for_height(self, name: str, height: int) -> None:
        self.waited[name] = height

    def wait_for_votes(self, name: str) -> None:
        self.voting.append(name)


def undo(twin: Twin, height: int) -> Callable[[], None]:
    """When the fault is over, the greatest height is this."""

    def done() -> None:
        assert not twin.waited
        twin.height = height

    return done


@pytest.mark.parametrize(
    ("before", "after", "aim"),
    [
        pytest.param(100, 100, 102, id="nothing was decided meanwhile"),
        pytest.param(100, 130, 132, id="the others went on"),
        pytest.param(100, -1, 102, id="nobody answers yet"),
    ],
)
def test_all_validators_must_have_a_block_that_was_not_proposed_before(
    before: int, after: int, aim: int
) -> None:
    twin = Twin(before)
    assert recover(twin, ["v2", "o"], before, undo(twin, after)) >= 0
    assert twin.waited == dict.fromkeys((*VALIDATORS, "o"), aim)
    assert twin.voting == [*VALIDATORS, "o"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    """Makes a network of one node, which is a process of this program."""
    processes = []

    def make(program: str) -> Running:
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
        processes.append(process)
        process.stdout.readline()
        folder = Folder(tmp_path)
        node = NodeEntry("v1", "validator", "", "", "", "", identify(process.pid))
        folder.save(NetworkFile("one", (node,)))
        return Running(folder)

    yield make
    for process in processes:
        process.kill()
        process.stdout.close()
        process.wait()


def test_a_node_that_does_not_end_when_told_to_is_killed_and_named(
    running: Callable[[str], Running],
) -> None:
    network = running(DEAF)
    (node,) = network.folder.load().nodes
    assert network.end("v1", timeout_s=0.2) == ("v1",)
    assert not is_running(node.process)
    assert network.folder.load().nodes[0].process is None


def test_a_node_that_ends_is_not_named(running: Callable[[str], Running]) -> None:
    network = running(OBEDIENT)
    assert network.end("v1") == ()
    assert not network.is_running("v1")
    network.stop("v1")
