"""The books of a recall on the model: where each item in its scope is, by looking at every item there is."""

from collections import Counter
from dataclasses import replace
from typing import Any, NamedTuple

from tests.properties.facts import kind_of
from tests.properties.model import Model
from tests.properties.model_named import is_excursed
from tests.properties.model_quantities import totals
from tests.properties.model_recall import Recall, reached, with_what_was_repacked

CALLED = {"supplied": "dispensed", "sample": "sampled", "free_sample": "sampled"}
"""Accounts of what has ended, where they are not called as its life."""
CAME_BACK = {"returned", "for_disposal"}
"""Kinds of holds on what was sent back."""

Lot = tuple[str, str]
Make = tuple[Any, ...]


class Books(NamedTuple):
    """What the books of a recall must say."""

    items: frozenset[str]
    """Packs and cases in its scope."""
    accounts: dict[str, dict[str, int]]
    """By partner, how many are in which account; only those that are not empty."""
    despite: int
    """Of those dispensed, how many although something spoke against it."""
    counted: dict[Lot, dict[str, int]]
    """Of each lot without serials: what was made, is at its holders, on its way, and how it ended."""
    not_found: int
    """Of those at their holders, how many are not found."""


def books(model: Model, found: Recall) -> Books:
    """Return the books of a recall as they are now."""
    marks, listed = _drilled(model, found) if found.drill else _marked(model, found)
    items = frozenset(item for item in model.items if _is_in(model, found, marks, listed, item))
    accounts: dict[str, Counter[str]] = {}
    for item in items:
        accounts.setdefault(model.holder(item), Counter())[_account(model, item)] += 1
    missing = Counter(dict(found.missing))
    for holder, counts in accounts.items():
        taken = min(missing[holder], counts["on_hand"])
        missing[holder] -= taken
        counts.update(on_hand=-taken, unaccounted=taken)
    lots = {mark[:2] for mark in marks if model.books[mark[0], mark[1], "made"]}
    held: Counter[str] = Counter()
    for (kind, lot, holder, _owner), packs in model.stock.items():
        held[holder] += packs if (kind, lot) in lots else 0
    return Books(
        items,
        {holder: dict(+counts) for holder, counts in accounts.items()},
        sum(_account(model, item) == "dispensed" and _is_despite(model, item) for item in items),
        {lot: _counted(model, lot) for lot in lots},
        sum(min(missing[holder], packs) for holder, packs in held.items()),
    )


def _is_in(model: Model, found: Recall, marks: set[Make], listed: set[str], item: str) -> bool:
    thing = model.items[item]
    if not thing.source or (found.drill and found.closed and thing.born > found.closed_at):
        return False
    is_marked = not marks.isdisjoint((thing.source, thing.source[:2]))
    return is_marked or item in listed or _is_warm(model, found, item)


def _marked(model: Model, found: Recall) -> tuple[set[Make], set[str]]:
    """Return the lots and makes that bear a recall's mark, and the items named that have or had its hold."""
    against, hold = (found.word, found.number), f"{found.word} {found.number}"
    marks = {make for make, several in model.marks.items() if against in several}
    # What was inside a case that is called back takes its hold along, and is not called back itself.
    _makes, named = reached(model, found.scope)
    is_reached = {
        item: hold in model.items[item].holds or (item, found.number) in model.released for item in named
    }
    return marks, {item for item in named if is_reached[item]}


def _drilled(model: Model, found: Recall) -> tuple[set[Make], set[str]]:
    """Return the lots and makes that a drill names, and what was repacked from them, and the items."""
    marks, items = reached(model, found.scope)
    marks = {make for make in marks if _is_own(model, found, make[0])}
    items = [item for item in items if _is_own(model, found, kind_of(item))]
    marks |= {model.repacked[item] for item in items if item in model.repacked}
    return with_what_was_repacked(model, marks), set(items)


def _is_own(model: Model, found: Recall, kind: str) -> bool:
    """Tell whether a recall may reach what comes later of a product."""
    is_regulator = "regulator" in model.registered.roles[found.opener]
    return is_regulator or kind in found.kinds or model.registered.holders[kind] == found.opener


def _is_warm(model: Model, found: Recall, item: str) -> bool:
    """Tell whether an item went through an excursion that a recall names, also in a drill."""
    exposures = [one for name in (item, *model.above(item)) for one in model.items[name].exposures]
    return is_excursed(model, replace(found, drill=False), model.longest(exposures), model.items[item].source)


def _account(model: Model, item: str) -> str:
    life = model.life(item)
    if life != "active":
        return CALLED.get(life, life)
    if model.shipment(item):
        return "in_transit"
    kinds = {hold.partition(" ")[0] for hold in model.holds(item)}
    return "on_hand" if kinds.isdisjoint(CAME_BACK) else "returned"


def _is_despite(model: Model, item: str) -> bool:
    return any(model.items[name].despite for name in (item, *model.above(item)))


def _counted(model: Model, lot: Lot) -> dict[str, int]:
    found = Counter({column: packs for (*of, column), packs in model.books.items() if tuple(of) == lot})
    found["in_transit"] = sum(
        packs for load in model.loads.values() for *of, packs in load.lines if tuple(of) == lot
    )
    found["on_hand"] = totals(model)[lot] - sum(found.values()) + found["made"]
    return dict(+found)
