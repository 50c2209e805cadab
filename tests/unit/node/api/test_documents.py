"""Documents over HTTP: submitted, refused, repeated, looked up, proven."""

import asyncio
import base64

import msgspec
import pytest

from cli.light import Trust, verify_proof
from contracts.chain.genesis import encode_genesis
from contracts.gs1.keys import check_digit
from contracts.records.custody import shipment_id
from node.api.promises import Promises
from node.config.schema import ApiSection
from node.pool.lane_writer import SMALL_BUNDLES_OUTSTANDING
from node.pool.waiting_room import Load
from node.storage.store import LOCAL
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, PHARMACY, WHOLESALER, build_test_genesis, lane_key
from tests.unit.node.api.harness import Api, serving, turned_away
from tests.unit.node.api.samples import commission, dispense, pack, pack_text, receive, ship, sscc

STRANGER = f"061414199000{check_digit('061414199000')}"
NONCE = "00112233445566778899aabbccddeeff"


async def test_a_document_waits_for_its_block(api: Api) -> None:
    reply = await api.submit(commission("A1", "B1"), pack(sscc(1), pack_text("A1"), pack_text("B1")))
    assert reply.status == 200
    assert reply.headers["Packtrail-Height"] == "1"
    found = reply.json
    assert (found["status"], found["height"], found["code"], found["accepted"]) == (
        *("committed", 1, "accepted"),
        True,
    )
    (event,) = found["receipt"]["events"]
    assert (event["kind"], event["subject"], event["items"]) == ("introduced", sscc(1), [sscc(1)])


async def test_a_document_is_kept_and_the_client_goes_on(api: Api) -> None:
    reply = await api.submit(commission("A1"), query="wait=none")
    assert reply.status == 202
    assert reply.json == {"document": reply.json["document"], "status": "pending", "code": "accepted"}
    assert reply.headers["Packtrail-Height"] == "0"
    await api.settle()
    shown = await api.get(f"/v1/documents/{reply.json['document']}")
    assert shown.json["height"] == 1


async def test_a_rule_refuses_at_once_and_says_what_to_do(api: Api) -> None:
    await api.submit(commission("A1"))
    reply = await api.submit(commission("B1"), commission("A1"))
    assert (reply.status, reply.code) == (409, "already_commissioned")
    problem = reply.json
    assert problem["pointer"] == "/records/1"
    assert problem["record"] == 1
    assert problem["subject"] == pack_text("A1")
    assert problem["rule"] == "1"
    assert problem["type"] == "/problems/already_commissioned"
    assert problem["what_to_do"]
    assert problem["detail"].startswith(pack_text("A1"))
    assert problem["request_id"] == reply.headers["X-Request-Id"]
    assert (await api.get(f"/v1/documents/{problem['document']}")).code == "unknown_document"


@pytest.mark.parametrize("wait", ["none", "commit"])
async def test_a_refusal_is_put_on_the_ledger_when_asked_for(api: Api, wait: str) -> None:
    await api.submit(commission("A1"))
    reply = await api.submit(commission("A1"), query=f"wait={wait}&record_refusal=1")
    assert reply.status == (202 if wait == "none" else 200)
    assert reply.json["code"] == "already_commissioned"
    await api.settle()
    shown = (await api.get(f"/v1/documents/{reply.json['document']}")).json
    assert (shown["code"], shown["accepted"]) == ("already_commissioned", False)
    assert shown["receipt"]["subject"] == pack_text("A1")


async def test_what_others_did_first_is_told_by_the_receipt() -> None:
    async with serving(OneNode(call_soon=asyncio.get_running_loop().call_soon)) as api:
        waiting = asyncio.create_task(api.submit(commission("A1")))
        await api.until(lambda: bool(api.node.submissions.outstanding()))
        # The same key elsewhere: another node of the maker was quicker.
        rival = api.node.document(api.node.commission(["A1"]))
        for made in api.node.submissions.outstanding():
            api.node.pool.prune({made.header.lane: 99}, 0)
        api.node.put(MAKER, *rival.records)
        api.node.produce()
        await api.settle()
        api.node.produce()
        reply = await waiting
        assert (reply.status, reply.json["accepted"]) == (200, False)
        assert reply.json["code"] == "already_commissioned"


