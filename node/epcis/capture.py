"""The gateway's front desk: an EPCIS file in, what became of each event out (LAW, EPCIS rules a to g).

A file is parsed off the event loop and tried on the thread of the rules in slices. What it says beyond the
law becomes durable together with its documents; of what is refused nothing is kept. Files for one partner
take turns from trial to submission, so that a file posted twice at once is recorded once.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Literal

import structlog

from contracts.gs1.keys import pack_gln
from contracts.ledger.execute import BlockContext
from contracts.ledger.receipt import ACCEPTED
from contracts.state.view import Overlay
from node.epcis.attachments import SECRET_BYTES, Sealer, load_secret, secret_entry
from node.epcis.chronicle import Chronicle
from node.epcis.documents import Case
from node.epcis.drafting import Drafting
from node.epcis.events import EpcisDocument
from node.epcis.judged import Finding, Judged
from node.epcis.notes import note_entries
from node.epcis.outcome import DocumentResult, EventResult, FileResult, record_name, refusal_of
from node.epcis.parts import Parts
from node.epcis.reader import read_document
from node.epcis.recorder import Handed, Offer, Recorder
from node.epcis.refusal import EventRefused, Refused
from node.epcis.trial import Trial
from node.epcis.verdicts import refused_by_law
from node.host.worker import ask
from node.storage.references import reference_entries
from node.storage.store import Write

_log = structlog.get_logger(__name__)

ErrorBehaviour = Literal["rollback", "proceed"]
"""Whether a file stands or falls as one document, or every event for itself."""


class CaptureService:
    """Takes files. Used on the event loop."""

    def __init__(self, parts: Parts, recorder: Recorder, drafting: Drafting) -> None:
        """Join the parts.

        Args:
            parts: Of the node.
            recorder: Shared with `drafting`, so that both know what is pending.
            drafting: Keeps drafts.
        """
        self._parts = parts
        self._recorder = recorder
        self._drafting = drafting
        self._turns = {partner: asyncio.Lock() for partner in parts.partners()}
        self._secret = b""

    async def capture(
        self,
        data: bytes,
        content_type: str | None,
        error_behaviour: ErrorBehaviour,
        partner: str,
        *,
        turn: AbstractAsyncContextManager[None],
        wait: bool,
    ) -> FileResult:
        """Read a file, translate it, and submit what it says for `partner`.

        Under rollback nothing is recorded when an event is refused: its outcome is `refused`, that of events
        which fell with it `rolled_back`.

        Args:
            data: The file.
            content_type: As the client said, or None.
            error_behaviour: See `ErrorBehaviour`.
            partner: GLN of the partner to act for, one whose key this node holds.
            turn: Held while the file is read and tried, until it is submitted.
            wait: Return only when its documents are in blocks.

        Raises:
            CaptureProblem: The file cannot be read; under rollback, one of its events.
            TooBusy: Too much waits already; nothing was submitted.
            KeyError: This node holds no key of that partner that acts.
        """
        is_one = error_behaviour == "rollback"
        async with AsyncExitStack() as before_submission:
            await before_submission.enter_async_context(turn)
            document, sealer = await self._read(data, content_type)
            if is_one and document.refused:
                raise document.refused[0]
            async with self._turns[partner]:
                case = self._case(document, sealer, partner, is_one=is_one)
                finding = await self._try(case)
                drafts = await self._keep(case, finding)
                await before_submission.aclose()
                taken = await self._recorder.hand_in(case.lane, _offers(case, finding))
        results = await asyncio.gather(*(handed.result(wait=wait) for handed in taken))
        events = _events(document, finding, taken, results)
        _log.info("file_captured", partner=partner, events=len(events), documents=len(results))
        return FileResult(tuple(results), events, drafts)

    async def _read(self, data: bytes, content_type: str | None) -> tuple[EpcisDocument, Sealer]:
        if not self._secret:
            self._secret = await ask(self._parts.keeper, self._load_secret)

        # The job runs also when its request has ended: then there is nothing to read, and nothing is held.
        files = [data]

        def read() -> tuple[EpcisDocument, Sealer] | Exception | None:
            try:
                document = read_document(files[0], content_type) if files else None
                return None if document is None else (document, Sealer(self._secret, document))
            except Exception as error:  # noqa: BLE001 - raised below: a file ends its request, not the node
                return error

        try:
            found = await ask(self._parts.parser, read)
        finally:
            files.clear()
        if found is None:
            raise RuntimeError("a file went before it was read")
        if isinstance(found, Exception):
            raise found
        return found

    def _case(self, document: EpcisDocument, sealer: Sealer, partner: str, *, is_one: bool) -> Case:
        limits = self._parts.chain.tip.parameters.limits
        seed = self._parts.draw(SECRET_BYTES)
        return Case(document, pack_gln(partner), self._parts.lanes()[partner], is_one, limits, sealer, seed)

    def _load_secret(self) -> bytes:
        known = load_secret(self._parts.store)
        if known is not None:
            return known
        secret = self._parts.draw(SECRET_BYTES)
        self._parts.store.write([secret_entry(secret)], sync=True)
        return secret

    async def _try(self, case: Case) -> Finding:
        def question(state: Overlay, context: BlockContext) -> Generator[None, None, Finding]:
            chronicle = Chronicle(self._parts.store, self._recorder.pending)
            return Trial(case, chronicle, state, context).run()

        return await self._parts.inquire(question)

    async def _keep(self, case: Case, finding: Finding) -> tuple[str, ...]:
        """Make durable what events without records say, and the drafts; return the drafts' ids."""
        entries = _rows(case, [judged for judged in finding.judged if not judged.records])
        entries += note_entries(judged.key for judged in finding.judged if judged.key)
        if entries:
            await ask(self._parts.keeper, lambda: self._parts.store.write(entries, sync=True))
        proposals = [judged.proposal for judged in finding.judged if judged.proposal is not None]
        return await self._drafting.add(proposals)


