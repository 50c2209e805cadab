"""Votes are counted by distinct validator, kept as long as they matter; lies are noted once."""

import pytest

from consensus.limits import (
    MAX_EVIDENCE_PER_VALIDATOR,
    MAX_FUTURE_ROUNDS,
    MAX_ROUNDS_GIVEN_UP,
    PAST_ROUNDS_KEPT,
)
from consensus.vote_keeper import VoteKeeper, precommits_of
from contracts.chain.evidence import DuplicateVote
from tests.unit.consensus.driver import PRECOMMIT, PREVOTE, a_commit, a_vote, validator_set, value

A, B, C, NIL = value("A"), value("B"), value("C"), value("nil")


@pytest.fixture
def keeper() -> VoteKeeper:
    return VoteKeeper(validator_set(1, 1, 1, 1))


def add(keeper, kind, round_, block_id, *authors, current=0):
    return [keeper.add(a_vote(kind, round_, block_id, author), current) for author in authors]


def test_votes_of_both_types_are_counted_apart(keeper) -> None:
    add(keeper, PREVOTE, 0, A, 0, 1)
    add(keeper, PRECOMMIT, 0, A, 2)
    assert not keeper.has_quorum_of_any(0, PREVOTE)
    assert not keeper.has_quorum_of_any(0, PRECOMMIT)
    add(keeper, PREVOTE, 0, NIL, 2)
    assert keeper.has_quorum_of_any(0, PREVOTE)
    assert keeper.quorum_values(0, PREVOTE) == ()
    assert keeper.commits == ()


def test_votes_of_different_rounds_are_counted_apart(keeper) -> None:
    add(keeper, PREVOTE, 0, A, 0, 1)
    add(keeper, PREVOTE, 1, A, 2, 3, current=1)
    assert keeper.quorum_values(0, PREVOTE) == ()
    assert keeper.quorum_values(1, PREVOTE) == ()


def test_a_repeated_vote_changes_nothing(keeper) -> None:
    assert add(keeper, PREVOTE, 0, A, 0, 0, 0)[1:] == [None, None]
    assert not keeper.has_support(0, A, PREVOTE)
    other_signature = a_vote(PREVOTE, 0, A, 0).__class__(PREVOTE, 1, 0, A, 0, b"x" * 64)
    assert keeper.add(other_signature, 0) is None
    assert keeper.votes(0) == (a_vote(PREVOTE, 0, A, 0),)


def test_a_quorum_of_prevotes_is_no_commit_and_nil_is_none_either(keeper) -> None:
    add(keeper, PREVOTE, 0, A, 0, 1, 2)
    add(keeper, PRECOMMIT, 0, NIL, 0, 1, 2)
    assert keeper.quorum_values(0, PRECOMMIT) == (NIL,)
    assert keeper.commits == ()
    assert keeper.supported == (A,)


def test_commits_are_found_in_any_round_in_the_order_they_came(keeper) -> None:
    add(keeper, PRECOMMIT, 3, A, 0, 1, 2, current=5)
    add(keeper, PRECOMMIT, 1, B, 0, 1, 2, current=5)
    assert keeper.commits == ((3, A), (1, B))


def test_a_commit_is_ordered_and_has_only_its_own_votes(keeper) -> None:
    add(keeper, PRECOMMIT, 2, A, 3, 0, current=2)
    add(keeper, PRECOMMIT, 2, NIL, 2, current=2)
    add(keeper, PRECOMMIT, 2, A, 1, current=2)
    add(keeper, PREVOTE, 2, A, 2, current=2)
    assert keeper.commit(1, 2, A) == a_commit(2, A, (0, 1, 3))


def test_precommits_of_a_commit_are_its_votes() -> None:
    assert precommits_of(a_commit(2, A, (0, 3))) == (a_vote(PRECOMMIT, 2, A, 0), a_vote(PRECOMMIT, 2, A, 3))


class TestHonestRound:
    def test_prevotes_and_precommits_count_together(self, keeper) -> None:
        add(keeper, PREVOTE, 3, A, 0)
        assert keeper.highest_honest_round == -1
        add(keeper, PRECOMMIT, 3, NIL, 1)
        assert keeper.highest_honest_round == 3

    def test_one_validator_counts_once(self, keeper) -> None:
        add(keeper, PREVOTE, 3, A, 0)
        add(keeper, PRECOMMIT, 3, A, 0)
        add(keeper, PRECOMMIT, 3, B, 0)
        assert keeper.highest_honest_round == -1

    def test_different_rounds_do_not_add_up(self, keeper) -> None:
        add(keeper, PREVOTE, 3, A, 0)
        add(keeper, PREVOTE, 4, A, 1)
        assert keeper.highest_honest_round == -1
        assert keeper.has_honest_voters()

    def test_the_highest_wins(self, keeper) -> None:
        add(keeper, PREVOTE, 5, A, 0, 1)
        add(keeper, PREVOTE, 3, A, 0, 1)
        assert keeper.highest_honest_round == 5

    def test_voters_of_the_height_are_distinct(self, keeper) -> None:
        assert not keeper.has_honest_voters()
        add(keeper, PREVOTE, 0, A, 2)
        add(keeper, PREVOTE, 1, A, 2)
        assert not keeper.has_honest_voters()
        add(keeper, PREVOTE, 1, NIL, 3)
        assert keeper.has_honest_voters()


