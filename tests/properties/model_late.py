"""Rule 11b of contracts/LAW.md on the model: what was done is recorded late, breaches and all."""

from tests.properties.model import parties
from tests.properties.model_custody import receive
from tests.properties.model_holds import alarmed
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.said import Said


def take_in(judge: Judge, said: Said) -> Verdicts:
    """Receive what is on its way to the signer, before anything is asked of it."""
    if not said.late or said.verb == "receive":
        return
    model = judge.model
    yield model.first_fault(said.items, [judge.together(said)])
    coming: dict[str, list[str]] = {}
    for item in said.items:
        shipment = model.shipment(item)
        if shipment and model.shipments[shipment].receiver == judge.signer:
            coming.setdefault(shipment, []).append(item)
    for shipment, items in coming.items():
        told = parties(model.shipments[shipment])
        arrived = Said(verb="receive", items=tuple(items), at=said.at, shipment=shipment, mode="listed")
        yield from receive(judge, arrived)
        judge.tell("late_receipt", shipment, items, told)


def tell_breaches(judge: Judge, said: Said) -> None:
    """Tell what was recorded late, what spoke against it, and what was dispensed all the same."""
    breached, judge.breached = judge.breached, None
    if breached is None:
        return
    judge.tell("late_recorded", said.late)
    for item in breached:
        told = alarmed(judge, item) if item else judge.regulators()
        judge.tell("breached", "", (item,) if item else (), told)
        if item and said.verb == "dispense":
            judge.tell("dispensed_despite", "", (item,), told)
            judge.model.change(item, despite=True)
