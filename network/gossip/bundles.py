"""Fetching the bundles that a proposal or an announcement names and this node lacks; without I/O.

What a proposal needs comes first: the proposer is asked, then those whose votes say that they hold the value
(one prevotes only with all bundles in hand). It is wanted until it is here or its value does not
matter any more; how much that can be is bounded by the blocks of one height, not here.

What a peer announces is fetched from whoever announced it, and from nobody else. Each announcer may name so
many at a time, and be asked for so many at a time, counted for it alone: a peer that announces what it never
delivers is asked a few times and crowds out nobody. What nobody delivers is forgotten.

A holder that keeps silent is joined by a second and a third; one that answers that it lacks the bundle is not
asked again. Every number is bounded, so a bundle that nobody can show costs a few requests and nothing more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import msgspec

from network.wire.messages import MAX_ANNOUNCED, MAX_BUNDLES_ASKED, BundleRequest


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
    announced: int = 2 * MAX_ANNOUNCED
    """Most bundles wanted at a time that one peer announced; beyond, it is not heard."""
    heard: int = 4 * MAX_ANNOUNCED
    """Most bundles in one peer's announcements that are looked at between two ticks."""
    in_flight: int = MAX_BUNDLES_ASKED
    """Most announced bundles that one peer is asked for and has not answered."""
    announced_ms: int = 15_000
    """An announced bundle that did not come is forgotten after this long; it may be announced again."""


class AskBundles(msgspec.Struct, frozen=True):
    """Effect: send this request."""

    peer: str
    """To whom."""
    request: BundleRequest
    """For what."""


class _Wanted(msgspec.Struct):
    """One bundle."""

    since_ms: int
    """When it was first named."""
    holders: dict[str, int]
    """Who may have it, best first, with the number of requests made."""
    asked: dict[str, int]
    """When each holder that may still answer was asked."""
    is_needed: bool = False
    """A proposal names it."""


