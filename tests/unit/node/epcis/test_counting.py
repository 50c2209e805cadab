"""Packs without serials in EPCIS files: counted where they are made, sent, received, and end."""

import pytest

from contracts.records.custody import ShipPurpose
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.state.directory import find_partner
from contracts.state.quantities import held
from contracts.state.view import Overlay
from node.storage.store import STATE, Space
from tests.support.gateway import Desk
from tests.support.ledger import pack_key
from tests.support.parties import (
    EXPIRY,
    MAKER,
    PHARMACY,
    PREFIX,
    WHOLESALER,
    Party,
)
from tests.unit.node.epcis.counted import (
    ILMD,
    PLASTER,
    PLASTERS,
    SYRUP,
    SYRUP_S1,
    amounts,
    counting_desk,
    gtin,
)
from tests.unit.node.epcis.desk import outcomes, post, recorded, records
from tests.unit.node.epcis.files import (
    Event,
    commissioned,
    event,
    packs,
    pallet,
    route,
    sgln,
    shipped,
)
from tests.unit.node.epcis.samples import xml_document


def by_class(step: str, minute: int, party: Party, *entries, action: str = "OBSERVE", **fields) -> Event:
    told = {"bizStep": step, "quantityList": amounts(*entries), **fields}
    return event("ObjectEvent", minute, party, action=action, **told)


def born(*entries, minute: int = 0, **fields) -> Event:
    return by_class("commissioning", minute, MAKER, *entries, action="ADD", **{"ilmd": ILMD, **fields})


def sent(*entries, minute: int = 10, to: Party = WHOLESALER, sender: Party = MAKER, **fields) -> Event:
    return by_class("shipping", minute, sender, *entries, **{**route(sender, to), **fields})


def taken(*entries, minute: int = 20, party: Party = WHOLESALER, **fields) -> Event:
    return by_class("receiving", minute, party, *entries, **fields)


def in_hand(desk: Desk, party: Party, product: bytes, lot: bytes = b"", owner: Party | None = None) -> int:
    state = Overlay(Space(desk.node.store, STATE))
    numbers = [find_partner(state, one.packed) for one in (party, owner or party)]
    return held(state, product, lot, *(found[0] for found in numbers if found is not None))


async def made() -> Desk:
    desk = counting_desk()
    await recorded(desk, MAKER, born((SYRUP_S1, 100)), born((PLASTERS, 40), minute=1))
    return desk


async def sold() -> Desk:
    desk = await made()
    await recorded(desk, MAKER, sent((SYRUP_S1, 60), (PLASTERS, 10)))
    return desk


async def test_commissioning_by_class_makes_so_many():
    desk = await made()
    syrup, plaster = records(desk)
    assert syrup == MakeQuantity(syrup.head, SYRUP, b"S1", EXPIRY, b"", syrup.head.claimed_at_ms, 100)
    assert plaster == MakeQuantity(plaster.head, PLASTER, b"", 0, b"", 0, 40)
    assert (in_hand(desk, MAKER, SYRUP, b"S1"), in_hand(desk, MAKER, PLASTER)) == (100, 40)


@pytest.mark.parametrize("unit", ["EA", "C62", "H87", "ea"])
async def test_pieces_are_packs(unit):
    desk = counting_desk()
    await recorded(desk, MAKER, born((SYRUP_S1, 7, unit)))
    assert in_hand(desk, MAKER, SYRUP, b"S1") == 7


async def test_a_lot_may_stand_in_the_master_data():
    desk = counting_desk()
    product = f"urn:epc:idpat:sgtin:{PREFIX}.000070.*"
    await recorded(desk, MAKER, born((product, 5), ilmd={**ILMD, "cbvmda:lotNumber": "S9"}))
    assert in_hand(desk, MAKER, SYRUP, b"S9") == 5


async def test_a_product_without_lots_is_counted_whatever_lots_the_file_knows():
    desk = counting_desk()
    lots = [(f"urn:epc:class:lgtin:{PREFIX}.000071.{lot}", 3) for lot in ("A", "B")]
    await recorded(desk, MAKER, born(*lots))
    assert in_hand(desk, MAKER, PLASTER) == 6


