"""Rules 7, 14, 15 and 23 of contracts/LAW.md on the model: goods held back, looked at, and let go."""

from collections.abc import Callable, Iterable

from tests.properties.facts import PARTNER_NAMES, PREFIXES, STEMS, is_unit, kind_of
from tests.properties.model import lot_name, parties
from tests.properties.model_beyond import is_seen_whole
from tests.properties.model_endings import stakeholders
from tests.properties.model_judge import LIVES, MAKING, Judge, Verdicts
from tests.properties.said import Said

ENDED = tuple(life for life in LIVES if life != "partly_dispensed")
"""Lives in which nothing is held back or let go any more."""
Hold = tuple[str, str]
"""Kind, and who set it: a partner, or `law`."""
NUMBER_OF = {"law": 0, **{name: number for number, name in PARTNER_NAMES.items()}}


def is_regulator(judge: Judge, name: str) -> bool:
    """Tell whether a partner, or who set a hold, is a regulator."""
    return name in judge.regulators()


def overdue(judge: Judge, said: Said) -> Verdicts:
    """Rule 7."""
    model = judge.model
    yield set() if said.shipment in model.shipments else {"shipment_unknown"}
    shipment = model.shipments[said.shipment]
    yield set() if model.on_the_way(said.shipment) else {"shipment_closed"}
    yield {"not_overdue"} if judge.now_ms <= shipment.deadline_ms else set()
    yield {"already_overdue"} if shipment.overdue else set()
    model.change_shipment(said.shipment, overdue=True)
    judge.tell("overdue_declared", said.shipment, (), parties(shipment))


# ---------------------------------------------------------------------------------- rule 14


def lock(judge: Judge, said: Said) -> Verdicts:
    """Rule 14: locked."""
    return _hold_back(judge, said, "locked")


def quarantine(judge: Judge, said: Said) -> Verdicts:
    """Rule 14: quarantined."""
    return _hold_back(judge, said, "quarantined")


def _hold_back(judge: Judge, said: Said, kind: str) -> Verdicts:
    model, hold = judge.model, f"{kind} {judge.signer}"
    for_authority = is_regulator(judge, judge.signer)
    guards = [
        judge.together(said),
        *judge.life(*ENDED),
        ("not_holder", lambda item: not for_authority and model.holder(item) != judge.signer),
        ("already_held", lambda item: hold in model.holds(item)),
    ]
    yield model.first_fault(said.items, guards)
    judge.bring(said.items, said)
    for item in said.items:
        model.change(item, holds=model.items[item].holds | {hold})
        judge.tell("hold_placed", "", (item,), stakeholders(judge, item))
    rely_as_other(judge, said.items)


def unlock(judge: Judge, said: Said) -> Verdicts:
    """Rule 14: unlocked."""
    return _let_go(judge, said, "locked")


def release(judge: Judge, said: Said) -> Verdicts:
    """Rule 14: released from quarantine."""
    return _let_go(judge, said, "quarantined")


def _let_go(judge: Judge, said: Said, kind: str) -> Verdicts:
    def why_not(hold: Hold, item: str) -> str:
        return _why_not_lifted(judge, said, hold[1], item)

    yield from _taken_off(judge, said, {kind}, "not_on_hold", why_not)
    judge.bring(said.items, said)
    for item in said.items:
        gone = {hold for hold in _own(judge, item, {kind}) if not why_not(hold, item)}
        # Setters lose a stake with their hold, and hear of it.
        told = (*stakeholders(judge, item), *(setter for _kind, setter in gone))
        judge.tell("hold_lifted", "", (item,), told)
        _take_off(judge, item, gone)


def rely_as_other(judge: Judge, items: Iterable[str]) -> None:
    """Note the signer as one who relied on what it does not hold (rule 19)."""
    for item in items:
        if judge.model.holder(item) != judge.signer:
            judge.model.rely(item, judge.signer)


def _read(hold: str) -> Hold:
    """Return kind and setter of a hold."""
    kind, _space, setter = hold.partition(" ")
    return kind, setter or "law"


def _take_off(judge: Judge, item: str, gone: set[Hold]) -> None:
    """Take holds off an item."""
    left = frozenset(hold for hold in judge.model.items[item].holds if _read(hold) not in gone)
    judge.model.change(item, holds=left)


