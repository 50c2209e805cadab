"""The window of evidence in state: which past heights it may be about, and who voted at them.

A node that was not there must judge evidence as one that was: so past sets stand in state, and so does as
much of past block times as an age limit needs. Times are marked now and then, not at every block, so that an
empty block seldom writes anything: an offence counts as old as the mark before it says, which is at most one
thirty-second of the limit too old.
"""

from typing import Final, NamedTuple

import msgspec

from contracts.chain.parameters import Tolerances
from contracts.state.evidence_rows import WindowRow
from contracts.state.governance_rows import Validators
from contracts.state.layout import EVIDENCE_WINDOW, PARAMETERS, PAST_SETS, SOLE_KEY, height_key
from contracts.state.view import Overlay

MARKS_PER_LIMIT: Final = 32
"""How many marks divide the age limit."""
MAX_MARKS: Final = 64
"""Most marks: of limits that changed, some come closer together."""
MAX_PAST_SETS: Final = 64
"""Most sets remembered: evidence about heights before the oldest of them is taken no more."""


class Moment(NamedTuple):
    """Of the block that carries evidence."""

    height: int
    """From 1."""
    time_ms: int
    """Block time in ms since 1970-01-01 UTC."""


def write_first_window(state: Overlay, time_ms: int, voters: Validators) -> None:
    """Begin with genesis: its time, and the set that votes from height 1 on."""
    state.write(PAST_SETS, height_key(1), voters)
    state.write(EVIDENCE_WINDOW, SOLE_KEY, WindowRow(1, ((0, time_ms),), (1,)))


def window(state: Overlay) -> WindowRow:
    """Return how far back evidence reaches."""
    return state.require(EVIDENCE_WINDOW, SOLE_KEY)


def _tolerances(state: Overlay) -> Tolerances:
    """Return the limits that bind the block under way."""
    return Tolerances(*state.require(PARAMETERS, SOLE_KEY).tolerances)


def lowest_height(state: Overlay, moment: Moment) -> int:
    """Return the lowest height that evidence in a block may be about.

    Args:
        state: State after the block before.
        moment: Of the block.
    """
    row, limits = window(state), _tolerances(state)
    recent = (height for height, time_ms in row.marks if moment.time_ms - time_ms <= limits.evidence_age_ms)
    return max(row.floor, moment.height - limits.evidence_age_heights, next(recent, moment.height))


def voters_at(state: Overlay, height: int) -> Validators:
    """Return who voted at a height that is not below the window."""
    begun = [first for first in window(state).sets if first <= height]
    return state.require(PAST_SETS, height_key(begun[-1]))


def raise_floor(state: Overlay, height: int) -> None:
    """Take no evidence about heights below this one any more: something about them is forgotten now."""
    row = window(state)
    if height > row.floor:
        state.write(EVIDENCE_WINDOW, SOLE_KEY, msgspec.structs.replace(row, floor=height))


def note_set(state: Overlay, first_height: int, voters: Validators) -> None:
    """Remember a set that votes from a height on; forget those that ended before the window."""
    row = window(state)
    ends = (*row.sets[1:], first_height)
    known = (*(first for first, end in zip(row.sets, ends, strict=True) if end > row.floor), first_height)
    kept = known[-MAX_PAST_SETS:]
    for first in row.sets:
        if first not in kept:
            state.delete(PAST_SETS, height_key(first))
    state.write(PAST_SETS, height_key(first_height), voters)
    state.write(EVIDENCE_WINDOW, SOLE_KEY, WindowRow(max(row.floor, kept[0]), row.marks, kept))


def note_time(state: Overlay, moment: Moment) -> bool:
    """Mark a block's time, as its last step, when the last mark is far enough behind; tell whether it did."""
    row, limit_ms = window(state), _tolerances(state).evidence_age_ms
    if row.marks and moment.time_ms - row.marks[-1][1] < max(1, limit_ms // MARKS_PER_LIMIT):
        return False
    recent = (mark for mark in row.marks if moment.time_ms - mark[1] <= limit_ms)
    marks = (*recent, (moment.height, moment.time_ms))[-MAX_MARKS:]
    floor = max(row.floor, lowest_height(state, moment), marks[0][0])
    state.write(EVIDENCE_WINDOW, SOLE_KEY, WindowRow(floor, marks, row.sets))
    return True
