"""How late the event loop calls what is due: the number that tells whether something blocks it.

Everything a node does between its threads goes through one loop, votes included. What holds it up (a rule, a
disk, a batch of signatures) belongs into a thread, and shows here first.
"""

from collections.abc import Callable
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Histogram

INTERVAL_S: Final = 0.1
"""Time between two looks at the clock, in seconds."""
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Timers(Protocol):
    """The part of an event loop that this needs."""

    def time(self) -> float:
        """Return seconds since some moment."""
        ...

    def call_at(self, when: float, callback: "LoopLag") -> object:
        """Call at that time."""
        ...


class LoopLag:
    """Looks at the clock at a fixed interval for as long as the loop runs; calling it is one look."""

    def __init__(self, loop: Timers, registry: CollectorRegistry, felt: Callable[[float], None]) -> None:
        """Register the histogram; `start` begins. `felt` is told every sample, in seconds."""
        self._loop = loop
        self._felt = felt
        self._due = 0.0
        self._lag = Histogram(
            "packtrail_event_loop_lag_seconds",
            "How late the event loop calls what is due, in seconds; one sample every 0.1 s.",
            buckets=_BUCKETS_S,
            registry=registry,
        )

    def start(self) -> None:
        """Begin."""
        self._due = self._loop.time() + INTERVAL_S
        self._loop.call_at(self._due, self)

    def __call__(self) -> None:
        """Take one sample, and wait for the next."""
        late_s = max(0.0, self._loop.time() - self._due)
        self._lag.observe(late_s)
        self._felt(late_s)
        self.start()