def _own(judge: Judge, item: str, kinds: set[str]) -> list[Hold]:
    """Return an item's own holds of some kinds, in the order in which the law asks of them."""
    order = ["quarantined", "locked", "suspect", "illegitimate", "claimed"]
    found = [hold for hold in map(_read, judge.model.items[item].holds) if hold[0] in kinds]
    return sorted(found, key=lambda hold: (order.index(hold[0]), NUMBER_OF[hold[1]]))


def _taken_off(
    judge: Judge, said: Said, kinds: set[str], none: str, why_not: Callable[[Hold, str], str]
) -> Verdicts:
    """Ask whether each item carries holds of some kinds, of which the signer may lift at least one."""

    def fails_with(code: str) -> Callable[[str], bool]:
        def fails(item: str) -> bool:
            reasons = [why_not(hold, item) for hold in _own(judge, item, kinds)]
            return bool(reasons) and all(reasons) and reasons[0] == code

        return fails

    reasons = (*("needs_verification", "regulators_hold", "not_setter", "regulator_needed", "not_holder"),)
    guards = [
        judge.together(said),
        *judge.life(*ENDED),
        (none, lambda item: not _own(judge, item, kinds)),
        *((code, fails_with(code)) for code in reasons),
    ]
    yield judge.model.first_fault(said.items, guards)


def _why_not_lifted(judge: Judge, said: Said, setter: str, item: str) -> str:
    """Return why the signer may not lift a partner's hold; empty when it may."""
    if setter == "law":
        return "needs_verification"
    if setter == judge.signer:
        return ""
    if is_regulator(judge, setter):
        return "" if is_regulator(judge, judge.signer) else "regulators_hold"
    may_succeed = judge.profile(said).successor_lifts and _has_in_hand(judge, item)
    return "" if may_succeed else "not_setter"


def _has_in_hand(judge: Judge, item: str) -> bool:
    return judge.model.holder(item) == judge.signer and not judge.model.shipment(item)


# ---------------------------------------------------------------------------------- rule 15


def makers(judge: Judge, item: str) -> set[str]:
    """Return the marketing holders of an item and of everything inside it."""
    inside = [item, *judge.model.inside(item)]
    return {judge.model.registered.holders[kind_of(name)] for name in inside if not is_unit(name)}


def alarmed(judge: Judge, item: str) -> tuple[str, ...]:
    return (*stakeholders(judge, item), *makers(judge, item), *judge.regulators())


def suspect(judge: Judge, said: Said) -> Verdicts:
    """Rule 15: raised."""
    model, hold = judge.model, f"suspect {judge.signer}"
    guards = [
        judge.together(said),
        *judge.life(*ENDED),
        judge.hand()[0],
        ("already_held", lambda item: hold in model.holds(item)),
    ]
    yield model.first_fault(said.items, guards)
    judge.bring(said.items, said)
    _raise_suspicion(judge, said.items)


def _raise_suspicion(judge: Judge, items: Iterable[str]) -> None:
    for item in items:
        judge.model.change(item, holds=judge.model.items[item].holds | {f"suspect {judge.signer}"})
        judge.tell("suspicion_raised", "", (item,), alarmed(judge, item))


def confirm(judge: Judge, said: Said) -> Verdicts:
    """Rule 15: illegitimate."""
    model, signer = judge.model, judge.signer
    guards = [
        judge.together(said),
        *judge.life(*ENDED),
        ("not_suspect", lambda item: not _own(judge, item, {"suspect", "claimed"})),
        (
            "not_maker_or_regulator",
            lambda item: not is_regulator(judge, signer) and makers(judge, item) != {signer},
        ),
    ]
    yield model.first_fault(said.items, guards)
    for item in said.items:
        claimants = {setter for _kind, setter in _own(judge, item, {"claimed"})}
        rest = {hold for hold in model.items[item].holds if _read(hold)[0] not in ("suspect", "claimed")}
        model.change(item, holds=frozenset(rest | {f"illegitimate {signer}"}))
        told = (*alarmed(judge, item), *claimants)
        judge.tell("illegitimate_confirmed", "", (item,), told)


def clear(judge: Judge, said: Said) -> Verdicts:
    """Rule 15: cleared."""
    kinds = {"suspect", "illegitimate"}

    def why_not(hold: Hold, item: str) -> str:
        return _why_not_cleared(judge, said, hold, item)

    yield from _taken_off(judge, said, kinds, "not_suspect", why_not)
    judge.bring(said.items, said)
    for item in said.items:
        gone = {hold for hold in _own(judge, item, kinds) if not why_not(hold, item)}
        told = (*alarmed(judge, item), *(setter for _kind, setter in gone))
        judge.tell("cleared", "", (item,), told)
        _take_off(judge, item, gone)


