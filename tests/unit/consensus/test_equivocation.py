"""Lies are evidence once, and what a quorum made of them still counts (SPEC.md, "Equivocation")."""

import pytest

from consensus.effects import (
    ArmTimer,
    CheckValue,
    Decide,
    ProposalReceived,
    ReportEvidence,
    VoteReceived,
)
from consensus.values import Timer
from contracts.chain.evidence import DuplicateProposal, DuplicateVote
from contracts.chain.votes import MAX_ROUND
from tests.unit.consensus.driver import PRECOMMIT, PREVOTE, Driver, a_proposal, a_start, a_vote, value

A, B, C, NIL = value("A"), value("B"), value("C"), value("nil")


@pytest.fixture
def node() -> Driver:
    return Driver(a_start())


def test_two_prevotes(node) -> None:
    node.prevote(0, "B", 3)
    assert node.of(ReportEvidence) == []
    node.prevote(0, "A", 3)
    evidence = DuplicateVote(a_vote(PREVOTE, 0, A, 3), a_vote(PREVOTE, 0, B, 3))
    assert node.of(ReportEvidence) == [ReportEvidence(evidence)]
    assert node.engine.outstanding[0] == ReportEvidence(evidence)
    node.prevote(0, "A", 3)
    assert node.effects == []


def test_two_precommits_nil_included(node) -> None:
    node.precommit(0, "A", 3)
    node.precommit(0, "nil", 3)
    evidence = DuplicateVote(a_vote(PRECOMMIT, 0, NIL, 3), a_vote(PRECOMMIT, 0, A, 3))
    assert node.of(ReportEvidence) == [ReportEvidence(evidence)]


def test_each_step_and_round_is_its_own_crime(node) -> None:
    for vote in (node.prevote, node.precommit):
        for round_ in (0, 1):
            vote(round_, "A", 3)
            vote(round_, "B", 3)
            assert len(node.of(ReportEvidence)) == 1


def test_two_proposals(node) -> None:
    node.propose(0, "B")
    node.propose(0, "A")
    evidence = DuplicateProposal(a_proposal(0, A, -1, 1), a_proposal(0, B, -1, 1))
    assert node.of(ReportEvidence) == [ReportEvidence(evidence)]
    assert node.of(CheckValue) == [CheckValue(1, 0, A, -1)]


def test_a_liar_counts_once_whatever_it_says(node) -> None:
    for name in ("A", "B", "nil"):
        node.prevote(0, name, 3)
    node.timeout(Timer.PROPOSE, 0)
    assert node.of(ArmTimer) == []
    assert node.at == (0, "PREVOTE")
    node.prevote(0, "B", 2)
    assert [timer.timer for timer in node.of(ArmTimer)] == [Timer.PREVOTE]


def test_the_other_value_s_quorum_locks(node) -> None:
    """The liar told this node nil first; the others locked A with its help."""
    node.propose_ok(0, "A")
    node.prevote(0, "nil", 3)
    node.prevote(0, "A", 1)
    assert node.locked == ("nil", -1)
    node.prevote(0, "A", 3)
    assert node.locked == ("A", 0)
    assert node.of(ReportEvidence)


def test_the_other_value_s_quorum_decides(node) -> None:
    node.propose_ok(0, "A")
    node.precommit(0, "B", 3)
    node.precommit(0, "A", 1, 2)
    assert node.of(Decide) == []
    node.precommit(0, "A", 3)
    assert [entry.validator for entry in node.of(Decide)[0].commit.signatures] == [1, 2, 3]


def test_the_other_proposal_can_still_be_locked(node) -> None:
    node.propose_ok(0, "A")
    node.propose(0, "B")
    node.check(0, "B")
    node.prevote(0, "B", 1, 2, 3)
    assert node.locked == ("B", 0)


def test_a_third_proposal_is_taken_once_over_a_third_voted_for_it(node) -> None:
    node.propose(0, "A")
    node.propose(0, "B")
    assert node.propose(0, "C") == []
    node.prevote(0, "C", 2, 3)
    node.check(-1, "C")
    node.propose(0, "C")
    assert node.of(CheckValue) == [CheckValue(1, 0, C, -1)]


