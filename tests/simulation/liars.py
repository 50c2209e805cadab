"""Liars: validators whose node is real, and whose words are changed on the way out, under their own key.

A liar tells part of its peers the truth and the others another story, and keeps each story straight, as a
clever one would. What it may do besides:

    propose      two blocks for one round
    prevote      for the other block, or nil
    precommit    for the other block, or nil
    both         both votes to everybody
    valid_round  a fresh block under a valid round that never was, and votes for it, to everybody
    skip         a block that leaves out a bundle of a lane and takes a later one, likewise
    misname      a block that names a bundle by an id that none can have
    invalid      a block whose header says what no chain allows
    forget       a fresh block, or a prevote for one, in spite of its lock
    replay       what it said in rounds and heights long ago
    flood        votes for rounds to come
    boast        heights it has not reached
    modest       a height that it had long ago, to whoever it meets: who listens before it votes counts that
    other_chain  another chain, and false proofs of forks (`lying_forks.py`)
    accuse       false, old or repeated evidence, in blocks and to peers (`accusers.py`)
    silence      nothing about a height

and, when others ask it for blocks and bundles, what `lying_sync` says, for snapshots, `lying_snapshots`.
"""

from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from contracts.chain.header import (
    BLOCKS,
    Block,
    BundleEntry,
    Header,
    block_id,
    bundles_root,
    evidence_root,
)
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
    ChunkAnswer,
    CommitMessage,
    DecisionAnswer,
    EvidenceMessage,
    Message,
    NoChunk,
    ProposalMessage,
    RoundRequest,
    RoundVotes,
    SnapshotOffer,
    Tip,
    VoteMessage,
    VoucherMessage,
)
from tests.simulation.accusers import Accuser
from tests.simulation.cast import CHAIN_ID
from tests.simulation.lying_forks import FORK_BEHAVIOURS, ForkLiar
from tests.simulation.lying_snapshots import (
    MORE_SNAPSHOT_BEHAVIOURS,
    SNAPSHOT_BEHAVIOURS,
    VOUCHER_BEHAVIOURS,
    ChunkOf,
    SnapshotLiar,
)
from tests.simulation.lying_sync import MORE_SYNC_BEHAVIOURS, SYNC_BEHAVIOURS, SyncLiar

BEHAVIOURS: Final = (
    *("propose", "prevote", "precommit", "both", "valid_round", "skip"),
    *("misname", "invalid", "forget", "replay", "flood", "boast", "silence"),
    *(*SYNC_BEHAVIOURS, *FORK_BEHAVIOURS, *SNAPSHOT_BEHAVIOURS),
)
MORE_BEHAVIOURS: Final = (*MORE_SYNC_BEHAVIOURS, *MORE_SNAPSHOT_BEHAVIOURS, "modest", *VOUCHER_BEHAVIOURS)
"""Drawn one by one, from a stream of their own: one more of these changes nothing in worlds that lack it."""
_MORE: Final = 0.3
LaneOf = Callable[[bytes], bytes | None]
ProposedIn = Callable[[int, int], bytes | None]
"""Returns the block that was proposed to this node in a height and round, if it has heard of one."""
_WORDS: Final = (ProposalMessage, VoteMessage, RoundVotes, RoundRequest)
_HASHES: Final = (
    *("previous_block_id", "last_commit_hash", "validators_hash", "next_validators_hash"),
    *("parameters_hash", "app_hash", "receipts_root"),
)
"""Fields of a header that follow from the chain."""
_FLOOD: Final = 0.05
_BURST: Final = 0.02
"""Of these; then there are so many votes."""
_BURST_VOTES: Final = 1_000
_BOAST: Final = 0.1
_MISNAME: Final = 0.2
_INVALID: Final = 0.2
_REPLAY: Final = 0.1
_SILENCE: Final = 0.3
_REMEMBERED: Final = 60
"""Own words that may be said again."""


