"""The wire between simulated nodes, at two heights.

Below, `Wire` carries bytes of connections: they take time, a direction can be held back (a one-way partition:
nothing arrives until it is let go), a pair can be cut (both ends learn of it), a machine can vanish with or
without the others being told. Bytes of one connection keep their order, like TCP's, and different connections
overtake each other.

Above, `Postbox` stands between a node and its real `Peers`: there, messages are lost, doubled and held back,
and liars change what they say. Parts of an answer to a block request are spared, because their order is what
the protocol asks of a connection; a whole request may be lost.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from random import Random
from typing import Protocol

from contracts.chain.votes import VoteType
from network.peer.face import ROLES, PeerIdentity
from network.peer.peers import Peers
from network.transport.base import Address, ConnectionEvents, OnFailed, OnOpen, Timer
from network.transport.memory import MemoryConnection, MemoryListener, MemoryNetwork, MemoryTransport
from network.wire.messages import (
    BlockAnswer,
    BlockBundles,
    CommitMessage,
    Message,
    NoBlock,
    ProposalMessage,
    RoundVotes,
    Tip,
    VoteMessage,
)
from tests.simulation.clock import Life, Scheduler

_SPARED = (BlockAnswer, BlockBundles, NoBlock)
LATE_US = 700_000
"""Messages are held back for up to this long."""


class _Deaf:
    """Who is told about a connection of a machine that no longer runs."""

    def on_data(self, data: bytes) -> None:
        """Hear nothing."""

    def on_writable(self) -> None:
        """Hear nothing."""

    def on_closed(self, reason: str) -> None:
        """Hear nothing."""


class _Ordered(dict[MemoryConnection, None]):
    """A set of connections in the order of their making, so that runs are alike in every process."""

    def add(self, connection: MemoryConnection) -> None:
        self[connection] = None

    def discard(self, connection: MemoryConnection) -> None:
        self.pop(connection, None)


class MachineTransport:
    """The transport of one life of one machine, over memory."""

    def __init__(self, memory: MemoryTransport, life: Life) -> None:
        """Belong to `life`."""
        self._memory = memory
        self._life = life
        memory.connections = _Ordered()

    def listen(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> MemoryListener:
        """Accept connections."""
        return self._memory.listen(address, on_open, on_failed)

    def dial(self, address: Address, on_open: OnOpen, on_failed: OnFailed) -> Timer:
        """Connect; an answer that comes after the machine's end is nobody's."""

        def opened(connection: object) -> ConnectionEvents:
            return on_open(connection) if self._life.is_alive else _Deaf()  # type: ignore[arg-type]

        def failed(reason: str) -> None:
            if self._life.is_alive:
                on_failed(reason)

        return self._memory.dial(address, opened, failed)

    def pin(self, certificates: Iterable[bytes]) -> None:
        """Let in, from now on, only who shows one of these."""
        self._memory.pin(certificates)

    async def close(self) -> None:
        """Machines of this world stop without ceremony."""

    def vanish(self, *, is_noticed: bool) -> None:
        """The machine is gone; the other ends learn of it now, or find out by themselves."""
        for listener in tuple(self._memory.network.listeners.values()):
            if listener.owner is self._memory:
                listener.close()
        for connection in tuple(self._memory.connections):
            twin = connection.twin
            if is_noticed:
                connection.post(twin.end)
            connection._events = None
            connection._is_open = False
        self._memory.connections.clear()


class Wire:
    """What carries bytes.

    Attributes:
        memory: The network that transports belong to.
        jitter_us: What is added to a link's latency at most, now.
        slow_us: By node, what its links take in addition, now.
    """

    def __init__(self, scheduler: Scheduler, random: Random, latency_us: int, jitter_us: int) -> None:
        """Begin with whole links."""
        self._scheduler = scheduler
        self._random = random
        self._latency_us = latency_us
        self._held: dict[tuple[str, str], list[Callable[[], None]]] = {}
        self.jitter_us = jitter_us
        self.slow_us: dict[str, int] = {}
        self.memory = MemoryNetwork(self._carry)

    def _carry(self, source: str, target: str, arrive: Callable[[], None]) -> None:
        if source == target:
            self._scheduler.after(0, arrive)
            return
        held = self._held.get((source, target))
        if held is not None:
            held.append(arrive)
            return
        slow_us = self.slow_us.get(source, 0) + self.slow_us.get(target, 0)
        delay_us = self._latency_us + int(self._random.random() * (self.jitter_us + slow_us))
        self._scheduler.after(delay_us, arrive)

    def hold(self, source: str, target: str) -> None:
        """Let nothing arrive at `target` from `source` until it is let go."""
        self._held.setdefault((source, target), [])

    def let_go(self, source: str, target: str) -> None:
        """Let arrive what was held, and everything after it."""
        for arrive in self._held.pop((source, target), []):
            self._carry(source, target, arrive)

    def heal(self, names: Collection[str]) -> None:
        """Mend everything."""
        for source, target in list(self._held):
            self.let_go(source, target)
        for one in names:
            for other in names:
                self.memory.heal(one, other)
        self.slow_us.clear()


class Tampering(Protocol):
    """What a liar does to what its node says.

    Attributes:
        counts: How often it did what.
    """

    counts: Counter[str]

    def change(self, peer: PeerIdentity, message: Message) -> list[Message]:
        """Return what `peer` is told instead of `message`."""
        ...

    def introduce(self, height: int, block_id: bytes) -> tuple[int, bytes]:
        """Return where it says that it stands when it meets a peer, instead of the truth."""
        ...


def said(tampering: Tampering | None, height: int, block_id: bytes) -> tuple[int, bytes]:
    """Return where a node says that it stands when it meets a peer."""
    return (height, block_id) if tampering is None else tampering.introduce(height, block_id)


class Ambush:
    """A network that is bad on purpose: it splits one height so that a forgotten lock forks the chain.

    The hero hears everybody and may decide; nobody hears its precommits, nor that it has decided. The blind
    never see round 0's proposal, nor the hero's prevotes, so they lock nothing. Everybody else locks the
    value and goes on to round 1, where one of the blind proposes another one.
    """

    def __init__(self, height: int, hero: str, blind: Collection[str]) -> None:
        """Lie in wait at `height`; nodes are given by name."""
        self._height = height
        self._hero = hero
        self._blind = blind

    def swallows(self, source: str, target: str, message: Message) -> bool:
        """Tell whether a message does not arrive."""
        match message:
            case ProposalMessage(proposal=proposal):
                is_first = (proposal.height, proposal.round) == (self._height, 0)
                return is_first and target in self._blind
            case VoteMessage(vote=vote):
                is_heard = vote.height != self._height or source != self._hero
                return not is_heard and (vote.type is VoteType.PRECOMMIT or target in self._blind)
            case Tip() | RoundVotes() | CommitMessage() | BlockAnswer() | BlockBundles() | NoBlock():
                return source == self._hero
            case _:
                return False


class Mood:
    """How messages fare, now.

    Attributes:
        ambush: What waits for one height; None for nothing.
        loss: Part that is lost.
        duplicates: Part that is sent twice.
        late: Part that is held back.
        counts: How often each happened.
    """

    def __init__(self) -> None:
        """Begin with a faultless network."""
        self.ambush: Ambush | None = None
        self.loss = self.duplicates = self.late = 0.0
        self.counts = {"lost": 0, "doubled": 0, "late": 0}

    @property
    def is_calm(self) -> bool:
        """Whether every message arrives once, soon."""
        return not (self.loss or self.duplicates or self.late or self.ambush)


class Postbox:
    """One node's network, as `PeerNetwork` says: its real peers behind a bad postman.

    Attributes:
        peers: The real thing.
        on_ban: Told of (name, reason) before a peer is banned.
    """

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        random: Random,
        life: Life,
        mood: Mood,
        tampering: Tampering | None,
        on_ban: Callable[[str, str], None],
        on_sent: Callable[[str, Message], None],
    ) -> None:
        """Prepare; `peers` is set before anything is sent."""
        self._name = name
        self._scheduler = scheduler
        self._random = random
        self._life = life
        self._mood = mood
        self._tampering = tampering
        self._on_ban = on_ban
        self._on_sent = on_sent
        self.peers: Peers | None = None

    @property
    def _peers(self) -> Peers:
        if self.peers is None:
            raise RuntimeError("a message was sent before the node was joined")
        return self.peers

    def send(self, name: str, message: Message) -> bool:
        """Queue a message for one node, or what becomes of it."""
        if self._tampering is None:
            return self._post(name, message)
        identity = next((peer for peer in self._peers.connected() if peer.name == name), None)
        if identity is None:
            return False
        told = [self._post(name, changed) for changed in self._tampering.change(identity, message)]
        return all(told)

    def _post(self, name: str, message: Message) -> bool:
        mood, random = self._mood, self._random
        self._on_sent(name, message)
        if mood.ambush is not None and mood.ambush.swallows(self._name, name, message):
            return True
        if mood.is_calm or isinstance(message, _SPARED):
            return self._peers.send(name, message)
        draw = random.random()
        if draw < mood.loss:
            mood.counts["lost"] += 1
            return True
        if random.random() < mood.late:
            mood.counts["late"] += 1
            delay_us = int(random.random() * LATE_US)
            self._scheduler.after(delay_us, lambda: self._send_late(name, message), self._life)
            return True
        if random.random() < mood.duplicates:
            mood.counts["doubled"] += 1
            self._peers.send(name, message)
        return self._peers.send(name, message)

    def _send_late(self, name: str, message: Message) -> None:
        self._peers.send(name, message)

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        """Queue a message for every connected peer of these roles."""
        peers = self._peers
        if self._tampering is None and self._mood.is_calm:
            self._on_sent("*", message)
            return peers.broadcast(message, roles, without)
        targets = [peer for peer in peers.connected() if peer.role in roles and peer.name not in without]
        return sum(self.send(peer.name, message) for peer in targets)

    def ban(self, name: str, reason: str) -> None:
        """Ban a peer."""
        self._on_ban(name, reason)
        self._peers.ban(name, reason)

    def connected(self) -> tuple[PeerIdentity, ...]:
        """Return the peers with an open session, by name."""
        return self._peers.connected()
