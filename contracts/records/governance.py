"""Records of governance: proposals of changes, and votes on them (rule 22)."""

from enum import IntEnum

import msgspec

from contracts.records.changes import Change, change_weight
from contracts.records.head import Head


class Choice(IntEnum):
    """What a vote says."""

    APPROVE = 1
    REJECT = 2


class ProposeChanges(msgspec.Struct, frozen=True, array_like=True, tag=90):
    """Rule 22: who runs a validator proposes changes of the network; it approves of them itself."""

    head: Head
    """When; where it is signed need not be stated."""
    changes: tuple[Change, ...]
    """All of them act, in this order, or none."""
    acts_at: int
    """First height at which they act."""
    until_height: int
    """Last height at which votes are counted; at least two before `acts_at`."""
    reason: str
    """Why, for people."""


class VoteOnChanges(msgspec.Struct, frozen=True, array_like=True, tag=91):
    """Rule 22: who runs a validator approves of a proposal, or rejects it; the last word counts."""

    head: Head
    """When; where it is signed need not be stated."""
    proposal: bytes
    """Proposal id, 16 bytes."""
    choice: Choice
    """Approve or reject."""


class WithdrawChanges(msgspec.Struct, frozen=True, array_like=True, tag=92):
    """Rule 22: who made a proposal ends it before it is decided."""

    head: Head
    """When; where it is signed need not be stated."""
    proposal: bytes
    """Proposal id, 16 bytes."""


GovernanceRecord = ProposeChanges | VoteOnChanges | WithdrawChanges
"""Any of these."""


def changes_weight(changes: tuple[Change, ...]) -> int:
    """Return how much proposed changes weigh."""
    return sum(map(change_weight, changes))
