"""Commands that ask a node: what they send, what they print, and how they end."""

import msgspec
import pytest
import typer

from cli.failures import Exit
from cli.http import NodeClient
from cli.main import app
from cli.watch import follow
from tests.unit.cli.fake_node import Reply, problem

ITEM = "(01)09521101003215(21)A1"


def test_capture_says_what_became_of_each_event(node, packtrail, tmp_path):
    file = tmp_path / "events.xml"
    file.write_bytes(b'\xef\xbb\xbf<?xml version="1.0"?><x/>')
    node.answers["POST /v1/epcis/capture"] = Reply(
        body={
            "documents": [{"document": "ab", "status": "committed", "code": "accepted"}],
            "events": [{"index": 0, "outcome": "records", "records": ["commission"]}],
            "drafts": ["7"],
        }
    )
    code, out, err = packtrail("capture", file, "--node", node.url)
    (request,) = node.requests
    assert code == Exit.OK
    assert request.headers["content-type"] == "application/xml"
    assert request.headers["gs1-capture-error-behaviour"] == "rollback"
    assert request.query == {"wait": "commit"}
    assert "commission" in out
    assert "packtrail draft confirm 7" in err


def test_capture_ends_with_4_when_an_event_was_refused(node, packtrail, tmp_path):
    file = tmp_path / "events.json"
    file.write_bytes(b'{"type": "EPCISDocument"}')
    refused = {"index": 1, "outcome": "refused", "code": "expired", "field": "lot", "reason": "Over."}
    node.answers["POST /v1/epcis/capture"] = Reply(body={"documents": [], "events": [refused], "drafts": []})
    code, out, err = packtrail(
        "capture", file, "--node", node.url, "--on-error", "proceed", "--output", "json"
    )
    assert code == Exit.REFUSED
    assert msgspec.json.decode(out) == [
        {"file": str(file), "documents": [], "events": [refused], "drafts": []}
    ]
    assert err == ""
    assert node.requests[0].headers["content-type"] == "application/json"
    assert node.requests[0].headers["gs1-capture-error-behaviour"] == "proceed"


def test_capture_goes_on_after_a_file_that_is_refused(node, packtrail, tmp_path):
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_bytes(b"<x/>")
    replies = [problem(400, "gtin_check_digit", detail="Bad.", event=2), Reply(body={"events": []})]
    node.answers["POST /v1/epcis/capture"] = lambda _request: replies.pop(0)
    code, _out, err = packtrail("capture", tmp_path / "a.xml", tmp_path / "b.xml", "--node", node.url)
    assert code == Exit.USAGE
    assert "a.xml: gtin_check_digit: Bad. (event 2)" in err
    assert len(node.requests) == 2


def test_excursions_of_a_lot_are_listed_page_after_page(node, packtrail):
    def page(request):
        is_first = "after" not in request.query
        return Reply(
            body={"excursions": [{"session": 9 if is_first else 4}], "next": "c" if is_first else None}
        )

    node.answers["GET /v1/lots/09521101003215/M1/excursions"] = page
    code, out, _err = packtrail(
        *("lot", "09521101003215", "M1", "--excursions", "--node", node.url, "--output", "json")
    )
    assert code == Exit.OK
    assert [one["session"] for one in msgspec.json.decode(out)] == [9, 4]


def test_a_file_that_is_not_there(node, packtrail):
    code, _out, err = packtrail("capture", "absent.xml", "--node", node.url)
    assert code == Exit.NOT_FOUND
    assert "absent.xml" in err


@pytest.mark.parametrize(
    "content",
    ['{"record": "dispense"}', '[{"record": "dispense"}]', '{"records": [{"record": "dispense"}]}'],
)
def test_submit_takes_a_record_a_list_or_a_document(node, packtrail, tmp_path, content):
    file = tmp_path / "records.json"
    file.write_text(content)
    node.answers["POST /v1/documents"] = Reply(
        body={"document": "ab", "status": "committed", "height": 7, "code": "accepted", "accepted": True}
    )
    code, out, _err = packtrail(
        *("submit", file, "--node", node.url, "--partner", "123", "--idempotency-key", "k1", "-o", "json")
    )
    (request,) = node.requests
    assert code == Exit.OK
    assert request.json() == {"records": [{"record": "dispense"}], "partner": "123"}
    assert request.headers["idempotency-key"] == "k1"
    assert request.query == {"wait": "commit"}
    assert msgspec.json.decode(out)["height"] == 7


