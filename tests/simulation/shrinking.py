"""Making a failing world smaller: fewer faults, fewer nodes, a shorter story, as long as it still fails.

A change of the plan changes what is drawn after it, so a smaller world is another world, and the bug may
need luck to show: each is tried under a few seeds. What remains is a seed and what its plan differs in from
the one that the seed draws (`changed_plan`), which is all that a replay needs.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from tests.simulation.outcome import Outcome, run_plan
from tests.simulation.plan import Plan, make_plan

MIN_VALIDATORS: Final = 4
OTHER_SEEDS: Final = 2
"""Beside its own, a smaller plan is tried under so many seeds …"""
SEED_STRIDE: Final = 1_000_003
"""… so far apart."""
_RATES: Final = ("loss", "duplicates", "late")
_SHORT: Final = (4, 8, 12, 16, 20)
"""Heights that are tried for the end of trouble."""
_CALM: Final = {"jitter_us": 500, "latency_us": 500, "documents_per_second": 10}

Run = Callable[[Plan], Outcome]


class Shrunk(msgspec.Struct, frozen=True):
    """The smallest failing plan that was found."""

    plan: Plan
    """The plan."""
    outcome: Outcome
    """What becomes of it."""
    runs: int
    """Worlds that were tried."""

    @property
    def command(self) -> str:
        """The command that replays it."""
        changes = msgspec.json.encode(changes_of(self.plan)).decode()
        return f"python -m tests.simulation --seed {self.plan.seed} --change '{changes}'"


def kind_of(failure: str) -> str:
    """Return what a failure has in common with others of its kind: the error, and the invariant's name."""
    return " ".join(part.rstrip(":") for part in failure.split()[:2])


def changes_of(plan: Plan) -> dict[str, object]:
    """Return the fields in which a plan differs from the one that its seed draws."""
    drawn = msgspec.to_builtins(make_plan(plan.seed))
    own = msgspec.to_builtins(plan)
    return {name: value for name, value in own.items() if value != drawn[name]}


def changed_plan(seed: int, changes: Mapping[str, object]) -> Plan:
    """Return the plan that a seed draws, with other values for some of its fields.

    Raises:
        msgspec.ValidationError: A plan has no such field, or the value is not of its type.
    """
    fields = msgspec.to_builtins(make_plan(seed))
    unknown = changes.keys() - fields.keys()
    if unknown:
        raise msgspec.ValidationError(f"a plan has no field {min(unknown)!r}")
    return msgspec.convert({**fields, **changes}, Plan)


def shrink(plan: Plan, most_runs: int, run: Run = run_plan) -> Shrunk:
    """Make a failing plan smaller until nothing more can be left out, or enough was tried.

    Args:
        plan: Fails.
        most_runs: Most worlds to run.
        run: Runs one.

    Raises:
        ValueError: The plan does not fail.
    """
    outcome = run(plan)
    if not outcome.failure:
        msg = f"seed {plan.seed} does not fail"
        raise ValueError(msg)
    best, runs = Shrunk(plan, outcome, 1), 1
    is_smaller = True
    while is_smaller and runs < most_runs:
        is_smaller = False
        for candidate in candidates(best.plan, best.outcome.drawn):
            found, tried = _try(candidate, best.outcome, most_runs - runs, run)
            runs += tried
            if found is not None:
                best, is_smaller = Shrunk(found[0], found[1], runs), True
                break
            if runs >= most_runs:
                break
    return msgspec.structs.replace(best, runs=runs)


def _try(
    candidate: Plan, before: Outcome, most_runs: int, run: Run
) -> tuple[tuple[Plan, Outcome] | None, int]:
    """Run a smaller plan under a few seeds; return it if it fails alike, and how many worlds were run."""
    runs = 0
    for number in range(min(1 + OTHER_SEEDS, most_runs)):
        plan = msgspec.structs.replace(candidate, seed=candidate.seed + number * SEED_STRIDE)
        outcome = run(plan)
        runs += 1
        if kind_of(outcome.failure) == kind_of(before.failure):
            return (plan, outcome), runs
    return None, runs


def candidates(plan: Plan, drawn: int) -> Iterator[Plan]:
    """Yield smaller plans than this one, those that leave out most before the others.

    Args:
        plan: The plan.
        drawn: How many faults its world drew.
    """
    yield from _shorter(plan)
    yield from _fewer_nodes(plan)
    for name, value in msgspec.structs.asdict(plan).items():
        if value is True:
            yield msgspec.structs.replace(plan, **{name: False})
        elif name in _RATES and value:
            yield msgspec.structs.replace(plan, **{name: 0.0})
    for name in ("liars", "skewed"):
        for index in getattr(plan, name):
            rest = tuple(each for each in getattr(plan, name) if each != index)
            yield msgspec.structs.replace(plan, **{name: rest})
    yield from _fewer_faults(plan, drawn)
    for name, least in _CALM.items():
        if getattr(plan, name) > least:
            yield msgspec.structs.replace(plan, **{name: least})


def _shorter(plan: Plan) -> Iterator[Plan]:
    for heights in _SHORT:
        if heights < plan.trouble_heights:
            target = min(plan.target_height, heights + 4)
            yield msgspec.structs.replace(plan, trouble_heights=heights, target_height=target)


def _fewer_nodes(plan: Plan) -> Iterator[Plan]:
    for size in sorted({MIN_VALIDATORS, plan.size - 1}):
        if MIN_VALIDATORS <= size < plan.size:
            yield with_validators(plan, size)
    if any(power != 1 for power in plan.powers):
        yield _legal(msgspec.structs.replace(plan, powers=(1,) * plan.size))


def with_validators(plan: Plan, size: int) -> Plan:
    """Return the plan with its first validators only; who lies or is skewed stays less than a third."""
    return _legal(msgspec.structs.replace(plan, powers=plan.powers[:size]))


def _legal(plan: Plan) -> Plan:
    """Give up liars and wrong clocks until they are few enough, the last first."""
    liars = [index for index in plan.liars if index < plan.size]
    skewed = [index for index in plan.skewed if index < plan.size]
    while 3 * sum(plan.powers[index] for index in (*liars, *skewed)) >= plan.total_power:
        (skewed or liars).pop()
    return msgspec.structs.replace(plan, liars=tuple(liars), skewed=tuple(skewed))


def _fewer_faults(plan: Plan, drawn: int) -> Iterator[Plan]:
    """Leave out kinds, then the latest half, then pieces of what is left, down to single ones."""
    if len(plan.faults) > 1:
        for kind in plan.faults:
            rest = tuple(each for each in plan.faults if each != kind)
            yield msgspec.structs.replace(plan, faults=rest)
    most = min(drawn, plan.most_faults)
    for fewer in sorted({0, most // 4, most // 2, most - 1}):
        if 0 <= fewer < most:
            yield msgspec.structs.replace(plan, most_faults=fewer)
    left = [number for number in range(1, most + 1) if number not in plan.spared]
    length = len(left) // 2
    while length:
        for at in range(0, len(left), length):
            spared = sorted({*plan.spared, *left[at : at + length]})
            yield msgspec.structs.replace(plan, spared=tuple(spared))
        length //= 2
