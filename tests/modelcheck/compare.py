"""Whether what is forgotten makes no difference: each step, taken with it and without it, side by side.

A component is compared with itself without what `forget.py` forgets. Whatever anyone tries, and whichever
deadline passes, both must lead to the same, once that is forgotten again; and their items must be as alive.
Where this holds of every component that can come about, exploring without tells the whole.
"""

from collections import Counter
from collections.abc import Sequence

from contracts.gs1.keys import ItemKey, format_item
from contracts.state.rows import Life
from tests.modelcheck.cast import World
from tests.modelcheck.explore import Explorer
from tests.modelcheck.forget import DEAD
from tests.modelcheck.memory import Rows
from tests.modelcheck.moves import Moves
from tests.modelcheck.reduce import KIND_BYTES, Component, Part, Reducer, key_begins
from tests.scenarios.law.world import item

Ends = frozenset[tuple[Component, tuple[ItemKey, ...]]]
"""Components, each with what its items were called before."""


class Differs(AssertionError):
    """What was forgotten makes a difference."""


class Comparison:
    """Compares components of a world with what they are without what is forgotten."""

    def __init__(self, world: World, moves: Moves) -> None:
        """Prepare."""
        self._world = world
        self._moves = moves
        self._whole = Reducer(world, forgets=False)
        self._plain = Reducer(world)
        self.compared = 0
        """Moves that were taken on both."""

    def without(self, component: Component) -> Component:
        """Return a component without what is forgotten."""
        (part,) = self._plain.parts(dict(component.rows))
        return part.component

    def compare(self, component: Component) -> None:
        """Take every move on a component, and on the same without what is forgotten.

        Raises:
            Differs: One of them leads elsewhere.
        """
        (part,) = self._plain.parts(dict(component.rows))
        same, component = part.component, _named_like(part, component)
        if self._lives(component) != self._lives(same):
            raise Differs(_told(component, "what has ended"))
        rows, fewer = dict(component.rows), dict(same.rows)
        _about, moves = self._moves.about(component)
        for move in moves:
            self.compared += 1
            one, two = self._world.after(rows, move), self._world.after(fewer, move)
            if self._ends(rows if one is None else one) != self._ends(fewer if two is None else two):
                raise Differs(_told(component, str(move.acts)))
        stays = self._ends(fewer)
        later = {self._ends(after) for after in self._whole.late(component)}
        expected = {self._ends(after) for after in self._plain.late(same)}
        if not expected <= later <= expected | {stays}:
            raise Differs(_told(component, "a deadline that passes"))

    def _ends(self, rows: Rows) -> Ends:
        return frozenset(self._plain.parts(rows))

    def _lives(self, component: Component) -> list[Life]:
        lives = self._plain.lives(component)
        return [Life.DESTROYED if life in DEAD else life for life in lives]


def _named_like(part: Part, component: Component) -> Component:
    """Return a component whose like items are named as in a part that it is without what is forgotten."""
    names = dict(zip(part.origins, part.component.items, strict=True))
    # Nothing is in what has its like, and no other row names it.
    rows = []
    for at, row in component.rows:
        start = key_begins(at)
        rows.append((at[:start] + names.get(ItemKey(at[start:]), at[start:]), row))
    rows.sort()
    return Component(part.component.items, tuple(rows))


def _told(component: Component, what: str) -> str:
    names = ", ".join(map(format_item, component.items))
    return f"{names}: {what}; rows {component.rows}"


def compare_all(world: World, names: Sequence[str], every: int = 1) -> tuple[int, int, int]:
    """Explore a world and forget nothing, then compare its components.

    Args:
        world: Who acts, and the law.
        names: What there is.
        every: Of how many components one is compared.

    Returns:
        How many components there are, how many without what is forgotten, and how many moves were compared.

    Raises:
        Differs: What was forgotten makes a difference.
    """
    explorer = Explorer(world, Counter(item(name)[:KIND_BYTES] for name in names), forgets=False)
    components = explorer.explore(world.begin(names)).components
    comparison = Comparison(world, explorer.moves)
    for component in components[::every]:
        comparison.compare(component)
    return len(components), len({*map(comparison.without, components)}), comparison.compared
