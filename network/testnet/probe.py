"""What a node says over HTTP: whether it is ready, and where its chain stands."""

import http.client
from typing import Any, Final, NamedTuple

import msgspec

PROBE_TIMEOUT_S: Final = 5.0
MAX_ANSWER_BYTES: Final = 4 << 20


class Answer(NamedTuple):
    """An answer to a probe."""

    status: int
    """HTTP status; 0 when there was no answer."""
    body: Any
    """Decoded JSON, or None."""


def get_json(address: str, path: str, token: str = "", timeout_s: float = PROBE_TIMEOUT_S) -> Answer:
    """Ask a node on loopback; a node that does not answer is an answer too.

    Args:
        address: host:port.
        path: Path with query.
        token: API token; empty for none.
        timeout_s: Longest wait for each step of the exchange.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection = http.client.HTTPConnection(address, timeout=timeout_s)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        data = response.read(MAX_ANSWER_BYTES)
    except (OSError, http.client.HTTPException):
        return Answer(0, None)
    finally:
        connection.close()
    try:
        return Answer(response.status, msgspec.json.decode(data))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Answer(response.status, None)


def is_ready(operators: str) -> bool:
    """Tell whether the node with this operators' address says that it is ready."""
    return get_json(operators, "/readyz").status == http.client.OK


class Standing(msgspec.Struct, frozen=True):
    """Where a node is."""

    name: str
    """The node."""
    role: str
    """Its role."""
    running: bool
    """Whether its process runs."""
    ready: bool
    """Whether it says that it is ready."""
    height: int | None
    """Its height; None when it does not answer."""
    app_hash: str | None
    """After that height, hex."""
    api: str
    """host:port of its API."""
    operators: str
    """host:port of its operators' port."""
    pid: int | None
    """Its process; None when it does not run."""