async def test_shipping_by_class_announces_and_receiving_settles():
    desk = await sold()
    (ship,) = records(desk)
    lines = (Line(SYRUP, b"S1", 60), Line(PLASTER, b"", 10))
    terms = (b"", WHOLESALER.packed, WHOLESALER.place, ShipPurpose.SALE, 1, 0)
    assert ship == ShipQuantity(ship.head, lines, *terms, ship.references)
    await recorded(desk, WHOLESALER, taken((SYRUP_S1, 60), (PLASTERS, 10)))
    (settled,) = records(desk)
    assert (settled.settlement, settled.lines) == (Settlement.RECEIVED, lines)
    assert (in_hand(desk, WHOLESALER, SYRUP, b"S1"), in_hand(desk, MAKER, SYRUP, b"S1")) == (60, 40)


async def test_packs_arrive_in_parts_and_each_part_once():
    desk = await sold()
    first, rest = taken((SYRUP_S1, 25)), taken((SYRUP_S1, 35), (PLASTERS, 10), minute=30)
    await recorded(desk, WHOLESALER, first)
    await recorded(desk, WHOLESALER, rest)
    for again in (first, rest):
        result = await post(desk, WHOLESALER, again)
        assert (outcomes(result), result.documents) == (["already_recorded"], ())
    assert in_hand(desk, WHOLESALER, SYRUP, b"S1") == 60


async def test_of_two_shipments_the_one_is_meant_that_fits():
    desk = await made()
    await recorded(desk, MAKER, sent((SYRUP_S1, 30)))
    await recorded(desk, MAKER, sent((SYRUP_S1, 12), minute=11))
    await recorded(desk, WHOLESALER, taken((SYRUP_S1, 12)))
    await recorded(desk, WHOLESALER, taken((SYRUP_S1, 30), minute=21))
    assert in_hand(desk, WHOLESALER, SYRUP, b"S1") == 42


async def test_more_than_one_shipment_brings_is_refused():
    desk = await sold()
    result = await post(desk, WHOLESALER, taken((PLASTERS, 10), (SYRUP_S1, 61)))
    (entry,) = result.events
    assert (entry.code, entry.field) == ("shipment_not_found", "quantityList")
    way = f"are not on their way to {WHOLESALER.gln} in one shipment: at most 60 are"
    assert entry.reason == f"61 of {gtin(70)}, lot S1, {way}"
    assert in_hand(desk, WHOLESALER, PLASTER) == 0


async def test_goods_of_another_sender_are_not_meant():
    desk = await sold()
    source = [{"type": "owning_party", "source": sgln(PHARMACY.gln)}]
    result = await post(desk, WHOLESALER, taken((SYRUP_S1, 60), sourceList=source))
    assert outcomes(result) == ["shipment_not_found"]


async def test_a_void_brings_them_back():
    desk = await sold()
    await recorded(
        desk, MAKER, by_class("void_shipping", 15, MAKER, (SYRUP_S1, 20), **route(MAKER, WHOLESALER))
    )
    (back,) = records(desk)
    assert isinstance(back, SettleQuantity)
    assert (back.settlement, in_hand(desk, MAKER, SYRUP, b"S1")) == (Settlement.VOIDED, 60)


async def test_one_file_cannot_announce_and_receive_but_proceed_can():
    events = (
        born((SYRUP_S1, 5)),
        sent((SYRUP_S1, 5), to=MAKER),
        taken((SYRUP_S1, 5), party=MAKER),
    )
    desk = counting_desk()
    assert "shipment_in_same_file" in outcomes(await post(desk, MAKER, *events))
    result = await post(desk, MAKER, *events, behaviour="proceed")
    assert outcomes(result) == ["records"] * 3


