"""What the API counts, for Prometheus; every series exists from the start, at zero."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from contracts.rules.codes import Code

OUTCOMES: Final = ("kept", "refused", "invalid", "busy")
"""What becomes of a document that a client submits: it is kept, a rule refuses it, it is no document, or
there is no room for it now."""
TURNED_AWAY: Final = (
    *("requests", "documents", "bytes", "weight", "bundles", "drafts"),
    *("bodies", "files", "reads", "connections", "token_rate"),
)
"""What was full when a client was told to come back."""
CUTS: Final = ("silent", "stalled")
"""Why a client's connection was given up."""
SUBSCRIBER_ENDS: Final = ("left", "slow", "closing", "failed")
"""Why a stream of live events ended."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BUSY: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_INVALID: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_VERDICTS: Final = frozenset(Code)
_CLASSES: Final = ("1xx", "2xx", "4xx", "5xx")
_PER_CLASS: Final = 100


class ApiMetrics:
    """The API's own series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self._registry = registry
        self._requests = Counter(
            "packtrail_http_requests_total",
            "Requests answered, by path and class of status.",
            ("method", "path", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "packtrail_http_request_seconds",
            "Time from a request's headers to the end of its answer, in seconds; streams are not counted.",
            ("method", "path"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._submitted = Counter(
            "packtrail_documents_submitted_total",
            "Documents of clients, by what became of them; a file of events that becomes none counts as one.",
            ("outcome",),
            registry=registry,
        )
        self._turned_away = Counter(
            "packtrail_turned_away_total",
            "Requests, and lines of streams, that clients were told to send again later, by what was full.",
            ("full",),
            registry=registry,
        )
        self.subscribers = Gauge(
            "packtrail_event_subscribers", "Open streams of live events.", registry=registry
        )
        self._ended = Counter(
            "packtrail_event_streams_ended_total",
            "Streams of live events that ended, by reason.",
            ("reason",),
            registry=registry,
        )
        self._cut = Counter(
            "packtrail_connections_cut_total",
            "Clients' connections that were given up: nothing was asked (silent), or nothing read (stalled).",
            ("reason",),
            registry=registry,
        )
        for reason in CUTS:
            self._cut.labels(reason)
        for full in TURNED_AWAY:
            self._turned_away.labels(full)
        for outcome in OUTCOMES:
            self._submitted.labels(outcome)
        for reason in SUBSCRIBER_ENDS:
            self._ended.labels(reason)

    def watch(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when Prometheus asks."""
        Gauge(f"packtrail_{name}", documentation, registry=self._registry).set_function(value)

    def know(self, routes: Iterable[tuple[str, str]]) -> None:
        """Begin all series of these (method, path) at zero."""
        for method, path in routes:
            self._seconds.labels(method, path)
            for status in _CLASSES:
                self._requests.labels(method, path, status)

    def answered(self, method: str, path: str, status: int, seconds: float | None) -> None:
        """Count an answer; its time is None for a stream."""
        self._requests.labels(method, path, f"{status // _PER_CLASS}xx").inc()
        if seconds is not None:
            self._seconds.labels(method, path).observe(seconds)

    def submitted(self, outcome: str, count: int = 1) -> None:
        """Count documents, by one of `OUTCOMES`."""
        self._submitted.labels(outcome).inc(count)

    def told(self, code: str, status: int) -> None:
        """Count a document that is not kept.

        Args:
            code: Of the problem that its client is told.
            status: HTTP status of that; others than these tell nothing about a document.
        """
        if status in _BUSY:
            self.submitted("busy")
        elif code in _VERDICTS:
            self.submitted("refused")
        elif status in _INVALID:
            self.submitted("invalid")

    def turned_away(self, full: str, count: int = 1) -> None:
        """Count requests for which there was no room, by one of `TURNED_AWAY`."""
        self._turned_away.labels(full).inc(count)

    def connection_cut(self, reason: str) -> None:
        """Count a connection that was given up, by one of `CUTS`."""
        self._cut.labels(reason).inc()

    def stream_ended(self, reason: str) -> None:
        """Count a stream of events that ended, by one of `SUBSCRIBER_ENDS`."""
        self._ended.labels(reason).inc()
