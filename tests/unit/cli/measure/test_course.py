"""The whole course over nodes that the test plays, and what `packtrail bench` prints of it."""

import json
from pathlib import Path

import msgspec
import pytest

from cli import bench
from cli.failures import CommandError, Exit
from cli.measure import course as courses
from cli.measure.course import Course, Sending
from cli.measure.figures import Report, ratio_of
from cli.measure.goods import PARTNERS, Moment
from cli.measure.senders import session
from cli.measure.stage import Machine, describe_machine
from cli.output import Format
from tests.unit.cli.measure.fake_network import Ledger, fake_network
from tests.unit.cli.measure.test_figures import LIMITS

MOMENT = Moment("2026-11-21T22:00:00.000Z", "2028-11-20")
MACHINE = Machine("A processor", 2, "Linux 6", "3.11.7", 0.5)


class Stage:
    """Where nothing runs but what the test plays."""

    root = Path("nowhere")

    def __init__(self, targets):
        self.targets = tuple(targets)
        self.looked = 0

    def cpu_seconds(self):
        self.looked += 1
        return [float(self.looked)] * len(self.targets)

    def disk_bytes(self):
        self.looked += 1
        return [1_000 * self.looked] * len(self.targets)


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
async def course(ledger):
    async with (
        fake_network(ledger, tuple(partner.node for partner in PARTNERS)) as targets,
        session() as client,
    ):
        yield Course(Stage(targets), client, MOMENT)


def kinds(ledger):
    return [body["records"][0]["record"] for body in ledger.bodies]


async def test_single_ships_and_receives_half_and_half(course, ledger):
    await course.load(4_000)
    run = await course.single(Sending("stream", 40, 10))
    again = await course.single(Sending("requests", 8, 2))
    assert (
        kinds(ledger)
        == ["commission"] * 4 + ["ship"] * 20 + ["receive"] * 20 + ["ship"] * 4 + ["receive"] * 4
    )
    assert (run.documents, run.refused, again.documents) == (40, 0, 8)
    assert run.records_per_second > 0
    shipped = [body["records"][0]["items"][0] for body in ledger.bodies if "items" in body["records"][0]]
    assert len(set(shipped)) == 24


async def test_what_is_refused_is_counted_and_not_received(course, ledger):
    await course.load(4_000)
    ledger.refuse["ship"] = "not_holder"
    run = await course.single(Sending("requests", 8, 2))
    assert (run.documents, run.refused, run.records_per_second) == (4, 4, 0.0)


async def test_commission_counts_serials_and_bytes(course, ledger):
    run, size = await course.commission(Sending("stream", 8, 2), 50)
    assert (run.documents, kinds(ledger)) == (8, ["commission"] * 8)
    assert run.serials_per_second > run.records_per_second > 0
    assert size > 0


async def test_a_refused_load_ends_it(course, ledger):
    ledger.refuse["commission"] = "expired"
    with pytest.raises(CommandError, match="could not be loaded: expired"):
        await course.load(4_000)


async def test_a_node_without_what_clients_were_told_of_is_an_error(course, ledger):
    await course.load(4_000)
    ledger.withheld |= {partner.node for partner in PARTNERS}
    with pytest.raises(CommandError, match=r"are said to be in blocks, node-. holds 0"):
        await course.single(Sending("requests", 8, 2))


def test_a_node_that_does_not_answer_ends_the_command(monkeypatch):
    async def fail(*_arguments):
        raise TimeoutError("node-2 has not reached height 7")

    monkeypatch.setattr(courses, "_measure", fail)
    with pytest.raises(CommandError, match="node-2 has not reached height 7") as failed:
        courses.measure(Stage(()), MACHINE, "single", [], 4_000, 0)
    assert failed.value.code == Exit.UNREACHABLE


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [("requests", 6_000, 64, None), ("rate", 2_000, 0, 100.0)]),
        ({"in_flight": 8}, [("requests", 6_000, 8, None)]),
        ({"rate": 50.0}, [("rate", 1_000, 0, 50.0)]),
        ({"rate": 50.0, "in_flight": 8}, [("requests", 6_000, 8, None), ("rate", 1_000, 0, 50.0)]),
        ({"stream": True}, [("stream", 40_000, 1_000, None)]),
        ({"stream": True, "documents": 80, "rate": 9.0}, [("stream", 80, 1_000, 9.0)]),
    ],
    ids=str,
)
def test_what_single_sends(asked, expected):
    full = {"documents": None, "in_flight": None, "rate": None, "stream": False, **asked}
    assert [msgspec.structs.astuple(entry) for entry in bench.plan(**full)] == expected


@pytest.fixture
async def report(course):
    await course.load(4_000)
    runs = (await course.single(Sending("stream", 8, 2)), await course.single(Sending("rate", 8, 0, 5_000.0)))
    return Report(
        benchmark="single",
        records_per_second=runs[0].records_per_second,
        serials_per_second=0.0,
        latency_ms=runs[-1].latency_ms,
        seconds=1.0,
        nodes=4,
        documents=16,
        refused=0,
        items_loaded=4_000,
        method=courses.METHOD,
        ratio=ratio_of(runs[0], LIMITS, 4, 2),
        runs=runs,
        limits=LIMITS,
        disk_bytes_per_serial=None,
        height=await course.end(),
        machine=MACHINE,
    )


def test_json_is_the_whole_report(report, capsys):
    bench.show(report, Format.JSON)
    found = json.loads(capsys.readouterr().out)
    assert {"records_per_second", "seconds", "nodes", "documents", "refused", "method", "ratio"} <= set(found)
    assert {"p50", "p95", "p99"} <= set(found["latency_ms"])
    assert found["machine"]["processor"] == "A processor"
    assert [run["name"] for run in found["runs"]] == ["stream", "rate"]


def test_a_table_shows_runs_and_limits(report, capsys):
    bench.show(report, Format.TABLE)
    shown = capsys.readouterr().out
    assert "packtrail bench single: 4 validators" in shown
    assert "signatures verified" in shown


def test_this_machine_is_described():
    machine = describe_machine()
    assert machine.cores >= 1
    assert machine.python.startswith("3.")
