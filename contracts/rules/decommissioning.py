"""Rule 12: items leave the supply chain, or are reported gone; what was lost may be found."""

from typing import Final, NamedTuple, assert_never

from contracts.records.endings import Found
from contracts.records.supply import Decommission, DecommissionReason
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.endings import (
    end_lives,
    end_where_it_is,
    is_repetition,
    tell_repeated,
    tell_stakeholders,
)
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    CleanGuard,
    Positions,
    empty_fault,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    packing_fault,
    signer_fault,
)
from contracts.rules.implied import again, move_implied
from contracts.rules.verdict import Verdict
from contracts.state.containers import rewrite
from contracts.state.endings import ending_of, note_ending, remainder_of
from contracts.state.parties import HANDLING, has_role, is_holder, is_maker, is_owner, is_party
from contracts.state.places import Position, effective_life, merge_holds, with_holds, with_life
from contracts.state.rows import HoldKind, Life, Role

LEFT: Final = frozenset({Life.EXPORTED, Life.SAMPLE, Life.FREE_SAMPLE, Life.CHECKED_OUT, Life.LOST})
"""Lives of what left the supply chain but is still somewhere: it may be destroyed, or reported stolen."""

_OPENED: Final = frozenset({Life.PARTLY_DISPENSED})


class Leaving(NamedTuple):
    """One way to leave the supply chain by the holder's word."""

    life: Life
    """What the item becomes."""
    reaches_people: bool
    """Whether it may still be taken by somebody: then it must be clean, and the signer licensed."""


_LEAVING: Final = {
    DecommissionReason.EXPORTED: Leaving(Life.EXPORTED, reaches_people=True),
    DecommissionReason.SAMPLE: Leaving(Life.SAMPLE, reaches_people=False),
    DecommissionReason.FREE_SAMPLE: Leaving(Life.FREE_SAMPLE, reaches_people=True),
    DecommissionReason.CHECKED_OUT: Leaving(Life.CHECKED_OUT, reaches_people=True),
    DecommissionReason.LOST: Leaving(Life.LOST, reaches_people=False),
}


def decommission(act: Act, record: Decommission) -> Verdict | None:
    """Rule 12: listed items leave the supply chain; so does what is inside them."""
    leaving = _LEAVING.get(record.reason)
    licensed = leaving is not None and leaving.reaches_people
    fault = signer_fault(act, record.head, HANDLING, licensed=licensed) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    match record.reason:
        case DecommissionReason.DESTROYED:
            return _destroy(act, record, items)
        case DecommissionReason.STOLEN:
            return _report_stolen(act, record, items)
        case (
            DecommissionReason.EXPORTED
            | DecommissionReason.SAMPLE
            | DecommissionReason.FREE_SAMPLE
            | DecommissionReason.CHECKED_OUT
            | DecommissionReason.LOST
        ):
            return _leave(act, record, items, _LEAVING[record.reason])
        case _:
            assert_never(record.reason)


def _leave(act: Act, record: Decommission, items: Positions, leaving: Leaving) -> Verdict | None:
    """Let what the signer holds leave the supply chain; what reaches people must be clean."""
    clean = CleanGuard(act)
    repeated: Positions = []
    ended: Positions = []
    for item in items:
        if effective_life(item) == leaving.life and is_repetition(act, record.head, item):
            repeated.append(item)
            continue
        also = () if leaving.reaches_people else _OPENED
        fault = life_fault(item, also) or hand_fault(act, item)
        if fault is None and leaving.reaches_people:
            fault = empty_fault(act, item) or clean.fault(item)
        if fault:
            return fault
        ended.append(item)
    # After this point it must succeed.
    end_lives(act, record.head, ended, leaving.life)
    if leaving.life == Life.LOST:
        tell_stakeholders(act, EventKind.LOST_REPORTED, ended)
    tell_repeated(act, repeated)
    return None


def _destroy(act: Act, record: Decommission, items: Positions) -> Verdict | None:
    """Destroy what the signer holds, whatever holds lie on it; what was gone and turned up too."""
    repeated: Positions = []
    destroyed: Positions = []
    for item in items:
        if effective_life(item) == Life.DESTROYED and is_repetition(act, record.head, item):
            repeated.append(item)
            continue
        fault = (
            life_fault(item, LEFT | _OPENED | {Life.STOLEN}) or packing_fault(item) or hand_fault(act, item)
        )
        if fault:
            return fault
        destroyed.append(item)
    # After this point it must succeed.
    end_lives(act, record.head, destroyed, Life.DESTROYED)
    tell_repeated(act, repeated)
    return None


def _report_stolen(act: Act, record: Decommission, items: Positions) -> Verdict | None:
    """Take the signer's word that items are gone; in the ledger they stay where they are, dirty."""
    repeated: Positions = []
    stolen: Positions = []
    claimed: Positions = []
    for item in items:
        if effective_life(item) == Life.STOLEN and is_repetition(act, record.head, item):
            repeated.append(item)
            continue
        fault = life_fault(item, LEFT | _OPENED)
        if fault:
            return fault
        if _is_final_word(act, item):
            stolen.append(item)
        elif not is_maker(act.state, act.signer, item):
            return Verdict(Code.NOT_HOLDER_OR_OWNER, item.key)
        else:
            (repeated if _claim(act) in item.row.holds else claimed).append(item)
    # After this point it must succeed.
    for item in stolen:
        end_where_it_is(act, again(act, item.key), Life.STOLEN)
    for item in claimed:
        _add_suspicion(act, again(act, item.key), Life(item.row.life))
    tell_stakeholders(act, EventKind.STOLEN_REPORTED, stolen)
    tell_stakeholders(act, EventKind.STOLEN_CLAIMED, claimed)
    tell_repeated(act, repeated)
    return None


def _is_final_word(act: Act, item: Position) -> bool:
    """Tell whether the signer's word that an item is stolen is final: holder, owner, regulator."""
    is_concerned = is_holder(act.signer, item) or is_owner(act.signer, item)
    return is_concerned or has_role(act.partner, Role.REGULATOR)


def _claim(act: Act) -> tuple[int, int]:
    """Return the hold that the signer's suspicion sets."""
    return int(HoldKind.SUSPECT), act.signer


def _add_suspicion(act: Act, item: Position, life: Life) -> None:
    """Give an item this life, and a hold of the signer's: suspect."""
    row = with_holds(item.row, merge_holds(item.row.holds, (_claim(act),)))
    rewrite(act.state, item, with_life(row, life))


def found(act: Act, record: Found) -> Verdict | None:
    """Rule 12: what the signer lost has turned up with it; it comes back suspect, and never clean."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    for item in items:
        if item.row.life != Life.LOST:
            return Verdict(Code.NOT_LOST, item.key)
        if not is_party(ending_of(act.state, item).partner, act.signer):
            return Verdict(Code.LOST_BY_ANOTHER, item.key)
    # After this point it must succeed: what is lost neither moves nor changes hands.
    for item in move_implied(act, record.head, items):
        note_ending(act.state, item, Life.ACTIVE, act.signer, act.time_ms)
        is_opened = remainder_of(act.state, item) is not None
        _add_suspicion(act, item, Life.PARTLY_DISPENSED if is_opened else Life.ACTIVE)
    tell_stakeholders(act, EventKind.LOST_FOUND, items)
    return None
