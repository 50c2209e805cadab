"""What a recall reaches: from the alternatives of its scope to lots, makes of lots, and single items.

Opening a recall, a drill and the books of a recall beside the state all ask here, so they cannot differ.
Makes are known by the hour: a window of time is widened to whole hours, for it is safer to call back too
much. What was made at an unstated hour is in no window, on an unstated line on no line: name its lot.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contracts.gs1.keys import SGTIN_KIND
from contracts.records.recall import Scope, range_length
from contracts.state.directory import find_premises
from contracts.state.genealogy import batch_row, find_batch, made_of
from contracts.state.layout import (
    CONSUMPTIONS,
    ITEMS,
    LOT_NUMBERS,
    PRODUCTS,
    SESSIONS,
    SOURCES,
    lot_key,
    number_key,
    source_key,
)
from contracts.state.lists import (
    Budget,
    claimed_lots,
    derived_from_lot,
    derived_from_make,
    entries,
    lots_of_gtin,
    lots_of_site,
    makes_of_hour,
)
from contracts.state.rows import ALL_MAKES, MAKES_PER_LOT, ItemRow, Life, LotRow, SourceRow
from contracts.state.sources import MS_PER_HOUR, lot_of, lot_row
from contracts.state.view import Overlay

MAX_ROWS: Final = 50_000
"""Most rows that finding a scope may read: a day of a busy line is a few dozen."""
MAX_FAMILY: Final = 16
"""Most products of one family."""


class Reach(msgspec.Struct):
    """What a scope reaches, being collected."""

    makes: dict[int, set[int]]
    """By lot number: the makes of it; `ALL_MAKES` alone for the whole lot."""
    items: dict[bytes, ItemRow]
    """Single items by key, with their rows as stored."""
    excursed: set[bytes] = msgspec.field(default_factory=set)
    """GTINs that are judged in a session whose excursion is called back."""
    own: tuple[bytes, ...] = ()
    """GTINs that were reached before lineage was followed, ascending."""

    def add_lot(self, lot: int) -> bool:
        """Add a whole lot; tell whether that is new."""
        is_new = ALL_MAKES not in self.makes.get(lot, ())
        self.makes[lot] = {ALL_MAKES}
        return is_new

    def add_make(self, source: int) -> bool:
        """Add one make of a lot; tell whether that is new."""
        makes = self.makes.setdefault(lot_of(source), set())
        make = source % MAKES_PER_LOT
        if ALL_MAKES in makes or make in makes:
            return False
        makes.add(make)
        return True

    def has(self, source: int) -> bool:
        """Tell whether a make is reached, by itself or with its lot."""
        makes = self.makes.get(lot_of(source), ())
        return ALL_MAKES in makes or source % MAKES_PER_LOT in makes


def find_reach(state: Overlay, scope: Iterable[Scope], max_rows: int = MAX_ROWS) -> Reach:
    """Return what a scope names itself; `follow_lineage` adds what came of it.

    Raises:
        TooManyRows: More rows would have to be read than `max_rows`.
    """
    reach = Reach({}, {})
    budget = Budget(max_rows)
    for one in scope:
        if one.session:
            reach.excursed.update(_judged_in(state, one, budget))
        elif one.items or one.first_serial:
            _add_items(state, one, reach, budget)
        else:
            _add_makes(state, one, reach, budget)
    return reach


def _judged_in(state: Overlay, one: Scope, budget: Budget) -> Iterator[bytes]:
    """Yield the GTINs that a session is judged for, as far as an alternative speaks of them.

    Which packs they are is asked when somebody has them in hand (`contracts/state/excursions.py`).
    """
    budget.spend()
    for judged in state.require(SESSIONS, number_key(one.session)).judgements:
        gtin = judged.gtin
        if one.gtin and gtin not in family(state, one):
            continue
        if _has_such_lot(state, one, gtin, budget):
            yield gtin


def _has_such_lot(state: Overlay, one: Scope, gtin: bytes, budget: Budget) -> bool:
    """Tell whether a product has a lot that is called, and made for a market, as an alternative says."""
    if not (one.lot or one.market):
        return True
    lots = (
        lots_called(state, gtin, one.lot, budget) if one.lot else entries(state, lots_of_gtin(gtin), budget)
    )
    return any(_is_lot_so(state, one, _read_lot(state, number, budget)) for number in lots)


def follow_lineage(state: Overlay, reach: Reach, max_rows: int = MAX_ROWS) -> int:
    """Add to what is reached everything that was ever repacked from it, whoever's product that is now.

    Returns:
        How many of the rows are left that might have been read.

    Raises:
        TooManyRows: More rows would have to be read than `max_rows`.
    """
    budget = Budget(max_rows)
    found = list(_derived(state, reach, budget))
    # Each make is added once, so this ends: what is repacked is always a new make.
    while found:
        source = found.pop()
        if reach.add_make(source):
            found += entries(state, derived_from_make(source), budget)
    return budget.left


def _derived(state: Overlay, reach: Reach, budget: Budget) -> Iterator[int]:
    """Yield the sources that something reached was repacked into."""
    for lot, makes in reach.makes.items():
        if ALL_MAKES in makes:
            yield from entries(state, derived_from_lot(lot), budget)
            continue
        for make in sorted(makes):
            yield from entries(state, derived_from_make(lot * MAKES_PER_LOT + make), budget)
    for key, row in reach.items.items():
        if row.life == Life.CONSUMED:
            budget.spend()
            yield state.require(CONSUMPTIONS, key)


def is_made_so(state: Overlay, one: Scope, lot: LotRow, make: SourceRow) -> bool:
    """Tell whether a make is within an alternative, whatever items it lists and material it names."""
    return _is_lot_so(state, one, lot) and _is_make_so(state, one, make)


def family(state: Overlay, one: Scope) -> tuple[bytes, ...]:
    """Return the GTINs of an alternative: its own and, of a family, those that its packs contain."""
    found = [one.gtin]
    while one.family and len(found) < MAX_FAMILY:
        product = state.read(PRODUCTS, found[-1])
        if product is None or not product.contains_gtin or product.contains_gtin in found:
            break
        found.append(product.contains_gtin)
    return tuple(found)


def hours_of(one: Scope) -> range:
    """Return the hours that a window of time touches; none when no window is stated."""
    return range(one.from_ms // MS_PER_HOUR, -(-one.until_ms // MS_PER_HOUR))


def _add_makes(state: Overlay, one: Scope, reach: Reach, budget: Budget) -> None:
    """Add whole lots, or the makes of them that an alternative describes."""
    if one.until_ms and one.gtin and not (one.lot or one.material_lot):
        for source in _made_in_window(state, one, budget):
            if _is_source_so(state, one, source, budget):
                reach.add_make(source)
        return
    add_of_lots(state, one, _lots(state, one, budget), reach, budget)


def add_of_lots(state: Overlay, one: Scope, numbers: Iterable[int], reach: Reach, budget: Budget) -> None:
    """Add lots to what is reached, or makes or serials of them, as far as an alternative describes them.

    Args:
        state: State.
        one: The alternative, of no list of items; where it names a material, the lots were made of it.
        numbers: The lots' numbers.
        reach: What is reached so far.
        budget: Rows that may still be read.

    Raises:
        TooManyRows: The budget does not cover them.
    """
    if one.first_serial:
        _add_some(state, one, frozenset(numbers), reach, budget)
        return
    for number in numbers:
        _add_of_lot(state, one, number, reach, budget)


def _add_of_lot(state: Overlay, one: Scope, number: int, reach: Reach, budget: Budget) -> None:
    lot = _read_lot(state, number, budget)
    if not (one.line or one.until_ms or one.site):
        if _is_lot_so(state, one, lot):
            reach.add_lot(number)
        return
    first = number * MAKES_PER_LOT + 1
    for source in range(first, first + lot.makes):
        if is_made_so(state, one, lot, _read_make(state, source, budget)):
            reach.add_make(source)


def lots_made_of(state: Overlay, one: Scope, budget: Budget) -> Iterator[int]:
    """Yield the lots, as far as they have packs, that were made of the material that an alternative names.

    Raises:
        TooManyRows: The budget does not cover the rows to read.
    """
    material = find_batch(state, one.material_gtin, one.material_lot)
    if material is None:
        return
    for batch in made_of(state, material, budget):
        budget.spend()
        row = batch_row(state, batch)
        yield from lots_called(state, row.gtin, row.lot, budget)


def lots_called(state: Overlay, gtin: bytes, lot: bytes, budget: Budget) -> Iterator[int]:
    """Yield the lots of a GTIN that are called so: its makers', and what others claim to be of it (LAW 25).

    Raises:
        TooManyRows: The budget does not cover the rows to read.
    """
    budget.spend()
    number = state.read(LOT_NUMBERS, lot_key(gtin, lot))
    if number is not None:
        yield number
    yield from entries(state, claimed_lots(gtin, lot), budget)


def _lots(state: Overlay, one: Scope, budget: Budget) -> Iterator[int]:
    """Yield the lots among which an alternative's goods are."""
    if one.material_lot:
        yield from lots_made_of(state, one, budget)
        return
    if not one.gtin:
        found = find_premises(state, one.site)
        if found is not None:
            yield from entries(state, lots_of_site(found[0]), budget)
        return
    for gtin in family(state, one):
        if not one.lot:
            yield from entries(state, lots_of_gtin(gtin), budget)
            continue
        yield from lots_called(state, gtin, one.lot, budget)


