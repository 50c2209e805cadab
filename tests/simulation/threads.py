"""Worker threads as queues in virtual time.

A job runs some time after it was submitted, all at once, and its result comes back a little later; so a crash
may fall before, inside (at a trapped persistence point) or after it.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from node.storage.errors import StorageError
from node.storage.memory_files import PowerLoss
from tests.simulation.clock import Life

if TYPE_CHECKING:
    from tests.simulation.machine import Machine

T = TypeVar("T")


class QueuedWorker:
    """A worker thread in virtual time.

    Attributes:
        slow_us: What each job takes in addition, now.
    """

    def __init__(self, machine: "Machine", life: Life, longest_us: int) -> None:
        """Belong to one life; a job takes up to `longest_us`."""
        self._machine = machine
        self._life = life
        self._longest_us = longest_us
        self._jobs: deque[tuple[Callable[[], object], Callable[[object], None]]] = deque()
        self.slow_us = 0

    def submit(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Run `job` after all jobs before it, then call `then` with its result."""
        self._jobs.append((job, then))  # type: ignore[arg-type]
        if len(self._jobs) == 1:
            self._next()

    def _next(self) -> None:
        machine = self._machine
        delay_us = 1 + int(machine.random.random() * (self._longest_us + self.slow_us))
        machine.world.scheduler.after(delay_us, self._run, self._life)

    def _run(self) -> None:
        machine = self._machine
        job, then = self._jobs[0]
        try:
            result = job()
        except PowerLoss as error:
            machine.stop(machine.trapped, f"power lost before {error}")
            return
        except StorageError as error:
            machine.refused(error)
            return
        self._jobs.popleft()
        delay_us = int(machine.random.random() * 200)
        machine.world.scheduler.after(delay_us, partial(then, result), self._life)
        if self._jobs:
            self._next()
