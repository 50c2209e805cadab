"""The OpenAPI 3.1 document, made of the endpoints that are routed by and of the structs that travel."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from contracts.rules.codes import Code
from contracts.rules.verdict import explain
from node.api.access import Right, roles_for
from node.api.answers import HEIGHT_HEADER, answer, json_bytes
from node.api.endpoints import JSON, Answer, Body, Endpoint, Parameter
from node.api.problems import MEDIA_TYPE, PROBLEMS, Problem

_REFERENCE: Final = "#/components/schemas/{name}"
_ANY_PROBLEMS: Final = (
    "invalid_parameter",
    "history_not_here",
    "archived",
    "too_busy",
    "internal_error",
    "storage_failed",
)
_PROTECTED_PROBLEMS: Final = ("unauthorised", "forbidden")
_BODY_PROBLEMS: Final = (
    *("invalid_json", "invalid_field", "invalid_identifier", "invalid_time"),
    *("body_too_large", "unsupported_media_type"),
)
_PROBLEM_SCHEMA: Final = {
    "type": "object",
    "description": "RFC 9457 problem. Some codes add members of their own.",
    "required": ["type", "title", "status", "code", "detail", "what_to_do", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Path on the node that explains the code."},
        "title": {"type": "string", "description": "What kind of problem."},
        "status": {"type": "integer", "description": "HTTP status."},
        "code": {"type": "string", "description": "Stable name."},
        "detail": {"type": "string", "description": "What happened this time."},
        "what_to_do": {"type": "string", "description": "What to do about it."},
        "request_id": {"type": "string", "description": "By which the node's log knows the request."},
        "pointer": {"type": "string", "description": "JSON pointer to the field or record at fault."},
        "subject": {"type": "string", "description": "What a rule refuses."},
        "rule": {"type": "string", "description": "Number of the rule in the law."},
    },
}


class OpenApi:
    """The endpoints /openapi.json and /problems/{code}."""

    def __init__(self, version: str) -> None:
        """Describe the API of this version of the program."""
        self._version = version
        self._document = b""

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/openapi.json",
                Right.PUBLIC,
                self.show,
                "This document.",
                (Answer(200, "OpenAPI 3.1."),),
            ),
            Endpoint(
                "GET",
                "/problems/{code}",
                Right.PUBLIC,
                self.problem,
                "What a code means and what to do about it.",
                (Answer(200, "The problem, without an occasion."),),
                (Parameter("code", "path", "A problem or verdict code."),),
                problems=("unknown_problem",),
            ),
        )

    def describe(self, endpoints: Sequence[Endpoint]) -> None:
        """Make the document of all endpoints."""
        self._document = json_bytes(describe(self._version, endpoints))

    async def show(self, _request: web.Request) -> web.Response:
        """Answer with the document."""
        return answer(self._document, None)

    async def problem(self, request: web.Request) -> web.Response:
        """Explain a code."""
        code = request.match_info["code"]
        if code in set(Code):
            explanation = explain(code)
            document = Problem(code, explanation.sentence, status=409).document()
            names = {"rule": explanation.rule, "eu_code": explanation.eu_code, "gs1": explanation.gs1_answer}
            return answer(json_bytes({**document, **names}), None)
        if code in PROBLEMS:
            return answer(json_bytes(Problem(code).document()), None)
        raise Problem("unknown_problem", f"There is no code {code[:80]!r}.")


def describe(version: str, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the document.

    Args:
        version: Of the program.
        endpoints: All of them.
    """
    views = [kind for endpoint in endpoints for kind in _kinds(endpoint)]
    schemas, components = msgspec.json.schema_components(views, ref_template=_REFERENCE)
    known = {id(kind): schema for kind, schema in zip(views, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, known)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Packtrail node",
            "version": version,
            "description": "Custody of medicine packs: submit records, read the ledger, verify proofs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM_SCHEMA},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _kinds(endpoint: Endpoint) -> Iterable[Any]:
    if endpoint.body is not None and endpoint.body.form is not None:
        yield endpoint.body.form
    for entry in endpoint.answers:
        yield from _views(entry)


def _views(entry: Answer) -> tuple[Any, ...]:
    if entry.view is None:
        return ()
    return entry.view if isinstance(entry.view, tuple) else (entry.view,)


def _schema(entry: Answer, known: Mapping[int, Any]) -> dict[str, Any]:
    schemas = [known[id(view)] for view in _views(entry)]
    if not schemas:
        return {}
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return _with_height(schema) if entry.pinned else schema


def _operation(endpoint: Endpoint, known: Mapping[int, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": f"{endpoint.method.lower()}_{re.sub('[^a-z0-9]+', '_', endpoint.path).strip('_')}",
        "responses": {**_answers(endpoint, known), **_problems(endpoint)},
    }
    if endpoint.right is not Right.PUBLIC:
        operation["security"] = [{"token": []}]
        operation["description"] = f"Needs a token with the role {' or '.join(roles_for(endpoint.right))}."
    if endpoint.parameters:
        operation["parameters"] = [_parameter(entry) for entry in endpoint.parameters]
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint.body, known)
    return operation


def _parameter(entry: Parameter) -> dict[str, Any]:
    return {
        "name": entry.name,
        "in": entry.place,
        "required": entry.place == "path",
        "description": entry.description,
        "schema": dict(entry.schema),
    }


def _body(body: Body, known: Mapping[int, Any]) -> dict[str, Any]:
    schema = {} if body.form is None else known[id(body.form)]
    return {"required": True, "content": {kind: {"schema": schema} for kind in body.media_types}}


def _answers(endpoint: Endpoint, known: Mapping[int, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in endpoint.answers:
        response = found.setdefault(str(entry.status), {"description": entry.description})
        if endpoint.right is not Right.PUBLIC:
            response["headers"] = {
                HEIGHT_HEADER: {
                    "description": "Height of the ledger that the answer is of.",
                    "schema": {"type": "integer"},
                }
            }
        if entry.view is not None or entry.media_type != JSON or entry.status == web.HTTPOk.status_code:
            response.setdefault("content", {})[entry.media_type] = {"schema": _schema(entry, known)}
    return found


def _with_height(schema: dict[str, Any]) -> dict[str, Any]:
    height = {"type": "object", "required": ["height"], "properties": {"height": {"type": "integer"}}}
    return {"allOf": [height, schema]}


def _problems(endpoint: Endpoint) -> dict[str, Any]:
    """Return the problems of an endpoint by status, with their codes."""
    codes = [*_ANY_PROBLEMS, *endpoint.problems]
    if endpoint.right is not Right.PUBLIC:
        codes += _PROTECTED_PROBLEMS
    if endpoint.body is not None:
        codes += _BODY_PROBLEMS
    if endpoint.right is Right.WRITE:
        codes.append("read_only_node")
    by_status: dict[str, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(str(PROBLEMS[code].status), []).append(code)
    if endpoint.body is not None:
        by_status["409"] = ["a verdict code: a rule refuses it; see /problems/{code}"]
    content = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    return {
        status: {"description": f"{', '.join(names)}.", "content": content}
        for status, names in sorted(by_status.items())
    }
