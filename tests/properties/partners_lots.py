"""Random partners on what lots are made of."""

from random import Random

from tests.properties.facts import MATERIAL_PREFIXES
from tests.properties.model import Model, lot_name
from tests.properties.said import Said

VERBS = {"trace": 4}
"""Verbs by how often they are said."""
SIGNERS = ("maker", "maker", "maker", "rival", "delegate", "bulk")


def some_material(random: Random) -> tuple[str, str]:
    """Return a lot of a material: few, so that they are named again."""
    return random.choice(list(MATERIAL_PREFIXES)), f"M{random.randint(1, 4)}"


def says(random: Random, model: Model, signer: str) -> Said:
    """Say what a lot is made of: one with packs, one that may get some, or bulk."""
    # Also lots that are only claimed, by what they are called.
    lots = list(dict.fromkeys((lot[0], lot_name(lot)) for lot in model.lots if lot_name(lot)))
    own = [lot for lot in lots if model.registered.holders.get(lot[0]) == signer]
    kind, lot = random.choice(own or lots or [("pack", "A1")])
    if random.randrange(3) == 0:
        kind, lot = some_material(random)
    elif random.randrange(6) == 0:
        lot = f"A{random.randrange(684, 690)}"
    of = tuple(some_material(random) for _ in range(random.choice((0, 1, 1, 2, 2, 3))))
    if random.randrange(12) == 0 and lots:
        of += (random.choice(lots),)
    return Said(verb="trace", kind=kind, lot=lot, of=of)
