"""A client of a node's HTTP interface: few lines over the standard library, so that commands start quickly.

Every answer that is not a success becomes a `CommandError` with an exit code and a sentence that says what,
where and what to do, taken from the node's problem document (RFC 9457).
"""

import contextlib
import http.client
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from cli.failures import CommandError, Exit

TIMEOUT_S: Final = 30.0
COMMIT_TIMEOUT_S: Final = 90.0
"""For requests that wait for a commit: longer than any node waits."""
MAX_ANSWER_BYTES: Final = 256 << 20

_CODES: Final = {
    400: Exit.USAGE,
    401: Exit.NOT_ALLOWED,
    403: Exit.NOT_ALLOWED,
    404: Exit.NOT_FOUND,
    409: Exit.REFUSED,
    413: Exit.USAGE,
    415: Exit.USAGE,
    422: Exit.USAGE,
    429: Exit.UNREACHABLE,
    503: Exit.UNREACHABLE,
    504: Exit.UNREACHABLE,
}


class Problem(msgspec.Struct, frozen=True):
    """A problem document of the node."""

    title: str = ""
    """What kind of problem."""
    status: int = 0
    """HTTP status."""
    code: str = ""
    """Stable name."""
    detail: str = ""
    """What happened this time."""
    pointer: str = ""
    """Where in the request (JSON pointer)."""
    what_to_do: str = ""
    """What to do next."""
    subject: str = ""
    """What was refused."""
    request_id: str = ""
    """By which the node's log knows the request."""
    event: int | str | None = None
    """Of a captured file: which event."""
    field: str = ""
    """Of a captured file: which field."""
    document: str = ""
    """Id of the submitted document, 64 hex characters: what to ask for when the answer came too early."""


