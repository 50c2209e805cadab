"""Nodes played by the test: they take documents in, put them into blocks, and agree, or not, as told."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from cli.measure.senders import Target

DOCUMENTS_PER_BLOCK = 10


class Ledger:
    """What all nodes of the fake network share."""

    def __init__(self) -> None:
        self.blocks: list[list[str]] = []
        self.is_shown = False  # whether the last block was shown, so that nothing can be added to it
        self.bodies: list[dict[str, Any]] = []
        self.refuse: dict[str, str] = {}  # code by kind of record
        self.lag: dict[str, int] = {}  # how many questions a node is behind
        self.split: set[str] = set()  # nodes with an app hash of their own
        self.withheld: set[str] = set()  # nodes that show no documents
        self.turn_away = 0  # how many requests are told to come again
        self.retry_after = "0"
        self.lost: set[int] = set()  # promised documents, by their number, that get into no block

    def take(self, line: bytes) -> dict[str, Any]:
        body = msgspec.json.decode(line)
        self.bodies.append(body)
        document = hashlib.sha256(b"%d" % len(self.bodies)).hexdigest()
        code = self.refuse.get(body["records"][0]["record"])
        if code is not None:
            return {"document": document, "status": "refused", "code": code}
        if len(self.bodies) in self.lost:
            return {"document": document, "status": "pending", "code": "accepted"}
        if not self.blocks or self.is_shown or len(self.blocks[-1]) == DOCUMENTS_PER_BLOCK:
            self.blocks.append([])
            self.is_shown = False
        self.blocks[-1].append(document)
        return {"document": document, "status": "committed", "code": "accepted", "height": len(self.blocks)}


class FakeNode:
    def __init__(self, name: str, ledger: Ledger) -> None:
        self.name = name
        self.ledger = ledger
        self.asked: list[str] = []

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._allow])
        app.add_routes(
            [
                web.post("/v1/documents", self._submit),
                web.post("/v1/documents:stream", self._stream),
                web.get("/v1/status", self._status),
                web.get("/v1/blocks", self._blocks),
                web.get("/v1/blocks/{height}", self._block),
                web.get("/metrics", self._metrics),
            ]
        )
        return app

    @web.middleware
    async def _allow(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.path != "/metrics" and request.headers.get("Authorization") != f"Bearer token-{self.name}":
            return web.json_response({"code": "unauthorised"}, status=401)
        self.asked.append(request.path)
        return await handler(request)

    async def _submit(self, request: web.Request) -> web.Response:
        if self.ledger.turn_away:
            self.ledger.turn_away -= 1
            headers = {"Retry-After": self.ledger.retry_after}
            return web.json_response({"code": "too_busy"}, status=429, headers=headers)
        answer = self.ledger.take(await request.read())
        return web.json_response(answer, status=409 if answer["status"] == "refused" else 200)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        rest = b""
        async for data in request.content.iter_any():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                await response.write(msgspec.json.encode(self.ledger.take(line)) + b"\n")
        await response.write_eof()
        return response

    async def _status(self, _request: web.Request) -> web.Response:
        self.ledger.is_shown = True
        behind = self.ledger.lag.get(self.name, 0)
        self.ledger.lag[self.name] = max(0, behind - 1)
        app_hash = self.name if self.name in self.ledger.split else "ab"
        return web.json_response({"height": len(self.ledger.blocks) - min(behind, 1), "app_hash": app_hash})

    async def _blocks(self, request: web.Request) -> web.Response:
        top = int(request.query["before"]) - 1
        heights = range(top, max(0, top - 3), -1)
        shown = 0 if self.name in self.ledger.withheld else 1
        blocks = [
            {"height": height, "documents": shown * len(self.ledger.blocks[height - 1])} for height in heights
        ]
        following = blocks[-1]["height"] if blocks and blocks[-1]["height"] > 1 else None
        return web.json_response({"blocks": blocks, "next": following})

    async def _block(self, request: web.Request) -> web.Response:
        height = int(request.match_info["height"])
        documents = [{"document": name, "code": "accepted"} for name in self.ledger.blocks[height - 1]]
        time = f"2026-11-22T08:00:{height // 10:02}.{height % 10}00Z"
        return web.json_response({"height": height, "time": time, "documents": documents})

    async def _metrics(self, _request: web.Request) -> web.Response:
        looks = len(self.asked)
        name = "packtrail_event_loop_lag_seconds"
        lines = [f"# TYPE {name} histogram"]
        lines += [f'{name}_bucket{{le="{le}"}} {looks}' for le in ("0.01", "0.02", "+Inf")]
        return web.Response(text="\n".join((*lines, "")))


@asynccontextmanager
async def fake_network(ledger: Ledger, names: tuple[str, ...]) -> AsyncIterator[list[Target]]:
    async with AsyncExitStack() as stack:
        targets = []
        for name in names:
            server = await stack.enter_async_context(TestServer(FakeNode(name, ledger).app()))
            targets.append(Target(name, str(server.make_url("")).rstrip("/"), f"token-{name}"))
        yield targets
