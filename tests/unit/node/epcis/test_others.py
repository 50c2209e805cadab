"""Rule b: what a file says that others did is compared with the ledger, drafted or kept, and never signed."""

import pytest

from tests.support.gateway import Desk
from tests.support.parties import CARRIER, MAKER, PHARMACY, WHOLESALER
from tests.unit.node.epcis.desk import arrived, at_pharmacy, made, outcomes, post, recorded, sold
from tests.unit.node.epcis.files import (
    Event,
    aggregated,
    case,
    commissioned,
    observed,
    pack,
    packs,
    pallet,
    production,
    received,
    sgln,
    shipped,
)

SOLD = shipped([pallet(1)], MAKER, WHOLESALER)
DISPENSED = observed("dispensing", [pack("P1")], 50, PHARMACY, disposition="dispensed")
UNPACKED = aggregated("DELETE", pallet(1), [], 58, PHARMACY)
STORED = observed("storing", [pallet(1)], 45, PHARMACY)
RETURNED = shipped([case("C1")], PHARMACY, MAKER, 64)


async def test_a_sellers_file_that_agrees_is_a_no_op_and_a_draft():
    desk = await sold()
    before = desk.node.chain.tip.height
    result = await post(desk, WHOLESALER, *production(), SOLD)
    assert outcomes(result) == ["already_recorded"] * 4 + ["draft"]
    assert len(result.drafts) == 1
    assert (result.documents, desk.node.chain.tip.height) == ((), before)


async def test_a_sellers_file_about_unknown_goods_is_a_claim_and_a_waiting_draft():
    desk = Desk()
    result = await post(desk, WHOLESALER, *production(), SOLD)
    assert outcomes(result) == ["attached"] * 4 + ["draft"]
    assert MAKER.gln in result.events[0].reason
    (draft,) = await desk.drafting.drafts()
    assert draft.records == ()
    assert desk.node.chain.tip.height == 0


async def test_goods_that_have_arrived_need_no_draft():
    result = await post(await arrived(), WHOLESALER, SOLD)
    assert (outcomes(result), result.drafts) == (["already_recorded"], ())


async def test_goods_that_have_gone_on_need_no_draft():
    result = await post(await at_pharmacy(), WHOLESALER, SOLD)
    assert (outcomes(result), result.drafts) == (["already_recorded"], ())


async def test_goods_that_are_elsewhere_are_refused():
    result = await post(await arrived(), PHARMACY, shipped([pallet(1)], MAKER, PHARMACY, 11))
    (found,) = result.events
    assert (found.code, found.field) == ("disagrees_with_ledger", "epcList")
    assert f"is with {WHOLESALER.gln}" in found.reason
    result = await post(await sold(), PHARMACY, shipped([pallet(1)], CARRIER, PHARMACY, 11))
    assert f"on its way from {MAKER.gln} to {WHOLESALER.gln}" in result.events[0].reason


async def test_a_file_that_receives_what_it_repeats_leaves_no_draft():
    desk = await sold()
    result = await post(desk, WHOLESALER, *production(), SOLD, received([pallet(1)], WHOLESALER))
    assert outcomes(result) == ["already_recorded"] * 5 + ["records"]
    assert result.drafts == ()


AGREED: list[tuple[str, Event]] = [
    ("it is inside", aggregated("ADD", case("C1"), packs(3, 2))),
    ("it was inside", aggregated("ADD", pallet(1), [case("C1")], 6)),
    ("it is outside", aggregated("DELETE", pallet(1), [case("C1")], 61, PHARMACY)),
    ("it is empty", UNPACKED),
    ("it is supplied", observed("dispensing", [pack("P1")], 51, PHARMACY)),
    ("it has it", received([pallet(1)], PHARMACY, 41)),
    ("it had it", received([pallet(1)], WHOLESALER)),
    ("it had sent it", SOLD),
    ("it is sending it", shipped([case("C1")], PHARMACY, MAKER, 71)),
    ("it was there", STORED),
]


@pytest.mark.parametrize(("why", "told"), AGREED, ids=[why for why, _told in AGREED])
async def test_what_agrees_is_recorded_already(why, told):
    desk = await at_pharmacy()
    await recorded(desk, PHARMACY, STORED, DISPENSED, UNPACKED, RETURNED)
    assert outcomes(await post(desk, CARRIER, told)) == ["already_recorded"]


UNKNOWN: list[Event] = [
    commissioned([pack("NEW")]),
    aggregated("ADD", case("C1"), [pack("NEW")], 5),
    aggregated("ADD", pallet(2), [pallet(1)], 8),
    aggregated("DELETE", pallet(1), [case("C1")], 8),
    aggregated("DELETE", pallet(1), [], 8),
    observed("dispensing", [pack("P1")], 50, PHARMACY),
    observed("destroying", [pack("P1")], 9, MAKER),
    observed("storing", [pallet(1)], 9, MAKER),
    observed("void_shipping", [pallet(1)], 9, MAKER),
    received([pallet(1)], PHARMACY, 41),
    shipped([pallet(1)], WHOLESALER, PHARMACY, 30),
]


@pytest.mark.parametrize("told", UNKNOWN)
async def test_what_the_ledger_does_not_know_is_kept_as_a_claim(told):
    desk = await made()
    before = desk.node.chain.tip.height
    assert outcomes(await post(desk, CARRIER, told)) == ["attached"]
    assert desk.node.chain.tip.height == before


async def test_a_packing_that_contradicts_the_packers_own_is_refused():
    desk = await made()
    result = await post(desk, WHOLESALER, aggregated("ADD", pallet(2), [pack("P1")], 8))
    (found,) = result.events
    assert (found.code, found.field) == ("disagrees_with_ledger", "childEPCs")
    assert "is inside (01)" in found.reason
    # Once the goods have gone on, an old packing is history and no contradiction.
    desk = await arrived()
    result = await post(desk, WHOLESALER, aggregated("ADD", pallet(2), [pack("P1")], 8))
    assert outcomes(result) == ["attached"]


async def test_a_make_that_contradicts_the_ledger_is_refused():
    ilmd = {"cbvmda:lotNumber": "L-2", "cbvmda:itemExpirationDate": "2030-03-27"}
    result = await post(await made(), WHOLESALER, commissioned([pack("P1")], ilmd=ilmd))
    assert outcomes(result) == ["disagrees_with_ledger"]


async def test_a_shipment_to_nobody_named_is_a_claim_unless_it_is_under_way_to_here():
    told = shipped([pallet(1)], MAKER, WHOLESALER, destinationList=[])
    result = await post(await made(), WHOLESALER, told)
    assert outcomes(result) == ["attached"]
    assert "no destination" in result.events[0].reason
    desk = await sold()
    assert outcomes(await post(desk, WHOLESALER, told)) == ["draft"]
    assert outcomes(await post(desk, PHARMACY, told)) == ["attached"]


async def test_a_shipment_that_contradicts_itself_is_refused_at_any_node():
    ends = [
        {"type": "possessing_party", "destination": sgln(WHOLESALER.gln)},
        {"type": "location", "destination": sgln(PHARMACY.premises)},
    ]
    told = shipped([pallet(1)], MAKER, WHOLESALER, destinationList=ends)
    assert outcomes(await post(await sold(), WHOLESALER, told)) == ["receiver_conflict"]
