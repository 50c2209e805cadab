"""Rule b: this node's partner signs for others too, as far as they gave it a mandate (rule 27)."""

import pytest

from contracts.records.custody import Receive, Ship
from contracts.records.dispensing import Dispense
from contracts.records.mandates import ActFor
from contracts.records.record import Record
from contracts.records.supply import Commission, Pack
from contracts.rules.events import EventKind
from tests.support.gateway import Desk
from tests.support.ledger import pack_key
from tests.support.parties import MAKER, PHARMACY, WHOLESALER
from tests.unit.node.epcis.counted import PLASTERS, amounts, counting_desk
from tests.unit.node.epcis.desk import AGENT, let, made, outcomes, post, records
from tests.unit.node.epcis.files import (
    commissioned,
    observed,
    packs,
    pallet,
    production,
    received,
    shipped,
)

PRODUCTION: tuple[type[Record], ...] = (Commission, Pack, Ship)


async def test_a_hub_enters_a_makers_production_and_the_journey_names_both():
    desk = Desk()
    await let(desk, MAKER, *PRODUCTION)
    leaves = shipped([pallet(1)], MAKER, WHOLESALER)
    result = await post(desk, AGENT, *production(), leaves)
    assert [entry.records for entry in result.events] == [("commission",)] * 2 + [("pack",)] * 2 + [("ship",)]
    (document,) = result.documents
    first, *rest = records(desk)
    assert isinstance(first, ActFor)
    assert (first.principal, len(rest)) == (MAKER.packed, 5)
    assert desk.custody().item(pack_key("P1")).owner == MAKER.gln
    assert document.receipt.events[0].kind == EventKind.ACTED_FOR
    assert outcomes(await post(desk, AGENT, *production(), leaves)) == ["already_recorded"] * 5
    assert outcomes(await post(desk, MAKER, *production(), leaves)) == ["already_recorded"] * 5


async def test_what_was_announced_for_another_is_received_by_its_id():
    """The shipment's id counts the record that names the principal."""
    desk = Desk()
    await let(desk, MAKER, *PRODUCTION)
    await let(desk, WHOLESALER, Receive)
    events = (*production(), shipped([pallet(1)], MAKER, WHOLESALER), received([pallet(1)], WHOLESALER))
    result = await post(desk, AGENT, *events, behaviour="proceed")
    assert outcomes(result) == ["records"] * 6
    assert desk.custody().item(pack_key("P1")).owner == WHOLESALER.gln
    assert isinstance(records(desk)[-1], Receive)


async def test_one_document_is_the_statement_of_one_partner():
    desk = await made()
    await let(desk, MAKER, Ship)
    await let(desk, WHOLESALER, Receive)
    events = (shipped([pallet(1)], MAKER, WHOLESALER), commissioned([pallet(7)], 3, AGENT))
    result = await post(desk, AGENT, *events)
    assert "records" not in outcomes(result)
    assert result.documents == ()


@pytest.mark.parametrize(
    ("kinds", "premises"),
    [((Ship,), ()), ((Commission,), (MAKER.place,))],
)
async def test_what_the_mandate_does_not_cover_is_a_claim(kinds, premises):
    desk = Desk()
    await let(desk, MAKER, *kinds, premises=premises)
    result = await post(
        desk, AGENT, commissioned(packs(2), readPoint={"id": "urn:epc:id:sgln:0614141.01000.0"})
    )
    assert outcomes(result) == ["attached"]
    assert "said to have done it" in result.events[0].reason


async def test_at_the_premises_that_it_names_it_holds():
    desk = Desk()
    await let(desk, MAKER, Commission, premises=(MAKER.place,))
    assert outcomes(await post(desk, AGENT, commissioned(packs(2)))) == ["records"]


async def test_after_its_end_it_holds_no_more():
    desk = Desk()
    await let(desk, MAKER, Commission, until=3)
    assert outcomes(await post(desk, AGENT, commissioned(packs(1)))) == ["records"]
    assert outcomes(await post(desk, AGENT, commissioned(packs(1, 2), 1))) == ["attached"]


async def test_without_one_nobody_signs_for_another():
    desk = Desk()
    assert outcomes(await post(desk, AGENT, commissioned(packs(2)))) == ["attached"]


async def test_a_refusal_names_the_event_as_ever():
    desk = await made()
    await let(desk, PHARMACY, Dispense)
    taken = observed("dispensing", packs(2), 50, PHARMACY, disposition="dispensed")
    (entry,) = (await post(desk, AGENT, taken)).events
    assert (entry.code, entry.field) == ("not_holder", "epcList[0]")


async def test_half_of_an_event_is_never_signed():
    """The mandate is for things, and the event counts packs too."""
    desk = counting_desk()
    await let(desk, MAKER, Commission)
    both = commissioned(packs(2), quantityList=amounts((PLASTERS, 8)))
    (entry,) = (await post(desk, AGENT, both)).events
    assert (entry.code, entry.field) == ("mandate_not_for_record", "bizStep")
    assert not desk.custody().item(pack_key("P1")).known