@pytest.mark.parametrize(
    ("has_quorum", "status", "code"), [(True, 504, "not_yet_committed"), (False, 503, "no_quorum")]
)
async def test_a_block_that_does_not_come(has_quorum: bool, status: int, code: str) -> None:
    loop = asyncio.get_running_loop()
    async with serving(OneNode(call_soon=loop.call_soon), settings=ApiSection(wait_ms=100)) as api:
        api.standing.has_quorum = has_quorum
        reply = await api.submit(commission("A1"))
        assert (reply.status, reply.code) == (status, code)
        assert "Retry-After" in reply.headers
        api.node.produce()
        await api.settle()
        shown = await api.get(f"/v1/documents/{reply.json['document']}")
        assert shown.json["accepted"]


# ------------------------------------------------------------------------------------ once only


async def test_the_same_key_and_body_are_one_document(api: Api) -> None:
    body = {"records": [ship(pack_text("A1"), references=[{"type": "po", "value": "4711"}])]}
    await api.submit(commission("A1", "B1"))
    headers = {"Idempotency-Key": "k-1"}
    first = await api.post("/v1/documents?wait=commit", body, headers=headers, bearer="maker")
    again = await api.post("/v1/documents?wait=commit", body, headers=headers, bearer="maker")
    third = await api.post("/v1/documents", body, headers=headers, bearer="maker")
    assert first.status == again.status == third.status == 200
    assert first.body == again.body == third.body
    assert api.node.chain.tip.height == int(first.headers["Packtrail-Height"]) + 1


async def test_a_key_outlives_a_restart(api: Api) -> None:
    body = {"records": [commission("A1")]}
    headers = {"Idempotency-Key": "k-1"}
    first = await api.post("/v1/documents?wait=commit", body, headers=headers, bearer="maker")
    fresh = Promises(api.node.store, api.node.worker, bytes)
    object.__setattr__(api.context, "promises", fresh)
    again = await api.post("/v1/documents?wait=commit", body, headers=headers, bearer="maker")
    assert again.json == first.json


