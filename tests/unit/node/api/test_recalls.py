"""Recalls over HTTP: the notice is everybody's, the books are the opener's and the regulators'."""

import pytest

from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.recall import (
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
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import LOT, MAKER, PACK, PHARMACY, Party
from tests.unit.node.api.harness import serving


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
        assert (await api.get(f"/v1/recalls/{recall.hex()}/books", "pharmacy")).code == "forbidden"
        assert (await api.get(f"/v1/recalls/{recall.hex()}/books", "inspector")).status == 200


async def test_recalls_that_there_are_not(node: OneNode) -> None:
    async with serving(node) as api:
        assert (await api.get("/v1/recalls")).json["recalls"] == []
        for tail in ("00", "0" * 32, f"{'0' * 32}/books", "x/books"):
            path = f"/v1/recalls/{tail}"
            assert (await api.get(path)).code == "unknown_recall", path
