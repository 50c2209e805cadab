"""The host of the consensus engine: it carries out effects, in order, and turns the world into inputs.

One batch of inputs at a time, of one height: they go through the engine; what it acted on is appended to the
log; if anything is to be signed, one fsync, the signatures and their record come before all else (`journal`);
then the other effects. While the disk works, new inputs queue. Nothing here decides anything about votes.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

import structlog

from consensus.effects import (
    Append,
    ArmTimer,
    BuildValue,
    BundlesAvailable,
    CancelFetch,
    CancelTimer,
    CheckValue,
    Decide,
    Effect,
    FetchValue,
    Input,
    ProposalReceived,
    ReportDivergence,
    ReportEvidence,
    Send,
    Sign,
    StartHeight,
    Timeout,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.values import Step, Timer
from consensus.vote_keeper import precommits_of
from contracts.chain.commit import Commit
from contracts.chain.header import Block
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import Proposal, Vote
from network.peer.face import VALIDATOR
from network.transport.base import Timer as RunningTimer
from network.wire.messages import Message, ProposalMessage, VoteMessage
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.evidence import EvidenceBook
from node.host.journal import ConsensusJournal, Entry, Replay, message_of
from node.host.proposals import OnCancelFetch, OnFetch, Proposals
from node.host.recollection import has_forgotten, is_past
from node.host.rejoining import Rejoining, position_of
from node.host.surroundings import Surroundings
from node.identity.signer import SignedStep
from node.pool.held import work_of
from node.pool.pool import BundlePool
from node.storage.log import LoggedInput

_log = structlog.get_logger(__name__)

MAX_INBOX_PER_PEER = 1_024
"""Most inputs of one peer that wait for the engine while the disk works: two answers with all votes of a
round of the largest set. Beyond that its messages are dropped, and come again; others have their own room."""


class ConsensusHost:
    """Runs one engine.

    Attributes:
        engine: For status and for peers that are behind; only this class feeds it.
        proposals: Blocks proposed and not yet decided.
        dropped: Inputs of peers dropped so far, for want of room.
        stopped_because: Why this node no longer votes; empty while it does.
        on_fork: Told of a commit for another block than the chain has at that height.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        pool: BundlePool,
        journal: ConsensusJournal,
        on_fetch: OnFetch,
        on_cancel_fetch: OnCancelFetch,
        on_stuck: Callable[[], None],
        evidence: EvidenceBook,
    ) -> None:
        """Join the parts; `start` begins.

        Args:
            surroundings: Time, threads, peers.
            chain: The decided chain.
            pool: Verified bundles.
            journal: Log and signer.
            on_fetch: Who fetches missing values.
            on_cancel_fetch: Who stops fetching them.
            on_stuck: Told now and then while a round lasts.
            evidence: Keeps evidence; it may be told of the same piece again after a restart.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._pool = pool
        self._journal = journal
        self._on_stuck = on_stuck
        self._evidence = evidence
        self._own_key = journal.public_key
        self._record: tuple[SignedStep, ...] = ()
        self._last: tuple[int, int, Step] = (0, 0, Step.IDLE)
        self._inbox: deque[Input] = deque()
        self._caused: Counter[str] = Counter()  # inputs in the inbox, by peer
        self._entries: list[Entry] = []
        self._timers: dict[Timer, RunningTimer] = {}
        # The height being applied that was decided here, and since when.
        self._executing = (0, 0)
        self._is_busy = False
        self._is_acting = False
        self.engine = Engine()
        self.proposals = Proposals(
            *(surroundings, chain, pool, self._answered, self._keep),
            *(on_fetch, on_cancel_fetch, evidence.pending),
        )
        self.stopped_because = ""
        self.on_fork: Callable[[Commit], None] = lambda _commit: None
        self.dropped = 0
        self.rejoining = Rejoining(journal.standing, journal.public_key, chain, surroundings.disk)
        chain.subscribe(self._on_applied)

    # ------------------------------------------------------------------------------- life

    def start(self, replay: Replay) -> None:
        """Begin the height after the tip, or go on where a restart left it.

        Args:
            replay: What log and signer's record hold of that height; its bundles are in the pool again.
        """
        for data in replay.blocks.values():
            self.proposals.restore(data)
        self._record = replay.record
        if replay.last is not None:
            last = replay.last
            self._last = last.height, last.round, last.step
        # A log of heights below the record is of a chain that was lost: what it led to is signed already.
        height = self._chain.tip.height + 1
        inputs = replay.inputs if self._may_vote(height) and self._last[0] <= height else ()
        self._replay(inputs)
        is_replayed = bool(inputs) and not has_forgotten(self.engine, replay.last)
        if not is_replayed:
            # No log, or one whose end is lost: the signer's record alone knows the lock.
            self.engine = Engine()
            self.feed(self._start_height())
            self._pump()
        own = self.engine.own_index
        if own is not None:
            for step in replay.signed:
                self.feed(_own_input(message_of(step.sign, step.signature, own)))
        if is_replayed:
            self._carry_out(
                [effect for effect in self.engine.outstanding if not is_past(effect, replay.last)]
            )
        self._pump()

    def _replay(self, inputs: Sequence[Input]) -> None:
        """Bring the engine back to where it was; of what it says then only evidence counts."""
        for event in inputs:
            for effect in self.engine.handle(event):
                if isinstance(effect, ReportEvidence):
                    self._evidence.report(effect.evidence)

    def _start_height(self) -> StartHeight:
        chain, tip = self._chain, self._chain.tip
        # A record of this height restores lock and valid value, one of a later height keeps this node silent.
        signed = self._record[-1].sign if self._record else None
        if signed is not None and signed.height <= tip.height:
            signed = None
        at_start = tip.height == 0
        return StartHeight(
            tip.height + 1,
            tip.validators.validators,
            self._own_key if self._may_vote(tip.height + 1) else b"",
            tip.parameters.timing,
            chain.round_zero_signers,
            chain.had_bundles,
            self.proposals.has_bundles(),
            self._last_commit(),
            () if at_start else tip.last_validators.validators,
            signed,
        )

    def _may_vote(self, height: int) -> bool:
        """Tell whether this validator takes part in a height: what is settled is voted on no more."""
        return height not in self._chain.stands and self.rejoining.may_vote(height)

    def _on_applied(self, applied: Applied, commit: Commit) -> None:
        self.proposals.forget_until(applied.tip.height)
        height, since_ms = self._executing
        if height == applied.tip.height:
            work = sum(work_of(bundle.header) for bundle in applied.bundles)
            self.proposals.budget.executed(work, self._surroundings.clock.now_ms() - since_ms)
        self.rejoining.hear_votes(precommits_of(commit), applied.tip.last_validators, self._last)
        self.rejoining.look()
        if self._chain.has_more:
            # The next height is decided, too: nobody needs this node's vote on it.
            return
        if not self.stopped_because:
            start = self._start_height()
            self.feed(start)
            if start.own_key and start.signed is not None and start.signed.height == start.height:
                self._say_again(applied.tip.validators)
            self._pump()

    def _say_again(self, validators: ValidatorSet) -> None:
        """Hand the engine what the record holds of this height: the chain was lost, and came here again."""
        own = validators.index_of(self._own_key)
        if own is not None:
            for step in self._record:
                self.feed(_own_input(message_of(step.sign, step.signature, own)))

    # ----------------------------------------------------------------------------- inputs

    def feed(self, event: Input) -> None:
        """Queue an input for the engine."""
        self._inbox.append(event)

    @property
    def waiting(self) -> int:
        """Inputs that wait for the engine."""
        return len(self._inbox)

    def receive(self, peer: str, event: Input) -> bool:
        """Take an input that a peer caused, unless too many of that peer wait; tell whether it was taken."""
        if isinstance(event, VoteReceived) and event.vote.height == self.engine.height:
            self.rejoining.hear_votes((event.vote,), self.engine.validators, self._last)
        if self._caused[peer] >= MAX_INBOX_PER_PEER:
            self.dropped += 1
            return False
        self._caused[peer] += 1
        self.feed(event)
        self._pump()
        return True

    def receive_proposal(self, peer: str, proposal: Proposal, block: Block, data: bytes) -> None:
        """Take a proposal with a verified signature and the block whose header it names."""
        if self.proposals.take(proposal, block, data):
            self.receive(peer, ProposalReceived(proposal))

    def _answered(self, event: Input) -> None:
        """Take an answer to one of the engine's questions."""
        self.feed(event)
        self._pump()

    def _keep(self, entries: Sequence[Entry]) -> None:
        """Have something in the log before the next signature."""
        self._entries += entries

    def bundles_arrived(self) -> None:
        """Look again at every candidate that waited for bundles, and begin an idle height."""
        self.proposals.look_again()
        height = self._chain.tip.height + 1
        if (self.engine.height < height or self.engine.round < 0) and self.proposals.has_bundles():
            self.feed(BundlesAvailable(height))
        self._pump()

    def _pump(self) -> None:
        """Feed the engine what waits, and what answers to it feed, until the disk must work."""
        while self._inbox and not self._is_busy and not self._is_acting and not self.stopped_because:
            # Most votes are known already: they change nothing, and nothing is to be done about them.
            if effects := self._handle_batch():
                self._carry_out(effects)

    def _handle_batch(self) -> list[Effect]:
        """Feed the engine what waits, up to the next height: in another set this node has another index."""
        first = self._inbox.popleft()
        if isinstance(first, StartHeight) and self._has_parted(first):
            return []
        effects = self.engine.handle(first)
        while self._inbox and not isinstance(self._inbox[0], StartHeight):
            effects += self.engine.handle(self._inbox.popleft())
        if not self._inbox:
            self._caused.clear()
        return effects

    def _has_parted(self, start: StartHeight) -> bool:
        """Stop when a quorum decided another block here than the one that block sync brought."""
        decided, committed = self.engine.last_commit, start.previous_commit
        if decided.height != committed.height or decided.block_id == committed.block_id:
            return False
        if decided.height in self._chain.stands:
            # This fork is settled.
            return False
        self.stop(f"height {decided.height} was decided, and another block of it came: the ledger has forked")
        self.on_fork(decided)
        return True

    # ---------------------------------------------------------------------------- effects

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        height = self.engine.height
        appended: list[Input] = []
        signs: list[Sign] = []
        rest: list[Effect] = []
        for effect in effects:
            match effect:
                case Append(input=event):
                    appended.append(event)
                case Sign():
                    signs.append(effect)
                case _:
                    rest.append(effect)
        own = self.engine.own_index if self._may_vote(height) else None
        if own is None:
            # A node that does not vote at this height has nothing to remember.
            self._entries.clear()
            self._do_all(rest)
            return
        if any(isinstance(event, StartHeight) for event in appended):
            # Whatever was not written of heights before is in the database by now.
            self._entries.clear()
        self._entries += (LoggedInput(height, event) for event in appended)
        if not signs:
            self._do_all(rest)
            return
        entries, self._entries = self._entries, []
        self._is_busy = True
        self._surroundings.disk.submit(
            partial(self._journal.carry, entries, signs, own), partial(self._signed, rest)
        )

    def _signed(self, rest: Sequence[Effect], messages: Sequence[Proposal | Vote]) -> None:
        self._is_busy = False
        for message in messages:
            self._last = max(self._last, position_of(message))
            self._send(self._wire(message))
        self._inbox.extendleft(_own_input(message) for message in reversed(messages))
        self._do_all(rest)
        self._pump()

    def _do_all(self, effects: Sequence[Effect]) -> None:
        """Carry out effects in their order; what answers at once waits until all are done."""
        self._is_acting = True
        for effect in effects:
            self._do(effect)
        self._is_acting = False

    def _do(self, effect: Effect) -> None:  # noqa: C901 - one branch per effect
        match effect:
            case Send():
                self._resend(effect)
            case ArmTimer():
                self._arm(effect)
            case CancelTimer(timer=timer):
                self._cancel(timer)
            case BuildValue():
                self.proposals.build(effect, self._last_commit(), self._own_key)
            case CheckValue():
                self.proposals.check(effect)
            case FetchValue():
                self.proposals.fetch(effect)
            case CancelFetch():
                self.proposals.cancel_fetch(effect)
            case Decide():
                self._decide(effect)
            case ReportEvidence(evidence=evidence):
                if not self._evidence.knows(evidence):
                    self.rejoining.hear_evidence(evidence)
                self._evidence.report(evidence)
            case ReportDivergence():
                self._diverged(effect)
            case Append() | Sign():
                pass
            case _:
                assert_never(effect)

    def _wire(self, message: Proposal | Vote) -> Message | None:
        if isinstance(message, Vote):
            return VoteMessage(message)
        candidate = self.proposals.candidates.get(message.block_id)
        return None if candidate is None else ProposalMessage(message, candidate.data)

    def _send(self, message: Message | None) -> None:
        if message is not None:
            self._surroundings.network.broadcast(message, (VALIDATOR,))

    def _resend(self, effect: Send) -> None:
        for proposal in effect.proposals:
            self._send(self._wire(proposal))
        for vote in effect.votes:
            self._send(self._wire(vote))
        self.proposals.ask_again()
        self._on_stuck()

    def _arm(self, effect: ArmTimer) -> None:
        self._cancel(effect.timer)

        def fire() -> None:
            self._timers.pop(effect.timer, None)
            self.feed(Timeout(effect.timer, effect.height, effect.round))
            self._pump()

        self._timers[effect.timer] = self._surroundings.clock.call_later(effect.delay_ms, fire)

    def _cancel(self, timer: Timer) -> None:
        running = self._timers.pop(timer, None)
        if running is not None:
            running.cancel()

    def _last_commit(self) -> Commit:
        newest, tip = self.engine.last_commit, self._chain.tip
        is_of_tip = (newest.height, newest.block_id) == (tip.height, tip.block_id)
        return newest if is_of_tip else self._chain.commit

    # ----------------------------------------------------------------------------- the end

    def _decide(self, effect: Decide) -> None:
        held = self.proposals.held(effect.block_id)
        if held is None:
            # Block sync brings the block: the commit is known to Q power, so somebody has it.
            _log.warning("decided_block_missing", height=effect.height, block=effect.block_id.hex())
            return
        block, bundles = held
        if self._chain.apply(block, effect.commit, bundles):
            self._executing = (effect.height, self._surroundings.clock.now_ms())

    def _diverged(self, effect: ReportDivergence) -> None:
        reason = self.proposals.reason(effect.block_id)
        self.stop(
            f"a quorum decided block {effect.block_id.hex()}, which this node holds to be invalid: {reason}"
        )

    def stop(self, reason: str) -> None:
        """Vote no more; reads go on."""
        self.stopped_because = reason
        for timer in list(self._timers):
            self._cancel(timer)
        _log.error("voting_stopped", height=self.engine.height, reason=reason)


def _own_input(message: Proposal | Vote) -> Input:
    return ProposalReceived(message) if isinstance(message, Proposal) else VoteReceived(message)
