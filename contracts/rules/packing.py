"""Rules 2a and 2b: items go into containers, and come out."""

import msgspec

from contracts.gs1.keys import SSCC_KIND
from contracts.records.supply import Pack, Unpack
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.cold_chain import exposures_around, join_sessions
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    CleanGuard,
    Positions,
    actor_profile,
    cold_fault,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    signer_fault,
    stated_number,
)
from contracts.rules.implied import again, move_implied, unpack_implied
from contracts.rules.logistic_units import (
    NEVER,
    bring_to_life,
    is_logistic_unit,
    life_of_unit_fault,
    prefix_owner_of,
)
from contracts.rules.verdict import Verdict
from contracts.state.containers import (
    Load,
    find_contents,
    is_emptied,
    is_too_deep,
    is_too_mixed,
    load_of,
    new_container,
    put_in,
    take_out,
)
from contracts.state.layout import ITEMS
from contracts.state.parties import HANDLING, TRADING, has_same_owner, is_party
from contracts.state.places import (
    Position,
    as_container,
    effective_holds,
    effective_life,
    locate,
    owned_by,
)
from contracts.state.rows import ItemRow, Life
from contracts.state.titles import NO_TITLE, sellers_of


def pack(act: Act, record: Pack) -> Verdict | None:
    """Rule 2a: clean items of one holder and owner go into a container of the same."""
    fault = signer_fault(act, record.head, TRADING) or list_fault(record.children)
    if fault:
        return fault
    children = locate_all(act, record.children)
    if isinstance(children, Verdict):
        return children
    fault = _children_fault(act, record.parent, children)
    if fault:
        return fault
    parent = _find_parent(act, record)
    if isinstance(parent, Verdict):
        return parent
    fault = None if parent is None else _parent_fault(act, parent, children)
    if fault:
        return fault
    # What the record implies happens first; if there is no room then, all of it is undone.
    children, target = _imply(act, record, parent, children)
    load = load_of(act.state, ((child.key, child.row) for child in children))
    load = msgspec.structs.replace(load, sellers=sellers_of(act.state, children))
    fault = _room_fault(act, target, load) or join_sessions(act, target, load)
    if fault:
        return fault
    # After this point it must succeed.
    put_in(act.state, again(act, target.key), children, load)
    return None


def _room_fault(act: Act, target: Position, load: Load) -> Verdict | None:
    """Ask whether levels, sources and sessions inside a container, and around it, stay within the caps."""
    if is_too_deep(act.limits, target, load):
        return Verdict(Code.PACKING_TOO_DEEP, target.key)
    if is_too_mixed(act.state, act.limits, target, load):
        return Verdict(Code.CONTAINER_TOO_MIXED, target.key)
    return None


def _children_fault(act: Act, parent: bytes, children: Positions) -> Verdict | None:
    """Ask of each child whether it may be packed: active, in hand, still, clean, of one owner."""
    clean = CleanGuard(act, is_leaving=True)
    for child in children:
        fault = life_fault(child) or hand_fault(act, child) or clean.fault(child)
        if fault:
            return fault
        if child.row.parent == parent:
            return Verdict(Code.ALREADY_INSIDE, child.key)
        if not has_same_owner(child.top, children[0].top):
            return Verdict(Code.DIFFERENT_OWNER, child.key)
    return None


def _find_parent(act: Act, record: Pack) -> Position | Verdict | None:
    """Find the container; None when it is a logistic unit that this pack brings to life."""
    position = locate(act.state, record.parent)
    if position is None:
        if is_logistic_unit(record.parent):
            return None
        return Verdict(Code.ITEM_UNKNOWN, record.parent)
    if not _is_refilled_by_another(act, position):
        return position
    days = actor_profile(act, record.head).sscc_reuse_days
    # One that is inside something does not rest: it cannot begin anew there, nor be filled by another.
    if life_of_unit_fault(act, record.parent, days) is not None:
        return Verdict(Code.SSCC_RESTING, record.parent)
    # Of a unit that begins anew nothing else is asked, so this is: the old one may be in hand, and listed.
    return Verdict(Code.PACKING_CYCLE, record.parent) if record.parent in record.children else None