def test_a_recorded_refusal_ends_with_4(node, packtrail, tmp_path):
    file = tmp_path / "records.json"
    file.write_text('{"record": "dispense"}')
    node.answers["POST /v1/documents"] = Reply(
        body={
            "document": "ab",
            "code": "already_supplied",
            "accepted": False,
            "receipt": {"subject": "(01)04012345000016(21)7"},
        }
    )
    code, _out, err = packtrail("submit", file, "--node", node.url, "--record-refusal", "--no-wait")
    assert code == Exit.REFUSED
    assert "(01)04012345000016(21)7: The pack, or the container it is in, was supplied before." in err
    assert "Do not supply it again." in err
    assert "packtrail explain already_supplied" in err
    assert node.requests[0].query == {"wait": "none", "record_refusal": "1"}


@pytest.mark.parametrize("content", ["7", "[]", '{"documents": []}', "{"])
def test_submit_refuses_what_is_no_record(node, packtrail, tmp_path, content):
    file = tmp_path / "records.json"
    file.write_text(content)
    code, _out, _err = packtrail("submit", file, "--node", node.url)
    assert code == Exit.USAGE
    assert node.requests == []


def test_submit_streams_a_file_of_documents(node, packtrail, tmp_path):
    file = tmp_path / "many.ndjson"
    file.write_bytes(b'{"records":[1]}\n{"records":[2]}\n')
    node.answers["POST /v1/documents:stream"] = Reply(
        raw=b'{"line":1,"status":"accepted"}\n{"line":2,"status":"refused","code":"expired"}\n'
    )
    code, out, _err = packtrail("submit", file, "--stream", "--node", node.url)
    assert code == Exit.REFUSED
    assert [msgspec.json.decode(line)["line"] for line in out.splitlines()] == [1, 2]
    assert node.requests[0].body == file.read_bytes()


def test_drafts_are_listed_confirmed_and_thrown_away(node, packtrail):
    node.answers["GET /v1/drafts"] = Reply(
        body={"drafts": [{"draft": "7", "reason": "waits", "records": []}]}
    )
    node.answers["POST /v1/drafts/7:confirm"] = Reply(body={"document": "ab", "accepted": True})
    node.answers["DELETE /v1/drafts/7"] = Reply(status=204, raw=b"")
    assert "waits" in packtrail("draft", "list", "--node", node.url)[1]
    assert packtrail("draft", "confirm", "7", "--yes", "--node", node.url)[0] == Exit.OK
    assert packtrail("draft", "discard", "7", "--yes", "--node", node.url)[0] == Exit.OK
    assert packtrail("draft", "show", "8", "--node", node.url)[0] == Exit.NOT_FOUND
    assert [request.method for request in node.requests] == ["GET", "POST", "DELETE", "GET"]


def _journey():
    maker = {"gln": "9521101000009", "name": "Meadow"}
    return {
        "item": ITEM,
        "height": 9,
        "steps": [
            {
                "height": 2,
                "time": "2026-11-21T22:00:00.000Z",
                "record": 0,
                "kind": "commission",
                "partner": maker,
                "place": {"gln": "9521101000016", "name": "[plant]"},
                "via": None,
                "details": {"lot": "L1"},
            },
            {"height": 3, "time": "t", "kind": "ship", "partner": maker, "place": None, "via": "(00)1"},
        ],
    }


def test_trace_prints_who_what_where_when(node, packtrail):
    node.answers[f"GET /v1/items/{ITEM}"] = Reply(body={"item": ITEM, "life": "active", "holds": []})
    node.answers[f"GET /v1/items/{ITEM}/journey"] = Reply(body=_journey())
    code, out, _err = packtrail("trace", ITEM, "--node", node.url)
    assert code == Exit.OK
    for part in ("commission (lot L1)", "Meadow", "[plant]", "2026-11-21T22:00:00.000Z", "(00)1"):
        assert part in out
    found = msgspec.json.decode(packtrail("trace", ITEM, "--node", node.url, "--output", "json")[1])
    assert found["journey"] == _journey()
    lines = packtrail("trace", ITEM, "--node", node.url, "--output", "jsonl")[1].splitlines()
    assert len(lines) == 2


def test_trace_of_an_unknown_item(node, packtrail):
    assert packtrail("trace", ITEM, "--node", node.url)[0] == Exit.NOT_FOUND


