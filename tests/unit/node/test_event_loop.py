"""A node takes the quicker event loop where it is installed, and runs without it."""

import asyncio

import pytest

from node import event_loop


def kind_of_loop():
    with asyncio.Runner(loop_factory=event_loop.new_event_loop) as runner:
        return type(runner.get_loop()).__module__.partition(".")[0]


def test_uvloop_is_taken_where_it_is():
    pytest.importorskip("uvloop")
    assert kind_of_loop() == "uvloop"


def test_python_has_one_too(monkeypatch):
    monkeypatch.setattr(event_loop, "find_spec", lambda _name: None)
    assert kind_of_loop() == "asyncio"
