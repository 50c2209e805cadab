"""Colluders: liars with so much power that either half of the honest makes a quorum with them.

Their nodes are real and tell one half of the honest the truth. The other half hears nothing of what they say
in truth; it is told that they are for whatever is proposed there, by one of its own, or by a colluder in a
proposal that only that half is shown, and for nothing where nothing is. So each half may decide, and the
ledger forks. What the colluders know of forks they keep to themselves.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from contracts.chain.header import BLOCKS, block_id
from contracts.chain.votes import (
    NIL,
    NO_ROUND,
    Proposal,
    Vote,
    VoteType,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.peer.face import PeerIdentity
from network.wire.messages import (
    BlockAnswer,
    BlockBundles,
    CommitMessage,
    DecisionAnswer,
    ForkMessage,
    Message,
    NoBlock,
    ProposalMessage,
    RoundRequest,
    RoundVotes,
    Tip,
    VoteMessage,
)
from tests.simulation.cast import CHAIN_ID

if TYPE_CHECKING:
    from tests.simulation.machine import Machine

_TRUTH: Final = (
    *(ProposalMessage, VoteMessage, RoundVotes, RoundRequest, CommitMessage),
    *(Tip, BlockAnswer, BlockBundles, NoBlock),
)
"""What would tell the other half of the first one's chain."""
_SECRET: Final = (DecisionAnswer, ForkMessage)
"""What colluders tell nobody."""


class Plot:
    """What colluders agree on.

    Attributes:
        counts: How often they did what.
        is_on: Whether they act; before, they are honest.
    """

    def __init__(self, fooled: Collection[str], *, forges: bool, waits: int) -> None:
        """Agree.

        Args:
            fooled: Names of the half that is told the other story.
            forges: Colluders propose to that half as well, when it is their turn.
            waits: For proposals of so many rounds of a height they say nothing to that half.
        """
        self._fooled = frozenset(fooled)
        self._forges = forges
        self._waits = waits
        self._members: list[Colluder] = []
        self._proposed: dict[tuple[int, int], ProposalMessage | None] = {}
        self._supported: set[tuple[int, int]] = set()
        self._joined: set[tuple[int, int, VoteType]] = set()
        self.counts: Counter[str] = Counter()
        self.is_on = False

    def join(self, member: "Colluder") -> None:
        """Let one more take part."""
        self._members.append(member)

    def is_fooled(self, name: str) -> bool:
        """Tell whether a node is told the other story by now."""
        return self.is_on and name in self._fooled

    def heard(self, name: str, message: Message) -> None:
        """A colluder hears something: what is proposed in the other half all of them are for."""
        if not self.is_fooled(name):
            return
        match message:
            case ProposalMessage():
                self._support(message)
            case VoteMessage(vote=vote):
                self._join_in(vote)
            case _:
                pass

    def forged(self, author: "Colluder", message: ProposalMessage) -> ProposalMessage | None:
        """Return what the other half is shown instead of a colluder's proposal, if it is shown any."""
        place = (message.proposal.height, message.proposal.round)
        if place not in self._proposed:
            self._proposed[place] = None
            if self._forges and message.proposal.valid_round == NO_ROUND and place[1] >= self._waits:
                self._proposed[place] = author.other_proposal(message)
                self.counts["two_proposals"] += 1
        found = self._proposed[place]
        if found is not None:
            self._support(found)
        return found

    def _support(self, message: ProposalMessage) -> None:
        """Be for what is proposed in the other half, in both steps."""
        proposal = message.proposal
        place = (proposal.height, proposal.round)
        if proposal.round >= self._waits and place not in self._supported:
            self._supported.add(place)
            self.counts["other_proposal_supported"] += 1
            for kind in VoteType:
                self._vote(kind, place, proposal.block_id)

    def _join_in(self, vote: Vote) -> None:
        """Be for nothing where nothing is supported, or the other half would wait for ever."""
        place = (vote.height, vote.round)
        if place not in self._supported and (*place, vote.type) not in self._joined:
            self._joined.add((*place, vote.type))
            self.counts["other_round_ended"] += 1
            self._vote(vote.type, place, NIL)

    def _vote(self, kind: VoteType, place: tuple[int, int], value: bytes) -> None:
        for member in self._members:
            member.vote(kind, place, value, self._fooled)


class Colluder:
    """One of them: changes what its node says, as `Tampering` says."""

    def __init__(self, machine: "Machine", plot: Plot, indices: Mapping[str, int]) -> None:
        """Act on `machine`; `indices` are the validators' by name."""
        self._machine = machine
        self._seed = machine.role.validator_seed
        self._plot = plot
        self._index = indices[machine.name]
        self.counts: Counter[str] = Counter()
        plot.join(self)

    def overhear(self, peer: PeerIdentity, message: Message) -> None:
        """Something came."""
        self._plot.heard(peer.name, message)

    def change(self, peer: PeerIdentity, message: Message) -> list[Message]:
        """Return what `peer` is told instead of `message`."""
        if isinstance(message, _SECRET):
            return []
        if not self._plot.is_fooled(peer.name) or not isinstance(message, _TRUTH):
            return [message]
        if isinstance(message, ProposalMessage) and message.proposal.proposer == self._index:
            forged = self._plot.forged(self, message)
            return [] if forged is None else [forged]
        return []

    def introduce(self, height: int, block_id: bytes) -> tuple[int, bytes]:
        """Say the truth."""
        return height, block_id

    def other_proposal(self, message: ProposalMessage) -> ProposalMessage:
        """Return a proposal of another block for the same round."""
        proposal, block = message.proposal, BLOCKS.decode(message.block)
        header = msgspec.structs.replace(block.header, time_ms=block.header.time_ms + 1)
        identifier = block_id(header)
        data = proposal_sign_bytes(CHAIN_ID, proposal.height, proposal.round, identifier, NO_ROUND)
        signed = Proposal(
            *(proposal.height, proposal.round, identifier, NO_ROUND),
            *(proposal.proposer, signing.sign(self._seed, data)),
        )
        return ProposalMessage(signed, encode(msgspec.structs.replace(block, header=header)))

    def vote(self, kind: VoteType, place: tuple[int, int], value: bytes, names: Collection[str]) -> None:
        """Tell these nodes alone what this one votes for in a height and round."""
        postbox = self._machine.postbox
        if postbox is None or postbox.peers is None:
            return
        data = vote_sign_bytes(CHAIN_ID, kind, *place, value)
        vote = Vote(kind, *place, value, self._index, signing.sign(self._seed, data))
        for name in sorted(names):
            self.counts["other_vote"] += postbox.peers.send(name, VoteMessage(vote))
