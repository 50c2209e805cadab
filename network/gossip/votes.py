"""Which votes of the present height each peer has, and what to send to one that is behind.

Quorums must reach everyone, or the height stalls: a node that misses one vote may wait for ever (CONSENSUS,
"Do not get these wrong" 4). Votes are therefore sent again while a round lasts, but only to peers not known
to have them; and a peer that is stuck says exactly which it has, so that the answer is what it lacks.
Knowledge is per value: that a peer has a validator's vote for one block says nothing about the same
validator's vote for another, which a quorum may need (point 3).

What is "known" may be wrong, since what was sent may be lost with a connection. That costs a request, never
the height: a request replaces what was believed.
"""

from collections.abc import Iterable, Iterator, Sequence

from contracts.chain.validators import MAX_VALIDATORS
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

MAX_KNOWN = 8 * 2 * MAX_VALIDATORS
"""Most votes known of one peer: eight rounds of the largest set. Beyond, the oldest are forgotten and may be
sent twice."""

MAX_KNOWN_PROPOSALS = 64
"""Most proposals known of one peer; beyond, that of the lowest round is forgotten."""

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


class VoteKnowledge:
    """What every peer is believed to have at one height.

    Attributes:
        height: The height; votes of other heights are ignored.
    """

    def __init__(self) -> None:
        """Begin without a height."""
        self.height = 0
        self._votes: dict[str, dict[VoteKey, None]] = {}
        self._proposals: dict[str, set[int]] = {}

    def start_height(self, height: int) -> None:
        """Begin a height: forget the last one."""
        self.height = height
        self._votes.clear()
        self._proposals.clear()

    def on_peer_down(self, peer: str) -> None:
        """A peer is gone; what was sent last may be lost with the connection."""
        self._votes.pop(peer, None)
        self._proposals.pop(peer, None)

    def note_vote(self, peer: str, vote: Vote) -> None:
        """A vote came from a peer, or was sent to it."""
        if vote.height == self.height:
            self._note(peer, (key_of(vote),))

    def note_proposal(self, peer: str, height: int, round_: int) -> None:
        """A proposal came from a peer, or was sent to it."""
        if height == self.height:
            self._note_round(self._proposals.setdefault(peer, set()), round_)

    def note_request(self, peer: str, request: RoundRequest) -> None:
        """A peer says what it has: that replaces what was believed."""
        if request.height == self.height:
            self.on_peer_down(peer)
            self._note(peer, keys_of(request))
            self._proposals[peer] = set(request.proposals)

    def messages_for(
        self, peer: str, proposals: Iterable[ProposalMessage], votes: Iterable[Vote]
    ) -> list[Message]:
        """Return what a peer lacks of these proposals and votes, and believe that it has them from now on."""
        known = self._votes.get(peer, {})
        lacking = [vote for vote in votes if vote.height == self.height and key_of(vote) not in known]
        self._note(peer, map(key_of, lacking))
        has = self._proposals.setdefault(peer, set())
        wanted: list[Message] = []
        for message in proposals:
            if message.proposal.height == self.height and message.proposal.round not in has:
                self._note_round(has, message.proposal.round)
                wanted.append(message)
        return [*wanted, *votes_messages(self.height, lacking)]

    @staticmethod
    def _note_round(rounds: set[int], round_: int) -> None:
        rounds.add(round_)
        if len(rounds) > MAX_KNOWN_PROPOSALS:
            rounds.discard(min(rounds))

    def _note(self, peer: str, keys: Iterable[VoteKey]) -> None:
        known = self._votes.setdefault(peer, {})
        for key in keys:
            known[key] = None
        while len(known) > MAX_KNOWN:
            del known[next(iter(known))]
