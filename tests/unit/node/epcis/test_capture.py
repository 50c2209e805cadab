"""LAW's EPCIS table on a one-node ledger: which event becomes which records."""

import asyncio
from collections.abc import Callable

import pytest

from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense
from contracts.records.holds import HoldAction, LiftHold, PlaceHold
from contracts.records.supply import Decommission, DecommissionReason, Observe, ObserveStep, Pack, Unpack
from node.api.turns import Passage, Turns
from node.epcis import capture
from node.epcis.problems import CaptureProblem
from tests.support.gateway import Desk
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import CASE, MAKER, PACK, PHARMACY, WHOLESALER
from tests.unit.node.epcis.desk import arrived, at_pharmacy, made, outcomes, post, recorded, records, sold
from tests.unit.node.epcis.files import (
    aggregated,
    case,
    commissioned,
    event,
    file,
    observed,
    pack,
    packs,
    pallet,
    production,
    received,
    route,
    sgln,
    shipped,
)

US_HEALTHCARE = {"gs1ushc": "http://epcis.gs1us.org/hc/ns/"}
ILMD = {"cbvmda:lotNumber": "L-1", "cbvmda:itemExpirationDate": "2030-03-27"}


async def test_commissioning_makes_one_record_for_each_gtin_in_file_order():
    desk = Desk()
    things = [case("C1"), pack("P2"), pack("P1"), pallet(7)]
    result = await post(desk, MAKER, commissioned(things))
    assert result.events[0].records == ("commission", "commission", "commission_logistic_units")
    first, second, units = records(desk)
    assert (first.gtin, first.serials) == (CASE, (b"C1",))
    assert (second.gtin, second.serials) == (PACK, (b"P2", b"P1"))
    assert units.ssccs == (pallet_key(7),)
    assert second.made_at_ms == second.head.claimed_at_ms
    assert (second.head.premises, second.head.offset_minutes) == (MAKER.place, 60)
    assert second.line == b""


async def test_a_vendors_production_line_is_recorded():
    desk = Desk()
    await recorded(desk, MAKER, commissioned(packs(1), ilmd={**ILMD, "ours:packagingLine": "LINE-4"}))
    assert records(desk)[0].line == b"LINE-4"


async def test_a_whole_production_is_one_document():
    desk = Desk()
    result = await post(desk, MAKER, *production())
    (document,) = result.documents
    assert (document.status, document.height, document.receipt.code) == ("committed", 1, "accepted")
    assert [entry.records for entry in result.events] == [("commission",)] * 2 + [("pack",)] * 2
    pallet_of_packs = records(desk)[-1]
    assert isinstance(pallet_of_packs, Pack)
    assert pallet_of_packs.parent == pallet_key(1)
    assert desk.custody().item(pallet_key(1)).container.children == 1


async def test_unpacking_lists_its_children_or_means_all():
    desk = await made()
    await recorded(desk, MAKER, aggregated("DELETE", case("C1"), [pack("P1")], 7))
    assert records(desk)[0] == Unpack(records(desk)[0].head, records(desk)[0].parent, (pack_key("P1"),))
    await recorded(desk, MAKER, aggregated("DELETE", case("C1"), [], 8))
    (record,) = records(desk)
    assert isinstance(record, Unpack)
    assert record.children == (pack_key("P2"), pack_key("P3"), pack_key("P4"))


async def test_everything_that_the_same_file_packed_can_be_unpacked():
    desk = Desk()
    result = await post(desk, MAKER, *production(), aggregated("DELETE", case("C1"), [], 7))
    assert outcomes(result) == ["records"] * 5
    assert records(desk)[-1].children == tuple(pack_key(f"P{number}") for number in range(1, 5))


async def test_shipping_names_receiver_place_purpose_and_salted_references():
    desk = await sold()
    (ship,) = records(desk)
    assert isinstance(ship, Ship)
    assert (ship.receiver, ship.destination) == (WHOLESALER.packed, WHOLESALER.place)
    assert (ship.purpose, ship.ownership_passes, ship.deadline_ms) == (ShipPurpose.SALE, 1, 0)
    assert [len(entry) for entry in ship.references] == [32]
    assert ship.items == (pallet_key(1),)


