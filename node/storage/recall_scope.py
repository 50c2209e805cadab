"""What is in the scope of a recall, item by item: the law's own search, and what brought each make to life.

The law knows makes of lots and single items (`contracts.state.scopes`). Which serials a make has, the index
beside the state says: every record that brought serials of a lot to life. Packs without serials (rule 30) are
in scope with their whole lot, for they are not told apart.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from contracts.gs1.keys import SGTIN_KIND
from contracts.records.onboarding import Onboard
from contracts.records.recall import CloseRecall, OpenRecall, ReleaseFromRecall, Scope, WidenRecall
from contracts.records.record import Record
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from contracts.state.directory import partner
from contracts.state.excursions import is_called_back
from contracts.state.exposures import session_of
from contracts.state.layout import ITEMS, PRODUCTS
from contracts.state.lists import Budget, entries, lots_of_gtin
from contracts.state.parties import has_role, is_party
from contracts.state.places import locate
from contracts.state.quantities import book
from contracts.state.recall_rows import RecallRow
from contracts.state.recalls import exposures_of_item, hold_of, recall_row
from contracts.state.rows import ALL_MAKES, ItemRow, Role
from contracts.state.scopes import MAX_ROWS, Reach, find_reach, follow_lineage
from contracts.state.sessions import session_row
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay
from node.storage.base import require_history
from node.storage.errors import StorageDamaged
from node.storage.happenings import Happenings
from node.storage.journeys import Journeys
from node.storage.store import Reader

MAX_ROWS_READ: Final = MAX_ROWS * 64
"""A recall may be widened by this many alternatives, each within what the law goes through at once."""

BringsToLife = Commission | Transform | Onboard
"""Records that bring serials of a lot to life; each lists `serials` of one `gtin`.

They are all of one make, but for serials of a commission that were onboarded before.
"""

MADE_BY: Final[dict[type[BringsToLife], str]] = {
    Commission: "commissioned",
    Transform: "repacked",
    Onboard: "onboarded",
}
"""How the left side of a recall's books names what such a record brought."""


Birth = tuple[int, int]
"""Height and document index."""


class Goods(msgspec.Struct, frozen=True):
    """What a recall reaches."""

    items: dict[bytes, str]
    """Item keys in a fixed order, each with how it came to life: a value of `MADE_BY`."""
    counted: tuple[tuple[bytes, bytes], ...]
    """(GTIN, lot) of packs without serials."""

    @property
    def made_by(self) -> dict[str, int]:
        """How many came to life in each way; every way is there."""
        return {**dict.fromkeys(MADE_BY.values(), 0), **Counter(self.items.values())}


class Said(msgspec.Struct, frozen=True):
    """What the records of a recall said of its goods."""

    scope: tuple[Scope, ...]
    """Every alternative ever named."""
    released: frozenset[bytes]
    """Keys of the items that were released one by one."""
    closed: Birth | None
    """Height and document index of the record that closed it; None while it is open."""


def what_was_said(reader: Reader, identifier: bytes) -> Said:
    """Read the records of a recall.

    Raises:
        HistoryNotHere: This node does not know all of them, nor all goods.
    """
    require_history(reader)
    happenings = Happenings(reader)
    scope: list[Scope] = []
    released: set[bytes] = set()
    closed: Birth | None = None
    for touch in Journeys(reader).recall(identifier):
        match happenings.at(touch).record:
            case OpenRecall() | WidenRecall() as record:
                scope += record.scope
            case ReleaseFromRecall(items=items):
                released.update(items)
            case CloseRecall():
                closed = (touch.height, touch.document)
            case _:
                pass
    return Said(tuple(scope), frozenset(released), closed)


def find_goods(reader: Reader, state: Overlay, number: int) -> Goods:
    """Return what a recall reaches at the height of a snapshot.

    What the law has marked is in a recall, whatever else its words would fit today. A drill marks nothing: it
    reaches what its words fit, as far as its opener may call that back, until it is closed.

    Args:
        reader: A pinned snapshot.
        state: The state of the same snapshot.
        number: The recall's number.

    Raises:
        HistoryNotHere: This node does not know all of its records, nor all goods.
        TooManyRows: It leads through more rows than the law itself may go through.
        StorageDamaged: An index row names what is not there.
    """
    row = recall_row(state, number)
    said = what_was_said(reader, row.identifier)
    reach = _reach(state, number, row, said)
    found = _Found(reader, state, said.closed if row.drill else None)
    items: dict[bytes, str] = {}
    counted: list[tuple[bytes, bytes]] = []
    for of_lot in sorted(reach.makes):
        lot = lot_row(state, of_lot)
        # How a product's packs are told apart may change (rule 24): a lot may have both, whatever holds now.
        if book(state, lot.gtin, lot.lot).made:
            counted.append((lot.gtin, lot.lot))
        items.update(found.of_lot(reach, lot.gtin, lot.lot))
    for key, item in reach.items.items():
        if found.is_in_time(item):
            items.setdefault(key, found.how(key, item))
    for one in said.scope:
        if one.session:
            items.update((key, how) for key, how in found.in_session(row, one) if key not in items)
    return Goods(items, tuple(counted))


