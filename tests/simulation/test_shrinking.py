"""A failing world is made smaller, and what remains replays."""

import json
import shlex
from collections.abc import Callable

import msgspec
import pytest

from tests.simulation.__main__ import main
from tests.simulation.outcome import Outcome, run_plan
from tests.simulation.plan import Plan, make_plan
from tests.simulation.planted import PLANTED, planted
from tests.simulation.shrinking import (
    MIN_VALIDATORS,
    candidates,
    changed_plan,
    changes_of,
    kind_of,
    shrink,
    with_validators,
)


def _outcome(plan: Plan, failure: str, drawn: int) -> Outcome:
    return Outcome(
        seed=plan.seed,
        failure=failure,
        heights=0,
        rounds=0,
        restarts=0,
        documents=0,
        items=0,
        evidence=0,
        validators=plan.size,
        faults={},
        lies={},
        repairs={},
        messages={},
        changes={},
        drawn=drawn,
        events=0,
        inputs=0,
        seconds=0.0,
        virtual_ms=0,
        trace="",
    )


def _fails_when(condition: Callable[[Plan], bool], drawn: int = 0) -> Callable[[Plan], Outcome]:
    return lambda plan: _outcome(plan, "Broken: I1: two blocks" if condition(plan) else "", drawn)


def _busy_plan() -> Plan:
    return msgspec.structs.replace(
        make_plan(0),
        powers=(3, 1, 1, 3, 1, 3, 2, 1, 1, 1),
        liars=(1, 9),
        skewed=(2,),
        loss=0.3,
        faults=("crash", "trap", "cut", "ambush"),
        has_member=True,
        has_observer=True,
        shares_lane=True,
    )


def test_everything_goes_that_the_failure_does_not_need() -> None:
    found = shrink(
        _busy_plan(), 1_000, _fails_when(lambda plan: "trap" in plan.faults and 1 in plan.liars)
    ).plan
    assert (found.faults, found.liars, found.skewed, found.loss) == (("trap",), (1,), (), 0.0)
    assert (found.powers, found.has_member, found.has_observer) == ((1,) * MIN_VALIDATORS, False, False)
    assert not found.shares_lane
    assert (found.trouble_heights, found.target_height) == (4, 8)


def test_single_faults_are_left_out() -> None:
    needed = {7, 23}

    def is_bad(plan: Plan) -> bool:
        return all(number <= plan.most_faults and number not in plan.spared for number in needed)

    found = shrink(_busy_plan(), 2_000, _fails_when(is_bad, drawn=40)).plan
    assert {number for number in range(1, found.most_faults + 1) if number not in found.spared} == needed


def test_another_failure_is_not_the_same() -> None:
    def run(plan: Plan) -> Outcome:
        failure = "Broken: I1: two blocks" if plan.loss else "Broken: I7: stuck"
        return _outcome(plan, failure, 0)

    found = shrink(_busy_plan(), 500, run)
    assert found.plan.loss
    assert kind_of(found.outcome.failure) == "Broken I1"
    assert found.runs <= 500


def test_a_seed_that_holds_is_not_made_smaller() -> None:
    with pytest.raises(ValueError, match="seed 0 does not fail"):
        shrink(_busy_plan(), 10, _fails_when(lambda _plan: False))


@pytest.mark.parametrize("seed", range(0, 60, 7))
def test_every_smaller_plan_is_one_that_could_be(seed: int) -> None:
    """Whoever is wrong stays less than a third, whoever is left."""
    for plan in candidates(make_plan(seed), drawn=12):
        wrong = sum(plan.powers[index] for index in (*plan.liars, *plan.skewed))
        assert 3 * wrong < plan.total_power
        assert plan.size >= MIN_VALIDATORS
        assert changed_plan(plan.seed, changes_of(plan)) == plan


def test_who_is_left_of_the_liars_is_few_enough() -> None:
    plan = msgspec.structs.replace(_busy_plan(), powers=(1,) * 10, liars=(0, 1), skewed=(2,))
    assert with_validators(plan, 4).liars == (0,)
    assert with_validators(plan, 4).skewed == ()


def test_a_plan_has_no_other_fields() -> None:
    with pytest.raises(msgspec.ValidationError, match="no field 'weather'"):
        changed_plan(1, {"weather": "fine"})


@pytest.mark.planted
def test_a_planted_bug_is_shown_in_a_small_world_and_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    bug = next(bug for bug in PLANTED if bug.name == "two_thirds")
    with planted(bug):
        first = next(seed for seed in range(20) if run_plan(make_plan(seed)).failure)
        assert main(["--seed", str(first), "--shrink", "--runs", "40"]) == 1
        said = capsys.readouterr().out.splitlines()
        assert said[-3].startswith(bug.breaks)
        command = shlex.split(said[-1].removeprefix("replay: "))
        changes = json.loads(command[command.index("--change") + 1])
        again = run_plan(changed_plan(int(command[command.index("--seed") + 1]), changes))
        assert again.failure == said[-3]
        assert changes["trouble_heights"] == 4
        with pytest.raises(AssertionError, match="I1"):
            main(command[3:])
    assert run_plan(changed_plan(first, changes)).failure == ""
