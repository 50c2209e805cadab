"""Connections in memory, with the face and the manners of the real ones; for tests and for the simulator.

One `MemoryNetwork` is the wire, and each node has a `MemoryTransport` at it. Whatever crosses the wire is
handed to the network's `carry` function, which decides when it arrives: in the next turn of a test's loop, or
later by a simulator's clock. Bytes of one connection arrive in order whatever `carry` does, and like TCP a
connection loses nothing unless it is cut: a `carry` that forgets a call holds bytes back until a later one.

What TLS proves is proven here by construction: a transport shows its own certificate, and two transports
connect only if each trusts the other's.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable

from network.transport.base import Address, ConnectionEvents, OnFailed, OnOpen

HIGH_WATER_BYTES = 256 * 1024
LOW_WATER_BYTES = 64 * 1024
_FIRST_PORT = 40_000

Carry = Callable[[str, str, Callable[[], None]], None]
"""carry(from, to, arrive): call `arrive` later, when what one node sent gets to another (or to itself)."""


class _Direction:
    """What travels one way between two nodes, in order."""

    def __init__(self, carry: Carry, source: str, target: str) -> None:
        self._carry = carry
        self._source = source
        self._target = target
        self._underway: deque[Callable[[], None]] = deque()

    def post(self, arrive: Callable[[], None]) -> None:
        self._underway.append(arrive)
        self._carry(self._source, self._target, self._arrive)

    def clear(self) -> None:
        self._underway.clear()

    def _arrive(self) -> None:
        if self._underway:
            self._underway.popleft()()


class MemoryConnection:
    """One end of a connection."""

    def __init__(self, owner: "MemoryTransport", other: "MemoryTransport", on_open: OnOpen) -> None:
        """Belong to `owner` and lead to `other`; `open` begins it, once it has its twin."""
        self._owner = owner
        self._other = other
        self._on_open = on_open
        self._out = _Direction(owner.network.carry, owner.name, other.name)
        self._events: ConnectionEvents | None = None
        self._inbox: deque[bytes] = deque()
        self._unread_bytes = 0  # written by the twin and not yet handed to the owner
        self._is_paused = False
        self._is_ended = False  # the twin will send no more
        self._is_open = True
        self._is_full = False
        self.twin = self

    @property
    def certificate(self) -> bytes:
        """The other end's certificate."""
        return self._other.certificate

    @property
    def remote(self) -> str:
        """The other end's name on this wire."""
        return self._other.name

    @property
    def is_open(self) -> bool:
        """Whether it has not been shut."""
        return self._is_open

    @property
    def is_writable(self) -> bool:
        """Whether the other end has room."""
        return self._is_open and not self._is_full

    def open(self) -> None:
        """Tell the owner that the connection is there."""
        self._owner.connections[self] = None
        self._events = self._on_open(self)

    def post(self, arrive: Callable[[], None]) -> None:
        """Let something happen at the other end, behind all that was sent."""
        self._out.post(arrive)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._is_open and data:
            self._is_full = self.twin.expect(len(data)) > HIGH_WATER_BYTES
            self.post(lambda: self.twin.receive(data))

    def pause_reading(self) -> None:
        """Leave what arrives in the inbox."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Hand it out again, from the next turn on."""
        if self._is_paused:
            self._is_paused = False
            self._owner.soon(self._drain)

    def close(self) -> None:
        """Send what was written, then end."""
        if self._is_open:
            self.post(self.twin.end)
            self._owner.soon(lambda: self.shut("closed"))

    def abort(self) -> None:
        """End now: what is under way is lost."""
        self._out.clear()
        self.close()

    # What the twin and the transport call.

    def expect(self, length: int) -> int:
        """Count bytes that are on their way here; return how many are not read yet."""
        self._unread_bytes += length
        return self._unread_bytes

    def receive(self, data: bytes) -> None:
        """Take bytes off the wire."""
        self._inbox.append(data)
        self._drain()

    def make_room(self) -> None:
        """The twin has read enough: go on."""
        self._is_full = False
        if self._events is not None:
            self._events.on_writable()

    def end(self) -> None:
        """The twin has ended: close once the inbox is read."""
        self._is_ended = True
        self._drain()

    def shut(self, reason: str) -> None:
        """Be closed, and tell the owner once."""
        if not self._is_open:
            return
        self._is_open = False
        self._inbox.clear()
        self._owner.connections.pop(self, None)
        events, self._events = self._events, None
        if events is not None:
            events.on_closed(reason)

    def _drain(self) -> None:
        was_full = self._unread_bytes > LOW_WATER_BYTES
        while self._inbox and self._events is not None and not self._is_paused:
            data = self._inbox.popleft()
            self._unread_bytes -= len(data)
            self._events.on_data(data)
        if was_full and self._unread_bytes <= LOW_WATER_BYTES:
            self.post(self.twin.make_room)
        if self._is_ended and not self._inbox:
            self.shut("closed")


