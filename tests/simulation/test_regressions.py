"""Seeds that failed once, and what each one was; a test of its own holds every bug that was found.

A seed's run changes with the code: these are good company for new code, no more.
"""

import pytest

from tests.simulation.beyond import run_beyond
from tests.simulation.outcome import run_plan, run_seed
from tests.simulation.shrinking import changed_plan

ONCE_BAD = {
    62: "who was removed is taken in again when all is done, and brings along documents that nobody awaited",
    710: "a last vote of a height, signed after the next had begun, named its author by the next one's set",
    799: "nobody's engine counted at a height that began, and the checker wanted one",
    970: "the only proof of a lie was held by one that had become a member, and members could not show it",
    1361: "an observer that still joined could not know who had been admitted, and was awaited by them",
    1724: "a vote against decided a proposal that two thirds were for by then, and the checker did not know",
    2563: "what was proposed later acted sooner, and left a liar with a third: nothing was promised",
    2814: "one of three that all had to agree waited for an answer to what was lost before healing",
}


@pytest.mark.parametrize("seed", ONCE_BAD)
def test_a_seed_that_failed_once_holds_every_invariant(seed: int) -> None:
    assert run_seed(seed).failure == ""


def test_a_fork_between_what_was_decided_and_what_was_fetched_is_found_like_any_other() -> None:
    assert run_beyond(150).failure == ""


def test_what_a_liar_withholds_of_a_lane_that_an_honest_node_signs_too_is_not_awaited() -> None:
    lying = {"powers": [1] * 4, "liars": [3], "skewed": [], "behaviours": ["sync_first"]}
    assert run_plan(changed_plan(55, lying)).failure == ""
