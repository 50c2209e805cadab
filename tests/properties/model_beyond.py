"""Rules 8 and 9 of contracts/LAW.md on the model: ownership that passes in place, and goods that go back."""

from dataclasses import replace

from tests.properties.facts import BLOCKING, is_unit
from tests.properties.model import Guard, Model, Proposal
from tests.properties.model_corrections import ANY_REGULATOR, agree_to_error, is_asked
from tests.properties.model_judge import NOT_TRADING, Judge, Verdicts
from tests.properties.model_lanes import Left, left_lanes
from tests.properties.said import Said

TAKING_BACK = {"maker", "repackager", "returns_processor"}


def sale_of_return(judge: Judge, said: Said) -> Verdicts:
    """Ask whether only a return points at a sale, that at one to the signer, and who takes the goods."""
    if not said.sale:
        return
    yield {"sale_not_expected"} if said.purpose != "return" else set()
    yield set() if _seller(judge, said) else {"sale_unknown"}
    takes = _sold(judge, said) or bool(judge.roles(said.receiver) & TAKING_BACK)
    yield set() if takes else {"return_receiver"}


def _seller(judge: Judge, said: Said) -> str:
    """Return who sold to the signer what goes back, by a shipment or in place; empty for nobody."""
    sale, transfer = judge.model.shipments.get(said.sale), judge.model.proposals.get(said.sale)
    if sale is not None and sale.is_sale and sale.receiver == judge.signer:
        return sale.sender
    is_bought = transfer is not None and transfer.is_agreed and transfer.other == judge.signer
    return transfer.proposer if is_bought else ""


def _sold(judge: Judge, said: Said) -> bool:
    return _seller(judge, said) == said.receiver


def own_returns(judge: Judge, said: Said) -> list[Guard]:
    """Ask whether own goods came with the sale named; and whether what is for disposal goes nowhere else."""
    model = judge.model

    def is_own(item: str) -> bool:
        return said.purpose == "return" and model.owner(item) == judge.signer

    return [
        ("sale_missing", lambda item: is_own(item) and not said.sale),
        ("not_of_that_sale", lambda item: is_own(item) and model.items[item].title != said.sale),
        (
            "for_disposal_only",
            lambda item: said.purpose != "disposal" and "for_disposal" in model.holds(item),
        ),
        (
            "goes_back",
            lambda item: said.purpose in ("sale", "export") and _goes_back(model, said.receiver, item),
        ),
    ]


def _goes_back(model: Model, receiver: str, item: str) -> bool:
    """Tell whether goods go to who sold them, or to their owner, who had them before."""
    if receiver in model.sellers(item):
        return True
    had = model.items[item].title in model.shipments or not model.sellers(item)
    return model.owner(item) == receiver and had


def held_on_receipt(judge: Judge, said: Said) -> str:
    """Return how the law holds what will be received."""
    if said.purpose == "disposal":
        return "for_disposal"
    if said.purpose != "return":
        return ""
    return "for_disposal" if said.sale and not _sold(judge, said) else "returned"


def propose(judge: Judge, said: Said) -> Verdicts:
    """Rule 8: the owner asks."""
    model, other = judge.model, said.receiver
    yield {"receiver_is_sender"} if other == judge.signer else set()
    yield {"receiver_licence"} if judge.is_barred(other) else set()
    yield set() if judge.roles(other) - NOT_TRADING - {"regulator"} else {"receiver_role"}
    yield {"until_height_past"} if 0 < said.until <= judge.born[0] else set()
    yield {"already_proposed"} if said.proposal in model.proposals else set()
    yield model.first_fault(said.items, _for_transfer(judge, said, (judge.signer, other)))
    place = judge.profile_at(said)
    left = left_lanes(judge, replace(said, destination=""))
    yield {"outside_trade_lane"} if place in BLOCKING and _blocked(left) else set()
    model.proposals[said.proposal] = Proposal(judge.signer, other, said.until, said.items)
    judge.tell("proposed", said.proposal, said.items, (other,))