class MemoryListener:
    """An address on the wire."""

    def __init__(
        self, owner: "MemoryTransport", address: Address, on_open: OnOpen, on_failed: OnFailed
    ) -> None:
        """Listen for `owner`."""
        self.owner = owner
        self.address = address
        self.on_open = on_open
        self.on_failed = on_failed

    def close(self) -> None:
        """Accept no more."""
        self.owner.network.listeners.pop(self.address, None)


class _Dial:
    """An attempt to connect, which may be called off."""

    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class MemoryNetwork:
    """The wire.

    Attributes:
        carry: Decides when something arrives.
        listeners: Who listens where.
    """

    def __init__(self, carry: Carry) -> None:
        """Begin with nobody on the wire."""
        self.carry = carry
        self.listeners: dict[Address, MemoryListener] = {}
        self._cuts: set[frozenset[str]] = set()
        self._transports: list[MemoryTransport] = []

    def transport(self, name: str, certificate: bytes, trusted: Collection[bytes]) -> "MemoryTransport":
        """Return a new node's end of the wire; `trusted` are the certificates it lets in."""
        transport = MemoryTransport(self, name, certificate, frozenset(trusted))
        self._transports.append(transport)
        return transport

    def cut(self, one: str, other: str) -> None:
        """Cut every connection between two named nodes, and let none be made until `heal`."""
        self._cuts.add(frozenset((one, other)))
        for transport in self._transports:
            for connection in tuple(transport.connections):
                if {transport.name, connection.remote} == {one, other}:
                    connection.shut("cut")

    def heal(self, one: str, other: str) -> None:
        """Let them connect again."""
        self._cuts.discard(frozenset((one, other)))

    def is_cut(self, one: str, other: str) -> bool:
        """Tell whether two nodes cannot reach each other."""
        return frozenset((one, other)) in self._cuts

    def free_address(self) -> Address:
        """Return an address at which nobody listens."""
        port = _FIRST_PORT
        while Address("memory", port) in self.listeners:
            port += 1
        return Address("memory", port)


class MemoryTransport:
    """One node's end of the wire, as `Transport` says.

    Attributes:
        network: The wire.
        name: The node's name on it.
        certificate: What it shows to others.
        trusted: Whom it lets in.
        connections: Its open connections, in the order of their making, so that runs can be repeated.
    """

    def __init__(
        self, network: MemoryNetwork, name: str, certificate: bytes, trusted: frozenset[bytes]
    ) -> None:
        """Use `MemoryNetwork.transport`."""
        self.network = network
        self.name = name
        self.certificate = certificate
        self.trusted = trusted
        self.connections: dict[MemoryConnection, None] = {}

    def pin(self, certificates: Iterable[bytes]) -> None:
        """Let in, from now on, only who shows one of these; open connections stay."""
        self.trusted = frozenset(certificates)

    def soon(self, callback: Callable[[], None]) -> None:
        """Call `callback` after the present callback returns."""
        self.network.carry(self.name, self.name, callback)

    def listen(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> MemoryListener:
        """Accept connections at `address`."""
        if address.port == 0:
            address = self.network.free_address()
        if address in self.network.listeners:
            raise OSError(f"{address} is in use")
        listener = MemoryListener(self, address, on_open, on_failed)
        self.network.listeners[address] = listener
        return listener

    def dial(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> _Dial:
        """Connect to `address`."""
        dial = _Dial()
        listener = self.network.listeners.get(address)
        target = str(address) if listener is None else listener.owner.name

        def fail(reason: str) -> None:
            if not dial.is_cancelled:
                on_failed(f"{address}: {reason}")

        def arrive() -> None:
            found = self.network.listeners.get(address)
            if found is None or self.network.is_cut(self.name, found.owner.name):
                self.network.carry(target, self.name, lambda: fail("connection refused"))
            elif self.certificate not in found.owner.trusted or found.owner.certificate not in self.trusted:
                found.on_failed(f"{self.name}: the certificate is not pinned")
                self.network.carry(target, self.name, lambda: fail("the certificate is not pinned"))
            else:
                self._connect(found, on_open, dial, fail)

        self.network.carry(self.name, target, arrive)
        return dial

    def _connect(self, listener: MemoryListener, on_open: OnOpen, dial: _Dial, fail: OnFailed) -> None:
        near = MemoryConnection(self, listener.owner, on_open)
        far = MemoryConnection(listener.owner, self, listener.on_open)
        near.twin, far.twin = far, near

        def arrive() -> None:
            if dial.is_cancelled:
                near.abort()
            elif far.is_open:
                near.open()
            else:
                fail("connection reset")

        far.post(arrive)
        far.open()

    async def close(self) -> None:
        """Close listeners and connections; there is nothing to wait for."""
        for listener in tuple(self.network.listeners.values()):
            if listener.owner is self:
                listener.close()
        for connection in tuple(self.connections):
            connection.close()
            connection.shut("closed")
