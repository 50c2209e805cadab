"""Command line: `python -m tests.simulation --seeds N`; see README.md."""

import argparse
import itertools
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.simulation import planted_table
from tests.simulation.beyond import run_beyond
from tests.simulation.outcome import Outcome, run_plan, run_seed
from tests.simulation.pool import outcomes
from tests.simulation.report import Totals
from tests.simulation.shrinking import changed_plan, shrink
from tests.support.measured import measured_commit, record

SECONDS_PER_MINUTE = 60
TOLD_EVERY = 500
"""A long run says on stderr how far it is after so many seeds."""


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; 1 when anything broke that should not, or a planted bug was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds to run")
    parser.add_argument("--minutes", type=float, help="instead: as many seeds as fit into so many minutes")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time")
    parser.add_argument(
        "--beyond-third", action="store_true", help="more than a third lie: only I6 is promised"
    )
    parser.add_argument("--seed", type=int, help="run this seed alone, and print what happens in it")
    parser.add_argument(
        "--change", default="{}", help="of the seed's plan, as JSON: fields with other values"
    )
    parser.add_argument("--shrink", action="store_true", help="make --seed, which fails, smaller")
    parser.add_argument("--runs", type=int, default=300, help="most worlds that --shrink runs")
    parser.add_argument("--record", type=Path, help="keep the table in this file, with the commit")
    parser.add_argument("--planted", nargs="*", metavar="BUG", help="find planted bugs, all or some")
    options = parser.parse_args(arguments)
    if options.planted is not None:
        return planted_table.main(["--start", str(options.start), *options.planted])
    if options.seed is not None and options.beyond_third:
        return _shown(run_beyond(options.seed, is_told=True))
    if options.seed is not None:
        changes = msgspec.json.decode(options.change, type=dict[str, object])
        return _one(options.seed, changes, options.runs if options.shrink else 0)
    return _run(options, " ".join(("python -m tests.simulation", *arguments)))


def _one(seed: int, changes: dict[str, object], shrinking_runs: int) -> int:
    """Replay one seed, or make it smaller."""
    plan = changed_plan(seed, changes)
    if not shrinking_runs:
        return _shown(run_plan(plan, is_told=True))
    shrunk = shrink(plan, shrinking_runs)
    print(msgspec.json.format(msgspec.json.encode(shrunk.plan), indent=2).decode())
    print(f"{shrunk.outcome.failure}\nthe smallest plan of {shrunk.runs} that were tried")
    print(f"replay: {shrunk.command}")
    return 1


def _shown(outcome: Outcome) -> int:
    print(msgspec.json.encode(outcome).decode())
    return bool(outcome.failure)


def _run(options: argparse.Namespace, command: str) -> int:
    began = time.monotonic()
    seeds: Iterable[int] = range(options.start, options.start + options.seeds)
    longest_seconds = None
    if options.minutes is not None:
        seeds, longest_seconds = itertools.count(options.start), options.minutes * SECONDS_PER_MINUTE
    commit = measured_commit()
    run = run_beyond if options.beyond_third else run_seed
    totals = Totals()
    for outcome in outcomes(run, seeds, options.jobs, longest_seconds):
        totals.add(outcome)
        if outcome.failure:
            print(f"seed {outcome.seed}: {outcome.failure}", flush=True)
        if totals.seeds % TOLD_EVERY == 0:
            took = round(time.monotonic() - began)
            print(f"{totals.seeds} seeds, {len(totals.failed)} failed, {took} s", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    lines = [*totals.table(seconds), ""]
    if totals.failed:
        first = min(outcome.seed for outcome in totals.failed)
        mode = " --beyond-third" if options.beyond_third else ""
        lines.append(f"replay: python -m tests.simulation --seed {first}{mode}")
        if not mode:
            lines.append(f"make it smaller: python -m tests.simulation --seed {first} --shrink")
    lines.append(msgspec.json.encode(totals.summary(seconds)).decode())
    print("\n".join(lines))
    if options.record is not None:
        record(options.record, command, commit, lines)
    return bool(totals.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