def test_a_certificate_counts_against_all_lies(node) -> None:
    node.propose_ok(0, "A")
    for name in ("B", "C"):
        node.precommit(0, name, 2, 3)
    node.certificate(0, "A", 1, 2, 3)
    assert node.of(Decide)
    assert node.of(ReportEvidence) == []  # reported with the first lie


def test_a_certificate_is_evidence_itself(node) -> None:
    node.precommit(0, "B", 3)
    node.certificate(0, "A", 1, 2, 3)
    assert len(node.of(ReportEvidence)) == 1


def test_even_this_node_s_own_key_is_convicted(node) -> None:
    """A second node with the same key, or a vote from before a loss of memory."""
    node.timeout(Timer.PROPOSE, 0)
    node.prevote(0, "A", 0)
    assert len(node.of(ReportEvidence)) == 1


@pytest.mark.parametrize("author", [4, 200, -1])
def test_strangers_are_nobody(node, author) -> None:
    assert node.prevote(0, "A", author) == []
    assert node.precommit(0, "A", author) == []
    assert len(node.log) == 1


@pytest.mark.parametrize("round_", [-1, -5, MAX_ROUND + 1])
def test_rounds_that_do_not_exist(node, round_) -> None:
    node.prevote(round_, "A", 1, 2, 3)
    node.precommit(round_, "A", 1, 2, 3)
    assert node.propose(round_, "A", author=1) == []
    assert node.certificate(round_, "A", 1, 2, 3) == []
    assert len(node.log) == 1


def test_the_last_round_exists() -> None:
    for says in (Driver.prevote, Driver.certificate):
        node = Driver(a_start(own=None))
        says(node, MAX_ROUND, "A", 1, 2, 3)
        assert node.engine.round == MAX_ROUND


def test_what_is_known_is_not_logged_again(node) -> None:
    for _ in range(2):
        node.propose(0, "A")
        node.check(0, "A")
        node.prevote(0, "A", 1)
        node.precommit(0, "nil", 1)
    assert len(node.log) == 6  # with the start and the own prevote


def test_block_ids_of_another_length(node) -> None:
    for block_id in (b"A", b"A" * 31, b"A" * 33):
        node.put(VoteReceived(a_vote(PREVOTE, 0, block_id, 1)))
        node.put(ProposalReceived(a_proposal(0, block_id, -1, 1)))
    node.put(ProposalReceived(a_proposal(0, NIL, -1, 1)))
    assert len(node.log) == 1


@pytest.mark.parametrize(
    ("name", "authors"),
    [
        ("nil", (1, 2, 3)),
        ("A", (1, 2)),
        ("A", (1, 2, 2)),
        ("A", (1, 2, 4)),
        ("A", (1, 2, 3, -1)),
        ("A", ()),
    ],
)
def test_certificates_that_are_none(node, name, authors) -> None:
    assert node.certificate(0, name, *authors) == []
    assert len(node.log) == 1


class TestCertificates:
    """A commit for this height, from a peer that decided it."""

    def test_decides_at_once_what_is_held(self, node) -> None:
        node.propose_ok(0, "A")
        node.certificate(0, "A", 1, 2, 3)
        assert node.of(Decide)[0].commit.signatures

    def test_waits_for_the_value(self, node) -> None:
        node.certificate(5, "A", 1, 2, 3)
        assert node.of(CheckValue) == [CheckValue(1, -1, A, -1)]
        assert node.at == (5, "PROPOSE")
        node.check(-1, "A")
        assert node.of(Decide)[0].round == 5

    def test_works_for_a_round_long_past(self, node) -> None:
        node.prevote(900, "nil", 1, 2)
        node.certificate(3, "A", 1, 2, 3)
        node.check(-1, "A")
        assert node.of(Decide)[0].round == 3

    def test_works_while_idle(self) -> None:
        node = Driver(a_start(bundles=False))
        node.certificate(0, "A", 1, 2, 3)
        node.check(-1, "A")
        assert node.of(Decide)

    def test_again_says_nothing(self, node) -> None:
        node.certificate(0, "A", 1, 2, 3)
        length = len(node.log)
        assert node.certificate(0, "A", 3, 2, 1) == []
        assert len(node.log) == length
