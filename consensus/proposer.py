"""Who proposes: a pure function of height, round, validator set and the signers of an older commit.

Round 0 rotates over the validators that signed the commit which block height - 1 carries, so a dead one
does not cost a timeout every n-th height. Later rounds rotate over everyone by weight, interleaved (smooth
weighted round robin): a validator with three times the power proposes three times as often, not three times
in a row. The proposer of round 0 counts as having had its turn.
"""

from collections.abc import Sequence
from math import gcd

from contracts.chain.commit import Commit
from contracts.chain.validators import ValidatorSet

FIRST_HEIGHT_WITH_SIGNERS = 3
"""Block 1 carries no commit, so nothing is known about signers before block 2's is."""


def signers_of(commit: Commit, validators: ValidatorSet) -> tuple[bytes, ...]:
    """Return the public keys that signed a commit.

    Args:
        commit: The commit carried by block height - 1, that is the commit for height - 2.
        validators: The set of the commit's height.

    Returns:
        The keys, 32 bytes each, in the set's order; empty for the empty commit.
    """
    return tuple(validators.validators[entry.validator].public_key for entry in commit.signatures)


def first_proposer(height: int, validators: ValidatorSet, round_zero_signers: Sequence[bytes]) -> int:
    """Return the index of the validator that proposes in round 0 of this height.

    Args:
        height: From 1.
        validators: The set of this height.
        round_zero_signers: Public keys that signed the commit carried by block height - 1; those that left
            the set are skipped. At heights 1 and 2, and when none is left, the whole set takes turns.
    """
    indices = {validators.index_of(key) for key in round_zero_signers} - {None}
    if height < FIRST_HEIGHT_WITH_SIGNERS or not indices:
        return height % len(validators)
    return sorted(index for index in indices if index is not None)[height % len(indices)]


class Rotation:
    """The proposers of one height, round by round."""

    def __init__(self, height: int, validators: ValidatorSet, round_zero_signers: Sequence[bytes]) -> None:
        """Prepare the rotation of this height; the arguments are those of `first_proposer`."""
        self._validators = validators
        first = first_proposer(height, validators, round_zero_signers)
        # Equals take turns from the first proposer on, which comes last: its credit was just spent.
        self._turn_order = [(first + offset) % len(validators) for offset in range(len(validators))]
        self._credit = [validator.power for validator in validators.validators]
        self._credit[first] -= validators.total_power
        self._proposers = [first]
        # After so many turns everyone has had its share exactly, and the turns repeat.
        powers = (validator.power for validator in validators.validators)
        self._cycle = validators.total_power // gcd(*powers)

    def proposer(self, round_: int) -> int:
        """Return the index of the validator that proposes in this round, from 0.

        The cost grows with the highest round asked for, up to one cycle.
        """
        turn = round_ % self._cycle
        while len(self._proposers) <= turn:
            self._proposers.append(self._next())
        return self._proposers[turn]

    def _next(self) -> int:
        for index, validator in enumerate(self._validators.validators):
            self._credit[index] += validator.power
        chosen = max(self._turn_order, key=lambda index: self._credit[index])
        self._credit[chosen] -= self._validators.total_power
        return chosen