@pytest.mark.parametrize(("ready", "expected"), [(True, Exit.OK), (False, Exit.UNHEALTHY)])
def test_status_tells_by_its_exit_code_whether_the_node_is_ready(node, packtrail, ready, expected):
    answer = {
        "node": {"name": "maker", "role": "validator"},
        "height": 7,
        "peers": [{"name": "carrier", "role": "validator", "height": 6}],
        "unreached": [{"name": "pharmacy", "reason": "connection refused"}],
        "ready": ready,
    }
    node.answers["GET /v1/status"] = Reply(body=answer)
    code, out, _err = packtrail("status", "--node", node.url)
    assert code == expected
    assert "node name" in out
    assert "carrier" in out
    assert "connection refused" in out
    assert msgspec.json.decode(packtrail("status", "--node", node.url, "-o", "json")[1]) == answer


def test_a_proof_is_written_to_a_file_of_its_own(node, packtrail, tmp_path):
    document = "ab" * 32
    node.answers[f"GET /v1/documents/{document}/proof"] = Reply(raw=b"\x93proof")
    file = tmp_path / "dispense.proof"
    code, out, _err = packtrail("proof", document, "--out", file, "--node", node.url)
    assert code == Exit.OK
    assert file.read_bytes() == b"\x93proof"
    assert out == f"{file}\n"
    node.answers[f"GET /v1/documents/{document}/proof"] = problem(404, "not_yet_certified")
    assert packtrail("proof", document, "--out", tmp_path / "other", "--node", node.url)[0] == Exit.NOT_FOUND
    assert not (tmp_path / "other").exists()


def test_watch_goes_on_where_the_stream_broke(node, packtrail):
    replies = [
        Reply(raw=b'id: 3.0.0\nevent: shipped\ndata: {"n": 1}\n\n'),
        Reply(raw=b'id: 4.0.0\nevent: received\ndata: {"n": 2}\n\n'),
    ]
    node.answers["GET /v1/events"] = lambda _request: replies.pop(0)
    waits = []
    events = follow(NodeClient(node.url), None, waits.append)
    assert [next(events).id, next(events).id] == ["3.0.0", "4.0.0"]
    assert [request.query for request in node.requests] == [{}, {"from": "3.0.0"}]
    assert waits == [1.0]


