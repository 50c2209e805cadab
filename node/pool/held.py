"""What the pool holds of one lane, and in which order it would go.

Bundles stand in the order in which they could enter the chain: by the sequence they come after, then by their
own. The first of those that continue the chain now is the lane's next; the last ones are the furthest ahead,
and go first when room is needed.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable

import msgspec

from contracts.chain.header import BundleEntry
from contracts.ledger.bundle import BundleHeader, OpenBundle


class PooledBundle(msgspec.Struct, frozen=True):
    """A bundle in the pool."""

    bundle: OpenBundle
    """Read and verified."""
    data: bytes
    """As received: what is sent on, stored and hashed."""
    since_ms: int
    """When it came in, by the node's clock."""


DOCUMENT_WORK = 6
"""What a document costs beside what it lists, in serials: see docs/performance.md."""


def work_of(header: BundleHeader) -> int:
    """Return about how much work a bundle is to execute, counted in serials."""
    return header.weight + DOCUMENT_WORK * header.count


def entry_of(pooled: PooledBundle) -> BundleEntry:
    """Return the line of a block that would name a bundle."""
    return BundleEntry(pooled.bundle.id, len(pooled.data), pooled.bundle.header.weight)


class Tally(msgspec.Struct):
    """How much is held that may be dropped for room."""

    bytes: int = 0
    """Length of the bundles."""
    count: int = 0
    """Their number."""

    def change(self, pooled: PooledBundle, sign: int) -> None:
        """Count a bundle (1), or count it no more (-1)."""
        self.bytes += sign * len(pooled.data)
        self.count += sign


_Place = tuple[int, int, bytes]
"""After, sequence, bundle id."""


def _place_of(pooled: PooledBundle) -> _Place:
    header = pooled.bundle.header
    return header.after, header.sequence, pooled.bundle.id


class Holder:
    """A partner, or whoever else several lanes belong to: its shares are shares of all of them together.

    Attributes:
        tally: Bundles of all its lanes, as in `HeldLane`.
        served: The turn in which one of them was last in a block.
    """

    __slots__ = ("served", "tally")

    def __init__(self) -> None:
        """Begin without bundles."""
        self.tally = Tally()
        self.served = 0


class HeldLane:
    """One lane's bundles.

    Turns are numbers that grow with whatever happens in the pool: they tell who waits longer without a clock.

    Attributes:
        head: The lane's last sequence in the chain.
        next: The bundle that continues the chain, of rivals the longest held; None when it is not here.
        variants: Number of bundles by sequence.
        tally: Its bundles, without the next one and those that are kept.
        holder: Whose it is.
    """

    def __init__(self, head: int, turn: int, total: Tally, holder: Holder) -> None:
        """Begin without bundles; `total` counts those of all lanes."""
        self.head = head
        self.holder = holder
        self.next: PooledBundle | None = None
        self.variants: Counter[int] = Counter()
        self.tally = Tally()
        self._total = total
        self._head_turn = turn
        self._by_after: dict[int, dict[bytes, PooledBundle]] = {}
        self._places: list[_Place] = []
        self._turns: dict[bytes, int] = {}
        self._kept: set[bytes] = set()
        self._counted: set[bytes] = set()

    def __len__(self) -> int:
        """Return the number of all its bundles."""
        return len(self._places)

    def add(self, pooled: PooledBundle, turn: int) -> None:
        """Take in a bundle that is not here."""
        header = pooled.bundle.header
        self._by_after.setdefault(header.after, {})[pooled.bundle.id] = pooled
        insort(self._places, _place_of(pooled))
        self._turns[pooled.bundle.id] = turn
        self.variants[header.sequence] += 1
        self._count(pooled)
        self._find_next()

    def remove(self, pooled: PooledBundle) -> None:
        """Let a bundle go."""
        header = pooled.bundle.header
        self._kept.discard(pooled.bundle.id)
        del self._turns[pooled.bundle.id]
        self._count(pooled)
        rivals = self._by_after[header.after]
        del rivals[pooled.bundle.id]
        if not rivals:
            del self._by_after[header.after]
        del self._places[bisect_left(self._places, _place_of(pooled))]
        self.variants[header.sequence] -= 1
        if not self.variants[header.sequence]:
            del self.variants[header.sequence]
        self._find_next()

    def keep(self, pooled: PooledBundle) -> None:
        """Keep a bundle of this lane, whatever room is needed."""
        self._kept.add(pooled.bundle.id)
        self._count(pooled)

    def let_go(self, pooled: PooledBundle) -> None:
        """Keep a bundle of this lane no longer."""
        self._kept.discard(pooled.bundle.id)
        self._count(pooled)

    def move(self, head: int, turn: int) -> None:
        """The chain holds the lane's bundles up to `head`."""
        if head != self.head:
            self.head, self._head_turn = head, turn
            self.holder.served = turn
            self._find_next()

    def _find_next(self) -> None:
        before, self.next = self.next, next(iter(self.after(self.head)), None)
        for pooled in (before, self.next):
            if pooled is not None:
                self._count(pooled)

    def _count(self, pooled: PooledBundle) -> None:
        """Count a bundle if it is here and may be dropped, and only then."""
        identifier = pooled.bundle.id
        may_go = identifier in self._turns and identifier not in self._kept and pooled is not self.next
        if may_go == (identifier in self._counted):
            return
        sign = 1 if may_go else -1
        for tally in (self.tally, self.holder.tally, self._total):
            tally.change(pooled, sign)
        (self._counted.add if may_go else self._counted.remove)(identifier)

    def after(self, sequence: int) -> Iterable[PooledBundle]:
        """Return the bundles that come after this sequence: rivals, the longest held first."""
        return self._by_after.get(sequence, {}).values()

    @property
    def last(self) -> PooledBundle | None:
        """The bundle furthest ahead of those that may be dropped; None when there is none."""
        place = next((place for place in reversed(self._places) if place[2] in self._counted), None)
        return None if place is None else self._by_after[place[0]][place[2]]

    def waits_since(self, pooled: PooledBundle) -> int:
        """Return the turn since which a bundle could have been the next: when it came, or its turn did."""
        return max(self._turns[pooled.bundle.id], self._head_turn)
