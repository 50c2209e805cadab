"""Timers grow linearly, are capped, run one of a kind, and are named only when they matter."""

import pytest

from consensus.effects import ArmTimer, CancelTimer, Timeout
from consensus.limits import RESEND_INTERVAL_MS
from consensus.round_machine import RoundState
from consensus.timers import TimerKeeper, delay_ms, is_relevant
from consensus.values import Step, Timer
from contracts.chain.parameters import ConsensusTiming

TIMING = ConsensusTiming(
    propose_ms=1_000,
    prevote_ms=300,
    precommit_ms=400,
    delta_ms=50,
    cap_ms=1_200,
    proof_block_delay_ms=200,
    heartbeat_ms=30_000,
)


@pytest.mark.parametrize(
    ("timer", "round_", "expected"),
    [
        (Timer.PROPOSE, 0, 1_000),
        (Timer.PROPOSE, 1, 1_050),
        (Timer.PROPOSE, 4, 1_200),
        (Timer.PROPOSE, 5, 1_200),
        (Timer.PROPOSE, 1 << 24, 1_200),
        (Timer.PREVOTE, 0, 300),
        (Timer.PREVOTE, 3, 450),
        (Timer.PRECOMMIT, 0, 400),
        (Timer.PRECOMMIT, 3, 550),
        (Timer.PRECOMMIT, 1_000, 1_200),
        (Timer.RESEND, 9, RESEND_INTERVAL_MS),
        (Timer.PROOF_BLOCK, -1, 200),
        (Timer.HEARTBEAT, -1, 30_000),
    ],
)
def test_delays(timer, round_, expected) -> None:
    assert delay_ms(TIMING, timer, round_) == expected


@pytest.mark.parametrize(
    ("timer", "relevant"),
    [
        (Timer.PROPOSE, {Step.PROPOSE}),
        (Timer.PREVOTE, {Step.PREVOTE}),
        (Timer.PRECOMMIT, {Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT}),
        (Timer.RESEND, {Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT}),
    ],
)
def test_the_timers_of_a_round_matter_in_their_steps_of_that_round(timer, relevant) -> None:
    running = (Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT, Step.DECIDED)
    assert {step for step in running if is_relevant(timer, 2, RoundState(1, 2, step))} == relevant
    for other in (1, 3):
        assert not any(is_relevant(timer, other, RoundState(1, 2, step)) for step in running)


@pytest.mark.parametrize("timer", [Timer.PROOF_BLOCK, Timer.HEARTBEAT])
def test_the_timers_that_begin_matter_while_idle(timer) -> None:
    assert is_relevant(timer, -1, RoundState(1))
    assert not any(is_relevant(timer, -1, RoundState(1, 0, step)) for step in Step if step is not Step.IDLE)


def test_only_what_still_matters_is_armed() -> None:
    timers = TimerKeeper(TIMING, 1)
    timers.schedule(Timer.PREVOTE, 0)
    assert timers.settle(RoundState(1, 0, Step.PRECOMMIT)) == []
    assert timers.settle(RoundState(1, 0, Step.PREVOTE)) == []
    assert timers.outstanding == ()


def test_a_new_round_s_timer_replaces_the_old_one() -> None:
    timers = TimerKeeper(TIMING, 1)
    timers.schedule(Timer.PROPOSE, 0)
    timers.settle(RoundState(1, 0, Step.PROPOSE))
    timers.schedule(Timer.PROPOSE, 2)
    armed = ArmTimer(Timer.PROPOSE, 1, 2, 1_100)
    assert timers.settle(RoundState(1, 2, Step.PROPOSE)) == [armed]
    assert timers.outstanding == (armed,)
    assert not timers.take(Timeout(Timer.PROPOSE, 1, 0))
    assert timers.take(Timeout(Timer.PROPOSE, 1, 2))
    assert not timers.take(Timeout(Timer.PROPOSE, 1, 2))


def test_what_matters_no_more_is_cancelled_once() -> None:
    timers = TimerKeeper(TIMING, 1)
    timers.schedule(Timer.RESEND, 0)
    timers.schedule(Timer.PROPOSE, 0)
    timers.settle(RoundState(1, 0, Step.PROPOSE))
    assert [each.timer for each in timers.outstanding] == [Timer.PROPOSE, Timer.RESEND]
    prevote = RoundState(1, 0, Step.PREVOTE)
    assert timers.settle(prevote) == [CancelTimer(Timer.PROPOSE)]
    assert timers.settle(prevote) == []
    assert not timers.take(Timeout(Timer.PROPOSE, 1, 0))
