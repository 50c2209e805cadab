"""The gateway over HTTP: what is asked of it, and how its results are answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest

from contracts.ledger.receipt import Receipt
from node.api.gateway import CaptureResult, Draft, ErrorBehaviour
from node.config.schema import ApiSection
from node.epcis.problems import CaptureProblem
from node.host.submitted import TooBusy
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.api.harness import Api, serving

XML = b"<epcis/>"
PATH = "/v1/epcis/capture"


class Event(msgspec.Struct, frozen=True):
    index: int
    outcome: str
    records: tuple[str, ...] = ()
    code: str = ""
    field: str = ""
    reason: str = ""
    what_to_do: str = ""


class Document(msgspec.Struct, frozen=True):
    document_id: bytes
    status: str
    height: int
    receipt: Receipt


class Result(msgspec.Struct, frozen=True):
    documents: tuple[Document, ...] = ()
    events: tuple[Event, ...] = ()
    drafts: tuple[str, ...] = ()


class KeptDraft(msgspec.Struct, frozen=True):
    id: str
    partner: str
    created_ms: int
    reason: str
    records: tuple[Any, ...]


class Gateway:
    """Answers what the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Result | Exception | None = Result()
        self.asked: list[dict[str, Any]] = []
        self.kept: dict[str, KeptDraft] = {}
        self.reading = asyncio.Event()
        self.reading.set()

    async def capture(
        self,
        data: bytes,
        content_type: str | None,
        error_behaviour: ErrorBehaviour,
        partner: str,
        *,
        turn: AbstractAsyncContextManager[None],
        wait: bool,
    ) -> CaptureResult:
        async with turn:
            await self.reading.wait()
            self.asked.append(
                {
                    "data": data,
                    "type": content_type,
                    "behaviour": error_behaviour,
                    "partner": partner,
                    "wait": wait,
                }
            )
        return await self._answered()

    async def _answered(self) -> CaptureResult:
        if self.answer is None:
            await asyncio.get_running_loop().create_future()
        if isinstance(self.answer, Exception):
            raise self.answer
        assert isinstance(self.answer, Result)
        return self.answer

    async def drafts(self) -> Sequence[Draft]:
        return list(self.kept.values())

    async def find(self, draft: str) -> Draft | None:
        return self.kept.get(draft)

    async def confirm(self, draft: str, *, wait: bool) -> CaptureResult:
        self.asked.append({"draft": draft, "wait": wait})
        result = await self._answered()
        del self.kept[draft]
        return result

    async def discard(self, draft: str) -> bool:
        return self.kept.pop(draft, None) is not None


@pytest.fixture
async def served() -> AsyncIterator[tuple[Api, Gateway]]:
    gateway = Gateway()
    async with serving(
        OneNode(), captures=gateway, drafts=gateway, settings=ApiSection(wait_ms=100, max_body_bytes=1_024)
    ) as api:
        yield api, gateway


async def capture(api: Api, query: str = "", **headers: str) -> Any:
    return await api.ask("POST", PATH + query, bearer="maker", body=XML, headers=headers)


def accepted(status: str, height: int, code: str = "accepted") -> Document:
    return Document(b"\1" * 32, status, height, Receipt(b"\1" * 32, code, 0, b"", ()))


async def test_a_file_is_handed_on_and_its_outcome_told(served: tuple[Api, Gateway]) -> None:
    api, gateway = served
    gateway.answer = Result(
        (accepted("committed", 4),),
        (Event(0, "records", ("commission",)), Event(1, "already_recorded"), Event(2, "draft")),
        ("d1",),
    )
    reply = await capture(api, "?wait=commit", **{"Content-Type": "application/xml; charset=utf-8"})
    assert reply.status == 200, reply.body
    assert reply.json == {
        "documents": [{"document": "01" * 32, "status": "committed", "code": "accepted", "height": 4}],
        "events": [
            {"index": 0, "outcome": "records", "records": ["commission"]},
            {"index": 1, "outcome": "already_recorded", "records": []},
            {"index": 2, "outcome": "draft", "records": []},
        ],
        "drafts": ["d1"],
    }
    assert gateway.asked == [
        {
            "data": XML,
            "type": "application/xml; charset=utf-8",
            "behaviour": "rollback",
            "partner": MAKER.gln,
            "wait": True,
        }
    ]


async def test_each_event_for_itself(served: tuple[Api, Gateway]) -> None:
    api, gateway = served
    refused = Event(1, "refused", (), "expired", "ilmd", "It has expired.", "Destroy it.")
    gateway.answer = Result((accepted("pending", 0),), (Event(0, "records", ("ship",)), refused))
    reply = await capture(api, **{"GS1-Capture-Error-Behaviour": "Proceed"})
    assert reply.status == 202
    assert reply.json["events"][1] == msgspec.to_builtins(refused) | {"records": []}
    assert reply.json["documents"][0]["height"] is None
    assert gateway.asked[0]["behaviour"] == "proceed"


@pytest.mark.parametrize(
    ("documents", "code", "status"),
    [
        ((), "expired", 409),
        ((accepted("refused", 0, "receiver_unknown"),), "receiver_unknown", 409),
        ((), "receiver_not_found", 400),
        ((), "disagrees_with_ledger", 400),
        ((), "strange", 400),
    ],
)
async def test_a_file_that_falls_as_one(
    served: tuple[Api, Gateway], documents: tuple[Document, ...], code: str, status: int
) -> None:
    api, gateway = served
    event = Event(1, "refused", (), code, "epcList[0]", "So it is.", "Do better.")
    gateway.answer = Result(documents, (Event(0, "records"), event))
    reply = await capture(api)
    assert (reply.status, reply.code) == (status, code)
    problem = reply.json
    assert (problem["event"], problem["field"]) == (1, "epcList[0]")
    assert (problem["reason"], problem["what_to_do"]) == ("So it is.", "Do better.")
    assert len(problem["events"]) == 2


