"""Draws the states of a pack and what leads from one to another, found by exploring the rules."""

import math
from collections import defaultdict
from html import escape

from contracts.gs1.keys import ItemKey
from contracts.state.places import effective_holds, effective_life, locate
from contracts.state.rows import Life
from contracts.state.view import Overlay
from tests.modelcheck.__main__ import explore
from tests.scenarios.law.world import gtin

PARTNERS = ["Acme", "Corner", "Fleet", "Gov"]
PLACES = ("inside", "at hand", "on its way")
"""Where an item that has not ended may be, from left to right; under a hold it stands one row lower."""
HELD = ", held"
BOX_WIDTH, BOX_HEIGHT = 132, 40
COLUMN, ROW, LEFT, TOP = 300, 190, 120, 150
FRAME = (30, 40, 820, 410)
"""Left, top, width and height of the frame around what has not ended."""
ENDINGS_LEFT, ENDINGS_ROW = 1_180, 80

_STYLE = """<style>
text { font: 11px sans-serif; fill: #234; text-anchor: middle }
.name { font-size: 15px }
path { fill: none; stroke: #456 }
.back { stroke: #945; stroke-dasharray: 5 4 }
.tip { fill: #456; stroke: none }
.living { fill: #f7fafd; stroke: #9ab }
.state { fill: #e3eef8; stroke: #456 }
</style>"""
_TIP = """<defs>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path class="tip" d="M0 0 8 4 0 8z"/></marker>
</defs>"""

Place = tuple[int, int]
Edges = dict[tuple[str, str], set[str]]


def find_edges() -> Edges:
    """Return from which state to which records lead, by exploring the rules."""
    world, found = explore(["pack-1", "case-1"], PARTNERS)
    views = ((world.view(dict(component.rows)), component.items) for component in found.components)
    names = [state_of(view, key) for view, items in views for key in items]
    is_pack = [key[1:7] == gtin("pack") for component in found.components for key in component.items]
    records = ["deadline", *(record.lower() for record in found.records[1:])]
    edges: Edges = defaultdict(set)
    for source, target, record in zip(found.source, found.target, found.kind, strict=True):
        here, there = names[source], names[target]
        if here != there and is_pack[source]:
            edges[here, there].add(records[record])
    # Joins are not among the steps: packing is what brings an item inside.
    edges["at hand", "inside"].add("pack")
    return dict(edges)


def state_of(view: Overlay, key: ItemKey) -> str:
    """Return what people call an item's state: how its life ended, or where it is."""
    position = locate(view, key)
    if position is None:
        msg = "an item is gone"
        raise LookupError(msg)
    life = effective_life(position)
    if life != Life.ACTIVE:
        return life.name.lower().replace("_", " ")
    where = "on its way" if position.shipment else "inside" if position.above else "at hand"
    return f"{where}{HELD}" if effective_holds(position) else where


def table_of(edges: Edges) -> str:
    """Return the same as a table, a row for each state."""
    states = sorted({state for edge in edges for state in edge}, key=_order)
    rows = []
    for here in states:
        ways = [
            f"{there} by {', '.join(sorted(edges[here, there]))}"
            for there in states
            if (here, there) in edges
        ]
        rows.append(f"| {here} | {'; '.join(ways) or 'nothing'} |")
    return "\n".join(["| from | leads to |", "|---|---|", *rows])


def _order(state: str) -> tuple[int, bool, str]:
    where = state.removesuffix(HELD)
    return (PLACES.index(where) if where in PLACES else len(PLACES), state.endswith(HELD), state)


def draw(edges: Edges) -> str:
    """Return the diagram as SVG."""
    states = {state for edge in edges for state in edge}
    living = {state: _place(state) for state in states if _is_living(state)}
    ended = sorted(states - living.keys())
    endings = {state: (ENDINGS_LEFT, 70 + at * ENDINGS_ROW) for at, state in enumerate(ended)}
    height = max(FRAME[1] + FRAME[3], 70 + len(ended) * ENDINGS_ROW) + 30
    shapes = [
        _arrow(living[here], living[there], edges[here, there])
        for here, there in sorted(edges)
        if here in living and there in living
    ]
    for state, (x, y) in endings.items():
        shapes.append(_way_out(x, y, {here: edges[here, state] for here in living if (here, state) in edges}))
        shapes += [
            _side_arrow((x, y), endings[there], edges[state, there])
            for there in ended
            if (state, there) in edges
        ]
        back = {there: edges[state, there] for there in living if (state, there) in edges}
        shapes.append(_way_back(x, y, back))
    left, top, width, tall = FRAME
    full = ENDINGS_LEFT + 190
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {full} {height}">',
            "<title>States of an item</title>",
            _STYLE,
            _TIP,
            f'<rect width="{full}" height="{height}" fill="#fff"/>',
            f'<rect class="living" x="{left}" y="{top}" width="{width}" height="{tall}" rx="12"/>',
            *filter(None, shapes),
            *(_box(state, *place) for state, place in {**living, **endings}.items()),
            "</svg>",
            "",
        ]
    )


def _is_living(state: str) -> bool:
    return state.removesuffix(HELD) in PLACES


