"""The pool: verified bundles that may enter a block soon.

It holds bundles per lane and hands a proposer what continues the chain, fairly among lanes. It never judges a
document. Everything is bounded: bytes in all, bytes per lane, and two variants per (lane, sequence), so that
one partner cannot crowd out the others (DESIGN 1, "Bundles").
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import islice, takewhile

import msgspec

from contracts.chain.header import BundleEntry
from contracts.ledger.bundle import OpenBundle

MAX_VARIANTS = 2
"""Rival bundles kept per (lane, sequence): the one a lane meant, and the one that convicts it."""


class PoolLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the pool."""

    total_bytes: int = 64 << 20
    """Most bytes of bundles held."""
    lane_bytes: int = 16 << 20
    """Most bytes held for one lane."""
    lane_bundles: int = 4_096
    """Most bundles held for one lane."""


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


_BOUNDS = (Added.EXPIRES_TOO_LATE, Added.TOO_MANY_VARIANTS, Added.LANE_FULL, Added.POOL_FULL)


class PooledBundle(msgspec.Struct, frozen=True):
    """A bundle in the pool."""

    bundle: OpenBundle
    """Read and verified."""
    data: bytes
    """As received: what is sent on, stored and hashed."""
    since_ms: int
    """When it came in, by the node's clock."""


