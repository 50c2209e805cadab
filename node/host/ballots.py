"""Proposals and votes from peers: shape, place and signature are checked before the engine hears of them.

A vote costs one signature check, so what was seen before, and what is for a height this node is not at, costs
none. The set that a signature is checked against is that of the message's own height.

A request for help is short and its answer long, so each peer has an allowance of answers. It is twice what a
peer needs that asks as often as it says things again; a request too many is dropped, for the next one says
all anew.

Each peer has an allowance of what it says as well: one message may hold hundreds of votes, and a validator
that lies can sign any number of different ones, also beforehand. What is beyond is not heard; what one honest
peer has, others have too, and say again.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from consensus.effects import CertificateReceived, ProposalReceived, VoteReceived
from consensus.limits import RESEND_INTERVAL_MS
from contracts.chain.commit import Commit, InvalidCommit, verify_commit
from contracts.chain.header import BLOCKS, Block, block_id, has_own_body
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import Proposal, Vote, verify_proposal, verify_vote
from contracts.primitives.encoding import MalformedBytes
from contracts.primitives.hashing import HASH_BYTES
from network.gossip.votes import answer_request, build_request
from network.peer.allowance import Allowance
from network.peer.face import PeerNetwork
from network.wire.errors import RemoteProtocolError
from network.wire.messages import (
    CommitMessage,
    ProposalMessage,
    RoundRequest,
    RoundVotes,
)
from node.host.chain import Chain
from node.host.consensus_host import ConsensusHost

MAX_SEEN = 20_000
"""Most messages remembered as seen: a few rounds of the largest set."""
HELP_PER_SECOND = 2 * 1_000 // RESEND_INTERVAL_MS
"""How often a second one peer is helped."""
HELP_BURST = 4
"""How often a peer is helped at once: it has just connected, or changed its round, and says so."""
SAID_PER_SECOND = 8_192
"""What a peer may say in a second, in votes that are known already."""
SAID_BURST = 4 * SAID_PER_SECOND
"""What it may say at once: all votes of some rounds of the largest set."""
CHECK_COST = 16
"""A signature that is to be verified counts like so many votes that are known …"""
BYTES_PER_UNIT = 1_024
"""… and so many bytes of a block that is to be read, like one."""


class Ballots:
    """Checks what peers say in a height, for one validator.

    Attributes:
        unheard: Messages of peers that were not heard, for they had said too much.
    """

    def __init__(
        self, chain: Chain, host: ConsensusHost, network: PeerNetwork, now_ms: Callable[[], int]
    ) -> None:
        """Join the parts.

        Args:
            chain: The decided chain.
            host: Takes what was found good.
            network: Where answers go.
            now_ms: A clock that only moves forward.
        """
        self._chain = chain
        self._host = host
        self._network = network
        self._now_ms = now_ms
        # By name, also of peers that are gone: who comes back has no new allowance. Genesis names them all.
        self._allowances: dict[str, Allowance] = {}
        self._voices: dict[str, Allowance] = {}
        self.unheard = 0
        # The height that the engine has a certificate for.
        self._certified = 0
        self._seen: OrderedDict[Vote | Proposal, None] = OrderedDict()

    def _set_of(self, height: int) -> ValidatorSet | None:
        tip = self._chain.tip
        if height == tip.height + 1:
            return tip.validators
        if height == tip.height:
            return tip.last_validators
        return tip.next_validators if height == tip.height + 2 else None

    def _remember(self, message: Vote | Proposal) -> None:
        """Remember a message that was found good. Never a bad one: it may carry a good one's signature."""
        self._seen[message] = None
        if len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)

    def take_vote(self, peer: str, vote: Vote) -> None:
        """Take a vote that a peer passed on.

        Raises:
            RemoteProtocolError: It is out of shape or its signature is wrong.
        """
        validators = self._set_of(vote.height)
        if validators is None:
            return
        is_known = vote in self._seen
        if not self._may_say(peer, 1 if is_known else CHECK_COST):
            return
        if not is_known:
            if not verify_vote(self._chain.tip.chain_id, validators, vote):
                raise RemoteProtocolError(f"a vote of height {vote.height} is not signed by its author")
            self._remember(vote)
        # One that was seen goes to the engine again: it may have had no room for it, or have forgotten it.
        self._host.receive(peer, VoteReceived(vote))

    def take_proposal(self, peer: str, message: ProposalMessage) -> None:
        """Take a proposal and its block, passed on by a peer.

        Raises:
            RemoteProtocolError: It is out of shape, its signature is wrong, or the block is another one.
        """
        proposal = message.proposal
        validators = self._set_of(proposal.height)
        if validators is None or proposal.height <= self._chain.tip.height or not self._may_propose(proposal):
            return
        if proposal in self._seen and self._host.proposals.candidates.get(proposal.block_id) is not None:
            # Not its block, but the proposal itself may have found no room in the engine.
            if self._may_say(peer, 1):
                self._host.receive(peer, ProposalReceived(proposal))
            return
        if not self._may_say(peer, CHECK_COST + len(message.block) // BYTES_PER_UNIT):
            return
        if not verify_proposal(self._chain.tip.chain_id, validators, proposal):
            raise RemoteProtocolError(f"a proposal of height {proposal.height} is not signed by its author")
        block = self._read(message)
        self._remember(proposal)
        self._host.receive_proposal(peer, proposal, block, message.block)

    def _may_propose(self, proposal: Proposal) -> bool:
        """Tell whether its author proposes in its round; of a height to come nobody knows yet.

        Asked before its block takes any room: else one validator could fill it with blocks out of turn, and
        the proposer's own would find none.
        """
        engine = self._host.engine
        return proposal.height != engine.height or engine.proposer(proposal.round) == proposal.proposer

    def _read(self, message: ProposalMessage) -> Block:
        """Return the block that came with a proposal.

        Raises:
            RemoteProtocolError: It is another than the proposal names, or can be in no chain of this network.
        """
        proposal, limits = message.proposal, self._chain.tip.parameters.limits
        try:
            block = BLOCKS.decode(message.block)
        except MalformedBytes as error:
            raise RemoteProtocolError(f"a proposed block cannot be read: {error}") from error
        is_named = block.header.height == proposal.height and block_id(block.header) == proposal.block_id
        if not is_named or not has_own_body(block):
            raise RemoteProtocolError("a proposal came with another block than it names")
        if any(len(entry.bundle_id) != HASH_BYTES for entry in block.bundles):
            # Who asked for it would be taken for a liar; and a request with a long one cannot even leave.
            raise RemoteProtocolError(
                f"a proposed block names a bundle by an id of other than {HASH_BYTES} bytes"
            )
        sizes = [entry.size for entry in block.bundles]
        # Before anything is fetched for it: what may be fetched for a vote is bounded by this.
        if len(sizes) > limits.block_bundles or min(sizes, default=1) < 1 or sum(sizes) > limits.block_bytes:
            raise RemoteProtocolError("a proposed block has too many bundles, or too large ones")
        return block

    def take_votes(self, peer: str, message: RoundVotes) -> None:
        """Take the votes of a catch-up answer; raises as `take_vote`."""
        for vote in message.votes:
            self.take_vote(peer, vote)

    def take_commit(self, peer: str, commit: Commit) -> None:
        """Take a certificate for the height being decided; one is enough, and each costs many signatures.

        Raises:
            RemoteProtocolError: It does not prove what it says.
        """
        if commit.height != self._chain.tip.height + 1 or commit.height == self._certified:
            return
        if not self._may_say(peer, CHECK_COST * len(commit.signatures)):
            return
        try:
            verify_commit(self._chain.tip.chain_id, self._chain.tip.validators, commit)
        except InvalidCommit as error:
            raise RemoteProtocolError(str(error)) from error
        if self._host.receive(peer, CertificateReceived(commit)):
            self._certified = commit.height

    def help(self, peer: str, request: RoundRequest) -> None:
        """Send a peer what it says it lacks at its height: a vote, a proposal, or the end of the height."""
        tip = self._chain.tip
        is_over = request.height == tip.height and tip.height > 0
        if not is_over and request.height != self._host.engine.height:
            return
        if not self._may_help(peer):
            return
        if is_over:
            self._network.send(peer, CommitMessage(self._chain.commit))
            return
        messages = self._host.engine.messages_for(request.round)
        for answer in answer_request(request, self._with_blocks(messages.proposals), messages.votes):
            self._network.send(peer, answer)

    def _may_help(self, peer: str) -> bool:
        now_ms = self._now_ms()
        allowance = self._allowances.get(peer)
        if allowance is None:
            allowance = self._allowances[peer] = Allowance(HELP_PER_SECOND, HELP_BURST, now_ms)
        return allowance.afford(1, now_ms)

    def _may_say(self, peer: str, cost: int) -> bool:
        """Charge a peer for what it says; false, and nothing is charged, when it has said too much."""
        now_ms = self._now_ms()
        voice = self._voices.get(peer)
        if voice is None:
            voice = self._voices[peer] = Allowance(SAID_PER_SECOND, SAID_BURST, now_ms)
        may_say = voice.afford(cost, now_ms)
        self.unheard += not may_say
        return may_say

    def greet(self, peer: str) -> None:
        """Send a peer that has just connected what this height has come to."""
        self.help(peer, RoundRequest(self._host.engine.height, -1, (), ()))

    def _with_blocks(self, proposals: Sequence[Proposal]) -> Iterator[ProposalMessage]:
        for proposal in proposals:
            candidate = self._host.proposals.candidates.get(proposal.block_id)
            if candidate is not None:
                yield ProposalMessage(proposal, candidate.data)

    def ask_round(self, names: Sequence[str]) -> None:
        """Ask peers for the proposals and votes of the present height that this node lacks."""
        engine = self._host.engine
        held = engine.messages_for(-1)
        proposals = [
            proposal.round
            for proposal in held.proposals
            if self._host.proposals.candidates.get(proposal.block_id) is not None
        ]
        request = build_request(engine.height, engine.round, proposals, held.votes)
        for name in names:
            self._network.send(name, request)
