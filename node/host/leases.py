"""Which snapshots peers are fetching just now: those stay a while, though newer ones are there (ADR 20).

Where blocks are quick or the state is large, what a peer was offered would be gone before it has all of it.
A peer has one lease at a time, for what it was offered or asked for last, so whoever asks without end holds
back one snapshot; and of all of them few stay, those that were begun first.
"""

from collections.abc import Callable, Collection

import msgspec

LEASE_MS = 120_000
"""So long after a peer was offered a snapshot, or asked for a chunk of it, it may ask for the next."""
MAX_LEASE_MS = 12 * 3_600_000
"""Who takes longer than this has no right of the first any more: it counts from then as who begins now."""
MAX_LEASED = 4
"""So many snapshots are held back at most, beside those that are kept anyway."""


class _Lease(msgspec.Struct):
    """What one peer fetches."""

    height: int
    """The snapshot's."""
    began_ms: int
    """When it was first offered this one."""
    used_ms: int
    """When it was last offered this one, or asked for a chunk."""


class Leases:
    """One lease per peer. Used on the event loop."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """Begin; `now_ms` is a clock that only moves forward."""
        self._now_ms = now_ms
        # By name; the ledger names them all.
        self._leases: dict[str, _Lease] = {}

    def use(self, peer: str, height: int) -> None:
        """A peer is offered a snapshot, or asks for a chunk of it."""
        now_ms = self._now_ms()
        lease = self._leases.get(peer)
        if lease is not None and lease.height == height and now_ms - lease.began_ms <= MAX_LEASE_MS:
            lease.used_ms = now_ms
        else:
            self._leases[peer] = _Lease(height, now_ms, now_ms)

    def held_back(self, held: Collection[int], beside: Collection[int]) -> frozenset[int]:
        """Return the heights of snapshots that are to stay for peers.

        Args:
            held: Of those that are here.
            beside: Of those that stay anyway.
        """
        now_ms = self._now_ms()
        self._leases = {
            peer: lease
            for peer, lease in self._leases.items()
            if now_ms - lease.used_ms <= LEASE_MS and lease.height in held
        }
        oldest_first = sorted(self._leases.values(), key=lambda lease: (lease.began_ms, lease.height))
        heights = dict.fromkeys(lease.height for lease in oldest_first if lease.height not in beside)
        return frozenset(list(heights)[:MAX_LEASED])
