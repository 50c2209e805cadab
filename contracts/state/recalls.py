"""Recalls in state: their rows, the marks and holds that they set, and which of them are open for what.

A recall marks lots and makes in the lot's row (ADR 5), one write for each lot however many packs it has.
Single items carry it as a hold of their own. Marks and holds name the recall by its number.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.records.recall import RecallKind, Scope
from contracts.state.excursions import excursions
from contracts.state.exposures import Exposures, joined
from contracts.state.genealogy import intern_batch, made_of, name_material, reach_batch
from contracts.state.layout import (
    COUNTERS,
    LOTS,
    OPEN_RECALLS,
    RECALL_NUMBERS,
    RECALLS,
    RELEASES,
    list_name,
    number_key,
)
from contracts.state.lists import Budget
from contracts.state.places import Position
from contracts.state.recall_rows import NumbersRow, RecallRow, TooManyMarks
from contracts.state.rows import ALL_MAKES, HoldKind, LotRow
from contracts.state.scopes import family
from contracts.state.sources import lot_of, lot_row, marks_of
from contracts.state.view import Overlay

HOLD_OF: Final = {RecallKind.RECALL: HoldKind.RECALLED, RecallKind.WITHDRAWAL: HoldKind.WITHDRAWN}
"""What a recall's goods are held for."""
RECALL_HOLDS: Final = frozenset(int(kind) for kind in HOLD_OF.values())
"""Kinds of holds and marks that name a recall."""

MAX_MARKS: Final = 1_024
"""Most marks in the row of a lot, which every sale of it reads: of the lot as a whole, or of its makes."""
MAX_OPEN: Final = 256
"""Most open recalls that name one product, or one site by itself: every new make asks them."""

_LAST_RECALL: Final = b"recall"
"""Name of the counter of recall numbers."""
_NAME_AT: Final = 2
"""Where a GTIN or GLN begins in the name of a list: after the kind and its length."""
_OF_GTIN: Final = b"g"
_OF_SITE: Final = b"s"


def find_recall(state: Overlay, identifier: bytes) -> tuple[int, RecallRow] | None:
    """Return number and row of a recall, or None when there is none with this id."""
    number = state.read(RECALL_NUMBERS, identifier)
    return None if number is None else (number, recall_row(state, number))


def recall_row(state: Overlay, number: int) -> RecallRow:
    """Return the row of a recall that a mark or a hold names."""
    return state.require(RECALLS, number_key(number))


def new_recall(state: Overlay, row: RecallRow) -> int:
    """Register a recall and return its number."""
    number = (state.read(COUNTERS, _LAST_RECALL) or 0) + 1
    state.write(COUNTERS, _LAST_RECALL, number)
    state.write(RECALL_NUMBERS, row.identifier, number)
    state.write(RECALLS, number_key(number), row)
    return number


def hold_of(row: RecallRow) -> HoldKind:
    """Return the kind of hold that a recall sets."""
    return HOLD_OF[RecallKind(row.kind)]


def mark_makes(state: Overlay, lot: int, makes: Iterable[int], kind: HoldKind, recall: int) -> bool:
    """Let a lot's row say that a recall speaks against some makes of it, or all; tell whether that is new.

    What speaks against the whole lot stands for what the same recall said of its makes, and makes room.

    Raises:
        TooManyMarks: There is no room in the row.
    """
    row = lot_row(state, lot)
    whole = (ALL_MAKES, int(kind), recall)
    if whole in row.marks:
        return False
    marks = {*row.marks, *((make, int(kind), recall) for make in makes)}
    if whole in marks:
        marks = {whole, *(mark for mark in marks if mark[1:] != whole[1:])}
    if marks == {*row.marks}:
        return False
    if len(marks) > MAX_MARKS:
        raise TooManyMarks(row.lot or row.gtin)
    state.write(LOTS, number_key(lot), msgspec.structs.replace(row, marks=tuple(sorted(marks))))
    return True


