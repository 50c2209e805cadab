"""Error declarations as corrections (LAW, EPCIS table; rule 19 of the law of custody).

A declaration repeats the content of the event that was an error; its eventID correlates and identifies
nothing. So what it lists says which items it is about, and the law whether that may be taken back.
"""

from collections.abc import Callable
from typing import Final

from contracts.records.corrections import Correct, ErrorIn
from contracts.records.head import Head
from contracts.state.layout import ITEMS
from contracts.state.rows import ItemRow, Life
from contracts.state.view import Overlay
from node.epcis.steps import Statement, Step
from node.epcis.told import Told

CORRECTIONS: Final = {Step.NEVER_MADE: ErrorIn.COMMISSION, Step.NEVER_PACKED: ErrorIn.PACK}
"""What was recorded by mistake, by the step that says so."""


def correction(state: Overlay, statement: Statement, head: Head) -> Told:
    """Return the correction that an error declaration of this node's partner means.

    Args:
        state: After all earlier events of the file.
        statement: Of one of the steps in `CORRECTIONS`.
        head: The correction's.
    """
    error = CORRECTIONS[statement.step]
    is_undone = _is_burned if error is ErrorIn.COMMISSION else _is_outside(statement.parent or b"")
    rows = {item: row for item in statement.items if (row := state.read(ITEMS, item)) is not None}
    if not rows:
        return Told(note="it declares an error, and the ledger knows nothing of what it takes back")
    # What was taken back already, or never recorded, is left out.
    left = tuple(item for item, row in rows.items() if not is_undone(row))
    stated = (Correct(head, error, statement.items),)
    return Told(stated, (Correct(head, error, left),) if left else ())


def _is_burned(row: ItemRow) -> bool:
    return row.life == Life.BURNED


def _is_outside(parent: bytes) -> Callable[[ItemRow], bool]:
    return lambda row: row.parent != parent
