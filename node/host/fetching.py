"""Fetching bundles that a proposal or an announcement names and this node lacks.

Whom to ask and when is `network.gossip.bundles`; here its clock ticks and its requests are sent. While a
proposal needs a bundle, its sources are named again from time to time, so that a fetch outlives a partition;
what was announced is announced again by those who want it in a block. A new block ends all wants, for the
next height begins with its own.
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
"""How often the sources of what is still needed are named again."""


class Fetching:
    """The bundles that one node wants."""

    def __init__(self, surroundings: Surroundings, pool: BundlePool) -> None:
        """Join the parts; `start` begins to look at the clock."""
        self._surroundings = surroundings
        self._pool = pool
        self._fetch = BundleFetch(FetchConfig())
        self._sources: dict[bytes, list[str]] = {}
        # By block id, what was missing of it.
        self._needed: dict[bytes, set[bytes]] = {}
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
                self._send(self._fetch.need([bundle_id], sources, now_ms))
        self._send(self._fetch.tick(now_ms))
        self._surroundings.clock.call_later(TICK_MS, self._tick)

    def announced(self, peer: str, bundle_ids: Sequence[bytes]) -> None:
        """Fetch bundles that a peer would like to see in a block."""
        self._send(self._fetch.announced(peer, self._missing(bundle_ids), self._now_ms()))

    def need(self, block_id: bytes, entries: Sequence[BundleEntry], sources: Sequence[str]) -> None:
        """Fetch bundles that a proposed block names; no vote for it without them. Once more adds sources."""
        missing = self._missing([entry.bundle_id for entry in entries])
        self._needed.setdefault(block_id, set()).update(missing)
        for bundle_id in missing:
            known = self._sources.setdefault(bundle_id, [])
            known += (name for name in sources if name not in known)
        self._send(self._fetch.need(missing, sources, self._now_ms()))

    def _missing(self, bundle_ids: Sequence[bytes]) -> list[bytes]:
        return [bundle_id for bundle_id in bundle_ids if self._pool.get(bundle_id) is None]

    def cancel(self, block_id: bytes) -> None:
        """A block does not matter any more: want no more of what it alone names."""
        no_more = self._needed.pop(block_id, set())
        self.drop([bundle_id for bundle_id in no_more if not self._is_needed(bundle_id)])

    def _is_needed(self, bundle_id: bytes) -> bool:
        return any(bundle_id in missing for missing in self._needed.values())

    def drop(self, bundle_ids: Sequence[bytes]) -> None:
        """Want these bundles no more: they are here, or nothing names them any more."""
        self._fetch.drop(bundle_ids)
        for bundle_id in bundle_ids:
            self._sources.pop(bundle_id, None)

    def clear(self) -> None:
        """Want nothing more: the height is decided."""
        self._fetch.clear()
        self._sources.clear()
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
