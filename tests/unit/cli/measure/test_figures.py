"""From outcomes to figures."""

import msgspec
import pytest

from cli.measure.figures import Pass, latency_of, percentile, ratio_of, run_of
from cli.measure.goods import Job
from cli.measure.senders import Outcome
from cli.measure.yardsticks import Yardsticks

RECORD = Job(0, b"", 1, 0)
LIMITS = Yardsticks(10_000.0, 400_000.0, 17_000.0, 100_000.0, 0.1)


def outcome(latency_s=0.01, code="accepted", height=3, job=RECORD):
    return Outcome(job, latency_s, "ab", height, code)


@pytest.mark.parametrize(("share", "expected"), [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)], ids=str)
def test_percentiles_are_the_nearest_rank(share, expected):
    assert percentile(range(1, 101), share) == expected


def test_percentiles_of_few_values():
    assert [percentile([1, 2, 3], share) for share in (1, 34, 50, 95)] == [1, 2, 2, 3]
    assert latency_of([]).p99 == 0
    assert msgspec.structs.astuple(latency_of([0.004, 0.001, 0.002])) == (2.0, 4.0, 4.0, 4.0)


def test_what_was_refused_or_is_in_no_block_does_not_count():
    outcomes = (outcome(), outcome(0.03), outcome(9.0, "not_holder"), outcome(9.0, "accepted", 0))
    run = run_of("stream", "so", [Pass(outcomes, 2.0, (1.0, 3.0), 0.5)])
    assert (run.documents, run.refused, run.seconds) == (4, 2, 2.0)
    assert (run.records_per_second, run.serials_per_second) == (1.0, 0.0)
    assert (run.latency_ms.p50, run.latency_ms.max) == (10.0, 30.0)
    assert run.node_cpu_us == (500_000.0, 1_500_000.0)


def test_passes_add_up():
    one = Pass((outcome(),), 1.0, (1.0,), 0.5)
    run = run_of("requests", "so", [one, Pass((outcome(),) * 3, 1.0, (2.0,), 0.5)])
    assert (run.documents, run.seconds, run.records_per_second) == (4, 2.0, 2.0)
    assert (run.node_cpu_us, run.client_cpu_us) == ((750_000.0,), 250_000.0)


def test_serials_are_what_costs_where_there_are_any():
    run = run_of("stream", "so", [Pass((outcome(job=Job(0, b"", 1, 1_000)),), 0.5, (0.01,), 0.001)])
    assert (run.records_per_second, run.serials_per_second) == (2.0, 2_000.0)
    assert (run.node_cpu_us, run.client_cpu_us) == ((10.0,), 1.0)


def test_every_node_executes_everything_so_the_limit_is_shared():
    records = run_of("stream", "so", [Pass((outcome(),) * 1_000, 1.0, (0.1,) * 4, 0.1)])
    assert ratio_of(records, LIMITS, 4, 2).limit_per_second == 5_000
    assert ratio_of(records, LIMITS, 4, 2).reached == 0.2
    assert ratio_of(records, LIMITS, 4, 8).limit_per_second == 10_000
    made = run_of("stream", "so", [Pass((outcome(job=Job(0, b"", 1, 1_000)),), 0.1, (0.1,) * 4, 0.1)])
    assert ratio_of(made, LIMITS, 4, 2).reached == 0.05
