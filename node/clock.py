"""The time of day: the only module that reads the system's clock.

A test network may run on another day: genesis' offset is added, on every node and across restarts. A
production genesis has none.
"""

import time

_NS_PER_MS = 1_000_000


class SystemClock:
    """The system's time of day plus the network's offset."""

    def __init__(self, offset_ms: int) -> None:
        """Add `offset_ms` to the system's time."""
        self._offset_ms = offset_ms

    def now_ms(self) -> int:
        """Return ms since 1970-01-01 UTC."""
        return time.time_ns() // _NS_PER_MS + self._offset_ms
