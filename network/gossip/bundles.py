"""Fetching the bundles that a proposal names and this node lacks; without I/O.

The proposer is asked first, then those whose votes say that they hold the value (CONSENSUS: one prevotes only
with all bundles in hand). A holder that keeps silent is joined by a second and a third; one that answers that
it lacks the bundle is not asked again. Every number is bounded, so a value that nobody can show costs a few
requests and nothing more.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec

from network.wire.messages import MAX_BUNDLES_ASKED, BundleRequest


class FetchConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Times in ms."""

    hurry_ms: int = 400
    """Without an answer for this long, one more holder is asked."""
    answer_ms: int = 2_000
    """Without an answer for this long, a holder may be asked again."""
    fan_out: int = 3
    """Most holders asked for one bundle at a time."""
    asks_per_holder: int = 3
    """Most requests to one holder for one bundle, until it is named as a holder again."""
    wanted: int = 4_096
    """Most bundles wanted at a time; beyond, the longest wanted is given up."""


class AskBundles(msgspec.Struct, frozen=True):
    """Effect: send this request."""

    peer: str
    """To whom."""
    request: BundleRequest
    """For what."""


class _Wanted(msgspec.Struct):
    """One bundle."""

    holders: dict[str, int]
    """Who may have it, best first, with the number of requests made."""
    asked: dict[str, int]
    """When each holder that may still answer was asked."""


class BundleFetch:
    """The bundles that this node lacks, and whom it asks for them."""

    def __init__(self, config: FetchConfig) -> None:
        """Begin with nothing wanted."""
        self._config = config
        self._wanted: OrderedDict[bytes, _Wanted] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of bundles wanted."""
        return len(self._wanted)

    def is_wanted(self, bundle_id: bytes) -> bool:
        """Tell whether a bundle is waited for."""
        return bundle_id in self._wanted

    def want(self, bundle_ids: Iterable[bytes], holders: Sequence[str], now_ms: int) -> list[AskBundles]:
        """Fetch bundles (ids of 32 bytes) from `holders`, best first; may be called again as they grow."""
        for bundle_id in bundle_ids:
            wanted = self._wanted.setdefault(bundle_id, _Wanted({}, {}))
            for holder in holders:
                if wanted.holders.get(holder, 0) >= self._config.asks_per_holder:
                    del wanted.holders[holder]
                wanted.holders.setdefault(holder, 0)
        while len(self._wanted) > self._config.wanted:
            self._wanted.popitem(last=False)
        return self._ask(now_ms)

    def drop(self, bundle_ids: Iterable[bytes]) -> None:
        """Stop waiting for bundles: they are here, or their value does not matter any more."""
        for bundle_id in bundle_ids:
            self._wanted.pop(bundle_id, None)

    def on_missing(self, peer: str, bundle_ids: Iterable[bytes], now_ms: int) -> list[AskBundles]:
        """A peer does not have these."""
        for bundle_id in bundle_ids:
            wanted = self._wanted.get(bundle_id)
            if wanted is not None:
                wanted.holders.pop(peer, None)
                wanted.asked.pop(peer, None)
        return self._ask(now_ms)

    def on_peer_down(self, peer: str, now_ms: int) -> list[AskBundles]:
        """A peer is gone; once it is back it may be named as a holder again."""
        return self.on_missing(peer, tuple(self._wanted), now_ms)

    def tick(self, now_ms: int) -> list[AskBundles]:
        """Time has passed; to be called a few times a second while anything is wanted."""
        return self._ask(now_ms)

    def _ask(self, now_ms: int) -> list[AskBundles]:
        requests: dict[str, list[bytes]] = {}
        for bundle_id, wanted in self._wanted.items():
            holder = self._next_holder(wanted, now_ms)
            if holder is not None:
                wanted.holders[holder] += 1
                wanted.asked[holder] = now_ms
                requests.setdefault(holder, []).append(bundle_id)
        return [
            AskBundles(holder, BundleRequest(tuple(ids[first : first + MAX_BUNDLES_ASKED])))
            for holder, ids in requests.items()
            for first in range(0, len(ids), MAX_BUNDLES_ASKED)
        ]

    def _next_holder(self, wanted: _Wanted, now_ms: int) -> str | None:
        """Return whom to ask now, if anybody: the least asked, and of those the best."""
        config = self._config
        wanted.asked = {
            holder: asked_ms
            for holder, asked_ms in wanted.asked.items()
            if now_ms - asked_ms < config.answer_ms
        }
        if len(wanted.asked) >= config.fan_out:
            return None
        if wanted.asked and now_ms - max(wanted.asked.values()) < config.hurry_ms:
            return None
        free = [
            holder
            for holder, asks in wanted.holders.items()
            if holder not in wanted.asked and asks < config.asks_per_holder
        ]
        return min(free, key=lambda holder: wanted.holders[holder], default=None)
