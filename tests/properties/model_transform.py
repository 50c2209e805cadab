"""Rule 16 of contracts/LAW.md on the model: packs are opened and packed anew."""

from dataclasses import replace

from tests.properties.facts import DAY_MS, HOUR_MS, MAX_SOURCES, OFFSETS, is_unit, item_key
from tests.properties.model import Model, Thing
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_recall import reach_late, reach_late_items
from tests.properties.said import Said


def repack(judge: Judge, said: Said) -> Verdicts:
    """Rule 16; `outputs` are what comes out."""
    model, known = judge.model, judge.model.registered
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield {"product_not_serialised"} if said.kind in known.by_lot else set()
    is_delegate = (said.kind, judge.signer) in known.delegates
    yield set() if is_delegate or known.holders[said.kind] == judge.signer else {"no_commission_authority"}
    expires_ms = (said.expiry + 1) * DAY_MS - OFFSETS[known.markets[said.kind][0]] * 60_000
    yield {"expired"} if expires_ms <= judge.now_ms else set()
    yield set() if said.outputs else {"nothing_listed"}
    lot = (said.kind, said.lot)
    yield {"lot_expiry_mismatch"} if model.lots.get(lot, said.expiry) != said.expiry else set()
    yield {"lot_on_hold"} if model.against_lot(lot) else set()
    yield {"already_commissioned"} if set(said.outputs) & set(model.items) else set()
    yield model.first_fault(said.items, _guards(judge, said))
    units = [known.units[model.items[item].source[0]] for item in said.items]
    came_out = len(said.outputs) * known.units[said.kind]
    yield {"quantities_differ"} if said.waste < 0 or sum(units) != said.waste + came_out else set()
    yield {"container_too_mixed"} if _crowded(model, said) else set()
    _bring_forth(judge, said, expires_ms)


def _went_through(model: Model, said: Said) -> dict[int, set[str]]:
    """Return the kinds among the inputs that went through each session."""
    found: dict[int, set[str]] = {}
    for item in said.items:
        for name in (item, *model.above(item)):
            for session, _until_s in model.items[name].exposures:
                found.setdefault(session, set()).add(model.items[item].source[0])
    return found


def _crowded(model: Model, said: Said) -> bool:
    """Tell whether the inputs went through too many sessions, or one in which several of them are judged."""
    through = _went_through(model, said)
    several = [
        number
        for number, kinds in through.items()
        if said.kind not in model.sessions[number].judged
        and (len(kinds & model.sessions[number].judged.keys()) > 1)
    ]
    return len(through) > MAX_SOURCES or bool(several)


def _inherit(judge: Judge, said: Said) -> frozenset[tuple[int, int]]:
    """Let the sessions of the inputs judge what comes out; return what it went through, until now."""
    model = judge.model
    names = [name for item in said.items for name in (item, *model.above(item))]
    seen = [one for name in names for one in model.items[name].exposures]
    for number, kinds in _went_through(model, said).items():
        session = model.sessions[number]
        judged = kinds & session.judged.keys()
        if judged and said.kind not in session.judged:
            (kind,) = judged
            new = {**session.judged, said.kind: session.judged[kind]}
            cleared = {**session.cleared, said.kind: session.cleared.get(kind, 0)}
            model.sessions[number] = replace(session, judged=new, cleared=cleared)
    now_s = judge.now_ms // 1_000
    return frozenset(
        (number, until_s or (now_s if model.sessions[number].is_running else 0))
        for number, until_s in model.longest(seen)
    )


def _guards(judge: Judge, said: Said) -> list:
    model = judge.model
    first = [item for item in said.items if item in model.items][:1]

    def expires_first(item: str) -> bool:
        return model.lots.get(model.items[item].source[:2], said.expiry) < said.expiry

    return [
        judge.together(said),
        ("not_a_product", is_unit),
        ("input_is_container", lambda item: model.items[item].was_filled),
        *judge.life(),
        *judge.hand(),
        *judge.clean(),
        ("input_not_verified", lambda item: not _is_verified(judge, item)),
        ("different_owner", lambda item: model.owner(item) != model.owner(first[0])),
        ("expiry_too_late", expires_first),
    ]


def _is_verified(judge: Judge, item: str) -> bool:
    """Tell whether the signer looked at a pack since it got it, or made it and nobody had it since."""
    model, thing = judge.model, judge.model.items[item]
    if thing.seen == (judge.signer, thing.title):
        return True
    relied = set().union(*(model.items[name].relied for name in (item, *model.above(item))))
    return model.makers.get(thing.source[:2]) == judge.signer and not relied


def _bring_forth(judge: Judge, said: Said, expires_ms: int) -> None:
    model, lot = judge.model, (said.kind, said.lot)
    owner = model.owner(said.items[0])
    exposures = _inherit(judge, said)
    judge.take_along(said.items, said)
    place = said.at or model.items[said.items[0]].place
    model.lots[lot] = said.expiry
    expires_ms = model.instants.setdefault(lot, expires_ms)
    model.makers.setdefault(lot, judge.signer)
    model.registered.made_for.setdefault(lot, model.registered.markets[said.kind])
    source = (*lot, said.line, said.made_ms // HOUR_MS, said.at, min(said.outputs, key=item_key))
    origins = {model.items[item].source for item in said.items}
    model.makes.add(source)
    model.lineage[source] = frozenset(origins)
    judge.tell("repacked", said.lot, (), (owner, *(model.makers[one[:2]] for one in origins)))
    reach_late(judge, source)
    for item in said.items:
        model.change(item, life="consumed")
        model.repacked[item] = source
    for item in said.outputs:
        model.items[item] = Thing(
            *(judge.signer, owner, place, judge.born, source, expires_ms),
            introducer=judge.signer,
            exposures=exposures,
        )
    reach_late_items(judge, source, said.outputs)
