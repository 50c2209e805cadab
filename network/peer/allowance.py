"""How much one peer may send: a bucket that fills with time and empties with use; it has no clock."""

_MS_PER_SECOND = 1000


class Allowance:
    """A bucket of whole units (bytes, messages)."""

    def __init__(self, per_second: int, burst: int, now_ms: int) -> None:
        """Begin full: `burst` units at once, `per_second` units each second from then on."""
        self._per_second = per_second
        self._burst_milli = burst * _MS_PER_SECOND
        self._milli = self._burst_milli
        self._at_ms = now_ms

    def spend(self, units: int, now_ms: int) -> int:
        """Take `units`, also when that leaves a debt; return how many ms to wait until the debt is paid."""
        earned = (now_ms - self._at_ms) * self._per_second
        self._milli = min(self._burst_milli, self._milli + earned) - units * _MS_PER_SECOND
        self._at_ms = now_ms
        return 0 if self._milli >= 0 else -self._milli // self._per_second + 1

    def afford(self, units: int, now_ms: int) -> bool:
        """Take `units` if that leaves no debt; tell whether it did."""
        self.spend(0, now_ms)
        if self._milli < units * _MS_PER_SECOND:
            return False
        self.spend(units, now_ms)
        return True
