"""Rules 12, 13 and 28 of contracts/LAW.md on the model: how lives end, and where things are seen."""

from collections.abc import Callable

from tests.properties.facts import kind_of
from tests.properties.model import Guard, parties
from tests.properties.model_judge import LEFT, LIVES, Judge, Verdicts
from tests.properties.said import Said


def is_repeated(judge: Judge, item: str, said: Said, life: str) -> bool:
    """Tell whether the same partner took this final step at the same premises before."""
    model = judge.model
    is_here = not said.at or said.at == model.place(item)
    return model.life(item) == life and model.holder(item) == judge.signer and is_here


def _ended(judge: Judge, said: Said, life: str, guards: list[Guard]) -> Verdicts:
    """Ask guards of what has not taken this step yet, then let that end."""
    model = judge.model
    once = [(code, _unless_repeated(judge, fails, said, life)) for code, fails in guards]
    yield model.first_fault(said.items, [judge.together(said), *once])
    new = [item for item in said.items if not is_repeated(judge, item, said, life)]
    for item in said.items:
        if item not in new:
            judge.tell("repeated_step", "", (item,))
    judge.take_along(new, said)
    for item in new:
        if life == "lost":
            judge.tell("lost_reported", "", (item,), stakeholders(judge, item))
        ended = None if life == "destroyed" else (judge.signer, model.place(item), judge.now_ms)
        model.change(item, life=life, ended=ended)


def stakeholders(judge: Judge, item: str) -> tuple[str, ...]:
    """Return holder, owner and the parties of the shipment an item is on its way with."""
    model = judge.model
    own = (model.holder(item), model.owner(item))
    return own + (parties(model.shipments[model.shipment(item)]) if model.shipment(item) else ())


def _unless_repeated(
    judge: Judge, fails: Callable[[str], bool], said: Said, life: str
) -> Callable[[str], bool]:
    return lambda item: not is_repeated(judge, item, said, life) and fails(item)


def _gone(*also: str) -> list[str]:
    """Return the lives of what is not there any more to be destroyed or, with `stolen`, to be stolen."""
    return [life for life in LIVES if life in also or life not in ("stolen", "partly_dispensed", *LEFT)]


def destroy(judge: Judge, said: Said) -> Verdicts:
    """Rule 12: destroyed."""
    guards = [*judge.life(*_gone()), judge.unended(), *judge.hand()]
    yield from _ended(judge, said, "destroyed", guards)


def leave(judge: Judge, said: Said) -> Verdicts:
    """Rule 12: exported, samples, checked out, lost."""
    stays = said.reason in ("sample", "lost")
    lives = [life for life in LIVES if not stays or life != "partly_dispensed"]
    guards = [*judge.life(*lives), *judge.hand()]
    if not stays:
        guards += [judge.empty(), *judge.clean()]
    yield from _ended(judge, said, said.reason, guards)


def steal(judge: Judge, said: Said) -> Verdicts:
    """Rule 12: stolen."""
    model, signer = judge.model, judge.signer
    suspicion = f"suspect {signer}"

    def is_final(item: str) -> bool:
        return "regulator" in judge.roles(signer) or signer in (model.holder(item), model.owner(item))

    def is_strange(item: str) -> bool:
        return not is_final(item) and model.registered.holders.get(kind_of(item)) != signer

    def is_again(item: str) -> bool:
        return is_repeated(judge, item, said, "stolen")

    guards = [*judge.life(*_gone("stolen")), ("not_holder_or_owner", is_strange)]
    once = [(code, _unless_repeated(judge, fails, said, "stolen")) for code, fails in guards]
    yield model.first_fault(said.items, [judge.together(said), *once])
    # Whose a thing is, and who repeats what, is asked of all before any of them changes.
    plans = [(item, is_again(item), is_final(item), stakeholders(judge, item)) for item in said.items]
    for item, again, final, concerned in plans:
        thing = model.items[item]
        if again or (not final and suspicion in thing.holds):
            judge.tell("repeated_step", "", (item,))
        elif final:
            judge.tell("stolen_reported", "", (item,), concerned)
            model.change(item, life="stolen", ended=None)
        else:
            judge.tell("stolen_claimed", "", (item,), concerned)
            model.change(item, holds=thing.holds | {suspicion})


def _end(judge: Judge, item: str) -> tuple[str, str, int]:
    """Return by whom, where and when an item ended; nobody, nowhere and never when it did not."""
    return judge.model.items[item].ended or ("", "", 0)


def find(judge: Judge, said: Said) -> Verdicts:
    """Rule 12: found."""
    model = judge.model
    guards = [
        judge.together(said),
        ("not_lost", lambda item: model.items[item].life != "lost"),
        ("lost_by_another", lambda item: _end(judge, item)[0] != judge.signer),
    ]
    yield model.first_fault(said.items, guards)
    judge.bring(said.items, said)
    for item in said.items:
        judge.tell("lost_found", "", (item,), stakeholders(judge, item))
        holds = model.items[item].holds | {f"suspect {judge.signer}"}
        life = "partly_dispensed" if model.items[item].opened else "active"
        model.change(item, life=life, ended=None, holds=holds)


def reinstate(judge: Judge, said: Said) -> Verdicts:
    """Rule 13."""
    model, rules = judge.model, judge.profile(said)
    yield set() if said.never_left == 1 else {"not_declared"}
    is_barred = said.reason == "exported" and not rules.undo_exported
    yield {"ending_not_undone_here"} if is_barred else set()
    guards = [
        judge.together(said),
        ("other_ending", lambda item: model.life(item) != said.reason),
        judge.unended(),
        ("pack_opened", lambda item: model.items[item].opened is not None),
        ("ended_by_another", lambda item: _end(judge, item)[0] != judge.signer),
        ("ended_elsewhere", lambda item: _end(judge, item)[1] != said.at),
        ("ended_too_long_ago", lambda item: judge.now_ms - _end(judge, item)[2] > rules.window_ms),
        *judge.hand(),
        *judge.clean(),
    ]
    yield model.first_fault(said.items, guards)
    for item in said.items:
        judge.tell("reinstated", "", (item,), stakeholders(judge, item))
        model.change(item, life="active", ended=None, despite=False)


def observe(judge: Judge, said: Said) -> Verdicts:
    """Rule 28."""
    yield set() if said.at else {"premises_missing"}
    guards = [judge.together(said), *judge.life(), judge.hand()[0]]
    yield judge.model.first_fault(said.items, guards)
    judge.model.move(said.items, judge.signer, said.at)