@pytest.mark.parametrize(
    "fields",
    [
        {"bizTransactionList": [{"type": "rma", "bizTransaction": "urn:epcglobal:cbv:bt:0614141020003:R1"}]},
        {"disposition": "returned"},
    ],
)
async def test_goods_go_back_as_a_return(fields):
    desk = await arrived()
    bought_with = desk.custody().item(pallet_key(1)).bought_with
    await recorded(desk, WHOLESALER, shipped([pallet(1)], WHOLESALER, MAKER, 30, **fields))
    assert records(desk)[0].purpose == ShipPurpose.RETURN
    assert records(desk)[0].sale.hex() == bought_with


async def test_a_drop_shipment_goes_to_one_partner_and_is_offered_to_another():
    desk = await made()
    bought = [
        {"type": "owning_party", "destination": sgln(WHOLESALER.gln)},
        {"type": "location", "destination": sgln(PHARMACY.premises)},
    ]
    drop = {"gs1ushc:dropShipment": "true", "destinationList": bought}
    context = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", US_HEALTHCARE]
    sold_past = file(shipped([pallet(1)], MAKER, PHARMACY, **drop), **{"@context": context})
    await desk.post(sold_past, MAKER)
    ship, offer = records(desk)
    assert (ship.receiver, ship.ownership_passes) == (PHARMACY.packed, 0)
    assert (offer.new_owner, offer.items, offer.until_height) == (WHOLESALER.packed, (pallet_key(1),), 0)


async def test_goods_between_own_premises_stay_the_partners():
    desk = await made()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, MAKER))
    (ship,) = records(desk)
    assert (ship.purpose, ship.ownership_passes) == (ShipPurpose.OWN_PREMISES, 0)


@pytest.mark.parametrize("step", ["receiving", "accepting"])
async def test_what_is_listed_whole_is_received_whole(step):
    desk = await sold()
    await recorded(desk, WHOLESALER, observed(step, [pallet(1)], 20, WHOLESALER))
    (receive,) = records(desk)
    assert isinstance(receive, Receive)
    assert (receive.mode, receive.items) == (ReceiveMode.ALL, ())
    assert desk.custody().item(pack_key("P1")).holder == WHOLESALER.gln


async def test_a_part_is_received_by_its_list():
    desk = await sold()
    await recorded(desk, WHOLESALER, received([pack("P1")], WHOLESALER))
    assert (records(desk)[0].mode, records(desk)[0].items) == (ReceiveMode.LISTED, (pack_key("P1"),))
    # What is there already does not count any more, and no one lists what is not.
    await recorded(desk, WHOLESALER, received([pack("P1"), pallet(1)], WHOLESALER, 21))
    assert (records(desk)[0].mode, records(desk)[0].items) == (ReceiveMode.ALL, ())


async def test_what_is_on_its_way_to_nobody_cannot_be_received():
    desk = await made()
    result = await post(desk, WHOLESALER, received([pallet(1)], WHOLESALER))
    assert outcomes(result) == ["shipment_not_found"]
    assert (
        result.events[0].reason
        == f"{desk.custody().item(pallet_key(1)).item} is not on its way to 0614141020003"
    )


async def test_a_shipment_is_voided_by_its_sender():
    desk = await sold()
    await recorded(desk, MAKER, observed("void_shipping", [pallet(1)], 15, MAKER))
    assert isinstance(records(desk)[0], Void)
    assert desk.custody().item(pallet_key(1)).in_transit is False


@pytest.mark.parametrize("step", ["dispensing", "retail_selling"])
async def test_packs_are_dispensed(step):
    desk = await at_pharmacy()
    await recorded(desk, PHARMACY, observed(step, [pack("P1")], 50, PHARMACY, disposition="dispensed"))
    assert isinstance(records(desk)[0], Dispense)
    assert desk.custody().item(pack_key("P1")).life == "supplied"