def _is_refilled_by_another(act: Act, position: Position) -> bool:
    """Tell whether a unit was emptied and is not the signer's to refill: it must rest, then begins anew."""
    contents = find_contents(act.state, position.key, position.row)
    if position.key[:1] != SSCC_KIND or contents is None or contents.emptied_at_ms == NEVER:
        return False
    if effective_life(position) != Life.ACTIVE or effective_holds(position) or position.shipment is not None:
        # What is asked of every container says so.
        return False
    return not is_party(contents.introduced_by, act.signer) or hand_fault(act, position) is not None


def _parent_fault(act: Act, parent: Position, children: Positions) -> Verdict | None:
    """Ask whether a known container is active, in hand, still, of the children's owner, and none of them."""
    if effective_life(parent) != Life.ACTIVE:
        return Verdict(Code.PARENT_NOT_ACTIVE, parent.key)
    fault = hand_fault(act, parent)
    if fault:
        return fault
    if effective_holds(parent):
        return Verdict(Code.ON_HOLD, parent.key)
    fault = cold_fault(act, parent.key, exposures_around(act.state, parent), None, is_leaving=True)
    if fault:
        return fault
    around = {parent.key, *(key for key, _row in parent.above)}
    for child in children:
        if child.key in around:
            return Verdict(Code.PACKING_CYCLE, child.key)
    if not has_same_owner(parent.top, children[0].top) and not _is_bare_unit(act, parent):
        return Verdict(Code.DIFFERENT_OWNER, parent.key)
    return None


def _is_bare_unit(act: Act, parent: Position) -> bool:
    """Tell whether a container is an empty logistic unit by itself: it belongs to whoever's goods go in."""
    is_unit = parent.key[:1] == SSCC_KIND and not parent.above
    return is_unit and is_emptied(act.state, parent.key, parent.row)


def _imply(
    act: Act, record: Pack, parent: Position | None, children: Positions
) -> tuple[Positions, Position]:
    """Unpack nested children, bring everything to the stated place, make the container ready."""
    loose = unpack_implied(act, children)
    if parent is None:
        loose = move_implied(act, record.head, loose)
        return loose, _introduce(act, record, loose[0].row)
    *loose, ready = move_implied(act, record.head, [*loose, again(act, parent.key)])
    row, first = ready.row, loose[0].row
    if not row.container:
        act.state.write(ITEMS, ready.key, as_container(row))
        new_container(act.state, ready.key, act.signer)
    elif not has_same_owner(ready.top, first):
        # Only a bare unit gets here: it now belongs to the owner of the goods.
        act.state.write(ITEMS, ready.key, owned_by(row, first.owner, NO_TITLE))
    return loose, again(act, ready.key)


def _introduce(act: Act, record: Pack, first: ItemRow) -> Position:
    """Bring a logistic unit to life around goods, in their owner's name, where they are."""
    bring_to_life(act, record.parent, first.owner, stated_number(act, record.head) or first.premises)
    concerned = (prefix_owner_of(act, record.parent),)
    act.tell(EventKind.INTRODUCED, (record.parent,), record.parent, concerned)
    return again(act, record.parent)


def unpack(act: Act, record: Unpack) -> Verdict | None:
    """Rule 2b: children come out of their parent; allowed under any hold, and holds stay with the child."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.children)
    if fault:
        return fault
    parent = locate(act.state, record.parent)
    if parent is None:
        return Verdict(Code.ITEM_UNKNOWN, record.parent)
    if effective_life(parent) != Life.ACTIVE:
        return Verdict(Code.PARENT_NOT_ACTIVE, record.parent)
    fault = hand_fault(act, parent)
    if fault:
        return fault
    children = locate_all(act, record.children)
    if isinstance(children, Verdict):
        return children
    for child in children:
        if child.row.parent != record.parent:
            return Verdict(Code.NOT_INSIDE, child.key)
    # After this point it must succeed.
    move_implied(act, record.head, [parent])
    take_out(act.state, act.time_ms, [again(act, child.key) for child in children])
    return None
