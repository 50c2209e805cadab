"""What the program tells, and what it never tells."""

import asyncio
import sys

import pytest
import structlog

from node.logs import configure_logs
from node.storage.errors import StorageFailed
from node.supervisor import EXIT_UNHEALTHY, Supervisor


@pytest.fixture(autouse=True)
def _restored():
    yield
    structlog.reset_defaults()


def fail_with_a_secret():
    secret = bytes.fromhex("c0ffee")
    raise ValueError(len(secret))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_names_lines_and_never_values(capsys, form):
    configure_logs("info", form)
    try:
        fail_with_a_secret()
    except ValueError:
        structlog.get_logger().exception("it_failed", request="17")
    told = capsys.readouterr().err
    assert "it_failed" in told
    assert "ValueError: 3" in told
    assert "fail_with_a_secret" in told
    assert r"\xc0\xff\xee" not in told
    assert "request" in told


def test_the_level_changes_at_run_time(capsys):
    set_level = configure_logs("warning", "text")
    structlog.get_logger().info("hidden")
    set_level("info")
    structlog.get_logger().info("shown")
    told = capsys.readouterr().err
    assert "hidden" not in told
    assert "shown" in told
    with pytest.raises(KeyError):
        set_level("loud")


class Full:
    """A file on a disk that is full."""

    def write(self, _text):
        raise OSError(28, "No space left on device")

    def flush(self):
        raise OSError(28, "No space left on device")


async def test_a_log_that_cannot_be_written_keeps_no_node_from_ending(monkeypatch):
    supervisor = Supervisor(asyncio.get_running_loop())
    configure_logs("info", "text")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Full())
        supervisor.fail(StorageFailed("database", "No space left on device"))
        await supervisor.wait()
    assert supervisor.exit_code == EXIT_UNHEALTHY
    assert "No space left" in supervisor.reason
