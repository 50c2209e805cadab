"""Room for bodies, shared by tokens: who gets in, who gives way, and what a slow one may keep from others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import pytest

from node.api import bodies, gate
from node.api.bodies import LineCutter, LineTooLong
from node.api.body_room import LEAST_GIVEN_BYTES, BodyRoom, BodyShare
from node.api.problems import Problem
from node.config.schema import MIB, ApiSection
from tests.support.ledger import OneNode
from tests.unit.node.api.harness import PATIENCE_S, Api, Reply, serving, turned_away
from tests.unit.node.api.samples import commission

DOCUMENTS = "/v1/documents"
CAPTURE = "/v1/epcis/capture"
STREAM = "/v1/documents:stream"
KIB = 1 << 10


class Sender:
    """A request whose body comes when the test says so."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> Reply:
        async with asyncio.timeout(PATIENCE_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await self.reader.readexactly(int(headers["Content-Length"]))
        return Reply(int(head[0].split()[1]), headers, body)

    async def line(self) -> dict[str, str]:
        """Return the next answer of a stream; the first of a stream that has answered nothing yet."""
        async with asyncio.timeout(PATIENCE_S):
            while not (text := await self.reader.readline()).startswith(b"{"):
                assert text, "the stream has ended"
        return msgspec.json.decode(text)


@asynccontextmanager
async def sending(api: Api, token: str, path: str = DOCUMENTS, length: int = MIB) -> AsyncIterator[Sender]:
    """Announce a body of which nothing comes by itself; the node has begun to wait for it."""
    address = api.servers.api
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = (
        *(f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}"),
        *("Content-Type: application/json" if path == DOCUMENTS else "X: x", f"Content-Length: {length}"),
        *("Expect: 100-continue", "", ""),
    )
    writer.write("\r\n".join(head).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    await api.settle()
    try:
        yield Sender(reader, writer)
    finally:
        writer.transport.abort()


def of_length(size: int) -> bytes:
    """Return a body that is read and then found to be no document."""
    return b'{"records":["' + b"x" * (size - 16) + b'"]}'


@asynccontextmanager
async def small_room(**more: int) -> AsyncIterator[Api]:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node, settings=ApiSection(max_body_total_bytes=MIB, **more)) as api:
        yield api


# -------------------------------------------------------------------------------- the room


async def test_a_body_that_is_only_announced_takes_no_room() -> None:
    async with small_room() as api, sending(api, "maker"), sending(api, "maker"):
        assert api.servers.apps.body_bytes == 0
        for token in ("maker", "wholesaler"):
            reply = await api.post(DOCUMENTS, of_length(700 * KIB), token)
            assert (reply.status, reply.code) == (400, "invalid_field")
        assert await turned_away(api, "bodies") == 0


async def test_whoever_holds_most_gives_way_to_one_that_has_less() -> None:
    async with small_room() as api, sending(api, "maker") as first, sending(api, "maker") as second:
        apps = api.servers.apps
        for number, sender in enumerate((first, second), 1):
            sender.send(b" " * 450 * KIB)
            await api.until(lambda number=number: apps.body_bytes == number * 450 * KIB)
        reply = await api.post(DOCUMENTS, of_length(200 * KIB), "wholesaler")
        assert (reply.status, reply.code) == (400, "invalid_field")
        answer = await second.answer()
        assert (answer.status, answer.code, answer.json["full"]) == (429, "too_busy", "bodies")
        # The older one was not asked to go: it is read on.
        await api.until(lambda: apps.body_bytes == 450 * KIB)
        first.send(b" " * (574 * KIB))
        assert (await first.answer()).code == "invalid_json"
        await api.until(lambda: apps.body_bytes == 0)
        assert await turned_away(api, "bodies") == 1


async def test_a_body_of_whoever_holds_most_grows_no_further() -> None:
    async with (
        small_room() as api,
        sending(api, "wholesaler") as other,
        sending(api, "maker") as first,
        sending(api, "maker") as second,
    ):
        apps = api.servers.apps
        for number, sender in enumerate((other, first, second), 1):
            sender.send(b" " * 300 * KIB)
            await api.until(lambda number=number: apps.body_bytes == number * 300 * KIB)
        second.send(b" " * 300 * KIB)
        assert (await second.answer()).json["full"] == "bodies"
        await api.until(lambda: apps.body_bytes == 600 * KIB)
        for sender in (other, first):
            sender.send(b" " * 100 * KIB)
        await api.until(lambda: apps.body_bytes == 800 * KIB)


def room_of(most: int) -> BodyRoom:
    return BodyRoom(most, lambda: Problem("too_busy"))


def test_what_is_being_handled_does_not_give_way_and_keeps_nobody_out() -> None:
    room = room_of(1_024)
    first = BodyShare(room, "0")
    first.have(1_024, coming=0)
    for number in range(1, 10):
        share = BodyShare(room, str(number))
        size = 1_024 >> number
        share.have(size, coming=0)
        for beyond in (share, first):
            with pytest.raises(Problem, match="too_busy"):
                beyond.have(1_025 if beyond is first else size + 1, coming=0)
    assert room.bytes == 2_046
    first.release()
    BodyShare(room, "last").have(1, coming=0)
    assert room.bytes == 1_023


async def test_many_short_bodies_are_not_given_up_for_little() -> None:
    room = room_of(4 * LEAST_GIVEN_BYTES)
    sizes = [LEAST_GIVEN_BYTES - 1, LEAST_GIVEN_BYTES - 1, LEAST_GIVEN_BYTES, LEAST_GIVEN_BYTES - 1]
    shares = [BodyShare(room, "a") for _ in sizes]
    async with asyncio.timeout(None) as limit, AsyncExitStack() as stack:
        for share, size in zip(shares, sizes, strict=True):
            stack.enter_context(share.waiting(limit))
            share.have(size, coming=size)
        BodyShare(room, "b").have(LEAST_GIVEN_BYTES, coming=LEAST_GIVEN_BYTES)
        assert [share.has_given_way for share in shares] == [False, False, True, False]
        limit.reschedule(None)


# -------------------------------------------------------------------------------- what is slow


@pytest.mark.parametrize("path", [DOCUMENTS, CAPTURE])
async def test_only_what_has_come_earns_time(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.02)
    monkeypatch.setattr(bodies, "LEAST_BYTES_PER_SECOND", 1)
    async with small_room() as api, sending(api, "maker", path) as sender:
        answer = await sender.answer()
        assert (answer.status, answer.code) == (408, "body_too_slow")


@pytest.mark.parametrize("path", [DOCUMENTS, CAPTURE])
async def test_slow_bodies_hold_no_places(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LONGEST_READING_S", 0.0)
    async with small_room() as api:
        api.servers.apps.gate.places = 1
        async with sending(api, "maker", path), sending(api, "maker", path):
            reply = await api.submit(commission("A1"), query="", bearer="maker")
            assert reply.status == 202
        await api.until(lambda: len(api.servers.apps.connections[0]) == 1)
        assert (api.servers.apps.gate.inside, api.servers.apps.gate.in_line) == (0, 0)


# -------------------------------------------------------------------------------- lines


async def test_a_line_that_does_not_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.02)
    async with small_room() as api, sending(api, "maker", STREAM) as sender:
        sender.send(msgspec.json.encode({"records": [commission("A1")]}) + b"\n")
        assert (await sender.line())["status"] == "accepted"
        sender.send(b" ")
        found = await sender.line()
        assert (found["status"], found["code"]) == ("busy", "body_too_slow")
        await api.until(lambda: api.servers.apps.body_bytes == 0)


async def test_an_unfinished_line_gives_way() -> None:
    async with small_room() as api, sending(api, "maker", STREAM) as sender:
        sender.send(b" " * 800 * KIB)
        await api.until(lambda: api.servers.apps.body_bytes == 800 * KIB)
        reply = await api.post(DOCUMENTS, of_length(400 * KIB), "wholesaler")
        assert (reply.status, reply.code) == (400, "invalid_field")
        found = await sender.line()
        assert (found["status"], found["code"]) == ("busy", "too_busy")
        await api.until(lambda: api.servers.apps.body_bytes == 0)


async def test_lines_that_are_answered_take_no_room_while_the_stream_is_silent() -> None:
    async with small_room() as api, sending(api, "maker", f"{STREAM}?wait=commit") as sender:
        apps = api.servers.apps
        sender.send(msgspec.json.encode({"records": [commission("A1")]}) + b"\n")
        await api.until(lambda: apps.body_bytes > 0 and api.node.submissions.waiting > 0)
        api.node.produce()
        assert (await sender.line())["status"] == "committed"
        await api.until(lambda: apps.body_bytes == 0)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_are_cut_the_same_in_whatever_pieces_they_come(size: int) -> None:
    data = b"one\n\ntwo \n \n\nlonger\nlast"
    cutter = LineCutter(6)
    found = [line for at in range(0, len(data), size) for line in cutter.cut(data[at : at + size])]
    assert cutter.kept_bytes == 4
    assert [*found, *cutter.rest()] == [b"one", b"two ", b"longer", b"last"]
    assert cutter.kept_bytes == 0
    assert [*cutter.cut(b"123456")] == []
    with pytest.raises(LineTooLong):
        list(cutter.cut(b"7"))
