"""How long a request waits for the ledger: until its time is up, or the node stops.

A node that stops answers whoever waits at once, with what became of the request and what to do next; a client
that learned nothing until its connection was cut could not tell a slow network from a node that is gone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from node.api.context import ApiContext
from node.api.problems import Problem

STOPPING: Final = "node_stopping"
_MS_PER_SECOND: Final = 1_000


class Patience:
    """Time limits of requests, which all end together when the node stops. Used on the event loop.

    Attributes:
        is_over: The node stops.
    """

    def __init__(self, context: ApiContext) -> None:
        """Wait as long as the settings of `context` say."""
        self._status = context.status
        self._wait_s = context.settings.wait_ms / _MS_PER_SECOND
        self._limits: set[asyncio.Timeout] = set()
        self.is_over = False

    @asynccontextmanager
    async def limit(
        self, *, is_timed: bool = True, longest_s: float | None = None
    ) -> AsyncIterator[asyncio.Timeout]:
        """Bound what is awaited inside.

        Args:
            is_timed: By the time that requests wait; else only by `longest_s` and the end of the node.
            longest_s: How long it may take when it is not timed; None for any time.

        Raises:
            TimeoutError: It took longer.
        """
        seconds = self._wait_s if is_timed else longest_s
        async with asyncio.timeout(0 if self.is_over else seconds) as limit:
            self._limits.add(limit)
            try:
                yield limit
            finally:
                self._limits.discard(limit)

    def end(self) -> None:
        """Let nobody wait any longer: the node stops."""
        self.is_over = True
        now = asyncio.get_running_loop().time()
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(now)

    @property
    def reason(self) -> str:
        """The code that says why what was waited for has not come."""
        if self.is_over:
            return STOPPING
        return "not_yet_committed" if self._status.status().has_quorum else "no_quorum"

    def late(self, document_id: bytes = b"") -> Problem:
        """Return the problem for a request that waited too long.

        Args:
            document_id: What is kept, though in no block yet; empty for several.
        """
        return Problem(self.reason, members={"document": document_id.hex()} if document_id else None)
