"""Rows of governance: who votes, what binds the network, what was proposed, and what is to act when."""

from enum import IntEnum

import msgspec

from contracts.records.changes import Change


class ValidatorEntry(msgspec.Struct, frozen=True, array_like=True):
    """A voting node."""

    public_key: bytes
    """32 bytes, the key its votes are signed with."""
    power: int
    """Its share of the votes, at least 1."""
    partner: bytes
    """Packed party GLN of the partner that runs it, 6 bytes; empty for none."""
    node: str
    """Name of its node."""


Validators = tuple[ValidatorEntry, ...]
"""A set, by ascending public key."""


class SetsRow(msgspec.Struct, frozen=True, array_like=True):
    """The validator sets that the end of the chain needs: after height h those of h, h + 1 and h + 2."""

    last: Validators
    """Who decided the last block; at genesis those who vote on the first one."""
    current: Validators
    """Who votes on the next block; while that is executed, whose partners govern."""
    following: Validators
    """Who votes on the one after: it is in the next header already."""


class ParametersRow(msgspec.Struct, frozen=True, array_like=True):
    """The parameters that bind the next block: the very numbers whose hash headers carry."""

    limits: tuple[int, ...]
    """In the order of the fields of `Limits`."""
    tolerances: tuple[int, ...]
    """In the order of the fields of `Tolerances`."""
    timing: tuple[int, ...]
    """In the order of the fields of `ConsensusTiming`."""


class NodeRow(msgspec.Struct, frozen=True, array_like=True):
    """A node that may connect."""

    role: str
    """validator, member or observer."""
    certificate: bytes
    """Its self-made certificate, DER."""
    partner: bytes
    """Packed party GLN of the partner that runs it, 6 bytes; empty for none."""
    validator_key: bytes
    """32 bytes for a validator, else empty."""
    power: int
    """Voting power of a validator, else 0."""


class ChangesStanding(IntEnum):
    """What became of proposed changes; all but the first two are final."""

    OPEN = 1
    DECIDED = 2
    ACTED = 3
    REJECTED = 4
    WITHDRAWN = 5


class ChangesRow(msgspec.Struct, frozen=True, array_like=True):
    """What was proposed; it never changes."""

    proposer: int
    """Number of the partner that made it."""
    acts_at: int
    """First height at which it acts."""
    until_height: int
    """Last height at which votes are counted."""
    reason: str
    """Why, for people."""
    changes: tuple[Change, ...]
    """In the order in which they act."""


class BallotRow(msgspec.Struct, frozen=True, array_like=True):
    """What became of a proposal, and who said what."""

    standing: int
    """A `ChangesStanding`."""
    approved: tuple[int, ...]
    """Numbers of the partners that approve, ascending; what counts is the power they have at each count."""
    rejected: tuple[int, ...]
    """Numbers of the partners that reject, ascending."""
    decided_at: int
    """Height of the vote that decided; 0 before."""


class GovernanceRow(msgspec.Struct, frozen=True, array_like=True):
    """Which rules are in force, and which proposals are decided and do not act yet."""

    rules: int
    """Version of the rules that bind the next block."""
    scheduled: tuple[tuple[int, bytes], ...]
    """(height at which it acts, proposal id): ascending by height, then in the order of decision."""
