"""Rules d and f: the order within a file, and whether it stands or falls as one document."""

import asyncio

import pytest

from contracts.chain.parameters import Limits, Parameters
from contracts.records.supply import Decommission, DecommissionReason
from node.epcis.problems import CaptureProblem
from node.host.submitted import TooBusy
from tests.support.gateway import Desk
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import MAKER, REGULATOR, WHOLESALER, build_test_genesis
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records, sold
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
    shipped,
)

OTHERS_PACK = "urn:epc:id:sgtin:9521234.012345.P1"


async def test_what_misses_a_predecessor_is_tried_once_more_after_the_rest():
    packs_made, cases_made, packed, loaded = production()
    desk = Desk()
    result = await post(desk, MAKER, packed, packs_made, loaded, cases_made)
    assert outcomes(result) == ["records"] * 4
    assert [type(record).__name__ for record in records(desk)] == ["Commission", "Commission", "Pack", "Pack"]


async def test_but_only_once():
    packs_made, cases_made, packed, loaded = production()
    # The pallet is tried again before the case is, and misses it both times.
    result = await post(Desk(), MAKER, loaded, packed, packs_made, cases_made, behaviour="proceed")
    assert outcomes(result) == ["records"] * 4
    desk = Desk()
    sale = shipped([pallet(1)], MAKER, WHOLESALER)
    result = await post(desk, MAKER, sale, loaded, packs_made, cases_made, packed, behaviour="proceed")
    assert outcomes(result) == ["item_unknown", *["records"] * 4]


async def test_file_order_counts_and_not_time():
    packs_made, cases_made, *_rest = production()
    later = commissioned(packs(4), 30)
    assert outcomes(await post(Desk(), MAKER, later, cases_made)) == ["records"] * 2
    assert outcomes(await post(Desk(), MAKER, packs_made, later)) == ["records", "already_recorded"]


async def test_under_rollback_one_refused_event_lets_the_file_fall():
    desk = Desk()
    bad = aggregated("ADD", case("C1"), [pack("NONE")], 8)
    tied = observed("sensor_reporting", [pallet(1)], 9, MAKER)
    result = await post(desk, MAKER, *production(), bad, tied)
    assert outcomes(result) == [*["rolled_back"] * 4, "item_unknown", "rolled_back"]
    found = result.events[4]
    assert (found.outcome, found.field) == ("refused", "childEPCs[0]")
    assert "(21)NONE" in found.reason
    assert found.what_to_do
    assert (result.documents, desk.node.chain.tip.height) == ((), 0)
    assert desk.custody().item(pack_key("P1")).known is False


async def test_under_proceed_every_event_stands_for_itself():
    desk = Desk()
    bad = aggregated("ADD", case("C1"), [pack("NONE")], 8)
    unread = event("ObjectEvent", 0, MAKER, epcList=packs(1))
    result = await post(desk, MAKER, unread, *production(), bad, behaviour="proceed")
    assert outcomes(result) == ["missing_field", *["records"] * 4, "item_unknown"]
    assert [document.status for document in result.documents] == ["committed"] * 4
    assert (result.events[0].field, result.events[0].outcome) == ("action", "refused")
    assert desk.custody().item(pallet_key(1)).known


async def test_what_was_recorded_already_is_no_less_so_when_the_rest_falls():
    desk = await made()
    result = await post(desk, MAKER, *production(), shipped([pallet(2)], MAKER, WHOLESALER))
    assert outcomes(result) == [*["already_recorded"] * 4, "item_unknown"]


async def test_one_document_has_one_signer():
    desk = await sold()
    sale = shipped([pallet(1)], MAKER, WHOLESALER)
    unit = "urn:epc:id:sscc:0399999.1000000001"
    mixed = (sale, commissioned([unit], party=WHOLESALER, ilmd=None))
    result = await post(desk, WHOLESALER, *mixed)
    assert outcomes(result) == ["several_actors", "rolled_back"]
    assert MAKER.gln in result.events[0].reason
    assert WHOLESALER.gln in result.events[0].reason
    assert await desk.drafting.drafts() == ()
    result = await post(desk, WHOLESALER, *mixed, behaviour="proceed")
    assert outcomes(result) == ["draft", "records"]


async def test_goods_between_own_premises_leave_and_arrive_in_one_file_under_proceed_only():
    desk = await made()
    leaving = shipped([pallet(1)], MAKER, MAKER)
    both = (leaving, received([pallet(1)], MAKER))
    result = await post(desk, MAKER, *both)
    assert outcomes(result) == ["rolled_back", "shipment_in_same_file"]
    result = await post(desk, MAKER, *both, behaviour="proceed")
    assert outcomes(result) == ["records", "records"]
    assert desk.custody().item(pallet_key(1)).in_transit is False


