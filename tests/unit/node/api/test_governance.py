"""Rule 22 over HTTP: proposals, who voted, and what became of them; the ledger of one node follows."""

from contracts.gs1.keys import pack_gln
from contracts.primitives import signing
from contracts.records.agreement import proposal_id
from contracts.records.changes import AddKey, Change, PutNode, SetLicence, SetParameter, SetRules
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from node.host.ledger import Ledger
from tests.support.ledger import OneNode
from tests.support.parties import (
    MAKER,
    PARTIES,
    WHOLESALER,
    Party,
    build_test_genesis,
    seed_of,
    validator_seed,
)
from tests.unit.node.api.harness import serving

GOVERNING = PARTIES[:4]
NEW_KEY = signing.public_key_of(seed_of("a new lane"))


def decide(node: OneNode, *changes: Change, votes: int = 2) -> bytes:
    """Propose and vote; the changes act two blocks after the last vote."""
    height = node.ledger.tip.height + 1
    acts_at = height + votes + 2
    proposer: Party = GOVERNING[0]
    made = node.record(
        proposer, ProposeChanges(node.head(proposer), changes, acts_at, acts_at - 2, "as agreed")
    )
    identifier = proposal_id(made.document_id, 0)
    for party in GOVERNING[1 : votes + 1]:
        node.record(party, VoteOnChanges(node.head(party), identifier, Choice.APPROVE))
    return identifier


async def test_proposals_are_shown_with_their_votes() -> None:
    node = OneNode(build_test_genesis(validators=4))
    licence = SetLicence(pack_gln(WHOLESALER.gln), 2)
    open_one = decide(node, licence, votes=1)
    decided = decide(node, SetParameter("timing.propose_ms", 700))
    async with serving(node) as api:
        reply = await api.get("/v1/proposals")
        first, second = reply.json["proposals"]
        assert (reply.json["rules"], reply.json["height"]) == (1, node.ledger.tip.height)
        assert (first["proposal"], second["proposal"]) == (open_one.hex(), decided.hex())
        assert first["standing"] == "expired"
        assert first["approved"] == [party.gln for party in GOVERNING[:2]]
        assert (first["approving_power"], first["total_power"]) == (2, 4)
        assert first["changes"] == [
            {"change": "set_licence", "partner": WHOLESALER.gln, "licence": "suspended"}
        ]
        assert (second["standing"], second["reason"]) == ("decided", "as agreed")
        assert second["decided_at"] == node.ledger.tip.height
        shown = await api.get(f"/v1/proposals/{decided.hex()}")
        assert shown.json["proposal"] == decided.hex()
        for unknown in (bytes(16).hex(), "nonsense"):
            missing = await api.get(f"/v1/proposals/{unknown}")
            assert (missing.status, missing.json["code"]) == (404, "unknown_proposal")


def test_a_ledger_that_is_opened_anew_has_the_tip_that_it_had() -> None:
    node = OneNode(build_test_genesis(validators=4))
    voting_key = signing.public_key_of(validator_seed(4))
    new = PutNode("fifth", "validator", b"cert", pack_gln(MAKER.gln), voting_key, 1)
    changes = (
        new,
        AddKey(pack_gln(MAKER.gln), NEW_KEY, 0),
        SetParameter("timing.propose_ms", 700),
        SetRules(2),
    )
    decide(node, *changes)
    assert len(node.ledger.tip.next_validators) == 5
    node.produce()
    assert node.applied[-1].lanes == {NEW_KEY: 0}
    tip = node.ledger.tip
    assert (tip.rules, tip.parameters.timing.propose_ms) == (2, 700)
    again = Ledger(node.ledger.store, node.genesis)
    again.open()
    assert again.tip == tip
    proposer = tip.validators.validators[0].public_key
    fault = node.ledger.check(node.ledger.build(node.wall.ms, [], node.chain.commit, proposer), [])
    assert fault is not None
    assert "newer Packtrail" in fault
    assert len(tip.validators) == 5
