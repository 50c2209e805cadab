"""Transformation events: repacks, and what begins to exist out of materials (rules 1 and 16)."""

import pytest

from contracts.records.lots import TraceLot
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from tests.support.gateway import Desk
from tests.support.ledger import pack_key
from tests.support.parties import EXPIRY, MAKER, PACK, PREFIX, WHOLESALER, Party
from tests.unit.node.epcis.desk import outcomes, post, recorded, records
from tests.unit.node.epcis.files import Event, case, commissioned, event, pack, packs, pallet

ILMD = {"cbvmda:lotNumber": "R-1", "cbvmda:itemExpirationDate": "2030-03-27"}
INGREDIENTS = [{"epcClass": f"urn:epc:class:lgtin:{PREFIX}.000099.API7", "quantity": 25, "uom": "KGM"}]


def transformed(
    inputs: list[str], outputs: list[str], minute: int = 10, party: Party = MAKER, **fields
) -> Event:
    told = {"bizStep": "commissioning", "inputEPCList": inputs, "outputEPCList": outputs, "ilmd": ILMD}
    kept = {name: value for name, value in {**told, **fields}.items() if value}
    return event("TransformationEvent", minute, party, **kept)


async def stocked() -> Desk:
    desk = Desk()
    await recorded(desk, MAKER, commissioned(packs(4)))
    return desk


async def test_packs_become_other_packs():
    desk = await stocked()
    repacked = transformed(packs(2), [pack("R1"), pack("R2")])
    await recorded(desk, MAKER, repacked)
    (record,) = records(desk)
    made = (PACK, b"R-1", EXPIRY, b"", record.head.claimed_at_ms, (b"R1", b"R2"), 0)
    assert record == Transform(record.head, (pack_key("P1"), pack_key("P2")), *made)
    assert outcomes(await post(desk, MAKER, repacked)) == ["already_recorded"]
    assert outcomes(await post(desk, WHOLESALER, repacked)) == ["already_recorded"]


async def test_materials_beside_packs_are_its_genealogy():
    desk = await stocked()
    await recorded(desk, MAKER, transformed(packs(1), [pack("R1")], inputQuantityList=INGREDIENTS))
    assert [type(record) for record in records(desk)] == [Transform, TraceLot]


async def test_out_of_materials_packs_begin_to_exist():
    desk = Desk()
    await recorded(desk, MAKER, transformed([], packs(2), inputQuantityList=INGREDIENTS))
    record, _trace = records(desk)
    assert isinstance(record, Commission)
    assert (record.lot, record.serials) == (b"R-1", (b"P1", b"P2"))


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"outputEPCList": [pack("R1")]}, "quantities_differ", "outputEPCList"),
        ({"outputEPCList": [pack("R1"), case("R2")]}, "not_supported", "outputEPCList"),
        ({"outputEPCList": [pack("R1"), pallet(5)]}, "not_supported", "outputEPCList"),
        ({"ilmd": None}, "missing_field", "ilmd.lotNumber"),
        ({"ilmd": {"cbvmda:lotNumber": "R-1"}}, "missing_field", "ilmd.itemExpirationDate"),
        ({"inputEPCList": [pack("P1"), pack("X9")]}, "item_unknown", "inputEPCList[1]"),
        ({"outputEPCList": [pack("R1"), pack("P4")]}, "disagrees_with_ledger", "ilmd.lotNumber"),
        (
            {"ilmd": {"cbvmda:lotNumber": "R-1", "cbvmda:itemExpirationDate": "2031-01-01"}},
            "expiry_too_late",
            "ilmd.itemExpirationDate",
        ),
    ],
)
async def test_refusals_name_the_field(changes, code, field):
    desk = await stocked()
    told = transformed(packs(2), [pack("R1"), pack("R2")])
    changed = {name: value for name, value in {**told, **changes}.items() if value}
    (entry,) = (await post(desk, MAKER, changed)).events
    assert (entry.code, entry.field) == (code, field)
    assert entry.reason
    assert entry.what_to_do


@pytest.mark.parametrize(
    "changes",
    [
        {"transformationID": "urn:example:T1"},
        {"outputEPCList": None, "outputQuantityList": INGREDIENTS},
    ],
)
async def test_what_is_no_repack_is_kept(changes):
    told = transformed(packs(2), [pack("R1"), pack("R2")])
    changed = {name: value for name, value in {**told, **changes}.items() if value}
    (entry,) = (await post(await stocked(), MAKER, changed)).events
    assert (entry.outcome, bool(entry.reason)) == ("attached", True)
