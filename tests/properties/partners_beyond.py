"""What random partners say by rules 8 and 9: of goods that go back, and of ownership that passes in place."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.properties import partners_corrections
from tests.properties.model import Model
from tests.properties.said import STRANGERS, Said

VERBS = {"propose": 5, "consent": 5, "withdraw": 1, "send_out": 2, "come_back": 2}
"""Verbs of two-party acts by how often they are said."""
TAKERS = ("burner", "maker", "delegate", "bulk", "pharmacy", "kiln", "ranch", "relabel")
OFFERED = ("bulk", "broker", "pharmacy", "rival", "clinic", "lapsed", "carrier", "north", "parallel", "chain")
"""To whom ownership is mostly offered."""


def _sellers(model: Model, said: Said) -> list[str]:
    """Return who sold what is listed, or what was packed into it."""
    known = [item for item in said.items if item in model.items]
    return sorted({name for item in known for name in model.sellers(item)})


def going_back(random: Random, model: Model, said: Said, held: Sequence[str]) -> Said:
    """Return a shipment as it is, or, as a return, mostly with the sale that its goods came with."""
    sellers = _sellers(model, said) if said.purpose in {"sale", "export"} else []
    if sellers and random.random() < 0.2:
        return replace(said, receiver=random.choice(sellers), destination="")
    if said.purpose != "return":
        return replace(said, sale=_any_sale(random, model)) if random.random() < 0.02 else said
    if random.random() < 0.15:
        return said
    titles = {item: model.items[item].title for item in held}
    sales = {name for name, shipment in model.shipments.items() if shipment.purpose == "sale"}
    sales |= {name for name, transfer in model.proposals.items() if transfer.is_agreed}
    bought = [item for item in held if titles[item] in sales]
    if not bought:
        return replace(said, purpose="disposal")
    sale = titles[random.choice(bought)]
    items = [item for item in bought if titles[item] == sale or random.random() < 0.1]
    some = tuple(random.sample(items, min(len(items), random.randint(1, 4))))
    made = model.shipments.get(sale)
    seller = model.proposals[sale].proposer if made is None else made.sender
    receiver = seller if random.random() < 0.7 else random.choice(TAKERS)
    named = _any_sale(random, model) if random.random() < 0.05 else sale
    return replace(said, items=some, receiver=receiver, destination="", sale=named)


def _any_sale(random: Random, model: Model) -> str:
    return random.choice([*model.shipments, "S0", ""])


def signer_for(random: Random, model: Model, verb: str) -> str:
    """Return one whose word a proposal waits for, or an owner; empty when there is nobody."""
    if verb in {"propose", "send_out"}:
        owners = [model.owner(item) for item in model.items if model.life(item) == "active"]
        return random.choice(owners or [""])
    if verb == "come_back":
        return random.choice(("bulk", "maker", "broker", "pharmacy", "importer", "parallel"))
    waiting = [proposal for proposal in model.proposals.values() if proposal.is_open]
    if not waiting:
        return ""
    asked = random.choice(waiting)
    other = partners_corrections.waits_for(random, asked.other)
    return asked.proposer if verb == "withdraw" and random.random() < 0.5 else other


def agree(random: Random, model: Model, signer: str, said: Said) -> Said:
    """Say the rest of a proposal, of consent to one, or of its end."""
    if said.verb == "propose":
        return _proposed(random, model, signer, said)
    mine = [
        name
        for name, proposal in model.proposals.items()
        if signer
        in (
            partners_corrections.waits_for(random, proposal.other),
            proposal.proposer if said.verb == "withdraw" else "",
        )
        and (proposal.is_open or random.random() < 0.1)
    ]
    name = random.choice(mine) if mine and random.random() < 0.95 else random.choice([*model.proposals, "P0"])
    if said.verb == "withdraw":
        return replace(said, proposal=name, items=())
    asked = model.proposals.get(name)
    items = asked.items if asked and random.random() < 0.95 else said.items
    return replace(said, proposal=name, items=items)


def _proposed(random: Random, model: Model, signer: str, said: Said) -> Said:
    """Offer some of what one owns, mostly what stands by itself."""
    own = [item for item in model.items if model.owner(item) == signer and model.life(item) == "active"]
    loose = [item for item in own if not model.items[item].parent]
    among = loose if loose and random.random() < 0.92 else own or list(model.items) or ["pack-1"]
    items = tuple(random.sample(among, min(len(among), random.randint(1, 3))))
    other = random.choice((*OFFERED, signer))
    sellers = _sellers(model, replace(said, items=items))
    if sellers and random.random() < 0.2:
        other = random.choice(sellers)
    until = 0 if random.random() < 0.7 else random.randint(1, 500)
    return replace(said, items=items, receiver=other, until=until)


class Dealers:
    """The part of the partners' speech that is about two-party acts; `Partners` has the choices."""

    random: Random
    _place: Callable[[str], str]
    _name: Callable[[str], str]
    _of_hands: Callable[[Model, str], tuple[str, ...]]

    def _propose(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._agree(model, signer, "propose", self._name("P"))

    def _consent(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._agree(model, signer, "consent", "")

    def _withdraw(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._agree(model, signer, "withdraw", "")

    def _send_out(self, model: Model, signer: str, now_ms: int) -> Said:
        other = "bulk" if self.random.random() < 0.05 else ""
        items = self._of_hands(model, signer)
        to = self.random.choice(sorted(STRANGERS))
        return Said(verb="send_out", items=items, at=self._place(signer), receiver=other, reason=to)

    def _come_back(self, model: Model, signer: str, now_ms: int) -> Said:
        gone = [item for item in model.items if model.life(item) == "outside"]
        among = gone if gone and self.random.random() < 0.9 else list(model.items) or ["pack-1"]
        items = tuple(self.random.sample(among, min(len(among), self.random.randint(1, 2))))
        other = "bulk" if self.random.random() < 0.05 else ""
        title = self._name("I")
        terms = {
            "at": self._place(signer),
            "receiver": other,
            "reason": self.random.choice(sorted(STRANGERS)),
        }
        return Said(verb="come_back", items=items, rest=title, **terms)

    def _agree(self, model: Model, signer: str, verb: str, proposal: str) -> Said:
        said = Said(verb=verb, items=("pack-1",), at=self._place(signer), proposal=proposal)
        return agree(self.random, model, signer, said)


def is_apt(model: Model, verb: str) -> bool:
    """Tell whether there is something that a verb may be said of."""
    if verb == "come_back":
        return any(thing.life == "outside" for thing in model.items.values())
    return verb in {"propose", "send_out"} or any(one.is_open for one in model.proposals.values())
