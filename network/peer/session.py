"""One conversation with one node, from the open connection to its end.

A session reads frames, keeps the peer to its role, its rate and its pace, and writes what waits for it, the
urgent first. It has no thread and no task: it is told of bytes and of time, and tells its owner of messages.
A session ends once: after `on_session_closed` its owner hears nothing more of it.
"""

from typing import Protocol

import msgspec

from network.peer.allowance import Allowance
from network.peer.config import PeerConfig
from network.peer.face import PeerIdentity
from network.peer.handshake import Handshake, HandshakeRefused
from network.peer.rights import HANDSHAKE, MAY_SEND
from network.transport.base import Clock, Connection, Timer
from network.wire.errors import LocalProtocolError, RemoteProtocolError
from network.wire.frames import Frame, FrameCodec, FrameReader, Priority
from network.wire.messages import MAX_REASON_CHARACTERS, Goodbye, Hello, Message, Ping, Pong
from network.wire.outbox import Outbox

SLOW = "slow"
"""Why a session ends whose peer reads less than it is sent."""
MAX_MESSAGES_PER_TURN = 128
"""After this many messages of one peer, everybody else gets a turn."""


class SessionOwner(Protocol):
    """What a session tells. An error that leaves one of the first two ends the session."""

    def on_session_hello(self, session: "Session", hello: Hello) -> Hello:
        """Decide on a peer that belongs here; return the hello that answers it.

        Raises:
            HandshakeRefused: It is not wanted now.
        """
        ...

    def on_session_open(self, session: "Session", hello: Hello) -> None:
        """The session is open; `hello` is the peer's."""
        ...

    def on_session_message(self, session: "Session", message: Message) -> None:
        """A message came that the peer's role may send.

        Raises:
            RemoteProtocolError: No correct node sends it.
        """
        ...

    def on_session_closed(self, session: "Session", code: str, reason: str) -> None:
        """The session is over: a stable word, and a sentence."""
        ...


class Traffic(msgspec.Struct):
    """What a session has carried so far."""

    received_bytes: int = 0
    """Frames included."""
    sent_bytes: int = 0
    """Handed to the connection."""
    received_messages: int = 0
    """Of all kinds."""
    sent_messages: int = 0
    """Put into the outbox."""


