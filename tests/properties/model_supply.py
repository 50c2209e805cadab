"""Rules 1, 2a and 2b of contracts/LAW.md on the model: making, packing, unpacking."""

from tests.properties.facts import (
    DAY_MS,
    HOUR_MS,
    MAX_DEPTH,
    MAX_SOURCES,
    OFFSETS,
    TOLERANCE_MS,
    UNITS,
    is_unit,
    kind_of,
)
from tests.properties.model import Thing
from tests.properties.model_cold import join
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_onboarding import answer_by_commission, is_answer
from tests.properties.model_recall import reach_late, reach_late_items
from tests.properties.model_sessions import around, standing
from tests.properties.said import Said


def commission(judge: Judge, said: Said) -> Verdicts:
    """Rule 1: packs and cases."""
    model = judge.model
    known = model.registered
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield {"product_not_serialised"} if said.kind in known.by_lot else set()
    is_delegate = (said.kind, judge.signer) in known.delegates
    yield set() if is_delegate or known.holders[said.kind] == judge.signer else {"no_commission_authority"}
    yield {"made_at_invalid"} if said.made_ms > judge.now_ms + TOLERANCE_MS else set()
    expires_ms = (said.expiry + 1) * DAY_MS - OFFSETS[known.markets[said.kind][0]] * 60_000
    yield {"expired"} if expires_ms <= judge.now_ms else set()
    yield from judge.list_of(said)
    lot = (said.kind, said.lot)
    yield {"lot_expiry_mismatch"} if model.lots.get(lot, said.expiry) != said.expiry else set()
    yield {"lot_on_hold"} if model.against_lot(lot) else set()
    claimed = tuple(item for item in said.items if item in model.items)
    yield set() if all(is_answer(model, item) for item in claimed) else {"already_commissioned"}
    model.lots[lot] = said.expiry
    expires_ms = model.instants.setdefault(lot, expires_ms)
    model.makers.setdefault(lot, judge.signer)
    model.registered.made_for.setdefault(lot, known.markets[said.kind])
    source = (said.kind, said.lot, said.line, said.made_ms // HOUR_MS, said.at)
    if source not in model.makes:
        model.makes.add(source)
        reach_late(judge, source)
    for item in said.items:
        if item not in claimed:
            own = (judge.signer, judge.signer, said.at)
            model.items[item] = Thing(*own, judge.born, source, expires_ms, introducer=judge.signer)
    reach_late_items(judge, source, [item for item in said.items if item not in claimed])
    answer_by_commission(judge, said, source, claimed)


def is_rested(judge: Judge, unit: str, said: Said) -> bool:
    """Tell whether an emptied unit stands by itself and was empty for the profile's days."""
    thing = judge.model.items[unit]
    is_free = thing.life == "active" and not (thing.parent or thing.shipment or thing.holds)
    rest_ms = judge.profile(said).rest_days * DAY_MS
    return is_free and thing.emptied_ms is not None and judge.now_ms >= thing.emptied_ms + rest_ms


def introduce(judge: Judge, said: Said) -> Verdicts:
    """Rule 1: logistic units."""
    model = judge.model
    faults = []
    for item in said.items:
        if not is_unit(item):
            faults.append({"sscc_invalid"})
        elif UNITS[kind_of(item)] != judge.signer:
            faults.append({"prefix_not_own"})
        elif item in model.items and not is_rested(judge, item, said):
            is_emptied = model.items[item].emptied_ms is not None
            faults.append({"already_commissioned", *(("sscc_resting",) if is_emptied else ())})
    yield set().union(*faults)
    for unit in said.items:
        new_unit(judge, unit, judge.signer, said.at)


def new_unit(judge: Judge, unit: str, owner: str, place: str) -> None:
    """Bring a logistic unit to life, or its number's next generation."""
    old = judge.model.items.get(unit)
    generation = old.generation + 1 if old else 1
    judge.model.items[unit] = Thing(
        *(judge.signer, owner, place, judge.born),
        introducer=judge.signer,
        generation=generation,
        levels=1,
    )


def pack(judge: Judge, said: Said) -> Verdicts:
    """Rule 2a."""
    model, parent = judge.model, said.parent
    inside = ("already_inside", lambda item: model.items[item].parent == parent)
    guards = [judge.together(said), *judge.life(), *judge.hand(), *judge.clean(is_leaving=True), inside]
    first = [item for item in said.items if item in model.items][:1]
    guards.append(("different_owner", lambda item: model.owner(item) != model.owner(first[0])))
    yield model.first_fault(said.items, guards)
    owner = model.owner(said.items[0])
    yield {"item_unknown"} if parent not in model.items and not is_unit(parent) else set()
    is_new = parent not in model.items
    if not is_new and is_unit(parent) and model.items[parent].emptied_ms is not None:
        is_own = model.items[parent].introducer == judge.signer == model.holder(parent)
        is_new = not is_own and is_rested(judge, parent, said)
        is_asked = model.life(parent) != "active" or model.shipment(parent) or model.holds(parent)
        yield set() if is_own or is_new or is_asked else {"sscc_resting"}
    yield {"packing_cycle"} if is_new and parent in said.items else set()
    if not is_new:
        yield from _filled_parent(judge, parent, said, owner)
    yield from _fits(judge, parent, said, is_new=is_new)
    judge.take_along(said.items, said)
    if is_new:
        judge.tell("introduced", parent, (parent,), (UNITS[kind_of(parent)],))
        new_unit(judge, parent, owner, said.at or model.place(said.items[0]))
    elif model.owner(parent) != owner:
        model.change(parent, owner=owner, title="")
    judge.bring((parent,), said)
    join(judge, parent, said.items)
    for item in said.items:
        model.put_in(item, parent)


def _filled_parent(judge: Judge, parent: str, said: Said, owner: str) -> Verdicts:
    """Ask what a container that exists is asked."""
    model = judge.model
    yield {"parent_not_active"} if model.life(parent) != "active" else set()
    hold = ("on_hold", lambda item: bool(model.holds(item)))
    yield model.first_fault((parent,), [*judge.hand(), hold])
    code = standing(model, around(model, parent), None, judge.now_ms, judge.signer)
    yield {code} if code else set()
    yield {"packing_cycle"} if {parent, *model.above(parent)} & set(said.items) else set()
    is_free = is_unit(parent) and not model.children(parent) and not model.items[parent].parent
    yield {"different_owner"} if model.owner(parent) != owner and not is_free else set()


def _fits(judge: Judge, parent: str, said: Said, *, is_new: bool) -> Verdicts:
    """Ask whether levels and sources stay within the caps, by trying it on a copy."""
    model = judge.model
    up = [] if is_new else model.above(parent)
    levels = len(up) + 1 + max(model.items[item].levels for item in said.items)
    yield {"packing_too_deep"} if levels > MAX_DEPTH else set()
    tried = model.copy()
    for item in said.items:
        tried.take_out(item, judge.now_ms)
    if is_new:
        tried.items[parent] = Thing(judge.signer, judge.signer, "", judge.born)
    for item in said.items:
        tried.put_in(item, parent)
    mixed = [
        name
        for name in (parent, *up)
        if max(len(tried.sources(name)), len(tried.exposures_inside(name)), len(tried.items[name].sellers))
        > MAX_SOURCES
    ]
    yield {"container_too_mixed"} if mixed else set()


def unpack(judge: Judge, said: Said) -> Verdicts:
    """Rule 2b."""
    model, parent = judge.model, said.parent
    yield set() if parent in model.items else {"item_unknown"}
    yield {"parent_not_active"} if model.life(parent) != "active" else set()
    yield model.first_fault((parent,), judge.hand())
    known = [item for item in said.items if item in model.items]
    strange = [item for item in known if model.items[item].parent != parent]
    unknown = {"item_unknown", "not_inside"} if len(known) < len(said.items) else set()
    together = model.first_fault(known, [judge.together(said)])
    yield unknown | together | ({"not_inside"} if strange else set())
    judge.bring((parent,), said)
    for item in said.items:
        model.take_out(item, judge.now_ms)
