"""What random partners put into a container: mostly what may go in, now and then a whole tower."""

from collections.abc import Sequence
from random import Random

from tests.properties.model import Model


def goods(
    random: Random, model: Model, held: Sequence[str], items: tuple[str, ...], parent: str
) -> tuple[str, ...]:
    """Return what a partner packs.

    Args:
        random: Chooses.
        model: To look things up.
        held: All that the partner holds.
        items: Some of it.
        parent: The container.
    """
    if random.randrange(100) < 25:
        items = _tallest(model, held) or items
    around = model.above(parent) if parent in model.items else []
    if random.randrange(100) < 90:
        items = tuple(item for item in items if item != parent and item not in around) or items
    return items


def _tallest(model: Model, held: Sequence[str]) -> tuple[str, ...]:
    """Return the one with most levels of packing of what stands by itself, is filled and not held back."""
    loose = [item for item in held if not model.items[item].parent and not model.holds(item)]
    filled = [item for item in loose if model.children(item)]
    return (max(filled, key=lambda item: model.items[item].levels),) if filled else ()
