"""EPCIS files in, and the drafts that they may leave: the gateway over HTTP."""

from http import HTTPStatus
from typing import Final, get_args

import msgspec
from aiohttp import web

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import unpack_gln
from node.api.access import GRANT, Right, Scope, lane_for, read_only, scope_of
from node.api.answers import answer, json_bytes
from node.api.bodies import read_body
from node.api.context import ApiContext
from node.api.endpoints import (
    JSON,
    WAIT,
    Answer,
    Body,
    Endpoint,
    Parameter,
    choice_parameter,
    gln_parameter,
    header_text,
)
from node.api.gate import Gate
from node.api.gateway import CaptureResult, Captures, Draft, Drafts, ErrorBehaviour, EventOutcome
from node.api.metrics import ApiMetrics
from node.api.patience import STOPPING, Patience
from node.api.problems import CAPTURE_PROBLEMS, Problem, parameter_problem, status_of
from node.api.record_forms import AnyRecordForm
from node.api.records_json import write_record
from node.api.turns import Passage, Turns
from node.epcis.problems import CaptureProblem

MAX_FILES_INSIDE: Final = 2
"""Files that are read and tried at once: one in the parser, one with the rules."""
BEHAVIOUR_HEADER: Final = "GS1-Capture-Error-Behaviour"
_BEHAVIOURS: Final[tuple[ErrorBehaviour, ...]] = get_args(ErrorBehaviour)


class CapturedDocumentView(msgspec.Struct, frozen=True):
    """A document that a file became."""

    document: str
    """Document id, hex."""
    status: str
    """pending, committed or refused."""
    code: str
    """accepted, or the verdict code; a forecast unless committed."""
    height: int | None
    """Height of its block; null unless committed."""


