"""Proposals are kept by round; a proposer's second one is evidence and is kept too."""

from consensus.limits import MAX_EVIDENCE_PER_VALIDATOR, PAST_ROUNDS_KEPT
from consensus.proposal_keeper import ProposalKeeper
from contracts.chain.evidence import DuplicateProposal
from tests.unit.consensus.driver import a_proposal, value

A, B, C = value("A"), value("B"), value("C")


def test_is_kept_in_the_order_it_came() -> None:
    keeper = ProposalKeeper()
    assert keeper.is_empty()
    assert keeper.add(a_proposal(0, A, -1, 1), 0).evidence is None
    assert not keeper.is_empty()
    keeper.add(a_proposal(0, B, -1, 1), 0)
    assert [proposal.block_id for proposal in keeper.of(0)] == [A, B]
    assert keeper.of(1) == ()
    assert keeper.has(0, A)
    assert not keeper.has(1, A)
    assert not keeper.has(0, C)


def test_the_same_again_changes_nothing() -> None:
    keeper = ProposalKeeper()
    keeper.add(a_proposal(0, A, -1, 1), 0)
    assert keeper.add(a_proposal(0, A, -1, 1), 0) is None


def test_two_values_or_two_valid_rounds_are_evidence_once() -> None:
    for other in (a_proposal(3, B, -1, 1), a_proposal(3, A, 2, 1)):
        keeper = ProposalKeeper()
        first = a_proposal(3, A, -1, 1)
        keeper.add(first, 3)
        assert keeper.add(other, 3).evidence == DuplicateProposal(first, other)
        assert keeper.add(a_proposal(3, C, -1, 1), 3, supported=True).evidence is None


def test_different_rounds_are_no_evidence() -> None:
    keeper = ProposalKeeper()
    keeper.add(a_proposal(0, A, -1, 1), 4)
    assert keeper.add(a_proposal(4, B, -1, 1), 4).evidence is None


def test_a_third_value_needs_power_behind_it_and_a_new_value() -> None:
    keeper = ProposalKeeper()
    keeper.add(a_proposal(3, A, -1, 1), 3)
    keeper.add(a_proposal(3, B, -1, 1), 3)
    assert keeper.add(a_proposal(3, C, -1, 1), 3) is None
    assert keeper.add(a_proposal(3, A, 2, 1), 3, supported=True) is None
    assert keeper.add(a_proposal(3, C, -1, 1), 3, supported=True) is not None


def test_reports_are_bounded_per_proposer() -> None:
    keeper = ProposalKeeper()
    reports = 0
    for round_ in range(MAX_EVIDENCE_PER_VALIDATOR + 3):
        keeper.add(a_proposal(round_, A, -1, 1), round_)
        reports += keeper.add(a_proposal(round_, B, -1, 1), round_).evidence is not None
    assert reports == MAX_EVIDENCE_PER_VALIDATOR


def test_past_rounds_are_forgotten_unless_pinned() -> None:
    keeper = ProposalKeeper()
    for round_ in (0, 1, 2):
        keeper.add(a_proposal(round_, A, -1, round_), round_)
    keeper.prune(PAST_ROUNDS_KEPT + 2, {0})
    assert [bool(keeper.of(round_)) for round_ in (0, 1, 2)] == [True, False, True]
    assert keeper.proposers_of(A) == {0, 2}
    assert keeper.block_ids() == {A}
    assert keeper.add(a_proposal(1, B, -1, 1), PAST_ROUNDS_KEPT + 2) is None
    assert keeper.add(a_proposal(1, B, -1, 1), PAST_ROUNDS_KEPT + 2, {1}) is not None
    assert keeper.add(a_proposal(2, B, -1, 1), PAST_ROUNDS_KEPT + 2) is not None
