"""Live events: Server-Sent Events and WebSocket on one path, resumable by cursor.

A subscriber is a place in the chain that moves on as fast as the client takes what it is sent. Never more
than one batch of bounded length is under way to it; one that takes nothing for a while is dropped, and can
come back with its last cursor.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

import structlog
from aiohttp import WSMsgType, web

from node.api.access import Right, Scope, scope_of
from node.api.answers import HEIGHT_HEADER
from node.api.commits import Commits
from node.api.context import ApiContext
from node.api.endpoints import EVENT_STREAM, Answer, Endpoint, Parameter, header_text, parse_number
from node.api.feed import FACTS, Feed, FeedEntry, Place
from node.api.metrics import ApiMetrics
from node.api.problems import Problem, parameter_problem
from node.storage.errors import HistoryArchived, HistoryNotHere

HEARTBEAT_S: Final = 15.0
"""A stream says something at least this often."""
STALL_S: Final = 30.0
"""One that takes nothing for so long is dropped."""
CLOSE_S: Final = 0.3
"""How long a WebSocket client may take to say goodbye when the node stops."""
MAX_BATCH_BYTES: Final = 256 << 10
"""Most bytes on their way to one subscriber."""
MAX_MESSAGE_BYTES: Final = 1_024
"""Longest message that a WebSocket client may send; none means anything."""

_PLACE_PARTS: Final = 3
_CLOSE_GOING_AWAY: Final = 1001

_log = structlog.get_logger(__name__)


class Events:
    """The endpoint /v1/events.

    Attributes:
        heartbeat_s: See `HEARTBEAT_S`.
        stall_s: See `STALL_S`.
    """

    def __init__(self, context: ApiContext, commits: Commits, metrics: ApiMetrics) -> None:
        """Answer for the node of `context`."""
        self._context = context
        self._commits = commits
        self._metrics = metrics
        self._feed = Feed(context)
        self._subscribers = 0
        self._closing = asyncio.Event()
        self.heartbeat_s = HEARTBEAT_S
        self.stall_s = STALL_S

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "GET",
                "/v1/events",
                Right.READ,
                self.subscribe,
                "Live events, as Server-Sent Events, or over a WebSocket when upgraded.",
                (Answer(200, "Events: block, document, event.", FACTS, EVENT_STREAM),),
                (
                    Parameter("from", "query", "First height, or the cursor after which to go on."),
                    Parameter("Last-Event-ID", "header", "As `from`, sent by browsers that reconnect."),
                ),
                problems=("invalid_cursor", "too_many_subscribers"),
            ),
        )

    def close(self) -> None:
        """End all streams: the node stops."""
        self._closing.set()

    async def subscribe(self, request: web.Request) -> web.StreamResponse:
        """Tell a subscriber what happens until it leaves, is too slow, or the node stops."""
        place = self._first_place(request)
        scope = scope_of(self._context, request)
        if self._subscribers >= self._context.settings.max_subscribers:
            raise Problem("too_many_subscribers")
        self._subscribers += 1
        self._metrics.subscribers.inc()
        # When the client leaves, the handler may be cancelled at once.
        reason = "left"
        try:
            is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
            channel: _Channel = _Socket() if is_socket else _EventStream()
            height = {HEIGHT_HEADER: str(self._context.chain.tip.height)}
            response = await channel.open(request, height)
            reason = await self._serve(channel, place, scope)
            return response
        except Exception:
            reason = "failed"
            raise
        finally:
            self._subscribers -= 1
            self._metrics.subscribers.dec()
            self._metrics.stream_ended(reason)

    def _first_place(self, request: web.Request) -> Place:
        """Return the place after which a subscriber begins."""
        tip = self._context.chain.tip.height
        text = header_text(request, "Last-Event-ID") or request.query.get("from", "")
        if not text:
            return (tip + 1, -1, 0)
        height = parse_number(text)
        if height is not None:
            if height > tip + 1:
                raise parameter_problem("from", f"a height up to {tip + 1}, or a cursor")
            return (self._here(max(height, 1)), -1, 0)
        parts = [parse_number(part) for part in text.split(".")]
        numbers = [number for number in parts if number is not None]
        if len(parts) != _PLACE_PARTS or len(numbers) != _PLACE_PARTS or not 0 < numbers[0] <= tip + 1:
            raise Problem("invalid_cursor")
        return (self._here(numbers[0]), numbers[1], numbers[2])

    def _here(self, height: int) -> int:
        """Return a height that this node has the history of; nothing is left out silently.

        Raises:
            HistoryNotHere: It lies before the snapshot that the node began with.
            HistoryArchived: Its documents are in an archive.
        """
        if height < self._context.history_from:
            raise HistoryNotHere(self._context.history_from)
        if height <= self._context.archived_to:
            raise HistoryArchived(height, self._context.archived_to)
        return height

    async def _serve(self, channel: "_Channel", place: Place, scope: Scope) -> str:
        """Send until the end; return why it ended."""
        sending = asyncio.create_task(self._send_all(channel, place, scope))
        leaving = asyncio.create_task(channel.left())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({sending, leaving, closing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving, closing):
                task.cancel()
            await asyncio.gather(sending, leaving, closing, return_exceptions=True)
        error = None if sending.cancelled() else sending.exception()
        if isinstance(error, TimeoutError):
            _log.info("subscriber_too_slow")
            channel.drop()
            return "slow"
        if error is not None and not isinstance(error, ConnectionError):
            raise error
        if self._closing.is_set():
            await channel.close()
            return "closing"
        return "left"

    async def _send_all(self, channel: "_Channel", place: Place, scope: Scope) -> None:
        async for batch in self._batches(place, scope):
            async with asyncio.timeout(self.stall_s):
                await channel.send(batch)

    async def _batches(self, place: Place, scope: Scope) -> AsyncIterator[list[FeedEntry]]:
        """Yield what comes after a place, in batches of bounded length; an empty one is a heartbeat."""
        height = place[0]
        while True:
            while height <= self._context.chain.tip.height:
                # Nothing of the block but the batch is held while a client takes its time.
                batch, is_more = _next_batch(await self._feed.at(height), place, scope)
                if batch:
                    place = batch[-1].place
                    yield batch
                height += not is_more
            try:
                async with asyncio.timeout(self.heartbeat_s):
                    await self._commits.next_block()
            except TimeoutError:
                yield []


def _next_batch(entries: Sequence[FeedEntry], after: Place, scope: Scope) -> tuple[list[FeedEntry], bool]:
    """Return what comes next of a block, and whether there is more of it."""
    batch: list[FeedEntry] = []
    size = 0
    for entry in entries:
        if entry.place <= after or not _may_see(entry, scope):
            continue
        if batch and size + len(entry.data) > MAX_BATCH_BYTES:
            return batch, True
        batch.append(entry)
        size += len(entry.data)
    return batch, False


def _may_see(entry: FeedEntry, scope: Scope) -> bool:
    return entry.concerned is None or scope.sees(entry.concerned)


class _Channel(Protocol):
    """How entries get to a client."""

    async def open(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        """Begin to answer."""
        ...

    async def send(self, batch: list[FeedEntry]) -> None:
        """Send a batch; none is a sign of life. Returns when the client has taken almost all of it."""
        ...

    async def left(self) -> None:
        """Return when the client has left."""
        ...

    async def close(self) -> None:
        """End it: the node stops."""
        ...

    def drop(self) -> None:
        """End it at once; what the client has not taken is lost."""
        ...


def _abort(request: web.Request | None) -> None:
    # A transport that is closed waits for its buffer to drain, and a client that does not read never lets it.
    if request is not None and request.transport is not None:
        request.transport.abort()


class _EventStream:
    """Server-Sent Events, as the HTML standard defines them."""

    def __init__(self) -> None:
        self._response = web.StreamResponse()
        self._request: web.Request | None = None

    async def open(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        self._response.headers.update(headers)
        self._response.headers["Cache-Control"] = "no-store"
        # Proxies that buffer answers would hold events back.
        self._response.headers["X-Accel-Buffering"] = "no"
        self._response.content_type = EVENT_STREAM
        self._request = request
        await self._response.prepare(request)
        await self._response.write(b": connected\n\n")
        return self._response

    async def send(self, batch: list[FeedEntry]) -> None:
        lines = [
            b"id: %s\nevent: %s\ndata: %s\n\n" % (entry.cursor.encode(), entry.kind.encode(), entry.data)
            for entry in batch
        ]
        await self._response.write(b"".join(lines) or b": alive\n\n")

    async def left(self) -> None:
        # A client that leaves is noticed by the next write, at the latest by a heartbeat.
        await asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        self._response.force_close()

    def drop(self) -> None:
        _abort(self._request)


class _Socket:
    """WebSocket messages: one JSON object per entry, with its cursor and kind."""

    def __init__(self) -> None:
        self._request: web.Request | None = None
        self._socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, timeout=CLOSE_S, compress=False, max_msg_size=MAX_MESSAGE_BYTES
        )

    async def open(self, request: web.Request, headers: dict[str, str]) -> web.StreamResponse:
        self._socket.headers.update(headers)
        self._request = request
        await self._socket.prepare(request)
        return self._socket

    async def send(self, batch: list[FeedEntry]) -> None:
        for entry in batch:
            await self._socket.send_frame(
                b'{"id":"%s","event":"%s","data":%s}'
                % (entry.cursor.encode(), entry.kind.encode(), entry.data),
                WSMsgType.TEXT,
            )

    async def left(self) -> None:
        async for _message in self._socket:
            pass

    async def close(self) -> None:
        await self._socket.close(code=_CLOSE_GOING_AWAY)

    def drop(self) -> None:
        _abort(self._request)
