"""Live events: both channels, resuming, heartbeats, who sees what, and readers that do not read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from node.api import events, feed
from node.api.events import Events
from node.config.schema import ApiSection
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, PHARMACY, WHOLESALER
from tests.unit.node.api.harness import PATIENCE_S, Api, serving

PATH = "/v1/events"


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """Three blocks: a commission, a sale that the wholesaler is told of, a refused one; no more by itself."""
    node = OneNode(call_soon=None)
    node.record(MAKER, node.commission(["A1", "B1"]))
    node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A1")]))
    node.record(PHARMACY, node.ship(PHARMACY, MAKER, [pack_key("B1")]))
    async with serving(node) as served:
        yield served


class Stream:
    """A reader of Server-Sent Events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> tuple[str, str, dict[str, Any]]:
        """Cursor, kind and data of the next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_S):
            async for raw in self.answer.content:
                line = raw.decode().rstrip("\n")
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
                elif "data" in fields:
                    return fields["id"], fields["event"], msgspec.json.decode(fields["data"])
                else:
                    fields.clear()
        raise AssertionError("the stream ended")

    async def take(self, count: int) -> list[tuple[str, str]]:
        """Cursors and kinds of the next events."""
        return [(await self.next())[:2] for _ in range(count)]


def opened(api: Api, query: str = "", bearer: str = "reader", **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {bearer}", **headers}
    return api.session.get(api.url(PATH + query), headers=sent)


ALL = [
    ("1.0.0", "block"),
    ("1.1.0", "document"),
    ("2.0.0", "block"),
    ("2.1.0", "document"),
    ("2.1.1", "event"),
    ("3.0.0", "block"),
    ("3.1.0", "document"),
]


async def test_from_the_first_block_and_on(api: Api) -> None:
    async with opened(api, "?from=1") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Packtrail-Height"] == "3"
        stream = Stream(answer)
        assert await stream.take(7) == ALL
        api.node.record(MAKER, api.node.commission(["C1"]))
        assert await stream.take(2) == [("4.0.0", "block"), ("4.1.0", "document")]


async def test_what_events_say(api: Api) -> None:
    async with opened(api, "?from=2") as answer:
        stream = Stream(answer)
        _cursor, _kind, block = await stream.next()
        _cursor, _kind, document = await stream.next()
        _cursor, _kind, event = await stream.next()
        await stream.next()
        _cursor, _kind, refused = await stream.next()
    assert (block["height"], block["documents"], block["proposer"]) == (2, 1, "node-0")
    assert (document["partner"], document["records"], document["accepted"]) == (MAKER.gln, ["ship"], True)
    assert (event["kind"], event["concerned"]) == ("shipment_announced", [WHOLESALER.gln])
    assert event["document"] == document["document"]
    assert (refused["code"], refused["accepted"]) == ("not_holder", False)
    assert refused["subject"].startswith("(01)")


async def test_only_what_is_new_by_default(api: Api) -> None:
    async with opened(api) as answer:
        stream = Stream(answer)
        api.node.record(MAKER, api.node.commission(["C1"]))
        assert (await stream.take(1))[0] == ("4.0.0", "block")


@pytest.mark.parametrize("how", ["query", "header"])
async def test_going_on_after_a_cursor(api: Api, how: str) -> None:
    for at, (cursor, _kind) in enumerate(ALL[:-1]):
        answered = (
            opened(api, f"?from={cursor}") if how == "query" else opened(api, **{"Last-Event-ID": cursor})
        )
        async with answered as answer:
            assert await Stream(answer).take(len(ALL) - at - 1) == ALL[at + 1 :]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?from=5", "invalid_parameter"),
        ("?from=x", "invalid_cursor"),
        ("?from=1.2", "invalid_cursor"),
        ("?from=9.0.0", "invalid_cursor"),
        ("?from=0.0.0", "invalid_cursor"),
        ("?from=1.-1.0", "invalid_cursor"),
        ("?until=5", "invalid_parameter"),
    ],
)
async def test_places_that_are_none(api: Api, query: str, code: str) -> None:
    reply = await api.get(PATH + query)
    assert (reply.status, reply.code) == (400, code)


async def test_the_next_height_may_be_waited_for(api: Api) -> None:
    async with opened(api, "?from=4") as answer:
        api.node.record(MAKER, api.node.commission(["C1"]))
        assert (await Stream(answer).take(1))[0] == ("4.0.0", "block")


async def test_a_token_hears_of_its_own_partner(api: Api) -> None:
    api.node.produce()
    for bearer, expected in [
        ("wholesaler", [ALL[0], *ALL[2:6], ("4.0.0", "block")]),
        ("pharmacy", [ALL[0], ALL[2], *ALL[5:], ("4.0.0", "block")]),
        ("maker", [*ALL[:6], ("4.0.0", "block")]),
    ]:
        async with opened(api, "?from=1", bearer) as answer:
            assert await Stream(answer).take(len(expected)) == expected


async def test_a_websocket(api: Api) -> None:
    headers = {"Authorization": "Bearer reader"}
    async with api.session.ws_connect(api.url(f"{PATH}?from=1"), headers=headers, compress=15) as socket:
        assert socket.compress == 0
        found = [await socket.receive_json(timeout=PATIENCE_S) for _ in ALL]
        assert [(entry["id"], entry["event"]) for entry in found] == ALL
        assert found[0]["data"]["height"] == 1
        await socket.send_str("this means nothing")
        api.node.record(MAKER, api.node.commission(["C1"]))
        assert (await socket.receive_json(timeout=PATIENCE_S))["id"] == "4.0.0"
    await api.until(lambda: subscribers(api) == 0)


async def test_a_websocket_with_too_long_a_message_is_closed(api: Api) -> None:
    headers = {"Authorization": "Bearer reader"}
    async with api.session.ws_connect(api.url(PATH), headers=headers) as socket:
        await socket.send_str("x" * 5_000)
        message = await socket.receive(timeout=PATIENCE_S)
        assert message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}


async def test_a_websocket_needs_a_token_too(api: Api) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await api.session.ws_connect(api.url(PATH))


def subscribers(api: Api) -> float:
    return api.context.metrics.get_sample_value("packtrail_event_subscribers") or 0


def ended(api: Api, reason: str) -> float:
    found = api.context.metrics.get_sample_value("packtrail_event_streams_ended_total", {"reason": reason})
    return found or 0


def of(api: Api) -> Events:
    return api.servers.apps._events


async def test_a_silent_stream_shows_that_it_lives(api: Api) -> None:
    of(api).heartbeat_s = 0.01
    async with opened(api) as answer:
        async with asyncio.timeout(PATIENCE_S):
            assert await answer.content.readline() == b": connected\n"
            await answer.content.readline()
            assert await answer.content.readline() == b": alive\n"


async def test_one_who_leaves_is_forgotten(api: Api) -> None:
    of(api).heartbeat_s = 0.01
    async with opened(api, "?from=1") as answer:
        await Stream(answer).take(1)
        assert subscribers(api) == 1
    await api.until(lambda: subscribers(api) == 0)
    assert ended(api, "left") == 1


@pytest.mark.parametrize("channel", ["stream", "socket"])
async def test_one_who_does_not_read_is_dropped_and_costs_one_batch(
    api: Api, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of(api).stall_s = 0.05
    serials = [f"{number:020d}" for number in range(300)]
    for start in range(0, 300, 20):
        for serial in serials[start : start + 20]:
            api.node.put(MAKER, api.node.commission([serial]))
        api.node.produce()
    # So much that no socket's buffers hold it.
    large = feed.BlockFact(1, "x" * 400_000, "", "", 0)
    monkeypatch.setattr(feed, "BlockFact", lambda *_fields: large)
    headers = {"Authorization": "Bearer reader"}
    reader, writer = await asyncio.open_connection(api.servers.api.host, api.servers.api.port, limit=1_024)
    upgrade = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    extra = upgrade if channel == "socket" else ""
    writer.write(f"GET {PATH}?from=1 HTTP/1.1\r\nHost: x\r\n{lines}{extra}\r\n".encode())
    await writer.drain()
    await api.until(lambda: ended(api, "slow") == 1)
    assert subscribers(api) == 0
    assert reader is not None
    writer.close()


async def test_places_for_subscribers_are_few() -> None:
    async with serving(OneNode(), settings=ApiSection(max_subscribers=1)) as api, opened(api) as answer:
        assert answer.status == 200
        reply = await api.get(PATH)
        assert (reply.status, reply.code) == (429, "too_many_subscribers")
        assert reply.headers["Retry-After"] == "30"


async def test_streams_end_when_the_node_stops() -> None:
    async with serving(OneNode()) as api:
        headers = {"Authorization": "Bearer reader"}
        async with opened(api) as answer, api.session.ws_connect(api.url(PATH), headers=headers) as socket:
            api.servers.apps.end_waiting()
            async with asyncio.timeout(PATIENCE_S):
                await answer.content.read()
            message = await socket.receive(timeout=PATIENCE_S)
            assert message.data == 1001
        await api.until(lambda: ended(api, "closing") == 2)


async def test_what_one_read_the_others_get(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    seen = feed._entries

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        return seen(*given, **named)

    monkeypatch.setattr(feed, "_entries", counted)
    async with opened(api, "?from=1") as first, opened(api, "?from=1") as second:
        assert await Stream(first).take(7) == await Stream(second).take(7) == ALL
    assert calls == 3
    monkeypatch.setattr(feed, "MAX_KEPT_BYTES", 1)
    api.node.produce()
    async with opened(api, "?from=1") as third:
        assert await Stream(third).take(8) == [*ALL, ("4.0.0", "block")]


async def test_batches_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_BATCH_BYTES", 10)
    async with opened(api, "?from=1") as answer:
        assert await Stream(answer).take(7) == ALL


async def test_a_stream_that_cannot_be_read_on_is_cut(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(feed, "_entries", fail)
    async with opened(api, "?from=1") as answer:
        with pytest.raises((aiohttp.ClientError, AssertionError)):
            await Stream(answer).take(1)
    await api.until(lambda: ended(api, "failed") == 1)
