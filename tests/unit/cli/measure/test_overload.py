"""Clients that want too much, and what is made of them, over nodes that the test plays."""

import json
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from cli import bench
from cli.failures import CommandError, Exit
from cli.main import run
from cli.measure import overload as overloads
from cli.measure import stage as stages
from cli.measure.course import Course
from cli.measure.goods import PARTNERS, Moment, sales
from cli.measure.overload import (
    LEAST_BLOCKS,
    Intervals,
    OverloadCourse,
    OverloadReport,
    Phase,
    intervals_of,
    judge,
)
from cli.measure.pressing import Pressing
from cli.measure.senders import session
from cli.measure.stage import Machine
from cli.output import Format
from tests.unit.cli.measure.fake_network import Ledger, fake_network

MOMENT = Moment("2026-11-21T22:00:00.000Z", "2028-11-20")
SECONDS = 0.3


class Stage:
    """Where nothing runs but what the test plays."""

    root = Path("nowhere")

    def __init__(self, targets):
        self.targets = tuple(targets)
        self.operators = tuple(target.url for target in targets)
        self.looked = 0

    def resident_bytes(self):
        self.looked += 1
        return [1_000 * self.looked] * len(self.targets)

    def cpu_seconds(self):
        return [1.0] * len(self.targets)


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
async def network(ledger):
    async with (
        fake_network(ledger, tuple(partner.node for partner in PARTNERS)) as targets,
        session() as client,
    ):
        yield targets, client


def goods(count):
    return [sales(node, [f"pack {number}" for number in range(count)], MOMENT) for node in range(4)]


def pressing(network, count):
    targets, client = network
    return Pressing(client, targets, goods(count), lambda: 0.5)


async def test_everything_acknowledged_is_remembered(network, ledger):
    pressed = await pressing(network, 5).press(None, 8, 60.0)
    assert (pressed.due, pressed.attempts, len(pressed.acknowledged)) == (20, 20, 20)
    assert set(pressed.acknowledged) == {name for block in ledger.blocks for name in block}


async def test_what_is_turned_away_comes_again(network, ledger):
    ledger.turn_away = 3
    pressed = await pressing(network, 2).press(1_000.0, 4, 60.0)
    assert pressed.turned_away == {"too_busy": 3}
    assert (pressed.attempts, len(pressed.acknowledged)) == (11, 8)


async def test_nothing_comes_again_after_the_end(network, ledger):
    ledger.turn_away, ledger.retry_after = 100, "30"
    pressed = await pressing(network, 100).press(None, 4, SECONDS)
    assert (pressed.attempts, pressed.acknowledged) == (4, ())


async def test_a_429_without_a_time_is_an_error(network, ledger):
    ledger.turn_away, ledger.retry_after = 1, "soon"
    with pytest.raises(ExceptionGroup) as failed:
        await pressing(network, 1).press(None, 1, 60.0)
    assert failed.group_contains(CommandError, match="Retry-After 'soon'")


async def test_refusals_are_counted_by_code(network, ledger):
    ledger.refuse["ship"] = "not_holder"
    pressed = await pressing(network, 1).press(None, 4, 60.0)
    assert (pressed.refused, pressed.acknowledged) == ({"not_holder": 4}, ())


@pytest.fixture
async def course(network):
    targets, client = network
    stage = Stage(targets)
    loading = Course(stage, client, MOMENT)
    await loading.load(4_000)
    return OverloadCourse(stage, client, loading, MOMENT)


async def test_a_phase(course, ledger):
    phase, pressed = await course.phase("normal", 200.0, 8, SECONDS)
    assert 20 <= len(pressed.acknowledged) <= pressed.due == 60
    assert phase.blocks >= 2
    assert phase.interval_ms == Intervals(100.0, 100.0, 100.0)
    assert phase.acknowledged_per_second == phase.committed_per_second
    assert {memory.before < memory.peak <= memory.after for memory in phase.memory} == {True}
    assert phase.loop_lag_p99_ms == (10.0,) * 4


async def test_a_promise_that_is_not_kept_is_an_error(course, ledger, monkeypatch):
    monkeypatch.setattr(overloads, "DRAIN_S", 0.2)
    ledger.lost = {len(ledger.bodies) + 1}
    with pytest.raises(CommandError, match=r"1 of \d+ acknowledged documents are in no block"):
        await course.phase("normal", 200.0, 8, SECONDS)


def test_intervals_of_too_few_blocks():
    assert intervals_of([]) == Intervals(0.0, 0.0, 0.0)


def report_of(p50: float, p95: float, blocks: int = LEAST_BLOCKS) -> OverloadReport:
    normal, above = (
        Phase(
            *(name, 100.0, 100.0, 100.0, 100.0, {}, {}, 0, blocks, Intervals(60.0, 90.0, 200.0)),
            *((10.0,), (1.0,), 1.0, (), 0.5),
        )
        for name in ("normal", "overload")
    )
    machine = Machine("A processor", 2, "Linux 6", "3.11.7", 0.5)
    return OverloadReport(200.0, 10.0, p50, p95, 100, (normal, above), 12, machine)


@pytest.mark.parametrize("ratios", [(1.0, 1.0), (0.5, 1.9), (2.0, 2.0)])
def test_blocks_that_come_soon_enough_are_within_the_bound(ratios):
    judge(report_of(*ratios), 2.0)


@pytest.mark.parametrize(
    ("ratios", "named"),
    [
        ((2.01, 1.5), "is median 2.01 times the normal, more than 2$"),
        ((1.5, 2.5), "is p95 2.5 times the normal"),
        ((3.46, 4.52), "is median 3.46 and p95 4.52 times the normal"),
    ],
)
def test_blocks_that_come_too_far_apart_are_a_failure(ratios, named):
    with pytest.raises(CommandError, match=named) as failed:
        judge(report_of(*ratios), 2.0)
    assert failed.value.code is Exit.FAILED


def test_where_hardly_a_block_came_nothing_is_within_a_bound():
    with pytest.raises(CommandError, match=r"too few blocks .*\(normal 19, overload 19\)"):
        judge(report_of(0.0, 0.0, LEAST_BLOCKS - 1), 2.0)


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 0), (("--most-ratio", "2"), 1), (("--most-ratio", "3"), 0)]
)
def test_the_command_reports_and_judges_only_when_asked(monkeypatch, capsys, arguments, code):
    @contextmanager
    def nothing_raised(_state, *, keep):
        assert not keep
        yield None

    monkeypatch.setattr(stages, "raised", nothing_raised)
    monkeypatch.setattr(overloads, "overload", lambda *_given: report_of(1.5, 2.5))
    assert run(["bench", "overload", *arguments, "--output", "json"]) == code
    printed, told = capsys.readouterr()
    assert json.loads(printed)["interval_ratio_p95"] == 2.5
    assert ("p95 2.5 times the normal, more than 2" in told) == bool(code)


async def test_what_is_printed(course, capsys):
    normal, _ = await course.phase("normal", 200.0, 8, SECONDS)
    above, _ = await course.phase("overload", None, 80, SECONDS)
    machine = Machine("A processor", 2, "Linux 6", "3.11.7", 0.5)
    report = OverloadReport(200.0, 10.0, 1.5, 1.6, 100, (normal, above), 12, machine)
    bench.show_overload(report, Format.TABLE)
    assert "1.5 times the normal" in capsys.readouterr().out
    bench.show_overload(report, Format.JSON)
    assert json.loads(capsys.readouterr().out) == json.loads(msgspec.json.encode(report))