async def test_a_file_beyond_the_limits_of_one_document_says_so():
    limits = Limits(document_records=3)
    desk = Desk(build_test_genesis(1, Parameters(limits=limits)))
    result = await post(desk, MAKER, *production())
    assert outcomes(result) == ["file_too_large", *["rolled_back"] * 3]
    assert "4 records" in result.events[0].reason
    assert "proceed" in result.events[0].what_to_do
    assert outcomes(await post(desk, MAKER, *production(), behaviour="proceed")) == ["records"] * 4


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
async def test_an_event_beyond_the_limits_of_one_document_says_so(behaviour):
    desk = Desk(build_test_genesis(1, Parameters(limits=Limits(record_items=3))))
    result = await post(desk, MAKER, commissioned(packs(4)), behaviour=behaviour)
    assert outcomes(result) == ["event_too_large"]
    desk = Desk(build_test_genesis(1, Parameters(limits=Limits(document_bytes=150))))
    result = await post(desk, MAKER, commissioned(packs(40)), behaviour=behaviour)
    assert outcomes(result) == ["event_too_large"]
    assert "150" in result.events[0].reason


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
async def test_a_verdict_of_the_block_itself_is_reported(behaviour):
    """A regulator's report enters the same block; which one is first, the previous block's id decides."""
    verdicts = set()
    for blocks in range(12):
        desk = await made()
        for minute in range(blocks):
            await recorded(desk, MAKER, observed("inspecting", [pallet(1)], minute, MAKER))
        stolen = Decommission(desk.node.head(REGULATOR), DecommissionReason.STOLEN, (pallet_key(1),))
        desk.node.put(REGULATOR, stolen)
        told = (observed("storing", [pallet(1)], 8, MAKER), shipped([pallet(1)], MAKER, WHOLESALER))
        result = await post(desk, MAKER, *told, behaviour=behaviour)
        assert {document.status for document in result.documents} == {"committed"}
        verdicts.add(tuple(outcomes(result)))
    second = "rolled_back" if behaviour == "rollback" else "already_stolen"
    assert ("already_stolen", second) in verdicts
    assert len(verdicts) == 2


async def test_a_busy_node_takes_nothing_or_says_what_it_left_out(monkeypatch):
    desk = Desk()
    submit, room = desk.node.submissions.submit, [0]

    def take(submitted):
        if not room[0]:
            raise TooBusy
        room[0] -= 1
        submit(submitted)

    monkeypatch.setattr(desk.node.submissions, "submit", take)
    with pytest.raises(TooBusy):
        await post(desk, MAKER, *production())
    room[0] = 2
    result = await post(desk, MAKER, *production(), behaviour="proceed")
    assert outcomes(result) == ["records", "records", "too_busy", "too_busy"]
    room[0] = 9
    result = await post(desk, MAKER, *production())
    assert outcomes(result) == ["already_recorded", "already_recorded", "records", "records"]


async def test_a_node_acts_for_the_partners_whose_keys_it_holds():
    desk = Desk(parties=[WHOLESALER])
    with pytest.raises(KeyError):
        await post(desk, MAKER, *production())


async def test_an_unknown_product_is_refused_by_the_law():
    result = await post(Desk(), MAKER, commissioned([pack("P1"), OTHERS_PACK]))
    (found,) = result.events
    assert (found.code, found.field) == ("product_unknown", "epcList[1]")
    assert found.reason.startswith("09521234123453")


async def test_a_file_without_any_good_event_is_refused_under_rollback():
    with pytest.raises(CaptureProblem):
        await Desk().post(file(event("ObjectEvent", 0, MAKER, epcList=packs(1))), MAKER)


async def test_without_a_quorum_files_are_kept_all_the_same():
    desk = Desk()
    desk.node.auto = False
    things, cases, packed, loaded = production()
    for events in ([things, cases], [packed, loaded]):
        result = await desk.post(file(*events), MAKER, "proceed", wait=False)
        assert {document.status for document in result.documents} == {"pending"}
    last = asyncio.create_task(
        desk.post(file(shipped([pallet(1)], MAKER, WHOLESALER)), MAKER, "proceed", wait=False)
    )
    while not last.done():
        # No block comes; only time passes.
        await asyncio.sleep(0)
        desk.node.clock.ring()
    (document,) = (await last).documents
    assert (document.status, document.receipt.code) == ("pending", "accepted")
