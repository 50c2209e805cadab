"""Bundles from the network: read and verified, in batches and off the event loop, then into the pool.

Reading and verifying a bundle costs tens of microseconds per signature and a little per document; a batch
runs on a thread of its own (libsodium works without the interpreter's lock). Only a small bundle that comes
alone is verified where it came: a block may be waiting for it; of one peer so many a second, and no more.
What waits is bounded in bytes per peer, so a flood from one costs that one; and in all, where the peer that
has most waiting loses its newest to one that has less. No signature is verified of a bundle that the chain
has passed, or that comes under another id than its own: else one bundle would do for any number of them.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from contracts.ledger.bundle import BundleReader, MalformedBundle, OpenBundle, verify_bundle
from node.host.worker import Worker
from node.pool.held import PooledBundle
from node.pool.pool import Added, BundlePool, is_stale

_log = structlog.get_logger(__name__)

MAX_WAITING_BYTES = 16 << 20
"""Most bytes of unverified bundles that wait, per peer."""
MAX_ALL_WAITING_BYTES = 64 << 20
"""Most bytes of unverified bundles that wait, of all peers, beside those that are being verified."""
BOOKKEEPING_BYTES = 256
"""Counted for each bundle beside its own bytes: many that are nearly empty take memory too."""
MAX_BATCH = 100
"""Most bundles verified in one batch."""
MAX_BATCH_BYTES = 16 << 20
"""A batch that holds this much takes no further bundle."""
SMALL_BUNDLE_BYTES = 2_048
"""A lone bundle up to this long is verified at once, one in a millisecond: that costs less than a thread …"""
SMALL_PER_SECOND = 512
"""… and so many of one peer in a second; its others go to the thread."""


class Arrived(msgspec.Struct, frozen=True):
    """A bundle as it came."""

    peer: str
    """Who sent it; empty for this node's own."""
    bundle_id: bytes
    """What it is, as the peer says."""
    data: bytes
    """Its bytes."""

    @property
    def cost(self) -> int:
        """What is counted for it, in bytes."""
        return len(self.data) + BOOKKEEPING_BYTES


class Judged(msgspec.Struct, frozen=True):
    """A bundle after reading and verifying."""

    arrived: Arrived
    """As it came."""
    bundle: OpenBundle | None
    """The bundle, or None when it is not one, or not known to be one."""
    fault: str = ""
    """Why it is not one; empty when it is, or when nobody here can tell."""
    refusal: Added | None = None
    """Why it is of no use, whatever its signature; None when it may be."""


