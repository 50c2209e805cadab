"""Who may do what: every endpoint, every role, and the node that only reads."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from node.api.access import Right, roles_for
from node.config.schema import ApiSection
from tests.support.ledger import OneNode
from tests.support.parties import MAKER
from tests.unit.node.api.harness import Api, serving, turned_away
from tests.unit.node.api.samples import commission, path_names

FILLED = {"id": "00" * 32, "item": "x", "gtin": "1", "lot": "L", "block": "1", "gln": "1", "code": "x"}


@pytest.fixture
async def observer() -> AsyncIterator[Api]:
    async with serving(OneNode(), signs=False, node_name="observer") as served:
        yield served


def filled(path: str) -> str:
    for name in path_names(path):
        path = path.replace(f"{{{name}}}", FILLED[name])
    return path


async def test_every_protected_endpoint_asks_for_a_token(api: Api) -> None:
    for endpoint in api.servers.apps.endpoints:
        reply = await api.ask(endpoint.method, filled(endpoint.path), bearer=None)
        if endpoint.right is Right.PUBLIC:
            assert reply.status in {200, 404}
        else:
            assert (reply.status, reply.code) == (401, "unauthorised"), endpoint.path
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Bearer nobody", "Bearer", "Basic all", "", "Bearer " + "x" * 300, "bearer  ", "all"]
)
async def test_what_is_no_token(api: Api, header: str) -> None:
    reply = await api.ask("GET", "/v1/status", bearer=None, headers={"Authorization": header})
    assert (reply.status, reply.code) == (401, "unauthorised")


async def test_the_scheme_is_not_case_sensitive(api: Api) -> None:
    reply = await api.ask("GET", "/v1/status", bearer=None, headers={"Authorization": "bEaReR  all"})
    assert reply.status == 200


@pytest.mark.parametrize(
    ("bearer", "rights"),
    [
        ("maker", {Right.KNOWN, Right.READ, Right.WRITE}),
        ("own", {Right.KNOWN, Right.READ}),
        ("reader", {Right.KNOWN, Right.READ, Right.OVERSEE}),
        ("inspector", {Right.KNOWN, Right.READ, Right.OVERSEE}),
        ("operator", {Right.KNOWN, Right.OVERSEE, Right.OPERATE}),
        ("admin", {Right.KNOWN, Right.OVERSEE, Right.OPERATE}),
    ],
)
async def test_roles_open_what_they_should(api: Api, bearer: str, rights: set[Right]) -> None:
    for endpoint in api.servers.apps.endpoints:
        if endpoint.path in {"/v1/events", "/v1/epcis/capture"}:
            # One never ends, and of the other this node has nothing behind it.
            continue
        reply = await api.ask(endpoint.method, filled(endpoint.path), bearer=bearer)
        is_closed = endpoint.right not in rights | {Right.PUBLIC}
        if is_closed:
            assert (reply.status, reply.code) == (403, "forbidden"), endpoint.path
            assert roles_for(endpoint.right)[0] in reply.json["detail"]
        else:
            assert reply.status not in {401, 403}, (endpoint.path, reply.body)
    level = await api.ask("POST", "/log-level", bearer=bearer, body=b"{}", operators=True)
    assert (level.status != 403) is (Right.OPERATE in rights)


async def test_an_observer_refuses_every_write_and_says_why(observer: Api) -> None:
    writes = [entry for entry in observer.servers.apps.endpoints if entry.right is Right.WRITE]
    assert len(writes) == 5
    for endpoint in writes:
        for bearer in (None, "all", "reader"):
            reply = await observer.ask(endpoint.method, filled(endpoint.path), bearer=bearer)
            assert (reply.status, reply.code) == (403, "read_only_node"), endpoint.path
            assert "observer" in reply.json["detail"]
    assert (await observer.get("/v1/status")).status == 200
    assert (await observer.get("/v1/drafts")).json == {"drafts": []}


async def test_a_node_without_keys_says_that_it_has_none() -> None:
    async with serving(OneNode(), signs=False) as api:
        reply = await api.submit(commission("A1"))
        assert (reply.status, reply.code) == (403, "read_only_node")
        assert "key" in reply.json["detail"]
        # What is its own is its partner's.
        assert (await api.get("/v1/shipments", "own")).status == 200


async def test_a_token_without_partner_acts_for_all_of_the_node() -> None:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon, parties=[MAKER], auto=True)
    async with serving(node) as api:
        reply = await api.post("/v1/documents?wait=commit", {"records": [commission("A1")]})
        assert reply.status == 200


async def test_too_many_connections() -> None:
    async with serving(OneNode(), settings=ApiSection(max_connections=1)) as api:
        assert (await api.get("/v1/status")).status == 200  # And its connection stays open.
        async with aiohttp.ClientSession() as other:
            headers = {"Authorization": "Bearer all"}
            async with other.get(api.url("/v1/status"), headers=headers) as answer:
                problem = await answer.json(content_type="application/problem+json")
                assert (answer.status, problem["code"], problem["full"]) == (429, "too_busy", "connections")
                assert answer.headers["Connection"] == "close"
                assert int(answer.headers["Retry-After"]) == problem["retry_after_s"] > 0
        assert await turned_away(api, "connections") == 1