@pytest.mark.parametrize(
    ("step", "disposition", "end"),
    [
        ("destroying", "destroyed", QuantityEnd.DESTROYED),
        ("decommissioning", "https://partner.example/disp-exported", QuantityEnd.EXPORTED),
        ("other", "stolen", QuantityEnd.STOLEN),
        ("decommissioning", "https://partner.example/disp-lost", QuantityEnd.LOST),
    ],
)
async def test_they_leave_the_supply_chain(step, disposition, end):
    desk = await made()
    await recorded(desk, MAKER, by_class(step, 30, MAKER, (SYRUP_S1, 4), disposition=disposition))
    (record,) = records(desk)
    assert record == EndQuantity(record.head, end, (Line(SYRUP, b"S1", 4),), b"")


async def test_a_pharmacy_dispenses_them():
    desk = await made()
    await recorded(desk, MAKER, sent((SYRUP_S1, 9), to=PHARMACY))
    await recorded(desk, PHARMACY, taken((SYRUP_S1, 9), party=PHARMACY))
    sold_one = by_class("retail_selling", 40, PHARMACY, (SYRUP_S1, 1), disposition="retail_sold")
    await recorded(desk, PHARMACY, sold_one)
    assert outcomes(await post(desk, PHARMACY, sold_one)) == ["already_recorded"]
    assert in_hand(desk, PHARMACY, SYRUP, b"S1") == 8
    too_many = by_class("dispensing", 41, PHARMACY, (SYRUP_S1, 9), disposition="dispensed")
    (entry,) = (await post(desk, PHARMACY, too_many)).events
    assert (entry.code, entry.field) == ("not_enough", "quantityList[0]")


async def test_things_and_packs_by_class_in_one_event_are_one_document():
    desk = counting_desk()
    both = commissioned(packs(2), quantityList=amounts((PLASTERS, 8)))
    result = await post(desk, MAKER, both)
    assert result.events[0].records == ("commission", "make_quantity")
    onto = {"childQuantityList": amounts((PLASTERS, 8))}
    told = {"action": "ADD", "bizStep": "packing", "parentID": pallet(1), "childEPCs": packs(2)}
    assert (await post(desk, MAKER, event("AggregationEvent", 5, MAKER, **told, **onto))).events[
        0
    ].records == ("pack",)
    load = {"action": "OBSERVE", "bizStep": "shipping", "parentID": pallet(1), "childEPCs": packs(2), **onto}
    leaves = event("AggregationEvent", 10, MAKER, **load, **route(MAKER, WHOLESALER))
    assert (await post(desk, MAKER, leaves)).events[0].records == ("ship", "ship_quantity")
    comes = {**load, "bizStep": "receiving"}
    result = await post(desk, WHOLESALER, event("AggregationEvent", 20, WHOLESALER, **comes))
    assert result.events[0].records == ("receive", "settle_quantity")
    assert in_hand(desk, WHOLESALER, PLASTER) == 8


async def test_neither_half_stands_alone():
    desk = counting_desk()
    await recorded(desk, MAKER, commissioned(packs(2)))
    result = await post(
        desk, MAKER, shipped(packs(2), MAKER, WHOLESALER, quantityList=amounts((PLASTERS, 8)))
    )
    (entry,) = result.events
    assert (entry.code, entry.field) == ("not_enough", "quantityList[0]")
    assert desk.custody().item(pack_key("P1")).in_transit is False


@pytest.mark.parametrize(
    ("entry", "field", "words"),
    [
        ((SYRUP_S1, 2.5), "quantityList[0].quantity", "2.5 is no whole number above 0"),
        ((SYRUP_S1, 0), "quantityList[0].quantity", "0 is no whole number above 0"),
        ((SYRUP_S1, None), "quantityList[0].quantity", "does not say how many"),
    ],
)
async def test_counted_packs_are_whole(entry, field, words):
    (found,) = (await post(counting_desk(), MAKER, born(entry))).events
    assert (found.code, found.field) == ("invalid_quantity", field)
    assert words in found.reason
    assert "whole packs" in found.what_to_do


async def test_a_negative_number_is_none():
    result = await post(counting_desk(), MAKER, born((SYRUP_S1, -1)), behaviour="proceed")
    assert (result.events[0].code, result.events[0].field) == ("invalid_quantity", "quantityList[0].quantity")


async def test_a_class_is_listed_once():
    (found,) = (await post(counting_desk(), MAKER, born((SYRUP_S1, 1), (SYRUP_S1, 1)))).events
    assert (found.code, found.field) == ("invalid_quantity", "quantityList[1].epcClass")


