"""The host of the consensus engine: it carries out effects, in order, and turns the world into inputs.

One batch of inputs at a time: all of them go through the engine; what it acted on is appended to the log; if
anything is to be signed, one fsync, the signatures and their record come before everything else (`journal`);
then the other effects. While the disk works, new inputs queue. Nothing here decides anything about votes.
"""

from collections import deque
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
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.values import Timer
from contracts.chain.commit import Commit
from contracts.chain.header import BLOCKS, Block, block_id
from contracts.chain.votes import BlockId, Proposal, Vote
from contracts.ledger.bundle import OpenBundle
from contracts.primitives.encoding import encode
from network.peer.face import VALIDATOR
from network.transport.base import Timer as RunningTimer
from network.wire.messages import Message, ProposalMessage, VoteMessage
from node.host.candidates import Candidate, Candidates, bundles_of, missing_bundles
from node.host.chain import Chain
from node.host.journal import (
    ConsensusJournal,
    Entry,
    LoggedBlock,
    LoggedBundle,
    Replay,
    message_of,
)
from node.host.ledger import Applied
from node.host.surroundings import Surroundings
from node.pool.pool import BundlePool
from node.storage.log import LoggedInput

_log = structlog.get_logger(__name__)

MAX_INBOX = 10_000
"""Most inputs waiting for the engine; beyond that, messages of peers are dropped (they send them again)."""

OnFetch = Callable[[FetchValue, Sequence[bytes] | None], None]
"""Fetch what is missing of a value: the ids of missing bundles, or None when the block itself is unknown."""
OnCancelFetch = Callable[[CancelFetch], None]


