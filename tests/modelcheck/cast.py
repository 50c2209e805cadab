"""The little world that is explored: some partners, a few items, components reduced to what the law reads.

A component is what hangs together: items inside one another, or on their way with one shipment. No rule
reads an item to judge another component, but for a pack that joins two; so the law is explored component by
component, and what several of them may do side by side is the product of what each may do.

Two components are one when they differ only in what no rule reads again: when something was born, the name
of a shipment, which of two like packs is which, and rows of shipments that ended (their items are rewritten
to what that end made of them); and, as nobody here returns goods, with which sale they were bought and what
was opened. Time has two sides: a deadline is to come, or past.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations
from typing import Final, NamedTuple

import msgspec

from contracts.gs1.keys import ItemKey
from contracts.ledger.genesis_state import genesis_writes
from contracts.primitives.encoding import encode
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, CommissionLogisticUnits
from contracts.rules.act import Act
from contracts.rules.registry import judge
from contracts.state import directory
from contracts.state.layout import CONTAINERS, ITEMS, LOT_NUMBERS, LOTS, ORIGINS, SHIPMENTS, SOURCES
from contracts.state.places import Position, locate
from contracts.state.rows import ContainerRow, ItemRow, PartnerRow, ShipmentRow, ShipmentStanding
from contracts.state.view import DirectoryCache, Overlay
from tests.scenarios.law.world import DAY_MS, START_MS, gln, item, small_genesis

NOW_MS: Final = START_MS + DAY_MS
PAST_MS: Final = NOW_MS - 1
FUTURE_MS: Final = NOW_MS + DAY_MS
HEAD: Final = Head(START_MS, 0, b"")
MAKER: Final = "Acme"

_KEPT: Final = {table.prefix for table in (ITEMS, CONTAINERS, SHIPMENTS)}
_MAKES: Final = {table.prefix for table in (LOT_NUMBERS, LOTS, ORIGINS, SOURCES)}
PACK: Final = item("pack-1")[:7]
CASE: Final = item("case-1")[:7]

Rows = dict[bytes, bytes]


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

    def __init__(self, partners: tuple[str, ...]) -> None:
        """Register everybody; nothing is made yet.

        Args:
            partners: Names of the scenario network's partners that act.
        """
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
        return {**rows, **written} if written else None

    def late(self, component: Component) -> Iterator[Rows]:
        """Yield the rows in which the deadline of one shipment more is past."""
        for at, value in component.rows:
            if at[:1] != SHIPMENTS.prefix:
                continue
            row = SHIPMENTS.decode(value)
            if row.standing == ShipmentStanding.OUTSTANDING and row.deadline_ms == FUTURE_MS:
                late = encode(msgspec.structs.replace(row, deadline_ms=PAST_MS))
                yield {**dict(component.rows), at: late}

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
        items = {
            key: msgspec.structs.replace(p.row, born_height=0, born_document=0, title=b"")
            for key, p in placed.items()
        }
        boxes = {key: row for key in items if (row := overlay.read(CONTAINERS, key)) is not None}
        shipments = {r.shipment: overlay.require(SHIPMENTS, r.shipment) for r in items.values() if r.shipment}
        packs = [key for key in items if key[:7] == PACK]
        named = [item(f"pack-{number}") for number in range(1, len(packs) + 1)]
        best: Part | None = None
        for order in permutations(packs):
            names = {key: key for key in items} | dict(zip(order, named, strict=True))
            rows = _renamed(names, items, boxes, shipments)
            if best is None or rows < best.component.rows:
                origins = {name: key for key, name in names.items()}
                order_of_items = tuple(sorted(origins))
                best = Part(Component(order_of_items, rows), tuple(origins[name] for name in order_of_items))
        if best is None:
            msg = "a component without items"
            raise LookupError(msg)
        return best


def _renamed(
    names: dict[ItemKey, ItemKey],
    items: dict[ItemKey, ItemRow],
    boxes: dict[ItemKey, ContainerRow],
    shipments: dict[bytes, ShipmentRow],
) -> tuple[tuple[bytes, bytes], ...]:
    """Return a component's rows under other names, with time reduced to its two sides."""
    numbers: dict[bytes, bytes] = {}
    rows: list[tuple[bytes, bytes]] = []
    for key in sorted(items, key=names.__getitem__):
        row = items[key]
        if row.shipment:
            number = numbers.setdefault(row.shipment, (len(numbers) + 1).to_bytes(16, "big"))
            row = msgspec.structs.replace(row, shipment=number)
        if row.parent:
            row = msgspec.structs.replace(row, parent=names[ItemKey(row.parent)])
        rows.append((ITEMS.prefix + names[key], encode(row)))
    for key, box in boxes.items():
        still = msgspec.structs.replace(box, generation=1, opened=0, emptied_at_ms=int(box.emptied_at_ms > 0))
        rows.append((CONTAINERS.prefix + names[key], encode(still)))
    for name, number in numbers.items():
        deadline_ms = PAST_MS if shipments[name].deadline_ms < NOW_MS else FUTURE_MS
        rows.append(
            (
                SHIPMENTS.prefix + number,
                encode(msgspec.structs.replace(shipments[name], deadline_ms=deadline_ms)),
            )
        )
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
