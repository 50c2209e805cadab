"""The node stops: whoever waits is told so at once, and what to do; nobody's connection is just cut."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from node.config.schema import ApiSection
from tests.support.ledger import OneNode
from tests.unit.node.api.harness import PATIENCE_S, Api, Reply, serving
from tests.unit.node.api.samples import commission
from tests.unit.node.api.test_epcis import Gateway

FOR_EVER = ApiSection(wait_ms=3_600_000)


@pytest.fixture
async def gateway() -> Gateway:
    hanging = Gateway()
    hanging.answer = None
    return hanging


@pytest.fixture
async def api(gateway: Gateway) -> AsyncIterator[Api]:
    """A node without blocks, whose requests wait as long as a test runs."""
    loop = asyncio.get_running_loop()
    node = OneNode(call_soon=loop.call_soon)
    async with serving(node, settings=FOR_EVER, captures=gateway, drafts=gateway) as served:
        yield served


async def stopped(api: Api, waiting: "asyncio.Task[Reply]") -> Reply:
    """Stop the node under a request and return what that is answered."""
    async with asyncio.timeout(PATIENCE_S):
        await api.servers.close()
        return await waiting


async def test_who_waits_for_a_block(api: Api) -> None:
    submissions = api.node.submissions
    waiting = asyncio.create_task(api.submit(commission("A1")))
    await api.until(lambda: bool(submissions.outstanding()))
    await api.settle()
    reply = await stopped(api, waiting)
    assert (reply.status, reply.code) == (503, "node_stopping")
    assert reply.headers["Retry-After"]
    assert "again" in reply.json["what_to_do"]
    (made,) = submissions.outstanding()
    assert [document.id.hex() for document in made.cut.documents] == [reply.json["document"]]


@pytest.mark.parametrize("query", ["", "?wait=commit"])
async def test_who_waits_for_a_file(api: Api, gateway: Gateway, query: str) -> None:
    path = f"/v1/epcis/capture{query}"
    waiting = asyncio.create_task(api.ask("POST", path, bearer="maker", body=b"<a/>"))
    await api.until(lambda: bool(gateway.asked))
    reply = await stopped(api, waiting)
    assert (reply.status, reply.code) == (503, "node_stopping")


@pytest.mark.parametrize("wait", ["none", "commit"])
async def test_a_stream_whose_client_has_not_ended(api: Api, wait: str) -> None:
    never = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield msgspec.json.encode({"records": [commission("A1")]}) + b"\n"
        await never.wait()

    url = api.url(f"/v1/documents:stream?wait={wait}")
    headers = {"Authorization": "Bearer maker"}
    async with api.session.post(url, data=lines(), headers=headers) as answer, asyncio.timeout(PATIENCE_S):
        await api.until(lambda: bool(api.node.submissions.outstanding()))
        await api.settle()
        await api.servers.close()
        found = [msgspec.json.decode(line) async for line in answer.content]
        never.set()
    expected = {"none": ("accepted", None), "commit": ("pending", "node_stopping")}
    assert [(entry["status"], entry.get("code")) for entry in found] == [expected[wait]]


async def test_who_comes_too_late_does_not_wait(api: Api) -> None:
    api.servers.apps.end_waiting()
    reply = await api.submit(commission("A1"))
    assert (reply.status, reply.code) == (503, "node_stopping")


async def test_a_websocket_client_that_does_not_say_goodbye(api: Api) -> None:
    url = api.url("/v1/events")
    headers = {"Authorization": "Bearer reader"}
    async with api.session.ws_connect(url, headers=headers, autoclose=False) as socket:
        async with asyncio.timeout(PATIENCE_S):
            await api.servers.close()
        assert (await socket.receive()).data == 1001
