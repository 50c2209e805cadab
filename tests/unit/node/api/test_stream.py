"""The document stream: answers in order, back-pressure, and what becomes of lines that cannot be kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from node.api import stream_run
from node.api.problems import PROBLEMS
from node.config.schema import MIB, ApiSection
from node.pool.waiting_room import RoomLimits
from tests.support.ledger import OneNode
from tests.unit.node.api.harness import PATIENCE_S, Api, Reply, counted, serving
from tests.unit.node.api.samples import commission, pack_text, ship

PATH = "/v1/documents:stream"


def line(*records: dict[str, Any], **more: Any) -> bytes:
    return msgspec.json.encode({"records": records, **more}) + b"\n"


async def send(api: Api, body: bytes, query: str = "", **more: Any) -> list[dict[str, Any]]:
    reply = await api.ask("POST", f"{PATH}{query}", bearer="maker", body=body, **more)
    return answers(reply)


def answers(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    assert reply.headers["Content-Type"] == "application/x-ndjson"
    return [msgspec.json.decode(found) for found in reply.body.splitlines()]


async def test_lines_are_answered_in_their_order(api: Api) -> None:
    body = b"".join(line(commission(f"S{number}")) for number in range(200))
    found = await send(api, body)
    assert [entry["line"] for entry in found] == list(range(1, 201))
    assert {entry["status"] for entry in found} == {"accepted"}
    assert len({entry["document"] for entry in found}) == 200


@pytest.mark.parametrize("query", ["", "?wait=commit"])
async def test_bad_lines_stand_among_good_ones(api: Api, query: str) -> None:
    body = b"".join(
        [
            line(commission("A1")),
            b"\n",
            b"nonsense\n",
            line(commission("A1")),
            line(commission("€")),
            b"   \r\n",
            line(commission("B1"), partner="123"),
            line(commission("C1")).rstrip(),
        ]
    )
    first, second, third, fourth, fifth, last = await send(api, body, query)
    good = "committed" if query else "accepted"
    assert (first["status"], last["status"]) == (good, good)
    assert (second["line"], second["status"], second["code"]) == (2, "invalid", "invalid_json")
    assert second["what_to_do"] == PROBLEMS["invalid_json"].what_to_do
    assert (third["status"], third["code"], third["pointer"]) == (
        *("refused", "already_commissioned"),
        "/records/0",
    )
    assert third["subject"] == pack_text("A1")
    assert third["what_to_do"].startswith("Use a new serial")
    assert (fourth["status"], fourth["pointer"]) == ("invalid", "/records/0/serials/0")
    assert (fifth["status"], fifth["code"], fifth["pointer"]) == ("invalid", "invalid_identifier", "/partner")
    if query:
        assert (first["height"], first["accepted"], first["code"]) == (1, True, "accepted")


async def test_refusals_can_be_recorded(api: Api) -> None:
    body = line(commission("A1")) + line(commission("A1"))
    kept = await send(api, body, "?record_refusal=1")
    assert [entry["status"] for entry in kept] == ["accepted", "recorded"]
    assert kept[1]["code"] == "already_commissioned"
    committed = await send(api, line(commission("A1")), "?record_refusal=1&wait=commit")
    assert [(entry["status"], entry["accepted"]) for entry in committed] == [("committed", False)]


async def test_an_empty_stream(api: Api) -> None:
    assert await send(api, b"") == []
    assert await send(api, b"\n \n") == []


async def test_a_stream_sent_again_with_its_key_is_recorded_once(api: Api) -> None:
    body = b"".join(line(commission(f"S{number}")) for number in range(3))
    headers = {"Idempotency-Key": "k-1"}
    first = await send(api, body, "?wait=commit", headers=headers)
    longer = body + line(ship(pack_text("S1"), references=[{"type": "po", "value": "1"}]))
    again = await send(api, longer, "?wait=commit", headers=headers)
    assert again[:3] == first
    assert again[3]["accepted"]
    third = await send(api, longer, headers=headers)
    assert third == again
    other = await send(api, body, headers={"Idempotency-Key": "k-2"})
    assert {entry["status"] for entry in other} == {"refused"}
    reused = await api.ask("POST", f"{PATH}?record_refusal=1", bearer="maker", body=body, headers=headers)
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")


async def test_the_same_nonce_twice_in_one_stream(api: Api) -> None:
    found = line(commission("A1"), nonce="ab" * 16)
    first, second = await send(api, found + found, "?wait=commit")
    assert first["document"] == second["document"]
    assert (first["status"], second["status"]) == ("committed", "committed")
    (third,) = await send(api, found, "?wait=commit")
    assert (third["status"], third["height"]) == ("committed", first["height"])


async def test_a_refused_line_may_be_in_the_chain_by_now() -> None:
    """An equal request got into a block between the look at the chain and the judgement."""
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node) as api:
        found = line(commission("A1"), nonce="ab" * 16)
        first = asyncio.create_task(send(api, found, "?wait=commit"))
        await api.until(lambda: bool(node.submissions.outstanding()))
        seen = api.context.readers.read
        calls = 0

        async def read(question: Any) -> Any:
            nonlocal calls
            calls += 1
            answer = await seen(question)
            if calls == 1:
                node.produce()
                await api.until(lambda: node.chain.tip.height == 1)
                await api.settle()
            return answer

        api.context.readers.read = read  # type: ignore[method-assign]
        (second,) = await send(api, found)
        assert second["status"] == "committed"
        assert (await first)[0]["status"] == "committed"
        # Told as committed, it is counted where it was kept, and not as refused.
        assert await counted(api) == {"kept": 1}


async def test_a_line_that_is_too_long_ends_the_stream(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_run, "MAX_DOCUMENT_BYTES", 1_000)
    body = line(commission("A1")) + b"x" * 2_000 + b"\n" + line(commission("B1"))
    found = await send(api, body)
    assert [(entry["status"], entry.get("code", "")) for entry in found][-1] == ("invalid", "body_too_large")
    unended = await send(api, b"x" * 2_000)
    assert [entry["code"] for entry in unended] == ["body_too_large"]


async def test_lines_in_pieces(api: Api) -> None:
    body = b"".join(line(commission(f"S{number}")) for number in range(5))

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 37):
            yield body[at : at + 37]

    headers = {"Authorization": "Bearer maker"}
    async with api.session.post(api.url(PATH), data=pieces(), headers=headers) as answer:
        found = (await answer.read()).splitlines()
    assert len(found) == 5


async def test_a_client_may_read_while_it_sends(api: Api) -> None:
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def lines() -> AsyncIterator[bytes]:
        while found := await said.get():
            yield found

    headers = {"Authorization": "Bearer maker"}
    said.put_nowait(line(commission("A1")))
    async with api.session.post(api.url(PATH), data=lines(), headers=headers) as answer:
        assert msgspec.json.decode(await answer.content.readline())["line"] == 1
        said.put_nowait(line(commission("B1")))
        assert msgspec.json.decode(await answer.content.readline())["line"] == 2
        said.put_nowait(b"")
        assert await answer.content.readline() == b""


async def test_few_open_lines_are_enough(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_run, "MAX_OPEN_LINES", 4)
    monkeypatch.setattr(stream_run, "MAX_UNSENT_BYTES", 200)
    monkeypatch.setattr(stream_run, "LINES_AT_ONCE", 2)
    body = b"".join(line(commission(f"S{number}")) for number in range(50))
    assert len(await send(api, body, "?wait=commit")) == 50


async def test_a_busy_node_makes_the_stream_wait() -> None:
    room = RoomLimits(1 << 20, least_documents=2)
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon, room=room)
    async with serving(node) as api:
        body = b"".join(line(commission(f"S{number}")) for number in range(5))
        sending = asyncio.create_task(send(api, body, "?wait=commit"))
        while not sending.done():
            await api.until(lambda: sending.done() or bool(node.submissions.outstanding()))
            node.produce()
            await api.settle()
        assert [entry["status"] for entry in await sending] == ["committed"] * 5


async def test_a_node_that_stays_busy_says_where_it_stopped() -> None:
    room = RoomLimits(1 << 20, least_documents=2)
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon, room=room)
    async with serving(node, settings=ApiSection(wait_ms=100)) as api:
        body = b"".join(line(commission(f"S{number}")) for number in range(10))
        found = await send(api, body)
        kept = [entry for entry in found if entry["status"] == "accepted"]
        assert 2 <= len(kept) < 10
        assert found[: len(kept)] == kept
        assert {(entry["status"], entry["code"]) for entry in found[len(kept) :]} == {("busy", "too_busy")}


@pytest.mark.parametrize(("has_quorum", "code"), [(True, "not_yet_committed"), (False, "no_quorum")])
async def test_blocks_that_do_not_come(has_quorum: bool, code: str) -> None:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node, settings=ApiSection(wait_ms=100)) as api:
        api.standing.has_quorum = has_quorum
        found = await send(api, line(commission("A1")), "?wait=commit")
        assert [(entry["status"], entry["code"]) for entry in found] == [("pending", code)]


async def test_lines_on_their_way_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    one = line(commission("S0"))
    monkeypatch.setattr(stream_run, "MAX_OPEN_BYTES", 3 * len(one.strip()))
    monkeypatch.setattr(stream_run, "LINES_AT_ONCE", 1)
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node) as api:
        body = b"".join(line(commission(f"S{number}")) for number in range(9))
        sending = asyncio.create_task(send(api, body, "?wait=commit"))
        most = 0
        while not sending.done():
            await api.until(lambda: sending.done() or bool(node.submissions.outstanding()))
            await api.settle()
            most = max(most, node.submissions.waiting)
            node.produce()
            await api.settle()
        assert [entry["status"] for entry in await sending] == ["committed"] * 9
        assert most == 3
        assert api.servers.apps.body_bytes == 0


async def test_a_line_without_end_finds_no_room_beside_others() -> None:
    settings = ApiSection(max_body_total_bytes=MIB)
    async with serving(OneNode(), settings=settings) as api:

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b" " * (64 << 10)

        headers = {"Authorization": "Bearer maker"}
        async with api.session.post(api.url(PATH), data=endless(), headers=headers) as answer:
            found = [msgspec.json.decode(each) for each in (await answer.read()).splitlines()]
        assert [(entry["status"], entry["code"]) for entry in found] == [("busy", "too_busy")]
        assert api.servers.apps.body_bytes == 0


async def test_a_client_that_leaves_leaves_nothing_behind(api: Api) -> None:
    began = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield line(commission("A1"))
        began.set()
        await asyncio.get_running_loop().create_future()

    headers = {"Authorization": "Bearer maker"}
    posting = asyncio.create_task(
        api.session.post(api.url(f"{PATH}?wait=commit"), data=lines(), headers=headers)
    )
    await began.wait()
    await api.until(lambda: api.node.chain.tip.height > 0)
    posting.cancel()
    await asyncio.wait({posting})
    await api.session.close()
    connections = api.servers.apps.connections[0]
    await api.until(lambda: len(connections) == 0)


async def test_a_client_that_does_not_read_is_cut_off(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_run, "STALL_S", 0.05)
    monkeypatch.setattr(stream_run, "MAX_UNSENT_BYTES", 1 << 30)
    bad = b'{"records":' + b"[" * 10 + b"\n"
    _reader, writer = await asyncio.open_connection(api.servers.api.host, api.servers.api.port, limit=1_024)
    head = "POST /v1/documents:stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer maker\r\n"
    writer.write(f"{head}Content-Length: 1000000000\r\n\r\n".encode())
    connections = api.servers.apps.connections[0]
    await api.until(lambda: len(connections) == 1)
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_S):
            while len(connections):
                writer.write(bad * 2_000)
                await writer.drain()
    assert len(connections) == 0
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("query", "headers", "status", "code"),
    [
        ("?wait=maybe", {}, 400, "invalid_parameter"),
        ("", {"Content-Type": "application/xml"}, 415, "unsupported_media_type"),
        ("", {"Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
        ("", {"Idempotency-Key": "Schlüssel"}, 400, "invalid_parameter"),
    ],
)
async def test_what_is_wrong_from_the_start(
    api: Api, query: str, headers: dict[str, str], status: int, code: str
) -> None:
    reply = await api.ask("POST", PATH + query, bearer="maker", body=b"", headers=headers)
    assert (reply.status, reply.code) == (status, code)
