"""Products over HTTP: what is registered, and to whom it is to be sold."""

from contracts.ledger.receipt import ACCEPTED
from contracts.records.catalogue import Delegate, DelegationStep, OfferProduct
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.state.rows import Role
from tests.support.ledger import OneNode
from tests.support.parties import CASE_GTIN, MAKER, PACK, PACK_GTIN, PHARMACY, WHOLESALER
from tests.unit.node.api.harness import serving


async def test_products_page_by_page() -> None:
    async with serving(OneNode()) as api:
        first = (await api.get("/v1/products?limit=1", "pharmacy")).json
        second = (await api.get(f"/v1/products?limit=1&after={first['next']}", "pharmacy")).json
        assert [page["products"][0]["gtin"] for page in (first, second)] == [PACK_GTIN, CASE_GTIN]
        assert second["next"] is None
        (case,) = second["products"]
        assert (case["contains_gtin"], case["contains_count"], case["holder"]["name"]) == (
            *(PACK_GTIN, 4),
            "maker",
        )
        assert len((await api.get(f"/v1/products?holder={MAKER.gln}")).json["products"]) == 2
        assert (await api.get(f"/v1/products?holder={WHOLESALER.gln}")).json["products"] == []
        assert (await api.get("/v1/products?holder=9999999999994")).code == "unknown_partner"
        assert (await api.get("/v1/products?after=AAAA")).code == "invalid_cursor"


async def test_a_product_with_its_lanes_and_delegates() -> None:
    node = OneNode()
    head = node.head(MAKER)
    lane = SetTradeLane(head, PACK, b"", (PHARMACY.packed,), int(Role.WHOLESALER), ("DE",), LaneStep.FLAG)
    delegate = Delegate(head, PACK, WHOLESALER.packed, DelegationStep.GIVEN)
    receipt = node.record(MAKER, lane, delegate, OfferProduct(head, PACK, WHOLESALER.packed))
    assert receipt.code == ACCEPTED, receipt
    async with serving(node) as api:
        found = (await api.get(f"/v1/products/{PACK_GTIN}", "own")).json
        assert [party["name"] for party in found["delegates"]] == ["wholesaler"]
        assert (found["offered_to"]["gln"], found["storage_profile"]) == (WHOLESALER.gln, None)
        (shown,) = found["lanes"]
        assert (shown["receivers"][0]["name"], shown["roles"], shown["step"]) == (
            *("pharmacy", ["wholesaler"]),
            "flag",
        )
        assert (await api.get("/v1/products/00614141999996")).code == "unknown_product"
        assert (await api.get("/v1/products/1")).code == "invalid_identifier"
