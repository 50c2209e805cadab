"""Rule 22: what governance changes of products and of holds whose setter is gone."""

from typing import Final, assert_never

import msgspec

from contracts.gs1.keys import is_valid_gtin
from contracts.records.changes import AssignProduct, LiftHolds, RegisterProduct
from contracts.rules.cataloguing import facts_fault, product_row
from contracts.rules.changing_parties import partner_fault
from contracts.rules.codes import Code
from contracts.rules.guards import first_fault, list_fault
from contracts.rules.verdict import Verdict
from contracts.state.containers import rewrite
from contracts.state.directory import find_partner
from contracts.state.layout import ITEMS, PRODUCT_OFFERS, PRODUCTS
from contracts.state.parties import has_role, is_licensed
from contracts.state.places import locate, with_holds
from contracts.state.rows import NOBODY, HoldKind, Role
from contracts.state.view import Overlay

MAX_LIFTED: Final = 1_000
"""Most items that one change lifts holds from."""

GoodsChange = RegisterProduct | AssignProduct | LiftHolds
"""Changes of this family."""

_LIFTABLE: Final = frozenset({HoldKind.QUARANTINED, HoldKind.LOCKED, HoldKind.SUSPECT})


def goods_form_fault(state: Overlay, change: GoodsChange) -> Verdict | None:
    """Ask whether a change makes sense as things stand when it is proposed."""
    match change:
        case RegisterProduct(gtin=gtin):
            if not is_valid_gtin(gtin):
                return Verdict(Code.GTIN_INVALID, gtin)
            return None if state.read(PRODUCTS, gtin) is None else Verdict(Code.PRODUCT_KNOWN, gtin)
        case AssignProduct():
            return None
        case LiftHolds():
            return _lift_fault(state, change)
        case _:
            assert_never(change)


def _lift_fault(state: Overlay, change: LiftHolds) -> Verdict | None:
    found = find_partner(state, change.setter)
    if found is None:
        return Verdict(Code.PARTNER_UNKNOWN, change.setter)
    number, setter = found
    if has_role(setter, Role.REGULATOR) and is_licensed(setter):
        return Verdict(Code.REGULATORS_HOLD, change.setter)
    if change.kind not in _LIFTABLE:
        return Verdict(Code.HOLD_NOT_LIFTABLE, change.setter)
    if len(change.items) > MAX_LIFTED:
        return Verdict(Code.CHANGES_INVALID, change.setter)
    return list_fault(change.items) or first_fault(
        _held_fault(state, key, (change.kind, number)) for key in change.items
    )


def _held_fault(state: Overlay, key: bytes, hold: tuple[int, int]) -> Verdict | None:
    """Ask whether an item carries a hold itself."""
    row = state.read(ITEMS, key)
    if row is None:
        return Verdict(Code.ITEM_UNKNOWN, key)
    return None if hold in row.holds else Verdict(Code.NOT_ON_HOLD, key)


def goods_fit_fault(state: Overlay, change: GoodsChange) -> Verdict | None:
    """Ask whether a change fits what is registered when it acts."""
    match change:
        case RegisterProduct(gtin=gtin, holder=holder, facts=facts):
            return partner_fault(state, holder) or facts_fault(state, gtin, facts)
        case AssignProduct(gtin=gtin, holder=holder):
            if state.read(PRODUCTS, gtin) is None:
                return Verdict(Code.PRODUCT_UNKNOWN, gtin)
            return partner_fault(state, holder)
        case LiftHolds():
            return None
        case _:
            assert_never(change)


def enact_goods(state: Overlay, change: GoodsChange) -> None:
    """Let a change act, whatever other records did since it was decided."""
    match change:
        case RegisterProduct(gtin=gtin, holder=holder, facts=facts):
            if state.read(PRODUCTS, gtin) is None:
                state.write(PRODUCTS, gtin, product_row(_number(state, holder), facts, ()))
            else:
                # Somebody came to own its prefix and registered it: what it contains stands for ever.
                _hand_over(state, gtin, _number(state, holder))
        case AssignProduct(gtin=gtin, holder=holder):
            _hand_over(state, gtin, _number(state, holder))
        case LiftHolds():
            _take_off(state, change)
        case _:
            assert_never(change)


def _number(state: Overlay, gln: bytes) -> int:
    found = find_partner(state, gln)
    return NOBODY if found is None else found[0]


def _hand_over(state: Overlay, gtin: bytes, holder: int) -> None:
    product = state.require(PRODUCTS, gtin)
    state.delete(PRODUCT_OFFERS, gtin)
    state.write(PRODUCTS, gtin, msgspec.structs.replace(product, holder=holder))


def _take_off(state: Overlay, change: LiftHolds) -> None:
    hold = (change.kind, _number(state, change.setter))
    for key in change.items:
        position = locate(state, key)
        if position is not None and hold in position.row.holds:
            left = tuple(other for other in position.row.holds if other != hold)
            rewrite(state, position, with_holds(position.row, left))