class EventOutcomeView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event."""

    index: int
    """Position in the file, from 0."""
    outcome: str
    """records, already_recorded, attached, draft, refused, or rolled_back: fallen with a refused one."""
    records: tuple[str, ...]
    """What it was translated to."""
    code: str = ""
    """Verdict or problem code of a refusal."""
    field: str = ""
    """Path of the field in EPCIS names."""
    reason: str = ""
    """Why, in a sentence."""
    what_to_do: str = ""
    """What a person can do about it."""


class CaptureView(msgspec.Struct, frozen=True):
    """What became of a file, or of a draft."""

    documents: tuple[CapturedDocumentView, ...]
    """In file order."""
    events: tuple[EventOutcomeView, ...]
    """One per event."""
    drafts: tuple[str, ...]
    """Ids of drafts that were made."""


class DraftView(msgspec.Struct, frozen=True):
    """Records that a person may confirm."""

    draft: str
    """Id."""
    partner: str
    """GLN of the partner that would sign."""
    created: str
    """When it was made."""
    reason: str
    """Why it is a draft."""
    records: tuple[AnyRecordForm, ...]
    """What would be submitted."""


class DraftsView(msgspec.Struct, frozen=True):
    """All drafts."""

    drafts: tuple[DraftView, ...]
    """Oldest first."""


_DRAFT: Final = Parameter("id", "path", "Draft id.")
_CAPTURED: Final = (
    Answer(200, "What became of it: all of it, or nothing had to be recorded.", CaptureView),
    Answer(202, "What becomes of it: its documents are kept and will be in blocks.", CaptureView),
)


class Epcis:
    """The endpoints of the gateway."""

    def __init__(
        self, context: ApiContext, metrics: ApiMetrics, patience: Patience, gate: Gate, files: Turns
    ) -> None:
        """Answer for the node of `context`; files take turns by `files`."""
        self._context = context
        self._metrics = metrics
        self._patience = patience
        self._gate = gate
        self._files = files

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "POST",
                "/v1/epcis/capture",
                Right.WRITE,
                self.capture,
                "Capture an EPCIS file: 1.2 or 2.0 XML, 2.0 JSON or JSON-LD.",
                _CAPTURED,
                (
                    WAIT,
                    Parameter("partner", "query", "GLN of the partner to act for."),
                    Parameter(
                        BEHAVIOUR_HEADER,
                        "header",
                        "rollback: the file stands or falls as one; proceed: every event for itself.",
                        {"type": "string", "enum": list(_BEHAVIOURS), "default": "rollback"},
                    ),
                ),
                Body(("application/xml", JSON, "application/ld+json")),
                (
                    *CAPTURE_PROBLEMS,
                    *("partner_needed", "partner_not_here"),
                    *("not_yet_committed", "no_quorum", STOPPING),
                ),
                hands_in=True,
            ),
            *self._of_drafts(),
        )

    def _of_drafts(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                "GET",
                "/v1/drafts",
                Right.READ,
                self.drafts,
                "Drafts, oldest first.",
                (Answer(200, "The drafts.", DraftsView),),
            ),
            Endpoint(
                "GET",
                "/v1/drafts/{id}",
                Right.READ,
                self.draft,
                "A draft.",
                (Answer(200, "The draft.", DraftView),),
                (_DRAFT,),
                problems=("unknown_draft",),
            ),
            Endpoint(
                "POST",
                "/v1/drafts/{id}:confirm",
                Right.WRITE,
                self.confirm,
                "Submit a draft.",
                _CAPTURED,
                (_DRAFT, WAIT),
                problems=("unknown_draft", "not_yet_committed", "no_quorum", STOPPING),
                hands_in=True,
            ),
            Endpoint(
                "DELETE",
                "/v1/drafts/{id}",
                Right.WRITE,
                self.discard,
                "Remove a draft.",
                (Answer(204, "It is gone."),),
                (_DRAFT,),
                problems=("unknown_draft",),
            ),
        )

    # ------------------------------------------------------------------------------ capture

    async def capture(self, request: web.Request) -> web.Response:
        """Take a file in."""
        wait = choice_parameter(request, "wait", "none", ("none", "commit")) == "commit"
        behaviour = self._behaviour(request)
        partner = self._partner(request)
        async with self._gate.enter_to_read(request[GRANT].id):
            # Its place is for reading it, and not for long; the parser and the rules take files one by one.
            body = await read_body(request, self._context.settings.max_body_bytes, ())
        content_type = request.headers.get("Content-Type")
        turn = Passage(self._files, request[GRANT].id)
        try:
            async with self._patience.limit(is_timed=wait):
                result = await self._captures().capture(
                    body, content_type, behaviour, partner, turn=turn, wait=wait
                )
        except CaptureProblem as problem:
            raise _capture_problem(problem) from problem
        except TimeoutError as error:
            if turn.is_through or self._patience.is_over:
                raise self._patience.late() from error
            detail = "Other files were read first. Of this one nothing was submitted."
            raise self._gate.too_busy("files", detail) from error
        return self._answer(result, falls_as_one=behaviour == "rollback")

    def _behaviour(self, request: web.Request) -> ErrorBehaviour:
        text = header_text(request, BEHAVIOUR_HEADER).lower() or "rollback"
        for behaviour in _BEHAVIOURS:
            if text == behaviour:
                return behaviour
        raise parameter_problem(BEHAVIOUR_HEADER, " or ".join(_BEHAVIOURS))

    def _partner(self, request: web.Request) -> str:
        packed = gln_parameter(request, "partner")
        partner, _lane = lane_for(self._context, request[GRANT], unpack_gln(packed) if packed else "")
        return partner

    def _captures(self) -> Captures:
        if self._context.captures is None:
            raise read_only(self._context.node)
        return self._context.captures

    def _answer(self, result: CaptureResult, *, falls_as_one: bool) -> web.Response:
        refused = [outcome for outcome in result.events if outcome.outcome == "refused"]
        view = _view(result)
        if refused and falls_as_one:
            raise _refusal(refused[0], view)
        for outcome in refused:
            self._metrics.told(outcome.code, status_of(outcome.code))
        is_pending = any(entry.status == "pending" for entry in view.documents)
        status = HTTPStatus.ACCEPTED if is_pending else HTTPStatus.OK
        return answer(json_bytes(view), self._context.chain.tip.height, status=status)

    # ------------------------------------------------------------------------------- drafts

    def _drafts(self) -> Drafts:
        if self._context.drafts is None:
            raise read_only(self._context.node)
        return self._context.drafts

    async def drafts(self, request: web.Request) -> web.Response:
        """List the drafts of the token's partners."""
        scope, kept = scope_of(self._context, request), self._context.drafts
        found = () if kept is None else await kept.drafts()
        view = DraftsView(tuple(_draft_view(draft) for draft in found if scope.sees((draft.partner,))))
        return answer(json_bytes(view), self._context.chain.tip.height)

    async def draft(self, request: web.Request) -> web.Response:
        """Show a draft."""
        found = await self._find(request, scope_of(self._context, request))
        return answer(json_bytes(_draft_view(found)), self._context.chain.tip.height)

    async def _find(self, request: web.Request, scope: Scope) -> Draft:
        """Return the draft in the path; another partner's is none."""
        text = request.match_info["id"]
        found = None if self._context.drafts is None else await self._context.drafts.find(text)
        if found is None or not scope.sees((found.partner,)):
            raise Problem("unknown_draft", f"There is no draft {text[:80]!r}.")
        return found

    async def confirm(self, request: web.Request) -> web.Response:
        """Submit a draft."""
        wait = choice_parameter(request, "wait", "none", ("none", "commit")) == "commit"
        draft = await self._find_own(request)
        lane_for(self._context, request[GRANT], draft.partner)
        try:
            async with self._patience.limit(is_timed=wait):
                result = await self._drafts().confirm(draft.id, wait=wait)
        except KeyError as error:
            raise Problem("unknown_draft") from error
        except CaptureProblem as problem:
            raise _capture_problem(problem) from problem
        except TimeoutError as error:
            raise self._patience.late() from error
        return self._answer(result, falls_as_one=True)

    async def discard(self, request: web.Request) -> web.Response:
        """Remove a draft."""
        draft = await self._find_own(request)
        if not await self._drafts().discard(draft.id):
            raise Problem("unknown_draft")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _find_own(self, request: web.Request) -> Draft:
        """Return the draft in the path, of a partner that the token may act for."""
        grant = request[GRANT]
        return await self._find(request, Scope(frozenset({grant.partner}) if grant.partner else None))


