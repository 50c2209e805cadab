"""Rule 26 of contracts/LAW.md on the model: goods leave the network, and come back."""

from tests.properties.facts import is_unit
from tests.properties.model_holds import alarmed
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.said import Said


def send_out(judge: Judge, said: Said) -> Verdicts:
    """Rule 26: goods leave for outside."""
    model = judge.model
    yield {"not_outside_party"} if said.receiver else set()
    guards = [judge.together(said), *judge.life(), judge.unended(), *judge.hand()]
    guards += [("not_owner", lambda item: model.owner(item) != judge.signer), judge.empty(), *judge.clean()]
    yield model.first_fault(said.items, guards)
    judge.take_along(said.items, said)
    to = said.reason or "outside"
    judge.tell("left_network", to, said.items)
    for item in said.items:
        model.change(item, life="outside", sent_to=to)


def come_back(judge: Judge, said: Said) -> Verdicts:
    """Rule 26: goods come back from outside."""
    model = judge.model
    yield {"not_outside_party"} if said.receiver not in ("", judge.signer) else set()
    is_elsewhere = ("not_outside", lambda item: model.life(item) != "outside")
    yield model.first_fault(said.items, [judge.together(said), is_elsewhere])
    # Nobody here joined after it was sent goods.
    yield {"not_outside_party"} if said.receiver else set()
    for item in said.items:
        judge.tell("came_back", "", (item,), (model.holder(item), model.owner(item)))
        left = next(name for name in (item, *model.above(item)) if model.items[name].life == "outside")
        sent_to = model.items[left].sent_to
        if sent_to != (said.reason or "outside"):
            judge.tell("came_another_way", sent_to, (item,), alarmed(judge, item))
    for item in said.items:
        if model.items[item].parent:
            judge.tell("unpacked", model.items[item].parent, (item,))
        model.take_out(item, judge.now_ms)
    for item in said.items:
        own = {"holder": judge.signer, "owner": judge.signer, "place": said.at, "life": "active"}
        holds = model.items[item].holds | {"unconfirmed"}
        # Somebody may have opened what was packed; what never was, is packed for the first time later.
        was_packed = is_unit(item) or model.items[item].was_filled
        model.change(item, **own, holds=holds, unsealed=was_packed, ended=None, sent_to="")
        model.rely(item, "somebody", "outside")
        for name in (item, *model.inside(item)):
            model.change(name, title=said.rest)
    model.law_held_ms[judge.signer] = judge.now_ms
