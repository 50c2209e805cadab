"""Clients' connections and bodies: how many, how long, and what becomes of those that are too much."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from node.api import bodies, connections
from node.config.schema import MIB, ApiSection
from tests.support.ledger import OneNode
from tests.unit.node.api.harness import Api, serving, turned_away
from tests.unit.node.api.samples import commission

RECONNECTS = int(os.environ.get("PACKTRAIL_RECONNECTS", "300"))
"""`make reconnects` sets 10,000."""


async def opened(api: Api) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = api.servers.api
    return await asyncio.open_connection(address.host, address.port)


async def cut(api: Api, reason: str) -> float:
    text = (await api.get("/metrics", None, operators=True)).body.decode()
    series = f'packtrail_connections_cut_total{{reason="{reason}"}} '
    return next(float(line.removeprefix(series)) for line in text.splitlines() if line.startswith(series))


async def test_who_asks_nothing_is_cut_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SWEEP_S", 0.01)
    monkeypatch.setattr(connections, "FIRST_REQUEST_S", 0.05)
    async with serving(OneNode()) as api:
        asking, writer = await opened(api)
        writer.write(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer all\r\n\r\n")
        assert (await asking.readline()).startswith(b"HTTP/1.1 200")
        silent, other = await opened(api)
        assert await silent.read() == b""
        assert not asking.at_eof()
        assert await cut(api, "silent") == 1
        for each in (writer, other):
            each.close()


async def test_who_reads_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SWEEP_S", 0.01)
    monkeypatch.setattr(connections, "STALL_S", 0.05)
    async with serving(OneNode()) as api:
        _reader, writer = await opened(api)
        asked = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(asked * 200)
        watched = api.servers.apps.connections[0]
        await api.until(lambda: len(watched) == 0)
        assert await cut(api, "stalled") == 1
        writer.transport.abort()


async def test_connections_that_find_no_room_are_few_and_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_REFUSED", 2)
    monkeypatch.setattr(connections, "REFUSAL_S", 0.05)
    async with serving(OneNode(), settings=ApiSection(max_connections=1)) as api:
        ends = [await opened(api) for _ in range(6)]
        watched = api.servers.apps.connections[0]
        await api.until(lambda: not watched.refused)
        assert len(watched) == 1
        assert await turned_away(api, "connections") == 5
        for _reader, writer in ends:
            writer.close()


async def test_bodies_together_have_a_bound() -> None:
    settings = ApiSection(max_body_total_bytes=MIB)
    async with serving(OneNode(), settings=settings) as api:
        first, second = (msgspec.json.encode({"records": ["x" * 700_000]}) for _ in range(2))
        headers = {"Authorization": "Bearer maker", "Content-Type": "application/json"}
        arrived = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield first[:600_000]
            await arrived.wait()
            yield first[600_000:]

        apps = api.servers.apps
        sending = asyncio.create_task(
            api.session.post(api.url("/v1/documents"), data=slowly(), headers=headers)
        )
        await api.until(lambda: apps.body_bytes >= 600_000)
        reply = await api.ask("POST", "/v1/documents", bearer="maker", body=second, headers=headers)
        assert (reply.status, reply.code, reply.json["full"]) == (429, "too_busy", "bodies")
        arrived.set()
        assert (await sending).status == 400
        await api.until(lambda: apps.body_bytes == 0)
        assert await turned_away(api, "bodies") == 1


async def test_a_body_that_does_not_come_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.02)
    monkeypatch.setattr(bodies, "LEAST_BYTES_PER_SECOND", 1 << 40)
    async with serving(OneNode()) as api:
        headers = {"Authorization": "Bearer maker", "Content-Type": "application/json"}

        async def never() -> AsyncIterator[bytes]:
            yield b'{"records":['
            await asyncio.get_running_loop().create_future()

        async with api.session.post(api.url("/v1/documents"), data=never(), headers=headers) as answer:
            problem = await answer.json(content_type="application/problem+json")
            assert (answer.status, problem["code"]) == (408, "body_too_slow")
        assert api.servers.apps.body_bytes == 0


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the number is all that matters


async def test_reconnecting_clients_leak_no_descriptor() -> None:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node) as api:
        await api.get("/v1/status")
        before = descriptors()
        for number in range(RECONNECTS):
            async with aiohttp.ClientSession() as client:
                headers = {"Authorization": "Bearer maker", "Content-Type": "application/json"}
                body = msgspec.json.encode({"records": [commission(f"S{number}")]})
                if number % 3 == 0:
                    # Gone in the middle of its request.
                    _reader, writer = await opened(api)
                    writer.write(b"POST /v1/documents HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                    writer.transport.abort()
                elif number % 3 == 1:
                    async with client.get(api.url("/v1/status"), headers=headers) as answer:
                        assert answer.status == 200
                else:
                    async with client.post(api.url("/v1/nothing"), data=body, headers=headers) as answer:
                        assert answer.status == 404
        watched = api.servers.apps.connections[0]
        await api.until(lambda: len(watched) <= 1)
        assert descriptors() <= before + 2
        assert (api.servers.apps.gate.inside, api.servers.apps.body_bytes) == (0, 0)
