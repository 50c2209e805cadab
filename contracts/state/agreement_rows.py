"""Rows of proposals: what one party asked another to agree to, and what became of it."""

from enum import IntEnum

import msgspec


class ProposalKind(IntEnum):
    """What is proposed."""

    OWNERSHIP = 1
    """Rule 8: that the other party becomes the owner."""
    BURNING = 2
    """Rule 19: that items which were commissioned by mistake are burned."""
    REVIVAL = 3
    """Rule 19: that items whose end was recorded by mistake live on, held; maker and regulator consent."""
    EXPIRY = 4
    """Rule 19b: that a lot expires later; a regulator consents."""


class ProposalStanding(IntEnum):
    """What became of a proposal; all but the first are final."""

    OPEN = 1
    CONSENTED = 2
    WITHDRAWN = 3


class ProposalRow(msgspec.Struct, frozen=True, array_like=True):
    """A proposal. It binds nobody: what it is about may change until the other party consents."""

    kind: int
    """A `ProposalKind`."""
    proposer: int
    """Number of the partner that made it."""
    other: int
    """Number of the partner that may consent; 0 for any regulator."""
    until_height: int
    """Last height at which it may; 0 for no end."""
    standing: int
    """A `ProposalStanding`."""
    terms: bytes
    """Hash of the kind and what it is about, 32 bytes: who consents repeats that."""
