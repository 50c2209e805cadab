"""Material lots in transformation events (LAW, EPCIS table and rule 29)."""

import pytest

from contracts.gs1.keys import check_digit, pack_gtin
from contracts.records.lots import MaterialLot, TraceLot
from contracts.records.supply import Commission
from node.storage.references import find_references
from tests.support.gateway import Desk
from tests.support.parties import MAKER, PACK, PREFIX, WHOLESALER
from tests.unit.node.epcis.counted import PLASTERS, SYRUP_S1, amounts, counting_desk
from tests.unit.node.epcis.desk import outcomes, post, recorded, records
from tests.unit.node.epcis.files import Event, event, packs

ILMD = {"cbvmda:lotNumber": "R-1", "cbvmda:itemExpirationDate": "2030-03-27"}
INGREDIENT = f"urn:epc:class:lgtin:{PREFIX}.000099.API7"
BULK = f"urn:epc:class:lgtin:{PREFIX}.000098.B-1"


def product(item: int) -> bytes:
    body = f"0{PREFIX}{item:05d}"
    return pack_gtin(f"{body}{check_digit(body)}")


def brewed(minute: int = 10, **fields) -> Event:
    told = {"bizStep": "commissioning", "inputQuantityList": amounts((INGREDIENT, 25, "KGM")), **fields}
    return event("TransformationEvent", minute, MAKER, **{name: one for name, one in told.items() if one})


async def test_what_packs_were_made_of():
    desk = Desk()
    made = brewed(outputEPCList=packs(2), ilmd=ILMD)
    await recorded(desk, MAKER, made)
    commission, trace = records(desk)
    assert isinstance(commission, Commission)
    assert trace == TraceLot(trace.head, PACK, b"R-1", (MaterialLot(product(99), b"API7"),), ())
    assert outcomes(await post(desk, MAKER, made)) == ["already_recorded"]


async def test_bulk_is_a_material_itself():
    desk = Desk()
    await recorded(desk, MAKER, brewed(outputQuantityList=amounts((BULK, 452, "KGM"))))
    (trace,) = records(desk)
    assert isinstance(trace, TraceLot)
    assert (trace.gtin, trace.lot) == (product(98), b"B-1")


async def test_counted_packs_have_a_genealogy_too():
    desk = counting_desk()
    expiry = {"cbvmda:itemExpirationDate": "2030-03-27"}
    result = await post(desk, MAKER, brewed(outputQuantityList=amounts((SYRUP_S1, 9)), ilmd=expiry))
    assert result.events[0].records == ("make_quantity", "trace_lot")


async def test_test_results_are_named_by_their_salted_hashes():
    desk = Desk()
    results = [{"type": "testres", "bizTransaction": "urn:example:assay:7"}]
    await recorded(desk, MAKER, brewed(outputEPCList=packs(1), ilmd=ILMD, bizTransactionList=results))
    _commission, trace = records(desk)
    (kept,) = find_references(desk.node.store, trace.results)
    assert (kept.type, kept.value) == ("testres", "urn:example:assay:7")


async def test_many_materials_are_several_records():
    lots = [(f"urn:epc:class:lgtin:{PREFIX}.000099.L{number}", 1, "KGM") for number in range(130)]
    desk = Desk()
    await recorded(desk, MAKER, brewed(outputEPCList=packs(1), ilmd=ILMD, inputQuantityList=amounts(*lots)))
    assert [len(record.materials) for record in records(desk)[1:]] == [100, 30]


@pytest.mark.parametrize(
    "fields",
    [
        {"outputQuantityList": amounts((f"urn:epc:idpat:sgtin:{PREFIX}.000098.*", 452, "KGM"))},
        {"outputQuantityList": amounts((BULK, 452, "KGM")), "inputQuantityList": amounts((PLASTERS, 3))},
    ],
)
async def test_without_lots_nothing_can_be_traced(fields):
    (entry,) = (await post(Desk(), MAKER, brewed(**fields))).events
    assert (entry.outcome, bool(entry.reason)) == ("attached", True)


async def test_refusals_name_what_was_made_or_what_went_in():
    strange = "urn:epc:class:lgtin:9521234.012345.X1"
    (entry,) = (await post(Desk(), MAKER, brewed(outputQuantityList=amounts((strange, 9, "KGM"))))).events
    assert (entry.code, entry.field) == ("prefix_not_own", "outputEPCList")
    circle = brewed(outputQuantityList=amounts((INGREDIENT, 9, "KGM")))
    (entry,) = (await post(Desk(), MAKER, circle)).events
    assert (entry.code, entry.field) == ("genealogy_cycle", "inputQuantityList")


async def test_what_another_made_is_a_claim():
    made = brewed(outputEPCList=packs(2), ilmd=ILMD)
    assert outcomes(await post(Desk(), WHOLESALER, made)) == ["attached"]
