"""What lots are made of: batches, and the way from a material lot to everything made of it (rule 29).

A batch is a GTIN and a lot, whether anything of it was commissioned or not: materials and bulk have no packs,
and a maker may say what a lot is made of before its first pack is. Which recalls of a material reach a batch
stands in its row, so that a new make of it is marked by two reads however long its ancestry.
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from contracts.state.genealogy_rows import BatchRow
from contracts.state.layout import BATCH_NUMBERS, BATCHES, COUNTERS, lot_key, number_key
from contracts.state.lists import Budget, append, entries, made_of_batch
from contracts.state.recall_rows import TooManyMarks
from contracts.state.view import Overlay

MAX_LEVELS: Final = 8
"""Most steps from a material to what is made of it in the end."""

NamedBy = tuple[int, int]
"""(number of a recall, position of the alternative that names a material)."""

MAX_NAMED: Final = 256
"""Most alternatives of recalls that name one lot as a material."""
MAX_REACHED: Final = 1_024
"""Most of them that reach one lot from what it is made of: every new make of it asks them."""

_LAST_BATCH: Final = b"batch"
"""Name of the counter."""


def find_batch(state: Overlay, gtin: bytes, lot: bytes) -> int | None:
    """Return the number of a batch, or None when nobody spoke of it."""
    return state.read(BATCH_NUMBERS, lot_key(gtin, lot))


def batch_row(state: Overlay, number: int) -> BatchRow:
    """Return the row of a batch that another row names."""
    return state.require(BATCHES, number_key(number))


def intern_batch(state: Overlay, gtin: bytes, lot: bytes) -> int:
    """Return the number of a batch, giving it one when it is new."""
    number = find_batch(state, gtin, lot)
    if number is not None:
        return number
    number = (state.read(COUNTERS, _LAST_BATCH) or 0) + 1
    state.write(COUNTERS, _LAST_BATCH, number)
    state.write(BATCH_NUMBERS, lot_key(gtin, lot), number)
    state.write(BATCHES, number_key(number), BatchRow(gtin, lot, (), (), ()))
    return number


def add_materials(state: Overlay, batch: int, materials: Iterable[int]) -> None:
    """Let a batch be made of others, too; known ones stay as they are."""
    row = batch_row(state, batch)
    new = sorted({*materials} - {*row.materials})
    for material in new:
        append(state, made_of_batch(material), batch)
    known = tuple(sorted({*row.materials, *new}))
    state.write(BATCHES, number_key(batch), msgspec.structs.replace(row, materials=known))


def name_material(state: Overlay, batch: int, by: NamedBy) -> None:
    """Let a batch's row say that a recall names it as a material.

    Raises:
        TooManyMarks: As many do as may.
    """
    row = batch_row(state, batch)
    named = tuple(sorted({*row.named, by}))
    if len(named) > MAX_NAMED:
        raise TooManyMarks(row.lot)
    state.write(BATCHES, number_key(batch), msgspec.structs.replace(row, named=named))


def reach_batch(state: Overlay, batch: int, by: Iterable[NamedBy]) -> None:
    """Let a batch's row say that recalls name something of which it was made.

    Raises:
        TooManyMarks: As many do as may.
    """
    row = batch_row(state, batch)
    reached = tuple(sorted({*row.reached, *by}))
    if len(reached) > MAX_REACHED:
        raise TooManyMarks(row.lot)
    state.write(BATCHES, number_key(batch), msgspec.structs.replace(row, reached=reached))


def reached_by(state: Overlay, gtin: bytes, lot: bytes) -> tuple[NamedBy, ...]:
    """Return the recalls that name something of which a lot was made."""
    number = find_batch(state, gtin, lot)
    return () if number is None else batch_row(state, number).reached


def handed_on(row: BatchRow) -> frozenset[NamedBy]:
    """Return the recalls that reach whatever is made of a batch."""
    return frozenset((*row.named, *row.reached))


def made_of(state: Overlay, batch: int, budget: Budget) -> tuple[int, ...]:
    """Return every batch that was made of one, at any level, in the order in which they are found.

    Raises:
        TooManyRows: The budget does not cover their rows.
    """
    found: dict[int, None] = {}
    ahead = [batch]
    while ahead:
        for made in entries(state, made_of_batch(ahead.pop()), budget):
            if made not in found:
                found[made] = None
                ahead.append(made)
    return tuple(found)


def levels_above(state: Overlay, batches: Iterable[int], budget: Budget) -> tuple[int, frozenset[int]]:
    """Return over how many levels batches were made, these included, and all batches on the way.

    Raises:
        TooManyRows: The budget does not cover their rows.
    """

    def materials(batch: int) -> Iterable[int]:
        budget.spend()
        return batch_row(state, batch).materials

    return _levels(batches, materials)


def levels_below(state: Overlay, batch: int, budget: Budget) -> int:
    """Return over how many levels things were made of a batch; 0 for none.

    Raises:
        TooManyRows: The budget does not cover their rows.
    """
    return _levels((batch,), lambda one: entries(state, made_of_batch(one), budget))[0] - 1


def _levels(start: Iterable[int], following: Callable[[int], Iterable[int]]) -> tuple[int, frozenset[int]]:
    """Walk level by level; there is no circle, so it ends after `MAX_LEVELS` and one at most."""
    level, seen, count = sorted(set(start)), set[int](), 0
    while level:
        count += 1
        seen.update(level)
        level = sorted({one for batch in level for one in following(batch)})
    return count, frozenset(seen)
