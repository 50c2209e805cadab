"""Reading the ledger over HTTP: items, lots, shipments, blocks, partners, validators, status."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from contracts.chain.header import block_id
from contracts.gs1.keys import pack_gtin
from contracts.records.custody import ReceiveMode, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.lots import MaterialLot, TraceLot
from node.api import lots, shipments
from node.storage import readers
from node.storage.errors import StorageDamaged
from node.storage.store import RECEIPTS
from tests.support.ledger import OneNode, pack_key, pallet_key
from tests.support.parties import (
    CARRIER,
    CASE_GTIN,
    LOT,
    MAKER,
    PACK,
    PACK_GTIN,
    PARTIES,
    PHARMACY,
    PREFIX,
    REGULATOR,
    WHOLESALER,
    build_test_genesis,
)
from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import pack_text, sscc

ODD = "a/b%c+d?e(21)"


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """A ledger with packs A1 and B1 in a case that the wholesaler got, C1 at the maker, D1 on its way."""
    node = OneNode(build_test_genesis(validators=4))
    node.record(MAKER, node.commission(["A1", "B1", "C1", "D1", ODD]))
    node.record(MAKER, node.pack(pallet_key(1), [pack_key("A1"), pack_key("B1")]))
    first = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pallet_key(1)], carrier=CARRIER))
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment_id(first.document_id, 0)))
    node.record(MAKER, node.ship(MAKER, PHARMACY, [pack_key("D1")]))
    node.record(PHARMACY, node.ship(PHARMACY, MAKER, [pack_key("D1")]))
    async with serving(node) as served:
        yield served


def path(item: str, tail: str = "") -> str:
    return f"/v1/items/{quote(item, safe='')}{tail}"


async def test_an_item(api: Api) -> None:
    reply = await api.get(path(pack_text("A1")))
    assert (reply.status, reply.headers["Packtrail-Height"]) == (200, "6")
    found = reply.json
    assert found["height"] == 6
    assert (found["item"], found["known"], found["clean"]) == (pack_text("A1"), True, True)
    assert (found["holder"], found["owner"]) == (WHOLESALER.gln, WHOLESALER.gln)
    assert (found["parent"], found["premises"]) == (sscc(1), WHOLESALER.premises)
    assert found["born"]["height"] == 1
    assert len(found["born"]["document"]) == 64
    case = (await api.get(path(sscc(1)))).json
    assert case["container"]["children"] == 2
    assert case["container"]["sources"][0]["lot"] == "L-1"


@pytest.mark.parametrize(
    "spelled",
    [
        pack_text("A1"),
        "urn:epc:id:sgtin:0614141.000001.A1",
        f"https://id.example.org/01/{PACK_GTIN}/21/A1",
    ],
)
async def test_items_in_several_spellings(api: Api, spelled: str) -> None:
    assert (await api.get(path(spelled))).json["item"] == pack_text("A1")
    assert len((await api.get(path(spelled, "/journey"))).json["steps"]) == 4


async def test_serials_with_every_kind_of_character(api: Api) -> None:
    assert (await api.get(path(pack_text(ODD)))).json["known"]
    assert (await api.get(path(pack_text(ODD), "/journey"))).json["steps"][0]["kind"] == "commission"


async def test_an_unknown_item(api: Api) -> None:
    found = (await api.get(path(pack_text("never")))).json
    assert (found["known"], found["born"], found["holder"]) == (False, None, None)
    journey = await api.get(path(pack_text("never"), "/journey"))
    assert (journey.status, journey.code) == (404, "unknown_item")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("(01)1", "item_form"),
        (f"(01){PACK_GTIN}(21)", "serial_length"),
        ("nonsense", None),
        ("urn:x:y", None),
    ],
)
async def test_items_that_are_none(api: Api, text: str, fault: str | None) -> None:
    for tail in ("", "/journey"):
        reply = await api.get(path(text, tail))
        assert (reply.status, reply.code, reply.json.get("fault")) == (400, "invalid_identifier", fault)


async def test_a_journey(api: Api) -> None:
    found = (await api.get(path(pack_text("A1"), "/journey"))).json
    assert [step["kind"] for step in found["steps"]] == ["commission", "pack", "ship", "receive"]
    assert found["steps"][3]["partner"] == {"gln": WHOLESALER.gln, "name": "wholesaler"}
    assert found["steps"][3]["place"]["gln"] == WHOLESALER.premises
    assert found["steps"][3]["via"] == sscc(1)
    assert found["is_complete"] is True


async def test_whose_items_a_token_may_read(api: Api) -> None:
    for bearer, text, allowed in [
        ("wholesaler", "A1", True),
        ("maker", "A1", True),
        ("pharmacy", "A1", False),
        ("pharmacy", "D1", True),
        ("wholesaler", "C1", False),
        ("inspector", "C1", True),
        ("reader", "C1", True),
        ("own", "C1", True),
    ]:
        for tail in ("", "/journey"):
            reply = await api.get(path(pack_text(text), tail), bearer)
            assert reply.status == (200 if allowed else 403), (bearer, text)
    # Whether a serial was ever made is no secret.
    assert (await api.get(path(pack_text("never")), "pharmacy")).status == 200


async def test_who_has_no_stake_any_more_is_told_of_its_own_part() -> None:
    node = OneNode()
    node.record(MAKER, node.commission(["A1"]))
    first = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A1")]))
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment_id(first.document_id, 0)))
    second = node.record(WHOLESALER, node.ship(WHOLESALER, PHARMACY, [pack_key("A1")]))
    node.record(PHARMACY, node.receive(PHARMACY, shipment_id(second.document_id, 0)))
    node.record(PHARMACY, Dispense(node.head(PHARMACY), (pack_key("A1"),)))
    everything = ["commission", "ship", "receive", "ship", "receive", "dispense"]
    async with serving(node) as api:
        for bearer, count in [("maker", 3), ("wholesaler", 5), ("pharmacy", 6), ("inspector", 6)]:
            found = (await api.get(path(pack_text("A1"), "/journey"), bearer)).json
            assert [step["kind"] for step in found["steps"]] == everything[:count], bearer
            assert found["is_restricted"] is (count < 6)
            item = (await api.get(path(pack_text("A1")), bearer)).json
            # Whether it may be used everybody is told who had a part in it; not where it is.
            assert (item["life"], item["clean"], item["lot"]) == ("supplied", False, "L-1")
            assert item["is_restricted"] is (count < 6)
            assert (item["holder"] is None, item["premises"] is None) == (count < 6, count < 6)


async def test_what_a_lot_is_made_of_and_what_is_made_of_it() -> None:
    node = OneNode()
    first, second = (MaterialLot(pack_gtin(CASE_GTIN), lot) for lot in (b"M1", b"M2"))
    traced = TraceLot(node.head(MAKER), PACK, LOT, (first, second), (bytes(32),))
    made = TraceLot(node.head(MAKER), first.gtin, b"C1", (MaterialLot(PACK, LOT),), ())
    node.record(MAKER, node.commission(["A1"]))
    identifier = node.record(MAKER, traced, made).document_id.hex()
    circle = TraceLot(node.head(MAKER), PACK, LOT, (MaterialLot(first.gtin, b"C1"),), ())
    refused = node.record(MAKER, circle).document_id.hex()
    async with serving(node) as api:
        found = (await api.get(f"/v1/lots/{PACK_GTIN}/L-1")).json
        assert [entry["lot"] for entry in found["materials"]] == ["M1", "M2"]
        assert found["made_into"] == [{"gtin": CASE_GTIN, "lot": "C1"}]
        assert found["commissioned"] == 1
        receipt = (await api.get(f"/v1/documents/{identifier}")).json["receipt"]
        assert [event["subject"] for event in receipt["events"]] == ["L-1", "C1"]
        receipt = (await api.get(f"/v1/documents/{refused}")).json["receipt"]
        assert (receipt["code"], receipt["subject"]) == ("genealogy_cycle", "L-1")


async def test_a_lot(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (await api.get(f"/v1/lots/{PACK_GTIN}/L-1")).json
    assert (found["maker"], found["expiry"], found["standing"]) == (MAKER.gln, "2030-03-27", "ok")
    assert (found["commissioned"], found["is_complete"]) == (5, True)
    (entry,) = found["commissions"]
    assert (entry["height"], entry["count"], entry["line"]) == (1, 5, "LINE-2")
    monkeypatch.setattr(lots, "MAX_COMMISSIONS", 1)
    assert (await api.get(f"/v1/lots/{PACK_GTIN}/L-1")).json["is_complete"] is False
    assert (await api.get(f"/v1/lots/{PACK_GTIN}/L-1", "maker")).status == 200
    assert (await api.get(f"/v1/lots/{PACK_GTIN}/L-1", "wholesaler")).code == "forbidden"
    assert (await api.get(f"/v1/lots/{PACK_GTIN}/other")).code == "unknown_lot"
    wrong = await api.get("/v1/lots/123/L-1")
    assert (wrong.code, wrong.json["parameter"]) == ("invalid_identifier", "gtin")
    wrong = await api.get(f"/v1/lots/{PACK_GTIN}/%20")
    assert (wrong.code, wrong.json["parameter"]) == ("invalid_identifier", "lot")
    assert LOT == b"L-1"


async def test_shipments_of_a_partner(api: Api) -> None:
    every = (await api.get(f"/v1/shipments?partner={MAKER.gln}&state=all")).json
    assert [entry["receiver"] for entry in every["shipments"]] == [PHARMACY.gln, WHOLESALER.gln]
    assert [entry["standing"] for entry in every["shipments"]] == ["outstanding", "received"]
    assert every["next"] is None
    (outstanding,) = (await api.get("/v1/shipments", "maker")).json["shipments"]
    assert outstanding["receiver"] == PHARMACY.gln
    assert outstanding["announced"]["height"] == 5
    assert (await api.get("/v1/shipments", "wholesaler")).json["shipments"] == []
    (carried,) = (await api.get("/v1/shipments?state=all", "carrier")).json["shipments"]
    assert carried["carrier"] == CARRIER.gln


async def test_pages_of_shipments(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = (await api.get("/v1/shipments?state=all&limit=1", "maker")).json
    assert [entry["receiver"] for entry in first["shipments"]] == [PHARMACY.gln]
    second = (await api.get(f"/v1/shipments?state=all&limit=1&after={first['next']}", "maker")).json
    assert [entry["receiver"] for entry in second["shipments"]] == [WHOLESALER.gln]
    assert second["next"] is None
    # A page may end before it is full; then there is a cursor to go on.
    monkeypatch.setattr(shipments, "MAX_SCANNED", 1)
    empty = (await api.get(f"/v1/shipments?after={first['next']}", "maker")).json
    assert empty["shipments"] == []
    assert empty["next"] is not None
    last = (await api.get(f"/v1/shipments?after={empty['next']}", "maker")).json
    assert last == {**last, "shipments": [], "next": None}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "invalid_parameter"),
        ("?partner=1", 400, "invalid_parameter"),
        (f"?partner={PARTIES[0].premises}", 404, "unknown_partner"),
        (f"?partner={MAKER.gln}&after=x", 400, "invalid_cursor"),
        (f"?partner={MAKER.gln}&after=AAAA", 400, "invalid_cursor"),
        (f"?partner={MAKER.gln}&after={'A' * 500}", 400, "invalid_cursor"),
        (f"?partner={MAKER.gln}&limit=0", 400, "invalid_parameter"),
        (f"?partner={MAKER.gln}&limit=501", 400, "invalid_parameter"),
        (f"?partner={MAKER.gln}&limit=%D9%A1", 400, "invalid_parameter"),
        (f"?partner={MAKER.gln}&limit=1&limit=2", 400, "invalid_parameter"),
        (f"?partner={MAKER.gln}&state=lost", 400, "invalid_parameter"),
        (f"?partner={MAKER.gln}&colour=red", 400, "invalid_parameter"),
    ],
)
async def test_questions_about_shipments_that_are_none(api: Api, query: str, status: int, code: str) -> None:
    reply = await api.get(f"/v1/shipments{query}")
    assert (reply.status, reply.code) == (status, code)


async def test_whose_shipments_a_token_may_read(api: Api) -> None:
    reply = await api.get(f"/v1/shipments?partner={MAKER.gln}", "pharmacy")
    assert (reply.status, reply.code) == (403, "forbidden")
    listed = (await api.get("/v1/shipments?state=all", "wholesaler")).json["shipments"]
    one = f"/v1/shipments/{listed[0]['shipment']}"
    assert (await api.get(one, "wholesaler")).status == 200
    assert (await api.get(one, "carrier")).status == 200
    assert (await api.get(one, "pharmacy")).code == "forbidden"


async def test_a_shipment(api: Api) -> None:
    (listed,) = (await api.get("/v1/shipments?state=all", "wholesaler")).json["shipments"]
    found = (await api.get(f"/v1/shipments/{listed['shipment']}")).json
    assert found["items"] == [sscc(1)]
    assert [step["kind"] for step in found["history"]] == ["ship", "receive"]
    assert {name: found[name] for name in listed} == listed


async def test_a_split_shipment() -> None:
    node = OneNode()
    node.record(MAKER, node.commission(["A1", "B1"]))
    first = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A1"), pack_key("B1")]))
    shipment = shipment_id(first.document_id, 0)
    receipt = node.record(
        WHOLESALER, node.receive(WHOLESALER, shipment, ReceiveMode.ALL_EXCEPT, [pack_key("B1")])
    )
    residual = shipment_id(receipt.document_id, 0)
    async with serving(node) as api:
        found = (await api.get(f"/v1/shipments/{residual.hex()}")).json
        assert found["items"] == [pack_text("B1")]
        assert found["announced"] == {"height": 3, "document": receipt.document_id.hex()}
        assert [step["kind"] for step in found["history"]] == ["shipment_split"]
        listed = (await api.get("/v1/shipments", "maker")).json["shipments"]
        assert [entry["shipment"] for entry in listed] == [residual.hex()]


@pytest.mark.parametrize("identifier", ["00" * 16, "xy", "00", "%00"])
async def test_unknown_shipments(api: Api, identifier: str) -> None:
    reply = await api.get(f"/v1/shipments/{identifier}")
    assert (reply.status, reply.code) == (404, "unknown_shipment")


async def test_blocks(api: Api) -> None:
    found = (await api.get("/v1/blocks?limit=4")).json
    assert [block["height"] for block in found["blocks"]] == [6, 5, 4, 3]
    assert found["blocks"][0]["app_hash"] == api.node.ledger.tip.app_hash.hex()
    assert (found["blocks"][3]["documents"], found["blocks"][3]["bundles"]) == (1, 1)
    rest = (await api.get(f"/v1/blocks?before={found['next']}")).json
    assert [block["height"] for block in rest["blocks"]] == [2, 1]
    assert rest["next"] is None
    assert (await api.get("/v1/blocks?before=1")).json["blocks"] == []


async def test_a_block(api: Api) -> None:
    block = api.node.ledger.blocks.load(3)
    assert block is not None
    by_height = await api.get("/v1/blocks/3")
    by_id = await api.get(f"/v1/blocks/{block_id(block.header).hex()}")
    assert by_height.body == by_id.body
    found = by_height.json
    following = api.node.ledger.blocks.load(4)
    assert following is not None
    assert found["app_hash"] == following.header.app_hash.hex()
    assert found["header"]["previous_block_id"] == block.header.previous_block_id.hex()
    (bundle,) = found["bundles"]
    assert (bundle["partner"], bundle["documents"]) == (MAKER.gln, 1)
    assert [entry["code"] for entry in found["documents"]] == ["accepted"]
    assert found["commit"] == {**found["commit"], "round": 0, "power": 4, "total_power": 4}
    assert sorted(found["commit"]["signers"]) == ["node-0", "node-1", "node-2", "node-3"]
    assert found["proposer"] in found["commit"]["signers"]
    last = (await api.get("/v1/blocks/6")).json
    assert last["app_hash"] == api.node.ledger.tip.app_hash.hex()
    assert [entry["code"] for entry in last["documents"]] == ["not_holder"]


@pytest.mark.parametrize("text", ["0", "7", "-1", "x", "00" * 32, "zz" * 32, "9" * 30, "%D9%A3"])
async def test_unknown_blocks(api: Api, text: str) -> None:
    reply = await api.get(f"/v1/blocks/{text}")
    assert (reply.status, reply.code) == (404, "unknown_block")


async def test_partners(api: Api) -> None:
    found = (await api.get("/v1/partners")).json
    assert [partner["gln"] for partner in found["partners"]] == [party.gln for party in PARTIES]
    maker = (await api.get(f"/v1/partners/{MAKER.gln}")).json
    assert maker["company_prefixes"] == [PREFIX]
    assert maker["premises"][0]["gln"] == MAKER.premises
    assert maker["height"] == 6
    assert (await api.get("/v1/partners/1")).code == "unknown_partner"


async def test_validators(api: Api) -> None:
    found = (await api.get("/v1/validators")).json
    assert sorted(entry["name"] for entry in found["validators"]) == ["node-0", "node-1", "node-2", "node-3"]
    assert found["total_power"] == 4


async def test_status(api: Api) -> None:
    found = (await api.get("/v1/status", "operator")).json
    assert found["node"]["name"] == "node-0"
    assert found["node"]["signs_for"] == sorted(party.gln for party in PARTIES)
    assert (found["height"], found["app_hash"]) == (6, api.node.ledger.tip.app_hash.hex())
    assert found["consensus"] == {"height": 4, "round": 0, "step": "propose", "votes": True}
    peer = {"name": "node-1", "role": "validator", "height": 3, "remote": "192.0.2.1:7700"}
    assert found["peers"] == [{**peer, "round_trip_ms": 2, "waiting_bytes": 0}]
    assert found["unreached"] == [{"name": "node-2", "reason": "192.0.2.2:7700: connection refused"}]
    assert (found["ready"], found["syncing"], found["has_quorum"]) == (True, False, True)
    api.standing.failing = ("quorum",)
    assert (await api.get("/v1/status")).json["ready"] is False


async def test_an_empty_chain() -> None:
    async with serving(OneNode()) as api:
        assert (await api.get("/v1/status")).json["block_id"] == ""
        assert (await api.get("/v1/blocks")).json == {"height": 0, "blocks": [], "next": None}
        assert (await api.get("/v1/blocks/0")).code == "unknown_block"
        assert (await api.get(path(pack_text("A1")))).json["known"] is False


async def test_a_damaged_disk_is_said_and_reported(api: Api) -> None:
    api.node.store.write([(RECEIPTS + (3).to_bytes(8, "big"), b"\xc1")], sync=True)
    reply = await api.get("/v1/blocks/3")
    assert (reply.status, reply.code) == (503, "storage_failed")
    assert reply.headers["Retry-After"] == "60"
    assert isinstance(api.damage[0], StorageDamaged)
    assert b"receipts" not in reply.body


async def test_too_many_questions(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_WAITING_READS", 0)
    reply = await api.get("/v1/blocks")
    assert (reply.status, reply.code) == (429, "too_busy")


async def test_answers_are_of_one_height(api: Api) -> None:
    """Blocks come while questions are answered; none of the answers mixes two of them."""

    async def ask() -> None:
        for _ in range(20):
            reply = await api.get(path(pack_text("C1")))
            assert reply.json["height"] == int(reply.headers["Packtrail-Height"])

    asking = asyncio.create_task(ask())
    while not asking.done():
        api.node.produce()
        await api.settle()
    await asking
    assert REGULATOR.gln
