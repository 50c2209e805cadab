"""Rule g: what an event says beyond the law is kept by its hash, in the clear on this node alone."""

import json
from collections.abc import Sequence

import msgspec
import pytest

from contracts.primitives.hashing import ATTACHMENT
from node.epcis.recorder import Handed, Offer
from node.storage.references import find_references, reference_hash
from node.storage.store import BUNDLES, LOCAL, STATE, Space
from tests.support.gateway import Desk
from tests.support.ledger import pallet_key
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records
from tests.unit.node.epcis.files import (
    aggregated,
    case,
    commissioned,
    file,
    observed,
    packs,
    pallet,
    production,
    shipped,
)

HEADER = {
    "epcisHeader": {
        "epcisMasterData": {
            "vocabularyList": [{"type": "urn:epcglobal:epcis:vtype:Location", "vocabularyElementList": []}]
        }
    },
    "instanceIdentifier": "FILE-2026-0917",
}
MEASURED = [{"sensorReport": [{"type": "Temperature", "value": 6.1, "uom": "CEL"}]}]


def local_rows(desk: Desk) -> dict[bytes, bytes]:
    """Return everything that the node keeps for itself."""
    return dict(Space(desk.node.store, LOCAL).scan(limit=10_000).rows)


def kept(desk: Desk, attachment: bytes) -> tuple[bytes, bytes]:
    """Return the event and its file's header that stand behind a hash on a record."""
    rows = local_rows(desk)
    event_row = rows[b"a" + attachment]
    assert ATTACHMENT.hash(event_row) == attachment
    _salt, header_hash, event = msgspec.msgpack.decode(event_row)
    header_row = rows[b"f" + header_hash]
    assert ATTACHMENT.hash(header_row) == header_hash
    _salt, header = msgspec.msgpack.decode(header_row)
    return event, header


async def test_an_events_own_data_and_its_files_header_are_kept_under_the_records_hash():
    desk = await made()
    seen = observed(
        "inspecting",
        [pallet(1)],
        7,
        MAKER,
        eventID="urn:uuid:6f1f0b6e-0c0e-4d3c-9f0e-0d1c2b3a4f5e",
        sensorElementList=MEASURED,
        **{"ours:inspector": "Ms Fischer"},
    )
    assert outcomes(await desk.post(file(seen, **HEADER), MAKER)) == ["records"]
    (record,) = records(desk)
    (attachment,) = record.head.attachments
    event, header = map(json.loads, kept(desk, attachment))
    assert event["event_id"] == seen["eventID"]
    assert header["instance_identifier"] == "FILE-2026-0917"
    assert header["events"] == []
    everywhere = [row for space in (STATE, BUNDLES) for row in desk.node.store.scan(space, limit=10_000).rows]
    for own in (b"Fischer", b"FILE-2026", b"6f1f0b6e"):
        assert not any(own in value for _key, value in everywhere)


async def test_events_without_a_record_are_kept_too():
    desk = await made()
    before = local_rows(desk)
    await post(desk, MAKER, observed("holding", [pallet(1)], 7, MAKER))
    fresh = local_rows(desk).keys() - before.keys()
    # The header is that of the file before, and kept with that.
    assert [key[:1] for key in fresh] == [b"a"]


async def test_what_is_posted_twice_is_kept_once():
    desk = Desk()
    data = file(*production(), shipped([pallet(1)], MAKER, WHOLESALER), **HEADER)
    await desk.post(data, MAKER)
    await desk.post(file(observed("holding", [pallet(1)], 7, MAKER), **HEADER), MAKER)
    before = local_rows(desk)
    await desk.post(data, MAKER)
    await desk.post(file(observed("holding", [pallet(1)], 7, MAKER), **HEADER), MAKER)
    assert local_rows(desk) == before


async def test_nothing_of_a_file_that_falls_is_kept():
    desk = await made()
    before = local_rows(desk)
    seen = observed("storing", [pallet(1)], 7, MAKER)
    result = await post(desk, MAKER, seen, aggregated("ADD", case("C1"), packs(1, 9), 8))
    assert "rolled_back" in outcomes(result)
    assert local_rows(desk) == before


async def test_order_numbers_stand_on_the_ledger_as_salted_hashes():
    desk = await made()
    orders = [
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:0614141020003:PO-77"},
        {"type": "desadv", "bizTransaction": "urn:epcglobal:cbv:bt:0614141010004:D-1"},
    ]
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, bizTransactionList=orders))
    (ship,) = records(desk)
    found = find_references(desk.node.store, ship.references)
    assert [(entry.type, entry.value) for entry in found] == [
        (order["type"], order["bizTransaction"]) for order in orders
    ]
    assert len({entry.salt for entry in found}) == 2
    assert tuple(map(reference_hash, found)) == ship.references


async def test_the_same_order_number_hashes_differently_for_another_shipment():
    desk = await made()
    await recorded(desk, MAKER, aggregated("DELETE", pallet(1), [], 7), commissioned(packs(1, 9), 8))
    await recorded(desk, MAKER, shipped([case("C1")], MAKER, WHOLESALER))
    (first,) = records(desk)
    await recorded(desk, MAKER, shipped(packs(1, 9), MAKER, WHOLESALER))
    (second,) = records(desk)
    assert not set(first.references) & set(second.references)


async def test_the_nodes_secret_outlives_it():
    desk = await made()
    held = observed("holding", [pallet(1)], 7, MAKER)
    await post(desk, MAKER, held)
    before = local_rows(desk)
    desk.captures, desk.drafting = desk.open()
    await post(desk, MAKER, held)
    assert local_rows(desk) == before


async def test_of_a_document_that_is_refused_after_all_nothing_is_kept(monkeypatch: pytest.MonkeyPatch):
    desk = await made()
    before = local_rows(desk)
    recorder = desk.captures._recorder
    hand_in = recorder.hand_in

    async def overtaken(lane: bytes, offers: Sequence[Offer]) -> list[Handed]:
        await desk.record(MAKER, desk.node.ship(MAKER, WHOLESALER, [pallet_key(1)]))
        return await hand_in(lane, offers)

    monkeypatch.setattr(recorder, "hand_in", overtaken)
    assert outcomes(await post(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER))) == ["in_transit"]
    assert local_rows(desk) == before
