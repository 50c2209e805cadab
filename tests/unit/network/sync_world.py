"""A node that syncs blocks in virtual time, and the peers it meets.

Every peer is a function of what it is asked: it returns the messages it answers with, each with a delay.
"""

import heapq
import itertools

import msgspec

from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature
from contracts.ledger.bundle import BundleReader
from contracts.primitives.encoding import encode
from network.sync.blocks import BlockSync
from network.sync.checks import COMMITS, open_bundles
from network.sync.effects import AskBlocks, BanPeer, DeliverBlock, SyncConfig, SyncDone
from network.sync.serving import answer_blocks
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer, BlockBundles, NoBlock
from tests.unit.network.chain import CHAIN, LIMITS, VALIDATORS, chain_of, make_block, make_bundle

HEIGHTS = 40
TICK_MS = 250


def honest(chain, delay_ms=20):
    def answer(request):
        messages = list(answer_blocks(request, chain.head, chain.stored.get))
        return [(delay_ms + at, message) for at, message in enumerate(messages)]

    return answer


def changed(chain, kind, change, delay_ms=5):
    """Return a peer that answers honestly but for messages of one kind."""

    truth = honest(chain, delay_ms)
    return lambda request: [
        (delay, change(message) if isinstance(message, kind) else message)
        for delay, message in truth(request)
    ]


def silent(_request):
    return []


def claims_only(request):
    return [(5, NoBlock(request.from_height, request.from_height - 1, 1))]


def not_now(request):
    return [(5, NoBlock(request.from_height, 1 << 40, 1))]


def forged_block(message):
    block, identifier = make_block(message.height, bytes(32), NO_COMMIT, [make_bundle(9)])
    entries = tuple(CommitSignature(index, bytes(64)) for index in range(4))
    return BlockAnswer(message.height, encode(block), encode(Commit(message.height, 0, identifier, entries)))


def no_quorum(message):
    commit = COMMITS.decode(message.commit)
    return msgspec.structs.replace(
        message, commit=encode(msgspec.structs.replace(commit, signatures=commit.signatures[:2]))
    )


def bad_signature(message):
    commit = COMMITS.decode(message.commit)
    entries = (
        msgspec.structs.replace(commit.signatures[0], signature=bytes(64)),
        *commit.signatures[1:],
    )
    return msgspec.structs.replace(
        message, commit=encode(msgspec.structs.replace(commit, signatures=entries))
    )


def other_bytes(message):
    return msgspec.structs.replace(message, bundles=tuple(bytes(len(data)) for data in message.bundles))


def longer(message):
    return msgspec.structs.replace(message, bundles=tuple(data + b"x" for data in message.bundles))


def shifted(message):
    return msgspec.structs.replace(message, first=message.first + 1)


def check_window(sync):
    """What the window keeps up to date is what a recount says."""
    window = sync._window
    sizes = {height: slot.size(window._largest) for height, slot in window._slots.items()}
    assert window._sizes == sizes
    assert window._used == sum(sizes.values())
    delivered = [size for height, size in sizes.items() if height <= window._delivered]
    assert window._delivered_bytes == sum(delivered)
    assert all(height > sync.head for height in sizes)
    height = window.proven + 1
    while height in sizes:
        height += 1
    assert window.lowest_missing() == height


