"""Keeps drafts in step with the ledger, and submits them when a person confirms (LAW, EPCIS rule b).

A draft that waits gets its receipt when the shipment is announced; one whose goods have arrived in another
way is dropped. That is settled when someone asks, so blocks only mark that there may be something to settle.
All drafts are in memory; what changes is written before anyone is told of it.
"""

import asyncio
from collections.abc import Generator, Sequence
from typing import Final

import msgspec

from contracts.chain.commit import Commit
from contracts.ledger.document import NONCE_BYTES, build_document, document_id, encode_document
from contracts.ledger.execute import BlockContext
from contracts.ledger.receipt import ACCEPTED
from contracts.rules.events import EventKind
from contracts.state.view import Overlay
from node.epcis.documents import Part, Ready
from node.epcis.drafts import MAX_DRAFTS, Draft, draft_entry, draft_id, load_drafts, no_draft_entry
from node.epcis.outcome import EventResult, FileResult, record_name, refusal_of
from node.epcis.parts import Parts
from node.epcis.proposals import Answer, Drafted, Proposal, answer_proposal
from node.epcis.recorder import Offer, Recorder
from node.epcis.refusal import EventRefused, Refused
from node.epcis.steps import Statement, Step
from node.epcis.verdicts import refused_by_law
from node.host.applied import Applied
from node.host.submitted import TooBusy
from node.host.worker import ask
from node.storage.store import Write

_MOVES: Final = frozenset(
    {
        EventKind.CAME_BACK,
        EventKind.LEFT_NETWORK,
        EventKind.SHIPMENT_ANNOUNCED,
        EventKind.SHIPMENT_RECEIVED,
        EventKind.SHIPMENT_SPLIT,
        EventKind.SHIPMENT_REFUSED,
        EventKind.SHIPMENT_VOIDED,
    }
)
"""Events after which a draft may be out of step."""

_RECEIPT: Final = Statement(Step.RECEIVE)


class Drafting:
    """Drafts of this node's partners. Used on the event loop."""

    def __init__(self, parts: Parts, recorder: Recorder) -> None:
        """Join the parts.

        Args:
            parts: Of the node.
            recorder: Where confirmed drafts go.
        """
        self._parts = parts
        self._recorder = recorder
        self._turn = asyncio.Lock()
        self._drafts: dict[str, Draft] = {}
        self._is_loaded = False
        self._is_behind = True
        parts.chain.subscribe(self._on_applied)

    # ------------------------------------------------------------------- what the API asks

    async def drafts(self) -> Sequence[Draft]:
        """Return all drafts, oldest first."""
        async with self._turn:
            await self._catch_up()
            return tuple(self._drafts.values())

    async def find(self, draft: str) -> Draft | None:
        """Return a draft by id, or None."""
        async with self._turn:
            await self._catch_up()
            return self._drafts.get(draft)

    async def confirm(self, draft: str, *, wait: bool) -> FileResult:
        """Submit a draft as a statement made now; it is gone when it was submitted.

        Args:
            draft: Its id.
            wait: Return only when it is in a block.

        Raises:
            KeyError: There is no such draft.
            TooBusy: Too much waits already; the draft stays.
        """
        async with self._turn:
            await self._catch_up()
            found = self._drafts[draft]
            if not found.answer.records:
                refusal = EventRefused("shipment_not_found", "", found.reason)
                return FileResult(events=(refusal_of(0, Refused.of_event(refusal)),))
            ready = self._ready(found)
            taken = await self._recorder.hand_in(self._parts.lanes()[found.partner], (Offer(ready),))
            if (await taken[0].admitted()).is_submitted:
                await self._write([no_draft_entry(draft)])
                del self._drafts[draft]
        result = await taken[0].result(wait=wait)
        if result.receipt.code != ACCEPTED:
            part, record = ready.part_of(result.receipt.record)
            verdict = refused_by_law(None, result.receipt, record, part.statement)
            return FileResult((result,), (refusal_of(0, verdict),))
        names = tuple(map(record_name, ready.document.records))
        return FileResult((result,), (EventResult(0, "records", names),))

    async def discard(self, draft: str) -> bool:
        """Remove a draft; return False when there was none."""
        async with self._turn:
            await self._catch_up()
            if draft not in self._drafts:
                return False
            await self._write([no_draft_entry(draft)])
            del self._drafts[draft]
            return True

    def _ready(self, draft: Draft) -> Ready:
        now_ms = self._parts.now_ms()
        records = tuple(_stated_at(record, now_ms) for record in draft.answer.records)
        document = build_document(self._parts.draw(NONCE_BYTES), records)
        data = encode_document(document)
        return Ready(document_id(data), data, document, (Part(0, _RECEIPT, records),))

    # ---------------------------------------------------------------- what the gateway asks

    async def add(self, proposals: Sequence[Proposal]) -> tuple[str, ...]:
        """Keep a draft of each proposal whose goods have not all arrived; return the drafts' ids.

        A proposal that is drafted already is not drafted again.

        Raises:
            TooBusy: Too many drafts wait for someone to confirm them.
        """
        if not proposals:
            return ()
        async with self._turn:
            await self._catch_up()
            wanted = {draft_id(proposal): proposal for proposal in proposals}
            fresh = {name: proposal for name, proposal in wanted.items() if name not in self._drafts}
            if len(self._drafts) + len(fresh) > MAX_DRAFTS:
                raise TooBusy("drafts")
            answers = await self._answers(fresh)
            now_ms = self._parts.now_ms()
            made = {
                name: Draft(name, now_ms, proposal, answers[name])
                for name, proposal in fresh.items()
                if not answers[name].is_done
            }
            await self._write([draft_entry(draft) for draft in made.values()])
            self._drafts |= made
            return tuple(name for name in wanted if name in self._drafts)

    # ----------------------------------------------------------------- in step with the chain

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        if not self._is_behind:
            kinds = (event.kind for receipt in applied.receipts for event in receipt.events)
            self._is_behind = any(kind in _MOVES for kind in kinds)

    async def _catch_up(self) -> None:
        """Bring all drafts in step with the ledger; the caller has the turn."""
        if not self._is_loaded:
            self._drafts = await ask(self._parts.keeper, lambda: load_drafts(self._parts.store))
            self._is_loaded = True
        if not self._is_behind:
            return
        self._is_behind = False
        answers = await self._answers({name: draft.proposal for name, draft in self._drafts.items()})
        entries: list[Write] = []
        for name, answer in answers.items():
            draft = msgspec.structs.replace(self._drafts[name], answer=answer)
            if answer.is_done:
                entries.append(no_draft_entry(name))
                del self._drafts[name]
            elif draft != self._drafts[name]:
                entries.append(draft_entry(draft))
                self._drafts[name] = draft
        await self._write(entries)

    async def _answers(self, proposals: dict[str, Proposal]) -> dict[str, Answer]:
        if not proposals:
            return {}

        def question(state: Overlay, _context: BlockContext) -> Generator[None, None, dict[str, Answer]]:
            answers: dict[str, Answer] = {}
            for name, proposal in proposals.items():
                answers[name] = answer_proposal(state, proposal)
                yield
            return answers

        return await self._parts.inquire(question)

    async def _write(self, entries: list[Write]) -> None:
        if entries:
            await ask(self._parts.keeper, lambda: self._parts.store.write(entries, sync=True))


def _stated_at(record: Drafted, now_ms: int) -> Drafted:
    """Return a receipt as it is stated when it is confirmed, not when the seller shipped."""
    return msgspec.structs.replace(record, head=msgspec.structs.replace(record.head, claimed_at_ms=now_ms))
