"""Rule 29: what a lot was made of, so that a recall of a material does not stop at the packing line."""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import is_valid_gtin, is_valid_lot
from contracts.records.lots import TraceLot
from contracts.rules.act import Act
from contracts.rules.cataloguing import is_own_gtin
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import are_hashes, list_fault, signer_fault
from contracts.rules.reaching import calls_back, hold_items, keep_as_own
from contracts.rules.recalling import products_of
from contracts.rules.supply import authority_fault
from contracts.rules.verdict import Verdict
from contracts.state.genealogy import (
    MAX_LEVELS,
    NamedBy,
    add_materials,
    batch_row,
    find_batch,
    handed_on,
    intern_batch,
    levels_above,
    levels_below,
    made_of,
    reach_batch,
)
from contracts.state.layout import PRODUCTS, lot_key
from contracts.state.lists import Budget, TooManyRows
from contracts.state.parties import MAKING
from contracts.state.recalls import hold_of, mark_makes, recall_row
from contracts.state.rows import Serialisation
from contracts.state.scopes import Reach, add_of_lots, follow_lineage, lots_called
from contracts.state.sources import lot_of, lot_row

MAX_MATERIALS: Final = 100
"""Most material lots in one record."""
MAX_LOT_MATERIALS: Final = 400
"""Most material lots of one lot."""
MAX_TRACED_ROWS: Final = 10_000
"""Most rows that a record may go through: up to what its materials are of, down to what is made of it."""

_ANY_PRODUCT: Final = frozenset(map(int, Serialisation))

Reached = dict[int, Reach]
"""By number of a recall: what it reaches from now on."""


class _Traced(msgspec.Struct, frozen=True):
    """What a genealogy comes to, worked out before anything is written."""

    gained: dict[int, frozenset[NamedBy]]
    """By batch: the recalls that reach it from now on."""
    reached: Reached
    """Lots and makes of them that are to be marked."""


def trace_lot(act: Act, record: TraceLot) -> Verdict | None:
    """Rule 29: a lot was made of these; open recalls of them, or of what they are of, reach it at once."""
    fault = (
        signer_fault(act, record.head, MAKING, licensed=False)
        or _form_fault(record)
        or _maker_fault(act, record.gtin)
    )
    if fault:
        return fault
    materials = [find_batch(act.state, one.gtin, one.lot) for one in record.materials]
    known = [number for number in materials if number is not None]
    batch = find_batch(act.state, record.gtin, record.lot)
    try:
        fault = _tree_fault(act, record, batch, known)
        traced = None if fault else _trace(act, record, batch, known)
    except TooManyRows:
        return Verdict(Code.GENEALOGY_TOO_WIDE, record.lot)
    if traced is None:
        return fault
    # After this point it must succeed.
    number = intern_batch(act.state, record.gtin, record.lot)
    add_materials(act.state, number, [intern_batch(act.state, one.gtin, one.lot) for one in record.materials])
    product = act.state.read(PRODUCTS, record.gtin)
    act.tell(EventKind.LOT_TRACED, (), record.lot, () if product is None else (product.holder,))
    _mark(act, number, traced)
    return None


def _form_fault(record: TraceLot) -> Verdict | None:
    """Ask whether lots and results are well formed, something is listed, and nothing twice or itself."""
    if not is_valid_gtin(record.gtin):
        return Verdict(Code.GTIN_INVALID, record.gtin)
    if not is_valid_lot(record.lot):
        return Verdict(Code.LOT_INVALID, record.lot)
    for one in record.materials:
        if not is_valid_gtin(one.gtin) or not is_valid_lot(one.lot):
            return Verdict(Code.MATERIAL_INVALID, one.lot)
    if not are_hashes(record.results):
        return Verdict(Code.RESULT_INVALID, record.lot)
    if len(record.materials) > MAX_MATERIALS:
        return Verdict(Code.GENEALOGY_TOO_WIDE, record.lot)
    fault = list_fault((*(lot_key(one.gtin, one.lot) for one in record.materials), *record.results))
    return fault if fault is None else Verdict(fault.code, record.lot)


