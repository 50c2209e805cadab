"""The round machine: the table of algorithm 1 in arXiv 1807.04938, one function per branch.

A state and an event give a new state and outputs, or None when the branch's guard does not hold. Every
comparison of the algorithm that concerns steps, rounds and locks is here, with the paper's line beside it;
which votes and proposals make which event is the multiplexer's question. Nothing is counted or verified here.

Rule names P1-P8 are those of SPEC.md. One rule set only: a nil polka never unlocks.
"""

from collections.abc import Callable

import msgspec

from consensus.values import NO_VALUE, Judgement, RoundValue, Step, Timer
from contracts.chain.votes import MAX_ROUND, NIL, NO_ROUND, BlockId, VoteType

# -------------------------------------------------------------------------------------------- state


class RoundState(msgspec.Struct, frozen=True):
    """The variables of the algorithm for one height (lines 1-9)."""

    height: int
    """Height, never changed."""
    round: int = NO_ROUND
    """Current round; -1 while idle."""
    step: Step = Step.IDLE
    """Current step."""
    locked: RoundValue = NO_VALUE
    """What this node last precommitted: until released by line 29 it prevotes nothing else."""
    valid: RoundValue = NO_VALUE
    """The newest value known to have had a quorum of prevotes; never older than the lock."""
    prevote_timer_armed: bool = False
    """Line 34 happened in this round ("for the first time")."""
    polka_seen: bool = False
    """Line 36 happened in this round ("for the first time")."""
    precommit_timer_armed: bool = False
    """Line 47 happened in this round ("for the first time")."""
    decision: RoundValue = NO_VALUE
    """What was decided and in which round, in step DECIDED."""


# -------------------------------------------------------------------------------------------- events


class Begin(msgspec.Struct, frozen=True):
    """Something asks for a block at this height (line 10)."""


class FreshProposal(msgspec.Struct, frozen=True):
    """A proposal of the current round with valid round -1 (line 22)."""

    block_id: BlockId
    """Proposed value."""
    judgement: Judgement
    """Of valid, have and timely."""


class Reproposal(msgspec.Struct, frozen=True):
    """A proposal of the current round and a quorum of prevotes for its value in its valid round (line 28)."""

    block_id: BlockId
    """Proposed value."""
    valid_round: int
    """Round of the quorum."""
    judgement: Judgement
    """Of valid and have; its time was judged when it was fresh."""


class PolkaAny(msgspec.Struct, frozen=True):
    """A quorum of prevotes, for whatever, in the current round (line 34)."""


class PolkaValue(msgspec.Struct, frozen=True):
    """A proposal of the current round, held and valid, and a quorum of prevotes for it there (line 36)."""

    block_id: BlockId
    """The value."""


class PolkaNil(msgspec.Struct, frozen=True):
    """A quorum of prevotes for nil in the current round (line 44)."""


class PrecommitAny(msgspec.Struct, frozen=True):
    """A quorum of precommits, for whatever, in the current round (line 47)."""


class PrecommitValue(msgspec.Struct, frozen=True):
    """A quorum of precommits for a value, held and valid, in any round (line 49)."""

    round: int
    """Round of the precommits."""
    block_id: BlockId
    """The value."""


class SkipRound(msgspec.Struct, frozen=True):
    """Votes of more than a third of the power in a round above the current one (line 55)."""

    round: int
    """That round."""


class StepTimeout(msgspec.Struct, frozen=True):
    """The PROPOSE, PREVOTE or PRECOMMIT timer fired (lines 57, 61, 65)."""

    timer: Timer
    """Which."""
    height: int
    """As armed."""
    round: int
    """As armed."""


Event = (
    Begin
    | FreshProposal
    | Reproposal
    | PolkaAny
    | PolkaValue
    | PolkaNil
    | PrecommitAny
    | PrecommitValue
    | SkipRound
    | StepTimeout
)


# ------------------------------------------------------------------------------------------- outputs


class Propose(msgspec.Struct, frozen=True):
    """Propose in the current round: the valid value, or a new one when there is none (lines 15-19)."""

    value: RoundValue
    """The valid value; NO_VALUE to build one."""


class Cast(msgspec.Struct, frozen=True):
    """Vote in the current round."""

    type: VoteType
    """Prevote or precommit."""
    block_id: BlockId
    """For what; empty for nil."""


class Schedule(msgspec.Struct, frozen=True):
    """Arm a timer for the current round."""

    timer: Timer
    """PROPOSE, PREVOTE or PRECOMMIT."""


Output = Propose | Cast | Schedule


class Transition(msgspec.Struct, frozen=True):
    """What an event did."""

    state: RoundState
    """State afterwards."""
    outputs: tuple[Output, ...] = ()
    """In order."""


# ------------------------------------------------------------------------------------------ the table


def apply(state: RoundState, event: Event, proposes: Callable[[int], bool]) -> Transition | None:
    """Apply one event.

    Args:
        state: Before.
        event: What the multiplexer or a timer says.
        proposes: Whether this node is the proposer of a round.

    Returns:
        State and outputs, or None when the guard of the event's branch does not hold.
    """
    if state.step is Step.DECIDED:
        return None  # Line 49: while decision is nil. The next height has its own state.
    match event:
        case PrecommitValue():
            return _precommit_value(state, event)
        case Begin():
            return _start(state, 0, proposes) if state.step is Step.IDLE else None
        case SkipRound():
            return _skip_round(state, event, proposes)
        case StepTimeout():
            return _timeout(state, event, proposes)
        case _:
            return _within_round(state, event)


