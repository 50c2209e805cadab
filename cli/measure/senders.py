"""Sending documents to nodes: one request each at a rate or so many at a time, or streamed; and timing them.

A document's time runs from the moment it was to be sent until its node said that it is in a block. With a
rate that moment is the schedule's, whatever the sender was doing then: a node that makes others wait is not
measured as quick. A document that a node turns away (429) is sent again when the node said; the pause counts.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec

from cli.failures import CommandError, Exit
from cli.measure.goods import Job

CONNECTION_TIMEOUT_S: Final = 60.0
"""Without any answer for this long, a node is taken for dead."""
MAX_PAUSE_S: Final = 60.0
"""Longest pause that a client takes a node's word for."""
_LEAST_PAUSE_S: Final = 0.05
_LINES_PER_CHUNK: Final = 64
_CHUNK_BYTES: Final = 256 << 10


class Target(msgspec.Struct, frozen=True):
    """A node's API."""

    name: str
    """The node's name."""
    url: str
    """http://host:port."""
    token: str
    """API token."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one document."""

    job: Job
    """The document."""
    latency_s: float
    """From when it was to be sent until the answer."""
    document: str
    """Its id, hex; empty when it was not kept."""
    height: int
    """Height of its block; 0 when it is in none."""
    code: str
    """accepted, or why not."""


class _Said(msgspec.Struct, frozen=True):
    """What is read of an answer or a problem document."""

    document: str = ""
    height: int = 0
    code: str = ""
    status: str | int = ""


_SAID: Final = msgspec.json.Decoder(_Said)
_PAST: Final = "committed"


def session() -> aiohttp.ClientSession:
    """Return a client session without limits of its own: the senders bound what is under way."""
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECTION_TIMEOUT_S, sock_read=CONNECTION_TIMEOUT_S
    )
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)


def _headers(target: Target, kind: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {target.token}", "Content-Type": kind}


def _outcome(job: Job, since_s: float, data: bytes) -> Outcome:
    latency_s = time.perf_counter() - since_s
    try:
        said = _SAID.decode(data)
    except msgspec.MsgspecError as error:
        raise CommandError(Exit.FAILED, f"a node's answer cannot be read: {error}") from error
    height = said.height if said.status == _PAST else 0
    return Outcome(job, latency_s, said.document, height, said.code or str(said.status))


def pause_s(response: aiohttp.ClientResponse) -> float:
    """Return after how many seconds a node wants to see a request again that it answered with 429.

    Raises:
        CommandError: It does not say.
    """
    retry_after = response.headers.get("Retry-After", "")
    if not retry_after.isdigit():
        raise CommandError(Exit.FAILED, f"a node answers 429 with Retry-After {retry_after!r}")
    return max(_LEAST_PAUSE_S, min(float(retry_after), MAX_PAUSE_S))


# ------------------------------------------------------------------------------- one by one


class Requests:
    """One request per document, each answered with its commit."""

    def __init__(self, client: aiohttp.ClientSession, targets: Sequence[Target]) -> None:
        """Send to `targets`, by the position that a job names."""
        self._client = client
        self._targets = targets
        self._outcomes: list[Outcome] = []

    async def _send(self, job: Job, since_s: float) -> None:
        target = self._targets[job.node]
        headers = _headers(target, "application/json")
        url = f"{target.url}/v1/documents?wait=commit"
        while True:
            async with self._client.post(url, data=job.body, headers=headers) as response:
                data = await response.read()
            if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                break
            await asyncio.sleep(pause_s(response))
        self._outcomes.append(_outcome(job, since_s, data))

    async def at_once(self, jobs: Iterable[Job], in_flight: int) -> list[Outcome]:
        """Send all, each as soon as fewer than `in_flight` are under way."""
        waiting = deque(jobs)

        async def work() -> None:
            while waiting:
                await self._send(waiting.popleft(), time.perf_counter())

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(in_flight, len(waiting))):
                tasks.create_task(work())
        return self._outcomes

    async def at_rate(self, jobs: Sequence[Job], rate: float) -> list[Outcome]:
        """Send `rate` a second, evenly, however long the answers take."""
        start_s = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for at, job in enumerate(jobs):
                due_s = start_s + at / rate
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
                tasks.create_task(self._send(job, due_s))
        return self._outcomes


