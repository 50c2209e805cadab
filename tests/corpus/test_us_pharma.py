"""The GS1 US example of a direct purchase on a one-node ledger of the manifest that goes with it."""

from pathlib import Path

import pytest

from contracts.gs1.dates import parse_timestamp
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.rules.events import EventKind
from network.testnet.manifest import description_of, read_manifest
from node.epcis.outcome import FileResult
from node.storage.references import find_references
from tests.corpus.expected import data_folder
from tests.support.gateway import Desk, one_node_genesis
from tests.support.parties import Party

MANIFEST = Path(__file__).parents[2] / "network" / "testnet" / "manifests" / "us-pharma.toml"
FILE = "openepcis/1.2/EPCIS/XML/Capture/Documents/GS1_US_Pharma_Example_2_2_1_1.xml"

MAKER = Party("maker", "0300011111116", "0300011111215", ("maker",))
BUYER = Party("wholesaler", "0399999999991", "0399993456780", ("wholesaler",))
STRANGER = Party("stranger", "9521102000008", "9521102000015", ("wholesaler",))
PARTIES = (MAKER, BUYER, STRANGER)

PALLET = "(00)403000112345678901"
DAY_MS = 86_400_000
APRIL_2023 = parse_timestamp("2023-04-01T09:00:00Z")
JANUARY_2026 = parse_timestamp("2026-01-01T00:00:00Z")
EVENTS = [
    ("commission",),
    ("commission",),
    ("pack",),
    ("pack",),
    ("pack",),
    ("commission_logistic_units",),
    ("pack",),
    ("ship",),
]

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def file() -> bytes:
    path = data_folder() / FILE
    if not path.is_file():
        pytest.skip(f"no {path}: set PACKTRAIL_PUBLIC_DATA")
    return path.read_bytes()


def desk_at(time_ms: int) -> Desk:
    """Return a ledger of the manifest that begins at this time."""
    manifest = read_manifest(MANIFEST.read_bytes())
    return Desk(one_node_genesis(description_of(manifest), PARTIES, time_ms), PARTIES)


async def captured(file: bytes) -> tuple[Desk, FileResult]:
    desk = desk_at(APRIL_2023)
    return desk, await desk.post(file, MAKER)


def records_of(desk: Desk) -> tuple[Record, ...]:
    """Return the records of the first block."""
    (bundle,) = desk.node.applied[0].bundles
    (document,) = bundle.documents
    return document.records


async def test_every_event_becomes_its_records(file):
    desk, result = await captured(file)
    assert [event.records for event in result.events] == EVENTS
    (document,) = result.documents
    assert (document.status, document.receipt.code) == ("committed", "accepted")
    packs, cases, *_packed, _units, _loaded, ship = records_of(desk)
    assert (len(packs.serials), len(cases.serials)) == (12, 3)
    moved = [event for event in document.receipt.events if event.kind == EventKind.MOVED]
    # The three cases were packed at the plant, and go onto the pallet at the distribution centre.
    assert [len(event.items) for event in moved] == [3]
    assert isinstance(ship, Ship)
    assert (ship.purpose, ship.ownership_passes) == (ShipPurpose.SALE, 1)
    assert (ship.receiver, ship.destination) == (BUYER.packed, BUYER.place)
    kept = find_references(desk.node.store, ship.references)
    assert [reference.type for reference in kept] == ["po", "desadv"]
    assert kept[0].value.endswith(":XYZPO189")


async def test_the_shipment_is_due_in_the_profiles_days(file):
    desk, result = await captured(file)
    custody = desk.custody()
    pallet = custody.item(desk.node.applied[0].bundles[0].documents[0].records[-1].items[0])
    assert (pallet.item, pallet.in_transit, pallet.holder) == (PALLET, True, MAKER.gln)
    shipment = custody.shipment(bytes.fromhex(pallet.shipment))
    due_ms = parse_timestamp(shipment.deadline)
    assert due_ms == desk.node.applied[0].tip.time_ms + 10 * DAY_MS
    assert result.drafts == ()


async def test_a_stranger_cannot_receive_and_the_buyer_can(file):
    desk, result = await captured(file)
    shipment = shipment_id(result.documents[0].document_id, len(EVENTS) - 1)
    taken = (shipment, ReceiveMode.ALL, ())
    with pytest.raises(AssertionError, match="not_receiver"):
        await desk.record(STRANGER, Receive(Head(desk.node.wall.ms, -300, b""), *taken))
    await desk.record(BUYER, Receive(Head(desk.node.wall.ms, -300, BUYER.place), *taken))
    ship = records_of(desk)[-1]
    assert desk.custody().item(ship.items[0]).owner == BUYER.gln


async def test_posted_again_it_adds_nothing(file):
    desk, _result = await captured(file)
    before = (desk.node.chain.tip.height, desk.node.chain.tip.app_hash)
    again = await desk.post(file, MAKER)
    assert {event.outcome for event in again.events} == {"already_recorded"}
    assert (desk.node.chain.tip.height, desk.node.chain.tip.app_hash) == before


async def test_at_the_buyers_node_it_is_a_draft_and_no_shipment(file):
    desk = desk_at(APRIL_2023)
    result = await desk.post(file, BUYER)
    assert [event.outcome for event in result.events] == ["attached"] * 7 + ["draft"]
    assert (result.documents, desk.node.chain.tip.height) == ((), 0)
    (draft,) = await desk.drafting.drafts()
    assert draft.records == ()
    # The maker's own node announces it: the draft has its receipt.
    await desk.post(file, MAKER)
    (draft,) = await desk.drafting.drafts()
    assert [record.mode for record in draft.records] == [ReceiveMode.ALL]
    confirmed = await desk.drafting.confirm(draft.id, wait=True)
    assert [event.outcome for event in confirmed.events] == ["records"]


async def test_in_2026_its_lot_has_expired(file):
    desk = desk_at(JANUARY_2026)
    result = await desk.post(file, MAKER)
    first = result.events[0]
    assert (first.index, first.code, first.field) == (0, "expired", "ilmd.itemExpirationDate")
    assert "lot A123" in first.reason
    assert "2025-03-27" in first.reason
    assert {event.outcome for event in result.events} == {"refused", "rolled_back"}
    assert (result.documents, desk.node.chain.tip.height) == ((), 0)
