"""A worker without a thread."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from node.host.worker import no_answer

T = TypeVar("T")


class InlineWorker:
    """Runs each job at once on the caller's thread, and hands the result back later."""

    def __init__(self, call_soon: Callable[[Callable[[], None]], None]) -> None:
        """Hand results back by `call_soon`, so that no `then` runs inside the `submit` that caused it."""
        self._call_soon = call_soon

    def submit(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run `job` now."""
        result = job()
        if then is not no_answer:
            self._call_soon(partial(then, result))