class TestEquivocation:
    def test_is_reported_once_in_canonical_order_and_counts_for_both(self, keeper) -> None:
        add(keeper, PREVOTE, 0, B, 0, 1, 3)
        added = keeper.add(a_vote(PREVOTE, 0, A, 3), 0)
        assert added is not None
        assert added.evidence == DuplicateVote(a_vote(PREVOTE, 0, A, 3), a_vote(PREVOTE, 0, B, 3))
        assert keeper.quorum_values(0, PREVOTE) == (B,)
        add(keeper, PREVOTE, 0, A, 0, 1)
        assert keeper.quorum_values(0, PREVOTE) == (B, A)

    def test_nil_against_a_value_is_one(self, keeper) -> None:
        add(keeper, PRECOMMIT, 0, NIL, 3)
        added = keeper.add(a_vote(PRECOMMIT, 0, A, 3), 0)
        assert added.evidence.first.block_id == NIL

    def test_prevote_against_precommit_and_round_against_round_are_none(self, keeper) -> None:
        add(keeper, PREVOTE, 0, A, 3)
        assert add(keeper, PRECOMMIT, 0, B, 3)[0].evidence is None
        assert add(keeper, PREVOTE, 1, B, 3)[0].evidence is None

    def test_a_third_value_needs_power_behind_it(self, keeper) -> None:
        add(keeper, PREVOTE, 0, A, 3)
        add(keeper, PREVOTE, 0, B, 3)
        assert keeper.add(a_vote(PREVOTE, 0, C, 3), 0) is None
        add(keeper, PREVOTE, 0, C, 0)
        assert keeper.add(a_vote(PREVOTE, 0, C, 3), 0) is None
        add(keeper, PREVOTE, 0, C, 1)
        added = keeper.add(a_vote(PREVOTE, 0, C, 3), 0)
        assert added is not None
        assert added.evidence is None  # reported for this step before
        assert keeper.quorum_values(0, PREVOTE) == (C,)

    def test_reports_are_bounded_per_validator(self, keeper) -> None:
        reports = 0
        for round_ in range(MAX_EVIDENCE_PER_VALIDATOR + 5):
            add(keeper, PREVOTE, round_, A, 3, current=round_)
            reports += keeper.add(a_vote(PREVOTE, round_, B, 3), round_).evidence is not None
        assert reports == MAX_EVIDENCE_PER_VALIDATOR
        add(keeper, PREVOTE, 0, A, 2)
        assert keeper.add(a_vote(PREVOTE, 0, B, 2), 0).evidence is not None

    def test_is_not_reported_again_after_its_votes_were_given_up(self, keeper) -> None:
        first = keeper.add(a_vote(PREVOTE, 1, A, 3), 0), keeper.add(a_vote(PREVOTE, 1, B, 3), 0)
        assert first[1].evidence is not None
        for round_ in range(2, MAX_FUTURE_ROUNDS + 2):
            add(keeper, PREVOTE, round_, A, 3)
        keeper.begin_round(1, ())
        assert keeper.votes(1) == ()
        again = keeper.add(a_vote(PREVOTE, 1, B, 3), 1), keeper.add(a_vote(PREVOTE, 1, A, 3), 1)
        assert [each.evidence for each in again] == [None, None]


