"""Rule 25 of contracts/LAW.md on the model: goods that somebody claims, and what their makers say."""

from typing import Any

from tests.properties.facts import DAY_MS, OFFSETS, kind_of
from tests.properties.model import Model, Thing
from tests.properties.model_endings import stakeholders
from tests.properties.model_holds import alarmed
from tests.properties.model_judge import MAKING, Judge, Verdicts
from tests.properties.model_recall import reach_late, reach_late_items
from tests.properties.said import Said

CLAIM_WORDS = 8
"""Of the source of what was claimed: kind, lot with expiry; no line, hour, site; claimant, ground, sender."""

Source = tuple[Any, ...]


def is_claim(source: Source) -> bool:
    """Tell whether a source is what somebody claims."""
    return len(source) == CLAIM_WORDS


def claimed_source(said: Said, signer: str) -> Source:
    """Return the source of what a record claims."""
    own_lot = f"{said.lot}/{said.expiry}"
    return (said.kind, own_lot, "", 0, "", signer, said.reason, said.receiver)


def open_claims(model: Model, claimant: str, kind: str) -> int:
    """Return how many items of a kind a partner claims that nobody confirmed."""
    return sum(
        kind_of(item) == kind
        and is_claim(thing.source)
        and thing.source[5] == claimant
        and thing.answer[0] != "confirmed"
        for item, thing in model.items.items()
    )


def onboard(judge: Judge, said: Said) -> Verdicts:
    """Goods come in."""
    model, known = judge.model, judge.model.registered
    rules = judge.profile(said)
    yield set() if judge.now_ms < rules.onboard_until_ms else {"onboarding_closed"}
    yield {"not_outside_party"} if said.receiver and said.reason != "stock" else set()
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield {"product_not_serialised"} if said.kind in known.by_lot else set()
    is_delegate = (said.kind, judge.signer) in known.delegates
    may_make = bool(judge.roles(judge.signer) & MAKING)
    has_right = is_delegate or known.holders[said.kind] == judge.signer
    yield {"commission_instead"} if may_make and has_right else set()
    expires_ms = (said.expiry + 1) * DAY_MS - OFFSETS[known.markets[said.kind][0]] * 60_000
    yield {"expired"} if expires_ms <= judge.now_ms else set()
    yield from judge.list_of(said)
    source = claimed_source(said, judge.signer)
    yield (
        {"lot_expiry_mismatch"}
        if (said.kind, said.lot) in model.lots and said.expiry not in _dates(model, said)
        else set()
    )
    yield {"lot_on_hold"} if model.marks.get((said.kind, said.lot)) or model.marks.get(source[:2]) else set()
    yield {"serial_known"} if set(said.items) & set(model.items) else set()
    count = open_claims(model, judge.signer, said.kind) + len(said.items)
    yield {"too_many_claims"} if count > rules.onboard_items else set()
    _bring_in(judge, said, source, expires_ms)


def _dates(model: Model, said: Said) -> set[int]:
    """Return the expiries that the packs of a maker's lot say, or said before it was amended."""
    lot = (said.kind, said.lot)
    return {model.lots[lot], *model.former.get(lot, ())} if lot in model.lots else set()


def _bring_in(judge: Judge, said: Said, source: Source, expires_ms: int) -> None:
    model, lot = judge.model, source[:2]
    if lot not in model.lots:
        model.lots[lot] = model.lots.get((said.kind, said.lot), said.expiry)
        model.instants[lot] = model.instants.get((said.kind, said.lot), expires_ms)
        model.former[lot] = frozenset({said.expiry} - {model.lots[lot]})
        now = model.registered.markets[said.kind]
        model.registered.made_for[lot] = model.registered.made_for.get((said.kind, said.lot), now)
    expires_ms = model.instants[lot]
    model.makers[source[:2]] = ""
    model.claimed_ms.setdefault(source, judge.now_ms)
    judge.tell("onboarded", said.lot, (), (model.registered.holders[said.kind],))
    if source not in model.makes:
        model.makes.add(source)
        reach_late(judge, source)
    for item in said.items:
        model.items[item] = Thing(
            *(judge.signer, judge.signer, said.at, judge.born, source, expires_ms),
            introducer=judge.signer,
            holds=frozenset({"unconfirmed"}),
        )
    reach_late_items(judge, source, said.items)
    model.law_held_ms[judge.signer] = judge.now_ms


