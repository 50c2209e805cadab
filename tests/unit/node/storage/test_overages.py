"""What people see of goods that came unannounced (rule 6)."""

from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.record import Record
from contracts.rules.events import EventKind
from node.storage.custody import Custody
from node.storage.happenings import Happenings
from node.storage.item_journey import item_journey
from node.storage.journeys import Journeys
from node.storage.views import ItemView, StepView
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, PHARMACY, WHOLESALER, Party

SENT, EXTRA = pack_key("A1"), pack_key("A2")


def do(node: OneNode, party: Party, record: Record) -> bytes:
    receipt = node.record(party, record)
    assert receipt.code == "accepted", receipt
    return shipment_id(receipt.document_id, 0)


def sold(node: OneNode, party: Party, receiver: Party, key: bytes) -> bytes:
    terms = (receiver.packed, b"", ShipPurpose.SALE, 1, 0, b"", ())
    return do(node, party, Ship(node.head(party), (key,), *terms))


def take(node: OneNode, party: Party, shipment: bytes) -> None:
    do(node, party, Receive(node.head(party), shipment, ReceiveMode.ALL, ()))


def begun() -> tuple[OneNode, bytes]:
    """A wholesaler received one pack of two and claims the other; with what it came."""
    node = OneNode()
    do(node, MAKER, node.commission(["A1", "A2"]))
    shipment = sold(node, MAKER, WHOLESALER, SENT)
    take(node, WHOLESALER, shipment)
    do(node, WHOLESALER, ClaimOverage(node.head(WHOLESALER), shipment, (EXTRA,)))
    return node, shipment


def seen(node: OneNode) -> ItemView:
    with node.store.snapshot() as snapshot:
        return Custody(snapshot).item(EXTRA)


def steps(node: OneNode) -> tuple[StepView, ...]:
    with node.store.snapshot() as snapshot:
        found = item_journey(snapshot, Custody(snapshot), EXTRA)
    assert found is not None
    return found.steps


def test_a_claim_is_seen_with_the_item_and_ends_with_the_late_receipt() -> None:
    node, shipment = begun()
    (hold,) = seen(node).holds
    assert (hold.kind, hold.set_by) == ("claimed", WHOLESALER.gln)
    assert node.record(MAKER, sale_to_a_pharmacy(node)).code == "on_hold"
    take(node, WHOLESALER, sold(node, MAKER, WHOLESALER, EXTRA))
    assert seen(node).holds == ()
    made, claimed, shipped, received = steps(node)
    assert [step.kind for step in (made, shipped, received)] == ["commission", "ship", "receive"]
    assert (claimed.kind, claimed.partner.gln) == ("claim_overage", WHOLESALER.gln)
    assert claimed.details["shipment"] == shipment.hex()
    assert shipped.details["answers_claim"] is True


def sale_to_a_pharmacy(node: OneNode) -> Record:
    terms = (PHARMACY.packed, b"", ShipPurpose.SALE, 1, 0, b"", ())
    return Ship(node.head(MAKER), (EXTRA,), *terms)


def test_the_journey_says_how_a_claim_ended() -> None:
    node, _shipment = begun()
    do(node, WHOLESALER, EndOverage(node.head(WHOLESALER), OverageEnd.SENT_BACK, (EXTRA,)))
    assert [hold.kind for hold in seen(node).holds] == ["quarantined"]
    last = steps(node)[-1]
    assert (last.kind, last.details["end"]) == ("end_overage", "sent_back")


def test_a_claim_is_part_of_the_history_of_its_shipment() -> None:
    node, shipment = begun()
    with node.store.snapshot() as snapshot:
        kinds = [type(one.record).__name__ for one in Happenings(snapshot).of_shipment(shipment)]
    assert kinds[-1] == "ClaimOverage"


def test_the_holder_is_alerted_to_a_claim_and_to_its_end() -> None:
    node, _shipment = begun()
    do(node, WHOLESALER, EndOverage(node.head(WHOLESALER), OverageEnd.SENT_BACK, (EXTRA,)))
    with node.store.snapshot() as snapshot:
        happenings, alerts = Happenings(snapshot), Journeys(snapshot).alerts_of(1, None, 10)
        events = [happenings.at(touch).event for touch in alerts]
    kinds = [event.kind for event in events if event is not None]
    assert kinds == [EventKind.OVERAGE_ENDED, EventKind.OVERAGE_CLAIMED]
