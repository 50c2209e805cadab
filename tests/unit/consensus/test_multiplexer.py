"""Row by row: which stored proposals, thresholds and answers make which events, and in which order."""

import pytest

from consensus.effects import ValueChecked
from consensus.multiplexer import events
from consensus.proposal_keeper import ProposalKeeper
from consensus.round_machine import (
    Begin,
    FreshProposal,
    PolkaAny,
    PolkaNil,
    PolkaValue,
    PrecommitAny,
    PrecommitValue,
    Reproposal,
    RoundState,
    SkipRound,
)
from consensus.value_keeper import ValueKeeper
from consensus.values import Judgement, Step
from consensus.vote_keeper import VoteKeeper
from tests.unit.consensus.driver import PRECOMMIT, PREVOTE, a_proposal, a_vote, validator_set, value

A, B, NIL = value("A"), value("B"), value("nil")
ROUND = 3


class Stored:
    """What the multiplexer looks at, with four equal validators in round 3 of height 1."""

    def __init__(self) -> None:
        self.proposals = ProposalKeeper()
        self.votes = VoteKeeper(validator_set(1, 1, 1, 1))
        self.values = ValueKeeper(1)

    def propose(self, round_, block_id, valid_round=-1) -> None:
        self.proposals.add(a_proposal(round_, block_id, valid_round, 1), ROUND)

    def vote(self, kind, round_, block_id, *authors) -> None:
        for author in authors:
            self.votes.add(a_vote(kind, round_, block_id, author), ROUND)

    def check(self, block_id, round_=ROUND, valid=True, have=True, timely=True) -> None:
        self.values.ask(round_, block_id, -1)
        self.values.record(ValueChecked(1, round_, block_id, valid, have, timely))

    def events(self, step=Step.PROPOSE, round_=ROUND):
        """The events; that rounds up to the current one have votes is left out."""
        found = events(RoundState(1, round_, step), self.proposals, self.votes, self.values)
        return [event for event in found if not (isinstance(event, SkipRound) and event.round <= ROUND)]


@pytest.fixture
def stored() -> Stored:
    return Stored()


def test_nothing_makes_nothing(stored) -> None:
    assert stored.events() == []
    assert stored.events(Step.IDLE, -1) == []


class TestP1:
    @pytest.mark.parametrize(
        ("answer", "judgement"),
        [
            (None, Judgement.PENDING),
            ({}, Judgement.ACCEPT),
            ({"have": False}, Judgement.PENDING),
            ({"timely": False}, Judgement.REFUSE),
            ({"valid": False}, Judgement.REFUSE),
        ],
    )
    def test_a_fresh_proposal_needs_valid_have_timely(self, stored, answer, judgement) -> None:
        stored.propose(ROUND, A)
        if answer is not None:
            stored.check(A, **answer)
        assert stored.events() == [FreshProposal(A, judgement)]

    def test_only_of_the_current_round(self, stored) -> None:
        stored.propose(ROUND - 1, A)
        stored.propose(ROUND + 1, A)
        assert stored.events() == []

    def test_two_proposals_make_two_events_in_the_order_they_came(self, stored) -> None:
        stored.propose(ROUND, B)
        stored.propose(ROUND, A)
        assert stored.events() == [
            FreshProposal(B, Judgement.PENDING),
            FreshProposal(A, Judgement.PENDING),
        ]


class TestP2:
    def test_waits_for_the_quorum_of_its_valid_round(self, stored) -> None:
        stored.propose(ROUND, A, 1)
        stored.check(A)
        stored.vote(PREVOTE, 1, A, 0, 1)
        assert stored.events() == []
        stored.vote(PREVOTE, 1, NIL, 3)
        stored.vote(PREVOTE, 0, A, 3)
        stored.vote(PRECOMMIT, 1, A, 3)
        assert stored.events() == []
        stored.vote(PREVOTE, 1, A, 2)
        assert stored.events() == [Reproposal(A, 1, Judgement.ACCEPT)]

    def test_a_quorum_for_another_value_is_none(self, stored) -> None:
        stored.propose(ROUND, A, 1)
        stored.vote(PREVOTE, 1, B, 0, 1, 2)
        assert stored.events() == []

    @pytest.mark.parametrize(
        ("answer", "judgement"),
        [
            (None, Judgement.PENDING),
            ({"have": False}, Judgement.PENDING),
            ({"timely": False}, Judgement.ACCEPT),
            ({"valid": False}, Judgement.REFUSE),
        ],
    )
    def test_needs_valid_and_have_never_timely(self, stored, answer, judgement) -> None:
        stored.propose(ROUND, A, 1)
        stored.vote(PREVOTE, 1, A, 0, 1, 2)
        if answer is not None:
            stored.check(A, **answer)
        assert stored.events() == [Reproposal(A, 1, judgement)]


