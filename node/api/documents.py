"""Documents: submitted, looked up, proven."""

import asyncio
import base64
from collections.abc import Mapping
from functools import partial
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from contracts.gs1.dates import format_timestamp
from contracts.ledger.receipt import Receipt
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import Ship
from contracts.records.record import Record, plain
from node.api.access import GRANT, Right, Scope, scope_of, signing
from node.api.answers import HEIGHT_HEADER, answer, json_bytes, pinned
from node.api.bodies import read_body
from node.api.commits import Commits
from node.api.context import ApiContext
from node.api.endpoints import (
    JSON,
    OCTETS,
    RECORD_REFUSAL,
    WAIT,
    Answer,
    Body,
    Endpoint,
    Parameter,
    choice_parameter,
    flag_parameter,
    header_text,
    id_segment,
)
from node.api.gate import Gate, Place
from node.api.partner_glns import PartnerGlns
from node.api.patience import STOPPING, Patience
from node.api.problems import Problem, refusal
from node.api.receipts_json import EventView, ReceiptView, receipt_view
from node.api.record_forms import AnyRecordForm, DocumentForm
from node.api.records_json import write_record
from node.api.submitting import (
    IDEMPOTENCY_HEADER,
    MAX_DOCUMENT_BYTES,
    Placed,
    Prepared,
    Preparing,
    find_placed,
    secret_of,
)
from node.host.submitted import Admitted, Committed, Submitted
from node.storage.base import require_history
from node.storage.custody import Custody
from node.storage.history import History, PlacedDocument
from node.storage.proofs import NotYetCertified, build_proof
from node.storage.references import KeptReference, find_references, reference_entries
from node.storage.store import Snapshot

T = TypeVar("T")

_DOCUMENT: Final = Parameter(
    "id", "path", "Document id, 64 hexadecimal digits.", {"type": "string", "pattern": "^[0-9a-f]{64}$"}
)


class PendingView(msgspec.Struct, frozen=True):
    """The answer to a document that is kept and will be in a block."""

    document: str
    """Document id, hex."""
    status: str
    """pending."""
    code: str
    """What the law says now: a forecast, for others may come first."""


class CommittedView(msgspec.Struct, frozen=True):
    """The answer to a document that is in a block."""

    document: str
    """Document id, hex."""
    status: str
    """committed."""
    code: str
    """accepted, or the verdict code."""
    accepted: bool
    """Whether it acted."""
    receipt: ReceiptView
    """The verdict in full."""


class DocumentView(msgspec.Struct, frozen=True):
    """A document of the chain."""

    document: str
    """Document id, hex."""
    time: str
    """Block time."""
    partner: str
    """GLN of the partner whose statement it is."""
    agent: str | None
    """GLN of the partner that signed for it under a mandate; null when it signed itself."""
    code: str
    """accepted, or the verdict code."""
    accepted: bool
    """Whether it acted."""
    records: tuple[AnyRecordForm, ...]
    """What it says."""
    events: tuple[EventView, ...]
    """What followed beside that."""
    receipt: ReceiptView
    """The verdict in full."""


class ProofView(msgspec.Struct, frozen=True):
    """A proof in JSON."""

    document: str
    """Document id, hex."""
    proof: str
    """Canonical bytes, base64."""


