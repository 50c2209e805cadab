"""Rule 29 of contracts/LAW.md on the model: what lots are made of, by looking at all that was said."""

from dataclasses import replace
from typing import Any

from tests.properties.facts import KIND_PREFIXES, MATERIAL_PREFIXES
from tests.properties.model import Model
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_named import ingredients, names_make
from tests.properties.model_recall import Recall, names_items, with_what_was_repacked
from tests.properties.said import Alternative, Said

MAX_STEPS = 8
"""From a material to what is made of it in the end."""

Lot = tuple[str, str]


def steps_up(model: Model, lot: Lot) -> int:
    """Return over how many steps a lot was made."""
    return max((1 + steps_up(model, one) for one in model.materials.get(lot, ())), default=0)


def longest(model: Model) -> int:
    """Return the most steps over which anything was made."""
    return max((steps_up(model, lot) for lot in model.materials), default=0)


def trace(judge: Judge, said: Said) -> Verdicts:
    """Rule 29."""
    model, lot = judge.model, (said.kind, said.lot)
    yield set() if said.of else {"nothing_listed"}
    yield {"listed_twice"} if len(set(said.of)) < len(said.of) else set()
    holder = model.registered.holders.get(said.kind, "")
    if holder:
        is_delegate = (said.kind, judge.signer) in model.registered.delegates
        yield set() if is_delegate or holder == judge.signer else {"no_commission_authority"}
    else:
        owner = {**KIND_PREFIXES, **MATERIAL_PREFIXES}[said.kind]
        yield set() if owner == judge.signer else {"prefix_not_own"}
    is_circle = any(lot == one or lot in ingredients(model, one) for one in said.of)
    yield {"genealogy_cycle"} if is_circle else set()
    tried = model.copy()
    tried.materials[lot] = model.materials.get(lot, frozenset()) | set(said.of)
    yield {"genealogy_too_deep"} if longest(tried) > MAX_STEPS else set()
    judge.tell("lot_traced", said.lot, (), (holder,))
    before = {one: ingredients(model, one) for one in {*model.lots}}
    model.materials[lot] = tried.materials[lot]
    for name, found in tuple(model.recalls.items()):
        if not found.closed and not found.drill:
            _reach(judge, name, found, before)


def _reach(judge: Judge, name: str, found: Recall, before: dict[Lot, set[Lot]]) -> None:
    """Mark what an open recall reaches since a lot is known to be made of something that it names."""
    model = judge.model
    roots: set[tuple[Any, ...]] = set()
    items: set[str] = set()
    kinds = found.kinds
    for one in found.alternatives:
        for lot, known in before.items():
            is_new = one.material[0] and one.material in ingredients(model, lot) - known
            is_regulator = "regulator" in judge.roles(found.opener)
            is_own = found.opener == model.registered.holders[lot[0]] or lot[0] in found.kinds
            is_own = is_own or is_regulator
            if not (is_new and is_own):
                continue
            named = _in_range(model, one, lot) if one.first else set()
            items |= named
            roots |= set() if one.first else _named(model, one, lot)
            if (named or (not one.first and _named(model, one, lot))) and _is_holder(model, found, lot):
                kinds |= {lot[0]}
    model.recalls[name] = replace(found, kinds=kinds)
    roots |= {model.repacked[item] for item in items if item in model.repacked}
    hold = f"{found.word} {found.number}"
    held = [item for item in items if hold not in model.items[item].holds]
    for item in held:
        model.change(item, holds=model.items[item].holds | {hold})
    against = (found.word, found.number)
    new = {one for one in with_what_was_repacked(model, roots) if against not in model.marks_on(one)}
    for source in new:
        model.marks[source] = model.marks.get(source, set()) | {against}
    if new or held:
        sources = {*new, *(model.items[item].source for item in held)}
        makers = (model.makers[source[:2]] for source in sources)
        judge.tell("recall_reached", name, held, (found.opener, *makers))


def _is_holder(model: Model, found: Recall, lot: Lot) -> bool:
    return found.opener == model.registered.holders[lot[0]]


def _in_range(model: Model, one: Alternative, lot: Lot) -> set[str]:
    """Return the items of a lot that an alternative spans and describes."""
    known = [(item, model.items[item].source) for item in names_items(one) if item in model.items]
    return {item for item, source in known if source[:2] == lot and names_make(model, one, source)}


def _named(model: Model, one: Alternative, lot: Lot) -> set[tuple[Any, ...]]:
    """Return the lot as a whole, or those of its makes that an alternative describes."""
    makes = {source for source in model.makes if source[:2] == lot and names_make(model, one, source)}
    is_whole = not (one.line or one.until_ms or one.site)
    return {source[:2] for source in makes} if is_whole else makes
