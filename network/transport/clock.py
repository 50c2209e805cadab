"""The event loop's clock, in the face that sessions ask for."""

import asyncio
from collections.abc import Callable

from network.transport.base import Timer

_MS_PER_SECOND = 1000


class LoopClock:
    """Time and calls by an asyncio event loop: monotonic, unrelated to the time of day."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Use `loop`."""
        self._loop = loop

    def now_ms(self) -> int:
        """Return the loop's time in ms."""
        return int(self._loop.time() * _MS_PER_SECOND)

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call `callback` in the loop's next turn."""
        self._loop.call_soon(callback)

    def call_later(self, delay_ms: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` in `delay_ms` ms."""
        return self._loop.call_later(delay_ms / _MS_PER_SECOND, callback)
