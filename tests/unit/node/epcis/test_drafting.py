"""Drafts: what a seller's file leaves for its buyer to confirm, in step with the ledger."""

import dataclasses

import pytest

from contracts.records.custody import Receive, ReceiveMode
from node.epcis.drafts import MAX_DRAFTS
from node.host.submitted import TooBusy
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL
from tests.support.gateway import Desk
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import CARRIER, MAKER, PHARMACY, REGULATOR, WHOLESALER
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records, sold
from tests.unit.node.epcis.files import (
    aggregated,
    case,
    commissioned,
    observed,
    pack,
    packs,
    pallet,
    received,
    route,
    sgln,
    shipped,
)

SOLD = shipped([pallet(1)], MAKER, WHOLESALER)


async def drafted(desk: Desk, *events, party=WHOLESALER) -> str:
    """Post a seller's events at the buyer's and return the one draft's id."""
    result = await post(desk, party, *events)
    (draft,) = result.drafts
    return draft


async def test_an_announced_shipment_is_drafted_and_confirmed():
    desk = await sold()
    identifier = await drafted(desk, SOLD)
    draft = await desk.drafting.find(identifier)
    (receive,) = draft.records
    assert isinstance(receive, Receive)
    assert (receive.mode, receive.head.premises) == (ReceiveMode.ALL, WHOLESALER.place)
    assert (draft.partner, draft.created_ms) == (WHOLESALER.gln, desk.node.wall.ms)
    assert "confirm" in draft.reason
    desk.node.wall.ms += 3_600_000
    result = await desk.drafting.confirm(identifier, wait=True)
    assert (outcomes(result), result.events[0].records) == (["records"], ("receive",))
    (stated,) = records(desk)
    # The receipt happens when it is confirmed, with the seller's event as evidence.
    assert stated.head.claimed_at_ms > receive.head.claimed_at_ms + 3_600_000
    assert stated.head.attachments == receive.head.attachments != ()
    assert await desk.drafting.drafts() == ()
    assert desk.custody().item(pack_key("P1")).holder == WHOLESALER.gln


async def test_a_confirmation_need_not_wait_for_its_block():
    desk = await sold()
    identifier = await drafted(desk, SOLD)
    desk.node.auto = False
    result = await desk.drafting.confirm(identifier, wait=False)
    assert [document.status for document in result.documents] == ["pending"]
    desk.node.produce()


async def test_a_waiting_draft_gets_its_receipt_when_the_shipment_is_announced():
    desk = await made()
    identifier = await drafted(desk, SOLD)
    draft = await desk.drafting.find(identifier)
    assert (draft.records, "awaited" in draft.reason) == ((), True)
    refused = await desk.drafting.confirm(identifier, wait=True)
    assert outcomes(refused) == ["shipment_not_found"]
    await recorded(desk, MAKER, SOLD)
    draft = await desk.drafting.find(identifier)
    assert [record.mode for record in draft.records] == [ReceiveMode.ALL]
    # Posted again it is the same draft.
    assert await drafted(desk, SOLD) == identifier
    assert outcomes(await desk.drafting.confirm(identifier, wait=True)) == ["records"]


async def test_drafts_outlive_the_node():
    desk = await made()
    identifier = await drafted(desk, SOLD)
    desk.captures, desk.drafting = desk.open()
    await recorded(desk, MAKER, SOLD)
    desk.captures, desk.drafting = desk.open()
    (draft,) = await desk.drafting.drafts()
    assert (draft.id, len(draft.records)) == (identifier, 1)


async def test_goods_that_are_announced_in_part_are_drafted_in_part():
    desk = await made()
    await recorded(desk, MAKER, commissioned(packs(2, 8), 7))
    whole = shipped([pallet(1), pack("P8"), pack("P9")], MAKER, WHOLESALER)
    identifier = await drafted(desk, whole)
    await recorded(desk, MAKER, shipped([pallet(1), pack("P8")], MAKER, WHOLESALER))
    draft = await desk.drafting.find(identifier)
    assert [record.mode for record in draft.records] == [ReceiveMode.ALL]
    assert "1 of the items are not announced yet" in draft.reason
    await recorded(desk, MAKER, shipped([pack("P9")], MAKER, WHOLESALER, 11))
    draft = await desk.drafting.find(identifier)
    assert len({record.shipment for record in draft.records}) == 2


async def test_a_part_of_a_shipment_is_drafted_by_its_list():
    desk = await sold()
    identifier = await drafted(desk, shipped(packs(2), MAKER, WHOLESALER, 11))
    draft = await desk.drafting.find(identifier)
    assert [(record.mode, record.items) for record in draft.records] == [
        (ReceiveMode.LISTED, (pack_key("P1"), pack_key("P2")))
    ]


