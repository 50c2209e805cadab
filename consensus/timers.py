"""The timers of a height: how long they run and which are running. Time itself is the host's.

The step timers grow linearly with the round and are capped (SPEC.md, "Timers"): they
must outgrow the network's delay, and doubling would have a network wait for hours after a bad night.
"""

from consensus.effects import ArmTimer, CancelTimer, Timeout
from consensus.limits import RESEND_INTERVAL_MS
from consensus.round_machine import RoundState
from consensus.values import Step, Timer
from contracts.chain.parameters import ConsensusTiming

BEGINNING = (Timer.PROOF_BLOCK, Timer.HEARTBEAT)
"""The timers that end an idle height."""


def delay_ms(timing: ConsensusTiming, timer: Timer, round_: int) -> int:
    """Return how long a timer runs in this round, in ms."""
    match timer:
        case Timer.PROPOSE:
            return _growing_ms(timing, timing.propose_ms, round_)
        case Timer.PREVOTE:
            return _growing_ms(timing, timing.prevote_ms, round_)
        case Timer.PRECOMMIT:
            return _growing_ms(timing, timing.precommit_ms, round_)
        case Timer.RESEND:
            return RESEND_INTERVAL_MS
        case Timer.PROOF_BLOCK:
            return timing.proof_block_delay_ms
        case Timer.HEARTBEAT:
            return timing.heartbeat_ms


def _growing_ms(timing: ConsensusTiming, base_ms: int, round_: int) -> int:
    return min(base_ms + round_ * timing.delta_ms, timing.cap_ms)


def is_relevant(timer: Timer, round_: int, state: RoundState) -> bool:
    """Tell whether a timer of this round, -1 for those that end an idle height, may still do something."""
    if round_ != state.round or state.step is Step.DECIDED:
        return False
    if timer is Timer.PROPOSE:
        return state.step is Step.PROPOSE
    return timer is not Timer.PREVOTE or state.step is Step.PREVOTE


class TimerKeeper:
    """The timers of one height, at most one of each kind.

    Scheduling only takes note; `settle` says what that means for the host once an input is worked off, so a
    timer that one rule arms and the next one makes pointless is never mentioned.
    """

    def __init__(self, timing: ConsensusTiming, height: int) -> None:
        """Start with no timer running."""
        self._timing = timing
        self._height = height
        self._scheduled: dict[Timer, int] = {}
        self._armed: dict[Timer, ArmTimer] = {}
        self._settled: RoundState | None = None

    def schedule(self, timer: Timer, round_: int) -> None:
        """Have a timer run for this round."""
        self._scheduled[timer] = round_

    def take(self, timeout: Timeout) -> bool:
        """Tell whether this timer was running for this round; it no longer is."""
        armed = self._armed.get(timeout.timer)
        if armed is None or armed.round != timeout.round:
            return False
        del self._armed[timeout.timer]
        return True

    def settle(self, state: RoundState) -> list[ArmTimer | CancelTimer]:
        """Arm what was scheduled, cancel what runs, as far as it may (not) do something in this state."""
        if not self._scheduled and state is self._settled:
            return []
        self._settled = state
        effects: list[ArmTimer | CancelTimer] = []
        for timer, round_ in self._scheduled.items():
            if is_relevant(timer, round_, state):
                self._armed[timer] = ArmTimer(
                    timer, self._height, round_, delay_ms(self._timing, timer, round_)
                )
                effects.append(self._armed[timer])
        self._scheduled.clear()
        for armed in tuple(self._armed.values()):
            if not is_relevant(armed.timer, armed.round, state):
                del self._armed[armed.timer]
                effects.append(CancelTimer(armed.timer))
        return effects

    @property
    def outstanding(self) -> tuple[ArmTimer, ...]:
        """The running timers by kind, with their full delays."""
        return tuple(armed for _, armed in sorted(self._armed.items()))
