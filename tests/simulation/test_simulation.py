"""A few seeds of the simulator, and that a seed is the same run everywhere. See README.md."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.simulation.outcome import run_plan, run_seed
from tests.simulation.plan import FAULT_KINDS, SIZES, TARGET_HEIGHT, make_plan

ROOT = Path(__file__).resolve().parents[2]
SMOKE_SEEDS = range(6)


@pytest.mark.parametrize("seed", SMOKE_SEEDS)
def test_a_seed_holds_every_invariant(seed: int) -> None:
    outcome = run_seed(seed)
    assert outcome.failure == ""
    assert outcome.heights >= TARGET_HEIGHT
    assert outcome.documents > 0
    assert outcome.items > 0


def test_real_signatures_change_nothing() -> None:
    plan = msgspec.structs.replace(make_plan(1), real_signatures=True)
    outcome = run_plan(plan)
    assert outcome.failure == ""
    assert outcome.heights >= TARGET_HEIGHT


def test_a_seed_is_the_same_run_in_every_process() -> None:
    """Also where strings and bytes hash differently: no order may come from a set."""
    code = "from tests.simulation.outcome import run_seed; print(run_seed(7).trace)"
    traces = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for hash_seed in ("0", "1", "4242")
    }
    assert len(traces) == 1


def test_worlds_differ_and_know_every_kind_of_fault() -> None:
    plans = [make_plan(seed) for seed in range(200)]
    assert {plan.size for plan in plans} >= {4, 7, 10}
    assert {make_plan(seed).size for seed in range(2_000)} == set(SIZES)
    assert 30 <= sum(plan.governs for plan in plans) <= 90
    assert {kind for plan in plans for kind in plan.faults} == set(FAULT_KINDS)
    assert 20 <= sum(bool(plan.liars) for plan in plans) <= 60
    assert any(plan.real_signatures for plan in plans)
    for plan in plans:
        wrong = sum(plan.powers[index] for index in (*plan.liars, *plan.skewed))
        assert 3 * wrong < plan.total_power