async def test_a_lot_is_needed_where_lots_are_counted():
    product = f"urn:epc:idpat:sgtin:{PREFIX}.000070.*"
    (found,) = (await post(counting_desk(), MAKER, born((product, 5)))).events
    assert (found.code, found.field) == ("missing_field", "quantityList[0].epcClass")


async def test_two_lots_that_disagree():
    ilmd = {**ILMD, "cbvmda:lotNumber": "S2"}
    (found,) = (await post(counting_desk(), MAKER, born((SYRUP_S1, 5), ilmd=ilmd))).events
    assert (found.code, found.field) == ("lot_conflict", "ilmd.lotNumber")


async def test_an_expiry_date_is_needed_where_lots_are_counted():
    (found,) = (await post(counting_desk(), MAKER, born((SYRUP_S1, 5), ilmd=None))).events
    assert (found.code, found.field) == ("missing_field", "ilmd.itemExpirationDate")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ((SYRUP_S1, 200.5, "KGM"), f"{gtin(70)} is measured in KGM"),
        ((f"urn:epc:class:lgtin:{PREFIX}.000088.X", 5), f"{gtin(88)} is no registered product"),
        ((f"urn:epc:class:lgtin:{PREFIX}.000001.X", 5), "carry serials"),
        (("https://partner.example/classes/pallets", 5), "pallets is no GTIN"),
    ],
)
async def test_what_is_not_counted_is_kept_as_evidence(entry, words):
    desk = counting_desk()
    counted = (PLASTERS, 1)
    (found,) = (await post(desk, MAKER, born(entry, counted))).events
    assert found.records == ("make_quantity",)
    (alone,) = (await post(desk, MAKER, by_class("storing", 3, MAKER, entry))).events
    assert alone.outcome == "attached"
    if "KGM" in words or "GTIN" in words:
        assert "counts no packs" in alone.reason
    else:
        assert words in alone.reason


async def test_where_packs_lie_no_record_says():
    (found,) = (await post(await made(), MAKER, by_class("storing", 3, MAKER, (PLASTERS, 1)))).events
    assert (found.outcome, "counted where they are made" in found.reason) == ("attached", True)


async def test_they_cannot_leave_as_samples():
    leaves = by_class(
        "decommissioning", 3, MAKER, (PLASTERS, 1), disposition="https://partner.example/sample"
    )
    (found,) = (await post(await made(), MAKER, leaves)).events
    assert (found.code, found.field) == ("not_supported", "disposition")


async def test_an_owners_goods_are_sent_for_it():
    """A logistics provider's shipment names who owns the goods."""
    desk = await sold()
    await recorded(desk, WHOLESALER, taken((SYRUP_S1, 60), (PLASTERS, 10)))
    source = [
        {"type": "possessing_party", "source": sgln(WHOLESALER.gln)},
        {"type": "owning_party", "source": sgln(MAKER.gln)},
    ]
    goes = sent((SYRUP_S1, 1), minute=30, to=PHARMACY, sender=WHOLESALER, sourceList=source)
    (found,) = (await post(desk, WHOLESALER, goes)).events
    assert (found.code, found.field) == ("not_owner", "sourceList")


async def test_xml_says_the_same():
    desk = counting_desk()
    told = f"""
<ObjectEvent>
  <eventTime>2026-09-21T13:13:20Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
  <epcList/>
  <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
  <readPoint><id>{sgln(MAKER.premises)}</id></readPoint>
  <extension><quantityList><quantityElement>
    <epcClass>{SYRUP_S1}</epcClass><quantity>100</quantity>
  </quantityElement></quantityList>
  <ilmd><cbvmda:itemExpirationDate>2030-03-27</cbvmda:itemExpirationDate></ilmd></extension>
</ObjectEvent>"""
    result = await desk.post(xml_document(told), MAKER)
    assert result.events[0].records == ("make_quantity",)
    # The same again, in the other syntax.
    again = await post(desk, MAKER, born((SYRUP_S1, 100)))
    assert outcomes(again) == ["already_recorded"]
