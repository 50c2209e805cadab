"""The two HTTP applications of a node: one for clients, one for operators.

One middleware stands around every request: it names it, counts it, and turns whatever went wrong into a
problem document. What nobody foresaw is logged with its traceback and answered with nothing but its number.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from node.api.access import GRANT, Right, authorise
from node.api.alerts import Alerts
from node.api.blocks import Blocks
from node.api.body_room import BODY_SHARE, BodyRoom, BodyShare
from node.api.commits import Commits
from node.api.connections import Connections
from node.api.context import ApiContext
from node.api.documents import Documents
from node.api.endpoints import Endpoint, Handler, check_query
from node.api.epcis import MAX_FILES_INSIDE, Epcis
from node.api.events import Events
from node.api.evidence import EvidenceList
from node.api.field_readers import FieldFault
from node.api.gate import Gate
from node.api.governance import Proposals
from node.api.items import Items
from node.api.lot_excursions import LotExcursions
from node.api.lots import Lots
from node.api.metrics import ApiMetrics
from node.api.node_metrics import NodeCollector
from node.api.node_status import Status
from node.api.openapi import OpenApi
from node.api.operators import Operators
from node.api.partners import Partners
from node.api.patience import Patience
from node.api.problems import MEDIA_TYPE, Problem, from_fault
from node.api.products import ProductShelf
from node.api.recalls import RecallDesk
from node.api.shipments import Shipments
from node.api.stream import DocumentStream
from node.api.turns import Turns
from node.host.submitted import CatchingUp, Halted, TooBusy
from node.storage.errors import HistoryArchived, HistoryNotHere, StorageError
from node.storage.readers import ReadersBusy

REQUEST_ID_HEADER: Final = "X-Request-Id"
HISTORY_HEADER: Final = "Packtrail-History-From"
"""On a node that began with a snapshot: first height whose block, bundles and receipts are here."""
REQUEST_ID_BYTES: Final = 8
UNMATCHED: Final = "unmatched"
"""Path of requests that no endpoint is for, in metrics."""

_BEGUN: Final = web.RequestKey("begun", web.StreamResponse)
"""Key of an answer whose headers are sent."""
_STREAMS: Final = frozenset({"/v1/events", "/v1/documents:stream"})
"""Paths whose time says nothing."""

_log = structlog.get_logger(__name__)


class Apps:
    """Both applications of one node.

    Attributes:
        api: For clients.
        operators: For operators.
        endpoints: Those of the first.
        gate: Who gets in.
        connections: Those of each port that is listened at; kept by who listens.
        metrics: What the interface counts.
    """

    def __init__(self, context: ApiContext) -> None:
        """Build them; nothing listens yet."""
        self._context = context
        self.connections: list[Connections] = []
        self.metrics = self._metrics = ApiMetrics(context.metrics)
        context.metrics.register(NodeCollector(context))
        self._bodies = BodyRoom(context.settings.max_body_total_bytes, self._no_room_for_body)
        self.metrics.watch("body_bytes", "Bodies being read or handled, bytes.", lambda: self.body_bytes)
        files = Turns(MAX_FILES_INSIDE)
        self.metrics.watch("files_inside", "Files being read and tried.", lambda: files.inside)
        self.metrics.watch("files_waiting", "Files that wait for their turn.", lambda: len(files))
        self.metrics.watch("connections", "Open connections of clients.", self._count_connections)
        commits = Commits(context.chain)
        submissions = context.submissions
        if submissions is not None:
            submissions.on_kept = partial(self._metrics.submitted, "kept")
        self.gate = Gate(
            time.monotonic,
            lambda: submissions.room.documents_per_second if submissions else 0.0,
            context.settings.token_requests_per_second,
            self._metrics,
        )
        self._patience = Patience(context)
        self._events = Events(context, commits, self._metrics)
        description = OpenApi(context.version)
        api = [
            *Documents(context, commits, self._patience, self.gate).endpoints(),
            *DocumentStream(context, commits, self._metrics, self._patience, self.gate).endpoints(),
            *Items(context).endpoints(),
            *Lots(context).endpoints(),
            *LotExcursions(context).endpoints(),
            *Shipments(context).endpoints(),
            *RecallDesk(context).endpoints(),
            *Alerts(context).endpoints(),
            *Blocks(context).endpoints(),
            *Partners(context).endpoints(),
            *ProductShelf(context).endpoints(),
            *Proposals(context).endpoints(),
            *EvidenceList(context).endpoints(),
            *Status(context).endpoints(),
            *self._events.endpoints(),
            *Epcis(context, self._metrics, self._patience, self.gate, files).endpoints(),
            *description.endpoints(),
        ]
        description.describe(api)
        self.endpoints: tuple[Endpoint, ...] = tuple(api)
        self.api = self._build(api)
        self.operators = self._build(Operators(context).endpoints())

    def end_waiting(self) -> None:
        """Answer everyone who waits, and end the streams of live events: the node stops."""
        self._patience.end()
        self._events.close()

    @property
    def body_bytes(self) -> int:
        """Length of the bodies that are being read or handled."""
        return self._bodies.bytes

    def _no_room_for_body(self) -> Problem:
        return self.gate.too_busy(
            "bodies", "Bodies take all the room there is, and whoever has most gives way."
        )

    def _count_connections(self) -> int:
        return sum(map(len, self.connections))

    def _build(self, endpoints: Sequence[Endpoint]) -> web.Application:
        app = web.Application(middlewares=[self._around], client_max_size=0)
        app.on_response_prepare.append(_note_begun)
        for endpoint in endpoints:
            app.router.add_route(endpoint.method, endpoint.path, self._guarded(endpoint))
        self._metrics.know([(endpoint.method, endpoint.path) for endpoint in endpoints])
        return app

    def _guarded(self, endpoint: Endpoint) -> Handler:
        context, allowed = self._context, endpoint.query

        async def handle(request: web.Request) -> web.StreamResponse:
            authorise(context, request, endpoint.right)
            if endpoint.right is not Right.PUBLIC:
                token = request[GRANT].id
                self.gate.check_token(token)
                request[BODY_SHARE] = BodyShare(self._bodies, token)
            check_query(request, allowed)
            return await endpoint.handler(request)

        return self._counting(handle) if endpoint.hands_in else handle

    def _counting(self, handler: Handler) -> Handler:
        """Return a handler that counts what it refuses; what it keeps is counted where it is kept."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except Exception as error:
                problem = self._problem_of(error)
                if problem is None:
                    raise
                self._metrics.told(problem.code, problem.status)
                # Asked again what it stands for, a busy node would be counted twice.
                raise problem from (None if problem is error else error)

        return handle

    @web.middleware
    async def _around(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        began = loop.time()
        request_id = self._context.draw(REQUEST_ID_BYTES).hex()
        self._note(request)
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            problem = self._problem_of(error)
            if problem is None:
                _log.exception("request_failed", request=request_id, method=request.method, path=request.path)
                problem = Problem("internal_error")
            begun: web.StreamResponse | None = request.get(_BEGUN)
            if begun is not None:
                # Half an answer is out: all that is left is to cut it, so that it is seen to be no whole one.
                begun.force_close()
                if request.transport is not None:
                    request.transport.abort()
                return begun
            response = await self._render(problem, request_id)
        finally:
            # Only now: until its answer has been held back long enough, a refused request may keep its body.
            _release(request)
        if _BEGUN not in request:
            response.headers[REQUEST_ID_HEADER] = request_id
            if self._context.history_from > 1:
                response.headers[HISTORY_HEADER] = str(self._context.history_from)
        self._count(request, response.status, loop.time() - began)
        return response

    def _note(self, request: web.Request) -> None:
        """Note that a connection is used."""
        for connections in self.connections:
            connections.asked(request.protocol)

    async def _render(self, problem: Problem, request_id: str) -> web.Response:
        """Return the answer, held back a little when it turns somebody away."""
        if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
            await self.gate.hold_back()
        return _render(problem, request_id)

    def _problem_of(self, error: Exception) -> Problem | None:
        """Return the problem that an exception stands for, or None for one that nobody foresaw."""
        match error:
            case Problem():
                return error
            case FieldFault():
                return from_fault(error)
            case Halted(reason=reason):
                return Problem("node_halted", f"{reason}.")
            case CatchingUp():
                return Problem("catching_up", f"{error}.", members={"height": error.height})
            case TooBusy(full=full):
                return self.gate.too_busy(
                    full, f"There is no room for more {full} between here and the chain."
                )
            case ReadersBusy():
                return self.gate.too_busy("reads", "Too many questions wait for an answer.")
            case _:
                return _fault_of(error)

    def _count(self, request: web.Request, status: int, seconds: float) -> None:
        resource = request.match_info.route.resource
        path = UNMATCHED if resource is None else resource.canonical
        method = request.method if path != UNMATCHED else "other"
        self._metrics.answered(method, path, status, None if path in _STREAMS else seconds)


def _release(request: web.Request) -> None:
    """Give back what the request's body took."""
    if BODY_SHARE in request:
        request[BODY_SHARE].release()


async def _note_begun(request: web.BaseRequest, response: web.StreamResponse) -> None:
    request[_BEGUN] = response
    response.headers["Server"] = "packtrail"


def _render(problem: Problem, request_id: str) -> web.Response:
    return web.Response(
        body=problem.render(request_id),
        status=problem.status,
        headers={**problem.headers, "Content-Type": MEDIA_TYPE},
    )


def _fault_of(error: Exception) -> Problem | None:
    """Return the problem that an error of the disk or of the router stands for, or None."""
    match error:
        case HistoryNotHere():
            return Problem("history_not_here", f"{error}.", members={"history_from": error.first})
        case HistoryArchived():
            members = {"height": error.height, "archived_to": error.up_to}
            return Problem("archived", f"{error}.", members=members)
        case StorageError():
            return Problem("storage_failed")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return Problem("method_not_allowed", headers={"Allow": allowed})
        case web.HTTPNotFound():
            return Problem("unknown_path")
        case _:
            return None
