"""Rule 11a of contracts/LAW.md on the model: packs are supplied, whole or in part."""

from tests.properties.facts import is_unit, kind_of
from tests.properties.model import Guard
from tests.properties.model_endings import is_repeated, stakeholders
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.said import Said


def _may_supply(judge: Judge, to: str, said: Said) -> Verdicts:
    rules = judge.profile(said)
    roles = {"patient": rules.dispense, "retail": rules.retail, "institution": rules.institution}[to]
    yield judge.unless_late(set() if judge.roles(judge.signer) & roles else {"dispensing_not_allowed"})


def _is_opener(judge: Judge, item: str, said: Said) -> bool:
    by, at, left = judge.model.items[item].opened
    return left > 0 and by == judge.signer and said.at in ("", at)


def has_rest(judge: Judge, item: str, said: Said) -> bool:
    """Tell whether an item was opened and the rest is still to be dispensed."""
    thing = judge.model.items[item]
    if thing.opened is None or thing.opened[2] == 0:
        return False
    if thing.life == "supplied":
        return _is_opener(judge, item, said)
    return thing.life == "partly_dispensed"


def left_in(judge: Judge, item: str) -> int:
    """Return how many units are in an item."""
    thing = judge.model.items[item]
    return thing.opened[2] if thing.opened else judge.model.registered.units.get(kind_of(item), 1)


def _guards(judge: Judge, said: Said, *, whole: bool) -> list[Guard]:
    """Return what is asked of items, as one list: each guard knows of which items it is asked."""
    model = judge.model

    def rest(item: str) -> bool:
        return has_rest(judge, item, said)

    def again(item: str) -> bool:
        return whole and not rest(item) and is_repeated(judge, item, said, "supplied")

    def unless(guard: Guard, *excused: object) -> Guard:
        code, fails = guard
        return code, lambda item: not any(excuse(item) for excuse in excused) and fails(item)

    found = [judge.together(said), ("not_a_product", is_unit)]
    found.append(("opened_elsewhere", lambda item: rest(item) and not _is_opener(judge, item, said)))
    found += [unless(guard, rest, again) for guard in judge.life()]
    found += [unless(guard, again) for guard in judge.hand()]
    if whole:
        found.append(unless(judge.empty(), rest, again))
    else:
        found.append(
            (
                "not_divisible",
                lambda item: (
                    not rest(item)
                    and (
                        model.items[item].was_filled
                        or judge.model.registered.units.get(kind_of(item), 1) == 1
                    )
                ),
            )
        )
    asked = [item for item in said.items if item in model.items and not again(item)]
    found += [unless(guard, again) for guard in judge.clean_or_late(asked)]
    if not whole:
        found.append(("not_enough_left", lambda item: said.quantity > left_in(judge, item)))
    return found


def dispense(judge: Judge, said: Said) -> Verdicts:
    """Rule 11a: whole packs, or the rest of opened ones."""
    model = judge.model
    yield from _may_supply(judge, said.to, said)
    yield model.first_fault(said.items, _guards(judge, said, whole=True))
    rests = [item for item in said.items if has_rest(judge, item, said)]
    repeated = [item for item in said.items if item not in rests and model.life(item) == "supplied"]
    new = [item for item in said.items if item not in rests and item not in repeated]
    for item in repeated:
        judge.tell("repeated_step", "", (item,))
    judge.take_along(new, said)
    for item in new:
        model.change(item, life="supplied", ended=(judge.signer, model.place(item), judge.now_ms))
    for item in rests:
        _take(judge, item, left_in(judge, item))


def part(judge: Judge, said: Said) -> Verdicts:
    """Rule 11a: a part of packs."""
    model = judge.model
    yield from _may_supply(judge, "patient", said)
    yield {"units_invalid"} if said.quantity < 1 else set()
    yield model.first_fault(said.items, _guards(judge, said, whole=False))
    new = [item for item in said.items if not has_rest(judge, item, said)]
    for item in new:
        judge.tell("opened", "", (item,), stakeholders(judge, item))
    judge.take_along(new, said)
    for item in new:
        place = model.place(item)
        model.change(item, opened=(judge.signer, place, left_in(judge, item)), life="partly_dispensed")
        if judge.profile(said).opening_supplies:
            model.change(item, life="supplied", ended=(judge.signer, place, judge.now_ms))
    for item in said.items:
        _take(judge, item, said.quantity)


def _take(judge: Judge, item: str, units: int) -> None:
    model = judge.model
    by, at, left = model.items[item].opened
    model.change(item, opened=(by, at, left - units))
    if left == units and model.items[item].life != "supplied":
        model.change(item, life="supplied", ended=(judge.signer, model.place(item), judge.now_ms))
