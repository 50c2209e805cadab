"""Crashes at every operation, for tests of everything that is written through `FileSystem`."""

import random
from collections.abc import Callable, Iterator

from node.storage.errors import StorageFailed
from node.storage.memory_files import MemoryFiles, Operation, PowerLoss, Survive

TORN_SEEDS = 6


def stop_at(number: int) -> Callable[[Operation], None]:
    def before(operation: Operation) -> None:
        if operation.number == number:
            raise PowerLoss(f"{operation.kind} {operation.name}")

    return before


def fail_at(number: int) -> Callable[[Operation], None]:
    def before(operation: Operation) -> None:
        if operation.number == number:
            raise StorageFailed(operation.name, "No space left on device")

    return before


def restarts(files: MemoryFiles) -> Iterator[MemoryFiles]:
    """Every way in which a restart may find the disk: all kept, all dropped, and some seeds of torn."""
    yield files.crash(Survive.KEPT, lambda _count: 0)
    yield files.crash(Survive.DROPPED, lambda _count: 0)
    for seed in range(TORN_SEEDS):
        yield files.crash(Survive.TORN, random.Random(seed).randrange)


def at_every_crash(
    prepare: Callable[[MemoryFiles], None],
    run: Callable[[MemoryFiles, list], None],
    check: Callable[[MemoryFiles, list], None],
) -> int:
    """Run with the power going out before each operation in turn, and check every possible restart.

    `run` appends to its list what its caller was told, and `check` gets that list.
    Returns how often it crashed.
    """
    crashes = 0
    for number in range(1, 10_000):
        files = MemoryFiles()
        prepare(files)
        files._before = stop_at(files.operations + number)
        told: list = []
        try:
            run(files, told)
        except PowerLoss:
            crashes += 1
            for after in restarts(files):
                check(after, told)
            continue
        for after in restarts(files):
            check(after, told)
        return crashes
    raise AssertionError("the run never ends")