def _for_transfer(judge: Judge, said: Said, parties: tuple[str, str]) -> list[Guard]:
    """Ask whether an owner may sell goods where they are to a buyer."""
    model = judge.model
    owner, buyer = parties

    def is_sold(item: str) -> bool:
        return bool(model.shipment(item)) and bool(model.shipments[model.shipment(item)].passes)

    return [
        judge.together(said),
        *judge.life(),
        ("not_owner", lambda item: model.owner(item) != owner),
        ("not_outermost", lambda item: bool(model.items[item].parent)),
        ("ownership_under_way", is_sold),
        judge.empty(),
        ("goes_back", lambda item: model.holder(item) == owner and buyer in model.sellers(item)),
        *judge.clean(),
    ]


def _blocked(left: Left) -> bool:
    return any(some for some, _items in left.values())


def consent(judge: Judge, said: Said) -> Verdicts:
    """Rule 8: the other agrees."""
    model = judge.model
    yield set() if said.proposal in model.proposals else {"proposal_unknown"}
    asked = model.proposals[said.proposal]
    yield set() if is_asked(judge, asked) else {"not_asked"}
    yield set() if asked.is_open else {"proposal_closed"}
    yield {"proposal_expired"} if 0 < asked.until < judge.born[0] else set()
    is_same = asked.items == said.items and asked.kind != "expiry"
    yield set() if is_same else {"terms_differ"}
    if asked.kind != "ownership":
        yield from agree_to_error(judge, said, asked)
        return
    yield {"licence_not_active"} if judge.is_barred(asked.proposer) else set()
    yield set() if judge.roles(judge.signer) - NOT_TRADING - {"regulator"} else {"receiver_role"}
    yield model.first_fault(said.items, _for_transfer(judge, said, (asked.proposer, judge.signer)))
    place = model.registered.follows[model.registered.market_at(asked.proposer, "")]
    left = left_lanes(judge, replace(said, receiver=judge.signer, destination=""))
    yield {"outside_trade_lane"} if place in BLOCKING and _blocked(left) else set()
    for kind, (_blocks, items) in left.items():
        judge.tell("lane_left", kind, items, (model.registered.holders[kind],))
    model.proposals[said.proposal] = replace(asked, is_open=False, is_agreed=True)
    for item in said.items:
        on_its_way = model.shipments.get(model.shipment(item))
        ends = (on_its_way.sender, on_its_way.receiver, on_its_way.carrier) if on_its_way else ()
        judge.tell("ownership_passed", said.proposal, (item,), (model.holder(item), asked.proposer, *ends))
        if judge.signer in model.sellers(item):
            held = (model.holder(item), asked.proposer, *ends)
            judge.tell("held_as_returned", said.proposal, (item,), held)
            model.change(item, holds=model.items[item].holds | {"returned"})
            model.law_held_ms[model.holder(item)] = judge.now_ms
        model.change(item, owner=judge.signer)
        model.rely(item, judge.signer)
        for name in (item, *model.inside(item)):
            model.change(name, title=said.proposal)


def withdraw(judge: Judge, said: Said) -> Verdicts:
    """End a proposal."""
    model = judge.model
    yield set() if said.proposal in model.proposals else {"proposal_unknown"}
    asked = model.proposals[said.proposal]
    yield set() if judge.signer == asked.proposer or is_asked(judge, asked) else {"not_asked"}
    yield set() if asked.is_open else {"proposal_closed"}
    model.proposals[said.proposal] = replace(asked, is_open=False)
    others = judge.regulators() if asked.other == ANY_REGULATOR else (asked.other,)
    judge.tell("proposal_ended", said.proposal, (), (asked.proposer, *others))


def is_seen_whole(model: Model, item: str) -> bool:
    """Rule 10: tell whether to look at an item is to look at all of it."""
    inside = model.inside(item)
    if not inside:
        return True
    thing = model.items[item]
    lots = {model.items[name].source[:2] for name in inside}
    if thing.unsealed or thing.levels > 1 or len(lots) > 1:
        return False
    return model.makers[lots.pop()] == (thing.introducer if is_unit(item) else thing.packer)
