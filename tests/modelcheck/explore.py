"""Breadth first to a fixed point: every component that can come about, and what follows from it."""

import sys
from array import array
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from contracts.gs1.keys import ItemKey, format_item
from contracts.records.record import listed, plain
from contracts.rules.correcting import REVIVABLE
from contracts.state.layout import ITEMS, LOTS, SHIPMENTS
from contracts.state.rows import THE_LAW, HoldKind, Life
from tests.modelcheck.cast import MAKER, REGULATOR, World
from tests.modelcheck.memory import Move, Rows
from tests.modelcheck.moves import HOLDING, Moves
from tests.modelcheck.reduce import ALIKE, KIND_BYTES, SHIPMENT, Component, Reducer, key_begins
from tests.scenarios.law.world import item


class Raising(NamedTuple):
    """After which lives something may be active again by one kind of record, and how."""

    lives: frozenset[Life]
    """Lives."""
    hold: HoldKind | None = None
    """Under which hold; None for none."""
    signers: frozenset[str] = frozenset()
    """Who must be among those who signed it."""


_REVIVED: Final = Raising(REVIVABLE, HoldKind.QUARANTINED, frozenset({MAKER, REGULATOR}))
RAISING: Final = {
    "Found": Raising(frozenset({Life.LOST}), HoldKind.SUSPECT),
    "Reinstate": Raising(
        frozenset({Life.SUPPLIED, Life.EXPORTED, Life.SAMPLE, Life.FREE_SAMPLE, Life.CHECKED_OUT})
    ),
    "ReceiveFromOutside": Raising(frozenset({Life.OUTSIDE}), HoldKind.UNCONFIRMED),
    "ProposeCorrection+Consent": _REVIVED,
    "ProposeCorrection+Consent+Consent": _REVIVED,
}
"""Records after which what had ended may be active again (12, 13, 26, 19)."""


PROGRESS_STATES: Final = 10_000


class Risen(AssertionError):
    """Something final came back to life."""


class Found(msgspec.Struct):
    """All components, by number in the order of discovery, and the steps between them.

    A node is one item of one component. A step of a component is one edge for each of its items.
    """

    signers: tuple[str, ...]
    """Who signs; bit by bit in `by`."""
    components: list[Component] = []
    first_node: "array[int]" = msgspec.field(default_factory=lambda: array("q"))
    """Of each component, the number of its first item's node."""
    life: "array[int]" = msgspec.field(default_factory=lambda: array("b"))
    """Of each node."""
    source: "array[int]" = msgspec.field(default_factory=lambda: array("i"))
    """Of each edge, the node from which it leads."""
    target: "array[int]" = msgspec.field(default_factory=lambda: array("i"))
    """... and to which."""
    by: "array[int]" = msgspec.field(default_factory=lambda: array("b"))
    """... and bits of who signs it; none for a deadline that passes."""
    kind: "array[int]" = msgspec.field(default_factory=lambda: array("B"))
    """... and the record, by number in `records`."""
    records: list[str] = msgspec.field(default_factory=lambda: ["time"])
    """Kinds of records; the first is a deadline that passes."""
    steps: int = 0
    """Steps between components."""
    tried: int = 0
    """Moves that the law was asked, or had answered before."""
    executed: int = 0
    """... of which it was asked."""
    kinds: Counter[str] = msgspec.field(default_factory=Counter)
    """Lawful steps by record."""

    def node(self, component: int, index: int) -> int:
        """Return the number of an item of a component."""
        return int(self.first_node[component]) + index


