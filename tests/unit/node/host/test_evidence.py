"""Evidence that consensus reports is kept, counted once, and counted again after a restart."""

from collections.abc import Sequence

from contracts.chain.evidence import DuplicateVote, of_proposals, of_votes
from contracts.chain.votes import NIL, Proposal, Vote, VoteType
from node.host.evidence import EvidenceBook
from node.host.surroundings import Surroundings
from node.storage.evidence import KeptEvidence, Offence, load_evidence
from tests.support.ledger import NoPeers, OneNode
from tests.support.parties import build_test_genesis


def book(node: OneNode, known: Sequence[KeptEvidence] = ()) -> EvidenceBook:
    surroundings = Surroundings(node.clock, node.wall, NoPeers(), node.worker, node.worker)
    return EvidenceBook(surroundings, node.chain, node.store, known)


def votes(height: int, validator: int) -> DuplicateVote:
    one, other = (
        Vote(VoteType.PRECOMMIT, height, 0, said, validator, bytes(64)) for said in (NIL, b"\7" * 32)
    )
    return of_votes(one, other)


def test_what_is_reported_is_kept_and_counted_once() -> None:
    node = OneNode(build_test_genesis(4))
    kept = book(node)
    assert kept.counts == dict.fromkeys(Offence, 0)
    for _ in range(2):
        kept.report(votes(1, 2))
        node.settle()
    kept.report(of_proposals(*(Proposal(1, 3, said * 32, -1, 0, bytes(64)) for said in (b"\7", b"\x08"))))
    node.settle()
    assert kept.counts == {Offence.PROPOSAL: 1, Offence.PREVOTE: 0, Offence.PRECOMMIT: 1}
    members = node.chain.tip.validators.validators
    found = load_evidence(node.store)
    assert {entry.validator for entry in found} == {members[2].public_key, members[0].public_key}
    assert {entry.found_ms for entry in found} == {node.wall.ms}
    assert book(node, found).counts == kept.counts


def test_late_votes_convict_too_and_votes_of_long_ago_do_not() -> None:
    node = OneNode(build_test_genesis(4))
    node.produce()
    node.produce()
    kept = book(node)
    kept.report(votes(1, 2))
    kept.report(votes(2, 2))
    kept.report(votes(3, 2))
    kept.report(votes(4, 2))
    node.settle()
    assert [entry.evidence.first.height for entry in load_evidence(node.store)] == [2, 3]
