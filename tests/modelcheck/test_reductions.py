"""What makes exploring short loses nothing: remembered answers, joins left out, shipments of one item."""

from collections import Counter
from random import Random

import pytest

from contracts.gs1.keys import ItemKey
from contracts.records.custody import Ship, ShipPurpose
from contracts.records.supply import Pack
from contracts.state.layout import ITEMS, SHIPMENTS
from tests.modelcheck.__main__ import REASONS
from tests.modelcheck.cast import HEAD, World
from tests.modelcheck.compare import Comparison, Differs, compare_all
from tests.modelcheck.explore import Explorer
from tests.modelcheck.forget import Forgetting
from tests.modelcheck.memory import Move, Rows
from tests.modelcheck.moves import Moves
from tests.modelcheck.reduce import KIND_BYTES, SHIPMENT, Component, Reducer
from tests.scenarios.law.world import gln, item

PARTNERS = ("Acme", "Corner", "Fleet", "Gov")
NAMES = ("pack-1", "case-1")
PACKS = (ItemKey(item("pack-1")), ItemKey(item("pack-2")))
PALLET = ("pack-1", "pack-2", "case-1", "pallet-1")
WALKS, STEPS = 3, 8


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
            for move in moves.joins(ItemKey(item("case-1")), PACKS[0]):
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


def test_what_is_forgotten_makes_no_difference() -> None:
    """One case that forgets nothing: each step leads to the same with and without it."""
    components, classes, compared = compare_all(World(PARTNERS, REASONS), ("case-1",))
    assert components > 2 * classes
    assert compared > components


def test_what_makes_a_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Forgetting, "_is_late_anyway", lambda _self, _row, _around: True)
    with pytest.raises(Differs, match="Void"):
        compare_all(World(PARTNERS, REASONS), ("pack-1",))


@pytest.mark.parametrize("families", [(), ("holds",), ("returns", "purposes")])
def test_what_is_forgotten_makes_no_difference_in_a_pallet(families: tuple[str, ...]) -> None:
    """Walks of a full pallet through the law, chosen by chance, and compared at each step."""
    world = World(PARTNERS, REASONS, families)
    moves, whole, chance = Moves(world), Reducer(world, forgets=False), Random(7)
    comparison = Comparison(world, moves)
    for _walk in range(WALKS):
        (part,) = whole.parts(_full_pallet(world))
        component = part.component
        for _step in range(STEPS):
            comparison.compare(component)
            component = _next(world, moves, whole, chance, component)


def _full_pallet(world: World) -> Rows:
    """Return the rows of a pallet with a case in it, and in that two packs."""
    rows = {at: row for some in world.begin(PALLET) for at, row in some.items()}
    case, pallet = item("case-1"), item("pallet-1")
    for parent, children in ((case, PACKS), (pallet, (case,))):
        after = world.after(rows, Move((("Acme", Pack(HEAD, parent, children)),), "Pack", 1))
        assert after is not None
        rows = after
    return rows


def _next(world: World, moves: Moves, whole: Reducer, chance: Random, component: Component) -> Component:
    """Return what follows from a component: its largest part, after a kind of step chosen by chance."""
    rows = dict(component.rows)
    about, tried = moves.about(component)
    steps: dict[str, list[Rows]] = {}
    for move in world.likely(about, rows, tried):
        after = world.after(rows, move)
        if after is not None:
            steps.setdefault(move.kind, []).append(after)
    for after in whole.late(component):
        steps.setdefault("time", []).append(after)
    if not steps:
        return component
    parts = whole.parts(chance.choice(steps[chance.choice(sorted(steps))]))
    return max(parts, key=lambda part: len(part.component.items)).component


def _is_sent(component: Component) -> bool:
    return any(at == SHIPMENTS.prefix + SHIPMENT for at, _row in component.rows)


def _alone(reducer: Reducer, rows: Rows) -> Rows:
    """Return the rows without the second pack, and its shipment with one item."""
    left = {at: row for at, row in rows.items() if at[1:] != PACKS[1]}
    way = SHIPMENTS.prefix + reducer.item(rows[ITEMS.prefix + PACKS[0]]).shipment
    return reducer.with_one_item(left, way) if way in left else left