class Explorer:
    """Explores the components of a world."""

    def __init__(self, world: World, most: dict[bytes, int], *, forgets: bool = True) -> None:
        """Prepare.

        Args:
            world: Who acts, and the law.
            most: How many items of each kind there are, by the first 7 bytes of their keys.
            forgets: Whether what makes no difference is forgotten (`forget.py`).
        """
        self._world = world
        self._most = most
        self.moves = Moves(world)
        self._reducer = Reducer(world, forgets=forgets)
        self._numbers: dict[tuple[tuple[bytes, bytes], ...], int] = {}
        self._queue: deque[int] = deque()
        self._parents: dict[int, list[tuple[int, ItemKey]]] = {}
        self._children: dict[int, list[int]] = {}
        self.found = Found(tuple(world.partners))

    def explore(self, start: Iterable[Rows]) -> Found:
        """Explore until nothing new follows."""
        for rows in start:
            for part in self._reducer.parts(rows):
                self._number(part.component)
        while self._queue:
            number = self._queue.popleft()
            self._expand(number)
            self._join(number)
            if not (number + 1) % PROGRESS_STATES:
                print(f"{number + 1} states, {len(self._queue)} to come", file=sys.stderr, flush=True)
        return self.found

    def _number(self, component: Component) -> int:
        number = self._numbers.get(component.rows)
        if number is None:
            found = self.found
            number = self._numbers[component.rows] = len(found.components)
            found.components.append(component)
            found.first_node.append(len(found.life))
            found.life.extend(self._reducer.lives(component))
            self._queue.append(number)
        return number

    def _expand(self, number: int) -> None:
        """Try everything on one component."""
        component = self.found.components[number]
        rows = dict(component.rows)
        about, moves = self.moves.about(component)
        known: set[tuple[object, ...]] = set()
        for move in self._world.likely(about, rows, moves):
            if move.kind in HOLDING and self._is_held(rows, move):
                continue
            self.found.tried += 1
            after = self._world.after(rows, move)
            if after is not None:
                self.found.kinds[move.kind] += 1
                self._follow(number, component, move, after, known)
        for after in self._reducer.late(component):
            self.found.kinds["time"] += 1
            self._follow(number, component, None, after, known)

    def _is_held(self, rows: Rows, move: Move) -> bool:
        """Tell whether a partner's hold lies on the item already: one stands for several (`moves.py`)."""
        (key,) = listed(move.acts[0][1])
        return any(setter != THE_LAW for _kind, setter in self._reducer.item(rows[ITEMS.prefix + key]).holds)

    def _follow(
        self,
        number: int,
        component: Component,
        move: Move | None,
        after: Rows,
        known: set[tuple[object, ...]],
    ) -> None:
        """Note one step, once for who signs it and where it leads."""
        found, targets = self.found, {}
        parts = self._reducer.parts(after)
        for part in parts:
            at = self._number(part.component)
            for index, origin in enumerate(part.origins):
                targets[origin] = found.node(at, index)
        signers, kind = (0, "time") if move is None else (move.signers, move.kind)
        ends = tuple(targets[key] for key in component.items)
        self._check_lives(component, number, move, after, ends)
        if (kind, signers, ends) in known:
            return
        known.add((kind, signers, ends))
        found.steps += 1
        if kind not in found.records:
            found.records.append(kind)
        record = found.records.index(kind)
        for index, end in enumerate(ends):
            start = found.node(number, index)
            if start != end:
                found.source.append(start)
                found.target.append(end)
                found.by.append(signers)
                found.kind.append(record)

    def _check_lives(
        self, component: Component, number: int, move: Move | None, after: Rows, ends: tuple[int, ...]
    ) -> None:
        """Ask that nothing that had ended, by itself or by what it was inside, becomes active again."""
        life = self.found.life
        for index, end in enumerate(ends):
            was, now = life[self.found.node(number, index)], life[end]
            if was == Life.ACTIVE or now != Life.ACTIVE:
                continue
            key = component.items[index]
            raised = RAISING.get(move.kind if move else "", Raising(frozenset()))
            holds = self._reducer.holds(after, key)
            signed = {signer for signer, _record in move.acts} if move else set()
            is_held = raised.hold is None or raised.hold in holds
            if was not in raised.lives or not is_held or not raised.signers <= signed:
                what = "time" if move is None else [plain(record) for _signer, record in move.acts]
                raise Risen(f"{format_item(key)}: {Life(was).name} becomes active by {what}")

    # -------------------------------------------------------------------------------------- joining

    def _join(self, number: int) -> None:
        """Pack this component into every other that it may go into, and those into this one.

        Only what rule 2a lets be packed is tried: children that stand still and are clean, into containers
        that stand still, alive and without holds around them. All else it refuses (`test_reductions.py`).
        """
        component = self.found.components[number]
        rows = dict(component.rows)
        holder = self._holder(rows)
        if holder is None:
            return
        containers = [key for key in component.items if self._takes(rows, key)]
        for key in containers:
            self._parents.setdefault(holder, []).append((number, key))
        if self._is_packable(rows):
            self._children.setdefault(holder, []).append(number)
            for parent, key in self._parents.get(holder, ()):
                self._try_join(parent, key, number)
        for child in self._children.get(holder, ()):
            for key in containers:
                if child != number:
                    self._try_join(number, key, child)

    def _holder(self, rows: Rows) -> int | None:
        """Return who holds a component that stands still; None for one on its way."""
        if SHIPMENTS.prefix + SHIPMENT in rows:
            return None
        tops = (self._reducer.item(value) for at, value in rows.items() if at[:1] == ITEMS.prefix)
        return next(row.holder for row in tops if not row.parent)

    def _takes(self, rows: Rows, key: ItemKey) -> bool:
        """Tell whether an item may be packed into: it and all around it are active and free of holds."""
        if key[:KIND_BYTES] in ALIKE:
            return False
        row = self._reducer.item(rows[ITEMS.prefix + key])
        while row.life == Life.ACTIVE and not row.holds and row.parent:
            row = self._reducer.item(rows[ITEMS.prefix + row.parent])
        return row.life == Life.ACTIVE and not row.holds

    def _is_packable(self, rows: Rows) -> bool:
        """Tell whether nothing in a component has ended, is held or expired."""
        own = (self._reducer.item(value) for at, value in rows.items() if at[:1] == ITEMS.prefix)
        is_expired = any(at[:1] == LOTS.prefix for at in rows)
        return not is_expired and all(row.life == Life.ACTIVE and not row.holds for row in own)

    def _try_join(self, parent: int, key: ItemKey, child: int) -> None:
        inside, outside = self.found.components[child], self.found.components[parent]
        rows = self._beside(outside, inside)
        if rows is None:
            return
        own = self._reducer
        new = [at[1:] for at in rows if at[:1] == ITEMS.prefix and ItemKey(at[1:]) not in outside.items]
        top = next(one for one in new if not own.item(rows[ITEMS.prefix + one]).parent)
        for move in self.moves.joins(key, ItemKey(top)):
            self.found.tried += 1
            after = self._world.after(rows, move)
            if after is not None:
                self.found.kinds["Pack"] += 1
                for part in own.parts(after):
                    self._number(part.component)

    def _beside(self, parent: Component, child: Component) -> Rows | None:
        """Return the rows of both, the child's packs and sales under names that the parent does not use."""
        count = Counter(key[:KIND_BYTES] for key in (*parent.items, *child.items))
        if any(count[kind] > self._most[kind] for kind in count):
            return None
        rows = dict(parent.rows)
        # Goods of one lot expire together, wherever they are.
        if any(at[:1] == LOTS.prefix for at in rows):
            return None
        used = Counter(key[:KIND_BYTES] for key in parent.items)
        names = {key: key for key in child.items}
        for key in child.items:
            kind = key[:KIND_BYTES]
            if kind in ALIKE:
                used[kind] += 1
                names[key] = ItemKey(item(f"{ALIKE[kind]}-{used[kind]}"))
        return {**rows, **self._renamed(child, names, parent)}

    def _renamed(self, component: Component, names: dict[ItemKey, ItemKey], beside: Component) -> Rows:
        """Return a component's rows with other names for some of its items, and for its sales."""
        sales = [at[1:] for at, _row in (*beside.rows, *component.rows) if at[:1] == SHIPMENTS.prefix]
        taken = max((sale[-1] for sale in sales), default=0)
        rows: Rows = {}
        for at, value in component.rows:
            if at[:1] == SHIPMENTS.prefix:
                rows[at[:-1] + bytes((at[-1] + taken,))] = value
            elif at[:1] == LOTS.prefix:
                rows[at] = value
            else:
                start = key_begins(at)
                name = names[ItemKey(at[start:])]
                rows[at[:start] + name] = (
                    self._reducer.renamed(value, names, taken) if at[:1] == ITEMS.prefix else value
                )
        return rows
