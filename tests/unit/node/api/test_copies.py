"""Copies of a document that another partner signs: its client is told of its own, by every way of asking."""

import asyncio

from cli.light import Trust, verify_proof
from contracts.chain.genesis import encode_genesis
from contracts.ledger.document import Document
from node.pool.held import PooledBundle
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import commission

NONCE = "00112233445566778899aabbccddeeff"


async def held_back(node: OneNode, api: Api) -> tuple[PooledBundle, Document]:
    """Take the author's bundle out of the pool: whoever saw it is quicker with a copy under its own key."""
    await api.until(lambda: bool(node.submissions.outstanding()))
    (made,) = node.submissions.outstanding()
    held = node.pool.get(made.bundle_id)
    assert held is not None
    node.pool.prune({made.header.lane: 99}, 0)
    return held, node.reader.read(made.data).documents[0]


async def test_a_copy_that_another_signs_answers_nobody() -> None:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon, parties=[MAKER])
    async with serving(node) as api:
        body = {"partner": MAKER.gln, "records": [commission("A1")], "nonce": NONCE}
        waiting = asyncio.create_task(api.post("/v1/documents?wait=commit", body, bearer="maker"))
        held, document = await held_back(node, api)
        copy = node.put(WHOLESALER, *document.records, nonce=document.nonce)
        node.produce()
        await api.settle()
        assert node.applied[-1].receipts[0].document_id == copy
        assert node.submissions.waiting == 1
        node.pool.add(held, node.chain.lanes)
        node.produce()
        reply = await waiting
        assert (reply.status, reply.json["height"], reply.json["code"]) == (200, 2, "accepted")
        shown = (await api.get(f"/v1/documents/{copy.hex()}", bearer="maker")).json
        assert (shown["partner"], shown["accepted"]) == (MAKER.gln, True)
        again = await api.post("/v1/documents", body, bearer="maker")
        assert (again.status, again.json["height"]) == (200, 2)


async def test_many_copies_before_it_do_not_answer_for_a_document() -> None:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon, parties=[MAKER])
    async with serving(node) as api:
        body, headers = {"records": [commission("A1")]}, {"Idempotency-Key": "k-1"}
        path = "/v1/documents?wait=commit"
        waiting = asyncio.create_task(api.post(path, body, headers=headers, bearer="maker"))
        held, document = await held_back(node, api)
        for _ in range(70):
            node.put(WHOLESALER, *document.records, nonce=document.nonce)
            node.produce()
            await api.settle()
        node.pool.add(held, node.chain.lanes)
        node.produce()
        first = await waiting
        assert (first.status, first.json["height"], first.json["code"]) == (200, 71, "accepted")
        node.produce()
        await api.settle()
        again = await api.post(path, body, headers=headers, bearer="maker")
        assert (again.status, again.body) == (200, first.body)
        assert node.submissions.waiting == 0
        shown = (await api.get(f"/v1/documents/{first.json['document']}", bearer="maker")).json
        assert (shown["partner"], shown["height"], shown["accepted"]) == (MAKER.gln, 71, True)
        proof = await api.get(f"/v1/documents/{first.json['document']}/proof", bearer="maker")
        trust = Trust.from_genesis(encode_genesis(node.genesis))
        assert verify_proof(trust, proof.body).receipt.code == "accepted"
