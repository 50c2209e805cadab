"""All conversations of one node: it dials, accepts, keeps one session per node, and carries messages.

There is no task in here: everything happens in a callback of the transport or of the clock, so nothing can
fail unheard. What a listener raises is either the peer's fault (`RemoteProtocolError`: it is banned for a
while) or a bug of this node, which goes to the supervisor.

Two nodes that dial each other at the same time get two connections. Both keep the one that was dialled by the
node whose name sorts first; a second connection dialled by the same node replaces the first, since nobody
dials while it believes to be connected.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

import msgspec

from network.peer.config import PeerConfig
from network.peer.counters import Counters, PeerStats
from network.peer.directory import Directory
from network.peer.face import ROLES, PeerIdentity, PeerListener
from network.peer.handshake import Handshake, HandshakeRefused, LocalNode, build_hello
from network.peer.link import Link
from network.peer.rights import MAY_SEND
from network.peer.session import SLOW, Session
from network.transport.base import Address, Clock, Connection, Listener, Transport
from network.wire.errors import MessageTooLong, RemoteProtocolError
from network.wire.frames import Frame, FrameCodec
from network.wire.messages import Hello, Message

ToldT = TypeVar("ToldT", Hello, Message)

_MAX_DOUBLINGS = 16
MAX_RECEIVED_BYTES = 256 << 10
"""What an event loop hands over at a time, at most (asyncio: one TLS record's worth of 256 KiB)."""

Status = Callable[[], tuple[int, bytes]]
"""Returns this node's last decided height and that block's id (empty at 0)."""


class Surroundings(msgspec.Struct, frozen=True):
    """What `Peers` needs from outside."""

    transport: Transport
    """Makes connections."""
    clock: Clock
    """Tells time and calls later."""
    jitter: Callable[[], float]
    """Random numbers from 0 up to 1."""
    on_failure: Callable[[BaseException], None]
    """The supervisor: told of exceptions that are bugs of this node."""


class Peers:
    """Every peer of one node, as `PeerNetwork` says.

    Attributes:
        counters: What happened so far.
    """

    def __init__(
        self,
        local: LocalNode,
        directory: Directory,
        codec: FrameCodec,
        surroundings: Surroundings,
        listener: PeerListener,
        status: Status,
        config: PeerConfig,
    ) -> None:
        """Prepare; `start` begins."""
        self._local = local
        self._directory = directory
        self._codec = codec
        self._transport = surroundings.transport
        self._clock = surroundings.clock
        self._jitter = surroundings.jitter
        self._on_failure = surroundings.on_failure
        self._listener = listener
        self._status = status
        self._config = config
        self._sessions: dict[str, Session] = {}
        self._pending: dict[Session, str] = {}  # with the name of the node that was dialled
        self._links: dict[str, Link] = {}
        self._bans: dict[str, int] = {}
        self._slowness: Counter[str] = Counter()  # how often in a row a node was dropped as too slow
        self._listening: Listener | None = None
        self._is_closing = False
        self.counters = Counters()

    # The node's side.

    def start(self, listen: Address | None, dial: Mapping[str, Address]) -> None:
        """Listen, and connect to the nodes named in `dial` for as long as this node runs.

        Args:
            listen: Where to listen; None for a node that only dials.
            dial: Addresses by node name; this node's own is left out. One that is not listed is dialled once
                governance has admitted it: a new node begins with genesis' list, and is told of others.

        Raises:
            OSError: The address cannot be listened at.
        """
        if listen is not None:
            self._listening = self._transport.listen(listen, self._accept, self._on_refused)
        for name, address in dial.items():
            if name != self._local.name:
                self._links[name] = Link(name, address, self._config, self._jitter)
                self._dial(name)

    @property
    def address(self) -> Address | None:
        """Where this node listens, with the port that the system chose."""
        return None if self._listening is None else self._listening.address

    def connected(self) -> tuple[PeerIdentity, ...]:
        """Return the peers with an open session, by name."""
        return tuple(self._sessions[name].identity for name in sorted(self._sessions))

    def send(self, name: str, message: Message) -> bool:
        """Queue `message` for one node; false when nothing was queued.

        An answer grows with what it is about, and no question may stop this node: one that got too long is
        counted, and not sent. A broadcast is of this node's own making, and raises.
        """
        session = self._sessions.get(name)
        if session is None or not self._may_send(message):
            return False
        try:
            frame = self._codec.encode(message)
        except MessageTooLong:
            self.counters.too_long[type(message).__name__] += 1
            return False
        return self._put(session, message, frame)

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        """Queue `message` for all peers of these roles but some; return for how many."""
        if not self._may_send(message):
            return 0
        frame = self._codec.encode(message)
        targets = [
            session
            for name, session in self._sessions.items()
            if session.identity.role in roles and name not in without
        ]
        return sum(self._put(session, message, frame) for session in targets)

    def list_changed(self) -> None:
        """End the sessions with nodes that the directory lists no more, or as something else.

        This node itself may have another role by now: then it introduces itself anew, to everybody.
        """
        own = self._directory.by_name(self._local.name)
        if own is not None and own.role != self._local.role:
            self._local = LocalNode(own.name, own.role)
            for session in (*self._sessions.values(), *self._pending):
                session.end_soon("role", f"{own.name} is a {own.role} from now on")
        for name, session in list(self._sessions.items()):
            if self._directory.by_name(name) != session.identity:
                session.end_soon("unlisted", f"{name} is no node of the network, or another one, by now")

    def ban(self, name: str, reason: str) -> None:
        """End the session with a node, if there is one, and refuse new ones for a while."""
        self._bans[name] = self._clock.now_ms() + self._config.ban_ms
        session = self._sessions.get(name)
        if session is not None:
            session.end_soon("banned", reason)

    def stats(self) -> tuple[PeerStats, ...]:
        """Return what the open sessions have carried, by name."""
        now_ms = self._clock.now_ms()
        return tuple(
            PeerStats(
                name,
                session.identity.role,
                session.remote,
                session.is_dialled,
                now_ms - session.opened_ms,
                session.round_trip_ms,
                session.waiting_bytes,
                session.traffic.received_bytes,
                session.traffic.sent_bytes,
                session.traffic.received_messages,
                session.traffic.sent_messages,
            )
            for name, session in sorted(self._sessions.items())
        )

    def unreached(self) -> dict[str, str]:
        """Return why the nodes that this one dials, and has no session with, cannot be reached, by name."""
        return {
            name: self.counters.last_failure.get(name, f"{link.address}: not answered yet")
            for name, link in sorted(self._links.items())
            if name not in self._sessions
        }

    async def close(self) -> None:
        """Say good-bye to everybody, close every socket, and return when they are closed."""
        self._is_closing = True
        if self._listening is not None:
            self._listening.close()
        for link in self._links.values():
            link.stop()
        for session in (*self._sessions.values(), *self._pending):
            session.end("closing", f"{self._local.name} stops")
        await self._transport.close()

    def _may_send(self, message: Message) -> bool:
        """Tell whether this node's role may send a message: who voted before may be a member by now."""
        return isinstance(message, MAY_SEND[self._local.role])

    def _put(self, session: Session, message: Message, frame: Frame) -> bool:
        if not session.send(frame):
            return False
        if session.waiting_bytes > self._config.waiting_share_bytes:
            self._drop_slowest()
        self.counters.sent_messages[type(message).__name__] += 1
        return True

    @property
    def waiting_bytes(self) -> int:
        """Bytes queued for all peers."""
        return sum(session.waiting_bytes for session in self._sessions.values())

    @property
    def most_waiting_bytes(self) -> int:
        """The bound of what is queued for all peers."""
        return self._config.waiting_bytes

    @property
    def unread_bytes(self) -> int:
        """Bytes received from all peers that have not become messages yet."""
        return sum(session.unread_bytes for session in self._sessions.values())

    @property
    def most_unread_bytes(self) -> int:
        """The bound of that: of each peer the longest frame, and what came with its end."""
        return len(self._sessions) * (self._codec.longest_frame + MAX_RECEIVED_BYTES)

    def _drop_slowest(self) -> None:
        """Keep what waits for all peers together within its bound."""
        if self.waiting_bytes > self._config.waiting_bytes:
            slowest = max(self._sessions.values(), key=lambda session: session.waiting_bytes)
            slowest.end_soon(SLOW, f"{slowest.waiting_bytes} bytes wait for it, more than for any other")

    def _hello(self) -> Hello:
        return build_hello(self._local, self._directory, *self._status())

    # Making connections.

    def _dial(self, name: str) -> None:
        link = self._links[name]
        link.stop()
        if self._is_closing or name in self._sessions:
            return
        if self._directory.by_name(name) is None:
            self.counters.last_failure[name] = f"no node called {name!r} is on the ledger, so far"
            self._dial_later(name)
            return
        self.counters.dials += 1
        link.attempt = self._transport.dial(
            link.address,
            lambda connection: self._dialled(connection, name),
            lambda reason: self._on_dial_failed(name, reason),
        )
        link.deadline = self._clock.call_later(
            self._config.dial_ms, lambda: self._on_dial_failed(name, f"{link.address}: no answer")
        )

    def _dial_later(self, name: str) -> None:
        link = self._links.get(name)
        if link is None or self._is_closing or name in self._sessions:
            return
        link.stop()
        pause_ms = max(link.pause_ms(), self._bans.get(name, 0) - self._clock.now_ms())
        link.attempt = self._clock.call_later(pause_ms, lambda: self._dial(name))

    def _on_dial_failed(self, name: str, reason: str) -> None:
        self.counters.dial_failures += 1
        self.counters.last_failure[name] = reason
        self._dial_later(name)

    def _on_refused(self, _reason: str) -> None:
        self.counters.refused_connections += 1

    def _dialled(self, connection: Connection, name: str) -> Session:
        link = self._links[name]
        link.attempt = None  # It has succeeded: nothing to call off any more.
        link.stop()
        return self._begin(connection, name, self._hello())

    def _accept(self, connection: Connection) -> Session:
        return self._begin(connection, "", None)

    def _begin(self, connection: Connection, dialled: str, hello: Hello | None) -> Session:
        """Start a session on a new connection; `dialled` names whom this node called, if it did."""
        handshake = Handshake(self._local, self._directory, connection.certificate, dialled)
        session = Session(connection, handshake, self._codec, self._clock, self._config, self, hello)
        self._pending[session] = dialled
        session.start()
        while len(self._pending) > self._config.pending_sessions:
            next(iter(self._pending)).end("busy", "too many handshakes at once")
        return session

    # The sessions' side.

    def on_session_hello(self, session: Session, hello: Hello) -> Hello:
        """Decide on a peer that belongs to the network."""
        name = hello.node
        if self._bans.get(name, 0) > self._clock.now_ms():
            raise HandshakeRefused("banned", f"{name} lied, broke the protocol or was too slow a while ago")
        present = self._sessions.get(name)
        if present is not None and present.is_dialled != session.is_dialled:
            is_present_first = present.is_dialled == (self._local.name < name)
            if is_present_first:
                present.ping()  # It may be dead without our knowing: find out soon.
                raise HandshakeRefused("duplicate", f"{name} is connected already")
        return self._hello()

    def on_session_open(self, session: Session, hello: Hello) -> None:
        """Put a session into its place, and the one that was there out of it."""
        identity = session.identity
        del self._pending[session]
        present = self._sessions.get(identity.name)
        self._sessions[identity.name] = session
        if present is not None:
            present.end("duplicate", "another connection took its place")
        link = self._links.get(identity.name)
        if link is not None:
            link.stop()
        self.counters.sessions += 1
        self._tell(self._listener.on_up, identity, hello)

    def on_session_message(self, session: Session, message: Message) -> None:
        """Hand a message on."""
        self.counters.received_messages[type(message).__name__] += 1
        self._tell(self._listener.on_message, session.identity, message)

    def on_session_closed(self, session: Session, code: str, reason: str) -> None:
        """Forget a session, and wish for a new one."""
        self.counters.ended[code] += 1
        self.counters.received_bytes += session.traffic.received_bytes
        self.counters.sent_bytes += session.traffic.sent_bytes
        dialled = self._pending.pop(session, None)
        if dialled is None:
            self._on_down(session, code, reason)
        elif dialled:
            self.counters.last_failure[dialled] = f"{code}: {reason}"
            self._dial_later(dialled)

    def _on_down(self, session: Session, code: str, reason: str) -> None:
        """An open session has ended."""
        identity, now_ms = session.identity, self._clock.now_ms()
        if code == "protocol":
            self._bans[identity.name] = now_ms + self._config.ban_ms
        self._note_pace(identity.name, code, now_ms)
        if self._sessions.get(identity.name) is session:
            del self._sessions[identity.name]
        link = self._links.get(identity.name)
        if link is not None:
            link.lasted(now_ms - session.opened_ms)
            self._dial_later(identity.name)
        try:
            self._listener.on_down(identity, f"{code}: {reason}")
        except Exception as error:  # noqa: BLE001 - the supervisor gets it whole
            self._on_failure(error)

    def _note_pace(self, name: str, code: str, now_ms: int) -> None:
        """Refuse a node for a while that reads too slowly: each time it comes, it is sent all anew."""
        session, config = self._sessions.get(name), self._config
        if session is not None and now_ms - session.opened_ms >= config.caught_up_ms:
            self._slowness.pop(name, None)
        if code == SLOW:
            pause_ms = min(
                config.slow_base_ms << min(self._slowness[name], _MAX_DOUBLINGS), config.slow_cap_ms
            )
            self._slowness[name] += 1
            self._bans[name] = max(self._bans.get(name, 0), now_ms + pause_ms)

    def _tell(self, call: Callable[[PeerIdentity, ToldT], None], peer: PeerIdentity, told: ToldT) -> None:
        """Run the listener's code; what it raises is the peer's fault, or a bug for the supervisor."""
        try:
            call(peer, told)
        except RemoteProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - the supervisor gets it whole
            self._on_failure(error)
