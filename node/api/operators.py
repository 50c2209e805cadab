"""The operators' port: alive, ready, metrics, log level. For the machine's own network, never for clients."""

from typing import Annotated, Final, Literal

import msgspec
import structlog
from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from node.api.access import GRANT, Right
from node.api.answers import answer, json_bytes
from node.api.bodies import read_body
from node.api.context import ApiContext
from node.api.endpoints import JSON, Answer, Body, Endpoint, Parameter, flag_parameter
from node.api.field_readers import decode_strictly
from node.api.status import ReadinessCheck

MAX_REQUEST_BYTES: Final = 4_096
_TEXT: Final = "text/plain"

_log = structlog.get_logger(__name__)


class LevelForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new log level."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], msgspec.Meta(description="Least severity written.")
    ]


class AliveView(msgspec.Struct, frozen=True):
    """The process answers."""

    alive: bool
    """true."""


class ReadyView(msgspec.Struct, frozen=True):
    """Whether the node is ready."""

    ready: bool
    """Whether all checks pass."""
    height: int
    """Last height."""
    checks: tuple[ReadinessCheck, ...]
    """All of them with `verbose`, else those that fail."""


_LEVELS: Final = msgspec.json.Decoder(LevelForm)


class Operators:
    """The endpoints of the operators' port."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        ready = (
            Endpoint(
                "GET",
                "/livez",
                Right.PUBLIC,
                self.alive,
                "The process answers.",
                (Answer(200, "It does.", AliveView),),
            ),
            Endpoint(
                "GET",
                "/readyz",
                Right.PUBLIC,
                self.ready,
                "Whether the node is ready; 503 with the reasons when it is not.",
                (
                    Answer(200, "It is ready.", ReadyView, pinned=False),
                    Answer(503, "It is not.", ReadyView, pinned=False),
                ),
                (Parameter("verbose", "query", "Say something of every check."),),
            ),
            Endpoint(
                "POST",
                "/log-level",
                Right.OPERATE,
                self.set_log_level,
                "Change what is logged until the next start.",
                (Answer(200, "It is changed.", LevelForm),),
                body=Body((JSON,), LevelForm),
            ),
        )
        metrics = Endpoint(
            "GET",
            "/metrics",
            Right.PUBLIC,
            self.metrics,
            "Metrics for Prometheus.",
            (Answer(200, "Text exposition format.", None, _TEXT),),
        )
        return (*ready, metrics) if self._context.serve_metrics else ready

    async def alive(self, _request: web.Request) -> web.Response:
        """Say that the event loop turns."""
        return answer(json_bytes(AliveView(alive=True)), None)

    async def ready(self, request: web.Request) -> web.Response:
        """Say whether the node is ready, and why not."""
        is_verbose = request.query.get("verbose") == "" or flag_parameter(request, "verbose")
        checks = self._context.status.checks()
        failing = tuple(check for check in checks if not check.ok)
        height = self._context.chain.tip.height
        view = ReadyView(not failing, height, checks if is_verbose else failing)
        return answer(json_bytes(view), height, status=503 if failing else 200)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Answer with all metrics."""
        body = generate_latest(self._context.metrics)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def set_log_level(self, request: web.Request) -> web.Response:
        """Change the log level."""
        form = decode_strictly(_LEVELS, await read_body(request, MAX_REQUEST_BYTES, (JSON,)))
        self._context.set_log_level(form.level)
        grant = request[GRANT]
        _log.warning("log_level_changed", level=form.level, token=grant.id, token_name=grant.name)
        return answer(json_bytes(form), None)
