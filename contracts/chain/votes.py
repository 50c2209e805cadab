"""Votes and proposals: what validators sign in a round.

A vote names its author by index in the validator set of its height. A nil vote has an empty block id.
Signed bytes carry tag, chain id, type, height, round, block id and, for a proposal, its valid round. They
carry no time and no index, so all precommits of a commit sign the same bytes.
"""

from enum import IntEnum
from typing import NewType

import msgspec

from contracts.chain.validators import ValidatorSet
from contracts.primitives import signing
from contracts.primitives.hashing import HASH_BYTES
from contracts.primitives.signing import SIGNATURE_BYTES

BlockId = NewType("BlockId", bytes)
"""32 bytes, the hash of a header; the value that consensus decides. Empty for nil."""

NIL = BlockId(b"")
NO_ROUND = -1
MAX_HEIGHT = 1 << 48
MAX_ROUND = 1 << 24


class VoteType(IntEnum):
    """The two voting steps of a round."""

    PREVOTE = 1
    PRECOMMIT = 2


class Vote(msgspec.Struct, frozen=True, array_like=True):
    """A prevote or precommit for a block or for nil."""

    type: VoteType
    """Prevote or precommit."""
    height: int
    """Height voted on, from 1."""
    round: int
    """Round voted in, from 0."""
    block_id: bytes
    """32 bytes, or empty for nil."""
    validator: int
    """Index of the author in the validator set of this height."""
    signature: bytes
    """64 bytes over `vote_sign_bytes`."""


class Proposal(msgspec.Struct, frozen=True, array_like=True):
    """A proposer's signed choice of a value for a round; the block itself travels beside it."""

    height: int
    """Height proposed for, from 1."""
    round: int
    """Round proposed in, from 0."""
    block_id: bytes
    """32 bytes."""
    valid_round: int
    """Earlier round in which the value had a quorum of prevotes, -1 for a fresh value."""
    proposer: int
    """Index of the author in the validator set of this height."""
    signature: bytes
    """64 bytes over `proposal_sign_bytes`."""


def vote_sign_bytes(chain_id: str, kind: VoteType, height: int, round_: int, block_id: bytes) -> bytes:
    """Return the bytes that a vote's author signs."""
    return signing.sign_bytes(signing.VOTE, chain_id, (int(kind), height, round_, block_id))


def proposal_sign_bytes(chain_id: str, height: int, round_: int, block_id: bytes, valid_round: int) -> bytes:
    """Return the bytes that a proposal's author signs."""
    return signing.sign_bytes(signing.PROPOSAL, chain_id, (height, round_, block_id, valid_round))


def _is_position(height: int, round_: int) -> bool:
    return 0 < height <= MAX_HEIGHT and 0 <= round_ <= MAX_ROUND


def is_well_formed_vote(vote: Vote) -> bool:
    """Tell whether a vote's fields are in range, before its signature is worth checking."""
    return (
        _is_position(vote.height, vote.round)
        and len(vote.block_id) in (0, HASH_BYTES)
        and vote.validator >= 0
        and len(vote.signature) == SIGNATURE_BYTES
    )


def is_well_formed_proposal(proposal: Proposal) -> bool:
    """Tell whether a proposal's fields are in range; a valid round lies before its round."""
    return (
        _is_position(proposal.height, proposal.round)
        and len(proposal.block_id) == HASH_BYTES
        and NO_ROUND <= proposal.valid_round < proposal.round
        and proposal.proposer >= 0
        and len(proposal.signature) == SIGNATURE_BYTES
    )


def verify_vote(chain_id: str, validators: ValidatorSet, vote: Vote) -> bool:
    """Tell whether the vote is well formed and signed by the validator it names, in the set of its height."""
    author = validators.get(vote.validator)
    if author is None or not is_well_formed_vote(vote):
        return False
    message = vote_sign_bytes(chain_id, vote.type, vote.height, vote.round, vote.block_id)
    return signing.verify(author.public_key, message, vote.signature)


def verify_proposal(chain_id: str, validators: ValidatorSet, proposal: Proposal) -> bool:
    """Tell whether the proposal is well formed and signed by the validator it names.

    Whether that validator may propose in this round is the proposer rotation's question, not this one's.
    """
    author = validators.get(proposal.proposer)
    if author is None or not is_well_formed_proposal(proposal):
        return False
    message = proposal_sign_bytes(
        chain_id, proposal.height, proposal.round, proposal.block_id, proposal.valid_round
    )
    return signing.verify(author.public_key, message, proposal.signature)
