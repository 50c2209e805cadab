"""What becomes of a document is counted once, by one of four words, whichever way it came."""

import dataclasses
from typing import NoReturn

import pytest

from node.api.metrics import OUTCOMES
from node.config.schema import ApiSection
from node.host.submitted import Submitted, TooBusy
from tests.support.gateway import Desk
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.api.harness import Api, counted, serving
from tests.unit.node.api.samples import commission
from tests.unit.node.api.test_epcis import Event, Gateway, Result, capture
from tests.unit.node.api.test_stream import PATH as STREAM
from tests.unit.node.api.test_stream import line, send
from tests.unit.node.epcis.desk import made, post, sold
from tests.unit.node.epcis.files import aggregated, case, commissioned, file, pack, pallet, shipped

WAYS = ("document", "stream", "file", "draft")
LATE_MS = 3_600_000
JSON = {"Content-Type": "application/json"}
NEW, KNOWN = line(commission("NEW")), line(commission("P1"))
BODIES = {
    "document": {"kept": NEW, "refused": KNOWN, "invalid": b"nonsense", "busy": NEW},
    "stream": {"kept": NEW, "refused": KNOWN, "invalid": b"nonsense", "busy": NEW},
    "file": {
        "kept": file(commissioned([pack("NEW")])),
        "refused": file(aggregated("ADD", case("C1"), [pack("NONE")])),
        "invalid": b"nonsense",
        "busy": file(commissioned([pack("NEW")])),
    },
}
"""What the maker hands in. P1 is on its way to the wholesaler, NONE is nowhere."""
REFUSED = Event(0, "refused", (), "not_holder", "epcList", "It is held by another.", "")
INVALID = Event(1, "refused", (), "missing_field", "eventTime", "It has no time.", "")
BUSY = Event(2, "refused", (), "too_busy", "", "Too much waits already.", "")
PATHS = {"document": "/v1/documents", "stream": STREAM, "file": "/v1/epcis/capture"}


async def drafted(outcome: str) -> tuple[Desk, str]:
    """Return a desk with the wholesaler's draft of a receipt; an invalid one names no shipment yet."""
    desk = await (made() if outcome == "invalid" else sold())
    (draft,) = (await post(desk, WHOLESALER, shipped([pallet(1)], MAKER, WHOLESALER))).drafts
    if outcome == "refused":
        # Whoever confirms has a clock that runs an hour ahead of the network's.
        desk.drafting._parts = dataclasses.replace(desk.parts, now_ms=lambda: desk.node.wall.ms + LATE_MS)
    return desk, draft


def busy(_submitted: Submitted) -> NoReturn:
    raise TooBusy


async def hand_in(api: Api, way: str, outcome: str, draft: str) -> None:
    if way == "draft":
        await api.ask("POST", f"/v1/drafts/{draft}:confirm", bearer="wholesaler")
    else:
        headers = {} if way == "stream" else JSON
        await api.ask("POST", PATHS[way], bearer="maker", body=BODIES[way][outcome], headers=headers)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("way", WAYS)
async def test_one_document_is_counted_once(way: str, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, draft = await drafted(outcome)
    settings = ApiSection()
    if outcome == "busy":
        monkeypatch.setattr(desk.node.submissions, "submit", busy)
        # A stream waits for room so long.
        settings = ApiSection(wait_ms=100)
    gateway = {"captures": desk.captures, "drafts": desk.drafting}
    async with serving(desk.node, settings=settings, **gateway) as api:
        await hand_in(api, way, outcome, draft)
        assert await counted(api) == {outcome: 1}


async def test_lines_that_are_not_judged_in_time() -> None:
    """As for a document, the client is told that the node is busy."""
    node = OneNode()
    async with serving(node, settings=ApiSection(wait_ms=100)) as api:
        assert (await api.submit(commission("A1"))).code == "too_busy"
        (found,) = await send(api, line(commission("B1")))
        assert (found["status"], found["code"]) == ("busy", "too_busy")
        assert await counted(api) == {"busy": 2}


async def test_a_file_whose_events_stand_for_themselves_is_counted_by_events() -> None:
    gateway = Gateway()
    gateway.answer = Result((), (REFUSED, INVALID, BUSY, Event(3, "already_recorded")))
    async with serving(OneNode(), captures=gateway, drafts=gateway) as api:
        reply = await capture(api, **{"GS1-Capture-Error-Behaviour": "proceed"})
        assert reply.status == 200
        assert await counted(api) == {"refused": 1, "invalid": 1, "busy": 1}


async def test_a_refusal_that_is_put_on_the_ledger_is_kept(api: Api) -> None:
    await api.submit(commission("A1"))
    await api.submit(commission("A1"), query="record_refusal=1")
    assert await counted(api) == {"kept": 2}


async def test_who_may_not_hand_in_is_not_counted(api: Api) -> None:
    assert (await api.post("/v1/documents", {}, "reader")).status == 403
    assert (await api.ask("POST", "/v1/drafts/d2:confirm", bearer="maker")).code == "unknown_draft"
    assert await counted(api) == {}