# -------------------------------------------------------------------------------- in streams


async def stream(
    client: aiohttp.ClientSession,
    targets: Sequence[Target],
    jobs: Sequence[Job],
    in_flight: int,
    rate: float | None = None,
) -> list[Outcome]:
    """Send documents as NDJSON, one stream per node, all streams at the same time.

    Args:
        client: HTTP.
        targets: Nodes, by the position that a job names.
        jobs: The documents.
        in_flight: Most documents of a stream that are sent and not answered.
        rate: Documents a second over all streams; None for as many as go.
    """
    lanes: list[list[tuple[float, Job]]] = [[] for _ in targets]
    for at, job in enumerate(jobs):
        lanes[job.node].append((0.0 if rate is None else at / rate, job))
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(_Stream(target, lane, in_flight, is_paced=rate is not None).run(client))
            for target, lane in zip(targets, lanes, strict=True)
            if lane
        ]
    return [outcome for task in running for outcome in task.result()]


class _Stream:
    """One node's stream."""

    def __init__(
        self, target: Target, lane: Sequence[tuple[float, Job]], in_flight: int, *, is_paced: bool
    ) -> None:
        self._target = target
        self._lane = lane
        self._in_flight = in_flight
        self._is_paced = is_paced
        self._sent: deque[tuple[float, Job]] = deque()
        self._answered = asyncio.Event()
        self._outcomes: list[Outcome] = []

    async def run(self, client: aiohttp.ClientSession) -> list[Outcome]:
        """Send everything and return what became of it."""
        url = f"{self._target.url}/v1/documents:stream?wait=commit"
        headers = _headers(self._target, "application/x-ndjson")
        async with client.post(url, data=self._chunks(), headers=headers) as response:
            if not response.ok:
                raise CommandError(
                    Exit.FAILED, f"{self._target.name} refuses the stream: {await response.text()}"
                )
            rest = b""
            async for data in response.content.iter_any():
                *lines, rest = (rest + data).split(b"\n")
                self._take(lines)
        if len(self._outcomes) != len(self._lane):
            count = len(self._lane) - len(self._outcomes)
            raise CommandError(Exit.FAILED, f"{self._target.name} left {count} documents without an answer")
        return self._outcomes

    def _take(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            since_s, job = self._sent.popleft()
            self._outcomes.append(_outcome(job, since_s, line))
        self._answered.set()

    async def _chunks(self) -> AsyncIterator[bytes]:
        """Yield lines, several in one piece, as answers make room and the schedule has them due."""
        start_s = time.perf_counter()
        at = 0
        while at < len(self._lane):
            count = await self._room(start_s, at)
            chunk: list[bytes] = []
            size = 0
            for offset_s, job in self._lane[at : at + count]:
                if chunk and size + len(job.body) > _CHUNK_BYTES:
                    break
                since_s = start_s + offset_s if self._is_paced else time.perf_counter()
                self._sent.append((since_s, job))
                chunk.append(job.body)
                size += len(job.body)
            at += len(chunk)
            yield b"\n".join((*chunk, b""))

    async def _room(self, start_s: float, at: int) -> int:
        """Wait until something may be sent; return how many lines."""
        while len(self._sent) >= self._in_flight:
            self._answered.clear()
            await self._answered.wait()
        room = min(_LINES_PER_CHUNK, self._in_flight - len(self._sent))
        if not self._is_paced:
            return room
        await asyncio.sleep(max(0.0, start_s + self._lane[at][0] - time.perf_counter()))
        now_s = time.perf_counter() - start_s
        return max(1, sum(offset_s <= now_s for offset_s, _job in self._lane[at : at + room]))
