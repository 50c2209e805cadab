"""Recalls over HTTP: the notice is everybody's, the books are the opener's and the regulators'."""

import csv
import io
from typing import Any

import msgspec
import pytest

from contracts.chain.genesis import Genesis, Product
from contracts.gs1.keys import check_digit, pack_gtin
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import ShipPurpose, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.late import Late, LateReason
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.recall import (
    AcknowledgeRecall,
    OpenRecall,
    Quantities,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    RespondToRecall,
    Scope,
    recall_id,
)
from contracts.records.record import Record
from node.api.recall_items import MAX_KEPT
from node.storage.recall_books import ACCOUNTS
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import (
    EXPIRY,
    LOT,
    MAKER,
    PACK,
    PHARMACY,
    PREFIX,
    WHOLESALER,
    Party,
    build_test_genesis,
)
from tests.unit.node.api.harness import Api, serving

COUNTED_GTIN = f"0{PREFIX}00002{check_digit(f'0{PREFIX}00002')}"
COUNTED_PACK = pack_gtin(COUNTED_GTIN)


def with_counted_product() -> Genesis:
    """Return the test network with a product whose packs carry a lot and no serial."""
    genesis = build_test_genesis()
    counted = Product(COUNTED_GTIN, MAKER.gln, "Bandage", ("DE",), serialisation="lot")
    return msgspec.structs.replace(genesis, products=(*genesis.products, counted))


def do(node: OneNode, party: Party, record: Record) -> bytes:
    receipt = node.record(party, record)
    assert receipt.code == ACCEPTED, receipt
    return receipt.document_id


@pytest.fixture
def node() -> OneNode:
    """Five packs of a lot, two of them at a pharmacy, one of these dispensed."""
    node = OneNode()
    do(node, MAKER, node.commission(["A1", "A2", "A3", "B1", "B2"]))
    announced = node.record(MAKER, node.ship(MAKER, PHARMACY, [pack_key("B1"), pack_key("B2")]))
    do(node, PHARMACY, node.receive(PHARMACY, shipment_id(announced.document_id, 0)))
    do(node, PHARMACY, Dispense(node.head(PHARMACY), (pack_key("B2"),)))
    return node


def opening(node: OneNode) -> OpenRecall:
    scope = (Scope(PACK, 0, LOT, b"", 0, 0, b"", "", (), b"", b""),)
    return OpenRecall(
        *(node.head(MAKER), RecallKind.RECALL, 0, RecallOrigin.VOLUNTARY, RecallClass.CLASS_II),
        *(RecallDepth.CONSUMER, RecallReason.LABELLING, scope, b"", b"", 0),
    )


async def test_a_recall_with_its_answers_and_books(node: OneNode) -> None:
    recall = recall_id(do(node, MAKER, opening(node)), 0)
    do(node, PHARMACY, RespondToRecall(node.head(PHARMACY), recall, Quantities(0, 0, 0, 1, 1)))
    async with serving(node) as api:
        (listed,) = (await api.get("/v1/recalls", "pharmacy")).json["recalls"]
        found = (await api.get(f"/v1/recalls/{recall.hex()}", "pharmacy")).json
        assert (listed["recall"], listed["opener"]) == (recall.hex(), MAKER.gln)
        assert (found["standing"], found["recall_class"], found["reason"]) == (
            "open",
            "class_ii",
            "labelling",
        )
        (said,) = found["answers"]
        assert (said["partner"], said["quantities"]["missing"]) == (PHARMACY.gln, 1)
        books = (await api.get(f"/v1/recalls/{recall.hex()}/books", "maker")).json
        assert (books["made"], books["balance"]) == (5, 0)
        counted = {name: count for name, count in books["accounts"].items() if count}
        assert counted == {"on_hand": 3, "dispensed": 1, "unaccounted": 1}
        assert books["holders"] == {MAKER.gln: 3, PHARMACY.gln: 1}
        made_by = {"commissioned": 5, "repacked": 0, "onboarded": 0}
        assert (books["made_by"], books["dispensed_despite_hold"]) == (made_by, 0)
        assert found["document"] == found["history"][0]["document"]
        assert [step["kind"] for step in found["history"]] == ["open_recall", "respond_to_recall"]
        assert (await api.get(f"/v1/recalls/{recall.hex()}/books", "pharmacy")).code == "forbidden"
        assert (await api.get(f"/v1/recalls/{recall.hex()}/books", "inspector")).status == 200


