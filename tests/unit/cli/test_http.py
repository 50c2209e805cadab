"""What a node's answers mean to a person: exit codes, and a sentence that says what, where and what to do."""

import msgspec
import pytest

from cli.failures import CommandError, Exit
from cli.http import Answer, NodeClient, error_of, raise_for, segment
from network.testnet.ports import free_ports
from tests.unit.cli.fake_node import Reply, problem


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "malformed", Exit.USAGE),
        (401, "unauthorised", Exit.NOT_ALLOWED),
        (403, "read_only_node", Exit.NOT_ALLOWED),
        (404, "not_found", Exit.NOT_FOUND),
        (409, "already_supplied", Exit.REFUSED),
        (413, "too_large", Exit.USAGE),
        (415, "unsupported_format", Exit.USAGE),
        (429, "too_busy", Exit.UNREACHABLE),
        (500, "internal", Exit.FAILED),
        (503, "no_quorum", Exit.UNREACHABLE),
        (504, "not_yet_committed", Exit.UNREACHABLE),
    ],
)
def test_a_status_becomes_an_exit_code(node, status, code, expected):
    node.answers["GET /v1/status"] = problem(status, code, detail="It did not work.")
    with pytest.raises(CommandError) as error:
        NodeClient(node.url).get("/v1/status")
    assert error.value.code is expected
    assert f"{code}: It did not work." in error.value.message


def test_a_problem_says_what_where_and_what_to_do():
    reply = problem(
        409,
        "already_supplied",
        detail="The pack was already supplied.",
        subject="(01)1(21)2",
        pointer="/records/0/items/0",
        what_to_do="Do not dispense it.",
    )
    error = error_of(_answer(reply))
    assert error.message == (
        "already_supplied: The pack was already supplied. [(01)1(21)2] (at /records/0/items/0)"
    )
    assert error.advice == "Do not dispense it."


def test_a_captured_file_names_event_and_field():
    error = error_of(_answer(problem(400, "gtin_check_digit", detail="Wrong.", event=3, field="epcList[0]")))
    assert "(event 3, field epcList[0])" in error.message


@pytest.mark.parametrize(
    ("reply", "advice"),
    [
        (problem(401, "unauthorised"), "--token-file"),
        (problem(403, "forbidden"), "--role"),
        (problem(409, "expired"), "packtrail explain expired"),
        (problem(500, "internal", request_id="r7"), "request r7"),
        (problem(429, "too_busy")._replace(headers={"retry-after": "3"}), "again in 3 s"),
        (problem(403, "read_only_node"), ""),
    ],
)
def test_advice_follows_from_the_status(reply, advice):
    assert advice in error_of(_answer(reply)).advice
    assert advice or not error_of(_answer(reply)).advice


def test_what_is_kept_is_named_by_its_id_and_what_is_refused_is_not():
    kept = error_of(_answer(problem(503, "no_quorum", document="ab" * 32)))
    assert f"(document {'ab' * 32})" in kept.message
    assert "document" not in error_of(_answer(problem(409, "expired", document="ab" * 32))).message


def _answer(reply: Reply) -> Answer:
    return Answer(reply.status, dict(reply.headers), msgspec.json.encode(reply.body))


def test_an_answer_without_a_problem_document_has_its_status():
    assert error_of(Answer(502, {}, b"<html>")).message == "http_502: Bad Gateway"


def test_a_success_is_no_error():
    raise_for(Answer(202, {}, b"{}"))


def test_nobody_there():
    (port,) = free_ports(1)
    with pytest.raises(CommandError, match="does not answer") as error:
        NodeClient(f"127.0.0.1:{port}").get("/v1/status")
    assert error.value.code is Exit.UNREACHABLE


def test_an_answer_that_is_no_json(node):
    node.answers["GET /v1/status"] = Reply(raw=b"hello")
    with pytest.raises(CommandError, match="no JSON"):
        NodeClient(node.url).get("/v1/status")


@pytest.mark.parametrize("url", ["ftp://host", "http://"])
def test_what_is_no_address(url):
    with pytest.raises(CommandError) as error:
        NodeClient(url)
    assert error.value.code is Exit.USAGE


def test_the_token_goes_along_and_a_path_before_the_api(node):
    node.answers["GET /node/v1/status"] = Reply(body={})
    NodeClient(f"{node.url}/node/", "pt_x").get("/v1/status", {"a": 1, "left_out": None})
    assert node.requests[0].headers["authorization"] == "Bearer pt_x"
    assert node.requests[0].query == {"a": "1"}


def test_a_serial_with_a_slash_is_one_segment(node):
    item = "(01)09521101003215(21)A/1?%"
    node.answers[f"GET /v1/items/{item}"] = Reply(body={"item": item})
    assert NodeClient(node.url).get(f"/v1/items/{segment(item)}") == {"item": item}


def test_events_of_a_stream(node):
    stream = b": hello\n\nid: 5.0.0\nevent: shipped\ndata: {\n data: }\ndata: }\n\nevent: x\n\ndata:1\n\n"
    node.answers["GET /v1/events"] = Reply(raw=stream)
    found = list(NodeClient(node.url).events("/v1/events", {"from": "4"}))
    assert [(event.id, event.event, event.data) for event in found] == [
        ("5.0.0", "shipped", "{\n}"),
        ("5.0.0", "message", "1"),
    ]
    assert node.requests[0].headers["accept"] == "text/event-stream"


def test_a_stream_that_is_refused(node):
    node.answers["GET /v1/events"] = problem(403, "forbidden")
    with pytest.raises(CommandError) as error:
        list(NodeClient(node.url).events("/v1/events"))
    assert error.value.code is Exit.NOT_ALLOWED


def test_lines_are_streamed_both_ways(node):
    node.answers["POST /v1/documents:stream"] = lambda request: Reply(
        raw=b"".join(b'{"line":%d}\n' % at for at, _line in enumerate(request.body.splitlines()))
    )
    lines = [b'{"a":1}\n', b'{"a":2}']
    found = list(NodeClient(node.url).stream("/v1/documents:stream", lines, query={"wait": "commit"}))
    assert found == [b'{"line":0}\n', b'{"line":1}\n']
    assert node.requests[0].body == b'{"a":1}\n{"a":2}\n'


def test_a_refused_stream(node):
    node.answers["POST /v1/documents:stream"] = problem(401, "unauthorised")
    with pytest.raises(CommandError) as error:
        list(NodeClient(node.url).stream("/v1/documents:stream", [b"{}"]))
    assert error.value.code is Exit.NOT_ALLOWED
