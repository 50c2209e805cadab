"""Work that must not run on the event loop: disks, rules, batches of signatures.

A worker runs jobs one at a time, in the order given, and hands each result back on the event loop. A job that
raises is a broken invariant or a failed disk: the supervisor is told and nothing further is run (a dead task
kills the node, loudly).
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Failure = Callable[[BaseException], None]


class Worker(Protocol):
    """Runs jobs off the event loop."""

    def submit(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run `job` after all jobs before it, then call `then` with its result on the event loop."""
        ...


def no_answer(_result: object) -> None:
    """Take a result that nobody waits for. A worker that is given this wakes nobody for it."""


def ask(worker: Worker, job: Callable[[], T]) -> "asyncio.Future[T]":
    """Return what a job returns, to whoever awaits it; the job runs even when nobody does any more."""
    answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def then(result: T) -> None:
        if not answer.done():
            answer.set_result(result)

    worker.submit(job, then)
    return answer


class ThreadWorker:
    """One thread with a queue.

    Attributes:
        name: What its thread is called.
    """

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop, on_failure: Failure) -> None:
        """Create the worker; `start` starts its thread.

        Args:
            name: For the thread's name.
            loop: Where results are handed back.
            on_failure: Called on the event loop with what a job raised.
        """
        self.name = name
        self._loop = loop
        self._on_failure = on_failure
        # Written in C: a job costs one system call to hand over, and no Python.
        self._jobs: SimpleQueue[tuple[Callable[[], Any], Callable[[Any], None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def waiting(self) -> int:
        """Number of jobs not yet begun, for metrics and back-pressure."""
        return self._jobs.qsize()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run `job` after all jobs before it, then call `then` with its result on the event loop."""
        self._jobs.put((job, then))

    def _hand_back(self, callback: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            # The loop is closed: the node has stopped, and nobody waits for this result any more.
            return

    def _run(self) -> None:
        while (entry := self._jobs.get()) is not None:
            job, then = entry
            try:
                result = job()
            except BaseException as error:  # noqa: BLE001 - whatever it is, the supervisor decides
                self._hand_back(partial(self._on_failure, error))
                return
            if then is not no_answer:
                self._hand_back(partial(then, result))

    def close(self) -> None:
        """Finish the jobs given so far, then stop the thread and wait for it."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()
