"""Clients that want more than they get: documents come due by a schedule; what is turned away comes again.

Each client has one document under way. A node's acknowledgement (202) ends its wait: that is a promise, and
is checked later. A 429 sends the client away for as long as the node says, and a random part more, so that
those who were turned away together do not come back together; then it brings the same document again. A
client that waits makes no further documents meanwhile, as people and programs do: so what comes due may wait
at the client, and how much was really brought to the nodes is counted beside it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import Final

import aiohttp
import msgspec

from cli.failures import CommandError, Exit
from cli.measure.goods import Job
from cli.measure.senders import Target, pause_s

_AT_ONCE_S: Final = 0.001
_JITTER: Final = 0.25
"""Greatest random part that is added to a pause."""


class Pressed(msgspec.Struct, frozen=True):
    """What became of everything that clients brought."""

    seconds: float
    """From the first document until the last client was done."""
    due: int
    """Documents that came due."""
    attempts: int
    """Requests made."""
    turned_away: dict[str, int]
    """Requests answered 429, by code."""
    refused: dict[str, int]
    """Requests answered with another problem, by code."""
    lost_connections: int
    """Requests that ended without an answer."""
    acknowledged: tuple[str, ...]
    """Ids of the documents that nodes promised to bring into a block, hex."""


class _Said(msgspec.Struct, frozen=True):
    document: str = ""
    code: str = ""


class Pressing:
    """Some clients of some nodes."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        targets: Sequence[Target],
        goods: Sequence[Iterator[Job]],
        draw: Callable[[], float],
        *,
        is_patient: bool = True,
    ) -> None:
        """Prepare.

        Args:
            client: HTTP.
            targets: The nodes.
            goods: For each node, where its documents come from; what ends there ends its clients.
            draw: Random numbers from 0 up to 1.
            is_patient: Whether clients that are turned away stay away for as long as they are told to; others
                come back at once.
        """
        self._client = client
        self._targets = targets
        self._goods = goods
        self._draw = draw
        self._is_patient = is_patient
        self._attempts = 0
        self._turned_away: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._lost = 0
        self._acknowledged: list[str] = []
        self._taken = 0
        self._start_s = self._end_s = 0.0
        self._rate: float | None = None

    async def press(self, rate: float | None, clients: int, seconds: float) -> Pressed:
        """Let documents come due evenly for a while.

        Args:
            rate: Documents a second, over all nodes; None when each client has its next one at once.
            clients: How many clients bring them, dealt out to the nodes.
            seconds: For how long they come due; who is turned away then does not come again.
        """
        self._rate = rate
        self._start_s = time.perf_counter()
        self._end_s = self._start_s + seconds
        async with asyncio.TaskGroup() as tasks:
            for at in range(clients):
                tasks.create_task(self._work(at % len(self._targets)))
        return Pressed(
            round(time.perf_counter() - self._start_s, 3),
            self._taken if rate is None else round(rate * seconds),
            self._attempts,
            dict(self._turned_away),
            dict(self._refused),
            self._lost,
            tuple(self._acknowledged),
        )

    async def _work(self, node: int) -> None:
        """Be one client: take what is due next, and bring it until it is taken."""
        target = self._targets[node]
        headers = {"Authorization": f"Bearer {target.token}", "Content-Type": "application/json"}
        for job in self._goods[node]:
            due_s = self._start_s + (self._taken / self._rate if self._rate else 0.0)
            self._taken += 1
            if max(due_s, time.perf_counter()) >= self._end_s:
                return
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            while (pause := await self._bring(f"{target.url}/v1/documents", job.body, headers)) > 0:
                if time.perf_counter() + pause >= self._end_s:
                    return
                await asyncio.sleep(pause * (1 + _JITTER * self._draw()))

    async def _bring(self, url: str, body: bytes, headers: dict[str, str]) -> float:
        """Bring a document once; return after how many seconds to come again, 0 for never."""
        self._attempts += 1
        try:
            async with self._client.post(url, data=body, headers=headers) as response:
                data = await response.read()
        except (aiohttp.ClientError, TimeoutError):
            self._lost += 1
            return 1.0
        said = _read(data)
        if response.status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            self._acknowledged.append(said.document)
            return 0.0
        if response.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._turned_away[said.code] += 1
            pause = pause_s(response)
            return pause if self._is_patient else _AT_ONCE_S
        self._refused[said.code or str(response.status)] += 1
        return 0.0


def _read(data: bytes) -> _Said:
    try:
        return msgspec.json.decode(data, type=_Said)
    except msgspec.MsgspecError as error:
        raise CommandError(Exit.FAILED, f"a node's answer cannot be read: {error}") from error
