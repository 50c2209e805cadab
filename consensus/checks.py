"""What a verified message must look like before the core lets it in: ranges, strangers, quorums.

The host verified signatures; it may still have verified a message that makes no sense here. Such messages are
ignored, never an error: a peer made them.
"""

from contracts.chain.commit import Commit
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import MAX_ROUND, NIL, NO_ROUND, Proposal, Vote
from contracts.primitives.hashing import HASH_BYTES


def is_vote(vote: Vote, validators: ValidatorSet) -> bool:
    """Tell whether a vote names a validator, a round that exists, and a block id or nil."""
    return (
        validators.get(vote.validator) is not None
        and 0 <= vote.round <= MAX_ROUND
        and (vote.block_id == NIL or len(vote.block_id) == HASH_BYTES)
    )


def is_proposal(proposal: Proposal) -> bool:
    """Tell whether a proposal names a block id, and a valid round before its own (line 28)."""
    return len(proposal.block_id) == HASH_BYTES and NO_ROUND <= proposal.valid_round < proposal.round


def is_certificate(commit: Commit, validators: ValidatorSet) -> bool:
    """Tell whether a commit names a block id, a round that exists, and a quorum of these validators."""
    signers = [entry.validator for entry in commit.signatures]
    return (
        len(commit.block_id) == HASH_BYTES
        and 0 <= commit.round <= MAX_ROUND
        and all(validators.get(signer) is not None for signer in signers)
        and validators.is_quorum(validators.power_of(signers))
    )
