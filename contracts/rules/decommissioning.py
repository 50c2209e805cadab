"""Rule 12: items are destroyed, or reported stolen; both are final."""

from typing import assert_never

from contracts.records.supply import Decommission, DecommissionReason
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.endings import end_lives, is_repetition, tell_repeated
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, hand_fault, life_fault, list_fault, locate_all, signer_fault
from contracts.rules.implied import again
from contracts.rules.verdict import Verdict
from contracts.state.containers import end_life
from contracts.state.parties import HANDLING, has_role, is_holder, is_owner, stakeholders
from contracts.state.places import Position, effective_life
from contracts.state.rows import Life, Role


def decommission(act: Act, record: Decommission) -> Verdict | None:
    """Rule 12: listed items leave the supply chain for good; so does what is inside them."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
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
        case _:
            assert_never(record.reason)


def _destroy(act: Act, record: Decommission, items: Positions) -> Verdict | None:
    """Destroy what the signer holds, whatever holds lie on it; stolen goods that turned up too."""
    repeated: Positions = []
    destroyed: Positions = []
    for item in items:
        if effective_life(item) == Life.DESTROYED and is_repetition(act, record.head, item):
            repeated.append(item)
            continue
        fault = _destroy_fault(act, item)
        if fault:
            return fault
        destroyed.append(item)
    # After this point it must succeed.
    end_lives(act, record.head, destroyed, Life.DESTROYED)
    tell_repeated(act, repeated)
    return None


def _destroy_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether an item is active or stolen, in hand, still, and nothing it is inside has ended."""
    if effective_life(item) != Life.STOLEN:
        fault = life_fault(item)
        if fault:
            return fault
    if any(row.life != Life.ACTIVE for _key, row in item.above):
        return Verdict(Code.PARENT_NOT_ACTIVE, item.key)
    return hand_fault(act, item)


def _report_stolen(act: Act, record: Decommission, items: Positions) -> Verdict | None:
    """Take the signer's word that items are gone; in the ledger they stay where they are, dirty."""
    repeated: Positions = []
    stolen: Positions = []
    for item in items:
        if effective_life(item) == Life.STOLEN and is_repetition(act, record.head, item):
            repeated.append(item)
            continue
        fault = life_fault(item)
        if fault:
            return fault
        if not _may_report(act, item):
            return Verdict(Code.NOT_HOLDER_OR_OWNER, item.key)
        stolen.append(item)
    # After this point it must succeed.
    # Everyone is told of what is theirs, and of nothing else; groups come in the order of the list.
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for item in stolen:
        end_life(act.state, again(act, item.key), Life.STOLEN)
        groups.setdefault(tuple(sorted(set(stakeholders(item)))), []).append(item.key)
    for concerned, keys in groups.items():
        act.tell(EventKind.STOLEN_REPORTED, keys, b"", concerned)
    tell_repeated(act, repeated)
    return None


def _may_report(act: Act, item: Position) -> bool:
    """Tell whether the signer's word that an item is stolen is final: holder, owner, regulator."""
    is_concerned = is_holder(act.signer, item) or is_owner(act.signer, item)
    return is_concerned or has_role(act.partner, Role.REGULATOR)
