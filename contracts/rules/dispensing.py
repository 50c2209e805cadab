"""Rule 11a: packs, whole or in part, reach patients, or those who supply patients."""

from typing import NamedTuple, assert_never

from contracts.gs1.keys import GTIN_BYTES, SGTIN_KIND
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.head import Head
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
    actor_profile,
    empty_fault,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    signer_fault,
    stated_number,
)
from contracts.rules.implied import again, move_implied, unpack_implied
from contracts.rules.verdict import Verdict
from contracts.state.containers import end_life
from contracts.state.ending_rows import RemainderRow
from contracts.state.endings import remainder_of
from contracts.state.layout import PRODUCTS, REMAINDERS
from contracts.state.parties import HANDLING, has_role, is_party
from contracts.state.places import Position, effective_life
from contracts.state.rows import Life


class Packs(NamedTuple):
    """Listed packs that may be supplied, by what that means for each."""

    unopened: Positions
    """Active ones."""
    opened: Positions
    """Opened ones, with a rest in them."""
    repeated: Positions
    """Ones that the signer supplied here before."""


def dispense(act: Act, record: Dispense) -> Verdict | None:
    """Rule 11a: clean packs are supplied, for good, by a holder whom the profile lets supply them."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    fault = fault or _role_fault(act, record.head, record.to)
    if fault:
        return fault
    items = locate_all(act, record.items)
    packs = items if isinstance(items, Verdict) else _whole_packs(act, record, items)
    if isinstance(packs, Verdict):
        return packs
    # After this point it must succeed.
    end_lives(act, record.head, packs.unopened, Life.SUPPLIED)
    for item in packs.opened:
        _take(act, item, _units_left(act, item))
    tell_repeated(act, packs.repeated)
    return None


def _whole_packs(act: Act, record: Dispense, items: Positions) -> Packs | Verdict:
    """Ask of each item whether it, or what is left of it, may be supplied."""
    clean = CleanGuard(act)
    packs = Packs([], [], [])
    for item in items:
        if item.key[:1] != SGTIN_KIND:
            return Verdict(Code.NOT_A_PRODUCT, item.key)
        has_rest = _has_rest(act, record.head, item)
        is_supplied = effective_life(item) == Life.SUPPLIED and not has_rest
        if is_supplied and is_repetition(act, record.head, item):
            packs.repeated.append(item)
            continue
        fault = _opened_fault(act, record.head, item) if has_rest else _whole_fault(act, item)
        fault = fault or act.excuse(clean.faults(item))
        if fault:
            return fault
        (packs.opened if has_rest else packs.unopened).append(item)
    return packs


def dispense_part(act: Act, record: DispensePart) -> Verdict | None:
    """Rule 11a: a part of clean packs is dispensed; who opened one dispenses the rest where it opened it."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    fault = fault or _role_fault(act, record.head, SupplyTo.PATIENT)
    if fault:
        return fault
    if record.quantity < 1:
        return Verdict(Code.UNITS_INVALID, b"")
    items = locate_all(act, record.items)
    packs = items if isinstance(items, Verdict) else _divisible_packs(act, record, items)
    if isinstance(packs, Verdict):
        return packs
    # After this point it must succeed.
    _open(act, record.head, packs.unopened)
    for key in record.items:
        _take(act, again(act, key), record.quantity)
    return None


def _divisible_packs(act: Act, record: DispensePart, items: Positions) -> Packs | Verdict:
    """Ask of each item whether as much may be taken out of it."""
    clean = CleanGuard(act)
    packs = Packs([], [], [])
    for item in items:
        has_rest = _has_rest(act, record.head, item)
        fault = _opened_fault(act, record.head, item) if has_rest else _unopened_fault(act, item)
        fault = fault or clean.fault(item)
        if fault:
            return fault
        if record.quantity > _units_left(act, item):
            return Verdict(Code.NOT_ENOUGH_LEFT, item.key)
        (packs.opened if has_rest else packs.unopened).append(item)
    return packs