def _made_in_window(state: Overlay, one: Scope, budget: Budget) -> Iterator[int]:
    """Yield the sources that were made within an alternative's window."""
    for gtin in family(state, one):
        for hour in hours_of(one):
            yield from entries(state, makes_of_hour(gtin, hour), budget)


def _add_items(state: Overlay, one: Scope, reach: Reach, budget: Budget) -> None:
    """Add single items, those of them that the rest of the alternative describes."""
    _add_some(
        state, one, frozenset(lots_made_of(state, one, budget)) if one.material_lot else None, reach, budget
    )


def _add_some(state: Overlay, one: Scope, lots: frozenset[int] | None, reach: Reach, budget: Budget) -> None:
    """Add the single items of these lots, of any lot when none are given, that an alternative describes."""
    for key in (*one.items, *_range_keys(one)):
        budget.spend()
        row = state.read(ITEMS, key)
        if row is None or not row.source or (lots is not None and lot_of(row.source) not in lots):
            continue
        if _is_source_so(state, one, row.source, budget):
            reach.items[key] = row


def _range_keys(one: Scope) -> Iterator[bytes]:
    """Yield the keys of a range of serials; some may never have been given."""
    first, digits = int(one.first_serial or b"0"), len(one.first_serial)
    for serial in range(first, first + max(0, range_length(one))):
        yield SGTIN_KIND + one.gtin + b"%0*d" % (digits, serial)