def _offers(case: Case, finding: Finding) -> list[Offer]:
    """Return the documents, each with what its events say beyond the law: kept with it or not at all."""
    found = {judged.index: judged for judged in finding.judged}
    offers: list[Offer] = []
    for ready, fingerprints in zip(finding.documents, finding.fingerprints, strict=True):
        rows = _rows(case, [found[part.index] for part in ready.parts])
        offers.append(Offer(ready, fingerprints, tuple(rows)))
    return offers


def _rows(case: Case, judged: Sequence[Judged]) -> list[Write]:
    """Build the rows of what events say beyond the law."""
    attachments = [entry.attachment for entry in judged if entry.attachment is not None]
    references = [reference for entry in judged for reference in entry.references]
    return [*case.sealer.entries(attachments), *reference_entries(references)]


def _events(
    document: EpcisDocument,
    finding: Finding,
    taken: Sequence[Handed],
    results: Sequence[DocumentResult],
) -> tuple[EventResult, ...]:
    """Return what became of each event, those that could not be read included."""
    late = {
        part.index: EventRefused("too_busy", "", "too much waits already")
        for ready in finding.documents[len(taken) :]
        for part in ready.parts
    }
    refused = {index: Refused.of_event(refusal) for index, refusal in late.items()}
    refused |= {problem.event or 0: Refused.of_reader(problem) for problem in document.refused}
    fell: set[int] = set()
    for handed, result in zip(taken, results, strict=True):
        if result.receipt.code != ACCEPTED:
            part, record = handed.ready.part_of(result.receipt.record)
            refused[part.index] = refused_by_law(None, result.receipt, record, part.statement)
            fell |= {other.index for other in handed.ready.parts} - {part.index}
    found = {judged.index: _result(judged, refused, fell) for judged in finding.judged}
    found |= {index: refusal_of(index, refusal) for index, refusal in refused.items() if index not in found}
    return tuple(found[index] for index in sorted(found))


def _result(judged: Judged, refused: dict[int, Refused], fell: set[int]) -> EventResult:
    refusal = refused.get(judged.index) or judged.refused
    if refusal is not None:
        return refusal_of(judged.index, refusal)
    if judged.index in fell:
        return EventResult(judged.index, "rolled_back")
    return EventResult(
        judged.index, judged.outcome, tuple(map(record_name, judged.records)), reason=judged.note
    )
