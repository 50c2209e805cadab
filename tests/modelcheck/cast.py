"""The little world that is explored: some partners, a few items, components reduced to what the law reads.

A component is what hangs together: items inside one another, or on their way with one shipment. No rule
reads an item to judge another component, but for a pack that joins two; so the law is explored component by
component, and what several of them may do side by side is the product of what each may do.

Two components are one when they differ only in what no rule reads again: when something was born, the name
of a shipment, which of two like packs is which, and rows of shipments that ended (their items are rewritten
to what that end made of them); and, as nobody here returns goods, with which sale they were bought and what
was opened. Time has two sides: a deadline is to come, or past.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import permutations
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from contracts.gs1.keys import ItemKey
from contracts.ledger.genesis_state import genesis_writes
from contracts.primitives.encoding import encode
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, CommissionLogisticUnits, DecommissionReason
from contracts.rules.act import Act
from contracts.rules.registry import judge
from contracts.state import directory
from contracts.state.ending_rows import EndingRow
from contracts.state.layout import (
    CONTAINERS,
    ENDINGS,
    ITEMS,
    LOT_NUMBERS,
    LOTS,
    ORIGINS,
    SHIPMENTS,
    SOURCES,
    Table,
)
from contracts.state.places import Position, locate
from contracts.state.rows import ContainerRow, ItemRow, PartnerRow, ShipmentRow
from contracts.state.view import DirectoryCache, Overlay
from tests.scenarios.law.world import DAY_MS, START_MS, gln, item, small_genesis

NOW_MS: Final = START_MS + DAY_MS
PAST_MS: Final = NOW_MS - 1
FUTURE_MS: Final = NOW_MS + DAY_MS
LONG_AGO_MS: Final = 0
HEAD: Final = Head(START_MS, 0, b"")
MAKER: Final = "Acme"

OF_ITEMS: Final = frozenset(table.prefix for table in (ITEMS, CONTAINERS, ENDINGS))
"""Tables whose rows are about one item, by its key."""
_KEPT: Final = OF_ITEMS | {SHIPMENTS.prefix}
_MAKES: Final = {table.prefix for table in (LOT_NUMBERS, LOTS, ORIGINS, SOURCES)}
PACK: Final = item("pack-1")[:7]
CASE: Final = item("case-1")[:7]

Rows = dict[bytes, bytes]
Row = Any
"""A row of one of the tables."""


class Component(NamedTuple):
    """Items that hang together, reduced."""

    items: tuple[ItemKey, ...]
    """Ascending; packs are pack-1, pack-2 and so on."""
    rows: tuple[tuple[bytes, bytes], ...]
    """Rows of items, containers and shipments under their state keys, ascending."""


class Part(NamedTuple):
    """A component that follows from another."""

    component: Component
    """Reduced."""
    origins: tuple[ItemKey, ...]
    """What each of its items was called before."""


class World:
    """Executes records on components."""

    def __init__(
        self, partners: tuple[str, ...], reasons: Collection[DecommissionReason], *, holds: bool
    ) -> None:
        """Register everybody; nothing is made yet.

        Args:
            partners: Names of the scenario network's partners that act.
            reasons: Why items leave the supply chain, beside being dispensed.
            holds: Whether partners hold items back and let them go.
        """
        self.reasons = tuple(reasons)
        self.has_holds = holds
        self._fixed = dict(genesis_writes(small_genesis()))
        self._cache = DirectoryCache()
        state = Overlay(_Rows({}, self._fixed))
        found = {name: directory.find_partner(state, gln(name)) for name in partners}
        self.partners: dict[str, tuple[int, PartnerRow]] = {n: f for n, f in found.items() if f is not None}
        self._limits = directory.limits(state)

    def begin(self, names: Iterable[str]) -> list[Component]:
        """Bring items to life at the maker; return each as a component of its own."""
        expiry = NOW_MS // DAY_MS + 1000
        found = []
        for key in map(item, names):
            record: Record = CommissionLogisticUnits(HEAD, (key,))
            if key[:7] in {PACK, CASE}:
                record = Commission(HEAD, key[1:7], b"L1", expiry, b"", 0, (key[7:],))
            overlay = Overlay(_Rows({}, self._fixed), self._cache)
            fault = judge(self._act(overlay, MAKER), record)
            if fault is not None:
                raise ValueError(fault.code)
            written = dict(overlay.changes())
            self._fixed |= {at: row for at, row in written.items() if at[:1] in _MAKES}
            rows = {at: row for at, row in written.items() if at[:1] in _KEPT}
            found += [part.component for part in self.parts(rows)]
        return found

    def _act(self, overlay: Overlay, signer: str) -> Act:
        return Act(overlay, self._limits, (1, NOW_MS), self.partners[signer], (b"\0" * 32, 0))

    def view(self, rows: Rows) -> Overlay:
        """Look at rows as the law does."""
        return Overlay(_Rows(rows, self._fixed), self._cache)

    def after(self, rows: Rows, signer: str, record: Record) -> Rows | None:
        """Return the rows after a record, or None when the law refuses it or nothing changes."""
        overlay = self.view(rows)
        if judge(self._act(overlay, signer), record) is not None:
            return None
        written = {at: row for at, row in overlay.changes() if at[:1] in _KEPT}
        return {at: row for at, row in {**rows, **written}.items() if row} if written else None

    @staticmethod
    def late(component: Component) -> Iterator[Rows]:
        """Yield the rows in which one deadline more is past: of a shipment, or to undo an ending."""
        for at, value in component.rows:
            row = late_row(at, value)
            if row is not None:
                yield {**dict(component.rows), at: encode(row)}

    # ------------------------------------------------------------------------------- reduction

    def parts(self, rows: Rows) -> list[Part]:
        """Take rows apart into reduced components."""
        overlay = self.view(rows)
        placed = {key: self._located(overlay, key) for at in sorted(rows) if (key := _item_at(at))}
        groups: dict[bytes, list[ItemKey]] = {}
        for key, position in placed.items():
            groups.setdefault(position.row.shipment or position.top.shipment or position.top_key, []).append(
                key
            )
        return [self._reduced(overlay, {key: placed[key] for key in keys}) for keys in groups.values()]

    @staticmethod
    def _located(overlay: Overlay, key: ItemKey) -> Position:
        position = locate(overlay, key)
        if position is None:
            msg = f"{key.hex()} is gone"
            raise LookupError(msg)
        return position

    def _reduced(self, overlay: Overlay, placed: Mapping[ItemKey, Position]) -> Part:
        about = {(ITEMS, key): timeless(position.row) for key, position in placed.items()}
        for table in (CONTAINERS, ENDINGS):
            rows = {(table, key): overlay.read(table, key) for key in placed}
            about |= {at: timeless(row) for at, row in rows.items() if row is not None}
        sent = {
            position.row.shipment: position.shipment for position in placed.values() if not position.above
        }
        shipments = {key: timeless(row) for key, row in sent.items() if row is not None}
        packs = [key for key in placed if key[:7] == PACK]
        named = [item(f"pack-{number}") for number in range(1, len(packs) + 1)]
        found: list[Part] = []
        for order in permutations(packs):
            names = {key: key for key in placed} | dict(zip(order, named, strict=True))
            origins = {name: key for key, name in names.items()}
            keys = tuple(sorted(origins))
            component = Component(keys, _renamed(names, about, shipments))
            found.append(Part(component, tuple(origins[name] for name in keys)))
        return min(found, key=lambda part: part.component.rows)


def timeless(row: Row) -> Row:
    """Return a row with what no rule reads again left out, and every time on one of its two sides."""
    match row:
        case ItemRow():
            return replace(row, born_height=0, born_document=0, title=b"")
        case ContainerRow():
            return replace(row, generation=1, opened=0, emptied_at_ms=int(row.emptied_at_ms > 0))
        case ShipmentRow():
            return replace(row, deadline_ms=PAST_MS if row.deadline_ms < NOW_MS else FUTURE_MS)
        case EndingRow():
            return replace(row, ended_at_ms=NOW_MS if row.ended_at_ms else LONG_AGO_MS)
        case _:
            return row


def late_row(at: bytes, value: bytes) -> Row | None:
    """Return a row whose deadline has passed, or None when it has none that is to come."""
    if at[:1] == SHIPMENTS.prefix and (shipment := SHIPMENTS.decode(value)).deadline_ms == FUTURE_MS:
        return replace(shipment, deadline_ms=PAST_MS)
    if at[:1] == ENDINGS.prefix and (ending := ENDINGS.decode(value)).ended_at_ms:
        return replace(ending, ended_at_ms=LONG_AGO_MS)
    return None


def _renamed(
    names: dict[ItemKey, ItemKey],
    about: dict[tuple[Table[Any], ItemKey], Row],
    shipments: dict[bytes, ShipmentRow],
) -> tuple[tuple[bytes, bytes], ...]:
    """Return a component's rows under other names; shipments are numbered in the order of what they carry."""
    numbers: dict[bytes, bytes] = {}
    rows: list[tuple[bytes, bytes]] = []
    for table, key in sorted(about, key=lambda at: (names[at[1]], at[0].prefix)):
        row = about[table, key]
        if isinstance(row, ItemRow) and row.shipment:
            number = numbers.setdefault(row.shipment, (len(numbers) + 1).to_bytes(16, "big"))
            row = replace(row, shipment=number)
        if isinstance(row, ItemRow) and row.parent:
            row = replace(row, parent=names[ItemKey(row.parent)])
        rows.append((table.prefix + names[key], encode(row)))
    rows += ((SHIPMENTS.prefix + number, encode(shipments[key])) for key, number in numbers.items())
    return tuple(sorted(rows))


def _item_at(at: bytes) -> ItemKey | None:
    return ItemKey(at[1:]) if at[:1] == ITEMS.prefix else None


class _Rows:
    """Rows over those that never change."""

    def __init__(self, rows: Rows, fixed: Rows) -> None:
        self._rows, self._fixed = rows, fixed

    def get(self, key: bytes) -> bytes | None:
        found = self._rows.get(key)
        return self._fixed.get(key) if found is None else found
