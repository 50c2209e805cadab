"""What the program tells, and what it never tells."""

import pytest
import structlog

from node.logs import configure_logs


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