def _within_round(
    state: RoundState,
    event: FreshProposal | Reproposal | PolkaAny | PolkaValue | PolkaNil | PrecommitAny,
) -> Transition | None:
    match event:
        case FreshProposal():
            return _fresh_proposal(state, event)
        case Reproposal():
            return _reproposal(state, event)
        case PolkaAny():
            return _polka_any(state)
        case PolkaValue():
            return _polka_value(state, event.block_id)
        case PolkaNil():
            return _polka_nil(state)
        case PrecommitAny():
            return _precommit_any(state)


def _start(state: RoundState, round_: int, proposes: Callable[[int], bool]) -> Transition:
    """Lines 11-21. The proposer arms the timer too: its own block may take too long to build."""
    started = RoundState(state.height, round_, Step.PROPOSE, locked=state.locked, valid=state.valid)
    schedule = Schedule(Timer.PROPOSE)  # Line 21.
    if proposes(round_):  # Line 14.
        return Transition(started, (schedule, Propose(state.valid)))  # Lines 15-19.
    return Transition(started, (schedule,))


def _fresh_proposal(state: RoundState, event: FreshProposal) -> Transition | None:
    """P1, lines 22-27."""
    if state.step is not Step.PROPOSE:  # Line 22.
        return None
    lock_allows = state.locked.round == NO_ROUND or state.locked.block_id == event.block_id  # Line 23.
    return _answer(state, event.block_id, event.judgement, lock_allows=lock_allows)


def _reproposal(state: RoundState, event: Reproposal) -> Transition | None:
    """P2, lines 28-33."""
    if state.step is not Step.PROPOSE or not 0 <= event.valid_round < state.round:  # Line 28.
        return None
    lock_allows = (
        state.locked.round <= event.valid_round or state.locked.block_id == event.block_id
    )  # Line 29.
    return _answer(state, event.block_id, event.judgement, lock_allows=lock_allows)


def _answer(
    state: RoundState, block_id: BlockId, judgement: Judgement, *, lock_allows: bool
) -> Transition | None:
    """Lines 23-27 and 29-33. A lock on another value needs no judgement: the answer is nil either way."""
    if not lock_allows or judgement is Judgement.REFUSE:
        return _prevote(state, NIL)
    if judgement is Judgement.ACCEPT:
        return _prevote(state, block_id)
    return None


def _prevote(state: RoundState, block_id: BlockId) -> Transition:
    return Transition(msgspec.structs.replace(state, step=Step.PREVOTE), (Cast(VoteType.PREVOTE, block_id),))


def _polka_any(state: RoundState) -> Transition | None:
    """P3, lines 34-35."""
    if state.step is not Step.PREVOTE or state.prevote_timer_armed:  # Line 34.
        return None
    return Transition(msgspec.structs.replace(state, prevote_timer_armed=True), (Schedule(Timer.PREVOTE),))


def _polka_value(state: RoundState, block_id: BlockId) -> Transition | None:
    """P4, lines 36-43."""
    if state.step < Step.PREVOTE or state.polka_seen:  # Line 36.
        return None
    polka = RoundValue(block_id, state.round)
    if state.step is Step.PREVOTE:  # Line 37.
        locked = msgspec.structs.replace(
            state, step=Step.PRECOMMIT, locked=polka, valid=polka, polka_seen=True
        )  # Lines 38, 39, 41-43.
        return Transition(locked, (Cast(VoteType.PRECOMMIT, block_id),))  # Line 40.
    return Transition(msgspec.structs.replace(state, valid=polka, polka_seen=True))  # Lines 42-43.


def _polka_nil(state: RoundState) -> Transition | None:
    """P5, lines 44-46. The lock stays."""
    return _precommit_nil(state) if state.step is Step.PREVOTE else None


def _precommit_nil(state: RoundState) -> Transition:
    return Transition(msgspec.structs.replace(state, step=Step.PRECOMMIT), (Cast(VoteType.PRECOMMIT, NIL),))


def _precommit_any(state: RoundState) -> Transition | None:
    """P6, lines 47-48: in whatever step of a round that has begun."""
    if state.step is Step.IDLE or state.precommit_timer_armed:
        return None
    return Transition(
        msgspec.structs.replace(state, precommit_timer_armed=True), (Schedule(Timer.PRECOMMIT),)
    )


def _precommit_value(state: RoundState, event: PrecommitValue) -> Transition:
    """P7, lines 49-51: any round, any step, also idle."""
    decision = RoundValue(event.block_id, event.round)
    return Transition(msgspec.structs.replace(state, step=Step.DECIDED, decision=decision))


def _skip_round(state: RoundState, event: SkipRound, proposes: Callable[[int], bool]) -> Transition | None:
    """P8, lines 55-56. An idle height begins with round 0 and skips from there."""
    if state.step is Step.IDLE or not event.round > state.round:  # Line 55.
        return None
    return _start(state, event.round, proposes)


def _timeout(state: RoundState, event: StepTimeout, proposes: Callable[[int], bool]) -> Transition | None:
    """Lines 57-67: only while height, round and step are those the timer was armed for."""
    if event.height != state.height or event.round != state.round or state.step is Step.IDLE:
        return None
    if event.timer is Timer.PROPOSE and state.step is Step.PROPOSE:  # Line 58.
        return _prevote(state, NIL)  # Lines 59-60.
    if event.timer is Timer.PREVOTE and state.step is Step.PREVOTE:  # Line 62.
        return _precommit_nil(state)  # Lines 63-64.
    if event.timer is Timer.PRECOMMIT and state.round < MAX_ROUND:  # Line 66; there is no round beyond.
        return _start(state, state.round + 1, proposes)  # Line 67.
    return None
