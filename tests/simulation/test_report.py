"""The table and the last line say what happened, in so many seeds and so much time."""

import json
from pathlib import Path

import pytest

from tests.simulation.__main__ import main
from tests.simulation.outcome import run_seed
from tests.simulation.planted import PLANTED
from tests.simulation.planted_table import hunt
from tests.simulation.planted_table import main as planted_main
from tests.simulation.pool import outcomes


def test_the_last_line_is_json_and_the_table_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "3", "--jobs", "1", "--start", "2"]) == 0
    *table, last = capsys.readouterr().out.splitlines()
    said = json.loads(last)
    assert (said["seeds"], said["failed"]) == (3, 0)
    assert said["heights"] >= 90
    assert said["messages"]["lost"] > 0
    assert said["repairs"]["block_fetched"] > 0
    assert sum(said["sizes"].values()) == 3
    assert said["events"] > said["inputs"] > 0
    words = " ".join(table).split()
    sections = ("faults", "lies", "repairs", "messages", "changes")
    for kind, count in [entry for section in sections for entry in said[section].items()]:
        assert words[words.index(kind) + 1] == f"{count:,}"
    assert words[words.index("crashes") + 1] == f"{said['restarts']:,}"


def test_a_run_is_kept_with_its_command_and_commit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "made for it" / "run.txt"
    assert main(["--seeds", "1", "--record", str(kept)]) == 0
    head, _, table = kept.read_text(encoding="utf-8").partition("\n\n")
    assert head.splitlines()[0] == f"command: python -m tests.simulation --seeds 1 --record {kept}"
    assert head.splitlines()[1].startswith("commit: ")
    assert table == capsys.readouterr().out


def test_time_that_is_over_begins_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "0"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["seeds"] == 0


def test_processes_run_the_same_seeds_as_one() -> None:
    found = {outcome.seed: outcome.trace for outcome in outcomes(run_seed, (1, 4), 2)}
    assert found == {seed: run_seed(seed).trace for seed in (1, 4)}
    assert len(set(found.values())) == 2


def test_a_hunt_says_how_long_it_took() -> None:
    bug = next(bug for bug in PLANTED if bug.name == "two_thirds")
    found = hunt(bug)
    assert found.is_right
    assert found.seeds == found.seed + 1
    assert found.seconds > 0


def test_a_hunt_gives_up() -> None:
    bug = next(bug for bug in PLANTED if bug.name == "valid_round")
    found = hunt(bug, most_seconds=0.0)
    assert (found.failure, found.is_right, found.seeds) == ("", False, 1)


def test_a_bug_that_is_not_there_is_not_hunted(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        planted_main(["no_such_bug"])
    assert "no planted bug is called no_such_bug" in capsys.readouterr().err