def _why_not_cleared(judge: Judge, said: Said, hold: Hold, item: str) -> str:
    kind, setter = hold
    if is_regulator(judge, judge.signer):
        return ""
    if kind == "illegitimate":
        return "regulator_needed"
    if setter == "law":
        return "" if _has_in_hand(judge, item) else "not_holder"
    if not is_regulator(judge, setter) and makers(judge, item) == {judge.signer}:
        return ""
    if setter != judge.signer and not is_regulator(judge, setter) and setter in makers(judge, item):
        return "not_setter"
    return _why_not_lifted(judge, said, setter, item)


# ---------------------------------------------------------------------------------- rule 23


def verify(judge: Judge, said: Said) -> Verdicts:
    """Rule 23: as the ledger says, and sound."""
    model = judge.model

    def is_other_lot(item: str) -> bool:
        source = model.items[item].source
        return bool(said.lot) and (not source or lot_name(source) != said.lot)

    def is_other_expiry(item: str) -> bool:
        source = model.items[item].source
        known = model.lots[(source[0], source[1])] if source else None
        former = model.former.get(source[:2], frozenset()) if source else frozenset()
        return bool(said.expiry) and known != said.expiry and said.expiry not in former

    def lifts(item: str) -> bool:
        return _has_in_hand(judge, item) and bool(
            {"quarantined", "returned", "unconfirmed"} & model.items[item].holds
        )

    def is_unseen(item: str) -> bool:
        came_back = {"returned", "unconfirmed"} & model.items[item].holds
        return lifts(item) and bool(came_back) and not is_seen_whole(model, item)

    guards = [
        judge.together(said),
        *judge.life(*ENDED),
        ("lot_mismatch", is_other_lot),
        ("expiry_mismatch", is_other_expiry),
        (
            "verified_too_soon",
            lambda item: lifts(item) and model.law_held_ms.get(judge.signer) == judge.now_ms,
        ),
        ("verify_each_pack", is_unseen),
    ]
    yield model.first_fault(said.items, guards)
    judge.bring(said.items, said)
    rely_as_other(judge, said.items)
    for item in said.items:
        judge.tell("verified", "", (item,), stakeholders(judge, item))
        if lifts(item):
            judge.tell("hold_lifted", "", (item,), stakeholders(judge, item))
            model.change(item, holds=model.items[item].holds - {"quarantined", "returned", "unconfirmed"})
        is_pack = not is_unit(item) and not model.items[item].was_filled
        if is_pack and _has_in_hand(judge, item) and judge.roles(judge.signer) & MAKING:
            model.change(item, seen=(judge.signer, model.items[item].title))


def reject(judge: Judge, said: Said) -> Verdicts:
    """Rule 23: not as the ledger says, or not sound."""
    yield judge.model.first_fault(said.items, [judge.together(said)])
    judge.bring(said.items, said)
    rely_as_other(judge, said.items)
    for item in said.items:
        judge.tell("verification_failed", "", (item,), alarmed(judge, item))


def report(judge: Judge, said: Said) -> Verdicts:
    """Rule 23: a finding."""
    model = judge.model
    if said.finding == "unknown_serial":
        yield {"item_known"} if any(item in model.items for item in said.items) else set()
        for item in said.items:
            judge.tell("finding_reported", "", (item,), (_claimed_maker(judge, item), *judge.regulators()))
        return
    yield model.first_fault(said.items, [judge.together(said)])
    judge.bring(said.items, said)
    rely_as_other(judge, said.items)
    for item in said.items:
        judge.tell("finding_reported", "", (item,), alarmed(judge, item))
    if said.finding in ("tampered", "copied"):
        own = [item for item in said.items if model.holder(item) == judge.signer]
        living = [item for item in own if model.life(item) not in ENDED]
        _raise_suspicion(
            judge, [item for item in living if f"suspect {judge.signer}" not in model.holds(item)]
        )


def _claimed_maker(judge: Judge, item: str) -> str:
    """Return whose product, or whose number, an item would be that nobody made."""
    if not is_unit(item):
        return judge.model.registered.holders.get(kind_of(item), "")
    stem = STEMS[kind_of(item)][1:]
    return next((name for name, owned in PREFIXES.items() if stem in owned), "")