@pytest.mark.parametrize(
    ("code", "status"),
    [("malformed_document", 400), ("unsupported_format", 415), ("document_too_large", 413)],
)
async def test_files_that_cannot_be_taken(served: tuple[Api, Gateway], code: Any, status: int) -> None:
    api, gateway = served
    gateway.answer = CaptureProblem(code, "epcList", "it is broken", 3)
    reply = await capture(api)
    assert (reply.status, reply.code) == (status, code)
    assert (reply.json["event"], reply.json["field"], reply.json["reason"]) == (3, "epcList", "it is broken")
    assert reply.json["what_to_do"]


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ("?wait=x", {}, 400, "invalid_parameter"),
        ("", {"GS1-Capture-Error-Behaviour": "ignore"}, 400, "invalid_parameter"),
        ("?partner=1", {}, 400, "invalid_parameter"),
        (f"?partner={WHOLESALER.gln}", {}, 403, "forbidden"),
        ("", {"Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
    ],
)
async def test_requests_that_never_reach_the_gateway(
    served: tuple[Api, Gateway], query: str, headers: dict[str, str], status: int, code: str
) -> None:
    api, gateway = served
    reply = await capture(api, query, **headers)
    assert (reply.status, reply.code) == (status, code)
    assert gateway.asked == []


async def test_bounds_of_time_and_size(served: tuple[Api, Gateway]) -> None:
    api, gateway = served
    reply = await api.ask("POST", PATH, bearer="maker", body=b"x" * 2_000)
    assert (reply.status, reply.code) == (413, "body_too_large")
    gateway.answer = TooBusy()
    assert (await capture(api)).code == "too_busy"
    gateway.answer = None
    assert (await capture(api, "?wait=commit")).code == "not_yet_committed"
    api.standing.has_quorum = False
    assert (await capture(api, "?wait=commit")).code == "no_quorum"


async def test_a_file_that_had_no_turn_in_time_is_told_to_come_back(served: tuple[Api, Gateway]) -> None:
    api, gateway = served
    gateway.reading.clear()
    reply = await capture(api, "?wait=commit")
    assert (reply.status, reply.code, reply.json["full"]) == (429, "too_busy", "files")
    assert int(reply.headers["Retry-After"]) >= 1
    assert gateway.asked == []
    # Two are inside now: the next one has to wait for them, and its time is up in the line.
    held = [asyncio.create_task(capture(api)) for _ in range(2)]
    reply = await capture(api, "?wait=commit")
    assert (reply.code, reply.json["full"], gateway.asked) == ("too_busy", "files", [])
    # Who does not wait for the block waits for a turn as long as it takes.
    later = asyncio.create_task(capture(api))
    gateway.reading.set()
    assert [(await each).status for each in (*held, later)] == [200] * 3


async def test_drafts(served: tuple[Api, Gateway]) -> None:
    api, gateway = served
    record = api.node.receive(WHOLESALER, bytes(16))
    gateway.kept["d1"] = KeptDraft("d1", WHOLESALER.gln, 1_790_000_000_000, "A seller says so.", (record,))
    (listed,) = (await api.get("/v1/drafts")).json["drafts"]
    assert listed["draft"] == "d1"
    assert listed["created"] == "2026-09-21T14:13:20.000Z"
    assert listed["records"][0]["record"] == "receive"
    assert (await api.get("/v1/drafts/d1")).json == listed
    assert (await api.get("/v1/drafts", "maker")).json == {"drafts": []}
    for method, path in [
        ("GET", "/v1/drafts/d1"),
        ("DELETE", "/v1/drafts/d1"),
        ("POST", "/v1/drafts/d1:confirm"),
        ("GET", "/v1/drafts/d2"),
    ]:
        assert (await api.ask(method, path, bearer="maker")).code == "unknown_draft"
    gateway.answer = Result((accepted("committed", 2),))
    confirmed = await api.ask("POST", "/v1/drafts/d1:confirm?wait=commit", bearer="wholesaler")
    assert confirmed.json["documents"][0]["height"] == 2
    assert gateway.asked == [{"draft": "d1", "wait": True}]
    assert (await api.ask("POST", "/v1/drafts/d1:confirm", bearer="wholesaler")).code == "unknown_draft"


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (KeyError("d1"), 404, "unknown_draft"),
        (CaptureProblem("missing_field", "x", "it waits"), 400, "missing_field"),
        (None, 504, "not_yet_committed"),
        (
            Result((), (Event(0, "refused", (), "shipment_closed", "", "Too late.", ""),)),
            409,
            "shipment_closed",
        ),
    ],
)
async def test_drafts_that_cannot_be_confirmed(
    served: tuple[Api, Gateway], answer: Any, status: int, code: str
) -> None:
    api, gateway = served
    gateway.kept["d1"] = KeptDraft("d1", MAKER.gln, 0, "", ())
    gateway.answer = answer
    reply = await api.ask("POST", "/v1/drafts/d1:confirm?wait=commit", bearer="maker")
    assert (reply.status, reply.code) == (status, code)


async def test_a_draft_is_discarded(served: tuple[Api, Gateway]) -> None:
    api, gateway = served
    gateway.kept["d1"] = KeptDraft("d1", MAKER.gln, 0, "", ())
    reply = await api.ask("DELETE", "/v1/drafts/d1")
    assert (reply.status, reply.body) == (204, b"")
    assert (await api.ask("DELETE", "/v1/drafts/d1")).code == "unknown_draft"
