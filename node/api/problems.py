"""Everything that the API answers when it does not do what was asked: RFC 9457 problems with stable codes.

`PROBLEMS` is the whole list; a rule's refusal is answered with the verdict's own code (`refusal`), so one
place, `GET /problems/{code}`, explains both kinds.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec

from contracts.ledger.receipt import Receipt
from contracts.records.record import Record
from contracts.rules.codes import Code
from contracts.rules.verdict import explain
from node.api.field_readers import (
    INVALID_FIELD,
    INVALID_IDENTIFIER,
    INVALID_JSON,
    INVALID_TIME,
    FieldFault,
    pointer_of,
)
from node.api.refused_subjects import subject_text
from node.epcis.problems import REMEDIES as READING_REMEDIES
from node.epcis.refusal import REMEDIES as TRANSLATING_REMEDIES

MEDIA_TYPE: Final = "application/problem+json"
_VERDICTS: Final = frozenset(Code)
RETRY_SOON_S: Final = 1
"""What a client that came too fast is told to wait, in seconds."""


class ProblemKind(NamedTuple):
    """One kind of problem."""

    status: int
    """HTTP status."""
    title: str
    """What kind of problem, the same every time."""
    what_to_do: str
    """What a client or a person can do about it."""
    retry_after_s: int = 0
    """Value of Retry-After; 0 for none."""


_AGAIN: Final = "Try again after the time in Retry-After."
_LATER: Final = "Nothing was kept. Send the same request again after the time in Retry-After, not before."

_REQUESTS: Final[dict[str, ProblemKind]] = {
    INVALID_JSON: ProblemKind(400, "The body is no JSON", "Send one JSON value in UTF-8."),
    INVALID_FIELD: ProblemKind(
        400, "A field is not what it must be", "Correct the field that `pointer` names."
    ),
    INVALID_IDENTIFIER: ProblemKind(
        400, "An identifier is wrong", "Check it against what is printed; `fault` says what is wrong with it."
    ),
    INVALID_TIME: ProblemKind(400, "A time or date is wrong", "Write times like 2026-11-21T22:00:00.000Z."),
    "invalid_parameter": ProblemKind(
        400, "A query parameter or header is wrong", "See the parameters of this path in /openapi.json."
    ),
    "listing_gone": ProblemKind(
        410,
        "The ledger has moved on since this listing began, and it is no longer kept",
        "Begin again without a cursor, or ask for format=csv: that is one answer.",
    ),
    "invalid_cursor": ProblemKind(
        400,
        "The cursor is none of this node's",
        "Begin again without one, and pass on cursors as they are given.",
    ),
    "partner_needed": ProblemKind(
        400, "This node signs for several partners", "Say for which one: the field or parameter `partner`."
    ),
    "partner_not_here": ProblemKind(
        400, "This node holds no key of that partner", "Send it to the node of the partner that signs."
    ),
    "key_not_registered": ProblemKind(
        409,
        "The ledger does not know this node's key yet",
        "The partner is admitted by a proposal and votes (`packtrail propose`); try again when that acts.",
    ),
    "key_not_active": ProblemKind(
        409,
        "No key of that partner on this node signs at this height",
        "Give the node a key that acts, have one registered by a proposal, or wait for its height.",
    ),
    "unauthorised": ProblemKind(
        401, "No valid token", "Send `Authorization: Bearer <token>` with a token of this node."
    ),
    "forbidden": ProblemKind(
        403, "The token does not allow this", "Use a token with the role that it needs."
    ),
    "read_only_node": ProblemKind(
        403, "This node takes no writes", "Send it to a node that signs for the partner."
    ),
    "unknown_path": ProblemKind(404, "There is nothing at this path", "See /openapi.json."),
    "unknown_problem": ProblemKind(404, "There is no such code", "See the codes in /openapi.json."),
    "unknown_document": ProblemKind(
        404, "The document is in no block", "If it was submitted just now, ask again after the next block."
    ),
    "unknown_item": ProblemKind(404, "No such item was ever commissioned", "Check the code as read."),
    "unknown_lot": ProblemKind(404, "Nothing of this lot was ever commissioned", "Check GTIN and lot."),
    "unknown_product": ProblemKind(404, "No such product is registered", "Check the GTIN."),
    "unknown_recall": ProblemKind(404, "There is no such recall", "Check the recall's id."),
    "unknown_proposal": ProblemKind(404, "There is no such proposal", "Check the proposal's id."),
    "unknown_shipment": ProblemKind(404, "There is no such shipment", "Check the shipment id."),
    "unknown_block": ProblemKind(404, "There is no such block", "Check height or id against /v1/status."),
    "history_not_here": ProblemKind(
        404,
        "This node began with a snapshot, and what is asked for lies before it",
        "Ask a node that has the whole history; /v1/status says from which height this one has it.",
    ),
    "archived": ProblemKind(
        410,
        "What is asked for is in an archive, and no longer on this node",
        "Ask the node's operator to bring it back (packtrail archive restore), or ask a node that keeps all"
        " blocks; /v1/status says from which height a node has their contents.",
    ),
    "unknown_partner": ProblemKind(404, "No such partner is registered", "Check the GLN."),
    "unknown_draft": ProblemKind(
        404, "There is no such draft", "It may have been confirmed; see /v1/drafts."
    ),
    "method_not_allowed": ProblemKind(
        405, "The path does not know this method", "Use a method that the header Allow names."
    ),
    "body_too_slow": ProblemKind(
        408, "The body did not come in time", "Send it again over a better line, in smaller parts."
    ),
    "body_too_large": ProblemKind(
        413, "The body is longer than this node reads", "Send several smaller documents."
    ),
    "document_too_large": ProblemKind(
        413, "The document is beyond the network's limits", "Split it into several documents."
    ),
    "unsupported_media_type": ProblemKind(
        415,
        "The body is of a kind that this path does not read",
        "Send the Content-Type that `detail` names.",
    ),
    "too_much_to_list": ProblemKind(
        422,
        "More belongs to this than one answer may hold",
        "Ask for less: one partner's, or one account.",
    ),
    "idempotency_key_reused": ProblemKind(
        422, "The Idempotency-Key came with another request", "Draw a new key for a new request."
    ),
    "too_busy": ProblemKind(429, "More waits than this node takes on", _LATER, RETRY_SOON_S),
    "token_too_fast": ProblemKind(
        429,
        "This token makes more requests than one may",
        "Send several documents in one stream (/v1/documents:stream), or fewer requests a second.",
        RETRY_SOON_S,
    ),
    "too_many_subscribers": ProblemKind(429, "All places for live events are taken", _AGAIN, 30),
    "internal_error": ProblemKind(
        500, "The node failed to answer", "Tell its operator the request id; its log says more."
    ),
    "no_quorum": ProblemKind(
        503,
        "The network decides nothing at present",
        "The document is kept and will be in a block when validators are back; ask for it by its id.",
        10,
    ),
    "node_halted": ProblemKind(
        503,
        "The node takes no more part in the network's decisions",
        "Nothing was kept. Tell its operator; send it to another node of yours that is ready (/readyz).",
        60,
    ),
    "catching_up": ProblemKind(
        503,
        "The node is fetching blocks that the network has decided, and would judge by an old ledger",
        "Nothing was kept. Send it again when the node has caught up (status: syncing), or to another node.",
        RETRY_SOON_S,
    ),
    "node_stopping": ProblemKind(
        503,
        "The node stops",
        "What it had taken in will be in a block when it runs again: ask for it by its id then, or send the"
        " request again with the same Idempotency-Key.",
        10,
    ),
    "not_yet_certified": ProblemKind(
        503, "The next block, which certifies the verdict, does not exist yet", _AGAIN, RETRY_SOON_S
    ),
    "storage_failed": ProblemKind(
        503, "The node's disk failed or is damaged", "Ask another node; tell this one's operator.", 60
    ),
    "not_yet_committed": ProblemKind(
        504,
        "The document is in no block yet",
        "It is kept and will be in one; ask for it by its id, or wait on /v1/events.",
        RETRY_SOON_S,
    ),
}
"""What the API itself answers, by status."""

_CAPTURE_STATUS: Final = {"document_too_large": 413, "unsupported_format": 415}
_CAPTURE_TITLE: Final = "The EPCIS file cannot be taken as it is"

CAPTURE_PROBLEMS: Final[dict[str, ProblemKind]] = {
    code: ProblemKind(_CAPTURE_STATUS.get(code, 400), _CAPTURE_TITLE, remedy)
    for code, remedy in (*READING_REMEDIES.items(), *TRANSLATING_REMEDIES.items())
}
"""What the EPCIS gateway answers, for a file or one event of it."""
PROBLEMS: Final[dict[str, ProblemKind]] = {**CAPTURE_PROBLEMS, **_REQUESTS}
"""Every code but the verdicts'; no code is both, so that each has one meaning everywhere."""


