"""Ten times too much: what a network does with more work than it can do, beside what it does with enough.

Two loads on one network, by the same kind of clients (`pressing`). The normal one: some clients that bring
their next document as soon as the last one is acknowledged; what then gets into blocks is what the network
sustains with nobody turned away. The other one: documents come due at a multiple of that, and there are as
many times more clients. Afterwards every document that a node has acknowledged must be in a block.
"""

import asyncio
import itertools
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from cli.clock import format_ms, now_ms
from cli.failures import CommandError, Exit
from cli.measure.course import SHELF_LIFE_MS, Course, failing_plainly
from cli.measure.figures import percentile
from cli.measure.finality import Finality, FullBlock
from cli.measure.goods import Job, Moment, sales
from cli.measure.pressing import Pressed, Pressing
from cli.measure.senders import session
from cli.measure.stage import Machine, Stage
from cli.measure.vitals import Memory, MemoryWatch, lag_p99_ms, lags
from cli.output import say

CLIENTS: Final = 64
"""Clients at the sustainable rate; more at a multiple of it, in proportion."""
DRAIN_S: Final = 300.0
"""How long the network may take to bring what it promised into blocks."""
LEAST_BLOCKS: Final = 20
"""Fewer blocks in a load say nothing about the times between them."""
_POLL_S: Final = 0.25


class Intervals(msgspec.Struct, frozen=True):
    """Times between one block and the next, ms."""

    p50: float
    """Median."""
    p95: float
    """95 of 100 were shorter."""
    max: float
    """The longest."""


class Phase(msgspec.Struct, frozen=True):
    """One load, measured. Rates are a second over all nodes."""

    name: str
    """normal or overload."""
    due_per_second: float
    """Documents that came due."""
    attempts_per_second: float
    """Requests that clients made."""
    acknowledged_per_second: float
    """Documents that nodes promised to bring into a block."""
    committed_per_second: float
    """Documents in the blocks of that time."""
    turned_away: dict[str, int]
    """Requests answered 429, by code."""
    refused: dict[str, int]
    """Requests answered with another problem, by code."""
    lost_connections: int
    """Requests that ended without an answer."""
    blocks: int
    """Blocks of that time."""
    interval_ms: Intervals
    """Between them."""
    loop_lag_p99_ms: tuple[float, ...]
    """By node: 99 of 100 times its event loop was at most that late."""
    node_cpu_s: tuple[float, ...]
    """CPU time of each node meanwhile."""
    client_cpu_s: float
    """CPU time of the clients meanwhile: they share the machine with the nodes."""
    memory: tuple[Memory, ...]
    """By node."""
    load_average: float
    """Of the machine, over the last minute, at the end."""


class OverloadReport(msgspec.Struct, frozen=True):
    """Everything that is printed."""

    sustainable_per_second: float
    """Documents a second that the network brings into blocks under the normal load."""
    factor: float
    """How many times that came due."""
    interval_ratio_p50: float
    """Median block interval under overload, by the normal one."""
    interval_ratio_p95: float
    """Likewise, of the 95th percentile."""
    acknowledged: int
    """Documents that were promised in both phases; all are in blocks."""
    phases: tuple[Phase, ...]
    """normal and overload."""
    height: int
    """Where all nodes stood at the end, with one app hash."""
    machine: Machine
    """Where it was measured."""


class OverloadCourse:
    """One measurement on one stage."""

    def __init__(self, stage: Stage, client: aiohttp.ClientSession, course: Course, moment: Moment) -> None:
        """Begin; the packs of `course` are loaded."""
        self._stage = stage
        self._client = client
        self._finality = Finality(client, stage.targets)
        self._goods: list[Iterator[Job]] = [
            sales(node, packs, moment) for node, packs in enumerate(course.packs)
        ]

    async def phase(
        self, name: str, rate: float | None, clients: int, seconds: float, *, is_patient: bool = True
    ) -> tuple[Phase, Pressed]:
        """Offer a load and wait until everything that was promised is in blocks.

        Raises:
            CommandError: A promised document is in no block in time.
        """
        first = await self._finality.agree()
        before = await lags(self._client, self._stage.operators)
        memory = MemoryWatch(self._stage)
        watching = asyncio.create_task(memory.watch())
        try:
            pressing = Pressing(
                *(self._client, self._stage.targets, self._goods, secrets.SystemRandom().random),
                is_patient=is_patient,
            )
            cpu, own_cpu = self._stage.cpu_seconds(), time.process_time()
            pressed = await pressing.press(rate, clients, seconds)
            own_cpu = time.process_time() - own_cpu
            spent = [now - then for now, then in zip(self._stage.cpu_seconds(), cpu, strict=True)]
            last = await self._finality.height()
            after = await lags(self._client, self._stage.operators)
            blocks = await self._settled(first, set(pressed.acknowledged))
        finally:
            watching.cancel()
        during = [block for block in blocks if block.height <= last]
        phase = Phase(
            name,
            *_rates(pressed, during),
            pressed.turned_away,
            pressed.refused,
            pressed.lost_connections,
            len(during),
            intervals_of(during),
            lag_p99_ms(before, after),
            tuple(round(one, 2) for one in spent),
            round(own_cpu, 2),
            memory.result(),
            round(os.getloadavg()[0], 2),
        )
        return phase, pressed

    async def _settled(self, after: int, promised: set[str]) -> list[FullBlock]:
        """Wait until everything promised is in blocks; return the blocks above `after`."""
        blocks: list[FullBlock] = []
        missing = set(promised)
        try:
            async with asyncio.timeout(DRAIN_S):
                while missing or not blocks:
                    top = await self._finality.height()
                    for height in range(after + len(blocks) + 1, top + 1):
                        blocks.append(await self._finality.block(0, height))
                        missing.difference_update(verdict.document for verdict in blocks[-1].documents)
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise CommandError(
                Exit.FAILED,
                f"{len(missing)} of {len(promised)} acknowledged documents are in no block"
                f" after {DRAIN_S:g} s, such as {next(iter(missing), 'none')}",
            ) from error
        return blocks

    async def end(self) -> int:
        """Return the height at which all nodes have the same app hash."""
        return await self._finality.agree()


