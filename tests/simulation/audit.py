"""I4, read off the state of a node: every item has one place, and every count agrees with what it counts.

The law's own functions are not asked: the rows are read one by one, and everything they say about each other
is worked out again from the items alone.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TypeVar

from contracts.state.layout import CONTAINERS, ITEMS, SHIPMENTS, SOURCES, Table, source_key
from contracts.state.rows import ContainerRow, ItemRow, Life, ShipmentRow, ShipmentStanding
from node.storage.store import STATE, KeyValueStore, Space

RowT = TypeVar("RowT")


class WrongState(AssertionError):
    """I4 is broken."""


def _rows(store: KeyValueStore, table: Table[RowT]) -> Iterator[tuple[bytes, RowT]]:
    space, start = Space(store, STATE), None
    while True:
        page = space.scan(table.prefix, start=start, limit=1_000)
        for key, value in page.rows:
            yield key[len(table.prefix) :], table.decode(value)
        if page.resume is None:
            return
        start = page.resume


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise WrongState(f"I4: {what}")


class Audit:
    """The items, containers and shipments of one node."""

    def __init__(self, store: KeyValueStore) -> None:
        """Read them all."""
        self._store = store
        self._items: dict[bytes, ItemRow] = dict(_rows(store, ITEMS))
        self._containers: dict[bytes, ContainerRow] = dict(_rows(store, CONTAINERS))
        self._shipments: dict[bytes, ShipmentRow] = dict(_rows(store, SHIPMENTS))
        self._children: dict[bytes, list[bytes]] = {}
        for key, row in self._items.items():
            if row.parent:
                self._children.setdefault(row.parent, []).append(key)

    def check(self) -> int:
        """Check everything; return how many items there are.

        Raises:
            WrongState: An item with two places or none, or a count that is wrong.
        """
        for key, row in self._items.items():
            self._check_item(key, row)
        for key, contents in self._containers.items():
            self._check_container(key, contents)
        self._check_shipments()
        return len(self._items)

    def _check_item(self, key: bytes, row: ItemRow) -> None:
        name = key.hex()
        own = (row.holder, row.owner, row.premises)
        if row.parent:
            _require(own == (0, 0, 0) and not row.shipment, f"item {name} has a place beside its parent's")
            _require(row.parent in self._containers, f"the parent of {name} is no container")
            _require(row.parent in self._items, f"the parent of {name} is no item")
        else:
            _require(row.holder != 0 and row.owner != 0, f"item {name} has no holder or no owner")
        if row.source:
            known = Space(self._store, STATE).get(SOURCES.prefix + source_key(row.source))
            _require(known is not None, f"the source of {name} is unknown")
        at, steps = row.parent, 0
        while at:
            steps += 1
            _require(at != key and steps <= len(self._items), f"item {name} is inside itself")
            at = self._items[at].parent

    def _check_container(self, key: bytes, contents: ContainerRow) -> None:
        name, children = key.hex(), self._children.get(key, [])
        _require(contents.children == len(children), f"container {name} miscounts its children")
        found = Counter(dict(contents.sources))
        _require(found == self._sources(key), f"container {name} miscounts its sources")
        dirty = sum(self._is_dirty(child) for child in children)
        _require(contents.dirty == dirty, f"container {name} counts {contents.dirty} dirty of {dirty}")

    def _sources(self, key: bytes) -> Counter[int]:
        total: Counter[int] = Counter()
        for child in self._children.get(key, []):
            if self._items[child].source:
                total[self._items[child].source] += 1
            total += self._sources(child)
        return total

    def _is_dirty(self, key: bytes) -> bool:
        row = self._items[key]
        if row.holds or row.life != Life.ACTIVE:
            return True
        return any(self._is_dirty(child) for child in self._children.get(key, []))

    def _check_shipments(self) -> None:
        travelling = Counter(row.shipment for row in self._items.values() if row.shipment)
        for key, shipment in self._shipments.items():
            if shipment.standing == ShipmentStanding.OUTSTANDING:
                is_right = shipment.outstanding == travelling[key] > 0
                _require(is_right, f"shipment {key.hex()} miscounts what is on its way")
            else:
                _require(shipment.outstanding == 0, f"shipment {key.hex()} has ended and still counts")
        unknown = travelling.keys() - self._shipments.keys()
        _require(not unknown, f"an item travels with shipment {min(unknown, default=b'').hex()}: unknown")