class World:
    """A node that syncs, its peers, and time."""

    def __init__(self, peers, *, config=SyncConfig(), claims=None, chain=None, head=0):  # noqa: B008 - frozen
        self.chain = chain or chain_of(HEIGHTS)
        self.peers = dict(peers)
        self.claims = claims or {}
        self.now = 0
        self.order = itertools.count()
        self.queue = []
        self.applied = {}
        self.banned = {}
        self.asked = []
        self.done = []
        self.worst_bytes = 0
        self.reader = BundleReader(CHAIN, LIMITS)
        self.known_validators = lambda _height: VALIDATORS
        self.sync = BlockSync(
            CHAIN,
            LIMITS,
            self.known_validators,
            lambda _height: None,
            head,
            self.chain.ids[head],
            config,
        )
        for name in self.peers:
            self.later(0, lambda name=name: self.sync.on_tip(name, self.claim(name), self.now))

    def claim(self, name):
        return self.claims.get(name, self.chain.head)

    def later(self, delay, call):
        heapq.heappush(self.queue, (self.now + delay, next(self.order), call))

    def run(self, until_ms, stop=lambda: False):
        while self.now < until_ms and not stop():
            due = min(self.now + TICK_MS, until_ms)
            while self.queue and self.queue[0][0] <= due:
                self.now, _order, call = heapq.heappop(self.queue)
                self.carry_out(call() or [])
                if stop():
                    return
            self.now = due
            self.carry_out(self.sync.tick(self.now))

    def carry_out(self, effects):
        self.worst_bytes = max(self.worst_bytes, 64 * 2**20 - self.sync._window._room())
        check_window(self.sync)
        for effect in effects:
            match effect:
                case AskBlocks(peer=peer, request=request):
                    self.asked.append((self.now, peer, request))
                    for delay, message in self.peers[peer](request):
                        self.later(delay, lambda peer=peer, message=message: self.receive(peer, message))
                case DeliverBlock(received=received):
                    self.later(3, lambda received=received: self.apply(received))
                case BanPeer(peer=peer, reason=reason):
                    self.banned.setdefault(peer, reason)
                    self.later(0, lambda peer=peer: self.sync.on_peer_down(peer, self.now))
                case SyncDone(height=height):
                    self.done.append((self.now, height))

    def receive(self, peer, message):
        match message:
            case BlockAnswer():
                return self.sync.on_block(peer, message, self.now)
            case BlockBundles():
                return self.sync.on_bundles(peer, message, self.now)
            case NoBlock():
                return self.sync.on_no_block(peer, message, self.now)

    def apply(self, received):
        height = received.read.height
        if height != self.sync.head + 1:
            return []  # Void: a block below it was refused.
        try:
            open_bundles(self.reader, received)
        except RemoteProtocolError as error:
            return self.sync.refuse(height, str(error), self.now)
        self.applied[height] = received.read.block_id
        return self.sync.on_head(height, received.read.block_id, self.now)

    @property
    def is_done(self):
        return bool(self.done)


LIARS = {
    "forged block": (
        changed(chain_of(HEIGHTS), BlockAnswer, forged_block),
        "follows another|signature",
    ),
    "commit without quorum": (changed(chain_of(HEIGHTS), BlockAnswer, no_quorum), "no quorum"),
    "commit with a bad signature": (changed(chain_of(HEIGHTS), BlockAnswer, bad_signature), "signature"),
    "garbage": (
        changed(chain_of(HEIGHTS), BlockAnswer, lambda message: BlockAnswer(message.height, b"\xc1", b"")),
        "Block",
    ),
    "other heights": (
        changed(
            chain_of(HEIGHTS),
            BlockAnswer,
            lambda message: BlockAnswer(
                message.height, chain_of(HEIGHTS).stored[40].block, chain_of(HEIGHTS).stored[40].commit
            ),
        ),
        "header says|another block|out of turn",
    ),
    "bundles of other bytes": (changed(chain_of(HEIGHTS), BlockBundles, other_bytes), "Bundle|not the one"),
    "bundles of other lengths": (changed(chain_of(HEIGHTS), BlockBundles, longer), "not as long"),
    "bundles out of turn": (changed(chain_of(HEIGHTS), BlockBundles, shifted), "out of turn"),
    "blocks twice": (
        lambda request: [pair for pair in honest(chain_of(HEIGHTS))(request) for _ in range(2)],
        "out of turn",
    ),
    "claims what it cannot show": (claims_only, "claimed height 1099511627776, has"),
    "bundles before the block": (
        lambda request: [(5, BlockBundles(request.from_height, 0, (b"x",)))],
        "out of turn",
    ),
}
