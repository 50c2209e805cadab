"""Command line: `python -m tests.fuzz --inputs N`; see README.md."""

import argparse
import hashlib
import re
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from tests.fuzz.catalogue import all_targets
from tests.fuzz.run import (
    BATCH,
    HANG,
    MEMORY,
    TIME,
    Finding,
    Tally,
    guarded,
    run_batch,
    shares,
    watched,
)
from tests.fuzz.target import Target
from tests.support.measured import measured_commit, record

FINDINGS: Final = Path(__file__).parent / "findings"
"""What decoders once did not stand, one file each; test_decoders.py gives them to the decoders again."""
MAX_KEPT_BYTES: Final = 1 << 12
"""Longer findings are made shorter as long as that is quick, then kept as they are."""
MOST_SECONDS: Final = 1.0
"""Processor time that one input may take while a finding is made shorter."""

Job = tuple[str, int, int, int]


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; 1 when a decoder did not keep its word."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000, help="how many inputs, in all")
    parser.add_argument("--seed", type=int, default=0, help="what the inputs are made from")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="these decoders alone")
    parser.add_argument("--findings", type=Path, default=FINDINGS, help="where findings are written")
    parser.add_argument("--record", type=Path, help="keep the table in this file, with the commit")
    options = parser.parse_args(arguments)
    commit = measured_commit()
    began = time.monotonic()
    tallies = _run(_jobs(options.inputs, options.seed, options.only), options.jobs)
    lines = _table(tallies)
    found = [finding for tally in tallies.values() for finding in tally.findings]
    for finding in found:
        path = keep(options.findings, finding)
        lines.append(f"{finding.target}: {finding.fault}\n  {path}")
    summary = {"seed": options.seed, **_summary(tallies), "seconds": round(time.monotonic() - began, 1)}
    lines.append(msgspec.json.encode(summary).decode())
    print("\n".join(lines))
    if options.record is not None:
        record(options.record, " ".join(("python -m tests.fuzz", *arguments)), commit, lines)
    return bool(found)


def _summary(tallies: dict[str, Tally]) -> dict[str, int]:
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    return {
        "decoders": len(tallies),
        "inputs": total.inputs,
        "accepted": total.accepted,
        "refused": total.refused,
        "findings": len(total.findings),
        "slowest_us": total.slowest_us,
        "biggest": total.biggest,
        "most_memory": total.most_memory,
        "memory_percent": total.memory_percent,
    }


def _jobs(inputs: int, seed: int, only: list[str]) -> list[Job]:
    targets = [target for name, target in all_targets().items() if not only or name in only]
    found: list[Job] = []
    for target, count in zip(targets, shares(targets, inputs), strict=True):
        for number, start in enumerate(range(0, count, BATCH)):
            found.append((target.name, seed, number, min(BATCH, count - start)))
    return found


def _work(job: Job) -> tuple[str, Tally]:
    name, seed, number, count = job
    with watched():
        return name, run_batch(all_targets()[name], seed, number, count)


def _results(jobs: list[Job], processes: int) -> Iterator[tuple[str, Tally]]:
    if processes == 1:
        yield from map(_work, jobs)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_work, jobs, chunksize=4)


def _run(jobs: list[Job], processes: int) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {name: Tally() for name, *_rest in jobs}
    for name, tally in _results(jobs, processes):
        tallies[name].add(tally)
    return tallies


def _table(tallies: dict[str, Tally]) -> list[str]:
    width = max(map(len, tallies))
    counts = "    inputs   accepted    refused  slowest ms    biggest  memory kB  of allowed  inputs/s"
    lines = [f"{'decoder':{width}} {counts}"]
    for name, tally in tallies.items():
        speed = tally.inputs / tally.cpu_s if tally.cpu_s else 0
        lines.append(
            f"{name:{width}} {tally.inputs:10} {tally.accepted:10} {tally.refused:10}"
            f" {tally.slowest_us / 1000:11.1f} {tally.biggest:10} {tally.most_memory >> 10:10}"
            f" {tally.memory_percent:9} % {speed:9.0f}"
        )
    return lines


# --------------------------------------------------------------------------------------- findings


def folder_of(target: str) -> str:
    """Return the name of the folder that holds a decoder's findings."""
    return re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")


def keep(folder: Path, finding: Finding) -> Path:
    """Write a finding, as short as can be without another fault, and return its file."""
    data = shortened(finding)
    place = folder / folder_of(finding.target)
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{hashlib.sha256(data).hexdigest()[:16]}.bin"
    path.write_bytes(data)
    return path


def shortened(finding: Finding) -> bytes:
    """Return a shorter input with the same fault: pieces are left out, long ones first."""
    target, kind = all_targets()[finding.target], _kind(finding.fault)
    data = finding.data
    if kind in (HANG, TIME, MEMORY):
        return data  # A shorter input would not show it.
    with watched():
        return _shortened(target, data, kind)


def _shortened(target: Target, data: bytes, kind: str) -> bytes:
    size = len(data) // 2
    while size:
        for start in _backwards(len(data), size):
            shorter = data[:start] + data[start + size :]
            if _kind(guarded(target, shorter, MOST_SECONDS).fault) == kind:
                data = shorter
        size = size // 2 if size > 1 or len(data) > MAX_KEPT_BYTES else 0
    return data


def _kind(fault: str) -> str:
    """Return what a fault begins with: the name of an exception, or `HANG`, `TIME`, `MEMORY`."""
    return fault.partition(":")[0]


def _backwards(length: int, size: int) -> Iterable[int]:
    return range(max(length - size, 0), -1, -size)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
