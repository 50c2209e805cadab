"""What docs/first-network.md tells a newcomer to send does what it says there."""

import re
from pathlib import Path

import msgspec
import pytest

from contracts.gs1.dates import parse_timestamp
from contracts.ledger.receipt import Receipt
from network.testnet.manifest import description_of, read_manifest
from node.api.promises import Secret
from node.api.record_forms import DocumentForm
from node.api.records_json import read_document
from tests.support.gateway import Desk, one_node_genesis
from tests.support.parties import Party

ROOT = Path(__file__).parents[3]
MAKER = Party("maker", "0300011111116", "0300011111116", ("maker",))
WHOLESALER = Party("wholesaler", "0399999999991", "0399993456780", ("wholesaler",))
PHARMACY = Party("pharmacy", "9521104000006", "9521104000013", ("dispenser",))
PARTIES = (MAKER, WHOLESALER, PHARMACY)


@pytest.fixture
async def desk() -> Desk:
    manifest = read_manifest((ROOT / "network/testnet/manifests/us-pharma.toml").read_bytes())
    start = parse_timestamp("2023-04-01T09:00:00Z")
    return Desk(one_node_genesis(description_of(manifest), PARTIES, start), PARTIES)


def shown(kind: str, shipment: str = "") -> DocumentForm:
    """Return the page's document with a record of this kind."""
    page = (ROOT / "docs/first-network.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (text,) = (block for block in blocks if f'"record": "{kind}"' in block)
    return msgspec.json.decode(text.replace("SHIPMENT", shipment), type=DocumentForm)


async def submit(desk: Desk, party: Party, form: DocumentForm) -> Receipt:
    return await desk.record(party, *read_document(form, Secret(bytes(32))).document.records)


async def test_the_pack_goes_from_its_maker_to_a_patient(desk: Desk) -> None:
    file = (ROOT / "docs/shipment.json").read_bytes()
    sold = await desk.post(file, MAKER)
    assert [event.records for event in sold.events] == [("commission",), ("ship",)]
    announced = await desk.post(file, WHOLESALER)
    assert [event.outcome for event in announced.events] == ["already_recorded", "draft"]
    with pytest.raises(AssertionError, match="not_holder"):
        await submit(desk, PHARMACY, shown("dispense"))
    (draft,) = announced.drafts
    await desk.drafting.confirm(draft, wait=True)
    receipt = await submit(desk, WHOLESALER, shown("ship"))
    await submit(desk, PHARMACY, shown("receive", receipt.events[0].subject.hex()))
    await submit(desk, PHARMACY, shown("dispense"))
    with pytest.raises(AssertionError, match="already_supplied"):
        await submit(desk, WHOLESALER, shown("ship"))