def _maker_fault(act: Act, gtin: bytes) -> Verdict | None:
    """Ask whether the signer makes that product, or bulk under its own company prefix."""
    if act.state.read(PRODUCTS, gtin) is not None:
        return authority_fault(act, gtin, _ANY_PRODUCT)
    return None if is_own_gtin(act, gtin) else Verdict(Code.PREFIX_NOT_OWN, gtin)


def _tree_fault(act: Act, record: TraceLot, batch: int | None, known: Sequence[int]) -> Verdict | None:
    """Ask whether a lot would be made of itself, over too many levels, or of too much.

    Raises:
        TooManyRows: More rows would have to be read than one record may.
    """
    budget = Budget(MAX_TRACED_ROWS)
    above, ancestors = levels_above(act.state, known, budget)
    is_of_itself = any(one.gtin == record.gtin and one.lot == record.lot for one in record.materials)
    if is_of_itself or batch in ancestors:
        return Verdict(Code.GENEALOGY_CYCLE, record.lot)
    below = 0 if batch is None else levels_below(act.state, batch, budget)
    steps = max(above, 1) if record.materials else 0
    if steps + below > MAX_LEVELS:
        return Verdict(Code.GENEALOGY_TOO_DEEP, record.lot)
    before = () if batch is None else batch_row(act.state, batch).materials
    new = len(record.materials) - len({*known} & {*before})
    if len(before) + new > MAX_LOT_MATERIALS:
        return Verdict(Code.GENEALOGY_TOO_WIDE, record.lot)
    return None


def _trace(act: Act, record: TraceLot, batch: int | None, known: Sequence[int]) -> _Traced:
    """Work out which recalls reach the lot, and all that was made of it, from now on.

    Raises:
        TooManyRows: More rows would have to be read than one record may.
    """
    gained: dict[int, frozenset[NamedBy]] = {}
    reached: Reached = {}
    by = frozenset[NamedBy]().union(*(handed_on(batch_row(act.state, one)) for one in known))
    if not by:
        return _Traced(gained, reached)
    budget = Budget(MAX_TRACED_ROWS)
    if batch is None:
        gained[_NEW_BATCH] = by
        _reach_lot(act, (record.gtin, record.lot), by, reached, budget)
    for one in () if batch is None else (batch, *made_of(act.state, batch, budget)):
        budget.spend()
        row = batch_row(act.state, one)
        gained[one] = by - {*row.reached}
        _reach_lot(act, (row.gtin, row.lot), gained[one], reached, budget)
    left = MAX_TRACED_ROWS
    for reach in reached.values():
        reach.own = products_of(act, reach)
        left = follow_lineage(act.state, reach, left)
    return _Traced(gained, reached)


_NEW_BATCH: Final = 0
"""Stands for a batch that gets its number when everything is known to succeed."""


def _reach_lot(
    act: Act, lot: tuple[bytes, bytes], by: frozenset[NamedBy], reached: Reached, budget: Budget
) -> None:
    """Add what recalls reach of a lot, as far as their openers may call it back."""
    lots = tuple(lots_called(act.state, *lot, budget)) if by else ()
    if not lots:
        return
    for number, position in sorted(by):
        row = recall_row(act.state, number)
        if calls_back(act, row, lot[0]):
            reach = reached.setdefault(number, Reach({}, {}))
            add_of_lots(act.state, row.scope[position], lots, reach, budget)


def _mark(act: Act, batch: int, traced: _Traced) -> None:
    """Let batches know of the recalls that reach them, and mark their lots."""
    for one, by in traced.gained.items():
        reach_batch(act.state, batch if one == _NEW_BATCH else one, by)
    for number, reach in sorted(traced.reached.items()):
        row = recall_row(act.state, number)
        hold = (int(hold_of(row)), number)
        items = [key for key, item in reach.items.items() if hold not in item.holds]
        makers = {lot_row(act.state, lot_of(reach.items[key].source)).maker for key in items}
        for gtin in reach.own:
            keep_as_own(act, number, recall_row(act.state, number), gtin)
        hold_items(act, items, row, number)
        for lot in sorted(reach.makes):
            if mark_makes(act.state, lot, reach.makes[lot], hold_of(row), number):
                makers.add(lot_row(act.state, lot).maker)
        if makers:
            act.tell(EventKind.RECALL_REACHED, items, row.identifier, (row.opener, *makers))
