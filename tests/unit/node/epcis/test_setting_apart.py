"""Goods that may not be sold: dispositions, for the time being or until unset, to quarantine (rule 14)."""

import pytest

from contracts.records.custody import Receive
from contracts.records.holds import HoldAction, LiftHold, PlaceHold
from contracts.records.supply import Decommission, DecommissionReason, Observe
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records, sold
from tests.unit.node.epcis.files import aggregated, case, observed, pack, pallet, received

STAYS = {"persistentDisposition": {"set": ["damaged"]}}
GOES = {"persistentDisposition": {"unset": ["damaged"]}}


@pytest.mark.parametrize("word", ["recalled", "damaged", "expired", "non_conformant", "no_pedigree_match"])
@pytest.mark.parametrize("step", ["holding", "inspecting"])
async def test_what_is_held_back_is_quarantined(step, word):
    desk = await made()
    held = observed(step, [pallet(1)], 20, MAKER, disposition=word)
    await recorded(desk, MAKER, held)
    (record,) = records(desk)
    assert record == PlaceHold(record.head, HoldAction.QUARANTINE, (pallet_key(1),))
    assert outcomes(await post(desk, MAKER, held)) == ["already_recorded"]


async def test_what_no_longer_holds_is_let_go():
    desk = await made()
    await recorded(desk, MAKER, observed("inspecting", [pallet(1)], 20, MAKER, **STAYS))
    await recorded(desk, MAKER, observed("inspecting", [pallet(1)], 30, MAKER, **GOES))
    assert [type(record) for record in records(desk)] == [LiftHold]


async def test_an_old_release_lets_nothing_go_that_was_held_since():
    desk = await made()
    early = observed("inspecting", [pallet(1)], 20, MAKER, **GOES)
    assert outcomes(await post(desk, MAKER, early)) == ["already_recorded"]
    await recorded(desk, MAKER, observed("holding", [pallet(1)], 30, MAKER, **STAYS))
    assert outcomes(await post(desk, MAKER, early)) == ["already_recorded"]
    assert [hold.kind for hold in desk.custody().item(pallet_key(1)).holds] == ["quarantined"]


async def test_another_reason_that_comes_in_keeps_it_held():
    desk = await made()
    await recorded(desk, MAKER, observed("holding", [pallet(1)], 20, MAKER, **STAYS))
    other = {"persistentDisposition": {"set": ["expired"], "unset": ["damaged"]}}
    assert outcomes(await post(desk, MAKER, observed("holding", [pallet(1)], 30, MAKER, **other))) == [
        "already_recorded"
    ]


@pytest.mark.parametrize("fields", [STAYS, {"disposition": "damaged"}])
async def test_goods_that_arrive_damaged_are_received_and_set_apart(fields):
    desk = await sold()
    arrives = received([pallet(1)], WHOLESALER, **fields)
    await recorded(desk, WHOLESALER, arrives)
    assert [type(record) for record in records(desk)] == [Receive, PlaceHold]
    assert outcomes(await post(desk, WHOLESALER, arrives)) == ["already_recorded"]
    await recorded(desk, WHOLESALER, observed("inspecting", [pallet(1)], 40, WHOLESALER, **GOES))
    assert outcomes(await post(desk, WHOLESALER, arrives)) == ["already_recorded"]


async def test_goods_that_are_stored_apart():
    desk = await made()
    await recorded(desk, MAKER, observed("storing", [pallet(1)], 20, MAKER, **STAYS))
    assert [type(record) for record in records(desk)] == [Observe, PlaceHold]


async def test_disposed_is_destroyed():
    desk = await made()
    await recorded(desk, MAKER, observed("decommissioning", [pack("P1")], 20, MAKER, disposition="disposed"))
    (record,) = records(desk)
    assert isinstance(record, Decommission)
    assert (record.reason, record.items) == (DecommissionReason.DESTROYED, (pack_key("P1"),))


async def test_the_label_of_an_emptied_pallet_ends_nothing():
    desk = await made()
    off = observed("decommissioning", [pallet(1)], 30, MAKER, disposition="inactive")
    (entry,) = (await post(desk, MAKER, off)).events
    assert (entry.code, entry.field) == ("not_supported", "disposition")
    await recorded(desk, MAKER, aggregated("DELETE", pallet(1), [case("C1")], 25))
    (entry,) = (await post(desk, MAKER, off)).events
    assert (entry.outcome, "numbers rest" in entry.reason) == ("attached", True)
