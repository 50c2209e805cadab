"""Connections over TCP with mutual TLS 1.3, on an asyncio event loop.

Connections are accepted by hand (`add_reader`, then `connect_accepted_socket`), so that the number of
strangers in the middle of a handshake is bounded before any of them costs much. In TLS 1.3 the dialling side
is done before the other side has judged its certificate: a stranger sees its connection opened, then closed.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine, Iterable
from typing import cast

from network.transport.base import Address, ConnectionEvents, OnFailed, OnOpen, Timer
from network.transport.tls import TlsIdentity, trust

HANDSHAKE_SECONDS = 5.0
"""A connection whose TLS handshake takes longer is given up."""
CLOSE_SECONDS = 2.0
"""A closed connection has this long to send what is kept; then it is cut."""
MAX_HANDSHAKES = 64
"""Accepted connections in the middle of a handshake; further ones are refused."""
ACCEPT_PAUSE_SECONDS = 1.0
"""When the system has no descriptor left for a new connection, wait this long before the next one."""
BACKLOG = 128
HIGH_WATER_BYTES = 256 * 1024
LOW_WATER_BYTES = 64 * 1024

OnFailure = Callable[[BaseException], None]
"""Told of exceptions that are bugs of this node."""


class _TcpConnection(asyncio.Protocol):
    """One connection, from the moment its handshake is done."""

    def __init__(self, owner: "TcpTransport", on_open: OnOpen) -> None:
        self._owner = owner
        self._on_open = on_open
        self._events: ConnectionEvents | None = None
        self._transport: asyncio.Transport | None = None
        self._is_full = False
        self.was_opened = False
        self.certificate = b""
        self.remote = ""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Streams only are asked for; uvloop's transports do not inherit from asyncio's, so no isinstance.
        stream = cast("asyncio.Transport", transport)
        self._transport = stream
        self.was_opened = True
        stream.set_write_buffer_limits(high=HIGH_WATER_BYTES, low=LOW_WATER_BYTES)
        self.certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
        host, port, *_rest = transport.get_extra_info("peername") or ("unknown", 0)
        self.remote = f"{host}:{port}"
        self._owner.connections.add(self)
        self._guard(self._open)

    def data_received(self, data: bytes) -> None:
        events = self._events
        if events is not None:
            self._guard(lambda: events.on_data(data))

    def eof_received(self) -> bool:
        return False  # Close: a peer that has stopped sending is gone.

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._events is not None:
            self._guard(self._events.on_writable)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        events, self._events = self._events, None
        if events is not None:
            reason = "closed" if exc is None else f"{type(exc).__name__}: {exc}"
            self._guard(lambda: events.on_closed(reason))
        self._owner.forget(self)

    def _open(self) -> None:
        self._events = self._on_open(self)

    def _guard(self, call: Callable[[], None]) -> None:
        """Run code of the owner: what it raises is a bug, is reported, and costs this connection."""
        if not self._owner.guard(call):
            self.abort()

    # What the owner calls.

    @property
    def is_writable(self) -> bool:
        return self._transport is not None and not self._is_full

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.is_closing():
            # It broke. Where the socket below TLS was gone before, uvloop does not say that it is lost.
            self._owner.loop.call_soon(self.connection_lost, None)

    def pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class _TcpListener:
    """A listening socket."""

    def __init__(
        self, owner: "TcpTransport", server: socket.socket, on_open: OnOpen, on_failed: OnFailed
    ) -> None:
        self._owner = owner
        self._server = server
        self._on_open = on_open
        self._on_failed = on_failed
        self._pause: asyncio.TimerHandle | None = None
        host, port, *_rest = server.getsockname()
        self.address = Address(host, port)
        self._watch()

    def close(self) -> None:
        if self._server.fileno() < 0:
            return
        self._owner.listeners.discard(self)
        if self._pause is not None:
            self._pause.cancel()
        self._owner.loop.remove_reader(self._server.fileno())
        self._server.close()

    def _watch(self) -> None:
        self._pause = None
        self._owner.loop.add_reader(self._server.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            accepted, remote = self._server.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # Out of descriptors or memory: the socket stays readable and would spin.
            self._owner.loop.remove_reader(self._server.fileno())
            self._pause = self._owner.loop.call_later(ACCEPT_PAUSE_SECONDS, self._watch)
            self._owner.tell(self._on_failed, f"cannot accept: {error}")
            return
        accepted.setblocking(False)
        label = f"{remote[0]}:{remote[1]}"
        if self._owner.handshakes >= MAX_HANDSHAKES:
            accepted.close()
            self._owner.tell(self._on_failed, f"{label}: too many handshakes at once")
            return
        self._owner.greet(accepted, label, self._on_open, self._on_failed)


class TcpTransport:
    """All sockets of one node.

    Attributes:
        loop: The event loop that everything runs on.
        on_failure: Told of exceptions that are bugs of this node.
        connections: Open connections.
        listeners: Open listeners.
    """

    def __init__(self, identity: TlsIdentity, loop: asyncio.AbstractEventLoop, on_failure: OnFailure) -> None:
        """Prepare the TLS contexts; no socket is opened yet."""
        self.loop = loop
        self.on_failure = on_failure
        self.connections: set[_TcpConnection] = set()
        self.listeners: set[_TcpListener] = set()
        self._server_context = identity.server_context()
        self._client_context = identity.client_context()
        self._attempts: set[asyncio.Task[None]] = set()
        self._greetings: set[asyncio.Task[None]] = set()
        self._emptied = asyncio.Event()

    def pin(self, certificates: Iterable[bytes]) -> None:
        """Let nodes with these certificates, DER, connect too, from the next connection on."""
        pinned = tuple(certificates)
        trust(self._server_context, pinned)
        trust(self._client_context, pinned)

    @property
    def handshakes(self) -> int:
        """Accepted connections whose handshake is not done."""
        return len(self._greetings)

    def listen(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> _TcpListener:
        """Accept connections at `address`, as `Transport` says."""
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        server = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
        server.setblocking(False)
        listener = _TcpListener(self, server, on_open, on_failed)
        self.listeners.add(listener)
        return listener

    def dial(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> Timer:
        """Connect to `address`, as `Transport` says."""
        connection = _TcpConnection(self, on_open)
        return self._attempt(self._dial(address, connection), connection, str(address), on_failed)

    def greet(self, accepted: socket.socket, label: str, on_open: OnOpen, on_failed: OnFailed) -> None:
        """Do the TLS handshake on an accepted socket."""
        connection = _TcpConnection(self, on_open)
        task = self._attempt(self._greet(accepted, connection), connection, label, on_failed)
        self._greetings.add(task)
        task.add_done_callback(self._greetings.discard)
        # A task that is cancelled before its first step leaves the socket to us; closing twice is harmless.
        task.add_done_callback(lambda task: accepted.close() if task.cancelled() else None)

    def guard(self, call: Callable[[], None]) -> bool:
        """Run code of an owner; false when it raised, which is a bug of this node and is reported."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the supervisor gets it whole
            self.on_failure(error)
            return False
        return True

    def tell(self, on_failed: OnFailed, reason: str) -> None:
        """Tell an owner why there is no connection."""
        self.guard(lambda: on_failed(reason))

    def forget(self, connection: _TcpConnection) -> None:
        """Take a closed connection off the list."""
        self.connections.discard(connection)
        if not self.connections:
            self._emptied.set()

    async def close(self) -> None:
        """Close everything and wait until the sockets are closed, at most `CLOSE_SECONDS` for farewells."""
        for listener in tuple(self.listeners):
            listener.close()
        attempts = tuple(self._attempts)
        for task in attempts:
            task.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        for finish in (_TcpConnection.close, _TcpConnection.abort):
            for connection in tuple(self.connections):
                finish(connection)
            await self._wait_until_empty()

    async def _wait_until_empty(self) -> None:
        self._emptied.clear()
        if self.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), CLOSE_SECONDS)

    async def _dial(self, address: Address, connection: _TcpConnection) -> None:
        await self.loop.create_connection(
            lambda: connection,
            address.host,
            address.port,
            ssl=self._client_context,
            server_hostname="",
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=CLOSE_SECONDS,
        )

    async def _greet(self, accepted: socket.socket, connection: _TcpConnection) -> None:
        await self.loop.connect_accepted_socket(
            lambda: connection,
            accepted,
            ssl=self._server_context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=CLOSE_SECONDS,
        )

    def _attempt(
        self,
        attempt: Coroutine[None, None, None],
        connection: _TcpConnection,
        label: str,
        on_failed: OnFailed,
    ) -> asyncio.Task[None]:
        task = self.loop.create_task(attempt)
        self._attempts.add(task)

        def finish(done: asyncio.Task[None]) -> None:
            self._attempts.discard(done)
            error = None if done.cancelled() else done.exception()
            if error is None or connection.was_opened:
                return
            if isinstance(error, OSError):  # TLS alerts and timeouts are among them.
                self.tell(on_failed, f"{label}: {_describe(error)}")
            else:
                self.on_failure(error)

        task.add_done_callback(finish)
        return task


def _describe(error: OSError) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return f"TLS: {error.reason.lower().replace('_', ' ')}"
    return str(error) or type(error).__name__
