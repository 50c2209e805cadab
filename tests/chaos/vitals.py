"""Memory and descriptors of processes over their lives, from /proc."""

import statistics
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from network.testnet.process import ProcessId
from tests.testnet.running import Running

_INTERVAL_S: Final = 2.0
_PAGE_BYTES: Final = 4096
_MIN_SAMPLES: Final = 40
MIN_LIFE_S: Final = _MIN_SAMPLES * _INTERVAL_S
"""A shorter life says nothing of how memory grows."""


class Sample(msgspec.Struct, frozen=True):
    """One look at a process."""

    memory_mb: float
    """Resident memory without mapped files: what a database's files take is the kernel's to drop."""
    descriptors: int
    """Open file descriptors."""


class Growth(msgspec.Struct, frozen=True):
    """One process's life: the median of its second quarter, and that of its last."""

    node: str
    """Whose."""
    seconds: float
    """How long it was watched."""
    memory_mb: tuple[float, float]
    """Before, after."""
    descriptors: tuple[float, float]
    """Before, after."""

    @property
    def memory_grown_mb(self) -> float:
        """How much more resident memory it had."""
        return self.memory_mb[1] - self.memory_mb[0]

    @property
    def descriptors_grown(self) -> float:
        """How many more descriptors it had open."""
        return self.descriptors[1] - self.descriptors[0]


class Vitals:
    """Looks at every process of a network now and then, from `with` to its end."""

    def __init__(self, network: Running) -> None:
        self._network = network
        self._stopping = threading.Event()
        self._lives: dict[tuple[str, ProcessId], list[Sample]] = {}
        self._thread = ThreadPoolExecutor(1, "vitals")
        self._watching: Future[None] | None = None

    def __enter__(self) -> Self:
        self._watching = self._thread.submit(self._watch)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.shutdown()
        if error is None and self._watching is not None:
            # A run that was not watched to its end says nothing of memory.
            self._watching.result()

    def _watch(self) -> None:
        while not self._stopping.wait(_INTERVAL_S):
            for node in self._network.folder.load().nodes:
                sample = None if node.process is None else _look(node.process.pid)
                if node.process is not None and sample is not None:
                    self._lives.setdefault((node.name, node.process), []).append(sample)

    def growth(self) -> list[Growth]:
        """Return how the longest-lived processes grew, the longest first."""
        found = [
            _growth(node, samples)
            for (node, _process), samples in self._lives.items()
            if len(samples) >= _MIN_SAMPLES
        ]
        return sorted(found, key=lambda growth: -growth.seconds)

    def most(self) -> Mapping[str, float]:
        """Return the most memory and the most descriptors that any process ever had."""
        samples = [sample for life in self._lives.values() for sample in life]
        return {
            "memory_mb": round(max((sample.memory_mb for sample in samples), default=0.0), 1),
            "descriptors": max((sample.descriptors for sample in samples), default=0),
        }


def _look(pid: int) -> Sample | None:
    try:
        _size, resident, shared, *_rest = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        descriptors = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except (OSError, ValueError):
        return None
    return Sample((resident - shared) * _PAGE_BYTES / 1e6, descriptors)


def _growth(node: str, samples: Sequence[Sample]) -> Growth:
    quarter = len(samples) // 4
    before, after = samples[quarter : 2 * quarter], samples[-quarter:]

    def medians(name: str) -> tuple[float, float]:
        early, late = (
            statistics.median(getattr(sample, name) for sample in part) for part in (before, after)
        )
        return round(early, 1), round(late, 1)

    return Growth(node, len(samples) * _INTERVAL_S, medians("memory_mb"), medians("descriptors"))