class TestP3P4P5:
    def test_any_prevotes(self, stored) -> None:
        stored.vote(PREVOTE, ROUND, A, 0)
        stored.vote(PREVOTE, ROUND, B, 1)
        assert stored.events() == []
        stored.vote(PREVOTE, ROUND, NIL, 2)
        assert stored.events() == [PolkaAny()]

    def test_a_value_needs_its_proposal_in_this_round(self, stored) -> None:
        stored.vote(PREVOTE, ROUND, A, 0, 1, 2)
        stored.check(A)
        assert stored.events(Step.PREVOTE) == [PolkaAny()]
        stored.propose(ROUND - 1, A)
        assert stored.events(Step.PREVOTE) == [PolkaAny()]
        stored.propose(ROUND, A)
        assert PolkaValue(A) in stored.events(Step.PREVOTE)

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (None, False),
            ({"valid": False}, False),
            ({"have": False}, False),
            ({"timely": False}, True),
            ({}, True),
        ],
    )
    def test_a_value_needs_valid_and_have_never_timely(self, stored, answer, expected) -> None:
        stored.propose(ROUND, A)
        stored.vote(PREVOTE, ROUND, A, 0, 1, 2)
        if answer is not None:
            stored.check(A, **answer)
        assert (PolkaValue(A) in stored.events(Step.PREVOTE)) is expected

    def test_nil_is_no_value(self, stored) -> None:
        stored.vote(PREVOTE, ROUND, NIL, 0, 1, 2)
        assert stored.events() == [PolkaAny(), PolkaNil()]

    def test_prevotes_of_another_round_make_nothing(self, stored) -> None:
        stored.propose(ROUND, A)
        stored.check(A)
        for round_ in (ROUND - 1, ROUND + 1):
            stored.vote(PREVOTE, round_, A, 0)
        stored.vote(PREVOTE, ROUND - 1, A, 1, 2)
        assert stored.events(Step.PREVOTE) == [FreshProposal(A, Judgement.ACCEPT)]


class TestP6P7P8:
    def test_any_precommits(self, stored) -> None:
        stored.vote(PRECOMMIT, ROUND, A, 0, 1)
        assert stored.events() == []
        stored.vote(PRECOMMIT, ROUND, NIL, 2)
        assert stored.events() == [PrecommitAny()]

    @pytest.mark.parametrize("round_", [0, ROUND, ROUND + 2])
    @pytest.mark.parametrize("step", [Step.IDLE, Step.PROPOSE, Step.PRECOMMIT])
    def test_a_commit_of_any_round_comes_first_and_needs_no_proposal(self, stored, round_, step) -> None:
        stored.vote(PRECOMMIT, round_, A, 0, 1, 2)
        assert PrecommitValue(round_, A) not in stored.events(step)
        stored.check(A, round_=-1, timely=False)
        assert stored.events(step)[0] == PrecommitValue(round_, A)

    @pytest.mark.parametrize("answer", [{"valid": False}, {"have": False}])
    def test_a_commit_needs_valid_and_have(self, stored, answer) -> None:
        stored.vote(PRECOMMIT, 0, A, 0, 1, 2)
        stored.check(A, **answer)
        assert stored.events() == []

    def test_nil_is_never_decided(self, stored) -> None:
        stored.vote(PRECOMMIT, ROUND, NIL, 0, 1, 2, 3)
        assert stored.events() == [PrecommitAny()]

    def test_the_highest_round_with_a_third_is_named(self, stored) -> None:
        stored.vote(PREVOTE, 5, A, 0)
        stored.vote(PRECOMMIT, 5, NIL, 1)
        stored.vote(PREVOTE, 7, A, 0)
        assert stored.events() == [SkipRound(5)]


class TestBegin:
    @pytest.mark.parametrize("round_", [0, 4])
    def test_a_proposal_of_any_round_begins(self, stored, round_) -> None:
        stored.propose(round_, A)
        assert stored.events(Step.IDLE, -1) == [Begin()]

    def test_over_a_third_of_votes_in_whatever_rounds_begins(self, stored) -> None:
        stored.vote(PREVOTE, 0, A, 0)
        stored.vote(PRECOMMIT, 0, A, 0)
        assert stored.events(Step.IDLE, -1) == []
        stored.vote(PREVOTE, 2, NIL, 1)
        assert stored.events(Step.IDLE, -1) == [Begin()]

    def test_nothing_else_happens_while_idle(self, stored) -> None:
        stored.vote(PREVOTE, 0, NIL, 0, 1, 2)
        stored.vote(PRECOMMIT, 0, NIL, 0, 1, 2)
        assert stored.events(Step.IDLE, -1) == [Begin()]


def test_the_order_of_the_table(stored) -> None:
    stored.propose(ROUND, A)
    stored.propose(ROUND, B, 1)
    stored.check(A)
    stored.check(B)
    stored.vote(PREVOTE, 1, B, 0, 1, 2)
    stored.vote(PREVOTE, ROUND, NIL, 0, 1, 2)
    stored.vote(PREVOTE, ROUND, A, 0, 1, 3)
    stored.vote(PRECOMMIT, 0, A, 0, 1, 2)
    stored.vote(PRECOMMIT, ROUND, NIL, 0, 1, 2)
    stored.vote(PREVOTE, 9, NIL, 2, 3)
    assert stored.events() == [
        PrecommitValue(0, A),
        FreshProposal(A, Judgement.ACCEPT),
        Reproposal(B, 1, Judgement.ACCEPT),
        PolkaAny(),
        PolkaValue(A),
        PolkaNil(),
        PrecommitAny(),
        SkipRound(9),
    ]
