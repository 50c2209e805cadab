"""Rule a: what is on the ledger is not recorded twice, even when later records changed it."""

import asyncio

import pytest

from tests.support.gateway import Desk
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import MAKER, PHARMACY, WHOLESALER
from tests.unit.node.epcis.desk import arrived, at_pharmacy, made, outcomes, post, recorded, sold
from tests.unit.node.epcis.files import (
    aggregated,
    case,
    commissioned,
    file,
    observed,
    pack,
    packs,
    pallet,
    production,
    received,
    shipped,
)

STOLEN = observed("other", [pack("P1")], 50, PHARMACY, disposition="stolen")
SOLD = shipped([pallet(1)], MAKER, WHOLESALER)
TAKEN = received([pallet(1)], WHOLESALER)


async def is_noop(desk: Desk, party, *events) -> bool:
    """Post what was posted before; tell whether the ledger is untouched and every event already recorded."""
    before = desk.node.chain.tip.height
    result = await post(desk, party, *events)
    assert set(outcomes(result)) == {"already_recorded"}, result.events
    return (result.documents, desk.node.chain.tip.height) == ((), before)


async def test_a_whole_file():
    desk = await made()
    await recorded(desk, MAKER, SOLD)
    assert await is_noop(desk, MAKER, *production(), SOLD)


@pytest.mark.parametrize(
    ("party", "statement"),
    [
        (PHARMACY, observed("dispensing", [pack("P1")], 50, PHARMACY, disposition="dispensed")),
        (PHARMACY, STOLEN),
        (PHARMACY, observed("storing", [pallet(1)], 50, PHARMACY)),
        (PHARMACY, aggregated("DELETE", pallet(1), [case("C1")], 50, PHARMACY)),
        (PHARMACY, aggregated("DELETE", pallet(1), [], 50, PHARMACY)),
    ],
)
async def test_a_single_step(party, statement):
    desk = await at_pharmacy()
    await recorded(desk, party, statement)
    assert await is_noop(desk, party, statement)


async def test_a_packing_that_was_undone():
    desk = await made()
    await recorded(desk, MAKER, aggregated("DELETE", case("C1"), [pack("P1")], 7))
    assert await is_noop(desk, MAKER, aggregated("ADD", case("C1"), packs(4)))


async def test_a_packing_that_was_there_in_part_and_then_undone():
    desk = await made()
    await recorded(desk, MAKER, commissioned(packs(1, 5), 2))
    more = aggregated("ADD", case("C1"), packs(5), 8)
    await recorded(desk, MAKER, more)
    await recorded(desk, MAKER, aggregated("DELETE", case("C1"), [], 9))
    assert await is_noop(desk, MAKER, more)


async def test_an_unpacking_that_was_undone():
    desk = await made()
    out = aggregated("DELETE", case("C1"), [pack("P1")], 7)
    await recorded(desk, MAKER, out)
    await recorded(desk, MAKER, aggregated("ADD", case("C1"), [pack("P1")], 8))
    assert await is_noop(desk, MAKER, out)


async def test_an_unpacking_of_everything_that_was_undone():
    desk = await made()
    out = aggregated("DELETE", case("C1"), [], 7)
    await recorded(desk, MAKER, out)
    await recorded(desk, MAKER, aggregated("ADD", case("C1"), packs(4), 8))
    assert await is_noop(desk, MAKER, out)


async def test_a_shipment_that_has_arrived():
    assert await is_noop(await arrived(), MAKER, SOLD)


async def test_a_receipt_whose_goods_have_gone_on():
    desk = await at_pharmacy()
    assert await is_noop(desk, WHOLESALER, TAKEN)


async def test_a_receipt_of_a_part_whose_goods_have_gone_on():
    desk = await sold()
    first = received([case("C1")], WHOLESALER)
    await recorded(desk, WHOLESALER, first)
    await recorded(desk, WHOLESALER, shipped([case("C1")], WHOLESALER, PHARMACY, 30))
    assert await is_noop(desk, WHOLESALER, first)


async def test_a_void_after_which_the_goods_were_sold_again():
    desk = await sold()
    voided = observed("void_shipping", [pallet(1)], 15, MAKER)
    await recorded(desk, MAKER, voided)
    assert await is_noop(desk, MAKER, voided)
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, 16))
    assert await is_noop(desk, MAKER, voided)
    # The first shipment came back, the second one is on its way: the old event still adds nothing.
    assert await is_noop(desk, MAKER, SOLD)


