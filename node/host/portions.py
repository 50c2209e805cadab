"""What each peer may take of this node's disk, memory and line.

A request is a few bytes and its answer megabytes, so who asks without end would take all of it. Of one peer
few requests wait for the disk at a time, and what it is given is charged to an allowance of its own. What it
asks beyond either is dropped; a correct node asks again.
"""

from collections import Counter
from collections.abc import Callable

from network.peer.allowance import Allowance

MAX_REQUESTS_WAITING = 4
"""Requests of one peer that wait for the disk; a correct node has one at a time."""
SERVED_BYTES_PER_SECOND = 32 << 20
"""Blocks, bundles and chunks given to one peer: several times what a network writes."""
SERVED_BURST_BYTES = 64 << 20
"""Given to it at once: some of the largest blocks, whole."""


class Portions:
    """Shares one node among its peers. Used on the event loop.

    Attributes:
        refused: Requests dropped so far, for metrics: too many at once, or more than the allowance.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """Begin; `now_ms` is a clock that only moves forward."""
        self._now_ms = now_ms
        self._waiting: Counter[str] = Counter()
        # By name, also of peers that are gone: who comes back has no new one. The ledger names them all.
        self._allowances: dict[str, Allowance] = {}
        self.refused = 0

    def allow(self, peer: str) -> bool:
        """Tell whether a peer may be given anything now; count it when not."""
        if self.charge(peer, 0) > 0:
            self.refused += 1
            return False
        return True

    def begin(self, peer: str) -> bool:
        """Let a peer's request wait for the disk, unless too many do, or it was given too much lately."""
        if self._waiting[peer] >= MAX_REQUESTS_WAITING:
            self.refused += 1
            return False
        if not self.allow(peer):
            return False
        self._waiting[peer] += 1
        return True

    def end(self, peer: str) -> None:
        """A request of a peer waits no more."""
        self._waiting[peer] -= 1
        if not self._waiting[peer]:
            del self._waiting[peer]

    def charge(self, peer: str, size: int) -> int:
        """Charge so many bytes to a peer; return for how many ms it is given nothing more."""
        now_ms = self._now_ms()
        allowance = self._allowances.get(peer)
        if allowance is None:
            allowance = Allowance(SERVED_BYTES_PER_SECOND, SERVED_BURST_BYTES, now_ms)
            self._allowances[peer] = allowance
        return allowance.spend(size, now_ms)
