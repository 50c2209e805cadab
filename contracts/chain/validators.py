"""The validator set: who votes, with how much power, and what a quorum is.

Sets are ordered by public key. Quorums are computed in integers, by distinct validator (consensus/SPEC.md,
"Quorums"): more than two thirds decide, more than one third contains an honest node.
"""

from collections.abc import Iterable
from functools import cached_property

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import VALIDATORS, Hash
from contracts.primitives.signing import PUBLIC_KEY_BYTES

MAX_VALIDATORS = 128
MAX_TOTAL_POWER = 1 << 40


class InvalidValidatorSet(ValueError):
    """A validator set that no network may have."""


class Validator(msgspec.Struct, frozen=True, array_like=True):
    """One voting node."""

    public_key: bytes
    """32 bytes, the key its votes are signed with; also its address."""
    power: int
    """Its share of the votes, at least 1."""


class ValidatorSet:
    """An ordered, immutable set of validators.

    Attributes:
        validators: The validators, by ascending public key; a vote names its author by index in here.
        total_power: The sum of all powers.
    """

    def __init__(self, validators: Iterable[Validator]) -> None:
        """Build the set, in its canonical order.

        Raises:
            InvalidValidatorSet: Empty, too many, a key twice or of the wrong length, or a power out of range.
        """
        self.validators = tuple(sorted(validators, key=lambda validator: validator.public_key))
        self.total_power = sum(validator.power for validator in self.validators)
        self._index = {validator.public_key: at for at, validator in enumerate(self.validators)}
        self._check()

    def _check(self) -> None:
        if not 0 < len(self.validators) <= MAX_VALIDATORS:
            msg = f"a network has 1 to {MAX_VALIDATORS} validators, not {len(self.validators)}"
            raise InvalidValidatorSet(msg)
        if len(self._index) != len(self.validators):
            msg = "a validator key stands in the set twice"
            raise InvalidValidatorSet(msg)
        for validator in self.validators:
            if len(validator.public_key) != PUBLIC_KEY_BYTES or validator.power < 1:
                msg = f"validator {validator.public_key.hex()}: a key has 32 bytes and a power of at least 1"
                raise InvalidValidatorSet(msg)
        if self.total_power > MAX_TOTAL_POWER:
            msg = f"total power {self.total_power} exceeds {MAX_TOTAL_POWER}"
            raise InvalidValidatorSet(msg)

    def __len__(self) -> int:
        """Return the number of validators."""
        return len(self.validators)

    def __eq__(self, other: object) -> bool:
        """Two sets are equal when their validators are."""
        return isinstance(other, ValidatorSet) and self.validators == other.validators

    def __hash__(self) -> int:
        """Hash by content, as equality does."""
        return hash(self.validators)

    def index_of(self, public_key: bytes) -> int | None:
        """Return the index of the validator with this key, or None for a stranger."""
        return self._index.get(public_key)

    def get(self, index: int) -> Validator | None:
        """Return the validator at `index`, or None when there is none (also for negative numbers)."""
        return self.validators[index] if 0 <= index < len(self.validators) else None

    def power_of(self, indices: Iterable[int]) -> int:
        """Return the summed power of distinct validators; an index named twice counts once."""
        return sum(self.validators[index].power for index in set(indices))

    def is_quorum(self, power: int) -> bool:
        """More than two thirds: enough to lock and to decide."""
        return power * 3 > 2 * self.total_power

    def has_honest(self, power: int) -> bool:
        """More than one third: at least one of them is honest."""
        return power * 3 > self.total_power

    @cached_property
    def hash(self) -> Hash:
        """The hash that headers name this set by."""
        return VALIDATORS.hash(encode(self.validators))