@pytest.mark.parametrize(
    ("step", "disposition", "reason"),
    [
        ("destroying", "destroyed", DecommissionReason.DESTROYED),
        ("decommissioning", "destroyed", DecommissionReason.DESTROYED),
        ("decomissioning", "stolen", DecommissionReason.STOLEN),
        ("other", "stolen", DecommissionReason.STOLEN),
    ],
)
async def test_packs_leave_the_supply_chain(step, disposition, reason):
    desk = await made()
    ending = observed(step, [pack("P1")], 7, MAKER, disposition=disposition) | {"action": "DELETE"}
    await recorded(desk, MAKER, ending)
    (record,) = records(desk)
    assert isinstance(record, Decommission)
    assert record.reason == reason


@pytest.mark.parametrize("step", list(ObserveStep))
async def test_things_are_seen(step):
    desk = await made()
    await recorded(desk, MAKER, observed(step.name.lower(), [pallet(1)], 7, MAKER))
    (record,) = records(desk)
    assert isinstance(record, Observe)
    assert (record.step, record.head.premises) == (step, MAKER.place)


TRANSFORMED = {"inputEPCList": packs(2), "outputEPCList": [case("C9")]}
ORDER = [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141020003:PO-1"}]
ERROR = {"declarationTime": "2026-09-21T14:00:00Z", "reason": "did_not_occur"}
CLASSES = [{"epcClass": "urn:epc:class:lgtin:0614141.000001.L-1", "quantity": 200}]
LOGGER = "urn:epc:id:giai:0614141.12345"


@pytest.mark.parametrize(
    ("held", "let_go"),
    [
        (
            ("holding", {"disposition": "non_sellable_other"}),
            ("inspecting", {"persistentDisposition": {"unset": ["non_sellable_other"]}}),
        ),
        (
            ("inspecting", {"persistentDisposition": {"set": ["non_sellable_other"]}}),
            ("holding", {"persistentDisposition": {"unset": ["non_sellable_other"]}}),
        ),
    ],
)
async def test_what_is_set_apart_is_quarantined_until_it_is_let_go(held, let_go):
    desk = await made()
    things = [pack("P1"), pallet(1)]
    await recorded(desk, MAKER, observed(held[0], [pack("P1")], 7, MAKER, **held[1]))
    (placed,) = records(desk)
    assert isinstance(placed, PlaceHold)
    assert (placed.action, placed.items) == (HoldAction.QUARANTINE, (pack_key("P1"),))
    assert [hold.kind for hold in desk.custody().item(pack_key("P1")).holds] == ["quarantined"]
    # Posted again it says nothing new; of several things only what is not held yet is recorded.
    again = await post(desk, MAKER, observed(held[0], [pack("P1")], 8, MAKER, **held[1]))
    assert outcomes(again) == ["already_recorded"]
    await recorded(desk, MAKER, observed(held[0], things[1:], 9, MAKER, **held[1]))
    await recorded(desk, MAKER, observed(let_go[0], things[1:], 10, MAKER, **let_go[1]))
    await recorded(desk, MAKER, observed(let_go[0], things, 11, MAKER, **let_go[1]))
    (lifted,) = records(desk)
    assert isinstance(lifted, LiftHold)
    assert lifted.items == (pack_key("P1"),)
    assert desk.custody().item(pack_key("P1")).holds == ()


@pytest.mark.parametrize(
    "attached",
    [
        event("TransformationEvent", 7, MAKER, transformationID="urn:example:T1", **TRANSFORMED),
        event("TransactionEvent", 7, MAKER, action="ADD", epcList=packs(1), bizTransactionList=ORDER),
        event("AssociationEvent", 7, MAKER, action="ADD", parentID=pallet(1), childEPCs=[LOGGER]),
        observed("shipping", [pallet(1)], 7, MAKER, errorDeclaration=ERROR),
        observed("sensor_reporting", [pallet(1)], 7, MAKER),
        observed("holding", [pack("P1")], 7, MAKER, disposition="in_progress"),
        observed("inspecting", [LOGGER], 7, MAKER),
        observed("receiving", [], 7, MAKER, quantityList=CLASSES),
        commissioned(packs(1, 90), 7, bizStep="encoding"),
        observed("inspecting", [pack("P1")], 7, MAKER, readPoint={"id": sgln(MAKER.gln)}),
        aggregated("OBSERVE", case("C1"), packs(2), 7, bizStep="inspecting"),
        aggregated("ADD", "urn:epc:id:grai:0614141.12345.1", packs(2), 7),
        aggregated("ADD", case("C1"), [], 7, childQuantityList=CLASSES),
    ],
)
async def test_what_the_law_has_no_record_for_is_kept(attached):
    desk = await made()
    before = desk.node.chain.tip.height
    result = await post(desk, MAKER, attached)
    assert outcomes(result) == ["attached"]
    assert result.events[0].reason
    assert (result.documents, desk.node.chain.tip.height) == ((), before)


@pytest.mark.parametrize(
    ("refused", "code", "field"),
    [
        (
            observed("dispensing", packs(1), 50, PHARMACY, disposition="partially_dispensed"),
            "not_supported",
            "disposition",
        ),
        (
            observed("decommissioning", packs(1), 50, PHARMACY, disposition="inactive"),
            "not_supported",
            "disposition",
        ),
        (
            observed(
                "inspecting", packs(1), 50, PHARMACY, readPoint={"id": "urn:epc:id:sgln:9521234.00001.0"}
            ),
            "actor_unknown",
            "readPoint",
        ),
    ],
)
async def test_what_the_law_must_not_guess_is_refused(refused, code, field):
    desk = await at_pharmacy()
    context = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", US_HEALTHCARE]
    result = await desk.post(file(refused, **{"@context": context}), PHARMACY)
    (found,) = result.events
    assert (found.code, found.field) == (code, field)
    assert found.reason
    assert found.what_to_do


@pytest.mark.parametrize(
    ("ilmd", "field"),
    [
        ({}, "ilmd.lotNumber"),
        ({"cbvmda:lotNumber": "L-1"}, "ilmd.itemExpirationDate"),
    ],
)
async def test_packs_need_lot_and_expiry(ilmd, field):
    result = await post(Desk(), MAKER, commissioned(packs(1), ilmd=ilmd))
    assert (result.events[0].code, result.events[0].field) == ("missing_field", field)


async def test_a_file_that_cannot_be_read_is_refused():
    desk = Desk()
    with pytest.raises(CaptureProblem, match="begins like neither"):
        await desk.post(b"hello", MAKER)
    with pytest.raises(CaptureProblem) as caught:
        await post(desk, MAKER, commissioned(packs(1)), event("ObjectEvent", 0, MAKER, epcList=packs(1)))
    assert (caught.value.code, caught.value.event) == ("missing_field", 1)
    assert desk.node.chain.tip.height == 0


async def test_ownership_does_not_pass_without_a_new_owner():
    desk = await made()
    parties = {**route(MAKER, WHOLESALER), "sourceList": [], "destinationList": []}
    parties["destinationList"] = [{"type": "possessing_party", "destination": sgln(WHOLESALER.gln)}]
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, **parties))
    assert records(desk)[0].ownership_passes == 0


