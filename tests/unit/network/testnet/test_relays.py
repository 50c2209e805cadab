"""Relays: bytes pass both ways, a cut route holds them back, a healed one delivers them, a reset ends all."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import pytest

from network.testnet.layout import Folder, NetworkFile, NodeEntry
from network.testnet.perturb import NoRelays, cut_off, heal, perturb, reset
from network.testnet.ports import HOST, free_ports
from network.testnet.process import identify
from network.testnet.program import Program
from network.testnet.relays import (
    Relay,
    Route,
    load_names,
    load_routes,
    plan_routes,
    save_names,
    save_routes,
    serve_relays,
)

NODES = (
    NodeEntry("a", "validator", "", "127.0.0.1:1", "127.0.0.1:4", "127.0.0.1:5"),
    NodeEntry("b", "validator", "", "127.0.0.1:2", "127.0.0.1:6", "127.0.0.1:7"),
    NodeEntry("c", "observer", "", "127.0.0.1:3", "127.0.0.1:8", "127.0.0.1:9"),
)
ROLES = {"a": "validator", "b": "validator", "c": "observer"}


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
    assert (load_routes(folder), load_names(folder.cut)) == ((), frozenset())
    routes = plan_routes(NODES, (11, 12, 13, 14))
    save_routes(folder, routes)
    save_names(folder.cut, {"b", "a"})
    assert (load_routes(folder), load_names(folder.cut)) == (routes, {"a", "b"})


@pytest.mark.parametrize("action", ["cut", "reset"])
def test_without_relays_nobody_is_cut_off(tmp_path, action):
    folder = Folder(tmp_path)
    folder.save(NetworkFile("net", (NodeEntry("a", "validator", "", "", "", "", identify(os.getpid())),)))
    with pytest.raises(NoRelays, match="relays = true"):
        perturb(folder, "a", action, Program(("true",)))


async def double(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each line with itself, doubled."""
    with contextlib.closing(writer):
        while line := await reader.readline():
            writer.write(line.strip() * 2 + b"\n")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where a server doubles lines."""
    server = await asyncio.start_server(double, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def relay(port: int) -> AsyncIterator[Relay]:
    """A relay in front of it."""
    (listen,) = free_ports(1)
    one = Relay(Route("a", "b", listen, f"{HOST}:{port}"))
    front = await one.listen()
    yield one
    front.close()


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
    await turns()
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


async def test_a_reset_ends_both_ends_of_every_connection_and_takes_new_ones(relay):
    carried = [await asyncio.open_connection(HOST, relay.route.listen) for _ in range(2)]
    for reader, writer in carried:
        writer.write(b"ab\n")
        assert await reader.readline() == b"abab\n"
    relay.set_open(False)
    waiting = await asyncio.open_connection(HOST, relay.route.listen)
    await turns()
    relay.reset()
    for reader, writer in (*carried, waiting):
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
    relay.set_open(True)
    reader, writer = await asyncio.open_connection(HOST, relay.route.listen)
    writer.write(b"cd\n")
    assert await reader.readline() == b"cdcd\n"
    writer.close()


async def test_the_process_that_carries_all_routes_obeys_perturb_and_ends_in_order(tmp_path, port):
    folder, address = Folder(tmp_path), f"{HOST}:{port}"
    nodes = tuple(NodeEntry(name, role, "", address, "h:1", "h:2") for name, role in ROLES.items())
    folder.save(NetworkFile("net", nodes, identify(os.getpid())))
    routes = plan_routes(nodes)
    save_routes(folder, routes)
    serving = asyncio.ensure_future(serve_relays(folder))
    await turns()
    lines = [await asyncio.open_connection(HOST, route.listen) for route in routes]
    network = folder.load()

    def ask(*asked: int) -> list[asyncio.Future[bytes]]:
        for at in asked:
            lines[at][1].write(b"x\n")
        return [asyncio.ensure_future(lines[at][0].readline()) for at in asked]

    assert await asyncio.gather(*ask(0, 1, 2, 3)) == [b"xx\n"] * 4
    cut_off(folder, network, "c")
    answers = ask(0, 1, 2, 3)
    await asyncio.gather(answers[0], answers[1])
    await turns()
    # c to a, c to b.
    assert [answer.done() for answer in answers] == [True, True, False, False]
    heal(folder, network, "c")
    assert await asyncio.gather(*answers) == [b"xx\n"] * 4
    reset(folder, network, "b")
    for at in (0, 1, 3):
        with pytest.raises(ConnectionResetError):
            await lines[at][0].read()
    assert await asyncio.gather(*ask(2)) == [b"xx\n"]
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    for _reader, writer in lines:
        writer.close()


async def turns() -> None:
    """Let everything happen that is ready to."""
    for _ in range(50):
        await asyncio.sleep(0)