def _rates(pressed: Pressed, blocks: Sequence[FullBlock]) -> tuple[float, float, float, float]:
    committed = sum(len(block.documents) for block in blocks)
    counts = (pressed.due, pressed.attempts, len(pressed.acknowledged), committed)
    due, attempts, acknowledged, in_blocks = (round(count / pressed.seconds, 1) for count in counts)
    return due, attempts, acknowledged, in_blocks


def intervals_of(blocks: Sequence[FullBlock]) -> Intervals:
    """Return the times between blocks, by their own times; zeros for fewer than two."""
    found = sorted(
        (later.time - earlier.time).total_seconds() * 1_000 for earlier, later in itertools.pairwise(blocks)
    )
    if not found:
        return Intervals(0.0, 0.0, 0.0)
    return Intervals(*(round(percentile(found, share), 1) for share in (50, 95, 100)))


class Load(msgspec.Struct, frozen=True):
    """What is to be offered."""

    rate: float | None
    """Documents a second that count as normal; None for as many as the network sustains."""
    factor: float
    """How many times that comes due."""
    seconds: float
    """How long each load lasts."""
    is_patient: bool
    """Whether clients that are turned away come back when they were told to, and not at once."""


def overload(stage: Stage, machine: Machine, items: int, load: Load) -> OverloadReport:
    """Run a whole measurement.

    Args:
        stage: A network that is ready.
        machine: Where.
        items: Packs to load first; each is sold once.
        load: What is offered.

    Raises:
        CommandError: The network does not do what it must, or not in time.
    """
    return failing_plainly(_overload(stage, machine, items, load))


async def _overload(stage: Stage, machine: Machine, items: int, load: Load) -> OverloadReport:
    factor, seconds = load.factor, load.seconds
    time_ms = now_ms()
    moment = Moment(format_ms(time_ms), format_ms(time_ms + SHELF_LIFE_MS)[:10])
    async with session() as client:
        loading = Course(stage, client, moment)
        say(f"Loading {items} packs")
        await loading.load(items)
        course = OverloadCourse(stage, client, loading, moment)
        say(f"Normal: {CLIENTS} clients, {seconds:g} s")
        normal, promised = await course.phase("normal", load.rate, CLIENTS, seconds)
        rate = load.rate or normal.committed_per_second
        clients = round(CLIENTS * factor)
        say(f"Overload: {rate * factor:,.0f} documents a second from {clients} clients, {seconds:g} s")
        above, promised_above = await course.phase(
            *("overload", rate * factor, clients, seconds), is_patient=load.is_patient
        )
        height = await course.end()
    return OverloadReport(
        round(rate, 1),
        factor,
        _ratio(above.interval_ms.p50, normal.interval_ms.p50),
        _ratio(above.interval_ms.p95, normal.interval_ms.p95),
        len(promised.acknowledged) + len(promised_above.acknowledged),
        (normal, above),
        height,
        machine,
    )


def _ratio(one: float, other: float) -> float:
    return round(one / other, 2) if other else 0.0


def judge(report: OverloadReport, most_ratio: float) -> None:
    """Hold a report against a bound.

    Args:
        report: What was measured.
        most_ratio: How many times as long as normally the time between blocks may be, median and p95.

    Raises:
        CommandError: It is longer, or too few blocks came to tell.
    """
    if any(phase.blocks < LEAST_BLOCKS for phase in report.phases):
        counts = ", ".join(f"{phase.name} {phase.blocks}" for phase in report.phases)
        raise CommandError(
            Exit.FAILED,
            f"too few blocks came to judge the time between them ({counts}); each load needs {LEAST_BLOCKS}",
            "Give --seconds more.",
        )
    measured = {"median": report.interval_ratio_p50, "p95": report.interval_ratio_p95}
    beyond = [f"{name} {ratio:g}" for name, ratio in measured.items() if ratio > most_ratio]
    if beyond:
        raise CommandError(
            Exit.FAILED,
            f"under overload the time between blocks is {' and '.join(beyond)} times the normal,"
            f" more than {most_ratio:g}",
        )


def rows_of(report: OverloadReport) -> list[dict[str, Any]]:
    """Return the phases as a table shows them."""
    return [
        {
            "load": phase.name,
            "due": phase.due_per_second,
            "attempts": phase.attempts_per_second,
            "acknowledged": phase.acknowledged_per_second,
            "committed": phase.committed_per_second,
            "turned_away": sum(phase.turned_away.values()),
            "blocks": phase.blocks,
            "interval_p50_ms": phase.interval_ms.p50,
            "interval_p95_ms": phase.interval_ms.p95,
            "loop_lag_p99_ms": max(phase.loop_lag_p99_ms, default=0.0),
            "memory_mb": round(max((one.peak for one in phase.memory), default=0) / (1 << 20)),
        }
        for phase in report.phases
    ]
