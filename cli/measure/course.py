"""The course of a measurement: load the packs, send the documents, wait for the slowest node, sum up."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import aiohttp
import msgspec

from cli.clock import format_ms, now_ms
from cli.failures import CommandError, Exit
from cli.local import load_genesis
from cli.measure import yardsticks
from cli.measure.figures import Pass, Report, Run, ratio_of, run_of
from cli.measure.finality import Finality
from cli.measure.goods import PARTNERS, Job, Moment, commissions, receive, receiver_of, ships
from cli.measure.senders import Outcome, Requests, session, stream
from cli.measure.stage import Machine, Stage
from cli.output import say
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import shipment_id

SERIALS_PER_LOADED_DOCUMENT: Final = 1_000
LOADED_IN_FLIGHT: Final = 16
SHELF_LIFE_MS: Final = 2 * 365 * 86_400_000
_SEED_BYTES: Final = 8

T = TypeVar("T")
Send = Callable[[Sequence[Job]], Awaitable[list[Outcome]]]

METHOD: Final = (
    "Four validators of their own on loopback, one process each, new ledger, mutual TLS, every commit synced."
    " Each partner's documents go to its own node's HTTP API, all four in turn; the sender runs on the same"
    " machine. Counted is what the slowest node has finalised, from the first document sent until that node"
    " has the last one's block."
)


class Sending(msgspec.Struct, frozen=True):
    """One way of sending, asked for."""

    name: str
    """requests, rate or stream."""
    documents: int
    """How many."""
    in_flight: int = 0
    """Most under way: in all for requests, by stream for streams."""
    rate: float | None = None
    """Documents a second; None for as many as go."""

    @property
    def method(self) -> str:
        """How documents are sent, in a sentence."""
        pace = "" if self.rate is None else f", {self.rate:g} documents a second"
        match self.name:
            case "stream":
                return (
                    f"NDJSON, one stream per node, at most {self.in_flight} documents under way in each{pace}"
                )
            case "rate":
                return f"one request per document, evenly{pace}"
            case _:
                return f"one request per document, {self.in_flight} under way"


class Course:
    """One measurement on one stage."""

    def __init__(self, stage: Stage, client: aiohttp.ClientSession, moment: Moment) -> None:
        """Begin; nothing is sent yet."""
        self._stage = stage
        self._client = client
        self._finality = Finality(client, stage.targets)
        self._seed = os.urandom(_SEED_BYTES).hex()
        self._moment = moment
        self._packs: list[list[str]] = [[] for _ in PARTNERS]
        self._shipped = 0

    @property
    def packs(self) -> Sequence[Sequence[str]]:
        """What each partner was given by `load`."""
        return self._packs

    async def load(self, items: int) -> None:
        """Bring packs to life, equally many with each partner.

        Raises:
            CommandError: The network refuses one.
        """
        made = commissions(
            f"load{self._seed}",
            -(-items // SERIALS_PER_LOADED_DOCUMENT),
            SERIALS_PER_LOADED_DOCUMENT,
            self._moment,
        )
        jobs = []
        for job, packs in made:
            jobs.append(job)
            self._packs[job.node] += packs
        outcomes = await stream(self._client, self._stage.targets, jobs, LOADED_IN_FLIGHT)
        wrong = next((outcome.code for outcome in outcomes if outcome.code != ACCEPTED), None)
        if wrong is not None:
            raise CommandError(Exit.FAILED, f"the packs could not be loaded: {wrong}")

    def _sender(self, sending: Sending) -> Send:
        targets = self._stage.targets
        match sending.name:
            case "stream":
                return lambda jobs: stream(self._client, targets, jobs, sending.in_flight, sending.rate)
            case "rate":
                return lambda jobs: Requests(self._client, targets).at_rate(jobs, sending.rate or 1.0)
            case _:
                return lambda jobs: Requests(self._client, targets).at_once(jobs, sending.in_flight)

    async def single(self, sending: Sending) -> Run:
        """Ship packs one by one, then receive them: half of the documents each."""
        send, half = self._sender(sending), sending.documents // 2
        shipping = await self._timed(send, ships(self._packs, self._shipped, half, self._moment))
        self._shipped += half
        announced = [outcome for outcome in shipping.outcomes if outcome.code == ACCEPTED]
        receipts = [
            receive(
                receiver_of(outcome.job.node),
                shipment_id(bytes.fromhex(outcome.document), 0).hex(),
                self._moment,
            )
            for outcome in announced
        ]
        receiving = await self._timed(send, receipts)
        return run_of(sending.name, sending.method, (shipping, receiving))

    async def commission(self, sending: Sending, serials: int) -> tuple[Run, float]:
        """Bring packs to life; return the run, and how many bytes the largest database grew by serial."""
        made = commissions(f"make{self._seed}", sending.documents, serials, self._moment)
        jobs = [job for job, _packs in made]
        before = self._stage.disk_bytes()
        run = run_of(sending.name, sending.method, [await self._timed(self._sender(sending), jobs)])
        grown = max(now - then for now, then in zip(self._stage.disk_bytes(), before, strict=True))
        return run, round(grown / (sending.documents * serials), 1)

    async def _timed(self, send: Send, jobs: Sequence[Job]) -> Pass:
        """Send documents and wait until every node has the last block of them."""
        first = await self._finality.agree()
        node_cpu, client_cpu = self._stage.cpu_seconds(), time.process_time()
        start_s = time.perf_counter()
        outcomes = await send(jobs)
        last = max((outcome.height for outcome in outcomes), default=first)
        times = await self._finality.reached(last)
        seconds = max(times) - start_s
        spent = [now - then for now, then in zip(self._stage.cpu_seconds(), node_cpu, strict=True)]
        client_cpu = time.process_time() - client_cpu
        await self._check(outcomes, times.index(max(times)), first, last)
        return Pass(tuple(outcomes), seconds, tuple(spent), client_cpu)

    async def _check(self, outcomes: Sequence[Outcome], slowest: int, first: int, last: int) -> None:
        """Insist that the slowest node holds every document that a client was told is in a block."""
        told = sum(outcome.height > 0 for outcome in outcomes)
        held = await self._finality.documents(slowest, first, last)
        if held < told:
            name = self._stage.targets[slowest].name
            raise CommandError(Exit.FAILED, f"{told} documents are said to be in blocks, {name} holds {held}")

    async def end(self) -> int:
        """Return the height at which all nodes have the same app hash."""
        return await self._finality.agree()


def measure(
    stage: Stage, machine: Machine, benchmark: str, sendings: Sequence[Sending], items: int, serials: int
) -> Report:
    """Run a whole measurement.

    Args:
        stage: A network that is ready.
        machine: Where.
        benchmark: single or commission.
        sendings: What to measure, in order.
        items: Packs to load first.
        serials: In each document, for commission.

    Raises:
        CommandError: The network does not do what it must, or not in time.
    """
    return failing_plainly(_measure(stage, machine, benchmark, sendings, items, serials))


def failing_plainly(measuring: Coroutine[Any, Any, T]) -> T:
    """Run a measurement; what ends it badly becomes one sentence.

    Raises:
        CommandError: A node does not answer, or does what it must not.
    """
    try:
        return asyncio.run(measuring)
    except* (aiohttp.ClientError, TimeoutError) as failures:
        raise _unreachable(failures) from failures
    except* CommandError as failures:
        raise _first(failures) from failures


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    found: BaseException = failures
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def _unreachable(failures: BaseExceptionGroup[BaseException]) -> CommandError:
    first = _first(failures)
    return CommandError(Exit.UNREACHABLE, f"a node does not answer: {str(first) or type(first).__name__}")


async def _measure(
    stage: Stage, machine: Machine, benchmark: str, sendings: Sequence[Sending], items: int, serials: int
) -> Report:
    time_ms = now_ms()
    moment = Moment(format_ms(time_ms), format_ms(time_ms + SHELF_LIFE_MS)[:10])
    disk: float | None = None
    runs: list[Run] = []
    async with session() as client:
        course = Course(stage, client, moment)
        say(f"Loading {items} packs")
        await course.load(items)
        for sending in sendings:
            say(f"Sending {sending.documents} documents: {sending.method}")
            if benchmark == "commission":
                run, disk = await course.commission(sending, serials)
            else:
                run = await course.single(sending)
            runs.append(run)
        height = await course.end()
    say("Measuring what this machine can do at most")
    limits = yardsticks.measure(load_genesis(stage.genesis), stage.root, moment, time_ms)
    return Report(
        benchmark=benchmark,
        records_per_second=runs[0].records_per_second,
        serials_per_second=runs[0].serials_per_second,
        latency_ms=runs[-1].latency_ms,
        seconds=round(sum(run.seconds for run in runs), 3),
        nodes=len(stage.targets),
        documents=sum(run.documents for run in runs),
        refused=sum(run.refused for run in runs),
        items_loaded=items,
        method=METHOD,
        ratio=ratio_of(runs[0], limits, len(stage.targets), machine.cores),
        runs=tuple(runs),
        limits=limits,
        disk_bytes_per_serial=disk,
        height=height,
        machine=machine,
    )
