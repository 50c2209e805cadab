"""A node's HTTP interface on a thread of its own, for commands that block; tokens are partners' names."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar

from tests.support.ledger import OneNode
from tests.unit.node.api.harness import PATIENCE_S, Api, serving

T = TypeVar("T")


class RealNode:
    """Attributes: node: its ledger, blocks come by themselves. url: its API."""

    def __init__(self, prepare: Callable[[OneNode], None]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stack = AsyncExitStack()
        self._thread.start()
        self.api = self.run(self._start(prepare))
        self.node = self.api.node
        self.url = str(self.api.url("")).rstrip("/")

    async def _start(self, prepare: Callable[[OneNode], None]) -> Api:
        # While the test prepares, callbacks wait for it; afterwards they are the loop's.
        waiting = deque()
        self._soon = waiting.append
        node = OneNode(call_soon=self._call_soon)
        node._later = waiting
        prepare(node)
        self._soon = self._loop.call_soon
        node.auto = True
        return await self._stack.enter_async_context(serving(node))

    def _call_soon(self, callback: Callable[[], None]) -> None:
        self._soon(callback)

    def run(self, job: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(PATIENCE_S)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def real_node(prepare: Callable[[OneNode], None]) -> Iterator[RealNode]:
    """Serve a ledger that `prepare` has put something on."""
    found = RealNode(prepare)
    try:
        yield found
    finally:
        found.close()
