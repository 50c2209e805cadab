"""What random partners say of the network itself (rule 22); most of it nearly lawful."""

from random import Random

from tests.properties.facts import GTIN, NEW_PLACES, NEWCOMER, PLACES, ROLES, VOTERS
from tests.properties.model import Model
from tests.properties.said import Said

VERBS = {"motion": 4, "vote": 40, "drop_motion": 1}
"""Verbs by how often they are said."""
ROLE_SETS = {
    "bulk": (("wholesaler",), ("wholesaler", "dispenser")),
    "broker": (("wholesaler",), ("carrier",), ("regulator", "wholesaler")),
    "pharmacy": (("dispenser",), ("dispenser", "wholesaler")),
    "rival": (("maker", "wholesaler"), ("wholesaler",)),
    "regulator": (("regulator",), ("carrier",)),
}
"""What partners may become; they are restored as often as not."""
NODES = (*VOTERS, "fifth", "sixth")


def _open(model: Model) -> list[str]:
    return [
        name for name, one in model.motions.items() if one.standing == "open" and one.until >= model.height
    ]


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return who may say this."""
    if random.random() < 0.05:
        return random.choice(list(ROLES))
    if verb == "drop_motion" and _open(model):
        return model.motions[random.choice(_open(model))].proposer
    return random.choice([partner for partner, _power in model.registered.nodes.values()])


def is_apt(model: Model, verb: str, _signer: str) -> bool:
    """Tell whether there is a reason to say this now."""
    return verb == "motion" or bool(_open(model))


def says(random: Random, model: Model, verb: str, signer: str, name: str) -> Said:
    """Return one record of a kind."""
    if verb == "motion":
        return _moved(random, model, name)
    mine = [one for one in _open(model) if verb != "drop_motion" or model.motions[one].proposer == signer]
    if verb == "vote":
        unsaid = [one for one in mine if signer not in model.motions[one].approved]
        mine = unsaid if unsaid and random.random() < 0.9 else mine
    chosen = random.choice(mine[-4:]) if mine and random.random() < 0.95 else "M0"
    if random.random() < 0.05 and model.motions:
        chosen = random.choice(list(model.motions))
    return Said(verb=verb, motion=chosen, approves=random.random() < 0.92)


def _moved(random: Random, model: Model, name: str) -> Said:
    lead = random.choice((2, 4, 9, 15, 25, 40, 60))
    acts_at = model.height + lead - (random.random() < 0.05) * 2
    until = acts_at - 2 + random.choice((0, 0, 0, 0, 0, -1, -2, 1))
    if random.random() < 0.35:
        lifted = _lifted(random, model)
        if lifted is not None:
            words, items = lifted
            return Said(
                verb="motion", motion=name, changes=(words,), items=items, acts_at=acts_at, until=until
            )
    if random.random() < 0.05:
        sooner = _sooner(random, model, name)
        if sooner is not None:
            return sooner
    if random.random() < 0.01:
        nobody = tuple(("no_node", node) for node in model.registered.nodes)
        return Said(verb="motion", motion=name, changes=nobody, acts_at=acts_at, until=until)
    count = random.choice((1, 1, 1, 2, 3)) if random.random() < 0.97 else 0
    changes = tuple(_change(random) for _change_ in range(count))
    if random.random() < (0.03 if NEWCOMER in model.registered.roles else 0.3):
        is_place = NEWCOMER in model.registered.places
        given = (("place", NEWCOMER, NEWCOMER),) if is_place == (random.random() < 0.8) else ()
        changes = (("admit", NEWCOMER), *given, *(changes if random.random() < 0.3 else ()))
    return Said(verb="motion", motion=name, changes=changes, acts_at=acts_at, until=until)


def _sooner(random: Random, model: Model, name: str) -> Said | None:
    """Return a proposal to remove a node before a decided one does."""
    decided = [
        (one.acts_at, words)
        for one in model.motions.values()
        for words in one.changes
        if one.standing == "decided" and words[0] == "no_node" and one.acts_at > model.height + 4
    ]
    if not decided:
        return None
    acts_at, words = random.choice(decided)
    sooner = random.randint(model.height + 3, acts_at - 1)
    return Said(verb="motion", motion=name, changes=(words,), acts_at=sooner, until=sooner - 2)


def _lifted(random: Random, model: Model) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return holds of a partner to lift, and from which items."""
    held = [
        (item, hold)
        for item, thing in model.items.items()
        for hold in sorted(thing.holds)
        if len(hold.split()) == 2 and hold.split()[1] in ROLES
    ]
    if not held:
        return None
    _item, hold = random.choice(held)
    kind, setter = hold.split()
    items = [item for item, other in held if other == hold][:3]
    if random.random() < 0.1:
        items.append(random.choice(list(model.items)))
    return ("lift", setter, kind), tuple(items)


def _change(random: Random) -> tuple[str, ...]:
    partner = random.choice(list(ROLES))
    match random.choice(
        ("licence", "licence", "roles", "follow", "place", "product", "node", "no_node", "pace")
    ):
        case "licence":
            licence = random.choice(("active", "active", "active", "suspended", "revoked"))
            return "licence", random.choice((partner, "lapsed", "bulk")), licence
        case "roles":
            name = random.choice(list(ROLE_SETS))
            choices = ROLE_SETS[name]
            return "roles", name, *(choices[0] if random.random() < 0.6 else random.choice(choices))
        case "follow":
            market = random.choice(("home", "away"))
            return (
                "follow",
                market,
                market if random.random() < 0.7 else random.choice(("home", "away", "moon")),
            )
        case "place":
            return "place", random.choice([*PLACES, *NEW_PLACES]), partner
        case "product":
            return "product", random.choice(list(GTIN)), random.choice(("maker", "maker", "rival", partner))
        case "node":
            partner = random.choice(("maker", "bulk", "pharmacy", "regulator", "clinic"))
            return "node", random.choice(NODES), partner, random.choice(("10", "10", "5", "20", "0"))
        case "no_node":
            return "no_node", random.choice(NODES)
    return "pace", random.choice(("500", "900", "0"))
