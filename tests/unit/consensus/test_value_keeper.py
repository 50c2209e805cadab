"""What the host says about a value, and which of it each rule asks for."""

import pytest

from consensus.effects import CancelFetch, CheckValue, FetchValue, LocalProtocolError, ValueChecked
from consensus.value_keeper import ValueKeeper
from consensus.values import Judgement
from tests.unit.consensus.driver import value

A, B = value("A"), value("B")
ACCEPT, REFUSE, PENDING = Judgement.ACCEPT, Judgement.REFUSE, Judgement.PENDING


@pytest.fixture
def keeper() -> ValueKeeper:
    return ValueKeeper(1)


def answer(keeper, valid, have, timely, round_=0, block_id=A) -> bool:
    return keeper.record(ValueChecked(1, round_, block_id, valid, have, timely))


@pytest.mark.parametrize(
    ("valid", "have", "timely", "fresh", "ok"),
    [
        (True, True, True, ACCEPT, ACCEPT),
        (True, True, False, REFUSE, ACCEPT),
        (True, False, True, PENDING, PENDING),
        (True, False, False, REFUSE, PENDING),
        (False, True, True, REFUSE, REFUSE),
        (False, True, False, REFUSE, REFUSE),
        (False, False, True, REFUSE, REFUSE),
        (False, False, False, REFUSE, REFUSE),
    ],
)
def test_the_whole_table(keeper, valid, have, timely, fresh, ok) -> None:
    keeper.ask(0, A, -1)
    assert (keeper.judge_fresh(0, A), keeper.judge(A)) == (PENDING, PENDING)
    assert answer(keeper, valid, have, timely)
    assert (keeper.judge_fresh(0, A), keeper.judge(A)) == (fresh, ok)


def test_timeliness_belongs_to_the_round(keeper) -> None:
    keeper.ask(0, A, -1)
    answer(keeper, True, True, False)
    assert keeper.judge_fresh(1, A) is PENDING
    keeper.ask(1, A, -1)
    answer(keeper, True, True, True, round_=1)
    assert (keeper.judge_fresh(0, A), keeper.judge_fresh(1, A)) == (REFUSE, ACCEPT)


def test_a_later_answer_does_not_change_timeliness(keeper) -> None:
    keeper.ask(0, A, -1)
    answer(keeper, True, False, True)
    assert answer(keeper, True, True, False)
    assert keeper.judge_fresh(0, A) is ACCEPT


def test_what_is_held_stays_held(keeper) -> None:
    keeper.ask(0, A, -1)
    answer(keeper, True, True, True)
    keeper.ask(1, A, -1)
    answer(keeper, True, False, True, round_=1)
    assert keeper.judge(A) is ACCEPT


def test_invalid_is_final(keeper) -> None:
    keeper.ask(0, A, -1)
    answer(keeper, False, False, True)
    answer(keeper, True, True, True)
    assert keeper.judge(A) is REFUSE


def test_invalid_may_be_said_again_and_needs_no_clock(keeper) -> None:
    keeper.ask_unproposed(A)
    answer(keeper, False, True, True, round_=-1)
    assert keeper.judge_fresh(0, A) is REFUSE
    keeper.ask(0, A, -1)
    answer(keeper, False, True, True)
    assert keeper.judge(A) is REFUSE


def test_valid_and_held_is_final(keeper) -> None:
    keeper.ask(0, A, -1)
    answer(keeper, True, True, True)
    with pytest.raises(LocalProtocolError, match="4141"):
        answer(keeper, False, True, True)


def test_missing_may_still_turn_out_invalid(keeper) -> None:
    keeper.ask(0, A, -1)
    answer(keeper, True, False, True)
    assert answer(keeper, False, True, True)
    assert keeper.judge(A) is REFUSE


def test_is_asked_once_per_round_and_value(keeper) -> None:
    assert keeper.ask(0, A, -1) == CheckValue(1, 0, A, -1)
    assert keeper.ask(0, A, -1) is None
    assert keeper.outstanding == (CheckValue(1, 0, A, -1),)
    answer(keeper, True, True, True)
    assert keeper.ask(0, A, -1) is None
    assert keeper.outstanding == ()
    assert keeper.ask(1, A, 0) == CheckValue(1, 1, A, 0)
    assert keeper.ask(1, B, -1) == CheckValue(1, 1, B, -1)


