"""From outcomes to figures: rates, percentiles, and what one record costs each node."""

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

import msgspec

from cli.measure.senders import Outcome
from cli.measure.stage import Machine
from cli.measure.yardsticks import Yardsticks
from contracts.ledger.receipt import ACCEPTED

_MS: Final = 1_000.0
_US: Final = 1_000_000.0


class Latency(msgspec.Struct, frozen=True):
    """From the moment a document was to be sent until its node said that it is in a block, ms."""

    p50: float
    """Median."""
    p95: float
    """95 of 100 were quicker."""
    p99: float
    """99 of 100 were quicker."""
    max: float
    """The slowest."""


class Pass(msgspec.Struct, frozen=True):
    """Documents sent in one go, until the slowest node had them all."""

    outcomes: tuple[Outcome, ...]
    """One per document."""
    seconds: float
    """From the first document until the slowest node had finalised the last."""
    node_cpu_s: tuple[float, ...]
    """CPU time of each node meanwhile."""
    client_cpu_s: float
    """CPU time of the sender meanwhile."""


class Run(msgspec.Struct, frozen=True):
    """One way of sending, measured."""

    name: str
    """requests, rate, or stream."""
    method: str
    """How documents were sent, in a sentence."""
    documents: int
    """How many were sent."""
    refused: int
    """How many were not accepted."""
    seconds: float
    """How long it took until the slowest node had finalised them all."""
    records_per_second: float
    """Accepted records that the slowest node finalised, by those seconds."""
    serials_per_second: float
    """Serials brought to life, likewise."""
    latency_ms: Latency
    """Of accepted documents."""
    node_cpu_us: tuple[float, ...]
    """CPU time of each node by record, or by serial where serials are brought to life, microseconds."""
    client_cpu_us: float
    """CPU time of the sender, likewise: it shares the machine with the nodes."""


class Ratio(msgspec.Struct, frozen=True):
    """How much of the machine's limit was reached."""

    limit: str
    """Which limit, in words."""
    limit_per_second: float
    """What this machine could do by it."""
    reached: float
    """Share of it, from 0 to 1."""


class Report(msgspec.Struct, frozen=True):
    """Everything that is printed."""

    benchmark: str
    """single or commission."""
    records_per_second: float
    """Of the first run."""
    serials_per_second: float
    """Of the first run."""
    latency_ms: Latency
    """Of the last run: where there is one with a rate, that one."""
    seconds: float
    """Of all runs, without loading."""
    nodes: int
    """How many validators."""
    documents: int
    """Sent in all runs."""
    refused: int
    """Not accepted in all runs."""
    items_loaded: int
    """Packs brought to life before."""
    method: str
    """How it was measured."""
    ratio: Ratio
    """The first run beside a limit."""
    runs: tuple[Run, ...]
    """Each in full."""
    limits: Yardsticks
    """Measured in the same run, after the load."""
    disk_bytes_per_serial: float | None
    """Growth of the largest node's database by serial brought to life, indices included; None for none."""
    height: int
    """Where all nodes stood at the end."""
    machine: Machine
    """Where it was measured."""


def percentile(values: Sequence[float], share: int) -> float:
    """Return the value that `share` of 100 values do not exceed (nearest rank).

    Args:
        values: Ascending, not empty.
        share: 1 to 100.
    """
    return values[max(0, ceil(len(values) * share / 100) - 1)]


def latency_of(seconds: Sequence[float]) -> Latency:
    """Return percentiles, in ms; zeros for nothing."""
    if not seconds:
        return Latency(0.0, 0.0, 0.0, 0.0)
    ordered = sorted(seconds)
    p50, p95, p99, top = (round(_MS * percentile(ordered, share), 2) for share in (50, 95, 99, 100))
    return Latency(p50, p95, p99, top)


def run_of(name: str, method: str, passes: Sequence[Pass]) -> Run:
    """Sum up passes of one kind.

    Args:
        name: Of the run.
        method: How it was sent.
        passes: At least one; their seconds are added up.
    """
    outcomes = [outcome for one in passes for outcome in one.outcomes]
    accepted = [outcome for outcome in outcomes if outcome.code == ACCEPTED and outcome.height]
    seconds = sum(one.seconds for one in passes)
    records = sum(outcome.job.records for outcome in accepted)
    serials = sum(outcome.job.serials for outcome in accepted)
    units = max(serials or records, 1)
    cpu = [sum(times) for times in zip(*(one.node_cpu_s for one in passes), strict=True)]
    return Run(
        name,
        method,
        len(outcomes),
        len(outcomes) - len(accepted),
        round(seconds, 3),
        round(records / seconds, 1),
        round(serials / seconds, 1),
        latency_of([outcome.latency_s for outcome in accepted]),
        tuple(round(_US * spent / units, 1) for spent in cpu),
        round(_US * sum(one.client_cpu_s for one in passes) / units, 1),
    )


def ratio_of(run: Run, limits: Yardsticks, nodes: int, cores: int) -> Ratio:
    """Compare a run with the law alone: every node executes every record, and the cores are shared."""
    is_serials = run.serials_per_second > 0
    one = limits.law_serials_per_second if is_serials else limits.law_records_per_second
    found = run.serials_per_second if is_serials else run.records_per_second
    limit = one * min(cores, nodes) / nodes
    words = (
        f"the law alone, over a dict, on {min(cores, nodes)} cores that execute everything for {nodes} nodes"
    )
    return Ratio(words, round(limit, 1), round(found / limit, 4))


def rows_of(report: Report) -> list[dict[str, Any]]:
    """Return the runs as a table shows them."""
    return [
        {
            "run": run.name,
            "documents": run.documents,
            "refused": run.refused,
            "seconds": run.seconds,
            "records_per_second": run.records_per_second,
            "serials_per_second": run.serials_per_second or None,
            "p50_ms": run.latency_ms.p50,
            "p95_ms": run.latency_ms.p95,
            "p99_ms": run.latency_ms.p99,
            "node_cpu_us": round(sum(run.node_cpu_us) / len(run.node_cpu_us), 1),
        }
        for run in report.runs
    ]
