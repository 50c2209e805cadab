"""More than a third lie: a few seeds, and that they are what they claim to be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.beyond import beyond_plan, halves, run_beyond

ROOT = Path(__file__).resolve().parents[2]
SMOKE_SEEDS = range(12)


def test_seeds_fork_and_whoever_lied_is_named() -> None:
    outcomes = [run_beyond(seed) for seed in SMOKE_SEEDS]
    assert [outcome.failure for outcome in outcomes] == [""] * len(outcomes)
    counts = {kind for outcome in outcomes for kind in outcome.faults}
    assert counts >= {"forked", "forked_in_one_round", "forked_over_rounds", "halves_cut", "switched_off"}
    assert sum(outcome.faults.get("forked", 0) for outcome in outcomes) > len(outcomes) // 2


def test_a_seed_is_the_same_run_in_every_process() -> None:
    code = "from tests.simulation.beyond import run_beyond; print(run_beyond(3).trace)"
    traces = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "4242")
    }
    assert len(traces) == 1


@pytest.mark.parametrize("seed", range(100))
def test_either_half_is_a_quorum_with_the_colluders(seed: int) -> None:
    plan = beyond_plan(seed)
    assert plan.total_power < 3 * len(plan.liars) <= 3 * (plan.size - 2)
    others = [f"v{index}" for index in range(plan.size) if index not in plan.liars]
    for half in halves(plan, [*others, "member"]):
        assert 3 * (len(plan.liars) + len([name for name in half if name != "member"])) > 2 * plan.size