class Problem(Exception):
    """What ends a request badly.

    Attributes:
        code: A key of `PROBLEMS`, or a verdict code.
        status: HTTP status.
        detail: What happened this time.
        members: More members of the problem document.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        status: int = 0,
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep the facts; `render` makes the document.

        Args:
            code: See above.
            detail: A sentence; the kind's title when left out.
            status: For codes outside `PROBLEMS`.
            members: Beside those of RFC 9457.
            headers: Beside Retry-After.
        """
        super().__init__(code)
        self.code = code
        self.kind = PROBLEMS.get(code)
        self.status = status or (self.kind.status if self.kind else HTTPStatus.INTERNAL_SERVER_ERROR)
        self.detail = detail or (self.kind.title if self.kind else code)
        self.members = dict(members or {})
        self.headers = dict(headers or {})
        if self.kind is not None and self.kind.retry_after_s:
            self.headers.setdefault("Retry-After", str(self.kind.retry_after_s))

    def render(self, request_id: str) -> bytes:
        """Return the problem document."""
        return msgspec.json.encode(self.document(request_id))

    def document(self, request_id: str = "") -> dict[str, Any]:
        """Return the problem document as a dictionary."""
        title, what_to_do = _words(self)
        found: dict[str, Any] = {
            "type": f"/problems/{self.code}",
            "title": title,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
            "what_to_do": what_to_do,
            **self.members,
        }
        if request_id:
            found["request_id"] = request_id
        return found