async def test_a_key_with_another_body_is_refused(api: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    await api.post("/v1/documents", {"records": [commission("A1")]}, headers=headers, bearer="maker")
    other = await api.post("/v1/documents", {"records": [commission("B1")]}, headers=headers, bearer="maker")
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    # Another token's keys are its own.
    mine = await api.post(
        "/v1/documents", {"records": [commission("B1")], "partner": MAKER.gln}, headers=headers
    )
    assert mine.status == 202


async def test_a_request_that_means_nothing_uses_up_no_key(api: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    wrong = await api.post("/v1/documents", {"records": [commission("ä")]}, headers=headers, bearer="maker")
    assert wrong.status == 400
    right = await api.post("/v1/documents", {"records": [commission("A1")]}, headers=headers, bearer="maker")
    assert right.status == 202


async def test_the_same_nonce_twice_at_the_same_time() -> None:
    async with serving(OneNode(call_soon=asyncio.get_running_loop().call_soon)) as api:
        body = {"records": [commission("A1")], "nonce": NONCE}
        both = [
            asyncio.create_task(api.post("/v1/documents?wait=commit", body, bearer="maker")) for _ in range(2)
        ]
        await api.until(lambda: api.node.submissions.waiting == 1)
        await api.until(lambda: bool(api.node.submissions.outstanding()))
        api.node.produce()
        first, second = await asyncio.gather(*both)
        assert first.status == 200
        assert first.json == second.json
        late = await api.post("/v1/documents?wait=commit", body, bearer="maker")
        assert late.json == first.json


async def test_a_nonce_may_be_refused_all_the_same(api: Api) -> None:
    await api.submit(commission("A1"))
    reply = await api.post("/v1/documents", {"records": [commission("A1")], "nonce": NONCE}, bearer="maker")
    assert reply.code == "already_commissioned"


@pytest.mark.parametrize("key", ["x" * 257, "Schlüssel"])
async def test_a_key_is_short_printable_text(api: Api, key: str) -> None:
    headers = {"Idempotency-Key": key}
    reply = await api.post("/v1/documents", {"records": [commission("A1")]}, headers=headers, bearer="maker")
    assert (reply.status, reply.code) == (400, "invalid_parameter")
    assert reply.json["parameter"] == "Idempotency-Key"


# ------------------------------------------------------------------------------- what is refused


async def test_bodies_that_are_no_documents(api: Api) -> None:
    cases = [
        (b"", "invalid_json", ""),
        (b"{", "invalid_json", ""),
        (b"\xff", "invalid_json", ""),
        (b"[]", "invalid_field", ""),
        (b'{"records":[]}', "invalid_field", "/records"),
        (b'{"records":[{"record":"teleport"}]}', "invalid_field", "/records/0/record"),
        (b'{"records":[{"record":"dispense","items":[]}]}', "invalid_field", "/records/0"),
        (b'{"records":[],"colour":1}', "invalid_field", "/records"),
    ]
    for body, code, pointer in cases:
        reply = await api.post("/v1/documents", body, bearer="maker")
        assert (reply.status, reply.code, reply.json.get("pointer")) == (400, code, pointer), body


async def test_a_field_that_means_nothing_is_pointed_at(api: Api) -> None:
    record = {**commission("A1", "B€"), "premises": ""}
    reply = await api.submit(pack(sscc(1), pack_text("A1")), record)
    assert (reply.status, reply.code) == (400, "invalid_identifier")
    assert (reply.json["pointer"], reply.json["fault"]) == ("/records/1/serials/1", "serial_character")


async def test_who_signs(api: Api) -> None:
    body = {"records": [commission("A1")]}
    reply = await api.post("/v1/documents", body)
    assert (reply.status, reply.code) == (400, "partner_needed")
    reply = await api.post("/v1/documents", {**body, "partner": WHOLESALER.gln}, bearer="maker")
    assert (reply.status, reply.code) == (403, "forbidden")
    reply = await api.post("/v1/documents", {**body, "partner": STRANGER})
    assert (reply.status, reply.code) == (400, "partner_not_here")
    reply = await api.post("/v1/documents", {**body, "partner": "123"})
    assert (reply.status, reply.code, reply.json["pointer"]) == (400, "invalid_identifier", "/partner")
    urn = f"urn:epc:id:pgln:0614141.{MAKER.gln[7:12]}"
    reply = await api.post("/v1/documents", {**body, "partner": urn})
    assert reply.status == 202


async def test_a_long_document_is_read_apart(api: Api) -> None:
    serials = [f"{number:020d}" for number in range(2_000)]
    reply = await api.submit(commission(*serials))
    assert reply.json["accepted"]
    reply = await api.submit(commission(*serials, "€"))
    assert (reply.code, reply.json["pointer"]) == ("invalid_identifier", "/records/0/serials/2000")


async def test_what_is_far_too_heavy_is_not_even_read(api: Api) -> None:
    weight = api.node.genesis.parameters.limits.document_weight
    reply = await api.submit(commission(*["€"] * weight), pack(sscc(1), *["nonsense"] * 10))
    assert (reply.status, reply.code) == (413, "document_too_large")
    assert str(weight + 12) in reply.json["detail"]


async def test_what_is_too_large() -> None:
    parameters = build_test_genesis().parameters
    limits = msgspec.structs.replace(parameters.limits, record_items=3, document_bytes=250)
    genesis = build_test_genesis(parameters=msgspec.structs.replace(parameters, limits=limits))
    node = OneNode(genesis, asyncio.get_running_loop().call_soon)
    async with serving(node, settings=ApiSection(max_body_bytes=2_000)) as api:
        reply = await api.submit(commission(*(f"S{number}" for number in range(4))))
        assert (reply.status, reply.code) == (413, "document_too_large")
        serials = [f"{number:020d}" for number in range(3)]
        reply = await api.submit(*(commission(serial) for serial in serials), commission(*serials))
        assert (reply.status, reply.code) == (413, "document_too_large")
        reply = await api.post("/v1/documents", b" " * 2_001, bearer="maker")
        assert (reply.status, reply.code) == (413, "body_too_large")

        async def chunks() -> object:
            for _ in range(30):
                yield b" " * 100

        headers = {"Authorization": "Bearer maker"}
        async with api.session.post(api.url("/v1/documents"), data=chunks(), headers=headers) as answer:
            assert answer.status == 413


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "application/xml"}, {"Content-Encoding": "gzip"}], ids=str
)
async def test_bodies_of_another_kind(api: Api, headers: dict[str, str]) -> None:
    body = msgspec.json.encode({"records": [commission("A1")]})
    reply = await api.ask("POST", "/v1/documents", bearer="maker", body=body, headers=headers)
    assert (reply.status, reply.code) == (415, "unsupported_media_type")


