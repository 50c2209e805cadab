"""Evidence over HTTP: whoever has genesis can check it."""

import msgspec
import pytest

from contracts.chain.evidence import DuplicateVote, Evidence, of_proposals, of_votes, verify_evidence
from contracts.chain.fork import FORKS, fork_of, verify_fork
from contracts.chain.genesis import validator_set
from contracts.chain.votes import (
    NIL,
    Proposal,
    Vote,
    VoteType,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from contracts.primitives import signing
from contracts.primitives.encoding import Decoder, encode
from contracts.records.changes import RemoveNode
from contracts.records.governance import ProposeChanges
from node.api.feed import Feed
from node.storage.evidence import KeptEvidence, keep_evidence
from node.storage.forks import KeptFork, Settled, keep_fork, settle
from tests.support.evidence import two_proposals, two_votes
from tests.support.ledger import OneNode
from tests.support.parties import PARTIES, build_test_genesis, validator_seed
from tests.unit.node.api.harness import Api, serving

GOVERNING = PARTIES[:4]
BLOCK = b"\7" * 32


def lies(api: Api) -> tuple[Evidence, Evidence]:
    """Two votes, and two proposals, of the only validator."""
    chain_id, seed = api.node.genesis.chain_id, validator_seed(0)
    cast = []
    for said in (NIL, BLOCK):
        signed = signing.sign(seed, vote_sign_bytes(chain_id, VoteType.PRECOMMIT, 3, 1, said))
        cast.append(Vote(VoteType.PRECOMMIT, 3, 1, said, 0, signed))
    made = []
    for round_ in (-1, 0):
        signed = signing.sign(seed, proposal_sign_bytes(chain_id, 4, 1, BLOCK, round_))
        made.append(Proposal(4, 1, BLOCK, round_, 0, signed))
    return of_votes(*cast), of_proposals(*made)


async def test_evidence_convicts_by_genesis_alone(api: Api) -> None:
    key = signing.public_key_of(validator_seed(0))
    pieces = lies(api)
    for piece in pieces:
        keep_evidence(api.node.store, KeptEvidence(key, api.node.genesis.time_ms, piece))
    reply = await api.get("/v1/evidence", "operator")
    assert reply.status == 200
    assert reply.json["chain_id"] == api.node.genesis.chain_id
    votes, proposals = reply.json["evidence"]
    assert (votes["validator"], votes["public_key"], votes["type"]) == ("node-0", key.hex(), "precommit")
    assert (votes["height"], votes["round"], votes["recorded_at"]) == (3, 1, None)
    assert [votes[name]["block_id"] for name in ("first", "second")] == ["", BLOCK.hex()]
    assert votes["first"]["valid_round"] is None
    assert (proposals["type"], proposals["height"]) == ("proposal", 4)
    assert [proposals[name]["valid_round"] for name in ("first", "second")] == [-1, 0]
    members = validator_set(api.node.genesis)
    decoder: Decoder[Evidence] = Decoder(Evidence)
    for shown, piece in zip((votes, proposals), pieces, strict=True):
        found = decoder.decode(bytes.fromhex(shown["evidence"]))
        assert found == piece
        assert verify_evidence(reply.json["chain_id"], members, found)
        assert shown["first"]["signature"] == found.first.signature.hex()
    assert isinstance(pieces[0], DuplicateVote)


@pytest.mark.parametrize("bearer", ["maker", "own"])
async def test_a_partner_alone_does_not_see_it(api: Api, bearer: str) -> None:
    assert (await api.get("/v1/evidence", bearer)).code == "forbidden"


async def test_a_fork_is_shown_with_its_proof(api: Api) -> None:
    assert (await api.get("/v1/evidence", "operator")).json["fork"] is None
    node = api.node
    node.produce()
    height = node.ledger.tip.height
    own = node.ledger.blocks.commit_of(height)
    assert own is not None
    proof = fork_of(own, node.commit(height, BLOCK))
    keep_fork(node.store, KeptFork(node.genesis.time_ms, proof))
    fork = (await api.get("/v1/evidence", "operator")).json["fork"]
    assert (fork["height"], fork["convicted"], fork["suspected"], fork["settled"]) == (
        *(height, ["node-0"], []),
        "",
    )
    assert {(one["block_id"], one["here"], *one["signers"]) for one in fork["blocks"]} == {
        (own.block_id.hex(), True, "node-0"),
        (BLOCK.hex(), False, "node-0"),
    }
    found = FORKS.decode(bytes.fromhex(fork["proof"]))
    verify_fork(node.genesis.chain_id, validator_set(node.genesis), found)
    settle(node.store, Settled(height, own.block_id))
    assert (await api.get("/v1/evidence", "operator")).json["fork"]["settled"] == own.block_id.hex()


async def test_the_status_and_metrics_name_a_fork(api: Api) -> None:
    assert (await api.get("/v1/status")).json["fork_height"] == 0
    api.standing.fork_height = 7
    assert (await api.get("/v1/status")).json["fork_height"] == 7


async def test_the_status_counts_it(api: Api) -> None:
    assert (await api.get("/v1/status")).json["evidence"] == 0
    offence = next(iter(api.standing.evidence))
    api.standing.evidence[offence] = 3
    assert (await api.get("/v1/status")).json["evidence"] == 3


async def test_convictions_are_shown_to_everyone_who_is_known() -> None:
    node = OneNode(build_test_genesis(4), parties=GOVERNING)
    members = node.genesis.nodes
    order = node.ledger.tip.validators.index_of(members[2].validator_key)
    assert order is not None
    node.produce()
    node.produce()
    node.produce()
    liar = two_votes(node.genesis.chain_id, validator_seed(2), 2, order, kind=VoteType.PRECOMMIT, round_=1)
    node.evidence = [liar, two_proposals(node.genesis.chain_id, validator_seed(2), 2, order)]
    keep_evidence(node.store, KeptEvidence(members[2].validator_key, node.wall.ms, liar))
    node.produce()
    (recorded,) = node.applied[-1].block.evidence
    kind = "precommit" if recorded == liar else "proposal"
    async with serving(node) as api:
        reply = await api.get("/v1/convictions", "own")
        (one,) = reply.json["convictions"]
        assert (one["validator"], one["votes"], one["count"]) == ("node-2", True, 1)
        assert (one["partner"], one["public_key"]) == (members[2].partner, members[2].validator_key.hex())
        assert one["offences"] == [
            {"height": 2, "round": recorded.first.round, "type": kind, "recorded_at": 4}
        ]
        assert (await api.get("/v1/evidence")).json["evidence"][0]["recorded_at"] == 4
        (shown,) = (await api.get("/v1/blocks/4")).json["evidence"]
        assert (shown["validator"], shown["height"], shown["type"]) == ("node-2", 2, kind)
        assert bytes.fromhex(shown["evidence"]) == encode(recorded)
        assert (await api.get("/v1/blocks/3")).json["evidence"] == []
        assert (await api.get("/v1/convictions", None)).status == 401


async def test_a_proposal_shows_whom_the_ledger_convicted() -> None:
    node = OneNode(build_test_genesis(4), parties=GOVERNING)
    member = node.genesis.nodes[3]
    order = node.ledger.tip.validators.index_of(member.validator_key)
    assert order is not None
    node.produce()
    node.evidence = [two_votes(node.genesis.chain_id, validator_seed(3), 1, order)]
    node.produce()
    height = node.ledger.tip.height
    changes = (RemoveNode("node-3"), RemoveNode("node-2"))
    proposal = ProposeChanges(node.head(GOVERNING[0]), changes, height + 9, height + 7, "lied")
    assert node.record(GOVERNING[0], proposal).code == "accepted"
    async with serving(node) as api:
        (shown,) = (await api.get("/v1/proposals")).json["proposals"]
        assert shown["convicted"] == [{"node": "node-3", "convictions": 1}]


async def test_the_live_feed_tells_whom_it_concerns() -> None:
    node = OneNode(build_test_genesis(4), parties=GOVERNING)
    member = node.genesis.nodes[3]
    order = node.ledger.tip.validators.index_of(member.validator_key)
    assert order is not None
    node.produce()
    node.evidence = [two_votes(node.genesis.chain_id, validator_seed(3), 1, order)]
    node.produce()
    async with serving(node) as api:
        block, told = await Feed(api.context).at(2)
    assert (block.kind, block.place, told.kind, told.place) == ("block", (2, 0, 0), "event", (2, 0, 1))
    fact = msgspec.json.decode(told.data)
    assert (fact["kind"], fact["document"]) == ("validator_convicted", "")
    assert fact["subject"] == member.validator_key.hex()
    assert told.concerned is not None
    assert told.concerned >= {entry.partner for entry in node.genesis.nodes}


async def test_status_and_metrics_count_convictions(api: Api) -> None:
    api.standing.convictions = {"node-0": 0, "node-1": 2}
    assert (await api.get("/v1/status")).json["convictions"] == 2
    metrics = (await api.get("/metrics", operators=True)).body.decode()
    assert 'packtrail_convictions_total{validator="node-0"} 0.0' in metrics
    assert 'packtrail_convictions_total{validator="node-1"} 2.0' in metrics
