"""Figures in, sentences out: what fails a run, what fails a strict one, and what is said of it."""

import json

import pytest

from tests.chaos.__main__ import told
from tests.chaos.judging import (
    AIM_S,
    MOST_DESCRIPTORS_GROWN,
    MOST_FORGOTTEN,
    MOST_MEMORY_GROWN_MB,
    MOST_MEMORY_MB,
    Judgement,
    Recovery,
    judge,
)
from tests.chaos.plan import PAIRS, label
from tests.chaos.report import Observed
from tests.chaos.vitals import Growth

QUICK = Recovery("kill 1", 1.4)


def growth(memory_mb: float = 0.0, descriptors: float = 0.0, seconds: float = 240.0) -> Growth:
    return Growth("validator-1", seconds, (100.0, 100.0 + memory_mb), (25.0, 25.0 + descriptors))


def observed(recoveries: list[Recovery], growths: list[Growth]) -> Observed:
    head = {"height": 9, "app_hash": "ab"}
    return Observed(1, recoveries, growths, {"memory_mb": 100.0}, {"documents_told": 5}, head)


def test_what_keeps_to_the_bounds_is_right() -> None:
    at_the_bounds = growth(MOST_MEMORY_GROWN_MB, MOST_DESCRIPTORS_GROWN)
    found = judge([QUICK, Recovery("cut 7", AIM_S)], [growth(-20.0, -7.0), at_the_bounds], MOST_MEMORY_MB)
    assert found == Judgement((), ())
    assert not found.is_failure(is_lenient=False)


@pytest.mark.parametrize(
    ("recoveries", "growths", "said"),
    [
        pytest.param(
            [Recovery("restart 2", 1.0, ("validator-2",))],
            [growth()],
            "validator-2 did not end when it was told to, and had to be killed (restart 2)",
            id="forced",
        ),
        pytest.param(
            [QUICK],
            [growth(descriptors=MOST_DESCRIPTORS_GROWN + 1)],
            "validator-1 opened 11 descriptors more within 240 s",
            id="leak",
        ),
        pytest.param(
            [Recovery("delete home 1", 1.0, forgotten=MOST_FORGOTTEN + 1)],
            [growth()],
            "delete home 1 made 6 documents be forgotten",
            id="forgotten",
        ),
    ],
)
def test_what_no_machine_excuses_fails_every_run(
    recoveries: list[Recovery], growths: list[Growth], said: str
) -> None:
    found = judge(recoveries, growths, 100.0)
    assert found == Judgement((said,), ())
    assert found.is_failure(is_lenient=True)
    assert f"FAILED: {said}" in told(observed(recoveries, growths), found, is_lenient=True)


@pytest.mark.parametrize(
    ("recoveries", "growths", "said"),
    [
        pytest.param(
            [Recovery("reset 1", 1.0, missing=("v1 ended 0 conversations, of at least 3",))],
            [growth()],
            "reset 1 came to nothing: v1 ended 0 conversations, of at least 3",
            id="in vain",
        ),
        pytest.param([Recovery("kill 7", 20.1)], [growth()], "recovery from kill 7 took 20.1 s", id="slow"),
        pytest.param([], [growth(15.5)], "validator-1 grew by 15.5 MB within 240 s", id="memory"),
        pytest.param(
            [], [growth(10.5, seconds=900.0)], "validator-1 grew by 10.5 MB within 900 s", id="late"
        ),
    ],
)
def test_what_is_beyond_the_aims_fails_a_strict_run(
    recoveries: list[Recovery], growths: list[Growth], said: str
) -> None:
    found = judge(recoveries, growths, 100.0)
    assert found == Judgement((), (said,))
    assert found.is_failure(is_lenient=False)
    assert not found.is_failure(is_lenient=True)
    run = observed(recoveries, growths)
    assert f"FAILED: {said}" in told(run, found, is_lenient=False)
    assert f"beyond the aims: {said}" in told(run, found, is_lenient=True)


def test_no_process_may_ever_have_too_much_memory() -> None:
    assert judge([], [growth()], 200.5).beyond == ("a process had 200.5 MB",)


def test_the_last_line_is_json_and_the_tables_say_the_same() -> None:
    recoveries = [Recovery(label(kind, count), 1.0 + count) for kind, count in PAIRS[1:]]
    growths = [growth(3.0, 2.0), growth(4.5, 1.0)]
    *lines, last = told(observed(recoveries, growths), judge(recoveries, growths, 100.0), is_lenient=False)
    said = json.loads(last)
    assert said["faults"] == {each.fault: 1 for each in recoveries}
    assert said["faults_left_out"] == ["kill 1"]
    assert said["longest_recovery_s"] == 8.0
    assert said["recovered_within_20_s"] == f"{len(recoveries)} of {len(recoveries)}"
    assert (said["documents_told"], said["height"], said["app_hash"]) == (5, 9, "ab")
    assert (said["memory_grew_at_most_mb"], said["descriptors_grew_at_most"]) == (4.5, 2.0)
    assert (said["processes_watched"], said["broken"], said["beyond"]) == (2, [], [])
    assert "too short a run for: kill 1" in lines
    assert sum(line.startswith("validator-1 ") for line in lines) == 2


def test_a_run_in_which_nothing_happened_says_so() -> None:
    found = judge([], [], 0.0)
    assert found == Judgement((), ("no process lived long enough to tell whether nodes grow",))
    lines = told(observed([], []), found, is_lenient=False)
    assert any("no process lived for 80 s" in line for line in lines)
    assert json.loads(lines[-1])["recovered_within_20_s"] == "0 of 0"
