"""The consensus engine: one height after another, `handle(input) -> list[effect]`.

It follows arXiv 1807.04938 and nothing else. It never reads a clock, draws a number, waits, touches a disk
or holds a key; a host does all that (`consensus/effects.py` is the whole contract, `consensus/SPEC.md` the
text). This module minds what lies between heights: messages that come too early or too late.
"""

from collections import deque

from consensus.effects import (
    Append,
    BundlesAvailable,
    CertificateReceived,
    Effect,
    HeightInput,
    Input,
    LocalProtocolError,
    ProposalReceived,
    ReportEvidence,
    Send,
    StartHeight,
    Timeout,
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.height import Height
from consensus.late_commit import LateCommit
from consensus.limits import MAX_FUTURE_MESSAGES
from consensus.values import NO_VALUE, RoundValue, Step
from consensus.vote_keeper import precommits_of
from contracts.chain.commit import NO_COMMIT, Commit
from contracts.chain.validators import MAX_VALIDATORS, ValidatorSet
from contracts.chain.votes import NO_ROUND, Vote

Message = ProposalReceived | VoteReceived


class Engine:
    """One node's part in the order of blocks. The constructor does nothing; StartHeight begins."""

    def __init__(self) -> None:
        """Stand before the first height."""
        self._current: Height | None = None
        self._early: dict[int, deque[Message]] = {}  # per author, for the next height
        self._late: LateCommit | None = None

    def handle(self, event: Input) -> list[Effect]:
        """Take one input and return what is to be done about it, in order.

        Raises:
            LocalProtocolError: The host broke the contract: a height started twice, a block other than the
                decided one committed, a verdict taken back.
        """
        if isinstance(event, StartHeight):
            return self._start(event)
        height = _height_of(event)
        if self._current is not None and height == self.height and not self._current.is_decided():
            effects = self._current.handle(event)
            if self._current.is_decided():
                self._late = self._current.late_commit()
            return effects
        if height == self.height + 1:
            self._hold_back(event)
            return []
        return self._handle_late(event)

    # ------------------------------------------------------------------------------- between heights

    def _start(self, start: StartHeight) -> list[Effect]:
        if start.height <= self.height:
            msg = f"height {start.height} cannot start: height {self.height} did"
            raise LocalProtocolError(msg)
        self._late = self._late_commit_of(start)
        early = self._early if start.height == self.height + 1 else {}
        self._early = {}
        self._current = Height(start)
        effects = self._current.begin()
        for messages in early.values():
            for message in messages:
                effects += self.handle(message)
        return effects

    def _late_commit_of(self, start: StartHeight) -> LateCommit | None:
        commit = start.previous_commit
        if self._late is not None and self._late.height == start.height - 1:
            if commit.height == self._late.height and commit.block_id != self._late.block_id:
                msg = f"height {commit.height}: {self._late.block_id.hex()} is decided, another is committed"
                raise LocalProtocolError(msg)
            return self._late
        if commit.height != start.height - 1 or not start.previous_validators:
            return None
        return LateCommit(commit, ValidatorSet(start.previous_validators))

    def _hold_back(self, event: HeightInput) -> None:
        """Keep a message of the next height, whose validators the host knows already, until it starts."""
        if not isinstance(event, ProposalReceived | VoteReceived):
            return
        author = event.proposal.proposer if isinstance(event, ProposalReceived) else event.vote.validator
        if not 0 <= author < MAX_VALIDATORS:
            return
        messages = self._early.setdefault(author, deque(maxlen=MAX_FUTURE_MESSAGES))
        if event not in messages:
            messages.append(event)

    def _handle_late(self, event: HeightInput) -> list[Effect]:
        """Let precommits of the height decided last join its commit."""
        if self._late is None or _height_of(event) != self._late.height:
            return []
        match event:
            case VoteReceived(vote=vote):
                votes: tuple[Vote, ...] = (vote,)
            case CertificateReceived(commit=commit):
                votes = precommits_of(commit)
            case _:
                return []
        added = [self._late.add(vote) for vote in votes]
        news = [each for each in added if each is not None]
        evidence = [ReportEvidence(each.evidence) for each in news if each.evidence is not None]
        return [Append(event), *evidence] if news else []

    # ---------------------------------------------------------------------------------------- status

    @property
    def height(self) -> int:
        """The height being decided, or just decided; 0 before the first StartHeight."""
        return self._current.state.height if self._current is not None else 0

    @property
    def round(self) -> int:
        """The current round; -1 while the height is idle."""
        return self._current.state.round if self._current is not None else NO_ROUND

    @property
    def step(self) -> Step:
        """Where this node stands in the round."""
        return self._current.state.step if self._current is not None else Step.IDLE

    @property
    def locked(self) -> RoundValue:
        """The lock, lines 6-7; NO_VALUE when there is none."""
        return self._current.state.locked if self._current is not None else NO_VALUE

    @property
    def valid(self) -> RoundValue:
        """The valid value, lines 8-9; NO_VALUE when there is none."""
        return self._current.state.valid if self._current is not None else NO_VALUE

    @property
    def validators(self) -> ValidatorSet | None:
        """The set that votes at this height; None before the first StartHeight."""
        return self._current.validators if self._current is not None else None

    @property
    def own_index(self) -> int | None:
        """This node's index in the set; None when it follows without voting."""
        return self._current.own_index if self._current is not None else None

    @property
    def last_commit(self) -> Commit:
        """The newest commit known, late signatures included: of `height` once decided, else of height - 1.

        This is what the next block carries and what the next StartHeight hands back; NO_COMMIT when unknown.
        """
        return self._late.commit if self._late is not None else NO_COMMIT

    @property
    def outstanding(self) -> tuple[Effect, ...]:
        """What the host still owes the engine: signatures not handed back, checks, builds, fetches, timers.

        After a replay (whose effects are dropped) the host carries these out and is where it was before.
        Evidence of this height is named again; filing it twice is harmless, forgetting it is not.
        """
        return self._current.outstanding if self._current is not None else ()

    def proposer(self, round_: int) -> int | None:
        """Return the index of the validator that proposes in this round of this height.

        None before the first height, for negative rounds, and for rounds so far ahead that proposals of
        theirs are not taken (`consensus.limits.MAX_PROPOSAL_LEAD`).
        """
        return self._current.proposer(round_) if self._current is not None else None

    @property
    def votes(self) -> tuple[Vote, ...]:
        """Every vote of this height that is kept: who was there can tell, later, who voted for what."""
        return self._current.votes if self._current is not None else ()

    def messages_for(self, peer_round: int) -> Send:
        """Return the messages that help a peer in `peer_round` (-1: idle) of this height to catch up."""
        if self._current is None:
            return Send(0, NO_ROUND, (), ())
        return self._current.messages_for(peer_round)


def _height_of(event: HeightInput) -> int:
    match event:
        case ProposalReceived(proposal=proposal):
            return proposal.height
        case VoteReceived(vote=vote):
            return vote.height
        case CertificateReceived(commit=commit):
            return commit.height
        case Timeout() | ValueBuilt() | ValueChecked() | BundlesAvailable():
            return event.height
