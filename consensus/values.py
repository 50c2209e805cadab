"""The words of the algorithm: steps, timers, and values held for a round.

Follows arXiv 1807.04938, algorithm 1, lines 2-9. A value is an opaque block id of 32 bytes; nil is empty.
"""

from enum import IntEnum

import msgspec

from contracts.chain.votes import NIL, NO_ROUND, BlockId


class Step(IntEnum):
    """Where a node stands in a round; the numbers only ever grow within a round."""

    IDLE = 0
    """The height has not begun: nothing asks for a block yet, round is -1."""
    PROPOSE = 1
    """Waiting for a proposal that may be prevoted."""
    PREVOTE = 2
    """Has prevoted."""
    PRECOMMIT = 3
    """Has precommitted."""
    DECIDED = 4
    """The height is decided; waiting for the host to start the next one."""


class Timer(IntEnum):
    """The timers a host runs for the engine, at most one of each kind at a time."""

    PROPOSE = 1
    """No proposal came: prevote nil (line 57)."""
    PREVOTE = 2
    """No value reached a quorum of prevotes: precommit nil (line 61)."""
    PRECOMMIT = 3
    """No value reached a quorum of precommits: next round (line 65)."""
    RESEND = 4
    """The round lasts: send its messages again."""
    PROOF_BLOCK = 5
    """The previous block had bundles: begin, so that a block certifies their receipts."""
    HEARTBEAT = 6
    """Nothing happened for long: begin, so that block time moves on."""


class RoundValue(msgspec.Struct, frozen=True, array_like=True):
    """A value and the round in which it was locked or became valid."""

    block_id: BlockId
    """32 bytes; empty when there is none."""
    round: int
    """From 0; -1 when there is none."""


NO_VALUE = RoundValue(NIL, NO_ROUND)
"""Neither locked nor valid (lines 6-9)."""


class Judgement(IntEnum):
    """What is known about a value: the paper's `valid(v)`, which here may still be open."""

    PENDING = 0
    """Not judged yet, or bundles are missing: wait."""
    ACCEPT = 1
    """May be voted for."""
    REFUSE = 2
    """Must not be voted for."""
