"""Fetching bundles that a proposal or an announcement names and this node lacks.

Whom to ask and when is `network.gossip.bundles`; here its clock ticks and its requests are sent. While a
bundle stays wanted, its sources are named again from time to time, so that a fetch outlives a partition. A
new block ends all wants, for the next height begins with its own.
"""

from collections.abc import Sequence

from contracts.chain.header import BundleEntry
from network.gossip.bundles import AskBundles, BundleFetch, FetchConfig
from network.wire.messages import BundleMissing
from node.host.surroundings import Surroundings
from node.pool.pool import BundlePool

TICK_MS = 200
"""How often the fetch looks at the clock."""
RENEW_MS = 5_000
"""How often the sources of what is still wanted are named again."""


class Fetching:
    """The bundles that one node wants."""

    def __init__(self, surroundings: Surroundings, pool: BundlePool) -> None:
        """Join the parts; `start` begins to look at the clock."""
        self._surroundings = surroundings
        self._pool = pool
        self._fetch = BundleFetch(FetchConfig())
        self._sources: dict[bytes, list[str]] = {}
        self._needed: dict[bytes, int] = {}
        self._renew_at_ms = 0

    def start(self) -> None:
        """Begin to look at the clock."""
        self._surroundings.clock.call_later(TICK_MS, self._tick)

    def _now_ms(self) -> int:
        return self._surroundings.clock.now_ms()

    def _tick(self) -> None:
        now_ms = self._now_ms()
        if now_ms >= self._renew_at_ms:
            self._renew_at_ms = now_ms + RENEW_MS
            for bundle_id, sources in self._sources.items():
                self._send(self._fetch.want([bundle_id], sources, now_ms))
        self._send(self._fetch.tick(now_ms))
        self._surroundings.clock.call_later(TICK_MS, self._tick)

    def want(self, bundle_ids: Sequence[bytes], sources: Sequence[str]) -> None:
        """Fetch bundles; wanting one again adds sources."""
        missing = [bundle_id for bundle_id in bundle_ids if self._pool.get(bundle_id) is None]
        for bundle_id in missing:
            known = self._sources.setdefault(bundle_id, [])
            known += (name for name in sources if name not in known)
        self._send(self._fetch.want(missing, sources, self._now_ms()))
        for bundle_id in list(self._sources):
            if not self._fetch.is_wanted(bundle_id):
                del self._sources[bundle_id]

    def need(self, entries: Sequence[BundleEntry], sources: Sequence[str]) -> None:
        """Fetch bundles that a proposed block names: no vote for it without them."""
        self._needed.update((entry.bundle_id, entry.size) for entry in entries)
        self.want([entry.bundle_id for entry in entries], sources)

    def is_needed(self, bundle_id: bytes, size: int) -> bool:
        """Tell whether a proposed block names this bundle, as one of this size."""
        return self._needed.get(bundle_id) == size

    def drop(self, bundle_ids: Sequence[bytes]) -> None:
        """Want these bundles no more: they are here, or their block does not matter any more."""
        self._fetch.drop(bundle_ids)
        for bundle_id in bundle_ids:
            self._sources.pop(bundle_id, None)
            self._needed.pop(bundle_id, None)

    def clear(self) -> None:
        """Want nothing more: the height is decided."""
        self.drop(list(self._sources))
        self._needed.clear()

    def missing(self, peer: str, answer: BundleMissing) -> None:
        """A peer lacks what it was asked for."""
        self._send(self._fetch.on_missing(peer, answer.bundle_ids, self._now_ms()))

    def peer_down(self, peer: str) -> None:
        """A peer is gone."""
        self._send(self._fetch.on_peer_down(peer, self._now_ms()))

    def _send(self, requests: Sequence[AskBundles]) -> None:
        for ask in requests:
            self._surroundings.network.send(ask.peer, ask.request)
