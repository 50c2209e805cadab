"""Whether every item has a way out of the supply chain, whoever stays silent.

A node is one item in one component. A way is a chain of steps to a node whose life is final, none of them
signed by the silent partner. Packing an item into another component is never needed for a way, so joins are
left out: what is found to have a way has one.
"""

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

from contracts.state.rows import Life
from tests.modelcheck.explore import Found
from tests.modelcheck.reduce import Component

FINAL: Final = frozenset({Life.SUPPLIED, Life.DESTROYED, Life.STOLEN, Life.EXPORTED, Life.OUTSIDE})
"""Lives in which an item has left the supply chain."""
ENDED: Final = FINAL | {Life.CONSUMED, Life.BURNED}
"""Lives of what is not there to be brought out: these, repacked, or never made."""
GONE: Final = FINAL - {Life.STOLEN}
"""The same without the report that it is gone for other reasons: a way that nobody has to lie for."""


class Trap(NamedTuple):
    """An item that cannot leave while one partner is silent."""

    component: Component
    """Where it is."""
    place: int
    """Which of its items."""
    silent: str
    """Who says nothing."""


def traps(found: Found, final: frozenset[Life]) -> Iterator[Trap]:
    """Yield every item that has no way to one of these lives while some partner is silent."""
    first, edges = _backwards(found)
    for silent, name in enumerate(found.signers):
        reached = _reached(found, first, edges, final, 1 << silent)
        for number, component in enumerate(found.components):
            for index in range(len(component.items)):
                node = found.node(number, index)
                if not reached[node] and found.life[node] not in ENDED:
                    yield Trap(component, index, name)


def _backwards(found: Found) -> tuple["array[int]", "array[int]"]:
    """Return the edges by the node that they lead to: where each node's begin, and their numbers."""
    first = array("i", bytes(4 * (len(found.life) + 1)))
    for target in found.target:
        first[target + 1] += 1
    for node in range(len(found.life)):
        first[node + 1] += first[node]
    free, edges = array("i", first), array("i", bytes(4 * len(found.target)))
    for edge, target in enumerate(found.target):
        edges[free[target]] = edge
        free[target] += 1
    return first, edges


def _reached(
    found: Found, first: "array[int]", edges: "array[int]", final: frozenset[Life], silent: int
) -> bytearray:
    """Return for each node whether a way leads from it to one of some lives without one signer.

    A way ends with the first final life: none leads on from there to another one.
    """
    source, by, life = found.source, found.by, found.life
    reached = bytearray(len(life))
    queue = [node for node in range(len(life)) if life[node] in final]
    for node in queue:
        reached[node] = 1
    while queue:
        node = queue.pop()
        for at in range(first[node], first[node + 1]):
            edge = edges[at]
            start = source[edge]
            if not reached[start] and not by[edge] & silent and life[start] not in FINAL:
                reached[start] = 1
                queue.append(start)
    return reached
