"""Every branch of algorithm 1, with the guard that lets it happen and each one that does not."""

import msgspec
import pytest

from consensus.round_machine import (
    Begin,
    Cast,
    FreshProposal,
    PolkaAny,
    PolkaNil,
    PolkaValue,
    PrecommitAny,
    PrecommitValue,
    Propose,
    Reproposal,
    RoundState,
    Schedule,
    SkipRound,
    StepTimeout,
    Transition,
    apply,
)
from consensus.values import NO_VALUE, Judgement, RoundValue, Step, Timer
from contracts.chain.votes import MAX_ROUND
from tests.unit.consensus.driver import PRECOMMIT, PREVOTE, value

A, B, NIL = value("A"), value("B"), value("nil")
ACCEPT, REFUSE, PENDING = Judgement.ACCEPT, Judgement.REFUSE, Judgement.PENDING
IDLE, PROPOSE, IN_PREVOTE, IN_PRECOMMIT, DECIDED = Step
STEPS_OF_A_ROUND = (PROPOSE, IN_PREVOTE, IN_PRECOMMIT)


def state(step: Step = PROPOSE, round_: int = 3, **fields) -> RoundState:
    return RoundState(7, round_, step, **fields)


def run(before: RoundState, event, proposer_of=()) -> Transition | None:
    return apply(before, event, lambda round_: round_ in proposer_of)


def voted(before: RoundState, event) -> str | None:
    """For what the event made the node vote: A, B, nil, or None for not at all."""
    transition = run(before, event)
    if transition is None:
        return None
    (cast,) = transition.outputs
    assert isinstance(cast, Cast)
    return {A: "A", B: "B", NIL: "nil"}[cast.block_id]


class TestStart:
    """Lines 10-21."""

    def test_begins_in_round_0(self) -> None:
        transition = run(RoundState(7), Begin())
        assert transition == Transition(state(PROPOSE, 0), (Schedule(Timer.PROPOSE),))

    def test_begins_once(self) -> None:
        for step in STEPS_OF_A_ROUND:
            assert run(state(step, 0), Begin()) is None

    def test_the_proposer_of_the_round_asks_for_a_value(self) -> None:
        transition = run(RoundState(7), Begin(), proposer_of=(0,))
        assert transition.outputs == (Schedule(Timer.PROPOSE), Propose(NO_VALUE))

    def test_the_proposer_of_the_round_proposes_its_valid_value(self) -> None:
        before = state(IN_PRECOMMIT, 3, locked=RoundValue(A, 1), valid=RoundValue(B, 2))
        transition = run(before, SkipRound(5), proposer_of=(5,))
        assert transition.outputs == (Schedule(Timer.PROPOSE), Propose(RoundValue(B, 2)))

    def test_another_round_s_proposer_does_not_propose(self) -> None:
        transition = run(state(IN_PRECOMMIT, 3), SkipRound(5), proposer_of=(0, 3, 4, 6))
        assert transition.outputs == (Schedule(Timer.PROPOSE),)

    def test_a_new_round_keeps_lock_and_valid_value_and_nothing_else(self) -> None:
        before = state(
            IN_PRECOMMIT,
            3,
            locked=RoundValue(A, 1),
            valid=RoundValue(B, 2),
            prevote_timer_armed=True,
            polka_seen=True,
            precommit_timer_armed=True,
        )
        after = run(before, StepTimeout(Timer.PRECOMMIT, 7, 3)).state
        assert after == state(PROPOSE, 4, locked=RoundValue(A, 1), valid=RoundValue(B, 2))


class TestP1FreshProposal:
    """Lines 22-27."""

    @pytest.mark.parametrize(
        ("locked", "judgement", "expected"),
        [
            (NO_VALUE, ACCEPT, "A"),
            (NO_VALUE, REFUSE, "nil"),
            (NO_VALUE, PENDING, None),
            (RoundValue(A, 0), ACCEPT, "A"),
            (RoundValue(A, 0), REFUSE, "nil"),
            (RoundValue(A, 0), PENDING, None),
            (RoundValue(A, 2), ACCEPT, "A"),
            (RoundValue(B, 0), ACCEPT, "nil"),
            (RoundValue(B, 2), ACCEPT, "nil"),
            (RoundValue(B, 0), PENDING, "nil"),
            (RoundValue(B, 0), REFUSE, "nil"),
        ],
    )
    def test_lock_and_judgement(self, locked, judgement, expected) -> None:
        assert voted(state(locked=locked), FreshProposal(A, judgement)) == expected

    def test_moves_to_prevote_and_touches_nothing_else(self) -> None:
        before = state(locked=RoundValue(A, 1), valid=RoundValue(B, 2), precommit_timer_armed=True)
        after = run(before, FreshProposal(A, ACCEPT)).state
        assert after == msgspec.structs.replace(before, step=IN_PREVOTE)

    @pytest.mark.parametrize("step", [IDLE, IN_PREVOTE, IN_PRECOMMIT, DECIDED])
    def test_only_in_propose(self, step) -> None:
        assert run(state(step), FreshProposal(A, ACCEPT)) is None

    def test_the_valid_value_does_not_matter(self) -> None:
        assert voted(state(valid=RoundValue(B, 2)), FreshProposal(A, ACCEPT)) == "A"