def vouch(judge: Judge, said: Said) -> Verdicts:
    """The product's holder confirms."""
    yield judge.model.first_fault(said.items, _answered(judge, said, "confirmed"))
    confirm_all(judge, said.items, commissioned=False)


def disown(judge: Judge, said: Said) -> Verdicts:
    """The product's holder denies."""
    yield judge.model.first_fault(said.items, _answered(judge, said, "contradicted"))
    contradict_all(judge, said.items, commissioned=False)


def _answered(judge: Judge, said: Said, answer: str) -> list[Any]:
    model = judge.model
    return [
        judge.together(said),
        ("not_claimed", lambda item: not is_claim(model.items[item].source)),
        ("not_product_holder", lambda item: model.registered.holders.get(kind_of(item)) != judge.signer),
        ("already_answered", lambda item: model.items[item].answer[0] == answer),
    ]


def is_answer(model: Model, item: str) -> bool:
    """Tell whether a commission of an item that there is answers a claim, once."""
    thing = model.items[item]
    return is_claim(thing.source) and not thing.answer[1]


def answer_by_commission(judge: Judge, said: Said, make: Source, claimed: tuple[str, ...]) -> None:
    """Let a commission speak of what it names and somebody claimed."""
    model = judge.model
    agreeing = [item for item in claimed if _agrees(model, said, item)]
    for source in {model.items[item].source for item in agreeing}:
        known = model.lineage.get(source, frozenset())
        if make in known:
            continue
        model.lineage[source] = known | {make}
        against = model.marks_on(make)
        for one in _from(model, source):
            if against:
                model.marks[one] = model.marks.get(one, set()) | against
        for name, recall in model.recalls.items():
            if recall.number in {number for _word, number in against}:
                judge.tell("recall_reached", name, (), (recall.opener, source[5]))
    confirm_all(judge, agreeing, commissioned=True)
    contradict_all(judge, [item for item in claimed if item not in agreeing], commissioned=True)


def _from(model: Model, source: Source) -> set[Source]:
    """Return a source and every make that something of it was repacked into."""
    found, before = {source}, set()
    while found != before:
        before = set(found)
        found |= {make for make, origins in model.lineage.items() if origins & found}
    return found


def _agrees(model: Model, said: Said, item: str) -> bool:
    thing = model.items[item]
    is_older = said.made_ms <= model.claimed_ms[thing.source]
    is_denied = thing.answer[0] == "contradicted"
    is_same = thing.source[1] in {f"{said.lot}/{date}" for date in _dates(model, said)}
    return is_same and is_older and not is_denied


def confirm_all(judge: Judge, items: Any, *, commissioned: bool) -> None:
    """Note that items are what they claim to be."""
    model = judge.model
    for item in items:
        thing = model.items[item]
        free = {"unconfirmed"} if not thing.title else set()
        answer = ("confirmed", commissioned or thing.answer[1])
        model.change(item, answer=answer, holds=thing.holds - free)
    for item in items:
        claimant = model.items[item].source[5]
        judge.tell("claim_confirmed", "", (item,), (*stakeholders(judge, item), claimant))


def contradict_all(judge: Judge, items: Any, *, commissioned: bool) -> None:
    """Note that items are not what they claim to be."""
    model = judge.model
    for item in items:
        thing = model.items[item]
        answer = ("contradicted", commissioned or thing.answer[1])
        model.change(item, answer=answer, holds=thing.holds | {f"suspect {judge.signer}"})
    for item in items:
        claimant = model.items[item].source[5]
        judge.tell("claim_contradicted", "", (item,), (*alarmed(judge, item), claimant))
