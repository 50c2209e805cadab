"""What random partners say of goods that go back, in the words of `partners.py`."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tests.properties.model import Model
from tests.properties.said import Said

TAKERS = ("burner", "maker", "delegate", "bulk", "pharmacy")


def going_back(random: Random, model: Model, said: Said, held: Sequence[str]) -> Said:
    """Return a shipment as it is, or, as a return, mostly with the sale that its goods came with."""
    if said.purpose != "return":
        return replace(said, sale=_any_sale(random, model)) if random.random() < 0.02 else said
    if random.random() < 0.15:
        return said
    titles = {item: model.items[item].title for item in held}
    bought = [item for item in held if titles[item] and model.shipments[titles[item]].purpose == "sale"]
    if not bought:
        return replace(said, purpose="disposal")
    sale = titles[random.choice(bought)]
    items = [item for item in bought if titles[item] == sale or random.random() < 0.1]
    some = tuple(random.sample(items, min(len(items), random.randint(1, 4))))
    receiver = model.shipments[sale].sender if random.random() < 0.7 else random.choice(TAKERS)
    named = _any_sale(random, model) if random.random() < 0.05 else sale
    return replace(said, items=some, receiver=receiver, destination="", sale=named)


def _any_sale(random: Random, model: Model) -> str:
    return random.choice([*model.shipments, "S0", ""])
