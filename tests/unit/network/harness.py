"""Nodes for tests: certificates, a directory, and peers over loopback TLS or over memory."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from contracts.chain.genesis import Node
from contracts.chain.parameters import Limits
from contracts.primitives.hashing import Hash
from network.peer.config import PeerConfig
from network.peer.directory import Directory
from network.peer.face import PeerIdentity
from network.peer.handshake import LocalNode
from network.peer.peers import Peers, Surroundings
from network.transport.base import Address, Transport
from network.transport.clock import LoopClock
from network.transport.memory import MemoryNetwork
from network.transport.tcp import TcpTransport
from network.transport.tls import TlsIdentity, make_certificate
from network.wire.frames import FrameCodec
from network.wire.messages import Hello, Message

CHAIN = "test-net"
GENESIS_HASH = Hash(b"\x07" * 32)
LOOPBACK = Address("127.0.0.1", 0)
PATIENCE_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.02
LIMITS = Limits()
DEFAULTS = PeerConfig()

ROLES = {
    "alder": "validator",
    "birch": "validator",
    "cedar": "validator",
    "maple": "member",
    "olive": "observer",
}


def seed_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


CERTIFICATES = {name: make_certificate(seed_of(name), name) for name in (*ROLES, "stranger")}
NODES = tuple(Node(name, role, CERTIFICATES[name]) for name, role in ROLES.items())
DIRECTORY = Directory(CHAIN, GENESIS_HASH, NODES)


class Recorder:
    """A listener that keeps everything it is told, and wakes whoever waits for it."""

    def __init__(self) -> None:
        self.ups: list[tuple[str, Hello]] = []
        self.downs: list[tuple[str, str]] = []
        self.messages: list[tuple[str, Message]] = []
        self.log: list[str] = []
        self.failures: list[BaseException] = []
        self.answer: Callable[[PeerIdentity, Message], None] | None = None
        self._changed = asyncio.Event()

    def on_up(self, peer: PeerIdentity, hello: Hello) -> None:
        self.ups.append((peer.name, hello))
        self.log.append(f"up {peer.name}")
        self._changed.set()

    def on_down(self, peer: PeerIdentity, reason: str) -> None:
        self.downs.append((peer.name, reason))
        self.log.append(f"down {peer.name}")
        self._changed.set()

    def on_message(self, peer: PeerIdentity, message: Message) -> None:
        self.messages.append((peer.name, message))
        self._changed.set()
        if self.answer is not None:
            self.answer(peer, message)

    def on_failure(self, error: BaseException) -> None:
        self.failures.append(error)
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._changed.clear()
                # Most changes wake us; counters do not, so look again soon in any case.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), LOOK_AGAIN_SECONDS)


class TestNode:
    """One node of a test: its peers, and what it was told."""

    __test__ = False

    def __init__(self, peers: Peers, recorder: Recorder, transport: Transport) -> None:
        self.peers = peers
        self.recorder = recorder
        self.transport = transport

    @property
    def names(self) -> list[str]:
        return [peer.name for peer in self.peers.connected()]


def say(node, name: str, message: Message) -> None:
    """Send what `Peers` would not: a message that this node's role may not send."""
    node.peers._sessions[name].send(FrameCodec(LIMITS).encode(message))


class World:
    """Makes nodes over one kind of transport, and closes them all."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        loop = asyncio.get_running_loop()
        self.memory = MemoryNetwork(lambda _source, _target, arrive: loop.call_soon(arrive))
        self.nodes: list[TestNode] = []

    def transport(self, name: str, pinned: tuple[bytes, ...], recorder: Recorder) -> Transport:
        if self.kind == "memory":
            return self.memory.transport(name, CERTIFICATES[name], pinned)
        identity = TlsIdentity(seed_of(name), CERTIFICATES[name], pinned)
        return TcpTransport(identity, asyncio.get_running_loop(), recorder.on_failure)

    def node(
        self,
        name: str,
        *,
        local: LocalNode | None = None,
        directory: Directory = DIRECTORY,
        config: PeerConfig = DEFAULTS,
        height: int = 0,
    ) -> TestNode:
        recorder = Recorder()
        transport = self.transport(name, directory.certificates, recorder)
        surroundings = Surroundings(
            transport, LoopClock(asyncio.get_running_loop()), lambda: 0.5, recorder.on_failure
        )
        peers = Peers(
            local or LocalNode(name, ROLES.get(name, "validator")),
            directory,
            FrameCodec(LIMITS),
            surroundings,
            recorder,
            lambda: (height, bytes(32) if height else b""),
            config,
        )
        node = TestNode(peers, recorder, transport)
        self.nodes.append(node)
        return node

    def listening(self, name: str, **options: object) -> TestNode:
        node = self.node(name, **options)
        node.peers.start(LOOPBACK, {})
        return node


@asynccontextmanager
async def world(kind: str) -> AsyncIterator[World]:
    made = World(kind)
    try:
        yield made
    finally:
        for node in made.nodes:
            await node.peers.close()
    for node in made.nodes:
        assert node.recorder.failures == []
