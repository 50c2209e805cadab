"""Relays: bytes pass both ways, a cut route holds them back, and a healed one delivers what waited."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

import pytest

from network.testnet.layout import Folder, NetworkFile, NodeEntry
from network.testnet.perturb import NoRelays, perturb
from network.testnet.ports import HOST, free_ports
from network.testnet.process import identify
from network.testnet.program import Program
from network.testnet.relays import Relay, Route, load_cut, load_routes, plan_routes, save_cut, save_routes

NODES = (
    NodeEntry("a", "validator", "", "127.0.0.1:1", "127.0.0.1:4", "127.0.0.1:5"),
    NodeEntry("b", "validator", "", "127.0.0.1:2", "127.0.0.1:6", "127.0.0.1:7"),
    NodeEntry("c", "observer", "", "127.0.0.1:3", "127.0.0.1:8", "127.0.0.1:9"),
)


def test_everybody_has_a_way_to_every_validator_but_itself():
    routes = plan_routes(NODES, (11, 12, 13, 14))
    assert [(route.dialler, route.target, route.listen, route.to) for route in routes] == [
        ("a", "b", 11, "127.0.0.1:2"),
        ("b", "a", 12, "127.0.0.1:1"),
        ("c", "a", 13, "127.0.0.1:1"),
        ("c", "b", 14, "127.0.0.1:2"),
    ]
    assert len({route.listen for route in plan_routes(NODES)}) == 4


def test_routes_and_cuts_are_found_again(tmp_path):
    folder = Folder(tmp_path)
    assert (load_routes(folder), load_cut(folder)) == ((), frozenset())
    routes = plan_routes(NODES, (11, 12, 13, 14))
    save_routes(folder, routes)
    save_cut(folder, frozenset({"b", "a"}))
    assert (load_routes(folder), load_cut(folder)) == (routes, {"a", "b"})


def test_without_relays_nobody_is_cut_off(tmp_path):
    folder = Folder(tmp_path)
    folder.save(NetworkFile("net", (NodeEntry("a", "validator", "", "", "", "", identify(os.getpid())),)))
    with pytest.raises(NoRelays, match="relays = true"):
        perturb(folder, "a", "cut", Program(("true",)))


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A relay in front of a server that answers each line with itself, doubled."""

    async def double(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while line := await reader.readline():
                writer.write(line.strip() * 2 + b"\n")

    server = await asyncio.start_server(double, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    (listen,) = free_ports(1)
    one = Relay(Route("a", "b", listen, f"{HOST}:{port}"))
    front = await one.listen()
    yield one
    for each in (front, server):
        each.close()


async def test_bytes_pass_both_ways_until_the_route_is_cut_and_again_when_it_is_healed(relay):
    reader, writer = await asyncio.open_connection(HOST, relay.route.listen)
    writer.write(b"ab\n")
    assert await reader.readline() == b"abab\n"
    relay.set_open(False)
    writer.write(b"cd\n")
    answer = asyncio.ensure_future(reader.readline())
    late_reader, late_writer = await asyncio.open_connection(HOST, relay.route.listen)
    late_writer.write(b"x\n")
    late = asyncio.ensure_future(late_reader.readline())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not answer.done()
    assert not late.done()
    relay.set_open(True)
    assert await answer == b"cdcd\n"
    assert await late == b"xx\n"
    for each in (writer, late_writer):
        each.close()
        await each.wait_closed()


async def test_an_end_that_closes_closes_the_other(relay):
    reader, writer = await asyncio.open_connection(HOST, relay.route.listen)
    writer.write(b"ab\n")
    assert await reader.readline() == b"abab\n"
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_nobody_behind_the_relay_is_a_connection_that_ends(relay):
    gone = Relay(Route("a", "b", free_ports(1)[0], f"{HOST}:{free_ports(1)[0]}"))
    server = await gone.listen()
    reader, writer = await asyncio.open_connection(HOST, gone.route.listen)
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    server.close()
