"""Rule 13: who ended the life of an item takes that back, at the same premises and soon enough."""

from contracts.records.endings import Reinstate, UndoneEnding
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.endings import tell_stakeholders
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    CleanGuard,
    actor_profile,
    hand_fault,
    list_fault,
    locate_all,
    packing_fault,
    signer_fault,
    stated_number,
)
from contracts.rules.implied import again
from contracts.rules.verdict import Verdict
from contracts.state.containers import end_life
from contracts.state.endings import ending_of, note_ending, remainder_of
from contracts.state.parties import HANDLING, is_party
from contracts.state.places import Position, effective_life
from contracts.state.rows import Life

_DECLARED = 1


def reinstate(act: Act, record: Reinstate) -> Verdict | None:
    """Rule 13: listed items are active again, and so is what is inside them."""
    fault = (
        signer_fault(act, record.head, HANDLING)
        or list_fault(record.items)
        or _declaration_fault(act, record)
    )
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    clean = CleanGuard(act)
    for item in items:
        fault = _ending_fault(act, record, item) or hand_fault(act, item) or clean.fault(item)
        if fault:
            return fault
    # After this point it must succeed.
    for item in items:
        note_ending(act.state, item, Life.ACTIVE, act.signer, act.time_ms)
        end_life(act.state, again(act, item.key), Life.ACTIVE)
    tell_stakeholders(act, EventKind.REINSTATED, items)
    return None


def _declaration_fault(act: Act, record: Reinstate) -> Verdict | None:
    """Ask for the declaration, and whether the profile lets this kind of ending be undone."""
    if record.never_left != _DECLARED:
        return Verdict(Code.NOT_DECLARED, b"")
    if record.undoes == UndoneEnding.EXPORTED and not actor_profile(act, record.head).reinstate_exported:
        return Verdict(Code.ENDING_NOT_UNDONE_HERE, b"")
    return None


def _ending_fault(act: Act, record: Reinstate, item: Position) -> Verdict | None:
    """Ask whether an item's own life ended in this way, by this partner, here, and not too long ago."""
    if effective_life(item) != Life(record.undoes):
        return Verdict(Code.OTHER_ENDING, item.key)
    fault = packing_fault(item)
    if fault:
        return fault
    if remainder_of(act.state, item) is not None:
        return Verdict(Code.PACK_OPENED, item.key)
    ending = ending_of(act.state, item)
    if not is_party(ending.partner, act.signer):
        return Verdict(Code.ENDED_BY_ANOTHER, item.key)
    if stated_number(act, record.head) != ending.premises:
        return Verdict(Code.ENDED_ELSEWHERE, item.key)
    if act.time_ms > ending.ended_at_ms + actor_profile(act, record.head).reinstate_window_ms:
        return Verdict(Code.ENDED_TOO_LONG_AGO, item.key)
    return None
