"""Rule 28: items are seen at, or moved to, premises of their holder; who holds them never changes."""

from contracts.records.supply import Observe
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.guards import (
    Positions,
    first_fault,
    life_fault,
    list_fault,
    locate_all,
    signer_fault,
    stated_number,
)
from contracts.rules.verdict import Verdict
from contracts.state.layout import ITEMS
from contracts.state.parties import HANDLING, is_holder
from contracts.state.places import Position, placed


def observe(act: Act, record: Observe) -> Verdict | None:
    """Rule 28: what stands still is then where it was seen; what is on its way stays on its way.

    An item inside a container is where that is: the outermost one moves.
    """
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    if not record.head.premises:
        return Verdict(Code.PREMISES_MISSING, b"")
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    fault = first_fault(life_fault(item) or _holder_fault(act, item) for item in items)
    if fault:
        return fault
    # After this point it must succeed.
    _bring(act, items, stated_number(act, record.head))
    return None


def _holder_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether the signer holds an item, standing or on its way."""
    return None if is_holder(act.signer, item) else Verdict(Code.NOT_HOLDER, item.key)


def _bring(act: Act, items: Positions, premises: int) -> None:
    """Let items that stand still stand at these premises."""
    for item in items:
        top = item.top
        if item.shipment is None and top.premises != premises:
            act.state.write(ITEMS, item.top_key, placed(top, top.holder, top.owner, premises))