async def test_a_node_with_too_much_to_do(api: Api) -> None:
    room = api.node.submissions.room
    room.enter(lane_key(MAKER).public_key, Load(room.bound().documents))
    reply = await api.submit(commission("A1"))
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (429, "too_busy", "1")
    assert (reply.json["full"], reply.json["retry_after_s"]) == ("documents", 1)
    assert await turned_away(api, "documents") == 1


async def test_a_node_that_has_stopped_promises_nothing(api: Api) -> None:
    api.node.stopped_because = "the ledger has forked: at height 7 two blocks were decided"
    reply = await api.submit(commission("A1"))
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "node_halted", "60")
    assert "forked" in reply.json["detail"]
    assert api.node.submissions.waiting == 0


async def test_a_node_far_behind_the_network_judges_nothing(api: Api) -> None:
    api.node.is_syncing = True
    api.node.wall.ms += 60_000
    reply = await api.submit(commission("A1"))
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "catching_up", "1")
    assert reply.json["height"] == api.node.chain.tip.height
    assert reply.json["detail"].endswith(" s old.")
    api.node.is_syncing = False
    assert (await api.submit(commission("A1"))).status == 200


# -------------------------------------------------------------------------------------- reading


async def test_a_document_comes_back_as_it_was_sent(api: Api) -> None:
    await api.submit(commission("A1", "B1"))
    sent = ship(
        pack_text("A1"),
        deadline="2026-10-01T00:00:00.000Z",
        references=[{"type": "po", "value": "4711", "salt": "ab" * 16}, {"hash": "cd" * 32}],
        attachments=["ef" * 32],
    )
    reply = await api.submit(sent)
    assert reply.status == 200, reply.body
    shown = (await api.get(f"/v1/documents/{reply.json['document']}", bearer="maker")).json
    assert shown["partner"] == MAKER.gln
    assert shown["records"] == [sent]
    assert [event["kind"] for event in shown["events"]] == ["shipment_announced"]
    assert shown["events"][0]["concerned"] == [WHOLESALER.gln]
    # The receiver sees what concerns it, but not what the sender's order number is.
    other = (await api.get(f"/v1/documents/{reply.json['document']}", bearer="wholesaler")).json
    assert set(other["records"][0]["references"][0]) == {"hash"}


async def test_salts_are_drawn_and_kept(api: Api) -> None:
    await api.submit(commission("A1", "B1"))
    reply = await api.submit(
        ship(pack_text("A1"), references=[{"type": "po", "value": "1"}, {"type": "po", "value": "1"}])
    )
    shown = (await api.get(f"/v1/documents/{reply.json['document']}", bearer="maker")).json
    first, second = shown["records"][0]["references"]
    assert (first["type"], first["value"]) == (second["type"], second["value"]) == ("po", "1")
    assert first["salt"] != second["salt"]
    assert len(first["salt"]) == 32


@pytest.mark.parametrize(("record_refusal", "count"), [(0, 0), (1, 1)])
@pytest.mark.parametrize("path", ["/v1/documents", "/v1/documents:stream"])
async def test_salts_are_kept_with_the_document_or_not_at_all(
    api: Api, path: str, record_refusal: int, count: int
) -> None:
    refused = ship(pack_text("A1"), references=[{"type": "po", "value": "1"}])
    query = f"?wait=commit&record_refusal={record_refusal}"
    body = msgspec.json.encode({"records": [refused]})
    reply = await api.ask("POST", f"{path}{query}", bearer="maker", body=body)
    assert b"item_unknown" in reply.body
    assert len(api.node.store.scan(LOCAL + b"r").rows) == count


