"""Whoever watches the processes must not die unnoticed."""

import threading

import pytest

from tests.chaos import vitals
from tests.chaos.vitals import Vitals


class Gone:
    """A network whose file cannot be read."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    @property
    def folder(self) -> "Gone":
        return self

    def load(self) -> None:
        self.asked.set()
        raise FileNotFoundError("network.json")


def test_a_run_that_was_not_watched_to_its_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vitals, "_INTERVAL_S", 0.0)
    network = Gone()
    with pytest.raises(FileNotFoundError, match=r"network\.json"), Vitals(network):
        assert network.asked.wait(10)
