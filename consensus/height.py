"""One height: proposals, votes and answers in, the rules to a fixed point, effects out.

It joins the keepers, the multiplexer and the round machine. Nothing in here outlives the height; the engine
starts the next one with a new object (lines 52-54: all variables and the message log begin anew).
"""

from collections.abc import Collection

from consensus.checks import is_certificate, is_proposal, is_vote
from consensus.effects import (
    Append,
    BuildValue,
    BundlesAvailable,
    CertificateReceived,
    Decide,
    Effect,
    HeightInput,
    LocalProtocolError,
    ProposalReceived,
    ReportDivergence,
    ReportEvidence,
    Send,
    Sign,
    StartHeight,
    Timeout,
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.late_commit import LateCommit
from consensus.limits import MAX_BUDGET_SHIFT, MAX_PROPOSAL_LEAD, PAST_ROUNDS_KEPT
from consensus.multiplexer import events
from consensus.proposal_keeper import ProposalKeeper
from consensus.proposer import Rotation
from consensus.resend import messages_for
from consensus.round_machine import (
    Begin,
    Cast,
    Event,
    Output,
    Propose,
    RoundState,
    Schedule,
    StepTimeout,
    Transition,
    apply,
)
from consensus.timers import BEGINNING, TimerKeeper
from consensus.value_keeper import ValueKeeper
from consensus.values import NO_VALUE, Judgement, Step, Timer
from consensus.vote_keeper import VoteKeeper, precommits_of
from contracts.chain.commit import Commit
from contracts.chain.evidence import Evidence
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import MAX_ROUND, NO_ROUND, BlockId, Proposal, Vote, VoteType
from contracts.primitives.hashing import HASH_BYTES

_STEP_OF = {VoteType.PREVOTE: Step.PREVOTE, VoteType.PRECOMMIT: Step.PRECOMMIT}


class Height:
    """One node's part in one height.

    Attributes:
        state: The variables of the algorithm.
        validators: The set that votes.
        own_index: This node's index in it; None when it follows without voting.
    """

    def __init__(self, start: StartHeight) -> None:
        """Prepare the height; `begin` starts it."""
        self.state = RoundState(start.height)
        self.validators = ValidatorSet(start.validators)
        self.own_index = self.validators.index_of(start.own_key)
        if start.signed is not None and start.signed.height > start.height:
            self.own_index = None  # The signer is ahead of the chain and may have signed all this before.
        self._start = start
        self._rotation = Rotation(start.height, self.validators, start.round_zero_signers)
        self._proposals = ProposalKeeper()
        self._votes = VoteKeeper(self.validators)
        self._values = ValueKeeper(start.height)
        self._timers = TimerKeeper(start.timing, start.height)
        self._effects: list[Effect] = []  # of the input being worked off
        self._unsigned: list[Sign] = []  # not handed back yet
        self._building: BuildValue | None = None
        self._evidence: list[Evidence] = []
        self._diverged: dict[BlockId, ReportDivergence] = {}

    def is_decided(self) -> bool:
        """Tell whether this height is over; it then takes no more inputs."""
        return self.state.step is Step.DECIDED

    # ---------------------------------------------------------------------------------------- inputs

    def begin(self) -> list[Effect]:
        """Start the height: idle, at once when bundles wait, or where the signer's record stopped."""
        signed = self._start.signed
        if signed is not None and signed.height == self.state.height:
            self._resume(signed)
        elif self._start.has_bundles:
            self._apply(Begin())
        else:
            self._timers.schedule(Timer.HEARTBEAT, NO_ROUND)
            if self._start.previous_had_bundles:
                self._timers.schedule(Timer.PROOF_BLOCK, NO_ROUND)
        return [Append(self._start), *self._work_off()]

    def _resume(self, signed: Sign) -> None:
        """Stand where the last signature was given: no step up to that one is signed again."""
        self.state = RoundState(
            signed.height, signed.round, signed.step, locked=signed.locked, valid=signed.valid
        )
        self._timers.schedule(Timer.RESEND, signed.round)
        self._timers.schedule(Timer.PROPOSE, signed.round)

    def handle(self, event: HeightInput) -> list[Effect]:
        """Take an input of this undecided height; an empty list says that it changed nothing."""
        if isinstance(event, Timeout) and event.timer is Timer.RESEND:
            return self._resend(event)
        if not self._take(event):
            return []
        return [Append(event), *self._work_off()]

    def _take(self, event: HeightInput) -> bool:
        match event:
            case ProposalReceived(proposal=proposal):
                return self._take_proposal(proposal)
            case VoteReceived(vote=vote):
                return self._take_vote(vote)
            case CertificateReceived(commit=commit):
                return self._take_certificate(commit)
            case ValueBuilt():
                return self._take_built(event)
            case ValueChecked():
                return self._values.record(event)
            case Timeout():
                return self._take_timeout(event)
            case BundlesAvailable():
                return self._apply(Begin())

    def _take_proposal(self, proposal: Proposal) -> bool:
        if not is_proposal(proposal) or self.proposer(proposal.round) != proposal.proposer:
            return False
        if proposal.proposer == self.own_index:
            self._signed(Step.PROPOSE, proposal.round)
        block_id = BlockId(proposal.block_id)
        supported = any(self._votes.has_support(proposal.round, block_id, kind) for kind in VoteType)
        pinned = self._pinned_for(proposal.round)
        added = self._proposals.add(proposal, self.state.round, pinned, supported=supported)
        if added is None:
            return False
        self._report(added.evidence)
        self._emit(self._values.ask(proposal.round, block_id, proposal.valid_round))
        return True

    def _take_vote(self, vote: Vote) -> bool:
        if not is_vote(vote, self.validators):
            return False
        if vote.validator == self.own_index:
            self._signed(_STEP_OF[vote.type], vote.round)
        added = self._votes.add(vote, self.state.round, self._pinned_for(vote.round))
        if added is None:
            return False
        self._report(added.evidence)
        return True

    def _take_certificate(self, commit: Commit) -> bool:
        if not is_certificate(commit, self.validators):
            return False
        news = False
        for vote in precommits_of(commit):
            added = self._votes.add(vote, self.state.round, certified=True)
            if added is not None:
                news = True
                self._report(added.evidence)
        return news

    def _take_built(self, built: ValueBuilt) -> bool:
        if self._building is None or self._building.round != built.round:
            return False
        if len(built.block_id) != HASH_BYTES:
            msg = f"height {built.height}: a block id has {HASH_BYTES} bytes, not {len(built.block_id)}"
            raise LocalProtocolError(msg)
        self._building = None
        self._sign(Step.PROPOSE, built.block_id, NO_ROUND)
        return True

    def _take_timeout(self, timeout: Timeout) -> bool:
        if not self._timers.take(timeout):
            return False
        if timeout.timer in BEGINNING:
            return self._apply(Begin())
        return self._apply(StepTimeout(timeout.timer, timeout.height, timeout.round))

    def _resend(self, timeout: Timeout) -> list[Effect]:
        """Send the round's messages again; nothing changes, so nothing is logged."""
        if not self._timers.take(timeout):
            return []
        self._timers.schedule(Timer.RESEND, self.state.round)
        return [self.messages_for(self.state.round), *self._timers.settle(self.state)]

    # ----------------------------------------------------------------------------------------- rules

    def _work_off(self) -> list[Effect]:
        """Run the rules to their fixed point, then see which values are wanted and which timers run.

        Every transition decides, or raises the round, the step within it, or one of its three flags.
        """
        while self._make_transition():
            pass
        if not self.is_decided():
            self._want_values()
        timers = self._timers.settle(self.state)
        effects, self._effects = self._effects, []
        # A block for a round that was skipped in the same breath is not worth building.
        return [
            *(each for each in effects if not isinstance(each, BuildValue) or each is self._building),
            *timers,
        ]

    def _make_transition(self) -> bool:
        """Apply the first event that holds; false when no guard does."""
        for event in events(self.state, self._proposals, self._votes, self._values):
            if self._apply(event):
                return True
        return False

    def _apply(self, event: Event) -> bool:
        """Apply an event; tell whether its guard held."""
        transition = apply(self.state, event, self._proposes)
        if transition is None:
            return False
        self._enter(transition)
        for output in transition.outputs:
            self._put_out(output)
        return True

    def _enter(self, transition: Transition) -> None:
        before, self.state = self.state, transition.state
        if self.is_decided():
            self._emit(self._decide())
        if self.state.step is not Step.PROPOSE or self.state.round != before.round:
            self._building = None  # Too late to propose what is being built.
        if self.state.round != before.round:
            self._unsigned = [sign for sign in self._unsigned if sign.round >= before.round]
            self._timers.schedule(Timer.RESEND, self.state.round)
            self._begin_round()

    def _put_out(self, output: Output) -> None:
        match output:
            case Schedule(timer=timer):
                self._timers.schedule(timer, self.state.round)
            case Cast(type=kind, block_id=block_id):
                self._sign(_STEP_OF[kind], block_id, NO_ROUND)
            case Propose(value=value) if value != NO_VALUE:
                self._sign(Step.PROPOSE, value.block_id, value.round)
            case Propose():
                shift = min(self.state.round, MAX_BUDGET_SHIFT)
                self._building = BuildValue(self.state.height, self.state.round, shift)
                self._emit(self._building)

    def _sign(self, step: Step, block_id: BlockId, valid_round: int) -> None:
        if self.own_index is None:
            return
        state = self.state
        sign = Sign(state.height, state.round, step, block_id, valid_round, state.locked, state.valid)
        self._unsigned.append(sign)
        self._emit(sign)

    def _signed(self, step: Step, round_: int) -> None:
        self._unsigned = [sign for sign in self._unsigned if (sign.step, sign.round) != (step, round_)]

    def _proposes(self, round_: int) -> bool:
        return self._rotation.proposer(round_) == self.own_index

    # ---------------------------------------------------------------------------------------- values

    def _want_values(self) -> None:
        """Ask about values that others vote for; fetch what is wanted and missing, and nothing else."""
        for block_id in self._votes.supported:
            self._emit(self._values.ask_unproposed(block_id))
        for round_, block_id in self._votes.commits:
            if self._values.judge(block_id) is Judgement.REFUSE and block_id not in self._diverged:
                self._diverged[block_id] = ReportDivergence(self.state.height, round_, block_id)
                self._emit(self._diverged[block_id])
        for block_id in self._values.missing:
            if self._is_wanted(block_id):
                sources = self._votes.voters_for(block_id) | self._proposals.proposers_of(block_id)
                self._emit(self._values.fetch(block_id, sources - {self.own_index}))
            else:
                self._emit(self._values.cancel_fetch(block_id))

    def _is_wanted(self, block_id: BlockId) -> bool:
        """While the propose timer runs, a proposal may still be prevoted; later it needs power behind it."""
        if self._votes.has_support_in_all(block_id):
            return True
        return self.state.step is Step.PROPOSE and self._proposals.has(self.state.round, block_id)

    def _pinned(self) -> set[int]:
        """Rounds that are never forgotten: of the lock, of the valid value, and named by a proposal."""
        named = {proposal.valid_round for proposal in self._proposals.of(self.state.round)}
        return named | {self.state.locked.round, self.state.valid.round}

    def _pinned_for(self, round_: int) -> Collection[int]:
        """Return what the keepers ask about a message of this round: nothing, unless it is far below."""
        return self._pinned() if round_ < self.state.round - PAST_ROUNDS_KEPT else ()

    def _begin_round(self) -> None:
        pinned = self._pinned()
        self._votes.begin_round(self.state.round, pinned)
        self._proposals.prune(self.state.round, pinned)
        held = {self.state.locked.block_id, self.state.valid.block_id}
        kept = held | self._proposals.block_ids() | set(self._votes.supported)
        self._values.prune(kept, self.state.round - PAST_ROUNDS_KEPT)

    # ------------------------------------------------------------------------------------ what it says

    def _emit(self, effect: Effect | None) -> None:
        if effect is not None:
            self._effects.append(effect)

    def _report(self, evidence: Evidence | None) -> None:
        if evidence is not None:
            self._evidence.append(evidence)
            self._emit(ReportEvidence(evidence))

    def proposer(self, round_: int) -> int | None:
        """Return who proposes in this round; None for rounds that are no concern yet, or not rounds."""
        if not 0 <= round_ <= min(max(self.state.round, 0) + MAX_PROPOSAL_LEAD, MAX_ROUND):
            return None
        return self._rotation.proposer(round_)

    def messages_for(self, peer_round: int) -> Send:
        """Return the messages that bring a peer in this round of the height along."""
        return messages_for(self.state, self._proposals, self._votes, peer_round)

    @property
    def outstanding(self) -> tuple[Effect, ...]:
        """What the host still owes this height, besides the evidence it may have filed already."""
        reports: list[Effect] = [ReportEvidence(piece) for piece in self._evidence]
        reports.extend(self._diverged.values())
        if self.is_decided():
            return (*reports, self._decide())
        building = () if self._building is None else (self._building,)
        asked = self._values.outstanding
        return (*reports, *self._unsigned, *building, *asked, *self._timers.outstanding)

    def _decide(self) -> Decide:
        decision = self.state.decision
        return Decide(self.state.height, decision.round, decision.block_id, self._commit())

    @property
    def votes(self) -> tuple[Vote, ...]:
        """Every vote of this height that is kept."""
        return tuple(self._votes.all())

    def late_commit(self) -> LateCommit:
        """Return the commit of this decided height, to grow on."""
        return LateCommit(self._commit(), self.validators, self._votes)

    def _commit(self) -> Commit:
        decision = self.state.decision
        return self._votes.commit(self.state.height, decision.round, decision.block_id)