class TestFutureRounds:
    def test_the_highest_ones_of_each_validator_are_kept(self, keeper) -> None:
        for round_ in range(1, 10):
            add(keeper, PREVOTE, round_, A, 3)
        assert [round_ for round_ in range(10) if keeper.votes(round_)] == [6, 7, 8, 9]
        assert add(keeper, PREVOTE, 5, A, 3) == [None]
        add(keeper, PREVOTE, 1, A, 2)
        assert keeper.votes(1) == (a_vote(PREVOTE, 1, A, 2),)

    def test_a_round_between_kept_ones_replaces_the_lowest(self, keeper) -> None:
        for round_ in (2, 4, 6, 8, 3):
            add(keeper, PREVOTE, round_, A, 3)
        assert [round_ for round_ in range(10) if keeper.votes(round_)] == [3, 4, 6, 8]
        assert list(keeper._rounds) == [4, 6, 8, 3]

    def test_all_votes_of_a_kept_round_are_taken(self, keeper) -> None:
        for round_ in range(1, MAX_FUTURE_ROUNDS + 1):
            add(keeper, PREVOTE, round_, A, 3)
        assert add(keeper, PRECOMMIT, 1, A, 3)[0] is not None

    def test_giving_up_a_round_leaves_the_others_votes(self, keeper) -> None:
        add(keeper, PREVOTE, 1, A, 2)
        for round_ in range(1, MAX_FUTURE_ROUNDS + 2):
            add(keeper, PREVOTE, round_, A, 3)
        assert keeper.votes(1) == (a_vote(PREVOTE, 1, A, 2),)
        assert not keeper.has_support(1, A, PREVOTE)
        add(keeper, PREVOTE, 1, A, 1)
        assert keeper.has_support(1, A, PREVOTE)

    def test_rounds_that_were_reached_make_room(self, keeper) -> None:
        for round_ in range(1, MAX_FUTURE_ROUNDS + 1):
            add(keeper, PREVOTE, round_, A, 3)
        add(keeper, PREVOTE, MAX_FUTURE_ROUNDS + 1, A, 3, current=1)
        assert keeper.votes(1) == (a_vote(PREVOTE, 1, A, 3),)

    def test_giving_up_is_bounded_until_the_next_round(self, keeper) -> None:
        top = MAX_FUTURE_ROUNDS + MAX_ROUNDS_GIVEN_UP
        assert all(add(keeper, PREVOTE, round_, A, 3)[0] for round_ in range(1, top + 1))
        assert add(keeper, PREVOTE, top + 1, A, 3) == [None]
        assert add(keeper, PREVOTE, top + 1, A, 2)[0] is not None
        keeper.begin_round(1, ())
        assert add(keeper, PREVOTE, top + 1, A, 3, current=1)[0] is not None

    def test_the_current_and_past_rounds_need_no_room(self, keeper) -> None:
        for round_ in range(10):
            assert add(keeper, PREVOTE, round_, A, 3, current=9)[0] is not None

    def test_a_certificate_needs_no_room(self, keeper) -> None:
        for round_ in range(100, 100 + MAX_FUTURE_ROUNDS):
            add(keeper, PRECOMMIT, round_, B, 0, 1, 2)
        for vote in precommits_of(a_commit(7, A, (0, 1, 2))):
            assert keeper.add(vote, 0, certified=True) is not None
        assert (7, A) in keeper.commits


class TestPastRounds:
    def test_those_near_are_kept(self, keeper) -> None:
        add(keeper, PREVOTE, 0, A, 0, 1, 2)
        keeper.begin_round(PAST_ROUNDS_KEPT, ())
        assert keeper.quorum_values(0, PREVOTE) == (A,)
        assert add(keeper, PREVOTE, 0, A, 3, current=PAST_ROUNDS_KEPT)[0] is not None

    def test_those_far_below_are_forgotten_and_stay_so(self, keeper) -> None:
        add(keeper, PREVOTE, 0, A, 0, 1)
        add(keeper, PREVOTE, 1, B, 0, 1, current=1)
        keeper.begin_round(PAST_ROUNDS_KEPT + 1, ())
        assert keeper.votes(0) == ()
        assert keeper.supported == (B,)
        assert add(keeper, PREVOTE, 0, A, 3, current=PAST_ROUNDS_KEPT + 1) == [None]

    def test_pinned_and_committed_ones_are_kept(self, keeper) -> None:
        add(keeper, PREVOTE, 0, A, 0, 1)
        add(keeper, PRECOMMIT, 1, B, 0, 1, 2, current=1)
        add(keeper, PREVOTE, 2, C, 0, 1, current=2)
        current = PAST_ROUNDS_KEPT + 50
        keeper.begin_round(current, {0})
        assert keeper.votes(0)
        assert keeper.votes(1)
        assert keeper.votes(2) == ()
        assert keeper.supported == (A, B)
        assert keeper.add(a_vote(PREVOTE, 0, A, 3), current, {0}) is not None


def test_unknown_rounds_hold_nothing(keeper) -> None:
    assert keeper.votes(-1) == ()
    assert keeper.quorum_values(7, PREVOTE) == ()
    assert not keeper.has_quorum_of_any(7, PREVOTE)
    assert not keeper.has_support(7, A, PREVOTE)


def test_voters_for_a_value_are_found_across_rounds_and_types(keeper) -> None:
    add(keeper, PREVOTE, 0, A, 0)
    add(keeper, PRECOMMIT, 1, A, 2)
    add(keeper, PREVOTE, 1, B, 3)
    assert keeper.voters_for(A) == {0, 2}
    assert keeper.votes(1, PREVOTE) == (a_vote(PREVOTE, 1, B, 3),)
