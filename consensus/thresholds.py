"""How much power stands behind a step: votes of one type in one round, counted by distinct validator.

Two lines are drawn (SPEC.md, "Quorums"; the paper's 2f + 1 and f + 1): a quorum is more than two thirds
of the power, and more than one third contains an honest validator. Integers only. A line, once crossed, is
noted once and stays crossed.
"""

from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import BlockId


class Tally:
    """The power of one step's votes, by value and in all.

    Attributes:
        quorum_of_any: More than two thirds of the power voted, for whatever (the paper's `*`).
        quorum_values: Values, nil included, with more than two thirds behind them, in the order they got
            there. More than one only if over a third of the power equivocates.
        honest_values: Values, nil included, with more than one third behind them, in that order.
    """

    def __init__(self, validators: ValidatorSet) -> None:
        """Start with no votes of these validators."""
        self._validators = validators
        self._voters: set[int] = set()
        self._voted_power = 0
        self._power: dict[BlockId, int] = {}
        self.quorum_of_any = False
        self.quorum_values: tuple[BlockId, ...] = ()
        self.honest_values: tuple[BlockId, ...] = ()

    def count(self, validator: int, block_id: BlockId) -> None:
        """Count a vote that was not counted before: a validator once per value, and once in all."""
        own = self._validators.validators[validator].power
        if validator not in self._voters:
            self._voters.add(validator)
            self._voted_power += own
            self.quorum_of_any = self._validators.is_quorum(self._voted_power)
        power = self._power.get(block_id, 0) + own
        self._power[block_id] = power
        if self._validators.is_quorum(power) and block_id not in self.quorum_values:
            self.quorum_values += (block_id,)
        if self._validators.has_honest(power) and block_id not in self.honest_values:
            self.honest_values += (block_id,)
