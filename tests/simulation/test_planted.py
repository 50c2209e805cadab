"""Check the checker: planted bugs are found, each by the invariant that it breaks."""

import pytest

from tests.simulation.planted import PLANTED, Planted, find


def _named(bug: Planted) -> str:
    return bug.name


@pytest.mark.parametrize("bug", [bug for bug in PLANTED if bug.is_quick], ids=_named)
def test_a_few_seeds_find_a_planted_bug(bug: Planted) -> None:
    outcome = find(bug)
    assert outcome is not None
    assert outcome.failure.startswith(bug.breaks)


@pytest.mark.slow
@pytest.mark.parametrize("bug", [bug for bug in PLANTED if not bug.is_quick], ids=_named)
def test_some_more_seeds_find_the_others(bug: Planted) -> None:
    outcome = find(bug)
    assert outcome is not None
    assert outcome.failure.startswith(bug.breaks)
