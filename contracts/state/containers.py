"""What is inside what: counts, sources and dirt of containers, kept right as items go in and out.

Invariants, for every container row:
- `children` is the number of items whose parent it is;
- `sources` counts the sources of all its descendants (a serialised case inside counts as itself too), at most
  the network's cap of different ones;
- `exposures` counts the exposures of all its descendants likewise, under the same cap;
- `sellers` are all from whom something was bought before it went in, until it is empty, under the same cap;
- `dirty` counts the direct children that are dirty: own hold, life other than active, or `dirty` of their own
  above 0. A child therefore tells its parent only when it becomes dirty or clean, not how much;
- `height` is at least the number of packing levels from here down; it shrinks only on emptying.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from contracts.state.endings import inherit_ending
from contracts.state.exposures import Exposures, joined, leaving, with_exposures
from contracts.state.layout import CONTAINERS, ITEMS
from contracts.state.overages import inherit_overages
from contracts.state.parties import is_party
from contracts.state.places import (
    Position,
    carried_holds,
    effective_life,
    inside,
    placed,
    relied_on,
    with_holds,
    with_life,
    with_title,
)
from contracts.state.rows import ContainerRow, ItemRow, Life, LimitsRow
from contracts.state.titles import nested_title, title_of
from contracts.state.view import Overlay

Counts = tuple[tuple[int, int], ...]
"""(source or exposure, how often), ascending."""

_EMPTY_HEIGHT: Final = 1


class Load(msgspec.Struct, frozen=True):
    """What several items weigh together for the containers above them."""

    children: int
    """How many they are."""
    sources: dict[int, int]
    """Sources of them and of everything inside them."""
    exposures: dict[int, int]
    """Exposures of them and of everything inside them."""
    dirty: int
    """How many of them are dirty."""
    height: int
    """Levels of packing from the tallest of them down; 0 when none is a container."""
    sellers: tuple[int, ...] = ()
    """From whom they were bought (`titles.sellers_of`), where they go in."""


def find_contents(state: Overlay, key: bytes, row: ItemRow) -> ContainerRow | None:
    """Return the container row of an item, or None when nothing was ever packed into it."""
    return state.require(CONTAINERS, key) if row.container else None


def is_emptied(state: Overlay, key: bytes, row: ItemRow) -> bool:
    """Tell whether an item is a container with nothing inside."""
    contents = find_contents(state, key, row)
    return contents is not None and contents.children == 0


def has_dirt_inside(state: Overlay, key: bytes, row: ItemRow) -> bool:
    """Tell whether something inside an item is held or no longer active."""
    contents = find_contents(state, key, row)
    return contents is not None and contents.dirty > 0


def sources_of(state: Overlay, key: bytes, row: ItemRow) -> tuple[int, ...]:
    """Return the sources of an item and of everything inside it."""
    own = (row.source,) if row.source else ()
    contents = find_contents(state, key, row)
    return own if contents is None else own + tuple(source for source, _count in contents.sources)


def exposures_of(state: Overlay, key: bytes, row: ItemRow) -> Exposures:
    """Return the exposures of an item and of everything inside it."""
    contents = find_contents(state, key, row)
    return row.exposures if contents is None else row.exposures + tuple(one for one, _n in contents.exposures)


def load_of(state: Overlay, items: Iterable[tuple[bytes, ItemRow]]) -> Load:
    """Add up what several items weigh."""
    children = dirty = height = 0
    sources: dict[int, int] = {}
    exposures: dict[int, int] = {}
    for key, row in items:
        children += 1
        is_dirty = _is_dirty(row)
        if row.source:
            sources[row.source] = sources.get(row.source, 0) + 1
        for exposed in row.exposures:
            exposures[exposed] = exposures.get(exposed, 0) + 1
        if row.container:
            contents = state.require(CONTAINERS, key)
            height = max(height, contents.height)
            is_dirty = is_dirty or contents.dirty > 0
            for source, count in contents.sources:
                sources[source] = sources.get(source, 0) + count
            for exposed, count in contents.exposures:
                exposures[exposed] = exposures.get(exposed, 0) + count
        dirty += is_dirty
    return Load(children, sources, exposures, dirty, height)


def put_in(state: Overlay, parent: Position, children: Sequence[Position], load: Load) -> None:
    """Put items into a parent.

    Args:
        state: State.
        parent: A container with a container row.
        children: Items that stand by themselves and are clean (rule 2a), so that no dirt comes in.
        load: Theirs, for which there is room (`is_too_deep`, `is_too_mixed`).
    """
    title = title_of(parent)
    for child in children:
        state.write(ITEMS, child.key, inside(child.row, parent.key, nested_title(child.row.title, title)))
    packer = parent.top.holder
    level, added = load.height, load.children
    for key, _row in _from_inside_out(parent):
        contents = state.require(CONTAINERS, key)
        level += 1
        state.write(
            CONTAINERS,
            key,
            ContainerRow(
                contents.children + added,
                _plus(contents.sources, load.sources),
                contents.dirty,
                max(contents.height, level),
                contents.generation,
                contents.introduced_by,
                0,
                contents.opened or int(not is_party(packer, contents.introduced_by)),
                _plus(contents.exposures, load.exposures),
                tuple(sorted({*contents.sellers, *load.sellers})),
            ),
        )
        added = 0


def is_too_deep(limits: LimitsRow, parent: Position, load: Load) -> bool:
    """Tell whether putting items into a parent would make more levels than the cap, seen from the outside."""
    levels = load.height + 1 + len(parent.above)
    return levels > limits.container_depth


def is_too_mixed(state: Overlay, limits: LimitsRow, parent: Position, load: Load) -> bool:
    """Tell whether a parent, or a container around it, would have too many sources, exposures or sellers."""
    for key, row in _from_inside_out(parent):
        contents = find_contents(state, key, row)
        sources = contents.sources if contents is not None else ()
        exposures = contents.exposures if contents is not None else ()
        sellers = contents.sellers if contents is not None else ()
        different = _different(sources, load.sources), _different(exposures, load.exposures)
        most = max(*different, len({*sellers, *load.sellers}))
        if most > limits.container_sources:
            return True
    return False


def _different(known: Counts, added: dict[int, int]) -> int:
    """Return how many different sources or exposures there are after adding some."""
    return len({one for one, _count in known} | added.keys())


def take_out(state: Overlay, time_ms: int, children: Sequence[Position], *, was_error: bool = False) -> None:
    """Take items out of the one parent that they share: each stands by itself where that parent is.

    An item leaves with every hold that bound it inside, and with the end of a container that had ended (a
    pack split on its way from a stolen case is stolen): nothing is lost, and nothing rises, by coming out.
    The sessions of loggers around it come along as exposures, until now.

    Args:
        state: State.
        time_ms: Block time, for when a container was emptied.
        children: Items directly inside the same parent.
        was_error: They never were inside: no seal is broken.
    """
    first = children[0]
    load = load_of(state, ((child.key, child.row) for child in children))
    top = first.top
    seen = [leaving(state, row.exposures, time_ms) for _key, row in first.above]
    for child in children:
        loose = placed(child.row, top.holder, top.owner, top.premises, top.shipment)
        inherit_ending(state, child)
        inherit_overages(state, child)
        bound = with_holds(with_title(loose, title_of(child)), carried_holds(child))
        seen_by = relied_on(bound, *(row.relied_by for _key, row in child.above))
        exposed = with_exposures(seen_by, joined(child.row.exposures, *seen))
        state.write(ITEMS, child.key, with_life(exposed, effective_life(child)))
    removed, dirty = load.children, load.dirty
    for key, row in first.above:
        contents = state.require(CONTAINERS, key)
        left = contents.children - removed
        state.write(
            CONTAINERS,
            key,
            ContainerRow(
                left,
                _minus(contents.sources, load.sources),
                contents.dirty - dirty,
                contents.height if left else _EMPTY_HEIGHT,
                contents.generation,
                contents.introduced_by,
                contents.emptied_at_ms if left else time_ms,
                contents.opened if was_error else 1,
                _minus(contents.exposures, load.exposures),
                contents.sellers if left else (),
            ),
        )
        removed, dirty = 0, -_told_upwards(row, contents.dirty, contents.dirty - dirty)


def end_life(state: Overlay, position: Position, life: Life) -> None:
    """Give an item another life where it is; the containers around it learn what that makes of it."""
    rewrite(state, position, with_life(position.row, life))


def rewrite(state: Overlay, position: Position, row: ItemRow) -> None:
    """Give an item other own holds or another life; the containers around it count it dirty, or no more.

    Args:
        state: State.
        position: Where the item stands.
        row: Its row with these holds and this life, and the same place.
    """
    state.write(ITEMS, position.key, row)
    if not position.above:
        return
    is_dirty_inside = has_dirt_inside(state, position.key, row)
    dirty = (_is_dirty(row) or is_dirty_inside) - (_is_dirty(position.row) or is_dirty_inside)
    for key, above in position.above:
        if not dirty:
            return
        contents = state.require(CONTAINERS, key)
        state.write(CONTAINERS, key, msgspec.structs.replace(contents, dirty=contents.dirty + dirty))
        dirty = _told_upwards(above, contents.dirty, contents.dirty + dirty)


def expose(state: Overlay, position: Position, exposures: Exposures) -> None:
    """Give an item other exposures where it is; the containers around it count them."""
    row = with_exposures(position.row, exposures)
    gone, new = (dict.fromkeys(set(one) - set(two), 1) for one, two in _both_ways(position.row, row))
    state.write(ITEMS, position.key, row)
    for key, _above in position.above:
        contents = state.require(CONTAINERS, key)
        counted = _plus(_minus(contents.exposures, gone), new)
        state.write(CONTAINERS, key, msgspec.structs.replace(contents, exposures=counted))


def _both_ways(before: ItemRow, after: ItemRow) -> tuple[tuple[Exposures, Exposures], ...]:
    """Return the exposures of two rows, each against the other."""
    return (before.exposures, after.exposures), (after.exposures, before.exposures)


def new_container(state: Overlay, key: bytes, introduced_by: int) -> None:
    """Give an item an empty container row, of the next generation where its key had one before."""
    before = state.read(CONTAINERS, key)
    generation = 1 if before is None else before.generation + 1
    state.write(CONTAINERS, key, ContainerRow(0, (), 0, _EMPTY_HEIGHT, generation, introduced_by, 0, 0, ()))


def _from_inside_out(parent: Position) -> tuple[tuple[bytes, ItemRow], ...]:
    """Return a container and those around it, as (key, row)."""
    return ((parent.key, parent.row), *parent.above)


def _told_upwards(row: ItemRow, dirty_before: int, dirty_after: int) -> int:
    """Return what a container's own parent must add to its count of dirty children: -1, 0 or 1."""
    if _is_dirty(row):
        return 0
    return (dirty_after > 0) - (dirty_before > 0)


def _is_dirty(row: ItemRow) -> bool:
    """Tell whether an item is held itself, or no longer active."""
    return bool(row.holds) or row.life != Life.ACTIVE


def _plus(sources: Counts, added: dict[int, int]) -> Counts:
    """Add counts."""
    if not added:
        return sources
    counts = dict(sources)
    for source, count in added.items():
        counts[source] = counts.get(source, 0) + count
    return tuple(sorted(counts.items()))


def _minus(sources: Counts, removed: dict[int, int]) -> Counts:
    """Subtract counts; what reaches 0 is left out."""
    return tuple(
        (source, count - removed.get(source, 0))
        for source, count in sources
        if count != removed.get(source, 0)
    )
