"""What makes exploring short loses nothing: remembered answers, joins left out, shipments of one item."""

from collections import Counter

import pytest

from contracts.records.custody import Ship, ShipPurpose
from contracts.state.layout import ITEMS, SHIPMENTS
from tests.modelcheck.__main__ import REASONS
from tests.modelcheck.cast import HEAD, World
from tests.modelcheck.explore import Explorer
from tests.modelcheck.memory import Move, Rows
from tests.modelcheck.moves import Moves
from tests.modelcheck.reduce import KIND_BYTES, SHIPMENT, Component, Reducer
from tests.scenarios.law.world import gln, item

PARTNERS = ("Acme", "Corner", "Fleet", "Gov")
NAMES = ("pack-1", "case-1")
PACKS = (item("pack-1"), item("pack-2"))


@pytest.fixture(scope="module")
def explored() -> tuple[World, Moves, list[Component]]:
    world = World(PARTNERS, REASONS)
    explorer = Explorer(world, Counter(item(name)[:KIND_BYTES] for name in NAMES))
    return world, explorer.moves, explorer.explore(world.begin(NAMES)).components


def test_a_remembered_answer_is_what_the_law_says(explored: tuple[World, Moves, list[Component]]) -> None:
    world, moves, components = explored
    fresh = World(PARTNERS, REASONS)
    fresh.begin(NAMES)
    for component in components[::40]:
        rows = dict(component.rows)
        about, tried = moves.about(component)
        likely = world.likely(about, rows, tried)
        for move in tried:
            asked = fresh.after(rows, Move(move.acts, move.kind, move.signers))
            assert world.after(rows, move) == asked
            assert asked is None or move in likely


def test_only_clean_goods_are_packed_into_what_takes_them(
    explored: tuple[World, Moves, list[Component]],
) -> None:
    """Every pack is tried with every case: whatever joins by the law, the explored components have."""
    world, moves, components = explored
    reducer = Reducer(world)
    known = {component.rows for component in components}
    still = [one for one in components if len(one.items) == 1 and not _is_sent(one)]
    packs = [dict(one.rows) for one in still if one.items[0] == PACKS[0]]
    cases = [dict(one.rows) for one in still if one.items[0] != PACKS[0]]
    joined = 0
    for pack in packs:
        for case in cases:
            for move in moves.joins(item("case-1"), PACKS[0]):
                after = world.after({**pack, **case}, move)
                parts = [] if after is None else reducer.parts(after)
                joined += len(parts)
                assert all(part.component.rows in known for part in parts)
    assert joined > 0


def test_two_items_of_one_shipment_fare_as_if_each_had_its_own() -> None:
    """So components on their way need no more than one outermost item."""
    world = World(PARTNERS, REASONS)
    reducer, moves = Reducer(world), Moves(world)
    both = {at: row for rows in world.begin(("pack-1", "pack-2")) for at, row in rows.items()}
    sent = Ship(HEAD, PACKS, gln("Corner"), b"", ShipPurpose.SALE, 1, 0, gln("Fleet"), ())
    together = world.after(both, Move((("Acme", sent),), "Ship", 1))
    assert together is not None
    (start,) = reducer.parts(together)
    seen, queue = {start.component.rows}, [dict(start.component.rows)]
    while queue:
        rows = queue.pop()
        (alone,) = reducer.parts(_alone(reducer, rows))
        _about, tried = moves.about(alone.component)
        followed = [
            (world.after(rows, move), world.after(dict(alone.component.rows), move)) for move in tried
        ]
        whole = Component(PACKS, tuple(sorted(rows.items())))
        followed += zip(reducer.late(whole), reducer.late(alone.component), strict=True)
        for after, expected in followed:
            found = rows if after is None else after
            (part,) = (one for one in reducer.parts(_alone(reducer, found)) if PACKS[0] in one.origins)
            wanted = reducer.parts(expected) if expected is not None else [alone]
            assert [part.component] == [one.component for one in wanted]
            for one in reducer.parts(found):
                if len(one.component.items) == len(PACKS) and one.component.rows not in seen:
                    seen.add(one.component.rows)
                    queue.append(dict(one.component.rows))
    assert len(seen) > len(PACKS)


def _is_sent(component: Component) -> bool:
    return any(at == SHIPMENTS.prefix + SHIPMENT for at, _row in component.rows)


def _alone(reducer: Reducer, rows: Rows) -> Rows:
    """Return the rows without the second pack, and its shipment with one item."""
    left = {at: row for at, row in rows.items() if at[1:] != PACKS[1]}
    way = SHIPMENTS.prefix + reducer.item(rows[ITEMS.prefix + PACKS[0]]).shipment
    return reducer.with_one_item(left, way) if way in left else left