def _words(problem: Problem) -> tuple[str, str]:
    if problem.kind is not None:
        return problem.kind.title, problem.kind.what_to_do
    try:
        explanation = explain(problem.code)
    except KeyError:
        return problem.detail, ""
    return explanation.sentence, explanation.remedy


def status_of(code: str) -> int:
    """Return the HTTP status of a code: a verdict's, one of `PROBLEMS`, or what is wrong with a file."""
    if code in _VERDICTS:
        return HTTPStatus.CONFLICT
    known = PROBLEMS.get(code)
    return known.status if known else HTTPStatus.BAD_REQUEST


def from_fault(fault: FieldFault) -> Problem:
    """Return the problem for a field that is not what it must be."""
    members: dict[str, object] = {"pointer": pointer_of(fault.path)}
    if fault.fault:
        members["fault"] = fault.fault
    return Problem(fault.code, str(fault), members=members)


def parameter_problem(name: str, expected: str) -> Problem:
    """Return the problem for a query parameter or header."""
    return Problem("invalid_parameter", f"{name}: expected {expected}", members={"parameter": name})


def refusal(receipt: Receipt, records: tuple[Record, ...]) -> Problem:
    """Return the problem for a document that a rule refuses: the verdict, which record, and what to do.

    Args:
        receipt: With the verdict.
        records: The document's.
    """
    return Problem(
        receipt.code,
        refusal_sentence(receipt, records),
        status=HTTPStatus.CONFLICT,
        members=refusal_members(receipt, records),
    )


def refusal_members(receipt: Receipt, records: tuple[Record, ...]) -> dict[str, object]:
    """Return what a refusal says beside its code: where, of what, by which rule."""
    return {
        "pointer": pointer_of(("records", receipt.record)),
        "record": receipt.record,
        "subject": subject_text(receipt, records),
        "rule": explain(receipt.code).rule,
        "document": receipt.document_id.hex(),
    }


def refusal_sentence(receipt: Receipt, records: tuple[Record, ...]) -> str:
    """Return the verdict's sentence with what it is about."""
    subject = subject_text(receipt, records)
    sentence = explain(receipt.code).sentence
    return f"{subject}: {sentence}" if subject else sentence