def _place(state: str) -> Place:
    column = PLACES.index(state.removesuffix(HELD))
    return LEFT + column * COLUMN, TOP + ROW * state.endswith(HELD)


def _box(state: str, x: int, y: int) -> str:
    left, top = x - BOX_WIDTH // 2, y - BOX_HEIGHT // 2
    return (
        f'<rect class="state" x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{x}" y="{y + 5}">{escape(state)}</text>'
    )


def _arrow(here: Place, there: Place, records: set[str]) -> str:
    """Return an arrow from box to box; the way back runs beside it."""
    (x0, y0), (x1, y1) = here, there
    if y0 == y1 and abs(x1 - x0) > COLUMN:
        return _arc(here, there, records)
    length = math.hypot(x1 - x0, y1 - y0)
    aside = (9 * (y0 - y1) / length, 9 * (x1 - x0) / length)
    start, end = _rim(here, there), _rim(there, here)
    points = [(x + aside[0], y + aside[1]) for x, y in (start, end)]
    # A third of the way, so that labels of two ways do not lie on each other.
    label = tuple(
        points[0][axis] + 0.4 * (points[1][axis] - points[0][axis]) + 1.2 * aside[axis] for axis in (0, 1)
    )
    return _line(points) + _words(label[0], label[1] + 4, records)


def _arc(here: Place, there: Place, records: set[str]) -> str:
    """Return an arrow over (or under, in the lower row) what stands between two boxes."""
    (x0, y0), (x1, y1) = here, there
    down = 1 if y1 > TOP else -1
    rise = 84 if x1 > x0 else 40
    start, end = (x0, y0 + down * BOX_HEIGHT / 2), (x1, y1 + down * (BOX_HEIGHT / 2 + 4))
    bend = y0 + down * (BOX_HEIGHT / 2 + rise)
    path = f"M{start[0]} {start[1]:.0f}C{x0} {bend:.0f} {x1} {bend:.0f} {end[0]} {end[1]:.0f}"
    line = f'<path d="{path}" marker-end="url(#tip)"/>'
    middle = (start[1] + 3 * bend + 3 * bend + end[1]) / 8
    return line + _words((x0 + x1) / 2, middle + (-5 if down < 0 else 12), {", ".join(sorted(records))})


def _way_out(x: int, y: int, ways: dict[str, set[str]]) -> str:
    """Return the arrow out of the frame to an ending, with records and from which states they lead there."""
    if not ways:
        return ""
    start = (FRAME[0] + FRAME[2], min(max(y, FRAME[1] + 20), FRAME[1] + FRAME[3] - 20))
    records = sorted(set().union(*ways.values()))
    words = [f"{record}: {_from(ways, record)}" for record in records]
    end = (x - BOX_WIDTH / 2 - 3, y)
    return _line([start, end]) + _words((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - 6, words)


def _from(ways: dict[str, set[str]], record: str) -> str:
    states = {state for state, records in ways.items() if record in records}
    places = [place for place in PLACES if place in states]
    if states == {*places, *(f"{place}{HELD}" for place in places)}:
        return f"{'anywhere' if len(places) == len(PLACES) else ', '.join(places)}; held or not"
    return ", ".join(sorted(states))


def _way_back(x: int, y: int, ways: dict[str, set[str]]) -> str:
    """Return the dashed arrow from an ending back into the frame."""
    if not ways:
        return ""
    records = sorted(set().union(*ways.values()))
    line = f'<path class="back" d="M{x - BOX_WIDTH / 2:.0f} {y + 14}H{FRAME[0] + FRAME[2]}" '
    states = ", ".join(sorted(ways))
    words = _words((x + FRAME[0] + FRAME[2]) / 2 - 30, y + 28, {f"{', '.join(records)}: back to {states}"})
    return f'{line}marker-end="url(#tip)"/>{words}'


def _side_arrow(here: Place, there: Place, records: set[str]) -> str:
    """Return the arrow from one ending to another, on their right."""
    x, (y0, y1) = here[0] + BOX_WIDTH / 2, (here[1], there[1])
    path = f"M{x:.0f} {y0}C{x + 55:.0f} {y0} {x + 55:.0f} {y1} {x + 4:.0f} {y1}"
    return f'<path d="{path}" marker-end="url(#tip)"/>' + _words(x + 62, (y0 + y1) / 2, records)


def _line(points: list[tuple[float, float]]) -> str:
    (x0, y0), (x1, y1) = points
    return f'<path d="M{x0:.0f} {y0:.0f}L{x1:.0f} {y1:.0f}" marker-end="url(#tip)"/>'


def _words(x: float, y: float, records: set[str] | list[str]) -> str:
    lines = sorted(records)
    spans = "".join(
        f'<tspan x="{x:.0f}" dy="{13 if index else 0}">{escape(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    return f'<text y="{y - 6.5 * (len(lines) - 1):.0f}">{spans}</text>'


def _rim(box: Place, towards: Place) -> tuple[float, float]:
    """Return where a line from the middle of a box leaves it."""
    x, y = box
    across, down = towards[0] - x, towards[1] - y
    scale = min(
        (BOX_WIDTH / 2 + 4) / abs(across) if across else math.inf,
        (BOX_HEIGHT / 2 + 4) / abs(down) if down else math.inf,
    )
    return x + across * scale, y + down * scale
