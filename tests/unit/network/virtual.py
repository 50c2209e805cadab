"""A world without an event loop: peers over memory, under a clock that the test moves."""

import heapq
import itertools
from collections import deque

from network.peer.config import PeerConfig
from network.peer.handshake import LocalNode
from network.peer.peers import Peers, Surroundings
from network.transport.memory import MemoryNetwork
from network.wire.frames import FrameCodec
from tests.unit.network.harness import CERTIFICATES, DIRECTORY, LIMITS, LOOPBACK, ROLES

MAX_TURNS = 200_000


class _Call:
    def __init__(self, callback):
        self.callback = callback

    def cancel(self):
        self.callback = None


class ManualClock:
    """Time stands still until a test moves it."""

    def __init__(self):
        self.time_ms = 1_000
        self._soon = deque()
        self._later = []
        self._order = itertools.count()

    def now_ms(self):
        return self.time_ms

    def call_soon(self, callback):
        self._soon.append(callback)

    def call_later(self, delay_ms, callback):
        call = _Call(callback)
        heapq.heappush(self._later, (self.time_ms + delay_ms, next(self._order), call))
        return call

    def settle(self):
        """Run everything that is due now."""
        for _ in range(MAX_TURNS):
            if self._soon:
                self._soon.popleft()()
            elif self._later and self._later[0][0] <= self.time_ms:
                call = heapq.heappop(self._later)[2]
                if call.callback is not None:
                    call.callback()
            else:
                return
        raise AssertionError("the world does not come to rest")

    def advance(self, ms):
        """Let time pass, stopping wherever something happens."""
        end = self.time_ms + ms
        self.settle()
        while self._later and self._later[0][0] <= end:
            self.time_ms = max(self.time_ms, self._later[0][0])
            self.settle()
        self.time_ms = end
        self.settle()


class Listener:
    """Keeps what a node is told."""

    def __init__(self):
        self.log = []
        self.messages = []
        self.answer = None
        self.failures = []

    def on_up(self, peer, hello):
        self.log.append(f"up {peer.name}")

    def on_down(self, peer, reason):
        self.log.append(f"down {peer.name} {reason}")

    def on_message(self, peer, message):
        self.messages.append((peer.name, message))
        if self.answer is not None:
            self.answer(peer, message)


class VirtualNode:
    """One node of a virtual world."""

    def __init__(self, world, name, config, local):
        self.listener = Listener()
        self.transport = world.network.transport(name, CERTIFICATES[name], DIRECTORY.certificates)
        surroundings = Surroundings(
            self.transport, world.clock, world.jitter.__next__, self.listener.failures.append
        )
        self.peers = Peers(
            local or LocalNode(name, ROLES[name]),
            DIRECTORY,
            FrameCodec(LIMITS),
            surroundings,
            self.listener,
            lambda: (0, b""),
            config,
        )

    @property
    def names(self):
        return [peer.name for peer in self.peers.connected()]


class VirtualWorld:
    """Nodes on one memory wire. `is_silent` swallows what is sent, like a cable that is cut."""

    def __init__(self):
        self.clock = ManualClock()
        self.silent = set()
        self.jitter = itertools.cycle([0.0, 0.5, 0.999])
        self.network = MemoryNetwork(self._carry)

    def _carry(self, source, target, arrive):
        if source == target or (source, target) not in self.silent:
            self.clock.call_soon(arrive)

    def node(self, name, config=PeerConfig(), local=None):  # noqa: B008 - frozen
        return VirtualNode(self, name, config, local)

    def listening(self, name, **options):
        node = self.node(name, **options)
        node.peers.start(LOOPBACK, {})
        return node

    def pair(self, one="alder", other="birch", **options):
        """Return two nodes, of which `other` has dialled `one`."""
        first = self.listening(one, **options)
        second = self.node(other, **options)
        second.peers.start(None, {one: first.peers.address})
        self.clock.settle()
        assert first.names == [other]
        assert second.names == [one]
        return first, second
