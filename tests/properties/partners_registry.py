"""What random partners say of products, delegations and places; most of it nearly lawful."""

from random import Random

from tests.properties.facts import COUNTED, GTIN, NEW_PLACES, NEWCOMER, PLACES, ROLES
from tests.properties.model import Model, lot_name
from tests.properties.model_governance import is_awaited
from tests.properties.said import Said
from tests.properties.said_registry import TAGS

VERBS = {
    "describe": 2,
    "offer": 2,
    "take": 2,
    "delegate": 2,
    "place": 2,
    "mandate": 3,
    "act_for": 1,
    "lane": 3,
}
"""Verbs by how often they are said."""
MARKETS = (("home",), ("home",), ("home",), ("away",), ("home", "away"), (), ("home", "home"), ("moon",))


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return who may say this."""
    known = model.registered
    if verb == "take" and known.offers:
        return random.choice(list(known.offers.values()))
    if verb in {"place", "mandate", "act_for"}:
        return random.choice(list(ROLES))
    return random.choice(["maker", "delegate", "importer", "parallel", *known.holders.values()])


def is_apt(model: Model, verb: str, _signer: str) -> bool:
    """Tell whether there is a reason to say this now."""
    return verb != "take" or bool(model.registered.offers)


def chooses_mandate(random: Random, model: Model) -> tuple[str, str, str] | None:
    """Return a principal, its agent, and what that may say; None when there is no mandate."""
    mandates = model.registered.mandates
    if not mandates:
        return None
    principal, agent = random.choice(list(mandates))
    return principal, agent, random.choice(sorted(mandates[(principal, agent)][0]))


def says(random: Random, model: Model, verb: str, signer: str) -> Said:
    """Return one record of a kind."""
    if verb == "place":
        # The newcomer's GLN is left alone most of the time, or nobody could be admitted under it.
        free = [name for name in NEW_PLACES if name != NEWCOMER]
        wanted = [NEWCOMER] * (300 if is_awaited(model, NEWCOMER) else 1)
        names = free * 6 + wanted + [*PLACES, *ROLES]
        market = random.choice(("home", "home", "away", "moon"))
        return Said(verb="place", place=random.choice(names), markets=(market,))
    if verb == "act_for":
        return Said(verb="act_for", receiver=random.choice(list(ROLES)))
    if verb == "mandate":
        return _lets(random, model, signer)
    return _of_products(random, model, verb, signer)


def _lets(random: Random, model: Model, signer: str) -> Said:
    places = [name for name, (owner, _market) in model.registered.places.items() if owner == signer]
    named = random.sample(places, min(len(places), random.choice((0, 0, 1, 2))))
    if random.random() < 0.1:
        named.append(random.choice([*PLACES, *NEW_PLACES]))
    agent = random.choice(["agent", "agent", "agent", "desk", "carrier", *ROLES])
    verbs = random.sample(sorted(TAGS), random.choice((0, 2, 3, 5, 7)))
    until = random.choice((0, 1, 300, 10_000, 10_000, 10_000))
    if until == 0 and random.random() < 0.9:
        return Said(verb="mandate", receiver=agent, until=0)
    return Said(verb="mandate", receiver=agent, verbs=tuple(verbs), named_places=tuple(named), until=until)


def _sets_lane(random: Random, model: Model, kind: str) -> Said:
    lots = [lot_name((made, lot)) for made, lot in model.lots if made == kind]
    lot = random.choice(lots) if lots and random.random() < 0.4 else ""
    parties = tuple(
        random.sample(["bulk", "broker", "pharmacy", "clinic", "rival", "chain"], random.choice((0, 0, 1, 2)))
    )
    role = random.choice(("", "", "wholesaler", "dispenser", "carrier"))
    step = random.choice(("flag", "flag", "block", "cleared"))
    if step == "cleared" and random.random() < 0.9:
        return Said(verb="lane", kind=kind, lot=lot, step=step)
    return Said(
        verb="lane",
        kind=kind,
        lot=lot,
        named_parties=parties,
        role=role,
        markets=random.choice(((), (), ("home",), ("away",))),
        step=step,
    )


def _of_products(random: Random, model: Model, verb: str, signer: str) -> Said:
    known = model.registered
    own = [kind for kind, holder in known.holders.items() if holder == signer]
    if verb == "take":
        own = [kind for kind, to in known.offers.items() if to == signer]
    kind = random.choice(own) if own and random.random() < 0.7 else random.choice(list(GTIN))
    if verb == "describe":
        markets = known.markets.get(kind, ("home",)) if random.random() < 0.6 else random.choice(MARKETS)
        units = known.units.get(kind, 1) if random.random() < 0.9 else random.choice((0, 1, 2))
        by_lot = random.random() < (0.9 if kind in COUNTED else 0.1)
        return Said(
            verb="describe",
            kind=kind,
            markets=markets,
            units=units,
            by_lot=by_lot,
            logged=random.random() < 0.3,
        )
    other = random.choice(["maker", "rival", "delegate", "delegate", "importer", "parallel", *ROLES])
    if verb == "lane":
        return _sets_lane(random, model, kind)
    if verb == "offer":
        return Said(verb="offer", kind=kind, receiver=other if random.random() < 0.8 else "")
    if verb == "take":
        return Said(verb="take", kind=kind)
    makers = [name for made, name in known.delegates if made == kind]
    if makers and random.random() < 0.4:
        return Said(verb="delegate", kind=kind, receiver=random.choice(sorted(makers)), step="withdrawn")
    step = random.choice(("given", "given", "withdrawn"))
    return Said(verb="delegate", kind=kind, receiver=other, step=step)
