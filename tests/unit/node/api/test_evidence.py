"""Evidence over HTTP: whoever has genesis can check it."""

import pytest

from contracts.chain.evidence import DuplicateVote, Evidence, of_proposals, of_votes, verify_evidence
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
from contracts.primitives.encoding import Decoder
from node.storage.evidence import KeptEvidence, keep_evidence
from tests.support.parties import validator_seed
from tests.unit.node.api.harness import Api

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
    assert (votes["height"], votes["round"]) == (3, 1)
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


async def test_the_status_counts_it(api: Api) -> None:
    assert (await api.get("/v1/status")).json["evidence"] == 0
    offence = next(iter(api.standing.evidence))
    api.standing.evidence[offence] = 3
    assert (await api.get("/v1/status")).json["evidence"] == 3
