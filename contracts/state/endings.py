"""Endings that may be undone: who ended an item's life, where and when (LAW 12, 13).

Invariant: an item has a row here exactly while its own life is one of `UNDOABLE`. What is inside an ended
container has none: the container's stands for it, until it comes out.
"""

from typing import Final

from contracts.state.ending_rows import EndingRow, RemainderRow
from contracts.state.layout import ENDINGS, REMAINDERS
from contracts.state.places import Position
from contracts.state.rows import Life
from contracts.state.view import Overlay

UNDOABLE: Final = frozenset(
    {Life.SUPPLIED, Life.EXPORTED, Life.SAMPLE, Life.FREE_SAMPLE, Life.CHECKED_OUT, Life.LOST}
)
"""Lives that rule 13 may undo, or that end when what was lost is found."""


def note_ending(state: Overlay, position: Position, life: Life, partner: int, time_ms: int) -> None:
    """Remember who ends an item's life, or forget it when the new life is not to be undone.

    Args:
        state: State.
        position: Where the item stands, with the life it has until now.
        life: The one it gets.
        partner: Number of the partner that ends it.
        time_ms: Block time.
    """
    if life in UNDOABLE:
        state.write(ENDINGS, position.key, EndingRow(partner, position.top.premises, time_ms))
    elif position.row.life in UNDOABLE:
        state.delete(ENDINGS, position.key)


def ending_of(state: Overlay, position: Position) -> EndingRow:
    """Return how the own life of an item ended; it must be one of `UNDOABLE`."""
    return state.require(ENDINGS, position.key)


def remainder_of(state: Overlay, position: Position) -> RemainderRow | None:
    """Return what is left in an opened pack; None for what was never opened."""
    return state.read(REMAINDERS, position.key)


def inherit_ending(state: Overlay, child: Position) -> None:
    """Give an item that comes out of an ended container that container's ending as its own."""
    if child.row.life != Life.ACTIVE:
        return
    for key, row in child.above:
        if row.life != Life.ACTIVE:
            if row.life in UNDOABLE:
                state.write(ENDINGS, child.key, state.require(ENDINGS, key))
            return