def recalls_of_item(state: Overlay, position: Position) -> frozenset[int]:
    """Return the recalls that the lot or make of an item, or a hold on it, names."""
    found = {recall for kind, recall in position.row.holds if kind in RECALL_HOLDS}
    source = position.row.source
    if source:
        marks = marks_of(lot_row(state, lot_of(source)), source)
        found |= {recall for kind, recall in marks if kind in RECALL_HOLDS}
        found |= excursions(state, exposures_of_item(position), (source,)).keys()
    return frozenset(found)


def exposures_of_item(position: Position) -> Exposures:
    """Return what an item went through itself and with what it is inside."""
    several = [position.row.exposures, *(row.exposures for _key, row in position.above)]
    return joined(*several) if any(several) else ()


def released_from(state: Overlay, key: bytes) -> frozenset[int]:
    """Return the recalls from which an item, or a lot's packs, were released, whatever the lot's row says."""
    row = state.read(RELEASES, key)
    return frozenset() if row is None else frozenset(row.numbers)


def release(state: Overlay, key: bytes, recall: int) -> None:
    """Note that an item was released from a recall of its lot or make."""
    row = state.read(RELEASES, key) or NumbersRow(0, ())
    state.write(RELEASES, key, NumbersRow(0, tuple(sorted({*row.numbers, recall}))))


def without_released(state: Overlay, number: int, lot: LotRow) -> LotRow:
    """Return a lot's row without the marks of recalls from which its packs without serials were released."""
    released = released_from(state, number_key(number)) if lot.marks else frozenset()
    if not released:
        return lot
    return msgspec.structs.replace(lot, marks=tuple(mark for mark in lot.marks if mark[2] not in released))


def open_for_gtin(gtin: bytes) -> bytes:
    """Return the name under which the open recalls of a product stand."""
    return list_name(_OF_GTIN, gtin)


def open_for_site(gln: bytes) -> bytes:
    """Return the name under which the open recalls of what a site makes stand."""
    return list_name(_OF_SITE, gln)


def open_recalls(state: Overlay, name: bytes) -> tuple[int, ...]:
    """Return the numbers of the open recalls that stand under a name, ascending."""
    row = state.read(OPEN_RECALLS, name)
    return () if row is None else row.numbers


def watch(state: Overlay, row: RecallRow, number: int) -> None:
    """Put an open recall where the entry of later makes will look for it.

    Raises:
        TooManyMarks: As many are open of one of its products or sites as may be.
    """
    for name in _watched(state, row):
        known = open_recalls(state, name)
        if number not in known:
            if len(known) == MAX_OPEN:
                raise TooManyMarks(name[_NAME_AT:])
            state.write(OPEN_RECALLS, name, NumbersRow(0, (*known, number)))


def watch_material(state: Overlay, number: int, position: int, one: Scope, budget: Budget) -> None:
    """Let the material that an alternative names know of the recall, and all that was made of it.

    Args:
        state: State.
        number: The recall's.
        position: Which alternative of the recall's row it is.
        one: The alternative.
        budget: For the rows to read.

    Raises:
        TooManyRows: The budget does not cover them.
        TooManyMarks: As many recalls name the material, or reach what is made of it, as may.
    """
    material = intern_batch(state, one.material_gtin, one.material_lot)
    name_material(state, material, (number, position))
    for batch in made_of(state, material, budget):
        reach_batch(state, batch, ((number, position),))


def unwatch(state: Overlay, row: RecallRow, number: int) -> None:
    """Take a closed recall from where `watch` put it."""
    for name in _watched(state, row):
        left = tuple(one for one in open_recalls(state, name) if one != number)
        if left:
            state.write(OPEN_RECALLS, name, NumbersRow(0, left))
        else:
            state.delete(OPEN_RECALLS, name)


def _watched(state: Overlay, row: RecallRow) -> list[bytes]:
    """Return the names under which a recall is looked for: products, and sites named without one."""
    scope = [one for one in row.scope if not one.session]
    gtins = {gtin for one in scope if one.gtin for gtin in family(state, one)}
    sites = {one.site for one in scope if one.site and not one.gtin}
    return [*map(open_for_gtin, sorted(gtins)), *map(open_for_site, sorted(sites))]