def test_an_unproposed_value_is_asked_about_only_when_nothing_is_known(keeper) -> None:
    assert keeper.ask_unproposed(A) == CheckValue(1, -1, A, -1)
    assert keeper.ask_unproposed(A) is None
    answer(keeper, True, True, True, round_=-1)
    assert keeper.ask_unproposed(A) is None
    keeper.ask(0, B, -1)
    assert keeper.ask_unproposed(B) is None


def test_an_answer_about_an_unproposed_value_says_nothing_about_a_round(keeper) -> None:
    keeper.ask_unproposed(A)
    answer(keeper, True, True, False, round_=-1)
    assert keeper.judge_fresh(0, A) is PENDING
    assert keeper.ask(0, A, -1) is not None


def test_unasked_and_repeated_answers_change_nothing(keeper) -> None:
    assert not answer(keeper, False, False, False)
    assert keeper.judge(A) is PENDING
    keeper.ask(0, A, -1)
    assert answer(keeper, True, False, True)
    assert not answer(keeper, True, False, True)
    assert answer(keeper, True, True, True)
    assert not answer(keeper, True, True, True)


def test_the_answer_to_another_round_s_question_counts_once(keeper) -> None:
    keeper.ask(0, A, -1)
    keeper.ask(1, A, 0)
    assert answer(keeper, True, True, True, round_=0)
    assert answer(keeper, True, True, True, round_=1)
    assert not answer(keeper, True, True, True, round_=0)


class TestFetches:
    def test_run_until_the_value_is_here(self, keeper) -> None:
        keeper.ask(2, A, -1)
        assert keeper.missing == ()
        answer(keeper, True, False, True, round_=2)
        assert keeper.missing == (A,)
        assert keeper.fetch(A, {3, 1}) == FetchValue(1, 2, A, (1, 3))
        assert keeper.outstanding == (FetchValue(1, 2, A, (1, 3)),)
        answer(keeper, True, True, True, round_=2)
        assert keeper.missing == ()
        assert keeper.outstanding == ()
        assert keeper.cancel_fetch(A) is None

    def test_are_repeated_only_for_new_sources(self, keeper) -> None:
        keeper.ask(0, A, -1)
        answer(keeper, True, False, True)
        assert keeper.fetch(A, set()) is None
        keeper.fetch(A, {1})
        assert keeper.fetch(A, {1}) is None
        assert keeper.fetch(A, {2}) == FetchValue(1, 0, A, (1, 2))
        assert keeper.fetch(A, {1}) is None

    def test_go_on_when_another_round_s_answer_says_missing_too(self, keeper) -> None:
        keeper.ask(0, A, -1)
        answer(keeper, True, False, True)
        keeper.fetch(A, {1})
        keeper.ask(1, A, -1)
        answer(keeper, True, False, True, round_=1)
        assert keeper.fetch(A, {1}) is None

    def test_end_when_the_value_is_invalid(self, keeper) -> None:
        keeper.ask(0, A, -1)
        answer(keeper, True, False, True)
        keeper.fetch(A, {1})
        answer(keeper, False, False, True)
        assert keeper.missing == ()
        assert keeper.outstanding == ()

    def test_are_cancelled_once_and_may_begin_anew(self, keeper) -> None:
        keeper.ask(0, A, -1)
        answer(keeper, True, False, True)
        assert keeper.cancel_fetch(A) is None
        keeper.fetch(A, {1})
        assert keeper.cancel_fetch(A) == CancelFetch(1, A)
        assert keeper.cancel_fetch(A) is None
        assert keeper.fetch(A, {1}) == FetchValue(1, 0, A, (1,))


def test_pruning_forgets_other_values_and_old_rounds(keeper) -> None:
    keeper.ask_unproposed(A)
    for round_, block_id in ((0, A), (5, A), (0, B)):
        keeper.ask(round_, block_id, -1)
        answer(keeper, True, False, True, round_=round_, block_id=block_id)
    keeper.ask(4, A, -1)
    keeper.ask(6, B, -1)
    keeper.fetch(A, {1})
    keeper.fetch(B, {1})
    keeper.prune({A}, 5)
    assert keeper.missing == (A,)
    assert keeper.outstanding == (CheckValue(1, -1, A, -1), FetchValue(1, 0, A, (1,)))
    assert not answer(keeper, True, True, True, round_=0)
    assert keeper.judge(B) is PENDING
    assert answer(keeper, True, True, True, round_=5)
