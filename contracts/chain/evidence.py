"""Evidence: two signed statements of one validator that no honest validator makes both.

A validator casts one prevote and one precommit a round, and a proposer makes one proposal. Two different
ones with valid signatures convict the key that signed them; nobody else can make such a pair.
"""

from enum import IntEnum

import msgspec

from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import Proposal, Vote, VoteType, verify_proposal, verify_vote
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import EVIDENCE, Hash


class DuplicateVote(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Two votes of one validator for one height, round and type, for different values."""

    first: Vote
    """The vote with the smaller block id."""
    second: Vote
    """The vote with the larger block id."""


class DuplicateProposal(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Two proposals of one validator for one height and round that differ in value or valid round."""

    first: Proposal
    """The proposal with the smaller (block id, valid round)."""
    second: Proposal
    """The other one."""


Evidence = DuplicateVote | DuplicateProposal


class OffenceKind(IntEnum):
    """What was said twice."""

    PROPOSAL = 0
    PREVOTE = 1
    PRECOMMIT = 2


def kind_of(evidence: Evidence) -> OffenceKind:
    """Return what was said twice."""
    match evidence:
        case DuplicateProposal():
            return OffenceKind.PROPOSAL
        case DuplicateVote(first=vote):
            return OffenceKind.PREVOTE if vote.type == VoteType.PREVOTE else OffenceKind.PRECOMMIT


def author_of(evidence: Evidence) -> int:
    """Return the index of the author in the validator set of the height, as the first statement says."""
    match evidence:
        case DuplicateProposal(first=proposal):
            return proposal.proposer
        case DuplicateVote(first=vote):
            return vote.validator


def of_votes(one: Vote, other: Vote) -> DuplicateVote:
    """Build evidence from two conflicting votes, in canonical order."""
    first, second = sorted((one, other), key=lambda vote: vote.block_id)
    return DuplicateVote(first, second)


def of_proposals(one: Proposal, other: Proposal) -> DuplicateProposal:
    """Build evidence from two conflicting proposals, in canonical order."""
    first, second = sorted((one, other), key=lambda proposal: (proposal.block_id, proposal.valid_round))
    return DuplicateProposal(first, second)


def evidence_hash(evidence: Evidence) -> Hash:
    """Return the hash that the evidence root of a header is built over."""
    return EVIDENCE.hash(encode(evidence))


def verify_evidence(chain_id: str, validators: ValidatorSet, evidence: Evidence) -> bool:
    """Tell whether `evidence` convicts a validator of `validators`, the set of its height."""
    match evidence:
        case DuplicateVote(first=first, second=second):
            return (
                (first.type, first.height, first.round, first.validator)
                == (second.type, second.height, second.round, second.validator)
                and first.block_id < second.block_id
                and verify_vote(chain_id, validators, first)
                and verify_vote(chain_id, validators, second)
            )
        case DuplicateProposal(first=one, second=two):
            return (
                (one.height, one.round, one.proposer) == (two.height, two.round, two.proposer)
                and (one.block_id, one.valid_round) < (two.block_id, two.valid_round)
                and verify_proposal(chain_id, validators, one)
                and verify_proposal(chain_id, validators, two)
            )
