"""Random partners on repacking: what they open, and what they make of it."""

from random import Random

from tests.properties.facts import is_unit, kind_of
from tests.properties.model import Model
from tests.properties.said import Said

VERBS = {"repack": 4}
"""Verbs by how often they are said."""
SIGNERS = ("maker", "delegate", "delegate", "rival", "relabel")
SERIALS = 40
"""More serials than are ever commissioned, so that some are left for this."""


def is_apt(model: Model, signer: str) -> bool:
    """Tell whether it may be up to a partner to repack now."""
    return signer in SIGNERS and bool(_packs(model, signer))


def repack(random: Random, model: Model, signer: str) -> Said:
    """Open some packs in hand; now and then count wrongly, or promise more time than is left."""
    own = [place for place, (owner, _market) in model.registered.places.items() if owner == signer]
    packs = _packs(model, signer) or list(model.items)
    seen = [item for item in packs if model.items[item].seen[0] == signer]
    if random.randrange(8):
        if not seen:
            items = tuple(random.sample(packs, min(len(packs), random.randint(1, 4))))
            return Said(verb="verify", items=items, at=random.choice(["", *own]))
        packs = seen
    filled = [item for item, thing in model.items.items() if thing.was_filled and not is_unit(item)]
    if filled and random.randrange(8) == 0:
        packs = filled
    items = tuple(random.sample(packs, min(len(packs), random.randint(1, 3))))
    sources = [model.items[item].source for item in items if model.items[item].source]
    kind = sources[0][0] if sources and random.randrange(10) else "pack"
    units = sum(model.registered.units.get(source[0], 1) for source in sources)
    fresh = [f"{kind}-{n}" for n in range(1, SERIALS + 1) if f"{kind}-{n}" not in model.items]
    size = model.registered.units.get(kind, 1)
    count = min(units // size, len(fresh))
    if random.randrange(12) == 0:
        count = max(0, count - 1)
    waste = units - count * size + (random.randrange(12) == 0)
    known = [model.lots[source[:2]] for source in sources]
    expiry = min(known or [0]) + (random.randrange(12) == 0)
    lot = f"R{random.randint(1, 9)}" if random.randrange(8) else "A1"
    return Said(
        verb="repack",
        items=items,
        outputs=tuple(fresh[:count]) or (f"{kind}-1",),
        at=random.choice(["", *own]),
        kind=kind,
        lot=lot,
        expiry=model.lots.get((kind, lot), expiry) if random.randrange(4) else expiry,
        line=random.choice(("", "9")),
        waste=waste,
    )


def _packs(model: Model, signer: str) -> list[str]:
    """Return what a partner has in hand, still and alive, that is no container."""
    return [
        item
        for item, thing in model.items.items()
        if not is_unit(item)
        and not thing.was_filled
        and model.holder(item) == signer
        and model.life(item) == "active"
        and not model.shipment(item)
        and kind_of(item) in model.registered.holders
    ]