def _is_source_so(state: Overlay, one: Scope, source: int, budget: Budget) -> bool:
    """Tell whether a source is within what an alternative says, whatever items it lists."""
    lot = _read_lot(state, lot_of(source), budget)
    return is_made_so(state, one, lot, _read_make(state, source, budget))


def _is_lot_so(state: Overlay, one: Scope, lot: LotRow) -> bool:
    """Tell whether a lot is of the product and has the lot number and the market of an alternative."""
    if one.gtin and lot.gtin not in family(state, one):
        return False
    if one.lot and lot.lot != one.lot:
        return False
    return not one.market or one.market in lot.markets


def _is_make_so(state: Overlay, one: Scope, make: SourceRow) -> bool:
    """Tell whether a make has the line, hour and site of an alternative."""
    if one.line and make.line != one.line:
        return False
    if one.until_ms and make.hour not in hours_of(one):
        return False
    if not one.site:
        return True
    found = find_premises(state, one.site)
    return found is not None and found[0] == make.site


def _read_lot(state: Overlay, number: int, budget: Budget) -> LotRow:
    budget.spend()
    return lot_row(state, number)


def _read_make(state: Overlay, number: int, budget: Budget) -> SourceRow:
    budget.spend()
    return state.require(SOURCES, source_key(number))
