"""A node's HTTP interface on loopback, played by the test: it answers as told, and remembers requests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Reply(NamedTuple):
    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    raw: bytes | None = None


Answers = Callable[[Request], Reply]


class FakeNode:
    def __init__(self, address: str) -> None:
        self.address = address
        self.url = f"http://{address}"
        self.requests: list[Request] = []
        self.answers: dict[str, Reply | Answers] = {}

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        found = self.answers.get(f"{request.method} {request.path}")
        if found is None:
            return problem(404, "not_found", detail=f"there is no {request.path}")
        return found if isinstance(found, Reply) else found(request)


def problem(status: int, code: str, **fields: Any) -> Reply:
    return Reply(status, {"type": "about:blank", "title": code, "status": status, "code": code, **fields})


@contextmanager
def fake_node() -> Iterator[FakeNode]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    node = FakeNode(f"127.0.0.1:{server.server_address[1]}")
    server.node = node  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(parts.path), query, headers, self._body())
        reply = self.server.node.answer(request)  # type: ignore[attr-defined]
        data = reply.raw if reply.raw is not None else msgspec.json.encode(reply.body)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names that http.server asks for

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - as in the base class
        """Say nothing."""
