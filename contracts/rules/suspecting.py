"""Rule 15: suspect items, and what becomes of the suspicion: cleared, or confirmed as illegitimate.

The holder's suspicion is the proposal, and maker or regulator consent to it by confirming: two acts of two
parties. It does not lapse, for a suspicion that nobody answers must not end in silence (360eee-1(c)(4)).
"""

from collections.abc import Iterable
from functools import partial
from typing import Final

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.head import Head
from contracts.records.holds import Clear, ConfirmIllegitimate, Suspect
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import life_fault, list_fault, locate_all, signer_fault
from contracts.rules.implied import again, move_own
from contracts.rules.lifting import (
    HOLDABLE,
    Hold,
    lift_code,
    lifted_from_each,
    own_holds,
    put_hold,
    take_off,
    tell_each,
)
from contracts.rules.verdict import Verdict
from contracts.state.concerned import alarmed, is_sole_maker, makers_of
from contracts.state.containers import rewrite
from contracts.state.directory import partner
from contracts.state.overages import claims_among
from contracts.state.parties import HANDLING, has_role, is_among, is_holder, is_in_hand, is_party
from contracts.state.places import Holds, Position, effective_holds, merge_holds, with_holds
from contracts.state.rows import THE_LAW, HoldKind, Role

_SUSPICIONS: Final = (HoldKind.SUSPECT, HoldKind.ILLEGITIMATE)
_CONFIRMED: Final = (HoldKind.SUSPECT, HoldKind.CLAIMED)
"""What a confirmation ends: also the claim of an overage is a suspicion (rule 6)."""


def suspect(act: Act, record: Suspect) -> Verdict | None:
    """Rule 15: the holder calls items suspect; makers, regulators and everyone with a stake hear of it."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    hold = suspicion_of(act.signer)
    for item in items:
        fault = life_fault(item, HOLDABLE)
        if fault:
            return fault
        if not is_holder(act.signer, item):
            return Verdict(Code.NOT_HOLDER, item.key)
        if hold in effective_holds(item):
            return Verdict(Code.ALREADY_HELD, item.key)
    # After this point it must succeed.
    items = move_own(act, record.head, items)
    raise_suspicion(act, items)
    return None


def suspicion_of(setter: int) -> Hold:
    """Return the hold with which a partner, or the law, calls an item suspect."""
    return int(HoldKind.SUSPECT), setter


def raise_suspicion(act: Act, items: Iterable[Position]) -> None:
    """Hold items as suspect in the signer's name, and alarm those who must know."""
    found = tuple(items)
    put_hold(act, found, suspicion_of(act.signer))
    tell_each(act, EventKind.SUSPICION_RAISED, ((item.key, alarmed(act.state, item)) for item in found))


def confirm_illegitimate(act: Act, record: ConfirmIllegitimate) -> Verdict | None:
    """Rule 15: maker or regulator confirms a suspicion; from here only a regulator leads back."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    for item in items:
        fault = life_fault(item, HOLDABLE)
        if fault:
            return fault
        if not own_holds(item, _CONFIRMED):
            return Verdict(Code.NOT_SUSPECT, item.key)
        is_regulator = has_role(act.partner, Role.REGULATOR)
        if not is_regulator and not is_sole_maker(act.state, act.signer, item):
            return Verdict(Code.NOT_MAKER_OR_REGULATOR, item.key)
    # After this point it must succeed.
    for item in items:
        _confirm(act, again(act, item.key))
    # Who claims goods has them in hand, whatever the ledger says.
    told = (
        (item.key, (*alarmed(act.state, item), *(by for _kind, by in claims_among(item.row.holds))))
        for item in items
    )
    tell_each(act, EventKind.ILLEGITIMATE_CONFIRMED, told)
    return None


def _confirm(act: Act, item: Position) -> None:
    """Let every suspicion of an item, and every claim of it, become the one confirmation."""
    rest = tuple(hold for hold in item.row.holds if hold[0] not in _CONFIRMED)
    confirmed = merge_holds(rest, ((int(HoldKind.ILLEGITIMATE), act.signer),))
    rewrite(act.state, item, with_holds(item.row, confirmed))


def clear(act: Act, record: Clear) -> Verdict | None:
    """Rule 15: an investigation clears items of suspicion."""
    fault = (
        signer_fault(act, record.head, HANDLING) or _investigation_fault(record) or list_fault(record.items)
    )
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    cleared = lifted_from_each(items, partial(_clearable, act, record.head))
    if isinstance(cleared, Verdict):
        return cleared
    # After this point it must succeed.
    items = move_own(act, record.head, items)
    take_off(act, list(zip(items, cleared, strict=True)))
    told = (
        (item.key, (*alarmed(act.state, item), *(setter for _kind, setter in holds)))
        for item, holds in zip(items, cleared, strict=True)
    )
    tell_each(act, EventKind.CLEARED, told)
    return None


def _investigation_fault(record: Clear) -> Verdict | None:
    """Ask whether the record names the investigation by its hash."""
    if len(record.investigation) == HASH_BYTES:
        return None
    return Verdict(Code.INVESTIGATION_INVALID, b"")


def _clearable(act: Act, head: Head, item: Position) -> Holds | Verdict:
    """Return the suspicions that the signer may clear; of several that it may not, the first decides."""
    holds = own_holds(item, _SUSPICIONS)
    if not holds:
        return Verdict(Code.NOT_SUSPECT, item.key)
    codes = [_clear_code(act, head, item, hold) for hold in holds]
    found = tuple(hold for hold, code in zip(holds, codes, strict=True) if code is None)
    return found or Verdict(next(code for code in codes if code is not None), item.key)


def _clear_code(act: Act, head: Head, item: Position, hold: Hold) -> Code | None:
    """Return why the signer's investigation does not clear a suspicion; None when it does.

    A regulator's clears everything, and alone what is illegitimate. A suspicion is cleared by its setter, by
    whoever may lift that partner's holds (but not a maker's), by the maker, and the law's own by whoever has
    the item in hand.
    """
    kind, setter = hold
    if has_role(act.partner, Role.REGULATOR):
        return None
    if kind == HoldKind.ILLEGITIMATE:
        return Code.REGULATOR_NEEDED
    if setter == THE_LAW:
        return None if is_in_hand(act.signer, item) else Code.NOT_HOLDER
    is_regulators = has_role(partner(act.state, setter), Role.REGULATOR)
    if not is_regulators and is_sole_maker(act.state, act.signer, item):
        return None
    code = lift_code(act, head, item, setter)
    if code is None and not is_party(setter, act.signer) and not is_regulators:
        # A maker speaks of goods that it never held (rules 12, 25): nobody succeeds it in custody of them.
        return Code.NOT_SETTER if is_among(setter, makers_of(act.state, item)) else None
    return code
