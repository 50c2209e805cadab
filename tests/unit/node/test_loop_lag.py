"""The lag of an event loop, on a loop whose time the test moves."""

from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from node.loop_lag import INTERVAL_S, LoopLag


class Loop:
    """Keeps the one timer that is set."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.due_s = 0.0
        self.callback: Callable[[], None] | None = None

    def time(self) -> float:
        return self.now_s

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self.due_s, self.callback = when, callback
        return callback

    def fire(self, late_s: float) -> None:
        self.now_s = self.due_s + late_s
        self.callback()


def samples(registry: CollectorRegistry, limit_s: float) -> float:
    return registry.get_sample_value("packtrail_event_loop_lag_seconds_bucket", {"le": str(limit_s)})


def test_every_sample_is_how_late_the_loop_was():
    loop, registry = Loop(), CollectorRegistry()
    felt: list[float] = []
    lag = LoopLag(loop, registry, felt.append)
    assert samples(registry, 0.02) == 0
    lag.start()
    for late_s in (0.0, 0.0005, 0.003, 0.3):
        loop.fire(late_s)
    assert (samples(registry, 0.001), samples(registry, 0.005), samples(registry, 0.5)) == (2, 3, 4)
    assert loop.due_s == loop.now_s + INTERVAL_S
    assert felt == pytest.approx([0.0, 0.0005, 0.003, 0.3])


def test_a_loop_that_is_early_is_not_late():
    loop, registry = Loop(), CollectorRegistry()
    LoopLag(loop, registry, [].append).start()
    loop.fire(-1e-9)
    assert samples(registry, 0.001) == 1
