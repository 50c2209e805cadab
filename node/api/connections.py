"""Clients' connections: how many there may be, and which of them are given up.

A connection costs a descriptor and some memory whether or not it is used. So there are only so many; one that
never asks anything is closed, and one that does not read its answer is cut. Who finds no room is told so in
the fewest bytes, before anything is made for it.
"""

import asyncio
from typing import Final, cast

from aiohttp import web

from node.api.metrics import ApiMetrics
from node.api.problems import MEDIA_TYPE, Problem

FIRST_REQUEST_S: Final = 15.0
"""A connection over which nothing was asked for so long is closed."""
STALL_S: Final = 30.0
"""One that takes nothing of its answer for so long is cut."""
SWEEP_S: Final = 5.0
"""How often connections are looked at."""
MAX_REFUSED: Final = 256
"""Connections being told that there is no room; further ones are cut."""
REFUSAL_S: Final = 2.0
"""How long one of those may take to ask."""
REFUSED_RETRY_S: Final = 5
"""When it may come back."""


class _Refusal(asyncio.Protocol):
    """A connection for which there is no room: whatever it asks, it is told so."""

    def __init__(self, owner: "Connections") -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Streams only are asked for; uvloop's transports do not inherit from asyncio's, so no isinstance.
        self._transport = cast("asyncio.Transport", transport)
        self._owner.refused[self] = self._owner.loop.call_later(REFUSAL_S, self._transport.abort)
        if len(self._owner.refused) > MAX_REFUSED:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - it is not read
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._owner.answer)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - it is over either way
        self._owner.refused.pop(self).cancel()


class Connections:
    """The connections of one port.

    Attributes:
        loop: The event loop.
        refused: Those being told that there is no room, with the end of patience.
        answer: What they are told.
    """

    def __init__(self, server: web.Server, most: int, metrics: ApiMetrics) -> None:
        """Watch over `server`; on its event loop.

        Args:
            server: Makes a handler for each connection.
            most: Most connections.
            metrics: Counts those given up.
        """
        self.loop = asyncio.get_running_loop()
        self.refused: dict[_Refusal, asyncio.TimerHandle] = {}
        self.answer = _refusal()
        self._server = server
        self._most = most
        self._metrics = metrics
        self._silent_since: dict[web.RequestHandler, float] = {}
        # What waited when it was last seen to shrink, and when that was.
        self._unread: dict[web.RequestHandler, tuple[int, float]] = {}
        self._timer = self.loop.call_later(SWEEP_S, self._sweep)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._server.connections)

    def make(self) -> asyncio.Protocol:
        """Return who handles a new connection."""
        if len(self) >= self._most:
            self._metrics.turned_away("connections")
            return _Refusal(self)
        handler = self._server()
        self._silent_since[handler] = self.loop.time()
        return handler

    def asked(self, handler: web.RequestHandler) -> None:
        """A request came over a connection."""
        self._silent_since.pop(handler, None)

    def close(self) -> None:
        """Look at nothing any more."""
        self._timer.cancel()
        for refusal in self.refused.values():
            refusal.cancel()

    def _sweep(self) -> None:
        now_s = self.loop.time()
        self._timer = self.loop.call_later(SWEEP_S, self._sweep)
        present = set(self._server.connections)
        self._silent_since = {
            handler: since for handler, since in self._silent_since.items() if handler in present
        }
        for handler, since_s in tuple(self._silent_since.items()):
            if now_s - since_s >= FIRST_REQUEST_S:
                self._cut(handler, "silent")
        self._unread = {handler: self._pace(handler, now_s) for handler in present if _unread(handler)}
        for handler, (_size, since_s) in tuple(self._unread.items()):
            if now_s - since_s >= STALL_S:
                self._cut(handler, "stalled")

    def _pace(self, handler: web.RequestHandler, now_s: float) -> tuple[int, float]:
        """Return what waits for a client, and since when it has taken nothing of it."""
        size = _unread(handler)
        before, since_s = self._unread.get(handler, (size, now_s))
        return (size, since_s) if size >= before else (size, now_s)

    def _cut(self, handler: web.RequestHandler, reason: str) -> None:
        self._metrics.connection_cut(reason)
        if handler.transport is not None:
            handler.transport.abort()


def _unread(handler: web.RequestHandler) -> int:
    transport = handler.transport
    return 0 if transport is None else transport.get_write_buffer_size()


def _refusal() -> bytes:
    """Return a whole answer over HTTP."""
    problem = Problem(
        "too_busy",
        "Too many connections are open.",
        members={"full": "connections", "retry_after_s": REFUSED_RETRY_S},
    )
    body = problem.render("")
    head = (
        "HTTP/1.1 429 Too Many Requests",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"Retry-After: {REFUSED_RETRY_S}",
        "Server: packtrail",
        "Connection: close",
    )
    return "\r\n".join((*head, "", "")).encode("ascii") + body