async def test_goods_that_arrived_in_another_way_leave_no_draft():
    desk = await sold()
    await drafted(desk, SOLD)
    await recorded(desk, WHOLESALER, received([pallet(1)], WHOLESALER))
    assert await desk.drafting.drafts() == ()
    desk.captures, desk.drafting = desk.open()
    assert await desk.drafting.drafts() == ()


async def test_goods_that_went_elsewhere_make_a_draft_say_so():
    desk = await sold()
    identifier = await drafted(desk, SOLD)
    await recorded(desk, MAKER, observed("void_shipping", [pallet(1)], 15, MAKER))
    assert (await desk.drafting.find(identifier)).records == ()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, PHARMACY, 16))
    draft = await desk.drafting.find(identifier)
    assert f"on its way from {MAKER.gln} to {PHARMACY.gln}" in draft.reason
    desk.captures, desk.drafting = desk.open()
    assert (await desk.drafting.find(identifier)).reason == draft.reason
    assert outcomes(await desk.drafting.confirm(identifier, wait=True)) == ["shipment_not_found"]


async def test_a_draft_is_discarded_and_may_be_made_again():
    desk = await sold()
    identifier = await drafted(desk, SOLD)
    assert await desk.drafting.discard(identifier) is True
    assert await desk.drafting.discard(identifier) is False
    assert await desk.drafting.find(identifier) is None
    with pytest.raises(KeyError):
        await desk.drafting.confirm(identifier, wait=True)
    assert await drafted(desk, SOLD) == identifier


async def test_the_same_shipping_event_twice_in_a_file_is_one_draft():
    desk = await sold()
    result = await post(desk, WHOLESALER, SOLD, SOLD)
    assert outcomes(result) == ["draft", "draft"]
    assert len(result.drafts) == 1


async def test_several_drafts_oldest_first():
    desk = await made()
    await recorded(desk, MAKER, commissioned(packs(2, 8), 7))
    first = await drafted(desk, shipped([pack("P9")], MAKER, WHOLESALER))
    desk.node.wall.ms += 1
    second = await drafted(desk, shipped([pack("P8")], MAKER, PHARMACY), party=PHARMACY)
    assert [draft.id for draft in await desk.drafting.drafts()] == [first, second]
    assert [draft.partner for draft in await desk.drafting.drafts()] == [WHOLESALER.gln, PHARMACY.gln]


async def test_a_draft_that_the_law_refuses_stays(monkeypatch):
    desk = await sold()
    identifier = await drafted(desk, SOLD)
    # The person's clock runs an hour ahead of the network's.
    late = dataclasses.replace(desk.parts, now_ms=lambda: desk.node.wall.ms + 3_600_000)
    monkeypatch.setattr(desk.drafting, "_parts", late)
    result = await desk.drafting.confirm(identifier, wait=True)
    (document,) = result.documents
    assert (document.status, document.height) == ("refused", 0)
    assert outcomes(result) == ["claimed_time_invalid"]
    assert await desk.drafting.find(identifier) is not None


async def test_a_file_that_falls_leaves_no_draft():
    desk = await sold()
    bad = aggregated("ADD", case("C1"), [pack("NONE")], 8, WHOLESALER)
    result = await post(desk, WHOLESALER, SOLD, bad)
    assert outcomes(result) == ["rolled_back", "item_unknown"]
    assert result.drafts == ()
    assert await desk.drafting.drafts() == ()


async def test_too_many_drafts_are_refused(monkeypatch):
    assert MAX_DRAFTS > 1
    monkeypatch.setattr("node.epcis.drafting.MAX_DRAFTS", 1)
    desk = await sold()
    await drafted(desk, SOLD)
    with pytest.raises(TooBusy):
        await post(desk, WHOLESALER, shipped([pack("P1")], MAKER, WHOLESALER, 11))


async def test_a_damaged_draft_is_noticed():
    desk = await sold()
    desk.node.store.write([(LOCAL + b"d" + bytes(16), b"\x00")], sync=True)
    with pytest.raises(StorageDamaged, match="draft 0000"):
        await desk.drafting.drafts()


async def test_the_receiver_of_goods_is_found_by_its_place():
    desk = await made()
    by_place = [{"type": "location", "destination": sgln(WHOLESALER.premises)}]
    told = shipped(
        [pallet(1)], MAKER, WHOLESALER, **(route(MAKER, WHOLESALER) | {"destinationList": by_place})
    )
    draft = await desk.drafting.find(await drafted(desk, told))
    assert draft.proposal.head.premises == WHOLESALER.place
    assert draft.proposal.items == (pallet_key(1),)
    assert outcomes(await post(desk, CARRIER, told)) == ["attached"]
    assert outcomes(await post(desk, REGULATOR, told)) == ["attached"]
