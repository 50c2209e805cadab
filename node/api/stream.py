"""Documents in volume: NDJSON in, one document a line; NDJSON out, one answer a line, in the same order."""

from aiohttp import web

from node.api.access import GRANT, Right
from node.api.answers import HEIGHT_HEADER
from node.api.bodies import check_media_type
from node.api.commits import Commits
from node.api.context import ApiContext
from node.api.endpoints import (
    NDJSON,
    RECORD_REFUSAL,
    WAIT,
    Answer,
    Body,
    Endpoint,
    Parameter,
    choice_parameter,
    flag_parameter,
    header_text,
)
from node.api.gate import Gate
from node.api.metrics import ApiMetrics
from node.api.patience import Patience
from node.api.record_forms import DocumentForm
from node.api.stream_lines import LineView
from node.api.stream_run import StreamRun
from node.api.submitting import IDEMPOTENCY_HEADER, secret_of


class DocumentStream:
    """The endpoint /v1/documents:stream."""

    def __init__(
        self, context: ApiContext, commits: Commits, metrics: ApiMetrics, patience: Patience, gate: Gate
    ) -> None:
        """Answer for the node of `context`."""
        self._gate = gate
        self._context = context
        self._commits = commits
        self._metrics = metrics
        self._patience = patience

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "POST",
                "/v1/documents:stream",
                Right.WRITE,
                self.stream,
                "Submit many documents, one a line; read while you send.",
                (Answer(200, "One answer a line, in order.", LineView, NDJSON),),
                (
                    WAIT,
                    RECORD_REFUSAL,
                    Parameter(
                        IDEMPOTENCY_HEADER,
                        "header",
                        "The same key and lines make the same documents, for 24 hours, across restarts.",
                    ),
                ),
                Body((NDJSON,), DocumentForm),
                ("partner_needed", "partner_not_here", "idempotency_key_reused"),
            ),
        )

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Take documents in, line by line, until the client has no more."""
        context = self._context
        wait = choice_parameter(request, "wait", "none", ("none", "commit")) == "commit"
        record_refusal = flag_parameter(request, "record_refusal")
        key = header_text(request, IDEMPOTENCY_HEADER)
        check_media_type(request, (NDJSON,))
        secret = None
        if key:
            # Whatever the lines say: a line sent again makes the same document, another line another one.
            secret = await secret_of(context, request[GRANT], key, b"stream %d" % record_refusal)
        response = web.StreamResponse(
            headers={HEIGHT_HEADER: str(context.chain.tip.height), "Cache-Control": "no-store"}
        )
        response.content_type = NDJSON
        await response.prepare(request)
        run = StreamRun(
            *(context, self._commits, self._metrics, self._patience, self._gate),
            *(request, response, secret),
        )
        await run.run(wait=wait, record_refusal=record_refusal)
        return response
