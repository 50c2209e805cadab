"""What random partners call an error, and which lots they amend."""

from random import Random

from tests.properties.facts import ROLES, is_unit, of_role
from tests.properties.model import Model
from tests.properties.model_corrections import ANY_REGULATOR, REVIVABLE
from tests.properties.said import Said

VERBS = {"undo": 5, "ask": 5, "amend": 2, "lengthen": 2, "let": 2}
"""Verbs by how often they are said."""
MAKERS = ("maker", "maker", "rival", "delegate")


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return who may have something to take back, or a lot to amend."""
    if verb == "let":
        return random.choice(of_role("regulator"))
    if verb in {"amend", "lengthen"} or random.randrange(3) == 0:
        return random.choice(MAKERS)
    found = list(model.items)
    return model.holder(random.choice(found)) if found else random.choice(list(ROLES))


def is_apt(model: Model, verb: str, _signer: str) -> bool:
    """Tell whether there is something to say this of."""
    if verb == "let":
        return any(one.kind == "expiry" and one.is_open for one in model.proposals.values())
    return bool(model.lots if verb in {"amend", "lengthen"} else model.items)


def says(random: Random, model: Model, verb: str, signer: str, name: str) -> Said:
    """Return one record of a kind; `name` is what a new proposal is called."""
    if verb == "let":
        return _let(random, model)
    if verb in {"amend", "lengthen"}:
        return _amended(random, model, verb, signer, name)
    reason = random.choice(("commission", "commission", "pack", "ending"))
    items = _errors(random, model, verb, reason, signer)
    until = 0 if random.randrange(5) else random.randint(1, 500)
    return Said(verb=verb, reason=reason, items=items, proposal=name, until=until * (verb == "ask"))


def _errors(random: Random, model: Model, verb: str, reason: str, signer: str) -> tuple[str, ...]:
    """Return items of which this may be said."""

    def is_so(item: str) -> bool:
        thing = model.items[item]
        if reason == "ending":
            return thing.life in REVIVABLE and signer in (model.holder(item), model.owner(item))
        if reason == "pack":
            return bool(thing.parent) and model.holder(item) == signer
        if is_unit(item) or thing.life != "active":
            return False
        if verb == "undo":
            return model.holder(item) == signer
        return model.makers[thing.source[:2]] == signer and len(model.relied(item)) == 1

    found = [item for item in model.items if is_so(item)]
    if reason == "commission" and verb == "undo" and random.randrange(3):
        # Else the partners burn what they make as soon as it is there.
        found = [item for item in found if model.relied(item)]
    among = found if found and random.randrange(20) else list(model.items) or ["pack-1"]
    first = random.choice(among)
    parent = model.items[first].parent if first in model.items else ""
    alike = [item for item in among if item in model.items and model.items[item].parent == parent]
    return tuple(dict.fromkeys((first, *random.sample(alike, min(len(alike), random.choice((0, 0, 1)))))))


def _amended(random: Random, model: Model, verb: str, signer: str, name: str) -> Said:
    made = [lot for lot in model.lots if model.makers.get(lot)]
    own = [lot for lot in made if model.registered.holders.get(lot[0]) == signer]
    kind, lot = random.choice(own if own and random.randrange(10) else made or [("pack", "A1")])
    days = random.choice((1, 5, 60, 0, -3)) * (1 if verb == "lengthen" else -1)
    expiry = max(0, model.lots.get((kind, lot), 20_600) + days)
    lot = lot if random.randrange(20) else "Z9"
    until = 0 if random.randrange(5) else random.randint(1, 500)
    return Said(verb=verb, kind=kind, lot=lot, expiry=expiry, proposal=name, until=until * (verb != "amend"))


def _let(random: Random, model: Model) -> Said:
    asked = [(name, one) for name, one in model.proposals.items() if one.kind == "expiry"]
    if not asked:
        return Said(verb="let", kind="pack", lot="A1", expiry=21_000, proposal="P0")
    name, one = random.choice(asked)
    kind, lot, expiry = one.terms
    return Said(verb="let", kind=kind, lot=lot, expiry=expiry + (random.randrange(15) == 0), proposal=name)


def waits_for(random: Random, other: str) -> str:
    """Return who may consent where any regulator may."""
    return random.choice(of_role("regulator")) if other == ANY_REGULATOR else other
