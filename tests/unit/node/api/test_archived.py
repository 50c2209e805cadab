"""What a node answers whose old blocks are in an archive: clearly, and never with less than all of it."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from contracts.records.custody import shipment_id
from contracts.records.holds import Suspect, SuspectGround
from contracts.records.recall import OpenRecall
from node.archive.folder import ArchiveFolder
from node.archive.restoring import restore
from node.storage.history import History
from node.storage.memory_files import MemoryFiles
from tests.support.archives import prune, rows_of
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import LOT, MAKER, PACK_GTIN, WHOLESALER, build_test_genesis, lane_key
from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import pack_text
from tests.unit.node.api.test_recalls import opening

ARCHIVED = 4
"""Up to this height."""
KNOWN: dict[str, str] = {}
NEEDS_CONTENTS = (
    "/v1/items/{old}/journey",
    "/v1/shipments/{early}",
    "/v1/documents/{document}",
    "/v1/documents/{document}/proof",
    f"/v1/lots/{PACK_GTIN}/{LOT.decode()}",
    "/v1/recalls/{recall}/books",
    "/v1/recalls/{recall}/partners",
    "/v1/recalls/{recall}/items",
    "/v1/events?from=1",
    "/v1/events?from=4.0.0",
)


def story() -> OneNode:
    """A1 and B1 are made, and B1 sold, up to height 4; then A1 is sold, B1 received, and the lot recalled."""
    node = OneNode(build_test_genesis(validators=4))
    node.record(MAKER, node.commission(["A1", "B1"]))
    early = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("B1")])).document_id
    node.produce()
    waiting = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A1")])).document_id
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment_id(early, 0)))
    node.record(MAKER, node.commission(["N1"]))
    late = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("N1")])).document_id
    opened = opening(node)
    assert isinstance(opened, OpenRecall)
    node.record(MAKER, opened)
    node.record(WHOLESALER, Suspect(node.head(WHOLESALER), SuspectGround.DIVERTED, (pack_key("B1"),)))
    node.produce()
    KNOWN.update(
        early=shipment_id(early, 0).hex(),
        waiting=shipment_id(waiting, 0).hex(),
        late=shipment_id(late, 0).hex(),
        document=early.hex(),
        old=quote(pack_text("B1"), safe=""),
    )
    return node


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    node = story()
    async with serving(node) as whole:
        (recall,) = (await whole.get("/v1/recalls")).json["recalls"]
        KNOWN["recall"] = recall["recall"]
        assert (await whole.get("/v1/status")).json["bodies_from"] == 1
        for path in NEEDS_CONTENTS[:-2]:
            assert (await whole.get(path.format(**KNOWN))).status == 200, path
    prune(node.store, node.genesis, MemoryFiles(), ARCHIVED)
    async with serving(node) as served:
        yield served
        assert served.damage == []


async def test_the_status_says_from_where_on_contents_are_here(api: Api) -> None:
    status = (await api.get("/v1/status")).json
    assert (status["history_from"], status["bodies_from"]) == (1, ARCHIVED + 1)
    assert "Packtrail-History-From" not in (await api.get("/v1/blocks")).headers


@pytest.mark.parametrize("path", NEEDS_CONTENTS)
async def test_what_needs_archived_contents_says_so_and_names_the_height(api: Api, path: str) -> None:
    reply = await api.get(path.format(**KNOWN))
    assert (reply.status, reply.code) == (410, "archived"), (path, reply.body)
    assert 0 < reply.json["height"] <= ARCHIVED
    assert reply.json["archived_to"] == ARCHIVED
    assert f"block {reply.json['height']} is needed" in reply.json["detail"]
    assert "packtrail archive restore" in reply.json["what_to_do"]


async def test_blocks_verdicts_and_state_are_all_here(api: Api) -> None:
    page = (await api.get("/v1/blocks?limit=100")).json
    assert [block["height"] for block in page["blocks"]] == list(range(10, 0, -1))
    block = (await api.get("/v1/blocks/2")).json
    assert block["documents"] == [{"document": KNOWN["document"], "code": "accepted"}]
    assert [bundle["partner"] for bundle in block["bundles"]] == [MAKER.gln]
    item = (await api.get("/v1/items/{old}".format(**KNOWN))).json
    assert (item["holder"], item["born"]["height"], len(item["born"]["document"])) == (WHOLESALER.gln, 1, 64)


async def test_shipments_duties_and_alerts_are_listed_whole(api: Api) -> None:
    found = (await api.get(f"/v1/shipments?partner={WHOLESALER.gln}&state=all")).json["shipments"]
    assert [one["shipment"] for one in found] == [KNOWN["late"], KNOWN["waiting"], KNOWN["early"]]
    assert found[-1]["announced"] == {"height": 2, "document": KNOWN["document"]}
    waiting = (await api.get(f"/v1/alerts?partner={WHOLESALER.gln}")).json["clocks"]
    assert {KNOWN["late"], KNOWN["waiting"]} <= {clock["about"] for clock in waiting}
    alerts = (await api.get(f"/v1/alerts?partner={MAKER.gln}")).json
    assert [alert["partner"] for alert in alerts["alerts"]] == [WHOLESALER.gln]
    assert "answer_suspicion" in {clock["duty"] for clock in alerts["clocks"]}
    prune(api.node.store, api.node.genesis, MemoryFiles(), 9)
    archived = (await api.get(f"/v1/alerts?partner={MAKER.gln}")).json
    assert archived["alerts"] == [{**alert, "partner": ""} for alert in alerts["alerts"]]
    assert archived["clocks"] == alerts["clocks"]
    assert (await api.get(f"/v1/alerts?partner={WHOLESALER.gln}")).json["clocks"] == waiting


async def test_what_came_since_is_answered_and_proven(api: Api) -> None:
    assert (await api.get("/v1/shipments/{late}".format(**KNOWN))).status == 200
    block = (await api.get(f"/v1/blocks/{ARCHIVED + 1}")).json
    document = block["documents"][0]["document"]
    assert (await api.get(f"/v1/documents/{document}")).status == 200
    assert (await api.get(f"/v1/documents/{document}/proof")).status == 200
    assert (await api.get(f"/v1/documents/{'ab' * 32}")).code == "unknown_document"
    journey = await api.get(f"/v1/items/{quote(pack_text('N1'), safe='')}/journey")
    assert len(journey.json["steps"]) == 2


async def test_the_chain_goes_on(api: Api) -> None:
    api.node.record(MAKER, api.node.commission(["Z1"]))
    assert (await api.get("/v1/status")).json["height"] == 11


async def test_with_its_archive_back_everything_is_answered() -> None:
    node, files = story(), MemoryFiles()
    before = rows_of(node.store)
    prune(node.store, node.genesis, files, ARCHIVED)
    restore(node.store, node.genesis, ArchiveFolder(files), 1, lambda _height: None)
    assert rows_of(node.store) == before


async def test_a_request_that_is_sent_again_is_answered_as_before(api: Api) -> None:
    """An idempotent request finds its document, whose verdict is here, though its bytes are archived."""
    place = History(api.node.store).find_place(bytes.fromhex(KNOWN["document"]), lane_key(MAKER).public_key)
    assert place is not None
    assert (place.height, place.receipt) == (2, 0)
    assert History(api.node.store).find_place(bytes.fromhex(KNOWN["document"]), bytes(32)) is None
