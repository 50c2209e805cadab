"""Which bundles a proposer takes: a fair choice among lanes, under the caps of a block.

Each lane offers the bundle that continues it. Whoever has used the smallest part of the block so far is next,
by whichever of bytes, weight and count it used most; among equals, at first all of them, the one whose bundle
has been next for longest. A lane that was in a block goes behind those that wait, however much it has in
store: so a lane waits at most until every other has had one bundle. Neither many bundles nor heavy ones, nor
old ones in store, give a lane more than its share while others want theirs.
"""

import heapq
from collections.abc import Callable, Mapping

import msgspec

from node.pool.held import HeldLane, PooledBundle


class Room(msgspec.Struct, frozen=True):
    """What a block may hold."""

    bytes: int
    """Most bytes of bundles."""
    weight: int
    """Most weight."""
    count: int
    """Most bundles."""


class _Use:
    """What one lane, or all of them, took."""

    __slots__ = ("bytes", "count", "weight")

    def __init__(self) -> None:
        self.bytes = self.weight = self.count = 0

    def take(self, pooled: PooledBundle) -> None:
        self.bytes += len(pooled.data)
        self.weight += pooled.bundle.header.weight
        self.count += 1

    def leaves(self, room: Room, pooled: PooledBundle) -> bool:
        """Tell whether a bundle fits beside what was taken."""
        return (
            self.bytes + len(pooled.data) <= room.bytes
            and self.weight + pooled.bundle.header.weight <= room.weight
            and self.count < room.count
        )

    def share(self, room: Room) -> int:
        """Return the greatest part of the room that was used, as a number to compare."""
        return max(
            self.bytes * room.weight * room.count,
            self.weight * room.bytes * room.count,
            self.count * room.bytes * room.weight,
        )


def choose(
    lanes: Mapping[bytes, HeldLane],
    last_sequences: Mapping[bytes, int],
    room: Room,
    is_eligible: Callable[[PooledBundle], bool],
) -> list[PooledBundle]:
    """Choose bundles in turn until the room is used up.

    A lane whose next bundle does not fit is done for this block, and the others go on.

    Args:
        lanes: What the pool holds.
        last_sequences: Last sequence in the chain of every registered lane.
        room: The block's caps.
        is_eligible: Whether a bundle may be chosen at all.
    """
    chosen: list[PooledBundle] = []
    uses = {lane_key: _Use() for lane_key in lanes}
    total = _Use()
    queue: list[tuple[int, int, bytes, PooledBundle]] = []

    def offer(lane_key: bytes, after: int) -> None:
        lane = lanes[lane_key]
        pooled = next((rival for rival in lane.after(after) if is_eligible(rival)), None)
        if pooled is not None:
            share = uses[lane_key].share(room)
            heapq.heappush(queue, (share, lane.waits_since(pooled), lane_key, pooled))

    for lane_key in lanes:
        if lane_key in last_sequences:
            offer(lane_key, last_sequences[lane_key])
    while queue:
        _share, _since, lane_key, pooled = heapq.heappop(queue)
        if total.leaves(room, pooled):
            chosen.append(pooled)
            total.take(pooled)
            uses[lane_key].take(pooled)
            offer(lane_key, pooled.bundle.header.sequence)
    return chosen
