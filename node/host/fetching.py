"""Fetching bundles that a proposal names and this node lacks: whom to ask, and when to ask the next.

Every missing bundle has the peers known to hold it, proposer first, then whoever voted for the block. One
peer is asked at a time per bundle; when nothing came for a while, or it says it lacks the bundle, the next
one is. What was asked for in vain by everybody is asked for again from the start as long as it is wanted; a
new block ends all wants, for the next height begins with its own.
"""

from collections.abc import Sequence

from network.wire.messages import MAX_BUNDLES_ASKED, BundleMissing, BundleRequest
from node.host.surroundings import Surroundings
from node.pool.pool import BundlePool

RETRY_MS = 500
"""A peer that sent nothing for this long is passed over."""
MAX_WANTED = 4_096
"""Most bundles wanted at once: more than a few blocks name."""


class _Want:
    """One bundle that is wanted."""

    __slots__ = ("asked_ms", "at", "sources")

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.at = -1
        self.asked_ms = 0


class Fetching:
    """The bundles that one node wants."""

    def __init__(self, surroundings: Surroundings, pool: BundlePool) -> None:
        """Join the parts; `start` begins to look at the clock."""
        self._surroundings = surroundings
        self._pool = pool
        self._wants: dict[bytes, _Want] = {}

    def start(self) -> None:
        """Begin to look at the clock."""
        self._surroundings.clock.call_later(RETRY_MS, self._tick)

    def _tick(self) -> None:
        now_ms = self._surroundings.clock.now_ms()
        late = [key for key, want in self._wants.items() if now_ms - want.asked_ms >= RETRY_MS]
        self._ask(late)
        self._surroundings.clock.call_later(RETRY_MS, self._tick)

    def want(self, bundle_ids: Sequence[bytes], sources: Sequence[str]) -> None:
        """Fetch bundles; wanting one again adds sources."""
        fresh: list[bytes] = []
        for bundle_id in bundle_ids:
            want = self._wants.get(bundle_id)
            if want is None:
                if len(self._wants) >= MAX_WANTED or self._pool.get(bundle_id) is not None:
                    continue
                want = self._wants[bundle_id] = _Want()
                fresh.append(bundle_id)
            want.sources += (name for name in sources if name not in want.sources)
        self._ask(fresh)

    def cancel(self, bundle_ids: Sequence[bytes]) -> None:
        """Want these bundles no more."""
        for bundle_id in bundle_ids:
            self._wants.pop(bundle_id, None)

    def clear(self) -> None:
        """Want nothing more: the height is decided."""
        self._wants.clear()

    def arrived(self, bundle_ids: Sequence[bytes]) -> None:
        """Bundles are in the pool."""
        self.cancel(bundle_ids)

    def missing(self, peer: str, answer: BundleMissing) -> None:
        """A peer lacks what it was asked for: ask the next."""
        passed_over: list[bytes] = []
        for bundle_id in answer.bundle_ids:
            want = self._wants.get(bundle_id)
            if want is not None and want.sources and want.sources[want.at] == peer:
                passed_over.append(bundle_id)
        self._ask([key for key in passed_over if self._wants[key].at + 1 < len(self._wants[key].sources)])

    def peer_down(self, peer: str) -> None:
        """A peer is gone: it is asked for nothing more."""
        for want in self._wants.values():
            if peer in want.sources:
                want.sources.remove(peer)
                want.at = -1

    def _ask(self, bundle_ids: Sequence[bytes]) -> None:
        now_ms = self._surroundings.clock.now_ms()
        requests: dict[str, list[bytes]] = {}
        for bundle_id in bundle_ids:
            want = self._wants[bundle_id]
            want.asked_ms = now_ms
            if want.sources:
                want.at = (want.at + 1) % len(want.sources)
                requests.setdefault(want.sources[want.at], []).append(bundle_id)
        for name, wanted in requests.items():
            for at in range(0, len(wanted), MAX_BUNDLES_ASKED):
                request = BundleRequest(tuple(wanted[at : at + MAX_BUNDLES_ASKED]))
                self._surroundings.network.send(name, request)