class ConsensusHost:
    """Runs one engine.

    Attributes:
        engine: For status and for peers that are behind; only this class feeds it.
        candidates: Blocks proposed and not yet decided.
        stopped_because: Why this node no longer votes; empty while it does.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        pool: BundlePool,
        journal: ConsensusJournal,
        on_fetch: OnFetch,
        on_cancel_fetch: OnCancelFetch,
    ) -> None:
        """Join the parts; `start` begins.

        Args:
            surroundings: Time, threads, peers.
            chain: The decided chain.
            pool: Verified bundles.
            journal: Log and signer.
            on_fetch: Who fetches missing values.
            on_cancel_fetch: Who stops fetching them.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._pool = pool
        self._journal = journal
        self._on_fetch = on_fetch
        self._on_cancel_fetch = on_cancel_fetch
        self._own_key = journal.public_key
        self._inbox: deque[Input] = deque()
        self._entries: list[Entry] = []
        self._timers: dict[Timer, RunningTimer] = {}
        self._waiting: dict[bytes, dict[int, CheckValue]] = {}
        self._is_busy = False
        self.engine = Engine()
        self.candidates = Candidates()
        self.stopped_because = ""
        chain.subscribe(self._on_applied)

    # ------------------------------------------------------------------------------- life

    def start(self, replay: Replay) -> None:
        """Begin the height after the tip, or go on where a restart left it.

        Args:
            replay: What log and signer's record hold of that height; its bundles are in the pool again.
        """
        for data in replay.blocks.values():
            self._restore_block(data)
        if not replay.inputs:
            self.feed(self._start_height(replay.last))
            self._pump()
        for event in replay.inputs:
            self.engine.handle(event)
        own = self.engine.own_index
        if own is not None:
            for step in replay.signed:
                self.feed(_own_input(message_of(step.sign, step.signature, own)))
        if replay.inputs:
            self._carry_out(self.engine.outstanding)
        self._pump()

    def _restore_block(self, data: bytes) -> None:
        block = BLOCKS.decode(data)
        if block.header.height == self._chain.tip.height + 1:
            self.candidates.add(block_id(block.header), block, data)

    def _start_height(self, signed: Sign | None = None) -> StartHeight:
        chain, tip = self._chain, self._chain.tip
        at_start = tip.height == 0
        return StartHeight(
            tip.height + 1,
            tip.validators.validators,
            self._own_key,
            tip.parameters.timing,
            chain.round_zero_signers,
            chain.had_bundles,
            self._has_bundles(),
            self._last_commit(),
            () if at_start else tip.last_validators.validators,
            signed,
        )

    def _has_bundles(self) -> bool:
        return self._pool.includable(self._chain.lanes, self._next_time())

    def _next_time(self) -> int:
        return max(self._surroundings.wall.now_ms(), self._chain.tip.time_ms + 1)

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        self.candidates.forget_until(applied.tip.height)
        self._waiting.clear()
        self.feed(self._start_height())
        self._pump()

    # ----------------------------------------------------------------------------- inputs

    def feed(self, event: Input) -> None:
        """Queue an input for the engine."""
        self._inbox.append(event)

    def receive(self, event: Input) -> None:
        """Take an input that a peer caused, unless too many wait."""
        if len(self._inbox) < MAX_INBOX:
            self.feed(event)
            self._pump()

    def receive_proposal(self, proposal: Proposal, block: Block, data: bytes) -> None:
        """Take a proposal with a verified signature and the block whose header it names."""
        candidate = self.candidates.add(proposal.block_id, block, data)
        if candidate is not None:
            candidate.arrived(proposal.round, self._surroundings.wall.now_ms())
            self.receive(ProposalReceived(proposal))

    def bundles_arrived(self) -> None:
        """Look again at every candidate that waited for bundles, and begin an idle height."""
        for identifier in list(self._waiting):
            candidate = self.candidates.get(identifier)
            if candidate is not None:
                self._begin_check(candidate, BlockId(identifier))
        if self.engine.round < 0 and self._has_bundles():
            self.feed(BundlesAvailable(self.engine.height))
        self._pump()

    def _pump(self) -> None:
        if self._is_busy or not self._inbox or self.stopped_because:
            return
        effects: list[Effect] = []
        while self._inbox:
            effects += self.engine.handle(self._inbox.popleft())
        self._carry_out(effects)

    # ---------------------------------------------------------------------------- effects

    def _carry_out(self, effects: Sequence[Effect]) -> None:
        height = self.engine.height
        appended = [effect.input for effect in effects if isinstance(effect, Append)]
        signs = [effect for effect in effects if isinstance(effect, Sign)]
        rest = [effect for effect in effects if not isinstance(effect, Append | Sign)]
        own = self.engine.own_index
        if own is None:
            # A node that does not vote at this height has nothing to remember.
            self._entries.clear()
            self._do_all(rest)
            return
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
            self._send(self._wire(message))
        self._inbox.extendleft(_own_input(message) for message in reversed(messages))
        self._do_all(rest)
        self._pump()

    def _do_all(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:  # noqa: C901 - one branch per effect
        match effect:
            case Send():
                self._resend(effect)
            case ArmTimer():
                self._arm(effect)
            case CancelTimer(timer=timer):
                self._cancel(timer)
            case BuildValue():
                self._build(effect)
            case CheckValue():
                self._check(effect)
            case FetchValue():
                self._fetch(effect)
            case CancelFetch():
                self._on_cancel_fetch(effect)
            case Decide():
                self._decide(effect)
            case ReportEvidence(evidence=evidence):
                _log.warning("equivocation", evidence=encode(evidence).hex())
            case ReportDivergence():
                self._diverged(effect)
            case Append() | Sign():
                pass
            case _:
                assert_never(effect)

    def _wire(self, message: Proposal | Vote) -> Message | None:
        if isinstance(message, Vote):
            return VoteMessage(message)
        candidate = self.candidates.get(message.block_id)
        return None if candidate is None else ProposalMessage(message, candidate.data)

    def _send(self, message: Message | None) -> None:
        if message is not None:
            self._surroundings.network.broadcast(message, (VALIDATOR,))

    def _resend(self, effect: Send) -> None:
        for proposal in effect.proposals:
            self._send(self._wire(proposal))
        for vote in effect.votes:
            self._send(self._wire(vote))

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

    def _build(self, effect: BuildValue) -> None:
        limits = self._chain.tip.parameters.limits
        now_ms = self._next_time()
        chosen = self._pool.select(
            self._chain.lanes,
            now_ms,
            limits.block_bytes >> effect.budget_shift,
            limits.block_weight >> effect.budget_shift,
            limits.block_bundles,
        )
        bundles = [pooled.bundle for pooled in chosen]
        commit = self._last_commit()
        build = partial(self._chain.ledger.build, now_ms, bundles, commit, self._own_key)
        self._surroundings.writer.submit(build, partial(self._built, effect))

    def _last_commit(self) -> Commit:
        newest = self.engine.last_commit
        return newest if newest.height == self._chain.tip.height else self._chain.commit

    def _built(self, effect: BuildValue, block: Block) -> None:
        identifier, data = block_id(block.header), encode(block)
        candidate = self.candidates.add(identifier, block, data)
        if effect.height != self.engine.height or candidate is None:
            return
        candidate.arrived(effect.round, self._surroundings.wall.now_ms())
        self._make_durable(candidate)
        self.feed(ValueBuilt(effect.height, effect.round, identifier))
        self._pump()

    def _make_durable(self, candidate: Candidate) -> None:
        """Put the block's bytes and its bundles' into the log, ahead of whatever is signed next."""
        if candidate.is_durable:
            return
        candidate.is_durable = True
        block = candidate.block
        height = block.header.height
        self._entries.append(LoggedBlock(height, block_id(block.header), candidate.data))
        bundles = bundles_of(block, self._pool) or ()
        self._entries += (LoggedBundle(height, bundle.id, data) for bundle, data in bundles)

    # --------------------------------------------------------------------- checking values

    def _check(self, effect: CheckValue) -> None:
        candidate = self.candidates.get(effect.block_id)
        if candidate is None:
            self._answer(effect, valid=True, have=False)
            return
        if candidate.verdict is not None:
            self._answer(effect, valid=candidate.verdict, have=True)
            return
        rounds = self._waiting.setdefault(effect.block_id, {})
        rounds[effect.round] = effect
        if not self._begin_check(candidate, effect.block_id):
            self._answer(effect, valid=True, have=False)

    def _begin_check(self, candidate: Candidate, identifier: BlockId) -> bool:
        """Check a candidate whose bundles are all here; return False while some are missing."""
        bundles = bundles_of(candidate.block, self._pool)
        if bundles is None:
            return False
        if not candidate.is_checking:
            candidate.is_checking = True
            opened: list[OpenBundle] = [bundle for bundle, _data in bundles]
            check = partial(self._chain.ledger.check, candidate.block, opened)
            self._surroundings.writer.submit(check, partial(self._checked, candidate, identifier))
        return True

    def _checked(self, candidate: Candidate, identifier: BlockId, fault: str | None) -> None:
        candidate.is_checking = False
        rounds = self._waiting.pop(identifier, {})
        if candidate.block.header.height != self.engine.height:
            return
        candidate.verdict, candidate.reason = fault is None, fault or ""
        if fault is None:
            self._make_durable(candidate)
        else:
            height = candidate.block.header.height
            _log.warning("invalid_proposal", height=height, block=identifier.hex(), reason=fault)
        for effect in rounds.values():
            self._answer(effect, valid=fault is None, have=True)
        self._pump()

    def _answer(self, effect: CheckValue, *, valid: bool, have: bool) -> None:
        timing = self._chain.tip.parameters.timing
        candidate = self.candidates.get(effect.block_id)
        timely = candidate is not None and candidate.is_timely(
            effect.round, timing.precision_ms, timing.message_delay_ms
        )
        self.feed(ValueChecked(effect.height, effect.round, effect.block_id, valid, have, timely))

    def _fetch(self, effect: FetchValue) -> None:
        candidate = self.candidates.get(effect.block_id)
        self._on_fetch(effect, None if candidate is None else missing_bundles(candidate, self._pool))

    # ----------------------------------------------------------------------------- the end

    def _decide(self, effect: Decide) -> None:
        candidate = self.candidates.get(effect.block_id)
        bundles = None if candidate is None else bundles_of(candidate.block, self._pool)
        if candidate is None or bundles is None:
            # Block sync brings the block: the commit is known to Q power, so somebody has it.
            _log.warning("decided_block_missing", height=effect.height, block=effect.block_id.hex())
            return
        self._chain.apply(candidate.block, effect.commit, bundles)

    def _diverged(self, effect: ReportDivergence) -> None:
        candidate = self.candidates.get(effect.block_id)
        reason = candidate.reason if candidate is not None else "unknown"
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
