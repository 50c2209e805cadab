"""Who proposes: round 0 turns over the signers, later rounds over everyone by weight."""

from collections import Counter
from math import gcd

import pytest

from consensus.proposer import Rotation, first_proposer, signers_of
from contracts.chain.commit import NO_COMMIT
from tests.unit.consensus.driver import a_commit, validator_set, validators, value


def keys(*indices: int) -> tuple[bytes, ...]:
    everyone = validators(*(1,) * 32)
    return tuple(everyone[index].public_key for index in indices)


@pytest.mark.parametrize(
    ("height", "signers", "expected"),
    [
        (1, (), 1),
        (2, (), 2),
        (1, (2,), 1),  # block 0 does not exist
        (2, (3,), 2),  # block 1 carries no commit
        (3, (), 3),
        (3, (0, 1, 2, 3), 3),
        (4, (0, 1, 2, 3), 0),
        (3, (0, 1, 3), 0),
        (4, (0, 1, 3), 1),
        (5, (0, 1, 3), 3),
        (5, (3, 1, 0), 3),  # by address, in whatever order they are named
        (5, (3, 3, 1, 0), 3),
        (9, (2,), 2),
        (7, (9, 1, 3), 3),  # 9 left the set
        (8, (9, 1, 3), 1),
        (6, (9, 8), 2),  # nobody is left: everyone takes turns
    ],
)
def test_round_0(height, signers, expected) -> None:
    assert first_proposer(height, validator_set(1, 1, 1, 1), keys(*signers)) == expected
    assert Rotation(height, validator_set(1, 1, 1, 1), keys(*signers)).proposer(0) == expected


def test_a_dead_validator_is_never_first() -> None:
    firsts = Counter(first_proposer(h, validator_set(1, 1, 1, 1), keys(0, 1, 3)) for h in range(3, 303))
    assert firsts == {0: 100, 1: 100, 3: 100}


def test_round_0_ignores_weight() -> None:
    firsts = [first_proposer(height, validator_set(9, 1, 1), keys(0, 1, 2)) for height in range(3, 9)]
    assert firsts == [0, 1, 2, 0, 1, 2]


def rounds(powers, count, height=3):
    rotation = Rotation(height, validator_set(*powers), keys(*range(len(powers))))
    return [rotation.proposer(round_) for round_ in range(count)]


def test_equal_validators_take_turns() -> None:
    assert rounds((1, 1, 1, 1), 9) == [3, 0, 1, 2, 3, 0, 1, 2, 3]
    assert rounds((5, 5, 5, 5), 9) == [3, 0, 1, 2, 3, 0, 1, 2, 3]
    assert rounds((1, 1, 1, 1), 5, height=4) == [0, 1, 2, 3, 0]


def test_one_that_did_not_sign_proposes_in_later_rounds() -> None:
    rotation = Rotation(5, validator_set(1, 1, 1, 1), keys(0, 1, 3))
    assert [rotation.proposer(round_) for round_ in range(5)] == [3, 0, 1, 2, 3]


@pytest.mark.parametrize("powers", [(3, 1, 1, 1), (5, 3, 2), (1, 2, 3, 4), (10, 10, 1, 1), (7, 7, 7, 2)])
def test_turns_follow_the_weight_exactly_in_every_cycle(powers) -> None:
    total = sum(powers)
    # The first turn is taken from the cycle's account, so whole cycles are exact from round 0.
    turns = rounds(powers, 3 * total)
    for cycle in range(3):
        assert Counter(turns[cycle * total : (cycle + 1) * total]) == dict(enumerate(powers))


@pytest.mark.parametrize("height", range(3, 9))
@pytest.mark.parametrize(
    "powers", [(3, 1, 1, 1), (5, 3, 2), (1, 2, 3, 4), (10, 10, 1, 1), (6, 1, 1, 1, 1, 1)]
)
def test_turns_are_interleaved(powers, height) -> None:
    total = sum(powers)
    turns = rounds(powers, 4 * total, height)
    for count in range(1, len(turns) + 1):
        for index, power in enumerate(powers):
            # Never a whole turn away from its share.
            assert abs(turns[:count].count(index) * total - count * power) < total
    # Nobody with at most half of the power proposes three times in a row.
    assert not any(len(set(turns[at : at + 3])) == 1 for at in range(len(turns) - 2))


@pytest.mark.parametrize("powers", [(1, 1, 1, 1), (5, 5, 5), (4, 2, 2), (5, 3, 2), (7,)])
def test_a_round_far_ahead_costs_one_cycle(powers) -> None:
    turns = rounds(powers, 60)
    rotation = Rotation(3, validator_set(*powers), keys(*range(len(powers))))
    cycle = sum(powers) // gcd(*powers)
    for round_ in ((1 << 24) - 1, 1 << 24):
        assert rotation.proposer(round_) == turns[round_ % cycle]
    assert len(rotation._proposers) <= cycle
    assert turns[:cycle] * (60 // cycle) == turns[: 60 // cycle * cycle]
    assert Counter(turns[:cycle]) == {index: power // gcd(*powers) for index, power in enumerate(powers)}


def test_rounds_may_be_asked_in_any_order() -> None:
    rotation = Rotation(3, validator_set(5, 3, 2), keys(0, 1, 2))
    late = rotation.proposer(20)
    assert [rotation.proposer(round_) for round_ in range(21)][20] == late


def test_signers_of_a_commit() -> None:
    assert signers_of(a_commit(0, value("A"), (0, 2)), validator_set(1, 1, 1)) == keys(0, 2)
    assert signers_of(NO_COMMIT, validator_set(1, 1, 1)) == ()