async def test_a_file_whose_request_has_ended_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its job stands in the parser's queue all the same; what that held is gone."""
    read: list[bytes] = []
    later: list[Callable[[], object]] = []
    monkeypatch.setattr(capture, "read_document", lambda data, _type: read.append(data))
    desk = Desk()
    stands = asyncio.Event()

    def submit(job: Callable[[], object], _then: object) -> None:
        later.append(job)
        stands.set()

    monkeypatch.setattr(desk.parts.parser, "submit", submit)
    waiting = asyncio.create_task(desk.post(b"<file/>", MAKER))
    await stands.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert later[0]() is None
    assert read == []


async def test_a_file_is_through_its_turn_before_anything_is_submitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever is cancelled in its turn has submitted nothing, and whoever is cancelled later may have."""
    desk = Desk()
    turn, told = Passage(Turns(1), "maker"), list[bool]()

    async def hand_in(_lane: bytes, _offers: object) -> list[object]:
        told.append(turn.is_through)
        raise asyncio.CancelledError

    monkeypatch.setattr(desk.captures._recorder, "hand_in", hand_in)
    made_of = file(commissioned([pack("P1")]))
    with pytest.raises(asyncio.CancelledError):
        await desk.captures.capture(made_of, None, "rollback", MAKER.gln, turn=turn, wait=True)
    assert told == [True]
