"""Whether every item has a way out of the supply chain, whoever stays silent.

A node is one item in one component. A way is a chain of steps to a node whose life is final, none of them
signed by the silent partner. Packing an item into another component is never needed for a way, so joins are
left out: what is found to have a way has one.
"""

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

from contracts.state.rows import Life
from tests.modelcheck.cast import Component, World
from tests.modelcheck.explore import NOBODY, Found, life_of

FINAL: Final = frozenset({Life.SUPPLIED, Life.DESTROYED, Life.STOLEN, Life.EXPORTED})
"""Lives in which an item has left the supply chain."""
GONE: Final = FINAL - {Life.STOLEN}
"""The same without the report that it is gone for other reasons: a way that nobody has to lie for."""


class Trap(NamedTuple):
    """An item that cannot leave while one partner is silent."""

    component: Component
    """Where it is."""
    index: int
    """Which of its items."""
    silent: str
    """Who says nothing."""


def lives(world: World, found: Found) -> "array[int]":
    """Return the life of every node: an item's own, or that of what it is inside."""
    views = ((world.view(dict(component.rows)), component.items) for component in found.components)
    return array("b", (int(life_of(view, key)) for view, items in views for key in items))


def traps(found: Found, life: "array[int]", final: frozenset[Life]) -> Iterator[Trap]:
    """Yield every item that has no way to one of these lives while some partner is silent."""
    sources = _backwards(found)
    for silent, name in enumerate(found.signers):
        if name == NOBODY:
            continue
        reached = _reached(sources, life, final, silent)
        for number, component in enumerate(found.components):
            for index in range(len(component.items)):
                node = found.node(number, index)
                # What is final already, in whatever way, is nowhere to be brought out of.
                if not reached[node] and life[node] not in FINAL:
                    yield Trap(component, index, name)


def _backwards(found: Found) -> list[list[tuple[int, int]]]:
    """Return for each node the nodes it follows from, with who signs."""
    nodes = found.first_node[-1] + len(found.components[-1].items)
    sources: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    for number, steps in enumerate(found.steps):
        for step in steps:
            for index, target in enumerate(step.targets):
                sources[target].append((found.node(number, index), step.signer))
    return sources


def _reached(
    sources: list[list[tuple[int, int]]], life: "array[int]", final: frozenset[Life], silent: int
) -> bytearray:
    """Return for each node whether a way leads from it to a final life without one signer."""
    reached = bytearray(len(sources))
    queue = [node for node in range(len(sources)) if life[node] in final]
    for node in queue:
        reached[node] = 1
    while queue:
        for source, signer in sources[queue.pop()]:
            if signer != silent and not reached[source]:
                reached[source] = 1
                queue.append(source)
    return reached