def test_watch_gives_up_after_some_tries(node, packtrail, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    node.answers["GET /v1/events"] = problem(503, "no_quorum")
    with pytest.raises(Exception, match="no_quorum"):
        list(follow(NodeClient(node.url), "1", lambda _seconds: None))
    assert len(node.requests) == 5


def test_watch_prints_events(node, packtrail):
    node.answers["GET /v1/events"] = Reply(raw=b'id: 3.0.0\nevent: shipped\ndata: {"n": 1}\n\n')
    code, out, _err = packtrail("watch", "--count", "1", "--from", "2", "--node", node.url, "-o", "jsonl")
    assert code == Exit.OK
    assert msgspec.json.decode(out) == {"id": "3.0.0", "event": "shipped", "data": {"n": 1}}


def test_a_usage_error_ends_with_2(packtrail):
    code, _out, err = packtrail("trace")
    assert code == Exit.USAGE
    assert "packtrail trace" in err


def test_explain(packtrail):
    code, out, _err = packtrail("explain", "already_supplied")
    assert code == Exit.OK
    assert "PCK_22" in out
    assert msgspec.json.decode(packtrail("explain", "-o", "json")[1])[0].keys() == {
        *("code", "rule", "meaning", "what_to_do", "eu_code", "gs1_answer")
    }
    code, _out, err = packtrail("explain", "already_suplied")
    assert code == Exit.NOT_FOUND
    assert "already_supplied" in err


def test_explain_says_what_was_asked_by_which_rule(packtrail):
    found = msgspec.json.decode(packtrail("explain", "expired", "-o", "json")[1])
    assert "Rule 1, commission: The expiry is still to come" in found["asked"]
    assert "Rule 1, commission: The expiry is still to come" in packtrail("explain", "expired")[1]


def test_explain_knows_the_rules(packtrail):
    code, out, _err = packtrail("explain", "11A")
    assert code == Exit.OK
    assert "Asked in this order" in out
    assert "dispensing_not_allowed" in out
    found = msgspec.json.decode(packtrail("explain", "2b", "-o", "json")[1])
    assert found["title"] == "unpack"
    assert found["guards"][-1] == {"asked": "Every child is directly inside it", "code": "not_inside"}


def test_explain_knows_what_the_node_itself_answers(packtrail):
    code, out, _err = packtrail("explain", "receiver_not_found", "-o", "json")
    assert code == Exit.OK
    found = msgspec.json.decode(out)
    assert found["status"] == 400
    assert "destination" in found["what_to_do"]


def _commands(group=app, path=()):
    click = typer.main.get_command(group)

    def walk(command, path):
        children = getattr(command, "commands", None)
        if children is None:
            yield path, command
            return
        for name, child in children.items():
            yield from walk(child, (*path, name))

    return list(walk(click, path))


@pytest.mark.parametrize(
    ("path", "command"), _commands(), ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_has_help_with_an_example(path, command):
    assert "Example: packtrail " + " ".join(path) in command.help


def test_help_and_version(packtrail):
    code, out, _err = packtrail("--help")
    assert code == Exit.OK
    assert "Exit codes: 0 ok" in " ".join(out.split())
    assert packtrail("--version")[1].startswith("packtrail ")


def test_propose_says_what_why_and_when_and_vote_answers(node, packtrail, tmp_path):
    file = tmp_path / "suspend.json"
    change = {"change": "set_licence", "partner": "0614141000005", "licence": "suspended"}
    file.write_bytes(msgspec.json.encode(change))
    node.answers["GET /v1/status"] = Reply(body={"height": 7, "time": "2026-11-22T05:00:00.000Z"})
    node.answers["POST /v1/documents"] = Reply(body={"document": "ab", "accepted": True, "height": 8})
    options = ("--reason", "licence withdrawn", "--acts-in", "50", "--node", node.url)
    code, _out, err = packtrail("propose", file, *options)
    assert code == Exit.OK
    assert "acts at height 57" in err
    (record,) = msgspec.json.decode(node.requests[-1].body)["records"]
    assert (record["acts_at"], record["until_height"]) == (57, 55)
    assert (record["changes"], record["reason"]) == ([change], "licence withdrawn")
    node.answers["GET /v1/proposals/ab12"] = Reply(body={"proposal": "ab12"})
    for said, kind in (
        ((), "vote_on_changes"),
        (("--reject",), "vote_on_changes"),
        (("--withdraw",), "withdraw_changes"),
    ):
        assert packtrail("vote", "ab12", *said, "--node", node.url)[0] == Exit.OK
        (record,) = msgspec.json.decode(node.requests[-1].body)["records"]
        assert (record["record"], record["proposal"]) == (kind, "ab12")
        assert record.get("choice") == {"--reject": "reject", "": "approve"}.get("".join(said))
    assert packtrail("vote", "ab12", "--reject", "--withdraw", "--node", node.url)[0] == Exit.USAGE


def test_propose_without_a_file_lists_and_without_a_reason_does_nothing(node, packtrail, tmp_path):
    file = tmp_path / "bad.json"
    node.answers["GET /v1/proposals"] = Reply(
        body={
            "proposals": [
                {
                    "proposal": "ab12",
                    "standing": "open",
                    "acts_at": 9,
                    "until_height": 7,
                    "approving_power": 1,
                    "total_power": 4,
                    "reason": "why",
                    "changes": [{"change": "x"}],
                    "convicted": [{"node": "west", "convictions": 2}],
                }
            ]
        }
    )
    code, out, _err = packtrail("propose", "--node", node.url, "--output", "json")
    assert code == Exit.OK
    assert msgspec.json.decode(out)[0]["power"] == "1/4"
    assert msgspec.json.decode(out)[0]["convicted"] == "west 2x"
    file.write_bytes(b'{"no": "change"}')
    assert packtrail("propose", file, "--node", node.url)[0] == Exit.USAGE
    node.answers["GET /v1/status"] = Reply(body={"height": 7, "time": "2026-11-22T05:00:00.000Z"})
    for text in (b'{"no": "change"}', b"[]", b"nonsense"):
        file.write_bytes(text)
        assert packtrail("propose", file, "--reason", "why", "--node", node.url)[0] == Exit.USAGE


def test_a_vote_that_the_law_refuses_says_so(node, packtrail):
    node.answers["GET /v1/status"] = Reply(body={"height": 7, "time": "2026-11-22T05:00:00.000Z"})
    node.answers["GET /v1/proposals/ab12"] = Reply(body={"proposal": "ab12"})
    refused = {"document": "ab", "accepted": False, "code": "already_voted"}
    node.answers["POST /v1/documents"] = Reply(body=refused)
    code, _out, err = packtrail("vote", "ab12", "--node", node.url)
    assert code == Exit.REFUSED
    assert "packtrail explain already_voted" in err
