"""Many seeds on a few processes.

A world is full of cycles, and all of it is garbage at its end: so nothing is collected while one runs, which
takes a twentieth of its time, and everything afterwards.
"""

import gc
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.simulation.outcome import Outcome

_AHEAD = 4
"""Seeds that wait for each process."""


def outcomes(
    run: Callable[[int], Outcome], seeds: Iterable[int], jobs: int, longest_seconds: float | None = None
) -> Iterator[Outcome]:
    """Run seeds, in processes of their own, and yield what became of each, in the order in which they end.

    Args:
        run: Runs one: a function of a module, so that other processes find it.
        seeds: Which.
        jobs: How many run at the same time.
        longest_seconds: Begin no further seed after this long; None for no limit.
    """
    deadline = None if longest_seconds is None else time.monotonic() + longest_seconds
    waiting = iter(seeds)
    running: set[Future[Outcome]] = set()
    with ProcessPoolExecutor(jobs, initializer=_prepare) as pool:
        is_open = True
        while is_open or running:
            while is_open and len(running) < _AHEAD * jobs:
                seed = next(waiting, None) if deadline is None or time.monotonic() < deadline else None
                if seed is None:
                    is_open = False
                else:
                    running.add(pool.submit(_run, run, seed))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)


def _prepare() -> None:
    gc.collect()
    gc.freeze()
    gc.disable()


def _run(run: Callable[[int], Outcome], seed: int) -> Outcome:
    try:
        return run(seed)
    finally:
        gc.collect()
