"""What the engine asks about values: blocks are built, checked, and fetched until they are held.

A value is held when the block's bytes and those of all its bundles are here, and durable ahead of any vote
for it (consensus/SPEC.md, "Values"): they go into the log's queue before the answer goes to the
engine. Rules run on the writer thread, where the chain stands still; an answer that the chain has overtaken
is dropped.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from consensus.effects import BuildValue, CancelFetch, CheckValue, FetchValue, Input, ValueBuilt, ValueChecked
from contracts.chain.commit import Commit
from contracts.chain.evidence import Evidence
from contracts.chain.header import BLOCKS, Block, BundleEntry, block_id
from contracts.chain.votes import BlockId, Proposal
from contracts.ledger.bundle import OpenBundle
from contracts.primitives.encoding import encode
from node.host.block_budget import BlockBudget
from node.host.candidates import Candidate, Candidates, Claim, bundles_of, missing_bundles
from node.host.chain import Chain
from node.host.journal import Entry, LoggedBlock, LoggedBundle
from node.host.surroundings import Surroundings
from node.pool.held import entry_of
from node.pool.pool import BundlePool

MAX_LOGGED_REASON: Final = 300
"""Most characters of a fault that go into the log."""

_log = structlog.get_logger(__name__)

OnFetch = Callable[[FetchValue, Sequence[BundleEntry] | None], None]
"""Fetch what is missing of a value: the missing bundles, or None when the block itself is unknown."""
OnCancelFetch = Callable[[CancelFetch], None]


class Proposals:
    """The blocks that one validator knows of at the height being decided.

    Attributes:
        candidates: Blocks proposed and not yet decided.
        budget: How much work a block built here may be.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        pool: BundlePool,
        tell: Callable[[Input], None],
        keep: Callable[[Sequence[Entry]], None],
        on_fetch: OnFetch,
        on_cancel_fetch: OnCancelFetch,
        known_evidence: Callable[[], Sequence[Evidence]],
    ) -> None:
        """Join the parts.

        Args:
            surroundings: Time and threads.
            chain: The decided chain.
            pool: Verified bundles.
            tell: Takes the answers to the engine.
            keep: Takes what the log must hold before the next vote.
            on_fetch: Who fetches missing values.
            on_cancel_fetch: Who stops fetching them.
            known_evidence: Returns the evidence that waits for a block.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._pool = pool
        self._tell = tell
        self._keep = keep
        self._on_fetch = on_fetch
        self._on_cancel_fetch = on_cancel_fetch
        self._known_evidence = known_evidence
        self._waiting: dict[bytes, dict[int, CheckValue]] = {}
        self._fetches: dict[bytes, FetchValue] = {}
        self.candidates = Candidates()
        self.budget = BlockBudget()

    def restore(self, data: bytes) -> None:
        """Take a block back from the log."""
        block = BLOCKS.decode(data)
        if self._is_next(block.header.height):
            self.candidates.add(block_id(block.header), block, data)
            self._pool.keep(block.bundles, block.header.height)

    def forget_until(self, height: int) -> None:
        """The chain holds `height`: what was asked about it does not matter any more."""
        self.candidates.forget_until(height)
        self._pool.let_go(height)
        self._waiting.clear()
        self._fetches.clear()

    def _is_next(self, height: int) -> bool:
        return height == self._chain.tip.height + 1

    # ---------------------------------------------------------------------------- building

    def next_time(self) -> int:
        """Return the time that a block built now would have."""
        return max(self._surroundings.wall.now_ms(), self._chain.tip.time_ms + 1)

    def has_bundles(self) -> bool:
        """Tell whether a block built now would hold bundles."""
        return self._pool.includable(self._chain.lanes, self.next_time())

    def build(self, effect: BuildValue, last_commit: Commit, proposer: bytes) -> None:
        """Build a block of what the pool has, and of the evidence that waits.

        Args:
            effect: The engine's question.
            last_commit: For the tip, with all signatures known.
            proposer: This validator's public key.
        """
        limits = self._chain.tip.parameters.limits
        now_ms = self.next_time()
        chosen = self._pool.select(
            self._chain.lanes,
            now_ms,
            limits.block_bytes >> effect.budget_shift,
            limits.block_weight >> effect.budget_shift,
            limits.block_bundles,
            self.budget.work >> effect.budget_shift,
        )
        bundles = [pooled.bundle for pooled in chosen]
        # From now on: while the writer builds, others may fill the pool.
        self._pool.keep(map(entry_of, chosen), effect.height)
        evidence = self._known_evidence()
        build = partial(self._chain.ledger.build, now_ms, bundles, last_commit, proposer, evidence)
        self._surroundings.writer.submit(build, partial(self._built, effect))

    def _built(self, effect: BuildValue, block: Block) -> None:
        if not self._is_next(effect.height) or block.header.height != effect.height:
            # Block sync was quicker: the height is decided, or the block was built on its decision.
            return
        identifier, data = block_id(block.header), encode(block)
        candidate = self.candidates.add(identifier, block, data)
        if candidate is None:
            return
        candidate.arrived(effect.round, self._surroundings.wall.now_ms())
        self._make_durable(candidate)
        self._tell(ValueBuilt(effect.height, effect.round, identifier))

    def _make_durable(self, candidate: Candidate) -> None:
        """Put the block's bytes and its bundles' into the log, ahead of whatever is signed next."""
        if candidate.is_durable:
            return
        candidate.is_durable = True
        block = candidate.block
        height = block.header.height
        bundles = bundles_of(block, self._pool) or ()
        logged = (LoggedBundle(height, bundle.id, data) for bundle, data in bundles)
        self._keep([LoggedBlock(height, block_id(block.header), candidate.data), *logged])

    # ---------------------------------------------------------------------------- checking

    def check(self, effect: CheckValue) -> None:
        """Answer what is known of a value; once more when its bundles, or the block itself, have come."""
        candidate = self.candidates.get(effect.block_id)
        if candidate is not None and candidate.verdict is not None:
            self._answer(effect, valid=candidate.verdict, have=True)
            return
        self._waiting.setdefault(effect.block_id, {})[effect.round] = effect
        if candidate is None or not self._begin_check(candidate, effect.block_id):
            self._answer(effect, valid=True, have=False)

    def take(self, proposal: Proposal, block: Block, data: bytes) -> bool:
        """Take the block that a verified proposal names; false when there is no room for it."""
        identifier = BlockId(proposal.block_id)
        candidate = self.candidates.add(identifier, block, data, self._claim(proposal, identifier))
        if candidate is None:
            return False
        candidate.arrived(proposal.round, self._surroundings.wall.now_ms())
        self._pool.keep(block.bundles, proposal.height)
        if identifier in self._waiting and not self._begin_check(candidate, identifier):
            # It was asked about before it came: what had to be fetched was the block, now its bundles are.
            fetch = self._fetches.get(identifier)
            if fetch is not None:
                self.fetch(fetch)
        return True

    def _claim(self, proposal: Proposal, identifier: BlockId) -> Claim | None:
        """Return whom a proposed block is charged to; None when the engine has asked for it."""
        if identifier in self._waiting or identifier in self._fetches:
            return None
        author = (proposal.height, proposal.proposer)
        return (*author, proposal.round) if self._is_next(proposal.height) else author

    def look_again(self) -> None:
        """Bundles have come: check the blocks that waited for them."""
        for identifier in list(self._waiting):
            candidate = self.candidates.get(identifier)
            if candidate is not None:
                self._begin_check(candidate, BlockId(identifier))

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
        height = candidate.block.header.height
        if not self._is_next(height):
            # Decided meanwhile; the check may have been against the newer tip.
            return
        candidate.verdict, candidate.reason = fault is None, fault or ""
        if fault is None:
            self._make_durable(candidate)
        else:
            # The reason quotes the block, and a liar writes what it likes there.
            reason = fault[:MAX_LOGGED_REASON]
            _log.warning("invalid_proposal", height=height, block=identifier.hex(), reason=reason)
        for effect in self._waiting.pop(identifier, {}).values():
            self._answer(effect, valid=fault is None, have=True)

    def _answer(self, effect: CheckValue, *, valid: bool, have: bool) -> None:
        timing = self._chain.tip.parameters.timing
        candidate = self.candidates.get(effect.block_id)
        timely = candidate is not None and candidate.is_timely(
            effect.round, timing.precision_ms, timing.message_delay_ms
        )
        self._tell(ValueChecked(effect.height, effect.round, effect.block_id, valid, have, timely))

    # ---------------------------------------------------------------------------- fetching

    def fetch(self, effect: FetchValue) -> None:
        """Fetch what is missing of a value."""
        self._fetches[effect.block_id] = effect
        candidate = self.candidates.get(effect.block_id)
        self._on_fetch(effect, None if candidate is None else missing_bundles(candidate, self._pool))

    def cancel_fetch(self, effect: CancelFetch) -> None:
        """Fetch a value no more."""
        self._fetches.pop(effect.block_id, None)
        self._on_cancel_fetch(effect)

    def ask_again(self) -> None:
        """Ask once more for blocks that are still unknown: the request, or its answer, may be lost."""
        for fetch in list(self._fetches.values()):
            if self.candidates.get(fetch.block_id) is None:
                self._on_fetch(fetch, None)

    # ----------------------------------------------------------------------------- the end

    def held(self, identifier: BlockId) -> tuple[Block, list[tuple[OpenBundle, bytes]]] | None:
        """Return a block with its bundles; None when some of it is not here."""
        candidate = self.candidates.get(identifier)
        bundles = None if candidate is None else bundles_of(candidate.block, self._pool)
        return None if candidate is None or bundles is None else (candidate.block, bundles)

    def reason(self, identifier: BlockId) -> str:
        """Return why a block is invalid to this node."""
        candidate = self.candidates.get(identifier)
        return "unknown" if candidate is None else candidate.reason
