"""The pool: verified bundles that may enter a block soon.

It holds bundles per lane and hands a proposer what continues the chain, fairly among partners (`choice`). It
never judges a document. Everything is bounded: bytes and bundles in all and per lane, and two variants per
(lane, sequence), so that one partner cannot crowd out the others.

Who gives way when there is no room:

1. What a block proposed at this height names, and what this node made itself, is kept and not counted: how
   much that can be is bounded where it comes from. After the height the rest of it counts like all else.
2. A lane's next bundle, the one that continues the chain, always finds room and is not counted either: no
   lane can be kept out, whatever others send. That is one bundle for each registered lane.
3. Of what counts, the partner that holds most, with all its lanes, loses the bundle furthest ahead of its
   fullest lane, be it the one that just came. Lanes whose next bundle is not here give way before all others:
   what they hold can enter no block yet.

So a partner whose lanes' next bundles are here, and that holds no more beside them than its part of the pool
(of as many parts as there are partners in it), loses nothing, however many keys others have.
"""

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec

from contracts.chain.header import BundleEntry
from contracts.ledger.bundle import BundleHeader
from node.pool.choice import ANY_WORK, Room, choose
from node.pool.held import HeldLane, Holder, PooledBundle, Tally, entry_of

MAX_VARIANTS = 2
"""Rival bundles kept per (lane, sequence): the one a lane meant, and the one that convicts it."""
_ANY_WEIGHT = 1 << 40
"""More than all bundles of a pool weigh."""


class PoolLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the pool, for what may be dropped: beside each lane's next bundle and what is kept."""

    total_bytes: int = 64 << 20
    """Most bytes of bundles held."""
    lane_bytes: int = 16 << 20
    """Most bytes held for one lane."""
    lane_bundles: int = 4_096
    """Most bundles held for one lane."""
    total_bundles: int = 32_768
    """Most bundles held: small ones take more memory than their bytes."""


class Added(Enum):
    """What became of an offered bundle."""

    ADDED = "added"
    KNOWN = "known"
    STALE = "stale"
    """Its place in the lane is already taken in the chain."""
    TOO_MANY_VARIANTS = "too_many_variants"
    LANE_FULL = "lane_full"
    POOL_FULL = "pool_full"
    EXPIRES_TOO_LATE = "expires_too_late"
    UNKNOWN_LANE = "unknown_lane"


_BOUNDS = (Added.EXPIRES_TOO_LATE, Added.TOO_MANY_VARIANTS)
"""Bounds of memory, not of the chain."""


def is_stale(header: BundleHeader, last: int) -> bool:
    """Tell whether a bundle's place is taken in a chain whose last sequence of its lane this is."""
    return header.after < last


