"""What random partners say by rules 12 and 13: leaving, finding again, taking back."""

from dataclasses import replace
from random import Random

from tests.properties.model import Model
from tests.properties.model_judge import LEFT
from tests.properties.said import Said

VERBS = {"part": 8, "leave": 4, "find": 2, "reinstate": 4}
"""These verbs by how often they are said."""
UNDONE = ("supplied", "exported", "sample", "free_sample", "checked_out")

OPEN = ("partly_dispensed", "supplied")


def _ended(model: Model, verb: str) -> list[str]:
    """Return items that somebody may speak of by `find` or `reinstate`."""
    wanted = ("lost",) if verb == "find" else UNDONE
    return [item for item, thing in model.items.items() if thing.ended and thing.life in wanted]


def signer_for(random: Random, model: Model, verb: str) -> str:
    """Return one whose word it is to find or reinstate something; empty when there is nobody."""
    ended = _ended(model, verb)
    return model.items[random.choice(ended)].ended[0] if ended else ""


def is_apt(model: Model, verb: str, signer: str) -> bool:
    """Tell whether it may be up to a partner to find or reinstate something."""
    return any(model.items[item].ended[0] == signer for item in _ended(model, verb))


def leave(random: Random, items: tuple[str, ...], at: str) -> Said:
    """Let what one holds leave the supply chain."""
    return Said(verb="leave", reason=random.choice(LEFT), items=items, at=at)


def part(random: Random, model: Model, signer: str, items: tuple[str, ...], at: str) -> Said:
    """Dispense a part of packs, mostly of ones that are open already."""
    opened = [
        item for item, thing in model.items.items() if thing.opened and thing.opened[2] and thing.life in OPEN
    ]
    own = [item for item in opened if model.items[item].opened[0] == signer]
    if opened and random.randrange(100) < 50:
        items = (random.choice(own or opened),)
        at = model.items[items[0]].opened[1] if random.randrange(100) < 85 else at
    return Said(verb="part", quantity=random.choice((0, 1, 1, 1, 1, 2, 2, 3, 4)), items=items[:2], at=at)


def take_back(random: Random, model: Model, verb: str, signer: str, at: str) -> Said:
    """Speak of something that ended, mostly by the signer's own word and where it ended."""
    own = [item for item in _ended(model, verb) if model.items[item].ended[0] == signer]
    among = own if own and random.randrange(100) < 90 else list(model.items) or ["pack-1"]
    item = random.choice(among)
    thing = model.items.get(item)
    if thing is None or thing.ended is None or verb == "find":
        return Said(verb=verb, reason="supplied" * (verb == "reinstate"), items=(item,), at=at)
    reason = thing.life if thing.life in UNDONE and random.randrange(100) < 92 else random.choice(UNDONE)
    place = thing.ended[1] if random.randrange(100) < 92 else at
    return Said(verb=verb, reason=reason, items=(item,), at=place, never_left=int(random.randrange(100) < 95))


def made_late(random: Random, model: Model, said: Said, signer: str) -> Said:
    """Say at times that something was done offline, also with goods that are still on their way."""
    if said.verb == "ship" and random.random() < (0.3 if _abroad(model, signer) else 0.02):
        return _exempted(random, model, said, signer)
    if said.verb not in {"dispense", "ship", "receive"} or random.randrange(100) >= 15:
        return said
    late = replace(said, late=random.choice(("outage", "no_network", "emergency")))
    coming = [
        item
        for item in model.items
        if (name := model.shipment(item)) and model.shipments[name].receiver == signer
    ]
    if coming and said.verb != "receive" and random.randrange(100) < 50:
        return replace(late, items=tuple(random.sample(coming, min(len(coming), random.randint(1, 2)))))
    return late


def _abroad(model: Model, signer: str) -> list[str]:
    """Return a partner's premises where exemptions are known."""
    return [
        place
        for place, (owner, market) in model.registered.places.items()
        if (owner, market) == (signer, "away")
    ]


def _exempted(random: Random, model: Model, said: Said, signer: str) -> Said:
    """Ship to whom one could not sell, mostly from a place whose profile knows such exemptions."""
    own = _abroad(model, signer)
    receiver = random.choice((said.receiver, "lapsed", "carrier", "clinic", "pharmacy", "regulator", "agent"))
    reason = random.choice(
        ("emergency", "emergency", "emergency", "specific_patient", "office_use", "merger")
    )
    at = random.choice(own) if own and random.random() < 0.9 else said.at
    terms = {"receiver": receiver, "destination": "", "exempt": reason, "at": at}
    sold = replace(said, purpose="sale", sale="", within_ms=0, **terms)
    return replace(said, **terms) if random.random() < 0.05 else sold