def _role_fault(act: Act, head: Head, to: SupplyTo) -> Verdict | None:
    """Ask whether the profile of the place lets a partner of these roles supply these people."""
    limits = actor_profile(act, head)
    match to:
        case SupplyTo.PATIENT:
            roles = limits.dispense_roles
        case SupplyTo.RETAIL:
            roles = limits.retail_roles
        case SupplyTo.INSTITUTION:
            roles = limits.institution_roles
        case _:
            assert_never(to)
    if has_role(act.partner, roles):
        return None
    return act.excuse((Verdict(Code.DISPENSING_NOT_ALLOWED, act.partner.gln),))


def _has_rest(act: Act, head: Head, item: Position) -> bool:
    """Tell whether a pack was opened to dispense a part of it, and the rest is not yet supplied.

    One that is supplied from its opening on has a rest for who opened it there, and for nobody else.
    """
    if item.row.life not in {Life.PARTLY_DISPENSED, Life.SUPPLIED}:
        return False
    remainder = remainder_of(act.state, item)
    if remainder is None or remainder.units_left == 0:
        return False
    return item.row.life == Life.PARTLY_DISPENSED or _is_opener(act, head, remainder)


def _is_opener(act: Act, head: Head, remainder: RemainderRow) -> bool:
    """Tell whether the signer opened a pack itself, at the stated premises."""
    is_here = stated_number(act, head) in {0, remainder.premises}
    return is_here and is_party(remainder.partner, act.signer)


def _opened_fault(act: Act, head: Head, item: Position) -> Verdict | None:
    """Ask whether the signer still holds a pack that it opened itself, at these premises."""
    if not _is_opener(act, head, act.state.require(REMAINDERS, item.key)):
        return Verdict(Code.OPENED_ELSEWHERE, item.key)
    return hand_fault(act, item)


def _whole_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether a pack is active, in hand, and not an emptied case."""
    return life_fault(item) or hand_fault(act, item) or empty_fault(act, item)


def _unopened_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether an active pack in hand can be dispensed in part."""
    if item.key[:1] != SGTIN_KIND:
        return Verdict(Code.NOT_A_PRODUCT, item.key)
    fault = life_fault(item) or hand_fault(act, item)
    if fault:
        return fault
    if item.row.container or _units_per_pack(act, item) <= 1:
        return Verdict(Code.NOT_DIVISIBLE, item.key)
    return None


def _units_per_pack(act: Act, item: Position) -> int:
    """Return how many smallest units are in a whole pack of a product."""
    return act.state.require(PRODUCTS, item.key[1 : 1 + GTIN_BYTES]).units_per_pack


def _units_left(act: Act, item: Position) -> int:
    """Return how many smallest units are in a pack, opened or not."""
    remainder = remainder_of(act.state, item)
    return _units_per_pack(act, item) if remainder is None else remainder.units_left


def _open(act: Act, head: Head, items: Positions) -> None:
    """Open packs, out of their containers, at the stated premises."""
    for item in move_implied(act, head, unpack_implied(act, items)):
        row = RemainderRow(_units_per_pack(act, item), act.signer, item.top.premises)
        act.state.write(REMAINDERS, item.key, row)
        if actor_profile(act, head).opening_supplies:
            end_where_it_is(act, item, Life.SUPPLIED)
        else:
            end_life(act.state, item, Life.PARTLY_DISPENSED)
    tell_stakeholders(act, EventKind.OPENED, items)


def _take(act: Act, item: Position, units: int) -> None:
    """Take units out of an opened pack; it is supplied with the last one."""
    row = act.state.require(REMAINDERS, item.key)
    left = row.units_left - units
    act.state.write(REMAINDERS, item.key, RemainderRow(left, row.partner, row.premises))
    if left == 0 and item.row.life != Life.SUPPLIED:
        end_where_it_is(act, item, Life.SUPPLIED)