class Intake:
    """Verifies bundles and puts them into the pool.

    Attributes:
        refused: Number of bundles refused so far, by reason, for metrics.
    """

    def __init__(
        self,
        reader: BundleReader,
        worker: Worker,
        pool: BundlePool,
        lanes: Mapping[bytes, int],
        now_ms: Callable[[], int],
        on_added: Callable[[Sequence[PooledBundle]], None],
        on_lie: Callable[[str, str], None],
    ) -> None:
        """Join the parts.

        Args:
            reader: Reads bundles under the network's limits.
            worker: Verifies off the event loop.
            pool: Where they go.
            lanes: Last sequence of every registered lane; kept up to date by its owner.
            now_ms: Wall clock.
            on_added: Told of bundles that are new in the pool.
            on_lie: Told of (peer, reason) when a peer sent what no correct node sends.
        """
        self._reader = reader
        self._worker = worker
        self._pool = pool
        self._lanes = lanes
        self._now_ms = now_ms
        self._on_added = on_added
        self._on_lie = on_lie
        self._waiting: dict[str, deque[Arrived]] = {}
        # By peer, and of all; those that are being verified are counted for their peer alone.
        self._waiting_bytes: dict[str, int] = {}
        self._queued_bytes: dict[str, int] = {}
        self._is_busy = False
        self._small_ms = 0
        # Verified on the event loop in the present second, by peer.
        self._small: Counter[str] = Counter()
        self.refused: dict[str, int] = {}

    def offer(self, peer: str, bundle_id: bytes, data: bytes) -> None:
        """Take in a bundle that `peer` says has this id; verified later, dropped when too much waits."""
        if self._pool.get(bundle_id) is not None:
            return
        arrived = Arrived(peer, bundle_id, data)
        waiting = self._waiting_bytes.get(peer, 0) + arrived.cost
        if waiting > MAX_WAITING_BYTES or not self._make_room(peer, arrived.cost):
            self._refuse("too_much_waiting")
            return
        self._waiting_bytes[peer] = waiting
        self._queued_bytes[peer] = self._queued_bytes.get(peer, 0) + arrived.cost
        self._waiting.setdefault(peer, deque()).append(arrived)
        self._next()

    @property
    def queued_bytes(self) -> int:
        """Bytes of unverified bundles that wait, of all peers."""
        return sum(self._queued_bytes.values())

    def _make_room(self, peer: str, cost: int) -> bool:
        """Drop the newest of whoever has most until there is room; false when that is `peer` itself."""
        while self.queued_bytes + cost > MAX_ALL_WAITING_BYTES:
            most = max(self._queued_bytes, key=self._queued_bytes.__getitem__, default=peer)
            if self._queued_bytes.get(most, 0) <= self._queued_bytes.get(peer, 0) + cost:
                return False
            newest = self._waiting[most].pop()
            if not self._waiting[most]:
                del self._waiting[most]
            self._dequeue(newest)
            self._settle(newest)
            self._refuse("too_much_waiting")
        return True

    def _dequeue(self, arrived: Arrived) -> None:
        self._queued_bytes[arrived.peer] -= arrived.cost
        if not self._queued_bytes[arrived.peer]:
            del self._queued_bytes[arrived.peer]

    def _settle(self, arrived: Arrived) -> None:
        self._waiting_bytes[arrived.peer] -= arrived.cost
        if not self._waiting_bytes[arrived.peer]:
            del self._waiting_bytes[arrived.peer]

    def _next(self) -> None:
        if self._is_busy or not self._waiting:
            return
        batch = self._take_batch()
        if self._is_small(batch):
            self._judged([self._judge(batch[0])])
            return
        self._is_busy = True
        self._worker.submit(lambda: [self._judge(arrived) for arrived in batch], self._judged)

    def _take_batch(self) -> list[Arrived]:
        """Take what is verified next: one of each peer in turn, so that a flood from one delays that one."""
        batch: list[Arrived] = []
        size = 0
        while self._waiting and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
            peer = next(iter(self._waiting))
            queue = self._waiting.pop(peer)
            batch.append(queue.popleft())
            size += batch[-1].cost
            self._dequeue(batch[-1])
            if queue:
                self._waiting[peer] = queue
        return batch

    def _is_small(self, batch: Sequence[Arrived]) -> bool:
        """Tell whether a batch is one small bundle, the first of its kind in this millisecond."""
        if len(batch) > 1 or len(batch[0].data) > SMALL_BUNDLE_BYTES:
            return False
        now_ms, before_ms = self._now_ms(), self._small_ms
        self._small_ms = now_ms
        if now_ms // 1_000 != before_ms // 1_000:
            self._small.clear()
        if now_ms == before_ms or self._small[batch[0].peer] >= SMALL_PER_SECOND:
            return False
        self._small[batch[0].peer] += 1
        return True

    def _judge(self, arrived: Arrived) -> Judged:
        try:
            bundle = self._reader.read(arrived.data)
        except MalformedBundle as error:
            return Judged(arrived, None, f"malformed bundle: {error}")
        if bundle.id != arrived.bundle_id:
            return Judged(arrived, None, "a bundle came under another id than its own")
        last = self._lanes.get(bundle.header.lane)
        if last is None:
            # Anybody can make such a signature: not worth checking. Or the lane is newer than our head.
            return Judged(arrived, None, refusal=Added.UNKNOWN_LANE)
        if is_stale(bundle.header, last):
            return Judged(arrived, None, refusal=Added.STALE)
        if not verify_bundle(bundle):
            return Judged(arrived, None, "a bundle's signature is not its lane's")
        return Judged(arrived, bundle)

    def _judged(self, batch: Sequence[Judged]) -> None:
        self._is_busy = False
        added: list[PooledBundle] = []
        for judged in batch:
            peer = judged.arrived.peer
            self._settle(judged.arrived)
            if judged.refusal is not None:
                self._refuse(judged.refusal.value)
                continue
            if judged.bundle is None:
                self._refuse("malformed")
                self._on_lie(peer, judged.fault)
                continue
            pooled = PooledBundle(judged.bundle, judged.arrived.data, self._now_ms())
            answer = self._pool.add(pooled, self._lanes)
            if answer == Added.ADDED:
                added.append(pooled)
            elif answer != Added.KNOWN:
                self._refuse(answer.value)
        if added:
            self._on_added(added)
        self._next()

    def _refuse(self, reason: str) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + 1
