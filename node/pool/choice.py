"""Which bundles a proposer takes: a fair choice among partners, under the caps of a block.

Each lane offers the bundle that continues it. Whoever has used the smallest part of the block so far is next,
by whichever of bytes, weight and count it used most; all lanes of a partner use one part. Among equals, at
first all of them, the one whose bundle has been next for longest. A partner that was in a block goes behind
those that wait, however much it has in store: so one waits at most until every other has had one bundle.
Neither many bundles nor heavy ones, nor old ones in store, nor many keys, give a partner more than its share
while others want theirs.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Mapping

import msgspec

from node.pool.held import HeldLane, Holder, PooledBundle, work_of

ANY_WORK = 1 << 40
"""More than all bundles of a pool are."""


class Room(msgspec.Struct, frozen=True):
    """What a block may hold."""

    bytes: int
    """Most bytes of bundles."""
    weight: int
    """Most weight."""
    count: int
    """Most bundles."""
    work: int = ANY_WORK
    """Most work (`work_of`), beyond the first bundle."""


class _Use:
    """What one partner, or all of them, took."""

    __slots__ = ("bytes", "count", "weight", "work")

    def __init__(self) -> None:
        self.bytes = self.weight = self.count = self.work = 0

    def take(self, pooled: PooledBundle) -> None:
        self.bytes += len(pooled.data)
        self.weight += pooled.bundle.header.weight
        self.work += work_of(pooled.bundle.header)
        self.count += 1

    def leaves(self, room: Room, pooled: PooledBundle) -> bool:
        """Tell whether a bundle fits beside what was taken."""
        return (
            self.bytes + len(pooled.data) <= room.bytes
            and self.weight + pooled.bundle.header.weight <= room.weight
            and self.count < room.count
            and (not self.count or self.work + work_of(pooled.bundle.header) <= room.work)
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
    total, offers = _Use(), _Offers(lanes, room, is_eligible)
    for lane_key in lanes:
        if lane_key in last_sequences:
            offers.add(lane_key, last_sequences[lane_key])
    offers.line_up()
    while (pooled := offers.take()) is not None:
        if total.leaves(room, pooled):
            chosen.append(pooled)
            total.take(pooled)
            offers.was_chosen(pooled)
        offers.line_up_again(pooled)
    return chosen


class _Offers:
    """What may be chosen next: of the partner whose turn it is, the bundle of the lane whose turn it is."""

    def __init__(
        self, lanes: Mapping[bytes, HeldLane], room: Room, is_eligible: Callable[[PooledBundle], bool]
    ) -> None:
        self._lanes = lanes
        self._room = room
        self._is_eligible = is_eligible
        self._uses: defaultdict[Holder, _Use] = defaultdict(_Use)
        self._lane_uses: defaultdict[bytes, _Use] = defaultdict(_Use)
        # For each partner: the part that the lane used, since when it waits, the lane, its bundle.
        self._by_holder: defaultdict[Holder, list[tuple[int, int, bytes, PooledBundle]]] = defaultdict(list)
        # The part that the partner used, since when it waits, a lane of its, so that ties end the same way.
        self._line: list[tuple[int, int, bytes]] = []

    def add(self, lane_key: bytes, after: int) -> None:
        """Offer the bundle of a lane that comes after a sequence, if there is one."""
        lane = self._lanes[lane_key]
        pooled = next((rival for rival in lane.after(after) if self._is_eligible(rival)), None)
        if pooled is not None:
            share = self._lane_uses[lane_key].share(self._room)
            offer = (share, lane.waits_since(pooled), lane_key, pooled)
            heapq.heappush(self._by_holder[lane.holder], offer)

    def line_up(self) -> None:
        """Let all partners stand in line."""
        for holder in self._by_holder:
            self._stand(holder)

    def _stand(self, holder: Holder) -> None:
        offers = self._by_holder[holder]
        if offers:
            # It waits as long as its longest-waiting bundle, but not since before it was last in a block.
            since = max(holder.served, min(offer[1] for offer in offers))
            heapq.heappush(self._line, (self._uses[holder].share(self._room), since, offers[0][2]))

    def take(self) -> PooledBundle | None:
        """Take the next offer out; its partner stands in line again by `line_up_again`."""
        if not self._line:
            return None
        _share, _since, lane_key = heapq.heappop(self._line)
        return heapq.heappop(self._by_holder[self._lanes[lane_key].holder])[3]

    def was_chosen(self, pooled: PooledBundle) -> None:
        """Count a bundle for its lane and partner, and offer the one that comes after it."""
        header = pooled.bundle.header
        self._uses[self._lanes[header.lane].holder].take(pooled)
        self._lane_uses[header.lane].take(pooled)
        self.add(header.lane, header.sequence)

    def line_up_again(self, pooled: PooledBundle) -> None:
        """Let the partner of a bundle that was taken stand in line with what else it offers."""
        self._stand(self._lanes[pooled.bundle.header.lane].holder)
