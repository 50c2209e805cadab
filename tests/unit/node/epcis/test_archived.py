"""Files that repeat what an archive has: nothing is stated twice, and nothing fails but the event."""

from node.storage.memory_files import MemoryFiles
from tests.support.archives import prune
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.epcis.desk import made, outcomes, post, recorded
from tests.unit.node.epcis.files import aggregated, case, commissioned, packs, pallet, production, shipped


async def test_what_cannot_be_compared_is_refused_and_the_rest_is_taken():
    desk = await made()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER))
    undone = aggregated("DELETE", case("C1"), packs(1), 7)
    await recorded(desk, MAKER, commissioned(packs(1, 7), 3))
    tip = desk.node.ledger.tip.height
    prune(desk.node.store, desk.node.genesis, MemoryFiles(), tip - 1)

    result = await post(desk, MAKER, undone, commissioned(packs(1, 8), 4), behaviour="proceed")
    refused, taken = result.events
    assert (refused.outcome, taken.outcome) == ("refused", "records")
    assert refused.code == "archived"
    assert "is needed, and the contents of blocks up to height" in refused.reason
    assert "packtrail archive restore" in refused.what_to_do


async def test_what_own_keys_stated_is_known_without_its_documents():
    desk = await made()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER))
    await recorded(desk, MAKER, commissioned(packs(1, 7), 3))
    tip = desk.node.ledger.tip.height
    prune(desk.node.store, desk.node.genesis, MemoryFiles(), tip - 1)
    made_before = [event for event in production() if "commissioning" in str(event)]
    assert made_before
    result = await post(desk, MAKER, *made_before)
    assert set(outcomes(result)) == {"already_recorded"}
    assert desk.node.ledger.tip.height == tip
