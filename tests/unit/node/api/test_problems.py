"""Problem documents: all codes, what nobody foresaw, paths that are none, and the OpenAPI document."""

import re

import jsonschema_rs
import msgspec
import pytest
from structlog.testing import capture_logs

from contracts.rules.codes import Code
from node.api.endpoints import Endpoint
from node.api.openapi import describe
from node.api.problems import CAPTURE_PROBLEMS, PROBLEMS, Problem
from tests.unit.node.api.harness import Api
from tests.unit.node.api.samples import commission, path_names


def test_codes_are_one_name_each() -> None:
    assert set(PROBLEMS).isdisjoint(Code)
    for code, kind in PROBLEMS.items():
        assert re.fullmatch(r"[a-z_]+", code)
        assert kind.title
        assert kind.what_to_do.endswith(".")
        assert 400 <= kind.status < 600
        assert bool(kind.retry_after_s) == (kind.status in {429, 503, 504})


def test_a_problem_of_no_known_kind_is_still_one() -> None:
    assert Problem("strange").document() == {
        "type": "/problems/strange",
        "title": "strange",
        "status": 500,
        "code": "strange",
        "detail": "strange",
        "what_to_do": "",
    }


async def test_every_code_is_explained(api: Api) -> None:
    for code in [*PROBLEMS, *Code]:
        reply = await api.get(f"/problems/{code}", None)
        assert reply.status == 200
        assert reply.json["code"] == code
        assert reply.json["what_to_do"]
    assert (await api.get("/problems/already_commissioned", None)).json["rule"] == "1"
    unknown = await api.get("/problems/nothing", None)
    assert (unknown.status, unknown.code) == (404, "unknown_problem")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/v1/documents/", "//", "/v1/items/", "/%00"])
async def test_paths_that_are_none(api: Api, path: str) -> None:
    reply = await api.get(path)
    assert (reply.status, reply.code) == (404, "unknown_path")


async def test_methods_that_are_none(api: Api) -> None:
    reply = await api.ask("PUT", "/v1/documents")
    assert (reply.status, reply.code, reply.headers["Allow"]) == (405, "method_not_allowed", "POST")
    reply = await api.ask("DELETE", "/v1/blocks")
    assert reply.headers["Allow"] == "GET"


async def test_what_nobody_foresaw_is_logged_and_never_shown(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(api.standing, "status", fail)
    with capture_logs() as logs:
        reply = await api.get("/v1/status")
    assert (reply.status, reply.code) == (500, "internal_error")
    assert b"secret" not in reply.body
    (entry,) = [entry for entry in logs if entry["event"] == "request_failed"]
    assert entry["request"] == reply.json["request_id"] == reply.headers["X-Request-Id"]
    assert entry["exc_info"]


async def test_every_answer_has_a_number(api: Api) -> None:
    seen = {(await api.get("/v1/status")).headers["X-Request-Id"] for _ in range(5)}
    assert len(seen) == 5
    assert (await api.get("/v1/status")).headers["Server"] == "packtrail"


# ------------------------------------------------------------------------------------- OpenAPI


async def test_the_description_has_every_endpoint(api: Api) -> None:
    reply = await api.get("/openapi.json", None)
    document = reply.json
    assert document["openapi"] == "3.1.0"
    told = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert told == {(entry.method.lower(), entry.path) for entry in api.servers.apps.endpoints}
    for entry in api.servers.apps.endpoints:
        operation = document["paths"][entry.path][entry.method.lower()]
        named = {given["name"] for given in operation.get("parameters", []) if given["in"] == "path"}
        assert named == set(path_names(entry.path))
    identifiers = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]
    assert len(set(identifiers)) == len(identifiers)


async def test_all_references_of_the_description_lead_somewhere(api: Api) -> None:
    text = (await api.get("/openapi.json", None)).body.decode()
    schemas = msgspec.json.decode(text)["components"]["schemas"]
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(schemas)


async def test_answers_are_as_described(api: Api) -> None:
    document = (await api.get("/openapi.json", None)).json
    submitted = await api.submit(commission("A1"))
    identifier = submitted.json["document"]
    cases = [
        ("/v1/documents", "post", submitted),
        ("/v1/documents/{id}", "get", await api.get(f"/v1/documents/{identifier}")),
        ("/v1/items/{item}", "get", await api.get(f"/v1/items/{commission_item()}")),
        ("/v1/items/{item}/journey", "get", await api.get(f"/v1/items/{commission_item()}/journey")),
        ("/v1/blocks", "get", await api.get("/v1/blocks")),
        ("/v1/blocks/{block}", "get", await api.get("/v1/blocks/1")),
        ("/v1/partners", "get", await api.get("/v1/partners")),
        ("/v1/validators", "get", await api.get("/v1/validators")),
        ("/v1/status", "get", await api.get("/v1/status")),
    ]
    for path, method, reply in cases:
        content = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": document["components"]}
        jsonschema_rs.validator_for(schema).validate(reply.json)
    refused = await api.submit(commission("A1"))
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    jsonschema_rs.validator_for(schema).validate(refused.json)


def commission_item() -> str:
    return "(01)00614141000012(21)A1"


def test_capture_problems_are_described_as_well() -> None:
    assert set(CAPTURE_PROBLEMS) <= set(PROBLEMS)
    endpoints: tuple[Endpoint, ...] = ()
    assert describe("1", endpoints)["paths"] == {}
