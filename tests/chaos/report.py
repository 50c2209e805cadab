"""What a run came to: tables for people, and a line of JSON for programs."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tests.chaos.judging import AIM_S, Judgement, Recovery
from tests.chaos.plan import PAIRS, label
from tests.chaos.vitals import MIN_LIFE_S, Growth


class Observed(msgspec.Struct, frozen=True):
    """Everything that a run has measured."""

    seed: int
    """What happened."""
    recoveries: Sequence[Recovery]
    """What came of each fault."""
    growths: Sequence[Growth]
    """How the processes grew that lived long enough."""
    most: Mapping[str, float]
    """The most memory and descriptors that any process ever had."""
    documents: Mapping[str, int]
    """How many documents clients were told of, and how many of them were looked for and found where."""
    head: Mapping[str, Any]
    """The head that all nodes have in the end."""


def table(observed: Observed) -> list[str]:
    """Return the lines of both tables."""
    return [*_faults(observed.recoveries), "", *_processes(observed.growths)]


def verdict(judgement: Judgement, *, is_lenient: bool) -> list[str]:
    """Return a line for everything that was wrong."""
    aims = "beyond the aims" if is_lenient else "FAILED"
    return [
        *(f"FAILED: {each}" for each in judgement.broken),
        *(f"{aims}: {each}" for each in judgement.beyond),
    ]


def summary(observed: Observed, judgement: Judgement, *, is_lenient: bool) -> dict[str, Any]:
    """Return what the last line says."""
    times = _times(observed.recoveries)
    seconds = [each.seconds for each in observed.recoveries]
    return {
        "seed": observed.seed,
        "faults": {fault: len(took) for fault, took in times.items()},
        "faults_left_out": _left_out(times),
        "longest_recovery_s": round(max(seconds, default=0.0), 1),
        f"recovered_within_{AIM_S:.0f}_s": f"{sum(took <= AIM_S for took in seconds)} of {len(seconds)}",
        **observed.documents,
        "documents_forgotten": sum(each.forgotten for each in observed.recoveries),
        "height": observed.head["height"],
        "app_hash": observed.head["app_hash"],
        "most": observed.most,
        "processes_watched": len(observed.growths),
        "memory_grew_at_most_mb": round(
            max((each.memory_grown_mb for each in observed.growths), default=0), 1
        ),
        "descriptors_grew_at_most": max((each.descriptors_grown for each in observed.growths), default=0),
        "is_lenient": is_lenient,
        "broken": judgement.broken,
        "beyond": judgement.beyond,
    }


def _times(recoveries: Sequence[Recovery]) -> dict[str, list[float]]:
    times = defaultdict[str, list[float]](list)
    for each in recoveries:
        times[each.fault].append(each.seconds)
    return dict(sorted(times.items()))


def _left_out(times: Mapping[str, object]) -> list[str]:
    return [name for name in (label(kind, count) for kind, count in PAIRS) if name not in times]


def _faults(recoveries: Sequence[Recovery]) -> list[str]:
    times = _times(recoveries)
    left_out = _left_out(times)
    return [
        f"{'fault':18} {'times':>5} {'median s':>9} {'longest s':>9}",
        *(
            f"{fault:18} {len(took):5} {statistics.median(took):9.1f} {max(took):9.1f}"
            for fault, took in times.items()
        ),
        *([f"too short a run for: {', '.join(left_out)}"] if left_out else []),
    ]


def _processes(growths: Sequence[Growth]) -> list[str]:
    if not growths:
        return [f"no process lived for {MIN_LIFE_S:.0f} s, so nothing is said of memory and descriptors"]
    return [
        f"{'process':18} {'s':>5} {'MB before':>9} {'after':>9} {'files before':>12} {'after':>5}",
        *(
            f"{each.node:18} {each.seconds:5.0f} {each.memory_mb[0]:9.1f} {each.memory_mb[1]:9.1f}"
            f" {each.descriptors[0]:12.0f} {each.descriptors[1]:5.0f}"
            for each in growths
        ),
    ]