class Answer(msgspec.Struct, frozen=True):
    """An answer of the node."""

    status: int
    """HTTP status."""
    headers: dict[str, str]
    """By lower-case name."""
    data: bytes
    """Body."""

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of HTTP's successes

    def json(self) -> Any:  # noqa: ANN401 - whatever the node answers
        """Return the body as JSON.

        Raises:
            CommandError: It is none.
        """
        try:
            return msgspec.json.decode(self.data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise CommandError(Exit.FAILED, f"the node's answer is no JSON: {error}") from error

    def problem(self) -> Problem:
        """Return the problem document, or one made from the status when the body is none."""
        try:
            return msgspec.json.decode(self.data, type=Problem)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            reason = http.client.responses.get(self.status, "unknown status")
            return Problem(title=reason, status=self.status, code=f"http_{self.status}")


class ServerEvent(msgspec.Struct, frozen=True):
    """One event of a stream (Server-Sent Events)."""

    id: str
    """Cursor: where to go on after it."""
    event: str
    """Kind."""
    data: str
    """JSON text."""


class NodeClient:
    """Talks to one node. A connection per request: commands make few."""

    def __init__(self, url: str, token: str = "") -> None:
        """Prepare.

        Args:
            url: http://host:port of the node's API, or https:// and perhaps a path for a proxy before it.
            token: API token; empty for none.

        Raises:
            CommandError: The URL is none.
        """
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise CommandError(Exit.USAGE, f"{url!r} is no address of a node", "Give it as http://host:port.")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._secure = parts.scheme == "https"
        self._place = parts.netloc
        self._base = parts.path.rstrip("/")
        self._token = token

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int | None] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> Answer:
        """Make a request and return the answer, whatever its status.

        Raises:
            CommandError: The node does not answer.
        """
        connection = self._connect(timeout_s)
        try:
            connection.request(method, self._path(path, query), body, self._headers(headers))
            response = connection.getresponse()
            data = response.read(MAX_ANSWER_BYTES)
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, data)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()

    def get(self, path: str, query: Mapping[str, str | int | None] | None = None) -> Any:  # noqa: ANN401
        """Return what the node answers to a GET.

        Raises:
            CommandError: It refuses or does not answer.
        """
        answer = self.request("GET", path, query=query)
        raise_for(answer)
        return answer.json()

    def post_json(
        self,
        path: str,
        value: object,
        *,
        query: Mapping[str, str | int | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post a JSON value and return the answer, whatever its status; waits as long as a commit takes."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        body = msgspec.json.encode(value)
        return self.request("POST", path, query=query, body=body, headers=sent, timeout_s=COMMIT_TIMEOUT_S)

    def events(self, path: str, query: Mapping[str, str | int | None] | None = None) -> Iterator[ServerEvent]:
        """Yield the events of a stream until the node ends it.

        Raises:
            CommandError: It refuses, does not answer, or the connection breaks.
        """
        # The node sends a comment now and then; when even that is missing, the connection is dead.
        connection = self._connect(COMMIT_TIMEOUT_S)
        try:
            connection.request(
                "GET", self._path(path, query), None, self._headers({"Accept": "text/event-stream"})
            )
            response = connection.getresponse()
            if response.status != http.client.OK:
                found = {name.lower(): value for name, value in response.getheaders()}
                raise_for(Answer(response.status, found, response.read(MAX_ANSWER_BYTES)))
            yield from _parse_events(response)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()

    def stream(
        self,
        path: str,
        lines: Iterable[bytes],
        *,
        query: Mapping[str, str | int | None] | None = None,
    ) -> Iterator[bytes]:
        """Post lines while reading the lines that come back, in their order.

        Raises:
            CommandError: The node refuses, does not answer, or the connection breaks.
        """
        connection = self._connect(COMMIT_TIMEOUT_S)
        sent = {"Content-Type": "application/x-ndjson", "Transfer-Encoding": "chunked"}
        try:
            connection.putrequest("POST", self._path(path, query))
            for name, value in self._headers(sent).items():
                connection.putheader(name, value)
            connection.endheaders()
            # Both directions at once: a node that waits for us to read would stop reading what we send.
            sender = threading.Thread(target=_send_chunks, args=(connection, lines), daemon=True)
            sender.start()
            response = connection.getresponse()
            if response.status != http.client.OK:
                found = {name.lower(): value for name, value in response.getheaders()}
                raise_for(Answer(response.status, found, response.read(MAX_ANSWER_BYTES)))
            yield from (line for line in response if line.strip())
            sender.join(TIMEOUT_S)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        finally:
            connection.close()

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._place, timeout=timeout_s)

    def _path(self, path: str, query: Mapping[str, str | int | None] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._base + path + (f"?{urlencode(given)}" if given else "")

    def _headers(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return {"Accept": "application/json", **own, **(headers or {})}

    def _unreachable(self, error: Exception) -> CommandError:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return CommandError(
            Exit.UNREACHABLE,
            f"the node at {self.url} does not answer: {reason}",
            "Is it running (packtrail node status)? Name another one with --node or --profile.",
        )


def _send_chunks(connection: http.client.HTTPConnection, lines: Iterable[bytes]) -> None:
    """Send lines in HTTP's chunks, and the end; what breaks the connection, its reader notices too."""
    with contextlib.suppress(OSError):
        for line in lines:
            whole = line if line.endswith(b"\n") else line + b"\n"
            connection.send(b"%x\r\n%b\r\n" % (len(whole), whole))
        connection.send(b"0\r\n\r\n")


def segment(text: str) -> str:
    """Return `text` as one segment of a path: serials may hold slashes and question marks."""
    return quote(text, safe="")


def raise_for(answer: Answer) -> None:
    """Do nothing for a success.

    Raises:
        CommandError: For anything else, in the words of the node's problem document.
    """
    if not answer.ok:
        raise error_of(answer)


def error_of(answer: Answer) -> CommandError:
    """Return what an answer that is no success means for a person."""
    problem = answer.problem()
    code = _CODES.get(answer.status, Exit.FAILED)
    what = problem.detail or problem.title or f"the node answers {answer.status}"
    places = (
        ("event", "" if problem.event is None else str(problem.event)),
        ("field", problem.field),
        ("at", problem.pointer),
        ("document", "" if answer.status == http.client.CONFLICT else problem.document),
    )
    named = ", ".join(f"{name} {place}" for name, place in places if place)
    where = f" ({named})" if named else ""
    subject = f" [{problem.subject}]" if problem.subject and problem.subject not in what else ""
    advice = problem.what_to_do or _advice(answer, problem)
    return CommandError(code, f"{problem.code or answer.status}: {what}{subject}{where}", advice)


def _advice(answer: Answer, problem: Problem) -> str:
    wait = answer.headers.get("retry-after")
    if wait:
        return f"Try again in {wait} s."
    if answer.status == http.client.UNAUTHORIZED:
        return "Give a token with --token-file, or make one on the node: packtrail token new."
    if answer.status == http.client.FORBIDDEN and problem.code != "read_only_node":
        return "Use a token with the role that this needs: packtrail token new --role …"
    if answer.status == http.client.CONFLICT and problem.code:
        return f"packtrail explain {problem.code} says more."
    if problem.request_id:
        return f"The node's log knows it as request {problem.request_id}."
    return ""


def _parse_events(lines: Iterator[bytes]) -> Iterator[ServerEvent]:
    """Parse a stream as the HTML standard's "Server-sent events" says; only what nodes send."""
    fields: dict[str, str] = {}
    cursor = ""
    for raw in lines:
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and "data" in fields else value
            continue
        cursor = fields.get("id", cursor)
        if "data" in fields:
            yield ServerEvent(cursor, fields.get("event", "message"), fields["data"])
        fields = {}