def _reach(state: Overlay, number: int, row: RecallRow, said: Said) -> Reach:
    """Return the lots, makes and items of a recall, but for what went through sessions."""
    reach = find_reach(state, said.scope, MAX_ROWS_READ)
    if row.drill:
        _leave_to_others(state, row, reach)
        follow_lineage(state, reach, MAX_ROWS_READ)
    else:
        follow_lineage(state, reach, MAX_ROWS_READ)
        _leave_unmarked(state, (int(hold_of(row)), number), reach, said.released)
    return reach


def _leave_to_others(state: Overlay, row: RecallRow, reach: Reach) -> None:
    """Leave out other partners' goods that came later: they are a regulator's alone to call back."""
    if has_role(partner(state, row.opener), Role.REGULATOR):
        return

    def is_own(lot: int) -> bool:
        gtin = lot_row(state, lot).gtin
        return gtin in row.own or is_party(state.require(PRODUCTS, gtin).holder, row.opener)

    reach.makes = {lot: makes for lot, makes in reach.makes.items() if is_own(lot)}
    reach.items = {key: item for key, item in reach.items.items() if is_own(lot_of(item.source))}


def _leave_unmarked(state: Overlay, mark: tuple[int, int], reach: Reach, released: Collection[bytes]) -> None:
    """Leave out what came when the recall was over, or was not its opener's to call back: the law knows."""
    makes = {}
    for lot, named in reach.makes.items():
        marked = {make for make, *against in lot_row(state, lot).marks if tuple(against) == mark}
        if marked:
            makes[lot] = named if ALL_MAKES in marked else marked
    reach.makes = makes
    reach.items = {key: item for key, item in reach.items.items() if mark in item.holds or key in released}


class _Found:
    """Reads what brought items to life; remembers each document that it read for single items."""

    def __init__(self, reader: Reader, state: Overlay, closed: Birth | None) -> None:
        self._state = state
        self._closed = closed
        self._happenings = Happenings(reader)
        self._journeys = Journeys(reader)
        self._documents: dict[tuple[int, int], dict[bytes, str]] = {}

    def is_in_time(self, row: ItemRow) -> bool:
        """Tell whether an item came to life before what is reached was closed."""
        return self._closed is None or (row.born_height, row.born_document) <= self._closed

    def of_lot(self, reach: Reach, gtin: bytes, lot: bytes) -> Iterator[tuple[bytes, str]]:
        """Yield the items of a lot's makes that are reached."""
        for touch in self._journeys.makes_of_lot(gtin, lot):
            record = self._happenings.at(touch).record
            for key in _brought(record):
                row = self._state.require(ITEMS, key)
                is_birth = (row.born_height, row.born_document) == (touch.height, touch.document)
                if is_birth and reach.has(row.source) and self.is_in_time(row):
                    yield key, _word(record)

    def in_session(self, row: RecallRow, one: Scope) -> Iterator[tuple[bytes, str]]:
        """Yield the items that an alternative calls back which names a session, each with how it came to be.

        No row lists what went through a session, so this looks at every pack of the products judged in it.

        Raises:
            TooManyRows: These products have more lots than may be gone through.
        """
        budget = Budget(MAX_ROWS_READ)
        for judged in session_row(self._state, one.session).judgements:
            for number in entries(self._state, lots_of_gtin(judged.gtin), budget):
                lot = lot_row(self._state, number)
                whole = Reach({number: {ALL_MAKES}}, {})
                for key, how in self.of_lot(whole, lot.gtin, lot.lot):
                    if self._is_called_back(row, one, key):
                        yield key, how

    def _is_called_back(self, row: RecallRow, one: Scope, key: bytes) -> bool:
        position = locate(self._state, key)
        return position is not None and any(
            session_of(exposed) == one.session
            and is_called_back(self._state, row, one, exposed, position.row.source)
            for exposed in exposures_of_item(position)
        )

    def how(self, key: bytes, row: ItemRow) -> str:
        """Return how a single item came to life, by the document that its row names."""
        place = (row.born_height, row.born_document)
        if place not in self._documents:
            placed = self._happenings.history.at(*place)
            self._documents[place] = {
                brought: _word(record) for record in placed.document.records for brought in _brought(record)
            }
        found = self._documents[place].get(key)
        if found is None:
            where = f"item {key.hex()}"
            raise StorageDamaged(where, f"document {place[1]} of block {place[0]} did not bring it to life")
        return found


def _brought(record: Record) -> list[bytes]:
    """Return the keys of the packs and cases that a record brought to life."""
    if not isinstance(record, BringsToLife):
        return []
    return [SGTIN_KIND + record.gtin + serial for serial in record.serials]


def _word(record: Record) -> str:
    return MADE_BY[type(record)] if isinstance(record, BringsToLife) else ""
