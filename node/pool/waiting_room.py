"""How much of its clients' work a node takes on: documents, bytes and weight between submission and commit.

Two things bound what may wait. Memory: never more than the caps. And time: never more than the chain has
lately taken of this node's documents in `WAIT_MS`, so that who is told "kept" is in a block soon, and who
comes too often learns it at once and not after minutes. A node that knows no pace yet has the floors.

Shares: a lane that holds less than its part (of as many as this node has lanes) gets in even when the rest is
full. Nothing is ever driven out for it, for what waits may be promised already: so all lanes together may
hold twice the bound, and no more.
"""

from collections.abc import Iterable

import msgspec

WAIT_MS = 5_000
"""About how long what waits may take to be in a block."""
PACE_MS = 1_000
"""The pace is measured over at least this long."""
_NEW_SHARE = 0.5
"""Weight of the newest measurement."""
_MS_PER_SECOND = 1_000


class Load(msgspec.Struct):
    """How much something is."""

    documents: int = 0
    """Their number."""
    bytes: int = 0
    """Their length, encoded."""
    weight: int = 0
    """Serials, items and child counts in them."""

    def add(self, other: "Load", sign: int = 1) -> None:
        """Add another load, or take it off (-1)."""
        self.documents += sign * other.documents
        self.bytes += sign * other.bytes
        self.weight += sign * other.weight


class RoomLimits(msgspec.Struct, frozen=True):
    """Bounds for all lanes of a node together."""

    bytes: int
    """Most bytes; of these memory is several times as much."""
    documents: int = 20_000
    """Most documents."""
    weight: int = 2_000_000
    """Most weight: what is admitted is also kept as rows of a view, one for every serial."""
    least_documents: int = 2_000
    """So many may wait however slow the chain is."""
    least_weight: int = 200_000
    """Likewise; ten of the heaviest documents."""


class WaitingRoom:
    """Counts what waits.

    Attributes:
        total: What waits, of all lanes.
    """

    def __init__(self, limits: RoomLimits, lanes: Iterable[bytes], now_ms: int) -> None:
        """Begin empty."""
        self._limits = limits
        self._lanes = {lane: Load() for lane in lanes}
        self._inside: dict[bytes, tuple[bytes, Load]] = {}
        self._pace: Load | None = None  # a second
        self._drained = Load()
        self._since_ms = now_ms
        self.total = Load()

    @property
    def documents_per_second(self) -> float:
        """How many documents a second the chain has lately taken; 0 before anything was measured."""
        return 0.0 if self._pace is None else float(self._pace.documents)

    def bound(self) -> Load:
        """Return what may wait now."""
        limits, pace = self._limits, self._pace
        if pace is None:
            return Load(limits.least_documents, limits.bytes, limits.least_weight)
        seconds = WAIT_MS // _MS_PER_SECOND
        return Load(
            min(limits.documents, max(limits.least_documents, pace.documents * seconds)),
            limits.bytes,
            min(limits.weight, max(limits.least_weight, pace.weight * seconds)),
        )

    def full(self, lane: bytes, load: Load) -> str:
        """Return what there is no room for: documents, bytes or weight; empty when a load may come in.

        Args:
            lane: Whose it is.
            load: How much it is.
        """
        bound, held, parts = self.bound(), self._lanes[lane], len(self._lanes)
        for name in ("documents", "bytes", "weight"):
            most, more = getattr(bound, name), getattr(load, name)
            # One that is larger than the whole room comes in when nothing else is there.
            fits = getattr(self.total, name) + more <= most or not getattr(self.total, name)
            if not fits and getattr(held, name) + more > most // parts:
                return name
        return ""

    def enter(self, lane: bytes, load: Load) -> None:
        """Count a load that was let in."""
        for tally in (self.total, self._lanes[lane]):
            tally.add(load)

    def leave(self, lane: bytes, load: Load) -> None:
        """Count it no more: it was refused, or was here already."""
        for tally in (self.total, self._lanes[lane]):
            tally.add(load, -1)

    def keep(self, document_id: bytes, lane: bytes, load: Load) -> None:
        """Note whose document a load is; `settle` takes it off."""
        self._inside[document_id] = (lane, load)

    def settle(self, document_ids: Iterable[bytes], now_ms: int) -> None:
        """A block has come: these documents, as far as they were kept, are in it."""
        for document_id in document_ids:
            lane, load = self._inside.pop(document_id, (b"", None))
            if load is not None:
                self.leave(lane, load)
                self._drained.add(load)
        passed_ms = now_ms - self._since_ms
        if passed_ms < PACE_MS:
            return
        if self._inside or self._drained.documents:
            self._measure(passed_ms)
        self._drained, self._since_ms = Load(), now_ms

    def _measure(self, passed_ms: int) -> None:
        drained, before = self._drained, self._pace
        found = Load(
            drained.documents * _MS_PER_SECOND // passed_ms,
            drained.bytes * _MS_PER_SECOND // passed_ms,
            drained.weight * _MS_PER_SECOND // passed_ms,
        )
        if before is None:
            self._pace = found
            return
        self._pace = Load(
            *(
                int(_NEW_SHARE * getattr(found, name) + (1 - _NEW_SHARE) * getattr(before, name))
                for name in ("documents", "bytes", "weight")
            )
        )
