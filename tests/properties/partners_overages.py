"""What random partners say by rule 6: of goods that came unannounced, and how such a claim ends."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tests.properties.model import Model
from tests.properties.model_overages import claimants
from tests.properties.said import Said

VERBS = {"claim": 7, "unclaim": 5}
"""Verbs by how often they are said."""
ENDS = ("mistaken", "sent_back", "contested")


def _received(model: Model, receiver: str = "") -> list[str]:
    """Return shipments of which something was received, by a partner or by anyone."""
    return [
        name
        for name, shipment in model.shipments.items()
        if shipment.received_ms is not None and receiver in ("", shipment.receiver)
    ]


def _claimed(model: Model) -> list[str]:
    """Return the items that carry a claim themselves."""
    return [item for item, thing in model.items.items() if claimants(thing.holds)]


def to_claimant(random: Random, model: Model, said: Said, held: Sequence[str]) -> Said:
    """Return a sale as it is, or, now and then, as one of claimed goods to who claims them."""
    claimed = [item for item in held if claimants(model.items[item].holds)]
    if said.purpose != "sale" or not claimed or random.random() < 0.5:
        return said
    claimant = random.choice(claimants(model.items[random.choice(claimed)].holds))
    own = [item for item in claimed if claimant in claimants(model.items[item].holds)] or claimed
    return replace(said, items=tuple(own[:3]), receiver=claimant, destination="", within_ms=0)


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return a receiver; or, of what is claimed, a claimant or the holder."""
    if verb == "claim":
        among = [model.shipments[name].receiver for name in (_received(model) or list(model.shipments))[-20:]]
        return random.choice(among or ["bulk"])
    claimed = _claimed(model)
    if not claimed:
        return "bulk"
    item = random.choice(claimed)
    return random.choice((*claimants(model.items[item].holds), model.holder(item)))


def is_apt(model: Model, verb: str, signer: str) -> bool:
    """Tell whether there is something that a verb may be said of."""
    if verb == "unclaim":
        return bool(_claimed(model))
    senders = {model.shipments[name].sender for name in _received(model, signer)}
    return any(model.holder(item) in senders for item in model.items)


def says(random: Random, model: Model, verb: str, signer: str, place: str) -> Said:
    """Say one of `VERBS`."""
    if verb == "unclaim":
        return _ended(random, model, signer, place)
    shipment = random.choice(_received(model, signer)[-6:] or [*model.shipments, "S0"])
    sender = model.shipments[shipment].sender if shipment in model.shipments else ""
    mine = [item for item in model.items if model.holder(item) == sender and model.life(item) == "active"]
    still = [item for item in mine if not model.shipment(item)]
    among = still if still and random.random() < 0.85 else [*model.items] or ["pack-1"]
    known = [item for one, item in model.overages if one == signer]
    coming = [item for item in model.items if _is_coming(model, item, signer)]
    if random.random() < 0.15:
        among = coming or known or among
    elif random.random() < 0.1:
        among = known or among
    items = tuple(random.sample(among, min(len(among), random.randint(1, 2))))
    return Said(verb="claim", items=items, at=place, shipment=shipment)


def _is_coming(model: Model, item: str, receiver: str) -> bool:
    """Tell whether an item is on its way to a partner."""
    way = model.shipment(item)
    return bool(way) and model.shipments[way].receiver == receiver


def _ended(random: Random, model: Model, signer: str, place: str) -> Said:
    claimed = _claimed(model)
    own = [item for item in claimed if signer in claimants(model.items[item].holds)]
    held = [item for item in claimed if model.holder(item) == signer]
    end = random.choice(ENDS) if own else "contested"
    if random.random() < 0.1:
        end = random.choice(ENDS)
    among = (held if end == "contested" else own) or claimed or list(model.items) or ["pack-1"]
    items = tuple(random.sample(among, min(len(among), random.randint(1, 2))))
    return Said(verb="unclaim", items=items, at=place, reason=end)