class BundleFetch:
    """The bundles that this node lacks, and whom it asks for them."""

    def __init__(self, config: FetchConfig) -> None:
        """Begin with nothing wanted."""
        self._config = config
        self._wanted: dict[bytes, _Wanted] = {}
        # By announcer, in the order in which it is asked.
        self._announced: dict[str, dict[bytes, None]] = {}
        # Since the last tick, by announcer.
        self._heard: Counter[str] = Counter()
        # Announced bundles that a peer was asked for; counted anew with every tick, for requests run out.
        self._in_flight: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return the number of bundles wanted."""
        return len(self._wanted)

    def is_wanted(self, bundle_id: bytes) -> bool:
        """Tell whether a bundle is waited for."""
        return bundle_id in self._wanted

    def need(self, bundle_ids: Iterable[bytes], holders: Sequence[str], now_ms: int) -> list[AskBundles]:
        """Fetch what a proposal names from `holders`, best first; to be called again as they grow.

        Whoever announced such a bundle before is asked after them.
        """
        needed = tuple(bundle_ids)
        for bundle_id in needed:
            wanted = self._wanted.setdefault(bundle_id, _Wanted(now_ms, {}, {}))
            wanted.is_needed = True
            for holder in holders:
                self._name(wanted, holder)
            wanted.holders = {holder: wanted.holders[holder] for holder in holders} | wanted.holders
        return self._ask(needed, now_ms)

    def announced(self, peer: str, bundle_ids: Sequence[bytes], now_ms: int) -> list[AskBundles]:
        """Fetch what `peer` says it holds and would like to see in a block, as far as it is heard."""
        heard = bundle_ids[: self._config.heard - self._heard[peer]]
        self._heard[peer] += len(heard)
        named = self._announced.setdefault(peer, {}) if heard else {}
        taken = []
        for bundle_id in heard:
            if bundle_id in named or len(named) < self._config.announced:
                named[bundle_id] = None
                taken.append(bundle_id)
                self._name(self._wanted.setdefault(bundle_id, _Wanted(now_ms, {}, {})), peer)
        return self._ask(taken, now_ms)

    def _name(self, wanted: _Wanted, holder: str) -> None:
        """Name a holder; one that was asked often enough may be asked again, after the others."""
        if wanted.holders.get(holder, 0) >= self._config.asks_per_holder:
            del wanted.holders[holder]
        wanted.holders.setdefault(holder, 0)

    def drop(self, bundle_ids: Iterable[bytes]) -> None:
        """Stop waiting for bundles: they are here, or their value does not matter any more."""
        for bundle_id in bundle_ids:
            wanted = self._wanted.pop(bundle_id, None)
            if wanted is None:
                continue
            for holder in wanted.holders:
                self._forget(holder, bundle_id)
            if not wanted.is_needed:
                self._in_flight.subtract(wanted.asked.keys())

    def _forget(self, announcer: str, bundle_id: bytes) -> None:
        named = self._announced.get(announcer, {})
        named.pop(bundle_id, None)
        if not named:
            self._announced.pop(announcer, None)

    def clear(self) -> None:
        """Stop waiting for anything."""
        self._wanted.clear()
        self._announced.clear()
        self._in_flight.clear()

    def on_missing(self, peer: str, bundle_ids: Iterable[bytes], now_ms: int) -> list[AskBundles]:
        """A peer does not have these."""
        left = []
        for bundle_id in bundle_ids:
            wanted = self._wanted.get(bundle_id)
            if wanted is None or peer not in wanted.holders:
                continue
            del wanted.holders[peer]
            self._forget(peer, bundle_id)
            if wanted.asked.pop(peer, None) is not None and not wanted.is_needed:
                self._in_flight[peer] -= 1
            if wanted.holders or wanted.is_needed:
                left.append(bundle_id)
            else:
                del self._wanted[bundle_id]
        return self._ask(left, now_ms)

    def on_peer_down(self, peer: str, now_ms: int) -> list[AskBundles]:
        """A peer is gone; once it is back it may be named as a holder again."""
        return self.on_missing(peer, tuple(self._wanted), now_ms)

    def tick(self, now_ms: int) -> list[AskBundles]:
        """Time has passed; to be called a few times a second while anything is wanted."""
        config = self._config
        self.drop(
            [
                bundle_id
                for bundle_id, wanted in self._wanted.items()
                if not wanted.is_needed and now_ms - wanted.since_ms >= config.announced_ms
            ]
        )
        self._heard.clear()
        self._run_out(now_ms)
        return self._ask(tuple(self._in_turn()), now_ms)

    def _run_out(self, now_ms: int) -> None:
        """Forget requests that stay unanswered, and count the others."""
        self._in_flight.clear()
        for wanted in self._wanted.values():
            wanted.asked = {
                holder: asked_ms
                for holder, asked_ms in wanted.asked.items()
                if now_ms - asked_ms < self._config.answer_ms
            }
            if not wanted.is_needed:
                self._in_flight.update(wanted.asked.keys())

    def _ask(self, bundle_ids: Iterable[bytes], now_ms: int) -> list[AskBundles]:
        """Ask for those of these bundles for which it is time."""
        requests: dict[str, list[bytes]] = {}
        for bundle_id in bundle_ids:
            wanted = self._wanted[bundle_id]
            holder = self._next_holder(wanted, now_ms)
            if holder is not None:
                wanted.holders[holder] += 1
                wanted.asked[holder] = now_ms
                if not wanted.is_needed:
                    self._in_flight[holder] += 1
                    # Behind what this announcer was not asked for yet.
                    self._announced[holder][bundle_id] = self._announced[holder].pop(bundle_id)
                requests.setdefault(holder, []).append(bundle_id)
        return [
            AskBundles(holder, BundleRequest(tuple(ids[first : first + MAX_BUNDLES_ASKED])))
            for holder, ids in requests.items()
            for first in range(0, len(ids), MAX_BUNDLES_ASKED)
        ]

    def _in_turn(self) -> Iterator[bytes]:
        """Yield what is wanted, once each: what is needed, then one of each announcer in turn."""
        yield from (bundle_id for bundle_id, wanted in self._wanted.items() if wanted.is_needed)
        seen: set[bytes] = set()
        for turn in zip_longest(*self._announced.values()):
            for bundle_id in turn:
                if bundle_id is not None and bundle_id not in seen and not self._wanted[bundle_id].is_needed:
                    seen.add(bundle_id)
                    yield bundle_id

    def _next_holder(self, wanted: _Wanted, now_ms: int) -> str | None:
        """Return whom to ask now, if anybody: the least asked, and of those the best."""
        config = self._config
        if len(wanted.asked) >= config.fan_out:
            return None
        if wanted.asked and now_ms - max(wanted.asked.values()) < config.hurry_ms:
            return None
        free = [
            holder
            for holder, asks in wanted.holders.items()
            if holder not in wanted.asked
            and asks < config.asks_per_holder
            and (wanted.is_needed or self._in_flight[holder] < config.in_flight)
        ]
        return min(free, key=lambda holder: wanted.holders[holder], default=None)
