"""One stream of documents: lines on their way, pipelined.

Thousands of lines are on their way at once, and none has a task, a lock or a write of its own. A client must
read while it sends: when too many answers wait unread, or too many documents wait for the node, the node
stops reading until that has changed (back-pressure). Answers are written many at a time.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Final

import structlog
from aiohttp import web

from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.rules.verdict import explain
from node.api.access import GRANT, signing
from node.api.answers import json_bytes
from node.api.bodies import LineCutter, LineTooLong, longest_s
from node.api.body_room import BODY_SHARE
from node.api.commits import Commits
from node.api.context import ApiContext
from node.api.field_readers import FieldFault
from node.api.gate import Gate, Place
from node.api.metrics import ApiMetrics
from node.api.patience import STOPPING, Patience
from node.api.problems import Problem, from_fault, refusal_members, refusal_sentence, status_of
from node.api.promises import Secret
from node.api.stream_lines import NOT_KEPT, LineView, Slot
from node.api.submitting import MAX_DOCUMENT_BYTES, Placed, Prepared, Preparing, find_placed
from node.host.submitted import Admitted, Committed, Submitted, TooBusy
from node.storage.references import reference_entries

MAX_OPEN_LINES: Final = 8_192
"""Lines taken in and not yet answered, per stream."""
MAX_OPEN_BYTES: Final = 16 << 20
"""Length of those lines; beyond it no more are read."""
MAX_UNSENT_BYTES: Final = 16 << 20
"""Answers that the client has not taken, per stream; beyond it no more lines are read."""
STALL_S: Final = 60.0
"""A client that takes none of its answers for so long is cut off."""
LINES_AT_ONCE: Final = 32
"""Lines handled before others get their turn on the event loop."""

_log = structlog.get_logger(__name__)


class LineTooSlow(Exception):
    """The client does not send the rest of a line in time."""


class StreamRun:
    """One stream."""

    def __init__(
        self,
        context: ApiContext,
        commits: Commits,
        metrics: ApiMetrics,
        patience: Patience,
        gate: Gate,
        request: web.Request,
        response: web.StreamResponse,
        secret: Secret | None,
    ) -> None:
        """Prepare.

        Args:
            context: The node.
            commits: Tells when documents are in blocks.
            metrics: Counts documents.
            patience: Says how long a line waits.
            gate: Lets some lines in at a time.
            request: Authorised; its body are the lines.
            response: Begun; its body are the answers.
            secret: Of the client's idempotency key; None when it gave none.
        """
        self._context = context
        self._commits = commits
        self._metrics = metrics
        self._request = request
        self._response = response
        self._has_key = secret is not None
        # Drawn once for all lines: each draw hands the interpreter to another thread.
        self._secret = secret or context.promises.fresh()
        self._submissions = signing(context)
        self._preparing = Preparing(context, request[GRANT])
        self._patience = patience
        self._gate = gate
        self._slots: deque[Slot] = deque()
        self._watched: dict[int, tuple[bytes, bytes, partial[None]]] = {}
        self._progress = asyncio.Event()
        self._unsent = self._open_bytes = 0
        self._share = request[BODY_SHARE]
        self._cutter = LineCutter(MAX_DOCUMENT_BYTES)
        self._number = 0
        self._has_ended = False
        self._is_waiting = False
        self._records_refusals = False

    async def run(self, *, wait: bool, record_refusal: bool) -> None:
        """Take lines in and answer them until the client has no more, or is gone.

        Args:
            wait: Answer only when a document is in a block.
            record_refusal: Put documents on the ledger that a rule refuses.
        """
        self._is_waiting, self._records_refusals = wait, record_refusal
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                await self._read()
                self._has_ended = True
                self._progress.set()
        except* ConnectionError:
            # The client is gone. What it was told of stays true, and what was kept goes its way.
            _log.info("stream_left", lines=self._number)
        finally:
            for watched in self._watched.values():
                self._commits.forget(*watched)

    # ------------------------------------------------------------------------------ reading

    async def _read(self) -> None:
        cutter = self._cutter
        try:
            async for chunk in self._chunks():
                if not await self._take_all(cutter.cut(chunk)):
                    return
                # Counted with what other requests hold; there is no room for a stream that only grows.
                self._share.have(self._held_bytes, coming=cutter.kept_bytes)
            await self._take_all(cutter.rest())
        except Problem:
            self._turn_away([self._open_slot(0)])
        except LineTooLong:
            slot = self._open_slot(0)
            self._finish(slot, LineView(slot.number, "invalid", code="body_too_large"))
        except LineTooSlow:
            slot = self._open_slot(0)
            self._finish(slot, LineView(slot.number, "busy", code="body_too_slow"))
        finally:
            cutter.drop()

    @property
    def _held_bytes(self) -> int:
        """Length of the lines taken in and not yet answered, and of the one that has not ended."""
        return self._open_bytes + self._cutter.kept_bytes

    async def _chunks(self) -> AsyncIterator[bytes]:
        """Yield what the client sends until it has no more, or the node stops.

        Raises:
            LineTooSlow: A line does not end in time; only time in which the node waits for it is counted.
            Problem: too_busy, when an unfinished line gives way to the bodies of others.
        """
        loop, waited_s = asyncio.get_running_loop(), 0.0
        while True:
            kept, began_s = self._cutter.kept_bytes, loop.time()
            most_s = longest_s(kept) - waited_s if kept else None
            try:
                async with self._patience.limit(is_timed=False, longest_s=most_s) as limit:
                    with self._share.waiting(limit):
                        chunk = await self._request.content.readany()
            except TimeoutError as error:
                if self._patience.is_over:
                    return
                self._share.check()
                raise LineTooSlow from error
            self._share.check()
            if not chunk:
                return
            took_s = loop.time() - began_s
            yield chunk
            waited_s = waited_s + took_s if kept and b"\n" not in chunk else 0.0

    async def _take_all(self, lines: Iterable[bytes]) -> bool:
        """Take lines in, a few at a time; return False when the node can take no more."""
        batch: list[bytes] = []
        for line in lines:
            batch.append(line)
            if len(batch) == LINES_AT_ONCE:
                if not await self._take(batch):
                    return False
                batch = []
        return not batch or await self._take(batch)

    async def _take(self, lines: list[bytes]) -> bool:
        async with self._gate.enter_stream(self._request[GRANT].id) as place:
            slots = [await self._prepare(line) for line in lines]
            await self._recall(slots)
            for at, slot in enumerate(slots):
                if slot.answer is None and not await self._submit(slot, place):
                    self._turn_away([later for later in slots[at:] if later.answer is None])
                    return False
            # Others get their turn even when the next lines are here already.
            await asyncio.sleep(0)
        while self._is_full():
            await self._next_progress()
        return True

    def _is_full(self) -> bool:
        return (
            len(self._slots) >= MAX_OPEN_LINES
            or self._open_bytes >= MAX_OPEN_BYTES
            or self._unsent >= MAX_UNSENT_BYTES
        )

    def _open_slot(self, size: int) -> Slot:
        self._number += 1
        self._open_bytes += size
        slot = Slot(self._number, size)
        self._slots.append(slot)
        return slot

    async def _prepare(self, line: bytes) -> Slot:
        slot = self._open_slot(len(line))
        own = self._secret.child(slot.number)
        try:
            slot.prepared = await self._preparing.read(line, own, has_key=self._has_key)
        except FieldFault as fault:
            self._finish_invalid(slot, from_fault(fault))
        except Problem as problem:
            self._finish_invalid(slot, problem)
        else:
            slot.document = slot.prepared.id.hex()
        return slot

    async def _recall(self, slots: list[Slot]) -> None:
        """Answer for documents that an earlier request brought into the chain."""
        asked = [slot.prepared for slot in slots if slot.prepared and slot.prepared.is_repeatable]
        if not asked:
            return
        found = await self._context.readers.read(partial(find_placed, asked=asked))
        for slot in slots:
            placed = found.get(slot.prepared.id) if slot.prepared else None
            if placed is not None:
                self._finish_placed(slot, placed)

    async def _submit(self, slot: Slot, place: Place) -> bool:
        """Submit a line's document, waiting while the node is busy; return False when it stays so."""
        prepared = slot.prepared
        if prepared is None:
            return True
        submitted = Submitted(
            prepared.id,
            prepared.data,
            prepared.document,
            prepared.lane,
            self._records_refusals,
            partial(self._on_admitted, slot),
            None,
            tuple(reference_entries(prepared.references)),
        )
        if self._is_waiting:
            self._watch(slot, prepared)
        try:
            self._submissions.submit(submitted)
        except TooBusy:
            # Nothing is read from this client meanwhile; others go on.
            place.leave()
            return await self._submit_when_possible(submitted)
        return True

    async def _submit_when_possible(self, submitted: Submitted) -> bool:
        """Try again after each block; return False when none makes room in time."""
        try:
            async with self._patience.limit():
                while True:
                    await self._commits.next_block()
                    with contextlib.suppress(TooBusy):
                        self._submissions.submit(submitted)
                        return True
        except TimeoutError:
            return False

    def _turn_away(self, slots: list[Slot]) -> None:
        self._metrics.turned_away("documents", len(slots))
        for slot in slots:
            self._finish(slot, LineView(slot.number, "busy", slot.document, "too_busy"))

    def _watch(self, slot: Slot, prepared: Prepared) -> None:
        watched = (prepared.lane, prepared.id, partial(self._on_committed, slot))
        self._watched[slot.number] = watched
        self._commits.watch(*watched)

    async def _next_progress(self) -> None:
        self._progress.clear()
        await self._progress.wait()

    # ----------------------------------------------------------------------------- answering

    def _on_admitted(self, slot: Slot, admitted: Admitted) -> None:
        if slot.answer is not None:
            return
        if not admitted.is_submitted:
            self._refuse(slot, admitted.forecast)
            return
        slot.is_kept = True
        if self._is_waiting:
            return
        code = admitted.forecast.code
        if code == ACCEPTED:
            self._finish(slot, LineView(slot.number, "accepted", slot.document))
        else:
            self._finish(slot, LineView(slot.number, "recorded", slot.document, code))

    def _refuse(self, slot: Slot, receipt: Receipt) -> None:
        prepared = slot.prepared
        if prepared is None:
            return
        members = refusal_members(receipt, prepared.document.records)
        slot.is_doubtful = prepared.is_repeatable
        self._finish(
            slot,
            LineView(
                slot.number,
                "refused",
                slot.document,
                receipt.code,
                detail=refusal_sentence(receipt, prepared.document.records),
                pointer=str(members["pointer"]),
                subject=str(members["subject"]),
                what_to_do=explain(receipt.code).remedy,
            ),
        )

    def _on_committed(self, slot: Slot, committed: Committed) -> None:
        if slot.answer is None:
            self._finish_placed(slot, Placed(committed.height, committed.receipt))

    def _finish_placed(self, slot: Slot, placed: Placed) -> None:
        code = placed.receipt.code
        view = LineView(slot.number, "committed", slot.document, code, code == ACCEPTED, placed.height)
        self._finish(slot, view)

    def _finish_invalid(self, slot: Slot, problem: Problem) -> None:
        told = problem.document()
        view = LineView(
            slot.number,
            "invalid",
            code=problem.code,
            detail=problem.detail,
            pointer=str(told.get("pointer", "")),
            what_to_do=told["what_to_do"],
        )
        self._finish(slot, view)

    def _finish(self, slot: Slot, view: LineView) -> None:
        slot.why_not_kept = view.code if view.status in NOT_KEPT else ""
        self._put(slot, json_bytes(view) + b"\n")

    def _put(self, slot: Slot, answer: bytes) -> None:
        if slot.answer is None:
            self._open_bytes -= slot.size
        slot.answer = answer
        if not slot.is_doubtful:
            slot.prepared = None
        self._unsent += len(answer)
        watched = self._watched.pop(slot.number, None)
        if watched is not None:
            self._commits.forget(*watched)
        self._progress.set()

    # ------------------------------------------------------------------------------- writing

    async def _write(self) -> None:
        """Write answers in order, as many at a time as are ready."""
        while self._slots or not self._has_ended:
            ready = await self._ready()
            if ready:
                # What is answered takes no room while the client sends nothing more.
                self._share.shrink(self._held_bytes)
                await self._send(ready)
                self._unsent -= len(ready)
                self._progress.set()
            elif self._slots:
                await self._wait_for_more()
            elif not self._has_ended:
                await self._next_progress()
        await self._response.write_eof()

    async def _send(self, ready: bytes) -> None:
        try:
            async with asyncio.timeout(STALL_S):
                await self._response.write(ready)
        except TimeoutError as error:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise ConnectionResetError("the client does not read its answers") from error

    async def _ready(self) -> bytes:
        answers: list[bytes] = []
        while self._slots and self._slots[0].answer is not None:
            slot = self._slots[0]
            if slot.is_doubtful:
                if answers:
                    break
                await self._look_again(slot)
            self._slots.popleft()
            if slot.why_not_kept:
                # Only now: until it is told, a refused line may turn out to be in the chain.
                self._metrics.told(slot.why_not_kept, status_of(slot.why_not_kept))
            answers.append(slot.answer or b"")
        return b"".join(answers)

    async def _look_again(self, slot: Slot) -> None:
        """Ask the chain once more for a refused document that an equal request may have brought there."""
        slot.is_doubtful = False
        if slot.prepared is None:
            return
        question = partial(find_placed, asked=[slot.prepared])
        placed = (await self._context.readers.read(question)).get(slot.prepared.id)
        if placed is not None:
            self._unsent -= len(slot.answer or b"")
            self._finish_placed(slot, placed)

    async def _wait_for_more(self) -> None:
        """Wait for more answers; when none comes for too long, say so of every open line."""
        try:
            async with self._patience.limit():
                await self._next_progress()
        except TimeoutError:
            late = self._patience.reason
            turned_away = STOPPING if self._patience.is_over else "too_busy"
            for slot in self._slots:
                if slot.answer is None:
                    status, code = ("pending", late) if slot.is_kept else ("busy", turned_away)
                    self._finish(slot, LineView(slot.number, status, slot.document, code))
