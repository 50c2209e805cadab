"""Validator sets: order, quorums in integers, and sets that no network may have."""

import pytest

from contracts.chain.validators import (
    MAX_TOTAL_POWER,
    MAX_VALIDATORS,
    InvalidValidatorSet,
    Validator,
    ValidatorSet,
)
from tests.vectors.network import public_key


def keys(count: int) -> list[bytes]:
    return [bytes((number,)) * 32 for number in range(count)]


def test_the_order_in_which_validators_are_named_does_not_matter() -> None:
    named = [Validator(public_key(f"v{number}"), number + 1) for number in range(5)]
    one, other = ValidatorSet(named), ValidatorSet(reversed(named))
    assert one == other
    assert hash(one) == hash(other)
    assert one.hash == other.hash
    assert [validator.public_key for validator in one.validators] == sorted(v.public_key for v in named)
    assert one != ValidatorSet(named[:4])
    assert one != named


def test_a_validator_is_found_by_key_and_by_index() -> None:
    validators = ValidatorSet(Validator(key, 1) for key in keys(4))
    assert validators.index_of(keys(4)[2]) == 2
    assert validators.index_of(b"stranger") is None
    assert validators.get(3) == Validator(keys(4)[3], 1)
    assert validators.get(4) is None
    assert validators.get(-1) is None
    assert len(validators) == 4


@pytest.mark.parametrize(
    ("total", "quorum", "honest"),
    [
        (1, 1, 1),
        (2, 2, 1),
        (3, 3, 2),
        (4, 3, 2),
        (5, 4, 2),
        (6, 5, 3),
        (7, 5, 3),
        (9, 7, 4),
        (10, 7, 4),
        (100, 67, 34),
    ],
)
def test_quorums_are_more_than_two_thirds_and_more_than_one(total: int, quorum: int, honest: int) -> None:
    validators = ValidatorSet([Validator(keys(1)[0], total)])
    assert next(power for power in range(total + 1) if validators.is_quorum(power)) == quorum
    assert next(power for power in range(total + 1) if validators.has_honest(power)) == honest


def test_a_validator_named_twice_counts_once() -> None:
    validators = ValidatorSet(Validator(key, 1) for key in keys(4))
    assert validators.power_of([0, 0, 0]) == 1
    assert not validators.is_quorum(validators.power_of([1, 2, 1, 2]))


@pytest.mark.parametrize(
    "validators",
    [
        [],
        [Validator(key, 1) for key in keys(MAX_VALIDATORS + 1)],
        [Validator(keys(1)[0], 1)] * 2,
        [Validator(keys(1)[0], 0)],
        [Validator(keys(1)[0], -1), Validator(keys(2)[1], 5)],
        [Validator(keys(1)[0][:31], 1)],
        [Validator(keys(1)[0], MAX_TOTAL_POWER), Validator(keys(2)[1], 1)],
    ],
    ids=["empty", "too many", "twice", "no power", "negative", "short key", "too much power"],
)
def test_a_set_no_network_may_have_is_refused(validators: list[Validator]) -> None:
    with pytest.raises(InvalidValidatorSet):
        ValidatorSet(validators)


def test_the_largest_set_is_allowed() -> None:
    assert len(ValidatorSet(Validator(key, 1) for key in keys(MAX_VALIDATORS))) == MAX_VALIDATORS
    assert ValidatorSet([Validator(keys(1)[0], MAX_TOTAL_POWER)]).total_power == MAX_TOTAL_POWER
