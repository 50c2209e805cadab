"""Pairs of statements that no honest validator makes both, signed with whatever key a test likes."""

from typing import Final

from contracts.chain.evidence import DuplicateProposal, DuplicateVote, of_proposals, of_votes
from contracts.chain.votes import (
    NO_ROUND,
    Proposal,
    Vote,
    VoteType,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from contracts.primitives import signing

ONE: Final = b"\1" * 32
OTHER: Final = b"\2" * 32


def signed_vote(
    chain_id: str, key: bytes, height: int, author: int, value: bytes, kind: VoteType, round_: int = 0
) -> Vote:
    """Return a vote signed with the key of a seed."""
    message = vote_sign_bytes(chain_id, kind, height, round_, value)
    return Vote(kind, height, round_, value, author, signing.sign(key, message))


def two_votes(
    chain_id: str,
    key: bytes,
    height: int,
    author: int,
    *,
    kind: VoteType = VoteType.PREVOTE,
    round_: int = 0,
    values: tuple[bytes, bytes] = (ONE, OTHER),
) -> DuplicateVote:
    """Return two votes of one step."""
    first, second = (
        signed_vote(chain_id, key, height, author, value, kind, round_) for value in sorted(values)
    )
    return of_votes(first, second)


def two_proposals(
    chain_id: str,
    key: bytes,
    height: int,
    author: int,
    *,
    round_: int = 0,
    values: tuple[tuple[bytes, int], tuple[bytes, int]] = ((ONE, NO_ROUND), (OTHER, NO_ROUND)),
) -> DuplicateProposal:
    """Return two proposals of one round, each of (block id, valid round)."""
    first, second = (
        Proposal(
            *(height, round_, value, valid, author),
            signing.sign(key, proposal_sign_bytes(chain_id, height, round_, value, valid)),
        )
        for value, valid in values
    )
    return of_proposals(first, second)
