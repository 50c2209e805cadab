"""A manufacturer's own file becomes custody: the public EPCIS example of a direct purchase under the DSCSA.

It runs on the file itself, from $PACKTRAIL_PUBLIC_DATA; without it, these tests are skipped and say so.
"""

import http.client
import os
from collections import Counter
from pathlib import Path

import pytest

from contracts.gs1.dates import format_timestamp, parse_timestamp
from node.storage.references import KeptReference, reference_hash
from tests.testnet.client import until
from tests.testnet.running import MANIFESTS, Ended, Running, packtrail

FOLDER = Path(os.environ.get("PACKTRAIL_PUBLIC_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = (
    FOLDER / "openepcis" / "1.2" / "EPCIS" / "XML" / "Capture" / "Documents"
) / "GS1_US_Pharma_Example_2_2_1_1.xml"
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason=f"no public file {FILE.name}: set PACKTRAIL_PUBLIC_DATA"
)

MAKER, WHOLESALER = "0300011111116", "0399999999991"
WAREHOUSE = "0399993456780"
PALLET = "(00)403000112345678901"
PACKS = [f"(01)00300010123455(21){serial}" for serial in range(11, 23)]
DEADLINE_MS = 10 * 86_400_000
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


def capture(network: Running, node: str) -> Ended:
    """Capture the file at a node, as its operator does."""
    arguments = ("capture", FILE, "--profile", f"{network.folder.root.name}/{node}", "--output", "json")
    return packtrail(*arguments, state=network.state)


def shipments(network: Running, node: str, document: str) -> list[str]:
    """Return the shipments of a node's partner that a document announced."""
    found = network.client(node).get("/v1/shipments", state="all")["shipments"]
    return [entry["shipment"] for entry in found if entry["announced"]["document"] == document]


@pytest.fixture(scope="module")
def captured(pharma_made: Running) -> dict[str, object]:
    """The file is captured at the maker's node: what the command printed."""
    pharma_made.make_whole()
    done = capture(pharma_made, "maker")
    assert done.code == 0, done.err
    (found,) = done.json
    return found


@pytest.fixture
def shipment(pharma: Running, captured: dict[str, object]) -> str:
    """The shipment that it announced, known to every node."""
    (document,) = captured["documents"]
    for name in pharma.validators:
        pharma.wait_for_height(name, document["height"])
    (found,) = shipments(pharma, "wholesaler", document["document"])
    return found


def test_every_event_becomes_its_records(pharma: Running, captured: dict[str, object]) -> None:
    assert [(event["outcome"], tuple(event["records"])) for event in captured["events"]] == [
        ("records", names) for names in EVENTS
    ]
    (entry,) = captured["documents"]
    assert (entry["status"], entry["code"]) == ("committed", "accepted")
    document = pharma.client("maker").document(entry["document"])
    records = document["records"]
    kinds = Counter(record["record"] for record in records)
    assert kinds == {"commission": 2, "commission_logistic_units": 1, "pack": 4, "ship": 1}
    assert [len(record["serials"]) for record in records[:2]] == [12, 3]
    assert records[5]["ssccs"] == [PALLET]
    moved = [event for event in document["events"] if event["kind"] == "moved"]
    assert sum(event["item_count"] for event in moved) == 3


def test_the_shipment_is_a_sale_with_a_deadline_and_salted_references(
    pharma: Running, captured: dict[str, object], shipment: str
) -> None:
    identifier = captured["documents"][0]["document"]
    found = pharma.client("stranger").get(f"/v1/shipments/{shipment}")
    assert (found["sender"], found["receiver"], found["destination"]) == (MAKER, WHOLESALER, WAREHOUSE)
    assert (found["purpose"], found["ownership_passes"]) == ("sale", True)
    assert found["items"] == [PALLET]
    own, other = (pharma.client(name).document(identifier) for name in ("maker", "wholesaler"))
    announced_ms = parse_timestamp(own["time"])
    assert parse_timestamp(found["deadline"]) == announced_ms + DEADLINE_MS
    plain, salted = (document["records"][7]["references"] for document in (own, other))
    assert [(entry["type"], entry["value"]) for entry in plain] == [
        ("po", "urn:epcglobal:cbv:bt:0399999999991:XYZPO189"),
        ("desadv", "urn:epcglobal:cbv:bt:0300011111215:DEL100"),
    ]
    # What the maker's own node kept to itself is on the ledger as a hash only.
    assert [entry.keys() for entry in salted] == [{"hash"}, {"hash"}]
    kept = [KeptReference(entry["type"], entry["value"], bytes.fromhex(entry["salt"])) for entry in plain]
    assert [entry["hash"] for entry in salted] == [reference_hash(entry).hex() for entry in kept]


