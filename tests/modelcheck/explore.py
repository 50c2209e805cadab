"""Breadth first to a fixed point: every component that can come about, and what follows from it."""

from array import array
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.gs1.keys import ItemKey, format_item
from contracts.primitives.encoding import encode
from contracts.records.record import Record
from contracts.state.layout import CONTAINERS, ITEMS
from contracts.state.places import effective_life, locate
from contracts.state.rows import ItemRow, Life
from contracts.state.view import Overlay
from tests.modelcheck.cast import CASE, OF_ITEMS, PACK, Component, Rows, World
from tests.modelcheck.moves import joins, moves
from tests.scenarios.law.world import item

NOBODY: Final = "time"
"""Who signs what merely passes."""

RAISING: Final = frozenset({"Found", "Reinstate"})
"""Records that may make what had ended active again (LAW 12, 13)."""
TRADABLE: Final = frozenset({Life.ACTIVE})
"""Lives from which an item may be sold."""


class Risen(AssertionError):
    """Something final came back to life."""


class Step(msgspec.Struct, frozen=True):
    """One way on from a component for each of its items."""

    signer: int
    """Index in `Found.signers`."""
    record: str
    """Kind of the record; empty for a deadline that passes."""
    targets: tuple[int, ...]
    """For each item of the component, in order: the node (see `Found.node`) that it becomes."""


class Found(msgspec.Struct):
    """All components, by number in the order of discovery, and the steps between them.

    A node is one item of one component. A step of a component is one step for each of its items.
    """

    signers: tuple[str, ...]
    components: list[Component] = []
    first_node: array = msgspec.field(default_factory=lambda: array("q"))
    steps: list[list[Step]] = []
    tried: int = 0
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    """Lawful steps by record."""

    def node(self, component: int, index: int) -> int:
        """Return the number of an item of a component."""
        return self.first_node[component] + index


class Explorer:
    """Explores the components of a world."""

    def __init__(self, world: World, most: dict[bytes, int]) -> None:
        """Prepare.

        Args:
            world: Who acts, and the law.
            most: How many items of each kind there are, by the first 7 bytes of their keys.
        """
        self._world = world
        self._most = most
        self._numbers: dict[Component, int] = {}
        self._queue: deque[int] = deque()
        self._nodes = 0
        self._still: dict[int, list[int]] = {}
        self.found = Found((*world.partners, NOBODY))

    def explore(self, start: Iterable[Component]) -> Found:
        """Explore until nothing new follows."""
        for component in start:
            self._number(component)
        while self._queue:
            number = self._queue.popleft()
            self._expand(number)
            self._join(number)
        return self.found

    def _number(self, component: Component) -> int:
        number = self._numbers.get(component)
        if number is None:
            number = self._numbers[component] = len(self.found.components)
            self.found.components.append(component)
            self.found.first_node.append(self._nodes)
            self.found.steps.append([])
            self._nodes += len(component.items)
            self._queue.append(number)
        return number

    def _expand(self, number: int) -> None:
        """Try everything on one component."""
        component = self.found.components[number]
        rows = dict(component.rows)
        for signer, record in moves(self._world, component):
            self.found.tried += 1
            after = self._world.after(rows, signer, record)
            if after is not None:
                self._follow(number, component, signer, record, after)
        for after in self._world.late(component):
            self._follow(number, component, NOBODY, None, after)

    def _follow(
        self, number: int, component: Component, signer: str, record: Record | None, after: Rows
    ) -> None:
        targets: dict[ItemKey, int] = {}
        for part in self._world.parts(after):
            at = self._number(part.component)
            for index, origin in enumerate(part.origins):
                targets[origin] = self.found.node(at, index)
        kind = "" if record is None else type(record).__name__
        origins = tuple(targets[key] for key in component.items)
        step = Step(self.found.signers.index(signer), kind, origins)
        if step not in self.found.steps[number]:
            self.found.steps[number].append(step)
        self.found.kinds[kind or NOBODY] += 1
        self._check_lives(component, after, record)

    def _check_lives(self, component: Component, after: Rows, record: Record | None) -> None:
        """Ask that nothing that had ended, by itself or by what it was inside, becomes tradable."""
        old, new = self._world.view(dict(component.rows)), self._world.view(after)
        for key in component.items:
            was, now = life_of(old, key), life_of(new, key)
            if was not in TRADABLE and now in TRADABLE and type(record).__name__ not in RAISING:
                raise Risen(f"{format_item(key)}: {was.name} becomes {now.name} by {record}")

    # -------------------------------------------------------------------------------------- joining

    def _join(self, number: int) -> None:
        """Pack this component into every other that it fits beside, and those into this one."""
        component = self.found.components[number]
        holder = self._still_holder(component)
        if holder is None:
            return
        siblings = self._still.setdefault(holder, [])
        siblings.append(number)
        for other in siblings:
            self._try_join(self.found.components[other], component)
            if other != number:
                self._try_join(component, self.found.components[other])

    def _still_holder(self, component: Component) -> int | None:
        """Return who holds a component that stands still: nobody packs what is on its way, or not at hand."""
        tops = [
            row
            for at, value in component.rows
            if (row := _item_row(at, value)) is not None and not row.parent
        ]
        return None if tops[0].shipment else tops[0].holder

    def _try_join(self, parent: Component, child: Component) -> None:
        if not any(at[:1] == CONTAINERS.prefix or at[1:8] == CASE for at, _row in parent.rows):
            return
        beside = self._beside(parent, child)
        if beside is None:
            return
        rows = {**dict(parent.rows), **dict(beside.rows)}
        for signer, record in joins(self._world, parent, beside):
            self.found.tried += 1
            after = self._world.after(rows, signer, record)
            if after is None:
                continue
            self.found.kinds["Pack"] += 1
            for part in self._world.parts(after):
                self._number(part.component)

    def _beside(self, parent: Component, child: Component) -> Component | None:
        """Return a component, its packs named after those of another; None if there are not so many items."""
        count = Counter(key[:7] for key in (*parent.items, *child.items))
        if any(count[kind] > self._most[kind] for kind in count):
            return None
        first = sum(key[:7] == PACK for key in parent.items)
        packs = [key for key in child.items if key[:7] == PACK]
        names = {key: item(f"pack-{first + at}") for at, key in enumerate(packs, start=1)}
        return renamed(child, names)


def life_of(view: Overlay, key: ItemKey) -> Life:
    """Return an item's life: its own, or that of what it is inside."""
    position = locate(view, key)
    if position is None:
        msg = f"{format_item(key)} is gone"
        raise LookupError(msg)
    return effective_life(position)


def renamed(component: Component, names: dict[ItemKey, ItemKey]) -> Component:
    """Return a component with other names for some of its items."""
    rows = []
    for at, value in component.rows:
        key = ItemKey(at[1:])
        row = _item_row(at, value)
        if row is not None and row.parent:
            parent = names.get(ItemKey(row.parent), ItemKey(row.parent))
            value = encode(msgspec.structs.replace(row, parent=parent))  # noqa: PLW2901 - the row under its new name
        rows.append((at[:1] + names.get(key, key) if at[:1] in OF_ITEMS else at, value))
    return Component(tuple(names.get(key, key) for key in component.items), tuple(rows))


def _item_row(at: bytes, value: bytes) -> ItemRow | None:
    return ITEMS.decode(value) if at[:1] == ITEMS.prefix else None