class Documents:
    """The endpoints under /v1/documents but the stream."""

    def __init__(self, context: ApiContext, commits: Commits, patience: Patience, gate: Gate) -> None:
        """Answer for the node of `context`."""
        self._gate = gate
        self._context = context
        self._commits = commits
        self._patience = patience
        self._glns = PartnerGlns()

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "POST",
                "/v1/documents",
                Right.WRITE,
                self.submit,
                "Submit a document.",
                (
                    Answer(200, "It is in a block (wait=commit).", CommittedView, pinned=True),
                    Answer(202, "It is kept and will be in a block.", PendingView),
                ),
                (
                    WAIT,
                    RECORD_REFUSAL,
                    Parameter(
                        IDEMPOTENCY_HEADER,
                        "header",
                        "The same key and body make the same document, for 24 hours, across restarts.",
                    ),
                ),
                Body((JSON,), DocumentForm),
                (
                    *("partner_needed", "partner_not_here", "document_too_large", "idempotency_key_reused"),
                    *("no_quorum", "not_yet_committed", STOPPING),
                ),
                hands_in=True,
            ),
            Endpoint(
                "GET",
                "/v1/documents/{id}",
                Right.READ,
                self.show,
                "A document of the chain.",
                (Answer(200, "The document.", DocumentView, pinned=True),),
                (_DOCUMENT,),
                problems=("unknown_document",),
            ),
            Endpoint(
                "GET",
                "/v1/documents/{id}/proof",
                Right.READ,
                self.prove,
                "A proof that stands on genesis alone.",
                (
                    Answer(200, "Canonical bytes of the proof.", None, OCTETS),
                    Answer(200, "With format=json.", ProofView, pinned=True),
                ),
                (
                    _DOCUMENT,
                    Parameter(
                        "format",
                        "query",
                        "bytes or json.",
                        {"type": "string", "enum": ["bytes", "json"], "default": "bytes"},
                    ),
                ),
                problems=("unknown_document", "not_yet_certified"),
            ),
        )

    # ---------------------------------------------------------------------------- submitting

    async def submit(self, request: web.Request) -> web.Response:
        """Take a document in, and wait for its block when asked to."""
        longest = min(self._context.settings.max_body_bytes, MAX_DOCUMENT_BYTES)
        # Before it has a place: who sends slowly keeps nobody else out.
        body = await read_body(request, longest, (JSON,))
        async with self._gate.enter(request[GRANT].id) as place:
            return await self._take_in(request, body, place)

    async def _take_in(self, request: web.Request, body: bytes, place: Place) -> web.Response:
        context, grant = self._context, request[GRANT]
        wait = choice_parameter(request, "wait", "none", ("none", "commit")) == "commit"
        record_refusal = flag_parameter(request, "record_refusal")
        key = header_text(request, IDEMPOTENCY_HEADER)
        preparing = Preparing(context, grant)
        prepared = await preparing.read(body, context.promises.fresh(), has_key=False)
        if key:
            # Only now: a request that means nothing must not use up its key.
            secret = await secret_of(context, grant, key, b"%d %s" % (record_refusal, body))
            prepared = await preparing.read(body, secret, has_key=True)
        placed = await self._find(prepared)
        if placed is not None:
            return await self._committed(prepared, placed)
        return await self._submit(prepared, place, wait=wait, record_refusal=record_refusal)

    async def _submit(
        self, prepared: Prepared, place: Place, *, wait: bool, record_refusal: bool
    ) -> web.Response:
        loop = asyncio.get_running_loop()
        admitted: asyncio.Future[Admitted] = loop.create_future()
        committed: asyncio.Future[Committed] = loop.create_future()
        told = partial(_resolve, committed)
        submitted = Submitted(
            prepared.id,
            prepared.data,
            prepared.document,
            prepared.lane,
            record_refusal,
            partial(_resolve, admitted),
            None,
            tuple(reference_entries(prepared.references)),
        )
        # Watched from before the submission: the block may be quicker than the answer.
        self._commits.watch(prepared.lane, prepared.id, told)
        try:
            signing(self._context).submit(submitted)
            first = await self._admission(prepared, admitted)
            if not first.is_submitted:
                return await self._refused(prepared, first.forecast)
            place.leave()
            if not wait:
                return self._pending(first)
            async with self._patience.limit():
                last = await committed
        except TimeoutError as error:
            raise self._patience.late(prepared.id) from error
        finally:
            self._commits.forget(prepared.lane, prepared.id, told)
        return await self._committed(prepared, Placed(last.height, last.receipt))

    async def _admission(self, prepared: Prepared, admitted: "asyncio.Future[Admitted]") -> Admitted:
        """Return the answer at admission; while there is none the document is not durable yet."""
        try:
            async with self._patience.limit():
                return await admitted
        except TimeoutError as error:
            code = STOPPING if self._patience.is_over else "too_busy"
            raise Problem(code, members={"document": prepared.id.hex()}) from error

    async def _find(self, prepared: Prepared) -> Placed | None:
        """Return the place of a document that may be in the chain already."""
        if not prepared.is_repeatable:
            return None
        found = await self._context.readers.read(partial(find_placed, asked=[prepared]))
        return found.get(prepared.id)

    async def _refused(self, prepared: Prepared, forecast: Receipt) -> web.Response:
        # The first of two equal requests may have got into a block in the meantime.
        placed = await self._find(prepared)
        if placed is not None:
            return await self._committed(prepared, placed)
        raise refusal(forecast, prepared.document.records)

    def _pending(self, admitted: Admitted) -> web.Response:
        view = PendingView(admitted.document_id.hex(), "pending", admitted.forecast.code)
        return answer(json_bytes(view), self._context.chain.tip.height, status=202)

    async def _committed(self, prepared: Prepared, placed: Placed) -> web.Response:
        concerned = {number for event in placed.receipt.events for number in event.concerned}
        if not self._glns.knows(concerned):
            await self._context.readers.read(partial(self._glns.learn, numbers=concerned))
        receipt = receipt_view(placed.receipt, prepared.document.records, self._glns.gln_of)
        view = CommittedView(receipt.document, "committed", receipt.code, receipt.accepted, receipt)
        return answer(pinned(view, placed.height), placed.height)

    # ------------------------------------------------------------------------------- reading

    async def show(self, request: web.Request) -> web.Response:
        """Show a document of the chain."""
        identifier, scope = document_of(request), scope_of(self._context, request)
        return await self._context.readers.read(partial(_show, identifier=identifier, scope=scope))

    async def prove(self, request: web.Request) -> web.Response:
        """Prove a document."""
        identifier, scope = document_of(request), scope_of(self._context, request)
        as_json = choice_parameter(request, "format", "bytes", ("bytes", "json")) == "json"
        return await self._context.readers.read(
            partial(_prove, identifier=identifier, scope=scope, as_json=as_json)
        )