def test_the_network_lives_in_its_own_time(pharma: Running, captured: dict[str, object]) -> None:
    """Its clock began on 1 April 2023, and a restart does not set it back."""
    before_ms = pharma.client("stranger").now_ms()
    pharma.stop("stranger")
    pharma.start("stranger")
    assert before_ms < pharma.client("stranger").now_ms() < parse_timestamp("2023-04-02T00:00:00Z")


def test_posted_again_nothing_is_added(pharma: Running, shipment: str) -> None:
    """Not even to a node that has died in between: what it knows, it knows from its disk."""
    maker = pharma.client("maker")
    pharma.kill("maker")
    pharma.start("maker")
    before = maker.get("/v1/status")["app_hash"]
    done = capture(pharma, "maker")
    assert done.code == 0, done.err
    (found,) = done.json
    assert {event["outcome"] for event in found["events"]} == {"already_recorded"}
    assert found["documents"] == []
    assert maker.get("/v1/status")["app_hash"] == before


def test_the_buyer_drafts_a_receipt_and_a_stranger_cannot_receive(pharma: Running, shipment: str) -> None:
    before = pharma.client("wholesaler").get("/v1/status")["app_hash"]
    done = capture(pharma, "wholesaler")
    assert done.code == 0, done.err
    (found,) = done.json
    (draft,) = found["drafts"]
    assert found["documents"] == []
    assert {event["outcome"] for event in found["events"]} <= {"already_recorded", "draft"}
    (record,) = pharma.client("wholesaler").get(f"/v1/drafts/{draft}")["records"]
    assert (record["record"], record["shipment"]) == ("receive", shipment)
    assert pharma.client("wholesaler").get("/v1/status")["app_hash"] == before
    # A draft is on no ledger, but on this node's disk.
    pharma.kill("wholesaler")
    pharma.start("wholesaler")

    stranger = pharma.client("stranger")
    receipt = {
        "record": "receive",
        "at": format_timestamp(stranger.now_ms()),
        "shipment": shipment,
        "mode": "all",
    }
    reply = stranger.submit([receipt])
    assert (reply.status, reply.code) == (http.client.CONFLICT, "not_receiver")
    assert stranger.item(PACKS[0])["holder"] == MAKER

    profile = ("--profile", "us-pharma/wholesaler", "--yes", "--output", "json")
    done = packtrail("draft", "confirm", draft, *profile, state=pharma.state)
    assert done.code == 0, done.err
    pharma.start("regulator")
    for name in pharma.names("validator", "observer"):
        client = pharma.client(name)
        until(
            lambda client=client: client.item(PACKS[0])["holder"] == WHOLESALER,
            f"{name} sees that the wholesaler holds the packs",
        )
        assert {client.item(pack)["owner"] for pack in PACKS} == {WHOLESALER}


def test_three_years_later_the_goods_have_expired(tmp_path: Path) -> None:
    """The clock is the network's: what was fine in 2023 is refused in 2026, and the file is told where."""
    text = (MANIFESTS / "us-pharma.toml").read_text()
    head, *nodes = text.split("[[nodes]]")
    late = head.replace("2023-04-01T09:00:00Z", "2026-01-01T00:00:00Z").replace('"us-pharma"', '"us-late"')
    manifest = tmp_path / "us-late.toml"
    manifest.write_text(f"{late}[[nodes]]{nodes[0]}")
    network = Running.of(tmp_path, "us-late")
    try:
        done = packtrail("testnet", "up", "--manifest", manifest, state=tmp_path)
        assert done.code == 0, done.err
        done = capture(network, "maker")
        assert done.code == 4, done
        assert done.json == []
        assert "expired" in done.err
        assert "A123" in done.err
        assert "event 0" in done.err
        assert network.client("maker").item(PALLET)["known"] is False
    finally:
        network.close()
