"""Index rows of documents of any size that the law lets stand."""

from contracts.ledger.document import build_document
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.records.head import Head
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.mandates import Mandate
from contracts.records.record import Record
from contracts.rules.events import EventKind
from node.storage.journeys import IndexedDocument, Journeys, Touch, journey_entries
from node.storage.memory import MemoryStore
from tests.support.parties import CARRIER, MAKER, PACK, WHOLESALER

HEAD = Head(1, 0, b"")


def indexed(*records: Record, events: tuple[Event, ...] = ()) -> Journeys:
    """Return the indices after one accepted document."""
    document = build_document(bytes(16), records)
    receipt = Receipt(bytes(32), ACCEPTED, 0, b"", events)
    store = MemoryStore()
    store.write(journey_entries(9, [IndexedDocument(3, document, receipt, 1)]), sync=True)
    return Journeys(store)


def test_a_document_may_lead_to_more_events_than_two_bytes_count() -> None:
    # A late record of what came with 20,000 shipments leads to four for each.
    received = Event(EventKind.SHIPMENT_RECEIVED, 0, (), b"shipment", ())
    unpacked = Event(EventKind.UNPACKED, 0, (b"item",), b"case", ())
    found = indexed(Mandate(HEAD, CARRIER.packed, (6,), (), 9), events=(*(received,) * 70_000, unpacked))
    assert found.item(b"item", 10) == [Touch(9, 3, 0, 70_001)]


def test_what_a_mandate_or_a_lane_lists_is_no_item() -> None:
    lets = Mandate(HEAD, CARRIER.packed, (6,), (MAKER.place, b"x" * 300), 9)
    lane = SetTradeLane(HEAD, PACK, b"", (WHOLESALER.packed, b"x" * 300), 0, (), LaneStep.FLAG)
    assert indexed(lets, lane).item(MAKER.place, 10) == []
