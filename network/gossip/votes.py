"""What a node that is stuck at a height asks for, and what its peers answer.

Quorums must reach everyone, or the height stalls: a node that misses one vote may wait for ever
(consensus/SPEC.md, "Sending again"). Votes are sent again while a round lasts; beside that, a node that is
stuck says exactly which it has, so that the answer is what it lacks. Votes are named per value: that a node
has a validator's vote for one block says nothing about the same validator's vote for another, which a quorum
may need ("Equivocation").
"""

from collections.abc import Iterable, Iterator, Sequence

from contracts.chain.votes import Vote, VoteType
from network.wire.messages import (
    MAX_VOTE_SETS,
    MAX_VOTES_SENT,
    Message,
    ProposalMessage,
    RoundRequest,
    RoundVotes,
    VoteSet,
)

VoteKey = tuple[int, int, bytes, int]
"""Round, type, block id, validator."""


def key_of(vote: Vote) -> VoteKey:
    """Return what distinguishes a vote from others of its height."""
    return vote.round, int(vote.type), vote.block_id, vote.validator


def bits_of(validators: Iterable[int]) -> bytes:
    """Return the bit set of validator indices (0 to 127), without trailing zero bytes."""
    number = sum(1 << index for index in set(validators))
    return number.to_bytes((number.bit_length() + 7) // 8, "little")


def validators_of(bits: bytes) -> Iterator[int]:
    """Yield the indices in a bit set, ascending."""
    number = int.from_bytes(bits, "little")
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def build_request(height: int, round_: int, proposals: Iterable[int], votes: Iterable[Vote]) -> RoundRequest:
    """Build the request of a node that is stuck; when it has too much to say, the latest rounds matter most.

    Args:
        height: Height it works on.
        round_: Round it is in; -1 before the first.
        proposals: Rounds whose proposals it holds.
        votes: Votes of this height that it holds.
    """
    groups: dict[tuple[int, int, bytes], list[int]] = {}
    for vote in votes:
        groups.setdefault((vote.round, int(vote.type), vote.block_id), []).append(vote.validator)
    latest = sorted(groups.items(), reverse=True)[:MAX_VOTE_SETS]
    return RoundRequest(
        height,
        round_,
        tuple(sorted(sorted(set(proposals), reverse=True)[:MAX_VOTE_SETS])),
        tuple(
            VoteSet(at, VoteType(kind), block_id, bits_of(validators))
            for (at, kind, block_id), validators in reversed(latest)
        ),
    )


def keys_of(request: RoundRequest) -> set[VoteKey]:
    """Return the votes that the sender of a request says it has."""
    return {
        (votes.round, int(votes.type), votes.block_id, validator)
        for votes in request.votes
        for validator in validators_of(votes.validators)
    }


def answer_request(
    request: RoundRequest, proposals: Iterable[ProposalMessage], votes: Iterable[Vote]
) -> list[Message]:
    """Return what the sender of a request lacks of these proposals and votes of its height."""
    has = keys_of(request)
    wanted: list[Message] = [
        message for message in proposals if message.proposal.round not in request.proposals
    ]
    lacking = [vote for vote in votes if key_of(vote) not in has]
    return [*wanted, *votes_messages(request.height, lacking)]


def votes_messages(height: int, votes: Sequence[Vote]) -> Iterator[RoundVotes]:
    """Yield the messages that carry these votes of one height."""
    for first in range(0, len(votes), MAX_VOTES_SENT):
        yield RoundVotes(height, tuple(votes[first : first + MAX_VOTES_SENT]))
