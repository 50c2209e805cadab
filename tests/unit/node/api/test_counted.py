"""What becomes of documents is counted alike, whichever way they came."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from node.config.schema import ApiSection
from node.epcis.problems import CaptureProblem
from node.host.submitted import TooBusy
from node.pool.waiting_room import RoomLimits
from tests.support.ledger import OneNode
from tests.support.parties import MAKER
from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import commission
from tests.unit.node.api.test_epcis import Event, Gateway, KeptDraft, Result, capture
from tests.unit.node.api.test_operators import values
from tests.unit.node.api.test_stream import line, send

OUTCOMES = ("kept", "refused", "invalid", "busy")
SERIES = 'packtrail_documents_submitted_total{outcome="%s"}'
REFUSED = Event(0, "refused", (), "not_holder", "epcList", "It is held by another.", "")
INVALID = Event(1, "refused", (), "missing_field", "eventTime", "It has no time.", "")
BUSY = Event(2, "refused", (), "too_busy", "", "Too much waits already.", "")


async def counted(api: Api) -> dict[str, float]:
    """Return what has been counted, but what has not happened."""
    found = values((await api.get("/metrics", None, operators=True)).body.decode())
    return {outcome: found[SERIES % outcome] for outcome in OUTCOMES if found[SERIES % outcome]}


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[Api, Gateway]]:
    gateway = Gateway()
    gateway.kept["d1"] = KeptDraft("d1", MAKER.gln, 0, "", ())
    async with serving(OneNode(), captures=gateway, drafts=gateway) as api:
        yield api, gateway


async def test_documents(api: Api) -> None:
    await api.submit(commission("A1"))
    assert await counted(api) == {"kept": 1}
    await api.submit(commission("A1"), query="wait=none")
    await api.post("/v1/documents", b"nonsense", "maker")
    assert await counted(api) == {"kept": 1, "refused": 1, "invalid": 1}
    await api.submit(commission("A1"), query="record_refusal=1")
    assert await counted(api) == {"kept": 2, "refused": 1, "invalid": 1}


async def test_lines_of_a_stream(api: Api) -> None:
    body = b"".join([line(commission("A1")), b"nonsense\n", line(commission("A1")), line(commission("B1"))])
    await send(api, body)
    assert await counted(api) == {"kept": 2, "refused": 1, "invalid": 1}


async def test_documents_and_lines_for_which_there_is_no_room() -> None:
    node = OneNode(room=RoomLimits(bytes=0))
    async with serving(node, settings=ApiSection(wait_ms=100)) as api:
        assert (await api.submit(commission("A1"))).code == "too_busy"
        assert await counted(api) == {"busy": 1}
        await send(api, line(commission("A1")))
        assert await counted(api) == {"busy": 2}


async def test_lines_that_are_not_judged_in_time() -> None:
    """As for a document, the client is told that the node is busy."""
    node = OneNode()
    async with serving(node, settings=ApiSection(wait_ms=100)) as api:
        assert (await api.submit(commission("A1"))).code == "too_busy"
        (found,) = await send(api, line(commission("B1")))
        assert (found["status"], found["code"]) == ("busy", "too_busy")
        assert await counted(api) == {"busy": 2}


async def test_a_refused_line_that_turns_out_to_be_in_the_chain() -> None:
    """It is told as committed, and counted where it was kept."""
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node) as api:
        found = line(commission("A1"), nonce="ab" * 16)
        first = asyncio.create_task(send(api, found, "?wait=commit"))
        await api.until(lambda: bool(node.submissions.outstanding()))
        read, looked = api.context.readers.read, False

        async def produced_after(question: Any) -> Any:
            nonlocal looked
            answer, is_first, looked = await read(question), not looked, True
            if is_first:
                node.produce()
                await first
            return answer

        api.context.readers.read = produced_after  # type: ignore[method-assign]
        (second,) = await send(api, found)
        assert second["status"] == "committed"
        assert await counted(api) == {"kept": 1}


async def post(api: Api, way: str) -> Any:
    if way == "file":
        return await capture(api)
    return await api.ask("POST", "/v1/drafts/d1:confirm", bearer="maker")


@pytest.mark.parametrize("way", ["file", "draft"])
@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        pytest.param(Result((), (REFUSED,)), "refused", id="refused by a rule"),
        pytest.param(Result((), (INVALID,)), "invalid", id="an event that says too little"),
        pytest.param(CaptureProblem("malformed_document", "", "it is broken"), "invalid", id="broken"),
        pytest.param(TooBusy("documents"), "busy", id="busy"),
    ],
)
async def test_files_and_drafts_of_which_nothing_is_kept(
    gateway: tuple[Api, Gateway], way: str, said: Any, outcome: str
) -> None:
    api, captures = gateway
    captures.answer = said
    await post(api, way)
    assert await counted(api) == {outcome: 1}


async def test_a_file_whose_events_stand_for_themselves_is_counted_by_events(
    gateway: tuple[Api, Gateway],
) -> None:
    api, captures = gateway
    captures.answer = Result((), (REFUSED, INVALID, BUSY, Event(3, "already_recorded")))
    reply = await capture(api, **{"GS1-Capture-Error-Behaviour": "proceed"})
    assert reply.status == 200
    assert await counted(api) == {"refused": 1, "invalid": 1, "busy": 1}


async def test_who_may_not_hand_in_is_not_counted(gateway: tuple[Api, Gateway]) -> None:
    api, _captures = gateway
    assert (await api.post("/v1/documents", {}, "reader")).status == 403
    assert (await api.ask("POST", "/v1/drafts/d2:confirm", bearer="maker")).code == "unknown_draft"
    assert await counted(api) == {}