async def test_one_event_twice_in_one_file():
    desk = await made()
    seen = observed("storing", [pallet(1)], 7, MAKER)
    result = await post(desk, MAKER, seen, seen, aggregated("ADD", case("C1"), packs(4)))
    assert outcomes(result) == ["records", "already_recorded", "already_recorded"]


async def test_the_same_file_twice_at_once():
    desk = Desk()
    data = file(*production())
    both = await asyncio.gather(desk.post(data, MAKER), desk.post(data, MAKER))
    assert [set(outcomes(result)) for result in both] == [{"records"}, {"already_recorded"}]


async def test_what_is_on_its_way_into_a_block_counts():
    desk = await made()
    desk.node.auto = False
    seen = observed("storing", [pallet(1)], 7, MAKER)
    first = await desk.post(file(seen), MAKER, wait=False)
    assert [document.status for document in first.documents] == ["pending"]
    assert outcomes(await desk.post(file(seen), MAKER, wait=False)) == ["already_recorded"]
    desk.node.produce()


async def test_new_packs_beside_known_ones_are_commissioned():
    desk = await made()
    result = await post(desk, MAKER, commissioned(packs(6)))
    assert outcomes(result) == ["records"]
    assert desk.custody().item(pack_key("P6")).known


@pytest.mark.parametrize(
    ("ilmd", "field", "named"),
    [
        ({"cbvmda:lotNumber": "L-2", "cbvmda:itemExpirationDate": "2030-03-27"}, "ilmd.lotNumber", "L-2"),
        ({"cbvmda:itemExpirationDate": "2031-03-27"}, "ilmd.itemExpirationDate", "2031-03-27"),
    ],
)
async def test_a_known_pack_of_another_make_is_refused(ilmd, field, named):
    desk = await made()
    result = await post(desk, MAKER, commissioned([pack("P1")], ilmd=ilmd))
    (found,) = result.events
    assert (found.code, found.field) == ("disagrees_with_ledger", field)
    assert "(21)P1" in found.reason
    assert named in found.reason


async def test_the_number_of_an_emptied_unit_may_be_given_again():
    desk = await made()
    await recorded(desk, MAKER, aggregated("DELETE", pallet(1), [], 8))
    assert await is_noop(desk, MAKER, commissioned([pallet(1)], 7, ilmd=None))
    emptied_min = 60 + 2
    result = await post(desk, MAKER, commissioned([pallet(1)], emptied_min, ilmd=None))
    # Whether its rest is over is for the law to say.
    assert outcomes(result) == ["sscc_resting"]
    assert result.events[0].reason.startswith(desk.custody().item(pallet_key(1)).item)


UNDONE = [
    ("packed", aggregated("ADD", case("C1"), packs(2), 9), aggregated("DELETE", case("C1"), [pack("P1")], 9)),
    ("unpacked", aggregated("DELETE", pallet(2), [], 9), aggregated("ADD", pallet(2), [pallet(1)], 9)),
    ("received", received([pallet(1)], MAKER, 9), shipped([pallet(1)], MAKER, WHOLESALER, 9)),
]


@pytest.mark.parametrize(("told", "undone"), [row[1:] for row in UNDONE], ids=[row[0] for row in UNDONE])
async def test_what_was_true_when_it_came_and_no_record_says(told, undone):
    """Another system told it first, at another time; then it was undone, and the file comes again."""
    desk = await made()
    await recorded(desk, MAKER, commissioned([pallet(2)], 2, ilmd=None))
    assert await is_noop(desk, MAKER, told)
    await recorded(desk, MAKER, undone)
    assert await is_noop(desk, MAKER, told, undone)
    desk.captures, desk.drafting = desk.open()
    assert await is_noop(desk, MAKER, told, undone)


async def test_what_fell_with_its_file_is_not_noted():
    desk = await made()
    told, undone = UNDONE[0][1:]
    result = await post(desk, MAKER, told, aggregated("ADD", case("C1"), [pack("NONE")], 9))
    assert outcomes(result) == ["already_recorded", "item_unknown"]
    await recorded(desk, MAKER, undone)
    # Nothing was kept of that file: now it says that the pack went in again.
    assert outcomes(await post(desk, MAKER, told)) == ["records"]
