"""Relays between the nodes of a test network, so that a node can be cut off and come back.

Where a manifest asks for them, a node dials its peers through one process that stands between all of them. It
passes bytes on and reads none: the nodes' TLS goes through it from end to end. A route that is cut loses
nothing and delivers nothing, as a network does whose cable is out: what is under way waits, what is new is
taken and waits too, until the route is healed or an end gives up. A reset ends the connections there are,
both ends at once and without a goodbye (RST), as a firewall does that forgets them; new ones are carried.

    <folder>/relays.json    `Route`s, written once
    <folder>/cut.json       names of the nodes that are cut off; read at the start and at SIGHUP
    <folder>/reset.json     names of the nodes whose connections are reset at SIGUSR1
"""

import asyncio
import contextlib
import signal
import socket
import struct
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from network.testnet.layout import Folder, NodeEntry
from network.testnet.ports import HOST, free_ports

_CHUNK_BYTES: Final = 64 << 10
_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: a socket that is closed sends RST, and what it had to send is lost."""


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

    @property
    def ends(self) -> frozenset[str]:
        """The names of both nodes."""
        return frozenset((self.dialler, self.target))


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


def load_names(path: Path) -> frozenset[str]:
    """Return the nodes that a file for the relays names; none when nobody wrote it."""
    if not path.exists():
        return frozenset()
    return msgspec.json.decode(path.read_bytes(), type=frozenset[str])


def save_names(path: Path, names: Collection[str]) -> None:
    """Write a file for the relays; a reader sees the old one or the new one."""
    temporary = path.with_suffix(".new")
    temporary.write_bytes(msgspec.json.encode(sorted(names)))
    temporary.replace(path)


class Relay:
    """Passes on what goes along one route, while it is open."""

    def __init__(self, route: Route) -> None:
        """Begin open; `listen` starts."""
        self.route = route
        self._open = asyncio.Event()
        self._open.set()
        self._carried: set[asyncio.StreamWriter] = set()

    def set_open(self, is_open: bool) -> None:  # noqa: FBT001 - what it sets is its name
        """Cut the route, or heal it."""
        if is_open:
            self._open.set()
        else:
            self._open.clear()

    def reset(self) -> None:
        """End every connection at once; new ones are taken as before."""
        for writer in self._carried:
            end = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()

    async def listen(self) -> asyncio.Server:
        """Listen for the dialler."""
        return await asyncio.start_server(self._pass_on, HOST, self.route.listen)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until an end closes it."""
        with self._held(writer), contextlib.suppress(OSError):
            await self._open.wait()
            host, _, port = self.route.to.rpartition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            with self._held(far_writer):
                ways = (self._carry(reader, far_writer), self._carry(far_reader, writer))
                tasks = [asyncio.ensure_future(way) for way in ways]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.contextmanager
    def _held(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        """Close an end in the end; until then it can be reset."""
        self._carried.add(writer)
        try:
            yield
        finally:
            self._carried.discard(writer)
            writer.close()

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

    def cut() -> None:
        names = load_names(folder.cut)
        for relay in relays:
            relay.set_open(not relay.route.ends & names)

    def reset() -> None:
        names = load_names(folder.reset)
        for relay in relays:
            if relay.route.ends & names:
                relay.reset()

    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, cut)
    loop.add_signal_handler(signal.SIGUSR1, reset)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    cut()
    servers = [await relay.listen() for relay in relays]
    await ended.wait()
    for server in servers:
        server.close()