class BundlePool:
    """All bundles this node could propose, fetch for a vote, or pass on.

    Attributes:
        bytes: Bytes held.
    """

    def __init__(self, limits: PoolLimits, bundle_lifetime_ms: int) -> None:
        """Create an empty pool.

        Args:
            limits: Its bounds.
            bundle_lifetime_ms: How far a bundle's expiry may lie after the block that carries it.
        """
        self._limits = limits
        self._bundle_lifetime_ms = bundle_lifetime_ms
        self._by_id: dict[bytes, PooledBundle] = {}
        self._lanes: dict[bytes, HeldLane] = {}
        # Partners by lane; a lane of which nothing is known stands for itself.
        self._owners: dict[bytes, int] = {}
        self._holders: dict[int | bytes, Holder] = {}
        # What is kept: by (id, size) the height of the block that names it; own bundles by id.
        self._proposed: dict[tuple[bytes, int], int] = {}
        self._own: set[bytes] = set()
        self._turn = 0
        self._held = Tally()
        self.bytes = 0

    def bind(self, bundle_lifetime_ms: int) -> None:
        """Go by another lifetime of bundles from now on: governance changed it."""
        self._bundle_lifetime_ms = bundle_lifetime_ms

    def belong(self, owners: Mapping[bytes, int]) -> None:
        """Learn whose lanes these are: partners' numbers by lane. A lane never changes hands."""
        self._owners.update(owners)

    def __len__(self) -> int:
        """Return the number of bundles held."""
        return len(self._by_id)

    @property
    def droppable_bytes(self) -> int:
        """Bytes of what may be dropped: of all but each lane's next bundle and what is kept."""
        return self._held.bytes

    @property
    def most_bytes(self) -> int:
        """The bound of what may be dropped."""
        return self._limits.total_bytes

    def get(self, bundle_id: bytes) -> PooledBundle | None:
        """Return a bundle by id, or None."""
        return self._by_id.get(bundle_id)

    # ------------------------------------------------------------------------------- room

    def add(
        self, pooled: PooledBundle, last_sequences: Mapping[bytes, int], *, is_own: bool = False
    ) -> Added:
        """Take in a bundle whose form and signature were checked.

        No bound applies to what a proposed block names (`keep`) and to this node's own: if a full pool could
        keep a validator from voting, a partner that fills the pools, or gives every proposer a rival of its
        own, would stop the chain.

        Args:
            pooled: The bundle.
            last_sequences: Last sequence in the chain of every registered lane.
            is_own: This node made it: kept until the chain holds it, or no block can.
        """
        refusal = self._refusal(pooled, last_sequences)
        if is_own and refusal is Added.KNOWN:
            # A peer, or the log, brought it back.
            self._own.add(pooled.bundle.id)
            self._lanes[pooled.bundle.header.lane].keep(self._by_id[pooled.bundle.id])
        is_kept = is_own or (pooled.bundle.id, len(pooled.data)) in self._proposed
        if refusal is not None and not (is_kept and refusal in _BOUNDS):
            return refusal
        if is_own:
            self._own.add(pooled.bundle.id)
        self._insert(pooled, last_sequences[pooled.bundle.header.lane], is_kept=is_kept)
        return Added.ADDED if is_kept else self._make_room(pooled)

    def _refusal(self, pooled: PooledBundle, last_sequences: Mapping[bytes, int]) -> Added | None:
        header = pooled.bundle.header
        if pooled.bundle.id in self._by_id:
            return Added.KNOWN
        last = last_sequences.get(header.lane)
        if last is None:
            return Added.UNKNOWN_LANE
        if is_stale(header, last):
            return Added.STALE
        if header.expires_at_ms > pooled.since_ms + 2 * self._bundle_lifetime_ms:
            # No block of the near future may hold it; kept, it would fill the pool for as long as it likes.
            return Added.EXPIRES_TOO_LATE
        lane = self._lanes.get(header.lane)
        if lane is not None and lane.variants[header.sequence] >= MAX_VARIANTS:
            return Added.TOO_MANY_VARIANTS
        return None

    def _insert(self, pooled: PooledBundle, last: int, *, is_kept: bool) -> None:
        self._turn += 1
        lane_key = pooled.bundle.header.lane
        lane = self._lanes.get(lane_key)
        if lane is None:
            holder = self._holders.setdefault(self._owners.get(lane_key, lane_key), Holder())
            lane = self._lanes[lane_key] = HeldLane(last, self._turn, self._held, holder)
        lane.move(last, self._turn)
        lane.add(pooled, self._turn)
        if is_kept:
            lane.keep(pooled)
        self._by_id[pooled.bundle.id] = pooled
        self.bytes += len(pooled.data)

    def _make_room(self, pooled: PooledBundle) -> Added:
        """Drop what gives way to a bundle that has just come in, or that bundle itself."""
        lane_key = pooled.bundle.header.lane
        self._fit_lane(self._lanes[lane_key])
        if pooled.bundle.id not in self._by_id:
            return Added.LANE_FULL
        self._fit_pool(lane_key)
        return Added.ADDED if pooled.bundle.id in self._by_id else Added.POOL_FULL

    def _fit_lane(self, lane: HeldLane) -> None:
        limits, tally = self._limits, lane.tally
        while tally.bytes > limits.lane_bytes or tally.count > limits.lane_bundles:
            last = lane.last
            if last is None:
                return
            self._remove(last)

    def _fit_pool(self, newest: bytes = b"") -> None:
        """Drop bundles until the pool is within its bounds; of equal lanes, `newest` gives way."""
        limits, held = self._limits, self._held
        while (is_long := held.bytes > limits.total_bytes) or held.count > limits.total_bundles:
            lane = self._heaviest(newest, in_bytes=is_long)
            last = None if lane is None else lane.last
            if last is None:
                return
            self._remove(last)

    def _heaviest(self, newest: bytes, *, in_bytes: bool) -> HeldLane | None:
        """Return the lane that gives way next; None when nothing may be dropped."""

        def order(lane_key: bytes) -> tuple[bool, int, int, bool]:
            lane = self._lanes[lane_key]
            tallies = (lane.holder.tally, lane.tally)
            whole, own = (tally.bytes if in_bytes else tally.count for tally in tallies)
            return lane.next is None, whole, own, lane_key == newest

        droppable = (lane_key for lane_key, lane in self._lanes.items() if lane.tally.count)
        heaviest = max(droppable, key=order, default=None)
        return None if heaviest is None else self._lanes[heaviest]

    def _remove(self, pooled: PooledBundle) -> None:
        lane_key = pooled.bundle.header.lane
        lane = self._lanes[lane_key]
        lane.remove(pooled)
        if not len(lane):
            del self._lanes[lane_key]
        del self._by_id[pooled.bundle.id]
        self._own.discard(pooled.bundle.id)
        self.bytes -= len(pooled.data)

    def keep(self, entries: Iterable[BundleEntry], height: int) -> None:
        """Keep what a block proposed at `height` names until `let_go`, whether it is here or comes later."""
        for entry in entries:
            named = (entry.bundle_id, entry.size)
            self._proposed[named] = max(height, self._proposed.get(named, 0))
            pooled = self._by_id.get(entry.bundle_id)
            if pooled is not None and len(pooled.data) == entry.size:
                self._lanes[pooled.bundle.header.lane].keep(pooled)

    def let_go(self, height: int) -> None:
        """The chain holds `height`: what blocks proposed until then name counts like everything else."""
        over = [named for named, until in self._proposed.items() if until <= height]
        for named in over:
            del self._proposed[named]
            pooled = self._by_id.get(named[0])
            if pooled is not None and len(pooled.data) == named[1] and named[0] not in self._own:
                lane = self._lanes[pooled.bundle.header.lane]
                lane.let_go(pooled)
                self._fit_lane(lane)
        if over:
            self._fit_pool()

    def prune(self, last_sequences: Mapping[bytes, int], block_time_ms: int) -> list[PooledBundle]:
        """Drop what no later block can hold: places taken in the chain, and expired bundles.

        Returns:
            The bundles dropped.
        """
        self._turn += 1
        dropped = [
            pooled
            for pooled in self._by_id.values()
            if is_stale(pooled.bundle.header, last_sequences.get(pooled.bundle.header.lane, 0))
            or pooled.bundle.header.expires_at_ms <= block_time_ms
        ]
        for pooled in dropped:
            self._remove(pooled)
        for lane_key, lane in self._lanes.items():
            lane.move(last_sequences.get(lane_key, 0), self._turn)
        return dropped

    # ----------------------------------------------------------------------------- choices

    def _is_in_time(self, pooled: PooledBundle, block_time_ms: int) -> bool:
        """Tell whether a block at this time may hold a bundle: not expired, and not for a later time."""
        ahead_ms = pooled.bundle.header.expires_at_ms - block_time_ms
        return 0 < ahead_ms <= self._bundle_lifetime_ms

    def includable(self, last_sequences: Mapping[bytes, int], block_time_ms: int) -> bool:
        """Tell whether a block at `block_time_ms` could hold at least one bundle."""
        return any(
            self._is_in_time(pooled, block_time_ms)
            for lane_key, lane in self._lanes.items()
            for pooled in lane.after(last_sequences.get(lane_key, -1))
        )

    def select(
        self,
        last_sequences: Mapping[bytes, int],
        block_time_ms: int,
        max_bytes: int,
        max_weight: int,
        max_count: int,
        max_work: int = ANY_WORK,
    ) -> list[PooledBundle]:
        """Choose bundles for a block, fairly among partners (`choose`), until a cap is reached.

        Returns:
            The choice; the caller puts it into canonical order.
        """
        room = Room(max_bytes, max_weight, max_count, max_work)
        return choose(
            self._lanes, last_sequences, room, lambda pooled: self._is_in_time(pooled, block_time_ms)
        )

    def entries(
        self, last_sequences: Mapping[bytes, int], until_ms: int, limit: int
    ) -> tuple[BundleEntry, ...]:
        """Return the lines of up to `limit` bundles that came until `until_ms` and continue the chain.

        Each lane's next ones come first: what a lane has in store does not keep others from being named.
        """
        room = Room(max(self.bytes, 1), _ANY_WEIGHT, limit)
        waiting = choose(self._lanes, last_sequences, room, lambda pooled: pooled.since_ms <= until_ms)
        return tuple(map(entry_of, waiting))

    def oldest_since_ms(self) -> int | None:
        """Return when the longest-waiting next bundle of a lane came in: the alert of a left-out partner.

        What comes after others, or after what never came, is left out by nobody. None when nobody waits.
        """
        waiting = (lane.next for lane in self._lanes.values())
        return min((pooled.since_ms for pooled in waiting if pooled is not None), default=None)
