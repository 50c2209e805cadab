"""A node's HTTP interface on loopback, over a real ledger without consensus."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from prometheus_client import CollectorRegistry
from yarl import URL

from contracts.chain.evidence import OffenceKind
from network.transport.base import Address
from node.api.context import ApiContext
from node.api.metrics import OUTCOMES
from node.api.promises import Promises
from node.api.server import Servers
from node.api.status import (
    ConsensusStatus,
    NodeStatus,
    PeerStatus,
    PoolStatus,
    QueueStatus,
    ReadinessCheck,
    UnreachedPeer,
)
from node.api.tokens import Role, TokenGrant
from node.config.schema import ApiSection
from node.storage.archived import archived_height
from node.storage.base import base_height
from node.storage.errors import StorageError
from node.storage.readers import Readers
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, PARTIES, WHOLESALER

PATIENCE_S = 10
TOKENS = {
    "all": (frozenset(Role), ""),
    "maker": (frozenset({Role.SUBMIT, Role.READ_OWN}), MAKER.gln),
    "wholesaler": (frozenset({Role.SUBMIT, Role.READ_OWN}), WHOLESALER.gln),
    "reader": (frozenset({Role.READ_ALL}), ""),
    "own": (frozenset({Role.READ_OWN}), ""),
    "inspector": (frozenset({Role.REGULATOR}), ""),
    "operator": (frozenset({Role.OPERATOR}), ""),
    "admin": (frozenset({Role.ADMIN}), ""),
    **{party.name: (frozenset({Role.SUBMIT, Role.READ_OWN}), party.gln) for party in PARTIES},
}


class Tokens:
    """Tokens that are called like what they allow."""

    def check(self, token: str) -> TokenGrant | None:
        known = TOKENS.get(token)
        return None if known is None else TokenGrant(token[:8], token, *known)


class Standing:
    """A status that the test sets."""

    def __init__(self) -> None:
        self.has_quorum = True
        self.failing: tuple[str, ...] = ()
        self.evidence = dict.fromkeys(OffenceKind, 0)
        self.refused: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.failed_dials = 0
        self.queues: tuple[QueueStatus, ...] = ()
        self.dropped = {"inputs": 0, "requests": 0}
        self.convictions = {"node-0": 0}
        self.fork_height = 0

    def status(self) -> NodeStatus:
        peers = (PeerStatus("node-1", "validator", 3, "192.0.2.1:7700", 2, 0),)
        unreached = (UnreachedPeer("node-2", "192.0.2.2:7700: connection refused"),)
        consensus = ConsensusStatus(4, 0, "propose", votes=True)
        return NodeStatus(
            *(consensus, peers, unreached, PoolStatus(0, 0), False, self.has_quorum, self.evidence),
            *(self.refused, self.ended, self.failed_dials, self.convictions),
            queues=self.queues,
            dropped=self.dropped,
            fork_height=self.fork_height,
        )

    def checks(self) -> tuple[ReadinessCheck, ...]:
        return tuple(
            ReadinessCheck(name, name not in self.failing, "as the test says")
            for name in ("storage", "quorum")
        )


class Reply:
    """An answer."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.body
        return self.json["code"]


class Api:
    """A client of the node under test."""

    def __init__(self, node: OneNode, standing: Standing, servers: Servers, context: ApiContext) -> None:
        self.node = node
        self.standing = standing
        self.servers = servers
        self.context = context
        self.session = aiohttp.ClientSession(auto_decompress=False)
        self.damage: list[StorageError] = []
        self.levels: list[str] = []

    def url(self, path: str, *, operators: bool = False) -> URL:
        address = self.servers.operators if operators else self.servers.api
        return URL(f"http://{address.host}:{address.port}{path}", encoded=True)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        bearer: str | None = "all",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        operators: bool = False,
    ) -> Reply:
        sent = dict(headers or {})
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        url = self.url(path, operators=operators)
        async with self.session.request(method, url, data=body, headers=sent) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def get(self, path: str, bearer: str | None = "all", **more: Any) -> Reply:
        return await self.ask("GET", path, bearer=bearer, **more)

    async def post(self, path: str, value: object, bearer: str | None = "all", **more: Any) -> Reply:
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        headers = {"Content-Type": "application/json", **(more.pop("headers", None) or {})}
        return await self.ask("POST", path, bearer=bearer, body=body, headers=headers, **more)

    async def submit(self, *records: object, bearer: str = "maker", query: str = "wait=commit") -> Reply:
        return await self.post(f"/v1/documents?{query}", {"records": records}, bearer)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Let things happen until something is so, for at most a few seconds."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                turn = asyncio.Event()
                loop.call_later(0.001, turn.set)
                await turn.wait()

    async def settle(self) -> None:
        """Let everything that was put off happen."""
        for _ in range(20):
            await asyncio.sleep(0)


async def series(api: Api) -> dict[str, float]:
    """Return every series of the node's metrics, by its name with labels."""
    lines = (await api.get("/metrics", None, operators=True)).body.decode().splitlines()
    found = (line.rsplit(" ", 1) for line in lines if line and line[0] != "#")
    return {name: float(value) for name, value in found}


async def counted(api: Api) -> dict[str, float]:
    """Return how many documents there were of each outcome, but of those that did not occur."""
    found = await series(api)
    by_outcome = {
        each: found[f'packtrail_documents_submitted_total{{outcome="{each}"}}'] for each in OUTCOMES
    }
    return {outcome: count for outcome, count in by_outcome.items() if count}


async def turned_away(api: Api, full: str) -> float:
    """Return how many the node says it turned away because of what was full."""
    return (await series(api))[f'packtrail_turned_away_total{{full="{full}"}}']


@asynccontextmanager
async def serving(
    node: OneNode | None = None,
    *,
    settings: ApiSection | None = None,
    signs: bool = True,
    node_name: str = "node-0",
    **more: Any,
) -> AsyncIterator[Api]:
    """Serve a node; blocks come by themselves unless a node of the test's own is given."""
    loop = asyncio.get_running_loop()
    own = node or OneNode(call_soon=loop.call_soon, auto=True)
    standing = Standing()
    damage: list[StorageError] = []
    levels: list[str] = []
    readers = Readers(own.store, damage.append)
    context = ApiContext(
        genesis=own.genesis,
        node=next(entry for entry in own.genesis.nodes if entry.name == node_name),
        version="0.0.0",
        settings=settings or ApiSection(),
        chain=own.chain,
        submissions=own.submissions if signs else None,
        readers=readers,
        promises=Promises(own.store, own.worker, os.urandom),
        captures=more.get("captures"),
        drafts=more.get("drafts"),
        tokens=Tokens(),
        status=standing,
        wall=own.wall,
        metrics=CollectorRegistry(),
        serve_metrics=True,
        set_log_level=levels.append,
        draw=os.urandom,
        history_from=base_height(own.store) + 1,
        archived_to=archived_height(own.store),
    )
    servers = Servers(context)
    await servers.start(Address("127.0.0.1", 0), Address("127.0.0.1", 0))
    api = Api(own, standing, servers, context)
    api.damage, api.levels = damage, levels
    try:
        yield api
    finally:
        await api.session.close()
        await servers.close()
        readers.close()
