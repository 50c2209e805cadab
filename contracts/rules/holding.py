"""Rule 14: lock and unlock, quarantine and release."""

from functools import partial
from typing import Final

from contracts.records.holds import HoldAction, LiftHold, PlaceHold
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import life_fault, list_fault, locate_all, signer_fault
from contracts.rules.implied import move_own
from contracts.rules.lifting import (
    HOLDABLE,
    lift,
    lift_code,
    lifted_from_each,
    own_holds,
    put_hold,
    tell_each,
)
from contracts.rules.relying import note_reliance
from contracts.rules.verdict import Verdict
from contracts.state.parties import HANDLING, has_role, is_holder, stakeholders
from contracts.state.places import Holds, Position, effective_holds
from contracts.state.rows import HoldKind, Role

_KINDS: Final = {HoldAction.LOCK: HoldKind.LOCKED, HoldAction.QUARANTINE: HoldKind.QUARANTINED}


def place_hold(act: Act, record: PlaceHold) -> Verdict | None:
    """Rule 14: holder or regulator holds items back, wherever they are, with everything inside them."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    hold = (int(_KINDS[record.action]), act.signer)
    for item in items:
        fault = life_fault(item, HOLDABLE) or _may_hold_fault(act, item)
        if fault:
            return fault
        if hold in effective_holds(item):
            return Verdict(Code.ALREADY_HELD, item.key)
    # After this point it must succeed.
    items = move_own(act, record.head, items)
    put_hold(act, items, hold)
    note_reliance(act, items)
    tell_each(act, EventKind.HOLD_PLACED, ((item.key, stakeholders(item)) for item in items))
    return None


def _may_hold_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether the signer holds the item, or is a regulator."""
    if is_holder(act.signer, item) or has_role(act.partner, Role.REGULATOR):
        return None
    return Verdict(Code.NOT_HOLDER, item.key)


def lift_hold(act: Act, record: LiftHold) -> Verdict | None:
    """Rule 14: a hold comes off the items that carry it, by its setter or whoever may stand in for it."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    lifted = lifted_from_each(items, partial(_liftable, act, record))
    if isinstance(lifted, Verdict):
        return lifted
    # After this point it must succeed.
    items = move_own(act, record.head, items)
    lift(act, list(zip(items, lifted, strict=True)))
    return None


def _liftable(act: Act, record: LiftHold, item: Position) -> Holds | Verdict:
    """Return the holds of an item that the signer may lift; of several that it may not, the first decides."""
    holds = own_holds(item, (_KINDS[record.action],))
    if not holds:
        return Verdict(Code.NOT_ON_HOLD, item.key)
    codes = [lift_code(act, record.head, item, setter) for _kind, setter in holds]
    found = tuple(hold for hold, code in zip(holds, codes, strict=True) if code is None)
    return found or Verdict(next(code for code in codes if code is not None), item.key)
