"""The network that is measured: four new nodes on loopback, in a temporary folder, gone afterwards."""

import os
import platform
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from cli.measure.goods import PARTNERS
from cli.measure.senders import Target
from cli.testnet import raise_network, shipped
from network.testnet.layout import Folder, NetworkFile, find_node
from network.testnet.process import cpu_seconds, resident_bytes
from network.testnet.runner import read_token, stop_all

MANIFEST: Final = "bench"
READY_S: Final = 120.0
_DATABASE: Final = "data/database"
_SETTLE_S: Final = 0.5
_SETTLE_POLLS: Final = 40


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured."""

    processor: str
    """Model name."""
    cores: int
    """That this process may use."""
    system: str
    """Operating system and release."""
    python: str
    """Version."""
    load_before: float
    """Load average of the last minute before the run: what else the machine did."""


def describe_machine() -> Machine:
    """Return what is to be known of this machine."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    system = f"{platform.system()} {platform.release()}"
    cores = len(os.sched_getaffinity(0))
    load = round(os.getloadavg()[0], 2)
    return Machine(next(names, platform.machine()), cores, system, platform.python_version(), load)


class Stage:
    """A running network of the partners in `PARTNERS`.

    Attributes:
        root: Its folder.
        targets: Its nodes, in the order of `PARTNERS`.
        operators: Where each of them serves its operators, as a URL.
    """

    def __init__(self, folder: Folder, network: NetworkFile) -> None:
        """Take a network of the manifest `bench.toml` that is ready."""
        self.root = folder.root
        self.genesis = folder.genesis
        self._homes = [folder.home(partner.node) for partner in PARTNERS]
        entries = [find_node(network, partner.node) for partner in PARTNERS]
        self._processes = [entry.process for entry in entries]
        self.targets = tuple(
            Target(entry.name, f"http://{entry.api}", read_token(folder, entry.name)) for entry in entries
        )

        self.operators = tuple(f"http://{entry.operators}" for entry in entries)

    def resident_bytes(self) -> list[int]:
        """Return how much memory each node's process holds."""
        return [resident_bytes(process) if process else 0 for process in self._processes]

    def cpu_seconds(self) -> list[float]:
        """Return the CPU time that each node's process has taken so far, in seconds."""
        return [cpu_seconds(process) if process else 0.0 for process in self._processes]

    def disk_bytes(self) -> list[int]:
        """Return the length of each node's database, once it has stopped rearranging itself.

        The log and the outbox beside it hold the last moments only, whatever the database grows to.
        """
        before, now = [-1], self._database_bytes()
        for _ in range(_SETTLE_POLLS):
            if before == now:
                break
            time.sleep(_SETTLE_S)
            before, now = now, self._database_bytes()
        return now

    def _database_bytes(self) -> list[int]:
        return [_size(home / _DATABASE) for home in self._homes]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        # The database removes files while it is looked at.
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


@contextmanager
def raised(where: Path | None, *, keep: bool) -> Iterator[Stage]:
    """Raise the network, and stop it at the end, each node by its process id, however the end comes.

    Args:
        where: Folder on the disk to measure; None for the system's temporary folder.
        keep: Leave the files.
    """
    root = Path(tempfile.mkdtemp(prefix="packtrail-bench-", dir=where))
    folder = Folder(root / MANIFEST)
    previous = signal.signal(signal.SIGTERM, _on_term)
    try:
        opened, network = raise_network(shipped(MANIFEST), root, fresh=False, timeout=READY_S)
        yield Stage(opened, network)
    finally:
        if folder.file.exists():
            stop_all(folder, folder.load())
        signal.signal(signal.SIGTERM, previous)
        if not keep:
            shutil.rmtree(root, ignore_errors=True)


def _on_term(number: int, _frame: FrameType | None) -> None:
    """End like an interrupted command, so that nothing started here goes on."""
    raise SystemExit(128 + number)