def _view(result: CaptureResult) -> CaptureView:
    documents = tuple(
        CapturedDocumentView(entry.document_id.hex(), entry.status, entry.receipt.code, entry.height or None)
        for entry in result.documents
    )
    return CaptureView(documents, tuple(map(_outcome_view, result.events)), tuple(result.drafts))


def _outcome_view(outcome: EventOutcome) -> EventOutcomeView:
    return EventOutcomeView(
        outcome.index,
        outcome.outcome,
        tuple(outcome.records),
        outcome.code,
        outcome.field,
        outcome.reason,
        outcome.what_to_do,
    )


def _draft_view(draft: Draft) -> DraftView:
    return DraftView(
        draft.id,
        draft.partner,
        format_timestamp(draft.created_ms),
        draft.reason,
        tuple(write_record(record) for record in draft.records),
    )


def _refusal(first: EventOutcome, view: CaptureView) -> Problem:
    """Return the problem of a file that fell as one: 409 when the law refused it, else 400."""
    members = {
        "event": first.index,
        "field": first.field,
        "reason": first.reason,
        "what_to_do": first.what_to_do,
        **msgspec.to_builtins(view),
    }
    return Problem(first.code, first.reason, status=status_of(first.code), members=members)


def _capture_problem(problem: CaptureProblem) -> Problem:
    """Return the problem for a file that cannot be taken."""
    members = {
        "event": problem.event,
        "field": problem.field,
        "reason": problem.reason,
        "what_to_do": problem.remedy,
    }
    return Problem(problem.code, str(problem), members=members)