class Liar:
    """One liar.

    Attributes:
        counts: How often it did what.
        behaviours: What it does.
    """

    def __init__(
        self,
        random: Random,
        seed: bytes,
        lane_of: LaneOf,
        proposed_in: ProposedIn,
        chunk_of: ChunkOf,
        accuser: Accuser,
        behaviours: tuple[str, ...] = (),
    ) -> None:
        """Lie with the key of `seed`; which lies, is drawn unless told. `lane_of` tells a bundle's lane."""
        self._random = random
        self._seed = seed
        self._lane_of = lane_of
        self._proposed_in = proposed_in
        self._accuser = accuser
        self._said: deque[Message] = deque(maxlen=_REMEMBERED)
        self._bold: set[tuple[int, int]] = set()  # heights and rounds where everybody is told the same lie
        self._stories: dict[tuple[object, ...], Message] = {}
        self._others: dict[tuple[int, int], bytes] = {}  # the other block's id, by height and round
        self._fooled: dict[str, bool] = {}
        self._is_silent: dict[int, bool] = {}
        self._tips: list[tuple[int, bytes]] = []  # its own, where it met peers
        self.counts: Counter[str] = accuser.counts
        self.behaviours = behaviours or _drawn(random)
        self._sync = SyncLiar(random, self.behaviours, self.counts)
        self._forks = ForkLiar(random, self.behaviours, self.counts)
        self._snapshots = SnapshotLiar(random, self.behaviours, self.counts, chunk_of, seed)

    def change(self, peer: PeerIdentity, message: Message) -> list[Message]:
        """Return what `peer` is told instead of `message`."""
        if isinstance(message, _WORDS) and self._keeps_silent(message):
            return []
        match message:
            case ProposalMessage(proposal=proposal):
                return self._propose(peer, message) if self._is_own(proposal) else [message]
            case VoteMessage(vote=vote):
                return self._vote(peer, vote) if self._is_own(vote) else [message]
            case RoundVotes(height=height, votes=votes):
                told = [self._story(peer, vote) if self._is_own(vote) else vote for vote in votes]
                return [RoundVotes(height, tuple(told))]
            case Tip() if "boast" in self.behaviours and self._random.random() < _BOAST:
                return [self._count("boast", msgspec.structs.replace(message, height=message.height + 1_000))]
            case Tip(height=height):
                accusation = self._accuser.slander(height)
                told = self._forks.change(message)
                return told if accusation is None else [*told, EvidenceMessage(accusation)]
            case _:
                return self._answer(peer, message)

    def introduce(self, height: int, block_id: bytes) -> tuple[int, bytes]:
        """Return where it says that it stands when it meets a peer: in truth, or as long ago as it can."""
        self._tips.append((height, block_id))
        if "modest" not in self.behaviours:
            return height, block_id
        self.counts["modest"] += height > self._tips[0][0]
        return self._tips[0]

    def _answer(self, peer: PeerIdentity, message: Message) -> list[Message]:
        match message:
            case CommitMessage() | DecisionAnswer():
                return self._forks.change(message)
            case SnapshotOffer() | ChunkAnswer() | NoChunk():
                return self._snapshots.change(message)
            case VoucherMessage():
                return self._snapshots.vouch_on(CHAIN_ID, message)
            case _:
                return self._sync.change(message, lambda: self._is_fooled(peer.name))

    def _count(self, behaviour: str, message: Message) -> Message:
        self.counts[behaviour] += 1
        return message

    def _is_own(self, message: Proposal | Vote) -> bool:
        """Tell whether this node signed a message: its signature is what its key makes of the bytes."""
        if isinstance(message, Proposal):
            data = proposal_sign_bytes(
                CHAIN_ID, message.height, message.round, message.block_id, message.valid_round
            )
        else:
            data = vote_sign_bytes(CHAIN_ID, message.type, message.height, message.round, message.block_id)
        return signing.sign(self._seed, data) == message.signature

    def _is_fooled(self, peer: str) -> bool:
        """Tell whether a peer is one of those that are told the other story."""
        if peer not in self._fooled:
            self._fooled[peer] = self._random.random() < 0.5
        return self._fooled[peer]

    def _keeps_silent(self, message: ProposalMessage | VoteMessage | RoundVotes | RoundRequest) -> bool:
        if isinstance(message, ProposalMessage):
            height = message.proposal.height
        else:
            height = message.vote.height if isinstance(message, VoteMessage) else message.height
        if height not in self._is_silent:
            self._is_silent[height] = "silence" in self.behaviours and self._random.random() < _SILENCE
            self.counts["silence"] += self._is_silent[height]
        return self._is_silent[height]

    # -------------------------------------------------------------------------- proposals

    def _propose(self, peer: PeerIdentity, message: ProposalMessage) -> list[Message]:
        proposal = message.proposal
        key = ("proposal", proposal.height, proposal.round)
        if key not in self._stories:
            self._stories[key] = self._other_proposal(message)
        is_bold = (proposal.height, proposal.round) in self._bold
        return [self._stories[key]] if is_bold or self._is_fooled(peer.name) else [message]

    def _other_proposal(self, message: ProposalMessage) -> Message:
        proposal, block = message.proposal, BLOCKS.decode(message.block)
        accused = self._accuser.in_block(proposal.height, proposal.proposer)
        if accused is not None:
            self._bold.add((proposal.height, proposal.round))
            block = msgspec.structs.replace(block, evidence=accused)
            return self._signed(message, block.header, block, block.bundles, NO_ROUND)
        if "misname" in self.behaviours and self._random.random() < _MISNAME:
            self.counts["misname"] += 1
            crooked = BundleEntry(bytes(self._random.choice((0, 31, 20_000))), 1, 1)
            return self._signed(message, block.header, block, (*block.bundles, crooked), NO_ROUND)
        if "invalid" in self.behaviours and self._random.random() < _INVALID:
            self.counts["invalid"] += 1
            self._bold.add((proposal.height, proposal.round))
            return self._signed(message, self._crooked(block.header), block, block.bundles, NO_ROUND)
        skipped = self._skip(block) if "skip" in self.behaviours else None
        lies_about_round = "valid_round" in self.behaviours and proposal.round > 0
        forgets = "forget" in self.behaviours and proposal.valid_round != NO_ROUND
        if skipped is None and not lies_about_round and not forgets and "propose" not in self.behaviours:
            return message
        if skipped is not None:
            self.counts["skip"] += 1
        if skipped is not None or lies_about_round:
            self._bold.add((proposal.height, proposal.round))
        valid_round = NO_ROUND
        if lies_about_round:
            valid_round = self._random.randrange(proposal.round)
            self.counts["valid_round"] += 1
        else:
            self.counts["forget" if forgets else "propose"] += 1
        entries = block.bundles if skipped is None else skipped
        return self._signed(message, block.header, block, entries, valid_round)

    def _crooked(self, header: Header) -> Header:
        """Return a header that no chain allows after the one before."""
        name = self._random.choice(_HASHES)
        changes = self._random.choice(({name: bytes(32)}, {"time_ms": header.time_ms - 3_600_000}))
        return msgspec.structs.replace(header, **changes)

    def _signed(
        self,
        message: ProposalMessage,
        header: Header,
        block: Block,
        entries: tuple[BundleEntry, ...],
        valid_round: int,
    ) -> ProposalMessage:
        """Return a proposal of another block than `message` has, with about this header, these bundles."""
        proposal = message.proposal
        header = msgspec.structs.replace(header, time_ms=header.time_ms + 1)
        header = msgspec.structs.replace(
            header, bundles_root=bundles_root(entries), evidence_root=evidence_root(block.evidence)
        )
        other = Block(header, entries, block.last_commit, block.evidence)
        identifier = block_id(header)
        data = proposal_sign_bytes(CHAIN_ID, proposal.height, proposal.round, identifier, valid_round)
        signature = signing.sign(self._seed, data)
        self._others[proposal.height, proposal.round] = identifier
        signed = Proposal(
            proposal.height, proposal.round, identifier, valid_round, proposal.proposer, signature
        )
        return ProposalMessage(signed, encode(other))

    def _skip(self, block: Block) -> tuple[BundleEntry, ...] | None:
        """Leave out one bundle, so that a later one of its lane has no place."""
        lanes = [self._lane_of(entry.bundle_id) for entry in block.bundles]
        followed = [at for at, lane in enumerate(lanes) if lane in lanes[at + 1 :]]
        if not followed:
            return None
        at = self._random.choice(followed)
        return (*block.bundles[:at], *block.bundles[at + 1 :])

    # ------------------------------------------------------------------------------ votes

    def _vote(self, peer: PeerIdentity, vote: Vote) -> list[Message]:
        other = self._forgetful(vote) or self._story(peer, vote)
        told: list[Message] = [VoteMessage(other)]
        if "both" in self.behaviours and other == vote:
            second = self._other_vote(vote)
            if second != vote:
                told.append(self._count("both", VoteMessage(second)))
        if "flood" in self.behaviours and self._random.random() < _FLOOD:
            told += self._flood(vote)
        if "replay" in self.behaviours and self._said and self._random.random() < _REPLAY:
            told.append(self._count("replay", self._random.choice(self._said)))
        self._said.append(told[0])
        return told

    def _flood(self, vote: Vote) -> list[Message]:
        """Return votes for rounds to come: seldom one for each of a thousand."""
        rounds = [vote.round + self._random.choice((1, 2, 5, 100, 10_000))]
        if self._random.random() < _BURST:
            rounds = self._random.sample(range(vote.round + 1, vote.round + 20_000), _BURST_VOTES)
        votes = [VoteMessage(self._sign(vote, ahead, vote.block_id)) for ahead in rounds]
        return [self._count("flood", each) for each in votes]

    def _forgetful(self, vote: Vote) -> Vote | None:
        """Return a prevote for what was proposed, where the liar's node is locked on something else."""
        if "forget" not in self.behaviours or vote.type is not VoteType.PREVOTE or vote.block_id != NIL:
            return None
        key = ("forget", vote.height, vote.round)
        known = self._stories.get(key)
        if isinstance(known, VoteMessage):
            return known.vote
        proposed = self._proposed_in(vote.height, vote.round)
        if vote.round == 0 or proposed is None:
            return None
        self.counts["forget"] += 1
        self._stories[key] = VoteMessage(self._sign(vote, vote.round, proposed))
        return self._stories[key].vote

    def _story(self, peer: PeerIdentity, vote: Vote) -> Vote:
        """Return the vote that a peer is told instead of `vote`."""
        if (vote.height, vote.round) in self._bold:
            return self._other_vote(vote)
        behaviour = "prevote" if vote.type is VoteType.PREVOTE else "precommit"
        if behaviour not in self.behaviours or not self._is_fooled(peer.name):
            return vote
        other = self._other_vote(vote)
        self.counts[behaviour] += other != vote
        return other

    def _other_vote(self, vote: Vote) -> Vote:
        key = (vote.type, vote.height, vote.round)
        known = self._stories.get(key)
        if isinstance(known, VoteMessage):
            return known.vote
        other = self._others.get((vote.height, vote.round), NIL)
        if other == vote.block_id:
            other = NIL
        if other == vote.block_id:
            return vote
        told = self._sign(vote, vote.round, other)
        self._stories[key] = VoteMessage(told)
        return told

    def _sign(self, vote: Vote, round_: int, value: bytes) -> Vote:
        data = vote_sign_bytes(CHAIN_ID, vote.type, vote.height, round_, value)
        return Vote(vote.type, vote.height, round_, value, vote.validator, signing.sign(self._seed, data))


def _drawn(random: Random) -> tuple[str, ...]:
    drawn = sorted(random.sample(BEHAVIOURS, random.randint(3, len(BEHAVIOURS))))
    more = Random(" ".join(drawn))
    return (*drawn, *(each for each in MORE_BEHAVIOURS if more.random() < _MORE))
