"""Checks and fetches through the engine: who is asked for what, and until when."""

import pytest

from consensus.effects import (
    CancelFetch,
    CheckValue,
    Decide,
    FetchValue,
    LocalProtocolError,
    ReportDivergence,
    ValueChecked,
)
from consensus.limits import PAST_ROUNDS_KEPT
from consensus.values import Timer
from tests.unit.consensus.driver import Driver, a_start, value

A = value("A")


@pytest.fixture
def node() -> Driver:
    return Driver(a_start())


def missing(node: Driver) -> None:
    node.propose(0, "A")
    node.check(0, "A", have=False)


def test_a_missing_value_is_fetched_from_its_proposer(node) -> None:
    missing(node)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (1,))]


def test_and_from_everyone_who_votes_for_it_as_they_do(node) -> None:
    missing(node)
    node.prevote(0, "A", 3)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (1, 3))]
    node.prevote(0, "nil", 2)
    assert node.of(FetchValue) == []
    node.precommit(0, "A", 2)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (1, 2, 3))]


def test_never_from_oneself() -> None:
    node = Driver(a_start(own=1))
    node.built(0, "A")
    node.check(0, "A", have=False)
    assert node.of(FetchValue) == []
    node.prevote(0, "A", 1, 2)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (2,))]


def test_a_refused_value_is_not_fetched(node) -> None:
    node.propose(0, "A")
    node.check(0, "A", valid=False, have=False)
    assert node.of(FetchValue) == []


def test_an_untimely_value_is_fetched_once_others_vote_for_it(node) -> None:
    node.propose(0, "A")
    node.check(0, "A", have=False, timely=False)
    assert node.of(FetchValue) == []
    node.prevote(0, "A", 1)
    assert node.of(FetchValue) == []
    node.prevote(0, "A", 2)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (1, 2))]


def test_the_propose_timer_ends_a_fetch_that_few_voted_for(node) -> None:
    missing(node)
    node.prevote(0, "A", 1)
    node.timeout(Timer.PROPOSE, 0)
    assert node.of(CancelFetch) == [CancelFetch(1, A)]


def test_a_fetch_outlives_the_propose_timer_while_over_a_third_voted_for_it(node) -> None:
    missing(node)
    node.prevote(0, "A", 1, 2)
    node.timeout(Timer.PROPOSE, 0)
    assert node.of(CancelFetch) == []
    node.prevote(2, "nil", 1, 2)
    assert node.at == (2, "PROPOSE")
    assert node.of(CancelFetch) == []
    node.precommit(0, "A", 1, 2, 3)
    node.check(0, "A")
    assert node.of(Decide)


def test_votes_for_it_count_by_validator_in_whatever_steps(node) -> None:
    missing(node)
    node.prevote(0, "A", 3)
    node.precommit(0, "A", 3)
    node.timeout(Timer.PROPOSE, 0)
    assert node.of(CancelFetch) == [CancelFetch(1, A)]
    node.precommit(0, "A", 2)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (1, 2, 3))]


def test_a_cancelled_fetch_begins_anew_when_votes_come(node) -> None:
    missing(node)
    node.timeout(Timer.PROPOSE, 0)
    node.prevote(0, "A", 1, 2)
    assert node.of(FetchValue) == [FetchValue(1, 0, A, (1, 2))]


def test_a_value_proposed_for_a_later_round_is_fetched_when_that_round_begins(node) -> None:
    node.propose(2, "A")
    node.check(2, "A", have=False)
    assert node.of(FetchValue) == []
    node.prevote(2, "nil", 1, 2)
    assert node.of(FetchValue) == [FetchValue(1, 2, A, (3,))]


def test_a_value_others_vote_for_is_checked_and_fetched_without_a_proposal(node) -> None:
    node.prevote(0, "A", 1)
    assert node.of(CheckValue) == []
    node.prevote(0, "A", 3)
    assert node.of(CheckValue) == [CheckValue(1, -1, A, -1)]
    node.check(-1, "A", have=False)
    assert node.of(FetchValue) == [FetchValue(1, -1, A, (1, 3))]


def test_its_proposal_is_still_asked_about_for_its_time(node) -> None:
    node.prevote(0, "A", 1, 3)
    node.check(-1, "A", timely=False)
    node.propose(0, "A")
    assert node.of(CheckValue) == [CheckValue(1, 0, A, -1)]
    node.check(0, "A")
    assert node.signed[0] == ("PREVOTE", 0, "A")


def test_unasked_answers_do_nothing(node) -> None:
    assert node.check(0, "A") == []
    node.propose(0, "A")
    assert node.check(1, "A") == []
    assert node.put(ValueChecked(2, 0, A, True, True, True)) == []
    assert node.put(ValueChecked(0, 0, A, True, True, True)) == []


def test_an_answer_may_not_be_taken_back(node) -> None:
    node.propose_ok(0, "A")
    with pytest.raises(LocalProtocolError):
        node.check(0, "A", valid=False)


def test_a_built_block_id_has_32_bytes() -> None:
    node = Driver(a_start(own=1))
    with pytest.raises(LocalProtocolError, match="32 bytes, not 0"):
        node.built(0, "nil")


def test_a_quorum_for_an_invalid_value_is_reported_once_and_never_decided(node) -> None:
    node.propose(0, "A")
    node.check(0, "A", valid=False)
    node.precommit(0, "A", 1, 2)
    assert node.of(ReportDivergence) == []
    node.precommit(0, "A", 3)
    assert node.of(ReportDivergence) == [ReportDivergence(1, 0, A)]
    node.prevote(0, "A", 1, 2, 3)
    assert node.of(ReportDivergence) == []
    assert node.of(Decide) == []
    assert node.engine.outstanding[0] == ReportDivergence(1, 0, A)


def test_values_of_long_past_rounds_are_forgotten(node) -> None:
    missing(node)
    node.propose(1, "B")
    node.prevote(PAST_ROUNDS_KEPT, "nil", 1, 2)
    node.prevote(PAST_ROUNDS_KEPT + 1, "nil", 1, 2)
    length = len(node.log)
    node.check(0, "A")
    assert len(node.log) == length
    node.check(1, "B")
    assert len(node.log) == length + 1


def test_votes_and_proposals_of_long_past_rounds_are_forgotten(node) -> None:
    node.propose(0, "A")
    node.prevote(0, "nil", 1)
    node.prevote(PAST_ROUNDS_KEPT + 1, "nil", 1, 2)
    sent = node.engine.messages_for(0)
    assert sent.proposals == ()
    assert {vote.round for vote in sent.votes} == {PAST_ROUNDS_KEPT + 1}


def test_the_rounds_of_lock_and_valid_value_are_kept_for_ever(node) -> None:
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    far = PAST_ROUNDS_KEPT + 50
    node.prevote(far, "nil", 1, 2)
    assert node.locked == ("A", 0)
    sent = node.engine.messages_for(far).votes
    assert {vote.validator for vote in sent if vote.round == 0 and vote.block_id == A} == {0, 1, 2}


def test_a_round_that_a_proposal_names_is_filled_in_from_far_below() -> None:
    node = Driver(a_start())
    far = PAST_ROUNDS_KEPT + 50
    node.prevote(far, "nil", 2, 3)
    node.prevote(0, "A", 1, 2, 3)
    assert node.engine.messages_for(0).votes[-1].round == far
    node.propose(far, "A", 0)
    node.check(far, "A")
    node.prevote(0, "A", 1, 2, 3)
    assert node.signed == [("PREVOTE", far, "A")]
