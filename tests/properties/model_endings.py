"""Rules 11a, 12 and 28 of contracts/LAW.md on the model: how lives end, and where things are seen."""

from collections.abc import Callable

from tests.properties.facts import ROLES, is_unit
from tests.properties.model import Guard
from tests.properties.model_custody import parties
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.said import Said


def is_repeated(judge: Judge, item: str, said: Said, life: str) -> bool:
    """Tell whether the same partner took this final step at the same premises before."""
    model = judge.model
    is_here = not said.at or said.at == model.place(item)
    return model.life(item) == life and model.holder(item) == judge.signer and is_here


def dispense(judge: Judge, said: Said) -> Verdicts:
    """Rule 11a."""
    yield set() if ROLES[judge.signer] & judge.profile(said).dispense else {"dispensing_not_allowed"}
    guards = [*judge.life(), *judge.hand(), judge.empty(), *judge.clean()]
    yield from _ended(judge, said, "supplied", guards, ("not_a_product", is_unit))


def _ended(judge: Judge, said: Said, life: str, guards: list[Guard], *always: Guard) -> Verdicts:
    """Ask guards of what has not taken this step yet (and some of everything), then let that end."""
    model = judge.model
    once = [(code, _unless_repeated(judge, fails, said, life)) for code, fails in guards]
    yield model.first_fault(said.items, [judge.together(said), *always, *once])
    new = [item for item in said.items if not is_repeated(judge, item, said, life)]
    for item in said.items:
        if item not in new:
            judge.tell("repeated_step", "", (item,))
    if life == "stolen":
        for item in new:
            judge.tell("stolen_reported", "", (item,), _stakeholders(judge, item))
    else:
        judge.take_along(new, said)
    for item in new:
        model.change(item, life=life)


def _stakeholders(judge: Judge, item: str) -> tuple[str, ...]:
    """Return holder, owner and the parties of the shipment an item is on its way with."""
    model = judge.model
    own = (model.holder(item), model.owner(item))
    return own + (parties(model.shipments[model.shipment(item)]) if model.shipment(item) else ())


def _unless_repeated(
    judge: Judge, fails: Callable[[str], bool], said: Said, life: str
) -> Callable[[str], bool]:
    return lambda item: not is_repeated(judge, item, said, life) and fails(item)


def destroy(judge: Judge, said: Said) -> Verdicts:
    """Rule 12: destroyed."""
    model = judge.model
    ended = (
        "parent_not_active",
        lambda item: any(model.items[up].life != "active" for up in model.above(item)),
    )
    guards = [*judge.life("supplied", "destroyed"), ended, *judge.hand()]
    yield from _ended(judge, said, "destroyed", guards)


def steal(judge: Judge, said: Said) -> Verdicts:
    """Rule 12: stolen."""
    model, signer = judge.model, judge.signer
    is_regulator = "regulator" in ROLES[signer]

    def is_strange(item: str) -> bool:
        return not is_regulator and signer not in (model.holder(item), model.owner(item))

    guards = [*judge.life(), ("not_holder_or_owner", is_strange)]
    yield from _ended(judge, said, "stolen", guards)


def observe(judge: Judge, said: Said) -> Verdicts:
    """Rule 28."""
    yield set() if said.at else {"premises_missing"}
    guards = [judge.together(said), *judge.life(), judge.hand()[0]]
    yield judge.model.first_fault(said.items, guards)
    judge.model.move(said.items, judge.signer, said.at)
