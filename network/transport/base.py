"""The face that every transport shows: connections of bytes between identified nodes.

The face is made of callbacks, not of coroutines: a session then behaves the same over sockets and over
memory, under the event loop's clock and under the simulator's, and no task can die unheard. Nothing blocks.
Callbacks run one at a time, on one thread, and never inside the call that caused them: a connection that is
opened, written to or closed tells its other end later.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec


class Address(msgspec.Struct, frozen=True):
    """Where a node listens."""

    host: str
    """Name or IP address."""
    port: int
    """TCP port; 0 lets the system choose one when listening."""

    def __str__(self) -> str:
        """Return `host:port`."""
        return f"{self.host}:{self.port}"


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> object:
        """Make it not happen; harmless when it has."""
        ...


class Clock(Protocol):
    """Time that only moves forward, and calls at a time; injected, so that a simulator can own it."""

    def now_ms(self) -> int:
        """Return milliseconds since some fixed moment."""
        ...

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call `callback` after the present callback returns."""
        ...

    def call_later(self, delay_ms: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` in `delay_ms` milliseconds."""
        ...


class ConnectionEvents(Protocol):
    """What the owner of a connection is told."""

    def on_data(self, data: bytes) -> None:
        """Bytes arrived, in order, cut anywhere."""
        ...

    def on_writable(self) -> None:
        """The connection takes more bytes again, after `is_writable` was false."""
        ...

    def on_closed(self, reason: str) -> None:
        """The connection is gone; said exactly once, and nothing after it."""
        ...


class Connection(Protocol):
    """An open connection to a node whose certificate was proven."""

    @property
    def certificate(self) -> bytes:
        """The other end's X.509 certificate (DER), which it proved to hold the key of."""
        ...

    @property
    def remote(self) -> str:
        """The other end's address, for people."""
        ...

    @property
    def is_writable(self) -> bool:
        """Whether more bytes should be written now; if not, `on_writable` will be called."""
        ...

    def write(self, data: bytes) -> None:
        """Send bytes; they are kept until they leave. Ignored once the connection is closed."""
        ...

    def pause_reading(self) -> None:
        """Take no more bytes from the other end until `resume_reading`."""
        ...

    def resume_reading(self) -> None:
        """Take bytes again."""
        ...

    def close(self) -> None:
        """Send what is kept, then close."""
        ...

    def abort(self) -> None:
        """Close now and forget what is kept."""
        ...


OnOpen = Callable[[Connection], ConnectionEvents]
"""Called with a connection that is ready; returns who is to be told about it."""
OnFailed = Callable[[str], None]
"""Called with the reason why there is no connection."""


class Listener(Protocol):
    """An address at which connections are accepted."""

    @property
    def address(self) -> Address:
        """The address, with the port that the system chose."""
        ...

    def close(self) -> None:
        """Accept no more; open connections stay."""
        ...


class Transport(Protocol):
    """Makes connections between nodes that prove their certificates to each other."""

    def listen(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> Listener:
        """Accept connections at `address`.

        Args:
            address: Where to listen.
            on_open: Called for every connection that proved a pinned certificate.
            on_failed: Called for every attempt that did not.

        Raises:
            OSError: The address cannot be listened at.
        """
        ...

    def dial(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> Timer:
        """Connect to `address`; one of the callbacks is called, unless the result is cancelled before.

        How long an attempt may take is the caller's to decide: a network that swallows packets never answers.
        """
        ...

    async def close(self) -> None:
        """Close every listener and connection, and return when their resources are free."""
        ...