async def test_a_document_that_is_not_durable_is_not_called_kept() -> None:
    loop = asyncio.get_running_loop()
    async with serving(OneNode(call_soon=loop.call_soon), settings=ApiSection(wait_ms=100)) as api:
        for number in range(SMALL_BUNDLES_OUTSTANDING):
            assert (await api.submit(commission(f"S{number}"), query="")).status == 202
        # The chain stands still, and no time passes.
        reply = await api.submit(commission("A1"), query="")
        assert (reply.status, reply.code) == (429, "too_busy")
        api.node.clock.ring()
        await api.settle()
        assert (await api.submit(commission("B1"), query="")).status == 202


async def test_documents_of_others_are_not_shown_to_everyone(api: Api) -> None:
    identifier = (await api.submit(commission("A1"))).json["document"]
    assert (await api.get(f"/v1/documents/{identifier}", bearer="wholesaler")).code == "forbidden"
    assert (await api.get(f"/v1/documents/{identifier}/proof", bearer="wholesaler")).code == "forbidden"
    assert (await api.get(f"/v1/documents/{identifier}", bearer="inspector")).status == 200


@pytest.mark.parametrize("identifier", ["00" * 32, "zz" * 32, "1", "%F0%9F%92%8A", "00" * 31])
@pytest.mark.parametrize("tail", ["", "/proof"])
async def test_unknown_documents(api: Api, identifier: str, tail: str) -> None:
    reply = await api.get(f"/v1/documents/{identifier}{tail}")
    assert (reply.status, reply.code) == (404, "unknown_document")


async def test_a_proof_stands_on_genesis_alone(api: Api) -> None:
    await api.submit(commission("A1", "B1"))
    identifier = (await api.submit(ship(pack_text("A1")))).json["document"]
    await api.settle()
    reply = await api.get(f"/v1/documents/{identifier}/proof")
    assert reply.headers["Content-Type"] == "application/octet-stream"
    proven = verify_proof(Trust.from_genesis(encode_genesis(api.node.genesis)), reply.body)
    assert proven.document_id.hex() == identifier
    assert proven.receipt.code == "accepted"
    as_json = (await api.get(f"/v1/documents/{identifier}/proof?format=json")).json
    assert base64.b64decode(as_json["proof"]) == reply.body
    assert as_json["height"] == proven.block.height


async def test_a_proof_has_to_wait_for_the_next_block() -> None:
    loop = asyncio.get_running_loop()
    async with serving(OneNode(call_soon=loop.call_soon, auto=True, certify=False)) as api:
        identifier = (await api.submit(commission("A1"))).json["document"]
        reply = await api.get(f"/v1/documents/{identifier}/proof")
        assert (reply.status, reply.code) == (503, "not_yet_certified")
        assert reply.headers["Retry-After"] == "1"
        api.node.produce()
        assert (await api.get(f"/v1/documents/{identifier}/proof")).status == 200


async def test_from_maker_to_patient(api: Api) -> None:
    await api.submit(commission("A1", "B1"), pack(sscc(1), pack_text("A1"), pack_text("B1")))
    first = (await api.submit(ship(sscc(1)))).json["document"]
    shipment = shipment_id(bytes.fromhex(first), 0).hex()
    assert (await api.submit(receive(shipment), bearer="wholesaler")).json["accepted"]
    second = await api.submit(
        ship(pack_text("A1"), sender=WHOLESALER, receiver=PHARMACY), bearer="wholesaler"
    )
    shipment = shipment_id(bytes.fromhex(second.json["document"]), 0).hex()
    assert (await api.submit(receive(shipment, PHARMACY), bearer="pharmacy")).json["accepted"]
    assert (await api.submit(dispense(pack_text("A1"), party=PHARMACY), bearer="pharmacy")).json["accepted"]
    again = await api.submit(dispense(pack_text("A1"), party=WHOLESALER), bearer="wholesaler")
    assert again.code in {"already_supplied", "dispensing_not_allowed"}
