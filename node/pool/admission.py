"""Admission: what the law would say of a document now, before it is bundled.

The very rules of a block run on the head with the node's own pending documents on top, so a client learns at
once what is refused, and may send a pack before its commission is final. It is a forecast: another
partner's bundle may come first. Blocking, on the thread that owns the ledger, so the head stands still.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from contracts.ledger.admit import PendingState
from contracts.ledger.block import ChainTip
from contracts.ledger.document import Document
from contracts.ledger.execute import BlockContext
from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.state.view import DirectoryCache, Overlay, StateReader
from node.pool.settled import Settled

T = TypeVar("T")

MAX_KEPT_DOCUMENTS = 20_000
"""After this many documents the view of pending ones is built anew, so that its memory stays bounded."""
MAX_VIEW_AGE_MS = 60_000
"""A view this old is built anew: what is pending stands in it as judged when it came."""
MAX_RESTARTS = 3
"""How often a long question begins (anew, when it is overtaken) before it goes on over what has changed."""

Question = Callable[[Overlay, BlockContext], Generator[None, None, T]]
"""Asked with a scratch state, whose writes are thrown away, and the moment; yields where it may pause."""


class Head(Protocol):
    """The end of the decided chain, as its owner's thread sees it."""

    @property
    def tip(self) -> ChainTip:
        """The last block."""
        ...

    @property
    def state(self) -> StateReader:
        """State after it."""
        ...

    @property
    def directory(self) -> DirectoryCache:
        """Decoded directory rows of this chain."""
        ...

    def watch(self, watcher: Callable[[Settled], None]) -> None:
        """Tell `watcher` of every block, on its owner's thread, before anything else reads the state."""
        ...


class Candidate(msgspec.Struct, frozen=True):
    """A document that asks for admission."""

    id: bytes
    """32 bytes."""
    lane: bytes
    """The key it will be signed with."""
    document: Document
    """Well formed."""


class Inquiry(Generic[T]):
    """A long question on its way through `Admission.proceed`."""

    def __init__(self, question: Question[T]) -> None:
        """Prepare to ask."""
        self.question = question
        self.steps: Generator[None, None, T] | None = None
        self.version: tuple[int, int] = (-1, -1)
        self.starts = 0


class Admission:
    """The view of pending documents over the head."""

    def __init__(self, head: Head) -> None:
        """Prepare an empty view."""
        self._head = head
        head.watch(self._on_block)
        self._kept = 0
        self._pending: dict[bytes, Candidate] = {}
        # Keys that documents were admitted for.
        self._lanes: set[bytes] = set()
        self._view: PendingState | None = None
        # Documents whose effects the view shows.
        self._shown: set[bytes] = set()
        self._view_time_ms = 0
        # Grows whenever what the view shows may have changed.
        self._version = 0

    @property
    def pending(self) -> int:
        """Number of admitted documents that are not yet in the chain."""
        return len(self._pending)

    def admit(self, candidates: Sequence[Candidate], now_ms: int) -> list[Receipt]:
        """Return the receipt that each document would get, in order; accepted ones count as pending.

        Args:
            candidates: In the order of submission.
            now_ms: Wall clock: the time a block would have.
        """
        view = self._fresh_view(now_ms)
        receipts: list[Receipt] = []
        self._lanes.update(candidate.lane for candidate in candidates)
        for candidate in candidates:
            receipt = self._judge(view, candidate)
            if receipt.code == ACCEPTED:
                self._pending[candidate.id] = candidate
                self._kept += 1
                self._version += 1
            receipts.append(receipt)
        return receipts

    def consult(self, question: Callable[[Overlay, BlockContext], T], now_ms: int) -> T:
        """Ask something of the head with the pending documents on top; the asker's writes are thrown away.

        Args:
            question: Asked with a scratch state and the moment of judgement.
            now_ms: Wall clock.
        """
        view = self._fresh_view(now_ms)
        return question(Overlay(view.state, self._head.directory), self._moment(now_ms))

    def proceed(self, inquiry: Inquiry[T], now_ms: int) -> T | None:
        """Take a long question one step on; begin it anew when the view has changed since its last step.

        A question that is overtaken again and again goes on over what has changed: its answer is a forecast,
        as every admission is.

        Args:
            inquiry: The question; to be passed again while it is not answered.
            now_ms: Wall clock.

        Returns:
            The answer; None while there is none yet.

        Raises:
            LookupError: The state contradicts itself.
        """
        version = (self._version, self._head.tip.height)
        is_overtaken = inquiry.version != version
        steps = inquiry.steps
        if steps is None or (is_overtaken and inquiry.starts < MAX_RESTARTS):
            steps = inquiry.steps = self.consult(inquiry.question, now_ms)
            inquiry.starts += 1
            inquiry.version = version
            is_overtaken = False
        try:
            next(steps)
            while inquiry.starts > MAX_RESTARTS:
                next(steps)
        except StopIteration as stop:
            answer: T = stop.value
            return answer
        except LookupError:
            # Rows read before and after a change need not agree; rows of one moment must.
            if not is_overtaken:
                raise
            inquiry.steps = None
        return None

    def _on_block(self, settled: Settled) -> None:
        """Take note of a block: its documents are no longer pending.

        The view stands while it shows what the block made of it: what was admitted here is in it already, and
        others wrote nothing that it has met. So what waits is judged anew only when that may end otherwise.
        """
        self._version += 1
        is_upset = settled.is_directory_changed
        for lane, written in settled.written.items():
            is_upset |= self._pass_lane(lane, settled.receipts.get(lane, ()), written)
        if is_upset or not self._pending or self._kept > MAX_KEPT_DOCUMENTS:
            self._view = None

    def _pass_lane(self, lane: bytes, receipts: Sequence[Receipt], written: Sequence[bytes]) -> bool:
        """Note what became of one lane's documents; tell whether the view shows it otherwise."""
        if lane not in self._lanes:
            return self._view is not None and self._view.state.has_met(written)
        is_upset = False
        for receipt in receipts:
            self._pending.pop(receipt.document_id, None)
            is_upset |= (receipt.document_id in self._shown) != (receipt.code == ACCEPTED)
            self._shown.discard(receipt.document_id)
        return is_upset

    def _moment(self, now_ms: int) -> BlockContext:
        """Return the moment of a block that would be made now."""
        tip = self._head.tip
        return BlockContext(tip.height + 1, max(now_ms, tip.time_ms + 1))

    def _fresh_view(self, now_ms: int) -> PendingState:
        context = self._moment(now_ms)
        if self._view is not None:
            self._view.context = context
        if self._view is None or now_ms > self._view_time_ms + MAX_VIEW_AGE_MS:
            self._view = PendingState(self._head.state, context, self._head.directory)
            self._view_time_ms = now_ms
            self._kept = len(self._pending)
            self._shown.clear()
            for candidate in self._pending.values():
                self._judge(self._view, candidate)
        return self._view

    def _judge(self, view: PendingState, candidate: Candidate) -> Receipt:
        receipt = view.admit(candidate.lane, candidate.document, candidate.id)
        if receipt.code == ACCEPTED:
            self._shown.add(candidate.id)
        return receipt
