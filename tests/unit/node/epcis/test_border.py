"""Goods that leave for somebody who is no partner, and come back: drafts (rules b and 26)."""

from contracts.records.custody import Ship
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from tests.support.gateway import Desk
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.epcis.desk import AGENT, let, made, outcomes, post, recorded, records
from tests.unit.node.epcis.files import aggregated, pack, packs, pallet, received, sgln, shipped

STRANGER = "urn:epc:id:pgln:9521234.00000"
GLN = "9521234000006"
OUT = {"destinationList": [{"type": "possessing_party", "destination": STRANGER}]}
BACK = {"sourceList": [{"type": "possessing_party", "source": STRANGER}]}
LEAVES = shipped([pallet(1)], MAKER, WHOLESALER, 20, **OUT)


async def left() -> Desk:
    desk = await made()
    (draft,) = (await post(desk, MAKER, LEAVES)).drafts
    await desk.drafting.confirm(draft, wait=True)
    return desk


async def test_goods_for_a_stranger_are_drafted_and_leave_when_that_is_confirmed():
    desk = await made()
    result = await post(desk, MAKER, LEAVES)
    (entry,) = result.events
    assert (entry.outcome, result.documents) == ("draft", ())
    assert (
        entry.reason
        == f"These goods go to {GLN}, no partner of this network: confirm when its licence was seen."
    )
    again = await post(desk, MAKER, LEAVES)
    assert again.drafts == result.drafts
    draft = await desk.drafting.find(result.drafts[0])
    assert (draft.partner, draft.reason) == (MAKER.gln, entry.reason)
    done = await desk.drafting.confirm(draft.id, wait=True)
    assert (outcomes(done), done.events[0].records) == (["records"], ("ship_outside",))
    (record,) = records(desk)
    assert isinstance(record, ShipOutside)
    assert (record.items, record.evidence) == ((pallet_key(1),), record.head.attachments[0])
    assert desk.custody().item(pack_key("P1")).effective_life == "outside"
    assert outcomes(await post(desk, MAKER, LEAVES)) == ["already_recorded"]


async def test_goods_that_come_back_are_drafted_too():
    desk = await left()
    returns = received([pallet(1)], WHOLESALER, 40, **BACK)
    result = await post(desk, WHOLESALER, returns)
    assert "come back from" in result.events[0].reason
    done = await desk.drafting.confirm(result.drafts[0], wait=True)
    assert done.events[0].records == ("receive_from_outside",)
    assert isinstance(records(desk)[0], ReceiveFromOutside)
    assert desk.custody().item(pack_key("P1")).owner == WHOLESALER.gln
    assert outcomes(await post(desk, WHOLESALER, returns)) == ["already_recorded"]


async def test_who_sends_them_back_must_be_said():
    desk = await left()
    (entry,) = (await post(desk, WHOLESALER, received([pallet(1)], WHOLESALER, 40))).events
    assert (entry.code, entry.field) == ("missing_field", "sourceList")
    assert "had left the network" in entry.reason


async def test_a_draft_ends_when_the_goods_have_gone_otherwise():
    desk = await made()
    await post(desk, MAKER, LEAVES)
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, 21))
    (draft,) = await desk.drafting.drafts()
    assert (draft.records, "The ledger says otherwise" in draft.reason) == ((), True)


async def test_goods_that_are_not_the_senders_are_refused():
    desk = await made()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, 15))
    (entry,) = (await post(desk, MAKER, LEAVES)).events
    assert entry.code == "disagrees_with_ledger"
    (entry,) = (await post(desk, MAKER, shipped(packs(1, 90), MAKER, WHOLESALER, 20, **OUT))).events
    assert (entry.code, entry.field) == ("receiver_not_found", "destinationList")


async def test_a_partner_among_the_destinations_is_a_partner():
    desk = await made()
    both = {
        "destinationList": [
            {"type": "owning_party", "destination": STRANGER},
            {"type": "location", "destination": sgln(WHOLESALER.premises)},
        ]
    }
    (entry,) = (await post(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, 20, **both))).events
    assert entry.code == "receiver_conflict"


async def test_a_draft_may_stand_beside_records_of_its_signer():
    desk = await made()
    out = aggregated("DELETE", pallet(1), [], 18)
    goes = shipped([pack("P1")], MAKER, WHOLESALER, 20, **OUT)
    result = await post(desk, MAKER, out, goes)
    assert outcomes(result) == ["records", "draft"]


async def test_an_agent_cannot_confirm_for_another():
    desk = await made()
    await let(desk, MAKER, Ship)
    result = await post(desk, AGENT, LEAVES)
    assert (outcomes(result), result.drafts) == (["attached"], ())
    assert "border" in result.events[0].reason


async def test_a_draft_outlives_a_restart():
    desk = await made()
    (draft,) = (await post(desk, MAKER, LEAVES)).drafts
    before = await desk.drafting.find(draft)
    desk.captures, desk.drafting = desk.open()
    assert await desk.drafting.find(draft) == before
    done = await desk.drafting.confirm(draft, wait=True)
    assert done.events[0].records == ("ship_outside",)
