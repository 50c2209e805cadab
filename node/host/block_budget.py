"""How much work a proposer puts into a block: what this node lately executed in a part of a second.

Caps of genesis bound what a block may hold, for the largest network; they allow blocks that take a small
machine seconds to execute. With more work waiting than the network can do, blocks would grow to these caps,
and with them the time between them. So a proposer takes no more than its own node executes in `TARGET_MS`.
What is left waits for the next block: the chain does the same work in more blocks, evenly.

Work is counted in units of about equal time: a document costs several times what one more serial in it costs.
"""

from typing import Final

from node.pool.choice import ANY_WORK

TARGET_MS: Final = 40
"""How long the execution of a block may take, by this node's pace."""
LEAST_WORK: Final = 900
"""A block may always hold this much: some ninety documents."""
MEASURED_WORK: Final = 600
"""Blocks with less tell little: what a block costs by itself outweighs its documents."""
_NEW_WEIGHT: Final = 0.3
_WORST: Final = 4.0
"""A block that took longer than so many times the usual counts as that: one stall of a disk is no pace."""


class BlockBudget:
    """Measures blocks and says how large the next one may be. Used on the event loop."""

    def __init__(self) -> None:
        """Begin without a measurement: nothing but genesis bounds a block."""
        self._ms_per_unit = 0.0

    def executed(self, work: int, took_ms: int) -> None:
        """Take note of a block of so much work, and of the time from its decision until it was durable."""
        if work < MEASURED_WORK:
            return
        found = took_ms / work
        if not self._ms_per_unit:
            self._ms_per_unit = found
            return
        found = min(found, _WORST * self._ms_per_unit)
        self._ms_per_unit += _NEW_WEIGHT * (found - self._ms_per_unit)

    @property
    def work(self) -> int:
        """Most work of a block."""
        if not self._ms_per_unit:
            return ANY_WORK
        return max(LEAST_WORK, int(TARGET_MS / self._ms_per_unit))