class TestP2Reproposal:
    """Lines 28-33; the current round is 3."""

    @pytest.mark.parametrize(
        ("locked", "valid_round", "judgement", "expected"),
        [
            (NO_VALUE, 0, ACCEPT, "A"),
            (NO_VALUE, 2, ACCEPT, "A"),
            (NO_VALUE, 2, REFUSE, "nil"),
            (NO_VALUE, 2, PENDING, None),
            # Locked on another value: only a polka at least as new as the lock releases.
            (RoundValue(B, 1), 0, ACCEPT, "nil"),
            (RoundValue(B, 1), 1, ACCEPT, "A"),
            (RoundValue(B, 1), 2, ACCEPT, "A"),
            (RoundValue(B, 1), 2, REFUSE, "nil"),
            (RoundValue(B, 1), 2, PENDING, None),
            (RoundValue(B, 2), 1, ACCEPT, "nil"),
            (RoundValue(B, 2), 1, PENDING, "nil"),
            (RoundValue(B, 2), 2, ACCEPT, "A"),
            # Locked on the same value: any polka will do.
            (RoundValue(A, 2), 0, ACCEPT, "A"),
            (RoundValue(A, 2), 2, ACCEPT, "A"),
            (RoundValue(A, 2), 0, REFUSE, "nil"),
            (RoundValue(A, 2), 0, PENDING, None),
            # Not an earlier round.
            (NO_VALUE, 3, ACCEPT, None),
            (NO_VALUE, 4, ACCEPT, None),
            (NO_VALUE, -1, ACCEPT, None),
        ],
    )
    def test_lock_valid_round_and_judgement(self, locked, valid_round, judgement, expected) -> None:
        assert voted(state(locked=locked), Reproposal(A, valid_round, judgement)) == expected

    @pytest.mark.parametrize("step", [IDLE, IN_PREVOTE, IN_PRECOMMIT, DECIDED])
    def test_only_in_propose(self, step) -> None:
        assert run(state(step), Reproposal(A, 1, ACCEPT)) is None

    def test_the_lock_itself_stays(self) -> None:
        before = state(locked=RoundValue(B, 1))
        after = run(before, Reproposal(A, 2, ACCEPT)).state
        assert after == msgspec.structs.replace(before, step=IN_PREVOTE)


class TestP3PolkaAny:
    """Lines 34-35."""

    def test_arms_the_prevote_timer_once(self) -> None:
        transition = run(state(IN_PREVOTE), PolkaAny())
        assert transition == Transition(
            state(IN_PREVOTE, prevote_timer_armed=True), (Schedule(Timer.PREVOTE),)
        )
        assert run(transition.state, PolkaAny()) is None

    @pytest.mark.parametrize("step", [IDLE, PROPOSE, IN_PRECOMMIT, DECIDED])
    def test_only_in_prevote(self, step) -> None:
        assert run(state(step), PolkaAny()) is None


class TestP4PolkaValue:
    """Lines 36-43."""

    def test_in_prevote_locks_precommits_and_is_valid(self) -> None:
        before = state(IN_PREVOTE, locked=RoundValue(B, 1), valid=RoundValue(B, 2))
        polka = RoundValue(A, 3)
        assert run(before, PolkaValue(A)) == Transition(
            state(IN_PRECOMMIT, locked=polka, valid=polka, polka_seen=True), (Cast(PRECOMMIT, A),)
        )

    def test_in_precommit_only_the_valid_value_changes(self) -> None:
        before = state(IN_PRECOMMIT, locked=RoundValue(B, 1), valid=RoundValue(B, 2))
        assert run(before, PolkaValue(A)) == Transition(
            state(IN_PRECOMMIT, locked=RoundValue(B, 1), valid=RoundValue(A, 3), polka_seen=True)
        )

    @pytest.mark.parametrize("step", [IDLE, PROPOSE, DECIDED])
    def test_not_before_prevote(self, step) -> None:
        assert run(state(step), PolkaValue(A)) is None

    @pytest.mark.parametrize("step", [IN_PREVOTE, IN_PRECOMMIT])
    def test_once_a_round(self, step) -> None:
        assert run(state(step, polka_seen=True), PolkaValue(A)) is None


class TestP5PolkaNil:
    """Lines 44-46."""

    def test_precommits_nil_and_never_unlocks(self) -> None:
        before = state(IN_PREVOTE, locked=RoundValue(A, 1), valid=RoundValue(A, 1))
        assert run(before, PolkaNil()) == Transition(
            msgspec.structs.replace(before, step=IN_PRECOMMIT), (Cast(PRECOMMIT, NIL),)
        )

    @pytest.mark.parametrize("step", [IDLE, PROPOSE, IN_PRECOMMIT, DECIDED])
    def test_only_in_prevote(self, step) -> None:
        assert run(state(step), PolkaNil()) is None


