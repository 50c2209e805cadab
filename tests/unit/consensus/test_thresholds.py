"""Where the two lines lie, to the unit of power."""

import pytest

from consensus.thresholds import Tally
from tests.unit.consensus.driver import validator_set, value

A, B, NIL = value("A"), value("B"), value("nil")


@pytest.mark.parametrize(
    ("powers", "voters", "quorum", "honest"),
    [
        # Equal powers: n = 3f + 1.
        ((1,), (), False, False),
        ((1,), (0,), True, True),
        ((1, 1, 1, 1), (0,), False, False),
        ((1, 1, 1, 1), (0, 1), False, True),
        ((1, 1, 1, 1), (0, 1, 2), True, True),
        # Exactly a third is no honest validator, exactly two thirds no quorum.
        ((1, 1, 1), (0,), False, False),
        ((1, 1, 1), (0, 1), False, True),
        ((1, 1, 1), (0, 1, 2), True, True),
        ((1,) * 6, (0, 1), False, False),
        ((1,) * 6, (0, 1, 2, 3), False, True),
        ((1,) * 6, (0, 1, 2, 3, 4), True, True),
        ((1,) * 7, (0, 1), False, False),
        ((1,) * 7, (0, 1, 2), False, True),
        ((1,) * 7, (0, 1, 2, 3), False, True),
        ((1,) * 7, (0, 1, 2, 3, 4), True, True),
        ((1,) * 31, tuple(range(10)), False, False),
        ((1,) * 31, tuple(range(11)), False, True),
        ((1,) * 31, tuple(range(20)), False, True),
        ((1,) * 31, tuple(range(21)), True, True),
        # Weighted: power counts, not heads.
        ((10, 1, 1), (0,), True, True),
        ((10, 1, 1), (1, 2), False, False),
        ((20, 10, 5, 1), (0,), False, True),
        ((20, 10, 5, 1), (0, 3), False, True),
        ((20, 10, 5, 1), (1, 3), False, False),
        ((20, 10, 5, 1), (0, 2), True, True),
        ((20, 10, 5, 1), (1, 2), False, True),
        ((100, 100, 100), (0, 1), False, True),
        ((101, 99, 100), (0, 2), True, True),
        ((101, 99, 100), (0,), False, True),
        ((101, 99, 100), (1,), False, False),
        ((1 << 38, 1 << 38, 1 << 38), (0, 1), False, True),
        ((1 << 38, (1 << 38) + 1, 1 << 38), (0, 1), True, True),
    ],
)
def test_quorum_and_honest_boundaries(powers, voters, quorum, honest) -> None:
    tally = Tally(validator_set(*powers))
    for voter in voters:
        tally.count(voter, A)
    assert tally.quorum_of_any is quorum
    assert tally.quorum_values == ((A,) if quorum else ())
    assert tally.honest_values == ((A,) if honest else ())


def test_a_quorum_of_any_value_is_not_a_quorum_of_one() -> None:
    tally = Tally(validator_set(1, 1, 1, 1))
    tally.count(0, A)
    tally.count(1, B)
    tally.count(2, NIL)
    assert tally.quorum_of_any
    assert tally.quorum_values == ()
    assert tally.honest_values == ()


def test_one_validator_with_two_values_counts_once_in_all() -> None:
    tally = Tally(validator_set(1, 1, 1, 1))
    tally.count(0, A)
    tally.count(0, B)
    tally.count(1, A)
    assert not tally.quorum_of_any
    assert tally.honest_values == (A,)


def test_two_values_reach_a_quorum_when_a_third_lies() -> None:
    tally = Tally(validator_set(1, 1, 1, 1))
    for voter in (0, 1, 2):
        tally.count(voter, B)
    for voter in (1, 2, 3):
        tally.count(voter, A)
    assert tally.quorum_values == (B, A)
    assert tally.honest_values == (B, A)


def test_a_line_is_noted_once() -> None:
    tally = Tally(validator_set(1, 1, 1, 1))
    for voter in range(4):
        tally.count(voter, NIL)
    assert tally.quorum_values == (NIL,)
    assert tally.honest_values == (NIL,)
