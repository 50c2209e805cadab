"""Relays between the nodes of a test network, so that a node can be cut off and come back.

Where a manifest asks for them, a node dials its peers through one process that stands between all of them. It
passes bytes on and reads none: the nodes' TLS goes through it from end to end. A route that is cut loses
nothing and delivers nothing, as a network does whose cable is out: what is under way waits, what is new is
taken and waits too, until the route is healed or an end gives up.

    <folder>/relays.json    `Route`s, written once
    <folder>/cut.json       names of the nodes that are cut off; read at the start and at SIGHUP
"""

import asyncio
import contextlib
import signal
from collections.abc import Sequence
from typing import Final

import msgspec

from network.testnet.layout import Folder, NodeEntry
from network.testnet.ports import HOST, free_ports

_CHUNK_BYTES: Final = 64 << 10


class Route(msgspec.Struct, frozen=True):
    """One node's way to another."""

    dialler: str
    """Who dials."""
    target: str
    """Whom."""
    listen: int
    """Port on loopback that the dialler is told."""
    to: str
    """host:port where the target listens."""


def plan_routes(nodes: Sequence[NodeEntry], ports: Sequence[int] = ()) -> tuple[Route, ...]:
    """Return a route from every node to every validator but itself.

    Args:
        nodes: All nodes.
        ports: One per route; none picks free ones.
    """
    pairs = [
        (node.name, peer)
        for node in nodes
        for peer in nodes
        if peer.role == "validator" and peer.name != node.name
    ]
    own = [
        int(address.rpartition(":")[2]) for node in nodes for address in (node.p2p, node.api, node.operators)
    ]
    chosen = ports or free_ports(len(pairs), own)
    return tuple(
        Route(dialler, peer.name, port, peer.p2p) for (dialler, peer), port in zip(pairs, chosen, strict=True)
    )


def load_routes(folder: Folder) -> tuple[Route, ...]:
    """Return a network's routes; none when its nodes dial each other themselves."""
    if not folder.relays.exists():
        return ()
    return msgspec.json.decode(folder.relays.read_bytes(), type=tuple[Route, ...])


def save_routes(folder: Folder, routes: Sequence[Route]) -> None:
    """Write a network's routes."""
    folder.relays.write_bytes(msgspec.json.format(msgspec.json.encode(routes), indent=2) + b"\n")


def load_cut(folder: Folder) -> frozenset[str]:
    """Return the nodes that are cut off."""
    if not folder.cut.exists():
        return frozenset()
    return msgspec.json.decode(folder.cut.read_bytes(), type=frozenset[str])


def save_cut(folder: Folder, names: frozenset[str]) -> None:
    """Write which nodes are cut off; the relays read it at SIGHUP."""
    temporary = folder.cut.with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(sorted(names)))
    temporary.replace(folder.cut)


class Relay:
    """Passes on what goes along one route, while it is open."""

    def __init__(self, route: Route) -> None:
        """Begin open; `listen` starts."""
        self.route = route
        self._open = asyncio.Event()
        self._open.set()

    def set_open(self, is_open: bool) -> None:  # noqa: FBT001 - what it sets is its name
        """Cut the route, or heal it."""
        if is_open:
            self._open.set()
        else:
            self._open.clear()

    async def listen(self) -> asyncio.Server:
        """Listen for the dialler."""
        return await asyncio.start_server(self._pass_on, HOST, self.route.listen)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until an end closes it."""
        with contextlib.closing(writer), contextlib.suppress(OSError):
            await self._open.wait()
            host, _, port = self.route.to.rpartition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            with contextlib.closing(far_writer):
                ways = (self._carry(reader, far_writer), self._carry(far_reader, writer))
                tasks = [asyncio.ensure_future(way) for way in ways]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK_BYTES):
                await self._open.wait()
                writer.write(data)
                await writer.drain()


async def serve_relays(folder: Folder) -> None:
    """Carry all routes of a network until SIGTERM.

    Raises:
        OSError: A port is taken.
    """
    relays = [Relay(route) for route in load_routes(folder)]

    def obey() -> None:
        cut = load_cut(folder)
        for relay in relays:
            relay.set_open(not {relay.route.dialler, relay.route.target} & cut)

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, obey)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    obey()
    servers = [await relay.listen() for relay in relays]
    await ended.wait()
    for server in servers:
        server.close()
