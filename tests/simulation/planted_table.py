"""Check the checker, all of it: `python -m tests.simulation.planted_table`, or `make planted-simulation`.

Each planted bug gets as many seeds as it needs, from the first on, within ten minutes of one processor. The
table says which invariant found it, after how many seeds, in how much of the processor's time.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

import msgspec

from tests.simulation.beyond import run_beyond
from tests.simulation.outcome import Outcome, run_plan
from tests.simulation.plan import joining_plan
from tests.simulation.planted import PLANTED, Planted, planted
from tests.simulation.planting import BEYOND, JOINING, ORDINARY
from tests.simulation.shrinking import changed_plan
from tests.support.measured import measured_commit, record

MOST_CPU_SECONDS: Final = 600.0
"""A planted bug that is not found within so much of one processor's time is not found."""

HEAD: Final = f"{'bug':14} {'seeds':>5} {'cpu s':>6}  found by"

MOST_SEEDS: Final = 100_000
"""More than fit into that time."""


_RUNS: Final[dict[str, Callable[[Planted, int], Outcome]]] = {
    ORDINARY: lambda bug, seed: run_plan(changed_plan(seed, bug.where)),
    BEYOND: lambda _bug, seed: run_beyond(seed),
    JOINING: lambda _bug, seed: run_plan(joining_plan(seed)),
}


class Hunt(msgspec.Struct, frozen=True):
    """How a bug was looked for."""

    name: str
    """The bug's."""
    failure: str
    """What broke; empty when nothing did."""
    seed: int
    """In which seed; the last one when nothing broke."""
    seeds: int
    """How many seeds were tried."""
    seconds: float
    """Time of one processor that it took."""
    is_right: bool
    """What broke is what this bug breaks, and without the bug nothing breaks in that world."""


def hunt(
    bug: Planted, start: int = 0, most_seconds: float = MOST_CPU_SECONDS, most_seeds: int = MOST_SEEDS
) -> Hunt:
    """Run seeds from `start` on until one finds the bug, or enough was tried."""
    began = time.process_time()
    seed = start
    with planted(bug):
        while True:
            outcome = _RUNS[bug.world](bug, seed)
            gc.collect()
            seconds = time.process_time() - began
            if outcome.failure or seconds >= most_seconds or seed - start + 1 >= most_seeds:
                break
            seed += 1
    failure, is_right = outcome.failure, outcome.failure.startswith(bug.breaks)
    if is_right and (without := _RUNS[bug.world](bug, seed).failure):
        failure, is_right = f"without the bug, too: {without}", False
    return Hunt(bug.name, failure, seed, seed - start + 1, seconds, is_right)


def main(arguments: list[str]) -> int:
    """Hunt all bugs, or some, and print the table; 1 when one was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.planted_table", description=__doc__)
    parser.add_argument("bugs", nargs="*", help="some of them, by name; otherwise all")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=1, help="how many are hunted at the same time")
    parser.add_argument("--record", type=Path, help="keep the table in this file, with the commit")
    options = parser.parse_args(arguments)
    known = {bug.name: bug for bug in PLANTED}
    unknown = sorted(set(options.bugs) - known.keys())
    if unknown:
        parser.error(f"no planted bug is called {', '.join(unknown)}; there are {', '.join(known)}")
    names = options.bugs or list(known)
    command = " ".join(("python -m tests.simulation.planted_table", *arguments))
    commit = measured_commit()
    found: dict[str, Hunt] = {}
    print(HEAD, flush=True)
    with ProcessPoolExecutor(options.jobs) as pool:
        # The quick ones first, and each is kept as soon as it is found: the whole hunt takes ten minutes.
        hunts = [pool.submit(_hunt, name, options.start) for name in sorted(names, key=_is_slow)]
        for done in as_completed(hunts):
            each = done.result()
            found[each.name] = each
            print(_row(known[each.name], each), flush=True)
            if options.record is not None:
                so_far = [found[name] for name in names if name in found]
                record(options.record, command, commit, _table(so_far, len(names)))
    lines = _table([found[name] for name in names], len(names))
    print(lines[-1])
    return any(not each.is_right for each in found.values())


def _is_slow(name: str) -> bool:
    return not next(bug for bug in PLANTED if bug.name == name).is_quick


def _table(found: Sequence[Hunt], planted_bugs: int) -> list[str]:
    """Lay out what was found so far, with a line of JSON at its end."""
    known = {bug.name: bug for bug in PLANTED}
    summary = {
        "bugs": planted_bugs,
        "hunted": len(found),
        "missed": [each.name for each in found if not each.is_right],
        "slowest_cpu_seconds": round(max(each.seconds for each in found), 1),
        "cpu_seconds": round(sum(each.seconds for each in found), 1),
    }
    rows = [_row(known[each.name], each) for each in found]
    return [HEAD, *rows, msgspec.json.encode(summary).decode()]


def _hunt(name: str, start: int) -> Hunt:
    return hunt(next(bug for bug in PLANTED if bug.name == name), start)


def _row(bug: Planted, found: Hunt) -> str:
    if not found.failure:
        what = f"NOT FOUND: {bug.mistake}"
    else:
        what = ("" if found.is_right else "UNEXPECTED: ") + found.failure.split(";")[0][:100].rstrip()
    return f"{bug.name:14} {found.seeds:5} {found.seconds:6.1f}  {what}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