class Session:
    """One side of a conversation.

    Attributes:
        is_dialled: Whether this node made the connection.
        is_open: Whether both sides have introduced themselves and the session is not over.
        is_over: Whether it has ended.
        opened_ms: When it was opened, by the clock.
        round_trip_ms: Of the last ping; -1 before the first.
        traffic: What it has carried.
    """

    def __init__(
        self,
        connection: Connection,
        handshake: Handshake,
        codec: FrameCodec,
        clock: Clock,
        config: PeerConfig,
        owner: SessionOwner,
        dialler_hello: Hello | None,
    ) -> None:
        """Prepare a session; `start` begins it. The side that dialled gives the hello to begin with."""
        now_ms = clock.now_ms()
        self._connection = connection
        self._handshake = handshake
        self._codec = codec
        self._clock = clock
        self._config = config
        self._owner = owner
        self._dialler_hello = dialler_hello
        self._identity: PeerIdentity | None = None
        self._reader = FrameReader(codec, codec.tags_of(HANDSHAKE))
        self._outbox = Outbox()
        self._bytes_allowed = Allowance(config.read_bytes_per_second, config.read_bytes_per_second, now_ms)
        self._messages_allowed = Allowance(
            config.read_messages_per_second, config.read_messages_at_once, now_ms
        )
        self._owed_ms = 0
        self._started_ms = now_ms
        self._heard_ms = now_ms
        self._progress_ms = now_ms
        self._pinged_ms = -1
        self._timer: Timer | None = None
        self._is_held = False
        self._is_pumping = False
        self._is_ending = False
        self.is_dialled = dialler_hello is not None
        self.is_open = False
        self.is_over = False
        self.opened_ms = now_ms
        self.round_trip_ms = -1
        self.traffic = Traffic()

    @property
    def identity(self) -> PeerIdentity:
        """Who is at the other end.

        Raises:
            LocalProtocolError: Nobody has been identified yet.
        """
        if self._identity is None:
            raise LocalProtocolError("the peer is not identified yet")
        return self._identity

    @property
    def remote(self) -> str:
        """The other end's address, for people."""
        return self._connection.remote

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait in the outbox."""
        return self._outbox.waiting_bytes

    @property
    def unread_bytes(self) -> int:
        """Bytes received that have not become messages yet."""
        return self._reader.kept_bytes

    def start(self) -> None:
        """Identify the peer by its certificate and, if this node dialled, say hello."""
        try:
            self._identity = self._handshake.identify()
        except HandshakeRefused as error:
            self.end(error.code, str(error))
            return
        self._timer = self._clock.call_later(self._config.tick_ms, self._tick)
        if self._dialler_hello is not None:
            self.send(self._codec.encode(self._dialler_hello))

    # Sending.

    def send(self, frame: Frame) -> bool:
        """Queue a frame; false when nothing was queued.

        A peer for which too much waits is too slow to be one, and is dropped; only blocks, which it asked for
        itself, are refused instead.
        """
        if self.is_over or self._is_ending:
            return False
        if not self._outbox.put(frame):
            if frame.priority is not Priority.BLOCKS:
                self.end_soon(SLOW, f"{self.waiting_bytes} bytes wait for it")
            return False
        self.traffic.sent_messages += 1
        if not self._is_pumping:
            self._is_pumping = True
            self._clock.call_soon(self._pump_soon)
        return True

    def _pump_soon(self) -> None:
        self._is_pumping = False
        self._pump()

    def _pump(self) -> None:
        """Write while there is room; frames queued in one turn leave together."""
        while not self.is_over and self._outbox and self._connection.is_writable:
            chunk = self._outbox.take()
            self.traffic.sent_bytes += len(chunk)
            self._progress_ms = self._clock.now_ms()
            self._connection.write(chunk)

    def on_writable(self) -> None:
        """The connection has room again."""
        self._progress_ms = self._clock.now_ms()
        self._pump()

    # Receiving.

    def on_data(self, data: bytes) -> None:
        """Bytes came from the peer."""
        if self.is_over:
            return
        self._heard_ms = self._clock.now_ms()
        self.traffic.received_bytes += len(data)
        self._owed_ms = max(self._owed_ms, self._bytes_allowed.spend(len(data), self._heard_ms))
        self._reader.receive(data)
        if not self._is_held:
            self._process()

    def _process(self) -> None:
        """Handle messages until more bytes are needed, the peer's rate is spent, or others want a turn."""
        for _ in range(MAX_MESSAGES_PER_TURN):
            if self.is_over:
                return
            if self._owed_ms:
                break
            try:
                message = self._reader.next_message()
                if message is None:
                    return
                self._receive(message)
            except HandshakeRefused as error:
                self.end(error.code, str(error))
            except RemoteProtocolError as error:
                self.end("protocol", str(error))
        self._hold()

    def _receive(self, message: Message) -> None:
        self.traffic.received_messages += 1
        self._owed_ms = max(self._owed_ms, self._messages_allowed.spend(1, self._heard_ms))
        match message:
            case Hello():
                self._introduce(message)
            case Ping(nonce=nonce):
                self.send(self._codec.encode(Pong(nonce)))
            case Pong(nonce=nonce):
                if nonce == self._pinged_ms:
                    self.round_trip_ms = self._clock.now_ms() - nonce
            case Goodbye(code=code, reason=reason):
                self.end("goodbye", f"{code}: {reason}", farewell=False)
            case _:
                self._owner.on_session_message(self, message)

    def _introduce(self, hello: Hello) -> None:
        identity = self._handshake.check(hello)
        answer = self._owner.on_session_hello(self, hello)
        self._reader.allowed = self._codec.tags_of(MAY_SEND[identity.role])
        # One of the two has not learned yet what governance made of the peer: it may speak so, unheard.
        self._reader.skipped = self._codec.tags_of(MAY_SEND[hello.role]) - self._reader.allowed
        self.is_open = True
        self.opened_ms = self._clock.now_ms()
        if not self.is_dialled:
            self.send(self._codec.encode(answer))
        self._owner.on_session_open(self, hello)

    def _hold(self) -> None:
        """Read nothing until the peer has paid for what it sent, or everybody else had a turn."""
        self._is_held = True
        self._connection.pause_reading()
        owed_ms, self._owed_ms = self._owed_ms, 0
        self._clock.call_later(owed_ms, self._go_on)

    def _go_on(self) -> None:
        self._is_held = False
        self._heard_ms = self._clock.now_ms()
        self._process()
        if not self._is_held and not self.is_over:
            self._connection.resume_reading()

    # Time and the end.

    def ping(self) -> None:
        """Ask whether the peer is there."""
        self._pinged_ms = self._clock.now_ms()
        self.send(self._codec.encode(Ping(self._pinged_ms)))

    def _tick(self) -> None:
        if self.is_over:
            return
        config, now_ms = self._config, self._clock.now_ms()
        silent_ms = 0 if self._is_held else now_ms - self._heard_ms
        if not self.is_open and now_ms - self._started_ms > config.handshake_ms:
            self.end("timeout", f"no hello in {config.handshake_ms} ms")
        elif silent_ms > config.idle_ms:
            self.end("idle", f"silent for {silent_ms} ms", farewell=False)
        elif self._outbox and now_ms - self._progress_ms > config.stall_ms:
            self.end(SLOW, f"has read nothing for {now_ms - self._progress_ms} ms", farewell=False)
        else:
            if self.is_open and silent_ms > config.ping_after_ms > 0 and self._pinged_ms < self._heard_ms:
                self.ping()
            self._timer = self._clock.call_later(config.tick_ms, self._tick)

    def end_soon(self, code: str, reason: str) -> None:
        """End the session after the present callback; nothing more is queued."""
        if not self._is_ending:
            self._is_ending = True
            self._clock.call_soon(lambda: self.end(code, reason))

    def end(self, code: str, reason: str, *, farewell: bool = True) -> None:
        """End the session: tell the peer why, close the connection, tell the owner."""
        if self.is_over:
            return
        self.is_over = True
        self.is_open = False
        if self._timer is not None:
            self._timer.cancel()
        if farewell and self._connection.is_writable:
            self._connection.write(self._codec.encode(Goodbye(code, reason[:MAX_REASON_CHARACTERS])).data)
            self._connection.close()
        else:
            self._connection.abort()
        self._owner.on_session_closed(self, code, reason)

    def on_closed(self, reason: str) -> None:
        """The connection is gone."""
        self.end("lost", reason, farewell=False)
