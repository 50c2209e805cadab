"""Command line: `python -m tests.simulation --seeds N`; see README.md."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import msgspec

from tests.simulation.outcome import Outcome, run_seed
from tests.simulation.planted import PLANTED, find


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; 1 when anything broke that should not, or a planted bug was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds to run")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time")
    parser.add_argument("--seed", type=int, help="run this seed alone, and print what happens in it")
    parser.add_argument("--planted", nargs="*", metavar="BUG", help="find planted bugs, all or some")
    options = parser.parse_args(arguments)
    if options.planted is not None:
        return _find_planted(options.planted, options.start)
    if options.seed is not None:
        return _replay(options.seed)
    return _run(range(options.start, options.start + options.seeds), options.jobs)


def _replay(seed: int) -> int:
    outcome = run_seed(seed, is_told=True)
    print(msgspec.json.encode(outcome).decode())
    return bool(outcome.failure)


def _outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        yield from map(run_seed, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run_seed, seeds, chunksize=4)


def _run(seeds: range, jobs: int) -> int:
    began = time.monotonic()
    total: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    failed: list[Outcome] = []
    for outcome in _outcomes(seeds, jobs):
        faults.update(outcome.faults)
        for name in ("heights", "rounds", "restarts", "documents", "items", "evidence", "events"):
            total[name] += getattr(outcome, name)
        if outcome.failure:
            failed.append(outcome)
            print(f"seed {outcome.seed}: {outcome.failure}", flush=True)
    if failed:
        print(f"replay: python -m tests.simulation --seed {failed[0].seed}")
    summary = {
        "seeds": len(seeds),
        "failed": len(failed),
        **total,
        "faults": dict(sorted(faults.items())),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(msgspec.json.encode(summary).decode())
    return bool(failed)


def _find_planted(names: list[str], start: int) -> int:
    missed = 0
    for bug in PLANTED:
        if names and bug.name not in names:
            continue
        began = time.monotonic()
        found = find(bug, start)
        took = f"{bug.name:14} {time.monotonic() - began:6.1f} s"
        is_right = found is not None and found.failure.startswith(bug.breaks)
        missed += not is_right
        if found is None:
            print(f"{took}  NOT FOUND: {bug.mistake}", flush=True)
        else:
            flag = "" if is_right else "UNEXPECTED: "
            print(f"{took}  seed {found.seed:4}  {flag}{found.failure[:100]}", flush=True)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
