"""What an endpoint is: path, right, parameters, forms of request and answers, and who handles it.

The application routes by these, and the OpenAPI document is made of them, so neither knows an endpoint that
the other does not.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import web

from node.api.access import Right
from node.api.field_readers import FieldFault, read_gln
from node.api.problems import parameter_problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
OCTETS: Final = "application/octet-stream"
EVENT_STREAM: Final = "text/event-stream"

_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
DEFAULT_LIMIT: Final = 50
"""Entries on a page when the client does not say."""
MAX_LIMIT: Final = 500
"""Most entries on a page."""
MAX_HEADER_CHARACTERS: Final = 256
"""Longest value of a header that the API reads itself."""


@dataclass(frozen=True)
class Parameter:
    """A path segment, query parameter or header."""

    name: str
    """As written."""
    place: Literal["path", "query", "header"]
    """Where it stands."""
    description: str
    """For people."""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    """JSON Schema."""


@dataclass(frozen=True)
class Body:
    """What a request carries."""

    media_types: tuple[str, ...]
    """Kinds understood; none of them has to be said."""
    form: Any = None
    """Struct of the JSON, or of each line; None for other bytes."""


@dataclass(frozen=True)
class Answer:
    """A success."""

    status: int
    """HTTP status."""
    description: str
    """For people."""
    view: Any = None
    """Struct of the JSON, or of each line or event (of several, any); None for other bytes or nothing."""
    media_type: str = JSON
    """Kind of the body."""
    pinned: bool = False
    """Whether `height` is added to the object."""


@dataclass(frozen=True)
class Endpoint:
    """One method on one path."""

    method: str
    """GET, POST or DELETE."""
    path: str
    """With {names}."""
    right: Right
    """What it needs."""
    handler: Handler
    """Who answers."""
    summary: str
    """One line for people."""
    answers: tuple[Answer, ...]
    """Successes."""
    parameters: tuple[Parameter, ...] = ()
    """What the path and query may say."""
    body: Body | None = None
    """What the request carries."""
    problems: tuple[str, ...] = ()
    """Codes beside those that any endpoint may answer."""
    hands_in: bool = False
    """Whether it brings documents of its client, which are counted by what becomes of them."""

    @property
    def query(self) -> frozenset[str]:
        """Names of the query parameters."""
        return frozenset(entry.name for entry in self.parameters if entry.place == "query")


def check_query(request: web.Request, allowed: frozenset[str]) -> None:
    """Stop a request with a parameter that the endpoint does not know, or one given twice.

    Raises:
        Problem: invalid_parameter.
    """
    for name in request.query:
        if name not in allowed:
            known = ", ".join(sorted(allowed)) or "none at all"
            raise parameter_problem(name[:80], f"one of the parameters of this path: {known}")
        if len(request.query.getall(name)) > 1:
            raise parameter_problem(name, "it once")


def number_parameter(request: web.Request, name: str, default: int, low: int, high: int) -> int:
    """Return a query parameter that is a whole number.

    Raises:
        Problem: invalid_parameter.
    """
    text = request.query.get(name)
    if text is None:
        return default
    value = parse_number(text)
    if value is None or not low <= value <= high:
        raise parameter_problem(name, f"a whole number from {low} to {high}")
    return value


def limit_of(things: str) -> Parameter:
    """Return the query parameter that says how many `things` stand on a page; `read_limit` reads it."""
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}
    return Parameter("limit", "query", f"Most {things} on the page.", schema)


def read_limit(request: web.Request) -> int:
    """Return how many things the client wants on a page.

    Raises:
        Problem: invalid_parameter.
    """
    return number_parameter(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)


def parse_number(text: str) -> int | None:
    """Return a text of 1 to 18 ASCII digits as a number, or None."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 - below 2 ** 63
    return int(text) if is_number else None


def choice_parameter(request: web.Request, name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return a query parameter that is one of a few words.

    Raises:
        Problem: invalid_parameter.
    """
    text = request.query.get(name, default)
    if text not in choices:
        raise parameter_problem(name, f"one of {', '.join(choices)}")
    return text


def flag_parameter(request: web.Request, name: str) -> bool:
    """Return a query parameter that is 0, 1, false or true; absent is false.

    Raises:
        Problem: invalid_parameter.
    """
    return choice_parameter(request, name, "0", ("0", "1", "false", "true")) in ("1", "true")


def gln_parameter(request: web.Request, name: str) -> bytes:
    """Return a query parameter that is a GLN, packed; empty when absent.

    Raises:
        Problem: invalid_parameter.
    """
    try:
        return read_gln(name, request.query.get(name, ""))
    except FieldFault as fault:
        raise parameter_problem(name, f"a GLN; {fault}") from fault


def id_segment(request: web.Request, name: str, size: int) -> bytes | None:
    """Return a path segment that is an id of so many bytes in hex; None for any other text."""
    text = request.match_info[name]
    is_id = len(text) == 2 * size and not set(text) - _HEX_DIGITS
    return bytes.fromhex(text) if is_id else None


def header_text(request: web.Request, name: str) -> str:
    """Return a header's value, empty when absent.

    Raises:
        Problem: invalid_parameter: it is too long, or holds characters that are not printable ASCII.
    """
    text = request.headers.get(name, "")
    if len(text) > MAX_HEADER_CHARACTERS or not (text.isascii() and text.isprintable()):
        raise parameter_problem(name, f"at most {MAX_HEADER_CHARACTERS} printable ASCII characters")
    return text


WAIT: Final = Parameter(
    "wait",
    "query",
    "none answers when the document is kept and will be in a block; commit when it is in one.",
    {"type": "string", "enum": ["none", "commit"], "default": "none"},
)
RECORD_REFUSAL: Final = Parameter(
    "record_refusal",
    "query",
    "1 puts the document on the ledger even when a rule refuses it.",
    {"type": "string", "enum": ["0", "1", "false", "true"], "default": "0"},
)
