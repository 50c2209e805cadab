"""Rows of claims: whence goods are said to come that nobody on the ledger made (LAW 25).

An item's own row names the source that its receiver claimed, for ever; what became of the claim stands here.
"""

from enum import IntEnum

import msgspec


class ClaimRow(msgspec.Struct, frozen=True, array_like=True):
    """What is claimed of a source that no maker entered. It never changes."""

    claimant: int
    """Number of the partner that brought it in."""
    ground: int
    """An `OnboardGround`."""
    sender: bytes
    """Packed party GLN of who sent it, 6 bytes."""
    evidence: bytes
    """Hash of what shows that, 32 bytes."""
    claimed_at_ms: int
    """Block time at which this was first claimed."""


class ClaimStanding(IntEnum):
    """What those who may make the product said of a claimed item."""

    CONFIRMED = 1
    CONTRADICTED = 2


class ClaimAnswerRow(msgspec.Struct, frozen=True, array_like=True):
    """That a claimed item was answered for; without a row, nobody has said anything yet."""

    standing: int
    """A `ClaimStanding`."""
    by: int
    """Number of the partner that said so last."""
    commissioned: int
    """1 once a commission named its serial: that happens once."""