async def test_recalls_that_there_are_not(node: OneNode) -> None:
    async with serving(node) as api:
        assert (await api.get("/v1/recalls")).json["recalls"] == []
        for tail in ("00", "0" * 32, f"{'0' * 32}/books", "x/books"):
            path = f"/v1/recalls/{tail}"
            assert (await api.get(path)).code == "unknown_recall", path


async def items_of(api: Api, recall: bytes, query: str = "", bearer: str = "maker") -> Any:
    reply = await api.get(f"/v1/recalls/{recall.hex()}/items{query}", bearer)
    assert reply.status == 200, reply.body
    return reply.json


async def test_each_item_has_its_last_confirmed_holder_and_place(node: OneNode) -> None:
    do(node, MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A3")]))
    recall = recall_id(do(node, MAKER, opening(node)), 0)
    async with serving(node) as api:
        found = await items_of(api, recall)
        assert found["total"] == 5
        places = {item["item"][-2:]: item for item in found["items"]}
        assert places["A1"]["place"] == {"gln": MAKER.premises, "name": "maker site"}
        assert (places["A3"]["account"], places["A3"]["receiver"]["gln"]) == ("in_transit", WHOLESALER.gln)
        assert places["B2"]["holder"] == {"gln": PHARMACY.gln, "name": "pharmacy"}
        assert (places["B2"]["account"], places["B2"]["shipment"]) == ("dispensed", None)
        one = await items_of(api, recall, f"?account=on_hand&partner={PHARMACY.gln}")
        assert [item["item"][-2:] for item in one["items"]] == ["B1"]
        # Who did not open it sees what it has or is to get, so that it can take it off the shelf.
        assert (await items_of(api, recall, bearer="wholesaler"))["total"] == 1
        assert (await items_of(api, recall, bearer="pharmacy"))["total"] == 2
        assert (await items_of(api, recall, f"?partner={MAKER.gln}", "pharmacy"))["total"] == 0
        assert (await items_of(api, recall, bearer="inspector"))["total"] == 5


async def test_all_pages_of_a_listing_are_of_one_height(node: OneNode) -> None:
    recall = recall_id(do(node, MAKER, opening(node)), 0)
    path = f"/v1/recalls/{recall.hex()}/items"
    async with serving(node) as api:
        first = await items_of(api, recall, "?limit=2")
        do(node, MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A3")], purpose=ShipPurpose.DISPOSAL))
        second = await items_of(api, recall, f"?limit=2&after={first['next']}")
        third = await items_of(api, recall, f"?limit=2&after={second['next']}")
        assert first["height"] == second["height"] == third["height"] < node.ledger.tip.height
        seen = [item["item"][-2:] for page in (first, second, third) for item in page["items"]]
        assert seen == ["A1", "A2", "A3", "B1", "B2"]
        assert third["next"] is None
        assert second["items"][0]["account"] == "on_hand"
        # Only a few listings are kept; one that is not, and is of an older height, cannot go on.
        for limit in range(1, MAX_KEPT + 1):
            await items_of(api, recall, f"?account=lost&limit={limit}")
            await items_of(api, recall, f"?account={ACCOUNTS[limit]}")
        assert (await api.get(f"{path}?limit=2&after={first['next']}")).code == "listing_gone"
        assert (await api.get(f"{path}?after=AAAA")).code == "invalid_cursor"
        assert (await api.get(f"{path}?partner=9999999999994")).code == "unknown_partner"
        assert (await api.get(f"/v1/recalls/{'0' * 32}/items")).code == "unknown_recall"


async def test_a_listing_as_one_file(node: OneNode) -> None:
    recall = recall_id(do(node, MAKER, opening(node)), 0)
    async with serving(node) as api:
        reply = await api.get(f"/v1/recalls/{recall.hex()}/items?format=csv", "maker")
        assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert reply.headers["Packtrail-Height"] == str(node.ledger.tip.height)
        heads, *rows = csv.reader(io.StringIO(reply.body.decode()))
        assert len(rows) == 5
        last = dict(zip(heads, rows[-1], strict=True))
        assert (last["account"], last["holder_name"], last["dispensed_despite_hold"]) == (
            *("dispensed", "pharmacy"),
            "no",
        )


async def test_partner_by_partner(node: OneNode) -> None:
    recall = recall_id(do(node, MAKER, opening(node)), 0)
    do(node, PHARMACY, RespondToRecall(node.head(PHARMACY), recall, Quantities(0, 0, 0, 1, 1)))
    do(node, WHOLESALER, AcknowledgeRecall(node.head(WHOLESALER), recall))
    async with serving(node) as api:
        path = f"/v1/recalls/{recall.hex()}/partners"
        found = (await api.get(path, "maker")).json
        lines = {line["partner"]["gln"]: line for line in found["partners"]}
        assert (found["must_answer"], found["acknowledged_percent"], found["responded_percent"]) == (
            2,
            100,
            50,
        )
        assert (lines[MAKER.gln]["must_answer"], found["overdue"]) == (False, 0)
        pharmacy = lines[PHARMACY.gln]
        assert pharmacy["accounts"] == {"unaccounted": 1, "dispensed": 1}
        assert (pharmacy["differences"], pharmacy["said"]["missing"]) == ({}, 1)
        assert (lines[WHOLESALER.gln]["responded"], lines[WHOLESALER.gln]["is_overdue"]) == (None, False)
        own = (await api.get(path, "wholesaler")).json
        assert [line["partner"]["gln"] for line in own["partners"]] == [WHOLESALER.gln]
        # The time to answer is over.
        node.wall.ms += 400 * 86_400_000
        node.produce()
        late = (await api.get(path, "inspector")).json
        overdue = [line["partner"]["name"] for line in late["partners"] if line["is_overdue"]]
        assert (late["overdue"], overdue) == (1, ["wholesaler"])
        assert (await api.get(f"/v1/recalls/{'0' * 32}/partners")).code == "unknown_recall"


async def test_what_was_dispensed_in_spite_of_the_recall_is_counted_apart(node: OneNode) -> None:
    recall = recall_id(do(node, MAKER, opening(node)), 0)
    given = Dispense(node.head(PHARMACY), (pack_key("B1"),))
    do(node, PHARMACY, Late(LateReason.OUTAGE, given))
    async with serving(node) as api:
        books = (await api.get(f"/v1/recalls/{recall.hex()}/books", "maker")).json
        assert (books["accounts"]["dispensed"], books["dispensed_despite_hold"]) == (2, 1)
        found = await items_of(api, recall, "?account=dispensed")
        assert [item["dispensed_despite_hold"] for item in found["items"]] == [True, False]


async def test_packs_without_serials_are_in_the_books() -> None:
    node = OneNode(with_counted_product())
    made = MakeQuantity(node.head(MAKER), COUNTED_PACK, LOT, EXPIRY, b"LINE-2", 0, 100)
    do(node, MAKER, made)
    terms = (PHARMACY.packed, PHARMACY.place, ShipPurpose.SALE, 1, 0, ())
    lines = (Line(COUNTED_PACK, LOT, 30),)
    sent = do(node, MAKER, ShipQuantity(node.head(MAKER), lines, b"", *terms))
    settled = (shipment_id(sent, 0), Settlement.RECEIVED, (Line(COUNTED_PACK, LOT, 20),))
    do(node, PHARMACY, SettleQuantity(node.head(PHARMACY), *settled))
    do(
        node,
        PHARMACY,
        EndQuantity(node.head(PHARMACY), QuantityEnd.DISPENSED, (Line(COUNTED_PACK, LOT, 5),), b""),
    )
    scope = (Scope(COUNTED_PACK, 0, LOT, b"", 0, 0, b"", "", (), b"", b""),)
    recall = recall_id(do(node, MAKER, msgspec.structs.replace(opening(node), scope=scope)), 0)
    do(node, PHARMACY, RespondToRecall(node.head(PHARMACY), recall, Quantities(11, 0, 0, 5, 4)))
    async with serving(node) as api:
        books = (await api.get(f"/v1/recalls/{recall.hex()}/books", "maker")).json
        (counted,) = books["counted"]
        found = {name: count for name, count in counted["accounts"].items() if count}
        assert found == {"on_hand": 81, "in_transit": 10, "dispensed": 5, "unaccounted": 4}
        assert (counted["made"], counted["balance"], books["made"]) == (100, 0, 0)
        lines = (await api.get(f"/v1/recalls/{recall.hex()}/partners", "maker")).json["partners"]
        held = {line["partner"]["name"]: line["counted_on_hand"] for line in lines}
        assert held == {"maker": 70, "pharmacy": 15}
