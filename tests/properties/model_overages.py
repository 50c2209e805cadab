"""Rule 6 of contracts/LAW.md on the model: what came unannounced, and who says that it has it."""

from collections.abc import Iterable

from tests.properties.model_holds import alarmed, rely_as_other
from tests.properties.model_judge import LIVES, Judge, Verdicts
from tests.properties.said import Said


def claim_of(partner: str) -> str:
    """Return the hold with which a partner claims an item."""
    return f"claimed {partner}"


def claimants(holds: Iterable[str]) -> list[str]:
    """Return who claims an item that carries these holds."""
    return [hold.partition(" ")[2] for hold in holds if hold.startswith("claimed ")]


def claim(judge: Judge, said: Said) -> Verdicts:
    """A receiver found more than was announced."""
    model, signer = judge.model, judge.signer
    yield set() if said.shipment in model.shipments else {"shipment_unknown"}
    shipment = model.shipments[said.shipment]
    yield set() if shipment.receiver == signer else {"not_receiver"}
    has_received = shipment.received_ms is not None and shipment.sender != signer
    yield set() if has_received else {"nothing_came_with"}
    rules = judge.profile(said)
    last_ms = (shipment.received_ms or 0) + rules.claim_ms
    yield {"overage_too_late"} if judge.now_ms > last_ms else set()
    count = model.overage_counts[said.shipment] + len(said.items)
    yield {"too_many_overages"} if count > rules.overages else set()

    def is_coming(item: str) -> bool:
        way = model.shipment(item)
        return bool(way) and model.shipments[way].receiver == signer

    def was_claimed(item: str) -> bool:
        before, _until = model.overages.get((signer, item), ("", 0))
        return before == said.shipment or claim_of(signer) in model.holds(item)

    guards = [
        judge.together(said),
        ("overage_ended", lambda item: model.life(item) != "active"),
        ("overage_announced", is_coming),
        ("overage_in_hand", lambda item: model.holder(item) == signer),
        ("overage_elsewhere", lambda item: model.holder(item) != shipment.sender),
        ("in_transit", lambda item: bool(model.shipment(item))),
        ("overage_claimed_before", was_claimed),
    ]
    yield model.first_fault(said.items, guards)
    model.overage_counts[said.shipment] += len(said.items)
    for item in said.items:
        holds = model.items[item].holds
        told = (*alarmed(judge, item), *claimants(holds))
        judge.tell("overage_claimed", said.shipment, (item,), told)
        model.overages[signer, item] = (said.shipment, judge.now_ms + rules.answer_ms)
        model.change(item, holds=holds | {claim_of(signer)})
    rely_as_other(judge, said.items)


def unclaim(judge: Judge, said: Said) -> Verdicts:
    """A claim ends."""
    model, signer = judge.model, judge.signer
    is_contested = said.reason == "contested"

    def ended(item: str) -> set[str]:
        everyone = set(claimants(model.items[item].holds))
        if is_contested:
            return {one for one in everyone if model.overages[one, item][1] < judge.now_ms}
        return everyone & {signer}

    guards = [
        judge.together(said),
        *judge.life(*(life for life in LIVES if life != "partly_dispensed")),
        ("no_overage", lambda item: not claimants(model.items[item].holds)),
        ("not_holder", lambda item: is_contested and model.holder(item) != signer),
        ("claim_still_stands" if is_contested else "not_claimant", lambda item: not ended(item)),
    ]
    yield model.first_fault(said.items, guards)
    for item in said.items:
        gone = ended(item)
        judge.tell("overage_ended", "", (item,), (*alarmed(judge, item), *gone))
        left = model.items[item].holds - set(map(claim_of, gone))
        if said.reason != "mistaken":
            left |= {"quarantined"}
            model.law_held_ms[model.holder(item)] = judge.now_ms
        model.change(item, holds=left)


def tell_shipped(judge: Judge, said: Said) -> None:
    """Tell that goods go to who claims them; they stand by themselves, and are not on their way yet."""
    for item in said.items:
        if claim_of(said.receiver) in judge.model.items[item].holds:
            judge.tell("overage_shipped", said.shipment, (item,), (*alarmed(judge, item), said.receiver))
