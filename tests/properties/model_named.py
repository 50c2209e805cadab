"""What the alternatives of a recall's scope say of makes and of excursions (rule 17 of contracts/LAW.md)."""

from collections.abc import Iterable
from typing import Any

from tests.properties.facts import FAMILIES, HOUR_MS
from tests.properties.model import Model, lot_name
from tests.properties.model_sessions import through
from tests.properties.said import Alternative

Exposure = tuple[int, int]


def names_make(model: Model, one: Alternative, source: tuple[Any, ...]) -> bool:
    """Tell whether all that an alternative says of a make is true of one."""
    kind, _lot, line, hour, site = source[:5]
    lot = lot_name(source)
    if one.material[0] and one.material not in ingredients(model, (kind, lot)):
        return False
    kinds = FAMILIES.get(one.kind, (one.kind,)) if one.family else (one.kind,)
    if one.kind and kind not in kinds:
        return False
    if one.until_ms and not one.from_ms // HOUR_MS <= hour <= (one.until_ms - 1) // HOUR_MS:
        return False
    if one.market and one.market not in model.registered.made_for[source[:2]]:
        return False
    return one.lot in ("", lot) and one.line in ("", line) and one.site in ("", site)


def ingredients(model: Model, lot: tuple[str, str]) -> set[tuple[str, str]]:
    """Return everything of which a lot was made, at any level (rule 29)."""
    ahead, found = [(lot[0], lot_name(lot))], set[tuple[str, str]]()
    while ahead:
        new = model.materials.get(ahead.pop(), frozenset()) - found
        found |= new
        ahead += new
    return found


def excursed_kinds(model: Model, scope: Iterable[Alternative]) -> set[str]:
    """Return the products judged in the sessions that a scope names, as far as it speaks of them."""
    found = set()
    for one in scope:
        kinds = FAMILIES.get(one.kind, (one.kind,)) if one.family else (one.kind,)
        for kind in model.sessions[one.session].judged if one.session in model.sessions else ():
            lots = [lot for lot in model.lots if lot[0] == kind and one.lot in ("", lot_name(lot))]
            is_there = any(one.market in ("", *model.registered.made_for[lot]) for lot in lots)
            if (not one.kind or kind in kinds) and (is_there or not (one.lot or one.market)):
                found.add(kind)
    return found


def is_excursed(model: Model, found: Any, exposures: Iterable[Exposure], source: tuple[Any, ...]) -> bool:
    """Tell whether a recall calls back goods of one source for an excursion that they went through."""
    if found.drill:
        return False
    comes_of, before = {source}, set[tuple[Any, ...]]()
    while comes_of != before:
        before = set(comes_of)
        comes_of |= {origin for one in before for origin in model.lineage.get(one, ())}
    is_regulator = "regulator" in model.registered.roles[found.opener]
    own = [
        one
        for one in comes_of
        if is_regulator or one[0] in found.kinds or model.registered.holders[one[0]] == found.opener
    ]
    for number, until_s in exposures:
        breach_s = model.sessions[number].first_breach(source[0])
        if not breach_s or 0 < until_s <= breach_s:
            continue
        named = [one for one in found.alternatives if one.session == number]
        if any(names_make(model, one, make) for one in named for make in own):
            return True
    return False


def is_called_back(model: Model, item: str, word: str) -> bool:
    """Tell whether an item or what is inside is under a recall of an excursion; it may have been released."""
    recalls = [found for found in model.recalls.values() if found.word == word]
    thing = model.items[item]
    around = [one for name in (item, *model.above(item)) for one in model.items[name].exposures]
    own = [found for found in recalls if (item, found.number) not in model.released]
    if thing.source and any(is_excursed(model, one, model.longest(around), thing.source) for one in own):
        return True
    inside = {model.items[name].source for name in model.inside(item)} - {()}
    exposures = through(model, item)
    return any(is_excursed(model, one, exposures, source) for one in recalls for source in inside if source)
