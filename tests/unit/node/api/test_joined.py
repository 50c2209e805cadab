"""What a node that began with a snapshot answers: the state whole, the past only as far as it has it."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest

from contracts.records.custody import shipment_id
from node.storage.errors import StorageDamaged
from node.storage.head import Head
from tests.support import ledger
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import LOT, MAKER, PACK_GTIN, WHOLESALER, build_test_genesis
from tests.support.snapshots import VALIDATORS, Holder, Late
from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import pack_text
from tests.unit.node.api.test_recalls import opening
from tests.unit.node.host.test_snapshots import follow

BASE = 5
SHIPMENTS: dict[str, str] = {}


@pytest.fixture
async def api(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    """A1 and B1 were made, and B1 sold, before the snapshot; after it A1 is sold, and N1 is made and sold."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)), interval=BASE)
    node = holder.node
    node.record(MAKER, node.commission(["A1", "B1"]))
    early = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("B1")])).document_id
    for _block in range(BASE - 2):
        node.produce()
    late = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A1")])).document_id
    node.record(MAKER, node.commission(["N1"]))
    node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("N1")]))
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment_id(early, 0)))
    node.record(MAKER, opening(node))
    SHIPMENTS.update(early=shipment_id(early, 0).hex(), late=shipment_id(late, 0).hex(), document=early.hex())
    holder.vouched_by(1)
    joined = Late(node, {"alder": holder.answer})
    assert isinstance(joined.run(), Head)
    follow(joined, holder)
    monkeypatch.setattr(ledger, "MemoryStore", lambda: joined.store)
    async with serving(OneNode(node.genesis)) as served:
        yield served
        assert served.damage == []


def item(serial: str, tail: str = "") -> str:
    return f"/v1/items/{quote(pack_text(serial), safe='')}{tail}"


async def test_every_answer_says_from_where_the_history_is_here(api: Api) -> None:
    for path in ("/v1/status", "/v1/blocks", "/v1/blocks/2", item("A1")):
        assert (await api.get(path)).headers["Packtrail-History-From"] == str(BASE + 1)
    assert (await api.get("/v1/status")).json["history_from"] == BASE + 1


async def test_the_state_is_whole(api: Api) -> None:
    old, new = await api.get(item("B1")), await api.get(item("N1"))
    assert (old.json["holder"], old.json["born"]["document"]) == (WHOLESALER.gln, "")
    assert (old.json["born"]["height"], new.json["born"]["height"]) == (1, BASE + 2)
    assert len(new.json["born"]["document"]) == 64


async def test_a_journey_is_told_whole_or_not_at_all(api: Api) -> None:
    for serial in ("A1", "B1"):
        reply = await api.get(item(serial, "/journey"))
        assert (reply.status, reply.code, reply.json["history_from"]) == (404, "history_not_here", BASE + 1)
    steps = (await api.get(item("N1", "/journey"))).json["steps"]
    assert len(steps) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/v1/blocks/1",
        f"/v1/blocks/{BASE}",
        "/v1/shipments/{early}",
        "/v1/documents/{document}",
        "/v1/documents/{document}/proof",
        f"/v1/documents/{'ab' * 32}",
        f"/v1/lots/{PACK_GTIN}/{LOT.decode()}",
        f"/v1/lots/{PACK_GTIN}/{LOT.decode()}/excursions",
        f"/v1/alerts?partner={MAKER.gln}",
        "/v1/events?from=1",
        f"/v1/events?from={BASE}.0.0",
    ],
)
async def test_what_lies_before_or_sums_it_up_is_not_here(api: Api, path: str) -> None:
    reply = await api.get(path.format(**SHIPMENTS))
    assert (reply.status, reply.code) == (404, "history_not_here"), reply.body
    assert reply.json["history_from"] == BASE + 1


async def test_the_books_of_a_recall_are_not_summed_up_with_parts_missing(api: Api) -> None:
    (recall,) = (await api.get("/v1/recalls")).json["recalls"]
    for tail in ("", "/books", "/partners", "/items"):
        reply = await api.get(f"/v1/recalls/{recall['recall']}{tail}")
        assert (reply.status, reply.code) == (404, "history_not_here"), (tail, reply.body)


async def test_what_came_since_is_here(api: Api) -> None:
    assert (await api.get("/v1/shipments/{late}".format(**SHIPMENTS))).status == 200
    page = (await api.get("/v1/blocks?limit=100")).json
    assert [block["height"] for block in page["blocks"]] == [10, 9, 8, 7, 6]
    assert page["next"] is None
    block = (await api.get(f"/v1/blocks/{BASE + 1}")).json
    document = block["documents"][0]["document"]
    assert (await api.get(f"/v1/documents/{document}/proof")).status == 200


async def test_a_lost_block_is_still_damage(api: Api) -> None:
    key = api.node.store.scan(b"\x05", limit=1).rows[0][0]
    api.node.store.write([(key, None)], sync=True)
    assert (await api.get(f"/v1/blocks/{BASE + 1}")).code == "storage_failed"
    assert isinstance(api.damage.pop(), StorageDamaged)
