"""One node over HTTP, as a test asks it: every status is an answer, and no answer at all is one too."""

import http.client
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from contracts.gs1.dates import parse_timestamp

T = TypeVar("T")

NO_ANSWER: Final = 0
TIMEOUT_S: Final = 60.0
DEADLINE_S: Final = 120.0
"""Longest wait for anything; many times what it takes, so that a busy machine fails no test."""
_PAUSE_S: Final = 0.05


class Reply(NamedTuple):
    """What a node answered."""

    status: int
    """HTTP status; `NO_ANSWER` when the node was not there, or went away."""
    headers: Mapping[str, str]
    """By lower-case name."""
    data: bytes
    """Body."""

    @property
    def body(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.data)

    @property
    def code(self) -> str:
        """The code of a problem document."""
        return self.body["code"]


class Client:
    """Asks one node, with one token. Every request has a connection of its own: nodes come and go."""

    def __init__(self, address: str, token: str = "") -> None:
        self.address = address
        self._token = token
        self._history_from: int | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Make one request; it is never repeated."""
        data = msgspec.json.encode(body) if body is not None else None
        sent = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        sent |= {"Content-Type": "application/json"} if data is not None else {}
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        try:
            connection.request(
                method, path + (f"?{urlencode(query)}" if query else ""), data, sent | dict(headers or {})
            )
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        except (OSError, http.client.HTTPException):
            return Reply(NO_ANSWER, {}, b"")
        finally:
            connection.close()

    def get(self, path: str, **query: object) -> Any:
        """Return what stands at a path that must be there."""
        reply = self.ask("GET", path, query=query)
        assert reply.status == http.client.OK, f"{self.address}{path}: {reply}"
        return reply.body

    def submit(self, records: Sequence[object], *, wait: bool = True, record_refusal: bool = False) -> Reply:
        """Submit one document."""
        query = {"wait": "commit" if wait else "none", "record_refusal": int(record_refusal)}
        return self.ask("POST", "/v1/documents", {"records": records}, query=query)

    def accept(self, *records: object) -> Any:
        """Submit a document that must be accepted, and return the node's word for it."""
        reply = self.submit(records)
        assert reply.status == http.client.OK, reply
        assert reply.body["accepted"] is True, reply.body
        return reply.body

    def document(self, identifier: str) -> Any:
        """Return a document of the chain, or None while this node has no such one."""
        reply = self.ask("GET", f"/v1/documents/{identifier}")
        return reply.body if reply.status == http.client.OK else None

    def item(self, item: str) -> Any:
        """Return an item that must be known."""
        return self.get(f"/v1/items/{quote(item, safe='')}")

    def height(self) -> int:
        """Return the height of the node, or -1 when it does not answer."""
        reply = self.ask("GET", "/v1/status")
        return int(reply.body["height"]) if reply.status == http.client.OK else -1

    def history_from(self) -> int:
        """Return the first height that the node has the history of: above 1 when it began with a snapshot."""
        if self._history_from is None:
            self._history_from = int(self.get("/v1/status")["history_from"])
        return self._history_from

    def now_ms(self) -> int:
        """Return the node's clock: that of the network, which may not be this machine's."""
        return parse_timestamp(self.get("/v1/status")["now"])


def until(question: Callable[[], T], what: str, deadline_s: float = DEADLINE_S) -> T:
    """Ask again and again until the answer is truthy, and return that answer.

    Args:
        question: Asked at least once.
        what: The sentence that failed to become true.
        deadline_s: When to give up.
    """
    end = time.monotonic() + deadline_s
    while not (answer := question()):
        assert time.monotonic() < end, f"not within {deadline_s:.0f} s: {what}; last answer {answer!r}"
        time.sleep(_PAUSE_S)
    return answer