class _Lane:
    """One lane's bundles, by the sequence they come after."""

    def __init__(self) -> None:
        self.by_after: dict[int, list[PooledBundle]] = {}
        self.variants: Counter[int] = Counter()
        self.bytes = 0
        self.count = 0

    def add(self, pooled: PooledBundle) -> None:
        self.by_after.setdefault(pooled.bundle.header.after, []).append(pooled)
        self.variants[pooled.bundle.header.sequence] += 1
        self.bytes += len(pooled.data)
        self.count += 1

    def remove(self, pooled: PooledBundle) -> None:
        after = pooled.bundle.header.after
        self.by_after[after].remove(pooled)
        if not self.by_after[after]:
            del self.by_after[after]
        self.variants[pooled.bundle.header.sequence] -= 1
        if not self.variants[pooled.bundle.header.sequence]:
            del self.variants[pooled.bundle.header.sequence]
        self.bytes -= len(pooled.data)
        self.count -= 1


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
        self._lanes: dict[bytes, _Lane] = {}
        self.bytes = 0

    def __len__(self) -> int:
        """Return the number of bundles held."""
        return len(self._by_id)

    def get(self, bundle_id: bytes) -> PooledBundle | None:
        """Return a bundle by id, or None."""
        return self._by_id.get(bundle_id)

    def add(
        self, pooled: PooledBundle, last_sequences: Mapping[bytes, int], *, is_needed: bool = False
    ) -> Added:
        """Take in a bundle whose form and signature were checked.

        Args:
            pooled: The bundle.
            last_sequences: Last sequence in the chain of every registered lane.
            is_needed: A proposed block names it, or it is this node's own. No bound applies then: if a full
                pool could keep a validator from voting, a partner that fills the pools, or gives every
                proposer a rival of its own, would stop the chain. Blocks are bounded, and few at a height.
        """
        refusal = self._refusal(pooled, last_sequences)
        if is_needed and refusal in _BOUNDS:
            refusal = None
        if refusal is not None:
            return refusal
        self._by_id[pooled.bundle.id] = pooled
        self._lanes.setdefault(pooled.bundle.header.lane, _Lane()).add(pooled)
        self.bytes += len(pooled.data)
        return Added.ADDED

    def _refusal(self, pooled: PooledBundle, last_sequences: Mapping[bytes, int]) -> Added | None:
        header = pooled.bundle.header
        if pooled.bundle.id in self._by_id:
            return Added.KNOWN
        last = last_sequences.get(header.lane)
        if last is None:
            return Added.UNKNOWN_LANE
        if header.after < last:
            return Added.STALE
        if header.expires_at_ms > pooled.since_ms + 2 * self._bundle_lifetime_ms:
            # No block of the near future may hold it; kept, it would fill the pool for as long as it likes.
            return Added.EXPIRES_TOO_LATE
        return self._no_room(pooled)

    def _no_room(self, pooled: PooledBundle) -> Added | None:
        header, size = pooled.bundle.header, len(pooled.data)
        if self.bytes + size > self._limits.total_bytes:
            return Added.POOL_FULL
        lane = self._lanes.get(header.lane)
        if lane is None:
            return None
        if lane.variants[header.sequence] >= MAX_VARIANTS:
            return Added.TOO_MANY_VARIANTS
        if lane.bytes + size > self._limits.lane_bytes or lane.count >= self._limits.lane_bundles:
            return Added.LANE_FULL
        return None

    def prune(self, last_sequences: Mapping[bytes, int], block_time_ms: int) -> list[PooledBundle]:
        """Drop what no later block can hold: places taken in the chain, and expired bundles.

        Returns:
            The bundles dropped.
        """
        dropped = [
            pooled
            for pooled in self._by_id.values()
            if pooled.bundle.header.after < last_sequences.get(pooled.bundle.header.lane, 0)
            or pooled.bundle.header.expires_at_ms <= block_time_ms
        ]
        for pooled in dropped:
            self._remove(pooled)
        return dropped

    def _remove(self, pooled: PooledBundle) -> None:
        lane_key = pooled.bundle.header.lane
        lane = self._lanes[lane_key]
        lane.remove(pooled)
        if not lane.count:
            del self._lanes[lane_key]
        del self._by_id[pooled.bundle.id]
        self.bytes -= len(pooled.data)

    def _is_in_time(self, pooled: PooledBundle, block_time_ms: int) -> bool:
        """Tell whether a block at this time may hold a bundle: not expired, and not for a later time."""
        ahead_ms = pooled.bundle.header.expires_at_ms - block_time_ms
        return 0 < ahead_ms <= self._bundle_lifetime_ms

    def includable(self, last_sequences: Mapping[bytes, int], block_time_ms: int) -> bool:
        """Tell whether a block at `block_time_ms` could hold at least one bundle."""
        return any(
            self._is_in_time(pooled, block_time_ms)
            for lane_key, lane in self._lanes.items()
            for pooled in lane.by_after.get(last_sequences.get(lane_key, -1), ())
        )

    def select(
        self,
        last_sequences: Mapping[bytes, int],
        block_time_ms: int,
        max_bytes: int,
        max_weight: int,
        max_count: int,
    ) -> list[PooledBundle]:
        """Choose bundles for a block: each lane's next in turn, until a cap is reached.

        The lane whose next bundle has waited longest comes first. A lane whose next bundle does not fit is
        done for this block, and the others go on.

        Returns:
            The choice; the caller puts it into canonical order.
        """
        chosen: list[PooledBundle] = []
        heads = {key: last_sequences[key] for key in self._lanes if key in last_sequences}
        while heads:
            turn = self._next_of_each(heads, block_time_ms)
            heads = {}
            for lane_key, pooled in turn:
                size, weight = len(pooled.data), pooled.bundle.header.weight
                if size > max_bytes or weight > max_weight or len(chosen) == max_count:
                    continue
                chosen.append(pooled)
                max_bytes -= size
                max_weight -= weight
                heads[lane_key] = pooled.bundle.header.sequence
        return chosen

    def _next_of_each(
        self, heads: Mapping[bytes, int], block_time_ms: int
    ) -> Iterable[tuple[bytes, PooledBundle]]:
        turn = []
        for lane_key, sequence in heads.items():
            rivals = [
                pooled
                for pooled in self._lanes[lane_key].by_after.get(sequence, ())
                if self._is_in_time(pooled, block_time_ms)
            ]
            if rivals:
                turn.append((lane_key, rivals[0]))
        return sorted(turn, key=lambda entry: entry[1].since_ms)

    def entries(self, until_ms: int, limit: int) -> tuple[BundleEntry, ...]:
        """Return the lines of up to `limit` bundles that came until `until_ms`, longest held first."""
        held = takewhile(lambda pooled: pooled.since_ms <= until_ms, self._by_id.values())
        return tuple(
            BundleEntry(pooled.bundle.id, len(pooled.data), pooled.bundle.header.weight)
            for pooled in islice(held, limit)
        )

    def oldest_since_ms(self) -> int | None:
        """Return when the longest-waiting bundle came in, or None: the alert of a left-out partner."""
        return min((pooled.since_ms for pooled in self._by_id.values()), default=None)
