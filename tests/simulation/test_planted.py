"""Check the checker: planted bugs are found, each by the invariant that it breaks."""

import math

import pytest

from tests.simulation.planted import PLANTED, Planted, planted
from tests.simulation.planted_table import hunt

FEW_SEEDS = 100
AT_ONCE = {"two_thirds", "no_fsync", "block_sync", "two_places", "stale_home"}
"""Found within two seconds each, so `make test` hunts them; `make planted` hunts all that few seeds find."""


def _named(bug: Planted) -> str:
    return bug.name


QUICK = [
    pytest.param(bug, marks=() if bug.name in AT_ONCE else pytest.mark.planted)
    for bug in PLANTED
    if bug.is_quick
]


@pytest.mark.parametrize("bug", QUICK, ids=_named)
def test_a_few_seeds_find_a_planted_bug(bug: Planted) -> None:
    found = hunt(bug, most_seconds=math.inf, most_seeds=FEW_SEEDS)
    assert found.is_right, found


@pytest.mark.parametrize("bug", PLANTED, ids=_named)
def test_what_a_bug_is_planted_into_is_still_there(bug: Planted) -> None:
    with planted(bug):
        pass


def test_bugs_have_names_of_their_own() -> None:
    assert len({bug.name for bug in PLANTED}) == len(PLANTED) >= 20