class TestP6PrecommitAny:
    """Lines 47-48."""

    @pytest.mark.parametrize("step", STEPS_OF_A_ROUND)
    def test_arms_the_precommit_timer_once_in_any_step(self, step) -> None:
        transition = run(state(step), PrecommitAny())
        assert transition == Transition(state(step, precommit_timer_armed=True), (Schedule(Timer.PRECOMMIT),))
        assert run(transition.state, PrecommitAny()) is None

    @pytest.mark.parametrize("step", [IDLE, DECIDED])
    def test_not_outside_a_round(self, step) -> None:
        assert run(state(step), PrecommitAny()) is None


class TestP7PrecommitValue:
    """Lines 49-51."""

    @pytest.mark.parametrize("step", [IDLE, *STEPS_OF_A_ROUND])
    @pytest.mark.parametrize("round_", [0, 3, 9])
    def test_decides_in_any_step_for_any_round(self, step, round_) -> None:
        before = state(step, locked=RoundValue(B, 2), valid=RoundValue(B, 2))
        transition = run(before, PrecommitValue(round_, A))
        assert transition == Transition(
            msgspec.structs.replace(before, step=DECIDED, decision=RoundValue(A, round_))
        )

    def test_decides_once(self) -> None:
        assert run(state(DECIDED, decision=RoundValue(A, 3)), PrecommitValue(4, B)) is None


class TestP8SkipRound:
    """Lines 55-56."""

    @pytest.mark.parametrize("step", STEPS_OF_A_ROUND)
    def test_starts_the_round_above(self, step) -> None:
        for above in (4, 9):
            assert run(state(step), SkipRound(above)).state == state(PROPOSE, above)

    @pytest.mark.parametrize("round_", [-1, 0, 2, 3])
    def test_not_the_same_or_a_lower_one(self, round_) -> None:
        assert run(state(), SkipRound(round_)) is None

    @pytest.mark.parametrize("step", [IDLE, DECIDED])
    def test_not_outside_a_round(self, step) -> None:
        assert run(state(step), SkipRound(4)) is None


class TestTimeouts:
    """Lines 57-67; height 7, round 3."""

    @pytest.mark.parametrize(
        ("timer", "step", "cast"),
        [
            (Timer.PROPOSE, PROPOSE, Cast(PREVOTE, NIL)),
            (Timer.PREVOTE, IN_PREVOTE, Cast(PRECOMMIT, NIL)),
        ],
    )
    def test_propose_and_prevote_vote_nil_and_keep_the_lock(self, timer, step, cast) -> None:
        before = state(step, locked=RoundValue(A, 1), valid=RoundValue(A, 1))
        transition = run(before, StepTimeout(timer, 7, 3))
        assert transition.outputs == (cast,)
        assert transition.state == msgspec.structs.replace(before, step=Step(step + 1))

    @pytest.mark.parametrize("step", STEPS_OF_A_ROUND)
    def test_precommit_starts_the_next_round_from_any_step(self, step) -> None:
        transition = run(state(step), StepTimeout(Timer.PRECOMMIT, 7, 3), proposer_of=(4,))
        assert transition == Transition(state(PROPOSE, 4), (Schedule(Timer.PROPOSE), Propose(NO_VALUE)))

    @pytest.mark.parametrize(
        ("timer", "step"),
        [
            (Timer.PROPOSE, IN_PREVOTE),
            (Timer.PROPOSE, IN_PRECOMMIT),
            (Timer.PREVOTE, PROPOSE),
            (Timer.PREVOTE, IN_PRECOMMIT),
            (Timer.PRECOMMIT, IDLE),
            (Timer.PRECOMMIT, DECIDED),
            (Timer.PROPOSE, DECIDED),
            (Timer.RESEND, PROPOSE),
            (Timer.HEARTBEAT, IN_PREVOTE),
        ],
    )
    def test_of_another_step_are_stale(self, timer, step) -> None:
        assert run(state(step), StepTimeout(timer, 7, 3)) is None

    @pytest.mark.parametrize("timer", [Timer.PROPOSE, Timer.PREVOTE, Timer.PRECOMMIT])
    @pytest.mark.parametrize(("height", "round_"), [(6, 3), (8, 3), (7, 2), (7, 4), (7, -1)])
    def test_of_another_height_or_round_are_stale(self, timer, height, round_) -> None:
        for step in STEPS_OF_A_ROUND:
            assert run(state(step), StepTimeout(timer, height, round_)) is None

    def test_there_is_no_round_after_the_last(self) -> None:
        last = state(IN_PRECOMMIT, MAX_ROUND)
        assert run(last, StepTimeout(Timer.PRECOMMIT, 7, MAX_ROUND)) is None
        before = state(IN_PRECOMMIT, MAX_ROUND - 1)
        assert run(before, StepTimeout(Timer.PRECOMMIT, 7, MAX_ROUND - 1)).state.round == MAX_ROUND