def _resolve(future: "asyncio.Future[T]", value: T) -> None:
    if not future.done():
        future.set_result(value)


def document_of(request: web.Request) -> bytes:
    """Return the document id in a path.

    Raises:
        Problem: unknown_document, for what cannot be one.
    """
    identifier = id_segment(request, "id", HASH_BYTES)
    if identifier is None:
        raise Problem("unknown_document", f"{request.match_info['id'][:80]!r} is no document id.")
    return identifier


def _show(snapshot: Snapshot, identifier: bytes, scope: Scope) -> web.Response:
    custody, placed = Custody(snapshot), History(snapshot).find(identifier)
    if placed is None:
        require_history(snapshot)
        raise Problem("unknown_document", f"Document {identifier.hex()} is in no block.")
    partner = custody.gln_of(placed.sender) or ""
    scope.require(concerned_glns(custody, placed), "this document")
    references = _known_references(snapshot, placed.document.records) if scope.sees((partner,)) else {}
    records = placed.document.records
    receipt = receipt_view(placed.receipt, records, custody.gln_of)
    view = DocumentView(
        document=identifier.hex(),
        time=format_timestamp(placed.time_ms),
        partner=partner,
        agent=custody.gln_of(placed.agent),
        code=receipt.code,
        accepted=receipt.accepted,
        records=tuple(write_record(record, references) for record in records),
        events=receipt.events,
        receipt=receipt,
    )
    return answer(pinned(view, placed.height), custody.head.height)


def concerned_glns(custody: Custody, placed: PlacedDocument) -> frozenset[str | None]:
    """Return the GLNs of the signers of a document and of everyone whom its events concern."""
    numbers = {number for event in placed.receipt.events for number in event.concerned}
    return frozenset(custody.gln_of(number) for number in numbers | {placed.sender, placed.agent})


def _known_references(snapshot: Snapshot, records: tuple[Record, ...]) -> Mapping[bytes, KeptReference]:
    hashes = [
        entry for record in map(plain, records) if isinstance(record, Ship) for entry in record.references
    ]
    kept = find_references(snapshot, hashes)
    return {hashed: known for hashed, known in zip(hashes, kept, strict=True) if known is not None}


def _prove(snapshot: Snapshot, identifier: bytes, scope: Scope, *, as_json: bool) -> web.Response:
    custody, history = Custody(snapshot), History(snapshot)
    placed = history.find(identifier)
    if placed is None:
        require_history(snapshot)
        raise Problem("unknown_document", f"Document {identifier.hex()} is in no block.")
    scope.require(concerned_glns(custody, placed), "this document")
    try:
        proof = build_proof(history, identifier)
    except NotYetCertified as error:
        raise Problem("not_yet_certified", members={"document": identifier.hex()}) from error
    data, height = encode(proof), custody.head.height
    if as_json:
        view = ProofView(identifier.hex(), base64.b64encode(data).decode("ascii"))
        return answer(pinned(view, placed.height), height)
    headers = {HEIGHT_HEADER: str(height)}
    return web.Response(body=data, content_type=OCTETS, headers=headers)
