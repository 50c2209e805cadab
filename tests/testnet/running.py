"""A network of real processes on loopback, and what a test does to them."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from network.testnet.homes import prepare
from network.testnet.layout import Folder, find_node
from network.testnet.perturb import perturb
from network.testnet.process import is_running, stop
from network.testnet.program import Program, last_lines
from network.testnet.runner import STOP_TIMEOUT_S, read_token, start_node, stop_all, stop_node, wait_ready
from node.home import Home
from tests.testnet.client import DEADLINE_S, Client, until

COMMAND: Final = (sys.executable, "-m", "cli.main")
PROGRAM: Final = Program(COMMAND)
MANIFESTS: Final = Path(__file__).parents[2] / "network" / "testnet" / "manifests"


class Ended(msgspec.Struct, frozen=True):
    """A command that has ended."""

    code: int
    """Its exit code."""
    out: bytes
    """Its standard output."""
    err: str
    """Its standard error."""

    @property
    def json(self) -> Any:
        """Its standard output as JSON."""
        return msgspec.json.decode(self.out)


def packtrail(*arguments: object, state: Path) -> Ended:
    """Run a command as an operator types it, in a process of its own.

    Args:
        arguments: What stands behind `packtrail`.
        state: Where test networks are kept.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACKTRAIL_")}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=2 * DEADLINE_S,
        env={**kept, "PACKTRAIL_TESTNETS": str(state), "NO_COLOR": "1"},
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode())


class Running:
    """One test network."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.state = folder.root.parent
        self._killed: set[str] = set()

    @classmethod
    def make(cls, manifest: Path, state: Path) -> "Running":
        """Make the homes of a network; nothing runs yet."""
        folder, _network = prepare(manifest, state, PROGRAM)
        return cls(folder)

    @classmethod
    def of(cls, state: Path, name: str) -> "Running":
        """Return the network of this name, which a command makes."""
        return cls(Folder(state / name))

    def names(self, *roles: str) -> list[str]:
        """Return the names of the nodes with one of these roles."""
        return [node.name for node in self.folder.load().nodes if node.role in roles]

    @property
    def validators(self) -> list[str]:
        """The names of the validators."""
        return self.names("validator")

    def client(self, name: str, token: str | None = None) -> Client:
        """Return a client of a node's API, with the token that was made with the network."""
        node = find_node(self.folder.load(), name)
        return Client(node.api, read_token(self.folder, name) if token is None else token)

    def clients(self, *names: str) -> dict[str, Client]:
        """Return clients by node."""
        return {name: self.client(name) for name in names}

    def operators(self, name: str) -> Client:
        """Return a client of a node's operators' port."""
        return Client(find_node(self.folder.load(), name).operators)

    def is_running(self, name: str) -> bool:
        """Tell whether a node's process runs."""
        process = find_node(self.folder.load(), name).process
        return process is not None and is_running(process)

    def configure(self, name: str, default: str, instead: str) -> None:
        """Set what stands as a default in the configuration of a node that does not run."""
        config = Home(self.folder.home(name)).config
        text = config.read_text()
        assert f"# {default}\n" in text
        config.write_text(text.replace(f"# {default}\n", f"{instead}\n"))

    def start(self, *names: str) -> None:
        """Start nodes that do not run, and wait until each is ready."""
        self._killed.difference_update(names)
        for name in names:
            start_node(self.folder, self.folder.load(), name, PROGRAM)
        network = self.folder.load()
        wait_ready(self.folder, [find_node(network, name) for name in names], DEADLINE_S)

    def kill(self, *names: str) -> None:
        """End nodes at once (SIGKILL)."""
        for name in names:
            self._killed.add(name)
            perturb(self.folder, name, "kill", PROGRAM)

    def fill_disk(self, name: str, room_bytes: int) -> None:
        """From now on none of a running node's files grows beyond the longest one there is, and a little."""
        process = find_node(self.folder.load(), name).process
        assert process is not None
        files = [path for path in self.folder.home(name).rglob("*") if path.is_file()]
        limit = max(path.stat().st_size for path in files) + room_bytes
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        self._killed.add(name)

    def stop(self, *names: str) -> None:
        """End nodes in order, which they must do in time."""
        forced = self.end(*names)
        assert not forced, f"told to end, they did not, and had to be killed: {', '.join(forced)}"

    def end(self, *names: str, timeout_s: float = STOP_TIMEOUT_S) -> tuple[str, ...]:
        """End nodes in order; return those that did not end in time, and had to be killed."""
        forced = []
        for name in names:
            process = find_node(self.folder.load(), name).process
            if process is not None and not stop(process, timeout_s):
                forced.append(name)
            stop_node(self.folder, self.folder.load(), name, timeout_s=0)
        return tuple(forced)

    def make_whole(self) -> None:
        """Start the validators that do not run: whatever a test before has left."""
        self.start(*self.validators)

    def check_nobody_died(self) -> None:
        """No node may have ended but by a test's own hand."""
        started = {node.name for node in self.folder.load().nodes if node.process is not None}
        for name in started - self._killed:
            said = "\n".join(last_lines(self.folder.log(name)))
            assert self.is_running(name), f"{name} has ended by itself; its log ends:\n{said}"

    def close(self) -> None:
        """End every node, each by its process id; there may be none yet."""
        if self.folder.file.exists():
            stop_all(self.folder, self.folder.load())

    def recover(self, *names: str) -> float:
        """Start nodes again; return after how many seconds they are as high as those that ran, and vote.

        Nothing new has to be decided for that: without load nothing would be, for a while.
        """
        began = time.monotonic()
        others = [name for name in self.validators if name not in names and self.is_running(name)]
        aim = max((self.client(name).height() for name in others), default=0)
        self.start(*names)
        for name in names:
            self.wait_for_height(name, aim)
            self.wait_for_votes(name)
        return time.monotonic() - began

    def highest(self) -> int:
        """Return the greatest height that any validator has, of those that answer."""
        return max(client.height() for client in self.clients(*self.validators).values())

    def same_ledger(self, *others: str) -> dict[str, Any]:
        """Wait until all validators, and others, have one head, and return it.

        A block's id stands for all blocks before it, and the app hash for all that came of them.
        """
        clients = self.clients(*self.validators, *others)
        found: list[dict[str, Any]] = []

        def is_one() -> bool:
            found[:] = [client.get("/v1/status") for client in clients.values()]
            return len({(head["height"], head["block_id"], head["app_hash"]) for head in found}) == 1

        until(is_one, f"{', '.join(clients)} have the same head")
        return found[0]

    def wait_for_height(self, name: str, height: int) -> None:
        """Wait until a node is as high as that."""
        client = self.client(name)
        until(lambda: client.height() >= height, f"{name} reaches height {height}")

    def wait_for_votes(self, name: str) -> None:
        """Wait until a validator votes, if the node is one: it may have to listen first."""
        client = self.client(name)
        if client.get("/v1/status")["consensus"] is not None:
            until(lambda: client.get("/v1/status")["consensus"]["votes"], f"{name} votes")

    def readiness(self, name: str) -> dict[str, str]:
        """Return what a node's readiness checks find wrong, by check."""
        reply = self.operators(name).ask("GET", "/readyz")
        return {check["name"]: check["detail"] for check in reply.body["checks"] if not check["ok"]}
