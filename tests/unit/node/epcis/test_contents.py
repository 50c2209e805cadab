"""Rule e: an aggregation that only observes acts on the container, and its contents must be the ledger's."""

import pytest

from contracts.records.custody import Receive, ReceiveMode, Ship
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import MAKER, PHARMACY, WHOLESALER
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records, sold
from tests.unit.node.epcis.files import (
    aggregated,
    case,
    commissioned,
    pack,
    packs,
    pallet,
    route,
    shipped,
)


def shipping(parent, children, party=MAKER, receiver=WHOLESALER, minute=10):
    """A container leaves with what is said to be inside."""
    return aggregated(
        "OBSERVE", parent, children, minute, party, bizStep="shipping", **route(party, receiver)
    )


def receiving(parent, children, minute=20, party=WHOLESALER):
    """A container arrives with what is said to be inside."""
    return aggregated("OBSERVE", parent, children, minute, party, bizStep="receiving")


async def test_the_container_is_shipped_and_received():
    desk = await made()
    await recorded(desk, MAKER, shipping(pallet(1), [case("C1")]))
    (ship,) = records(desk)
    assert isinstance(ship, Ship)
    assert ship.items == (pallet_key(1),)
    await recorded(desk, WHOLESALER, receiving(pallet(1), [case("C1")]))
    (receive,) = records(desk)
    assert isinstance(receive, Receive)
    assert receive.mode == ReceiveMode.ALL


@pytest.mark.parametrize(
    ("children", "reason"),
    [
        ([pack("P1"), pack("P2"), pack("P3")], "has 4 items inside on the ledger, the event lists 3"),
        ([*packs(4), pack("P9")], "(21)P9 is not inside"),
    ],
)
async def test_a_sender_must_ship_what_is_inside(children, reason):
    desk = await made()
    result = await post(desk, MAKER, shipping(case("C1"), children))
    (found,) = result.events
    assert (found.code, found.field) == ("contents_differ", "childEPCs")
    assert reason in found.reason


async def test_a_shortage_stays_on_its_way():
    desk = await made()
    await recorded(desk, MAKER, shipped([case("C1")], MAKER, WHOLESALER))
    await recorded(desk, WHOLESALER, receiving(case("C1"), packs(3)))
    (receive,) = records(desk)
    assert (receive.mode, receive.items) == (ReceiveMode.ALL_EXCEPT, (pack_key("P4"),))
    assert desk.custody().item(pack_key("P1")).holder == WHOLESALER.gln
    late = desk.custody().item(pack_key("P4"))
    assert (late.in_transit, late.parent, late.holder) == (True, None, MAKER.gln)


async def test_a_shortage_beside_other_goods_must_be_told_apart():
    desk = await made()
    await recorded(desk, MAKER, commissioned(packs(1, 9), 7))
    await recorded(desk, MAKER, shipped([case("C1"), pack("P9")], MAKER, WHOLESALER))
    result = await post(desk, WHOLESALER, receiving(case("C1"), packs(3)))
    assert outcomes(result) == ["contents_differ"]
    assert "more inside on the ledger than the 3 listed" in result.events[0].reason


async def test_an_overage_is_refused():
    desk = await sold()
    result = await post(desk, WHOLESALER, receiving(pallet(1), [case("C1"), pack("P9")]))
    (found,) = result.events
    assert (found.code, found.field) == ("contents_differ", "childEPCs")
    assert "(21)P9" in found.reason


async def test_contents_by_class_alone_are_taken_along():
    desk = await sold()
    classes = [{"epcClass": "urn:epc:class:lgtin:0614141.000001.L-1", "quantity": 4}]
    arrival = receiving(pallet(1), []) | {"childQuantityList": classes}
    await recorded(desk, WHOLESALER, arrival)


async def test_an_unknown_container_is_the_laws_to_refuse():
    result = await post(await made(), MAKER, shipping(pallet(5), [case("C1")]))
    assert (result.events[0].code, result.events[0].field) == ("item_unknown", "parentID")


async def test_a_container_that_has_arrived_is_no_news():
    desk = await sold()
    await recorded(desk, WHOLESALER, receiving(pallet(1), [case("C1")]))
    result = await post(desk, WHOLESALER, receiving(pallet(1), [case("C1")], 21))
    assert outcomes(result) == ["already_recorded"]
    result = await post(desk, PHARMACY, receiving(pallet(1), [case("C1")], 21, PHARMACY))
    assert outcomes(result) == ["shipment_not_found"]
    assert result.events[0].field == "parentID"


async def test_a_container_with_more_than_this_node_can_list_must_be_told_apart(monkeypatch):
    monkeypatch.setattr("node.epcis.chronicle.MAX_TOUCHES", 1)
    desk = await made()
    await recorded(desk, MAKER, commissioned(packs(1, 9), 7), aggregated("ADD", case("C1"), [pack("P9")], 8))
    result = await post(desk, MAKER, aggregated("DELETE", case("C1"), [], 9))
    (found,) = result.events
    assert (found.code, found.field) == ("contents_unknown", "childEPCs")
    assert "5 items" in found.reason
