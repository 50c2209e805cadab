"""Rules 19 and 19b of contracts/LAW.md on the model: errors taken back, and lots amended."""

from dataclasses import replace

from tests.properties.facts import DAY_MS, OFFSETS, is_unit, kind_of
from tests.properties.model import Guard, Model, Proposal, lot_name, parties
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_named import is_called_back
from tests.properties.said import Said

ANY_REGULATOR = "any regulator"
REVIVABLE = {
    *("supplied", "destroyed", "stolen", "lost"),
    *("exported", "sample", "free_sample", "checked_out"),
}
MAX_AMENDMENTS = 16


def is_asked(judge: Judge, asked: Proposal) -> bool:
    """Tell whether the signer is who a proposal waits for."""
    return judge.signer in (judge.regulators() if asked.other == ANY_REGULATOR else (asked.other,))


def concerned(model: Model, item: str) -> set[str]:
    """Return the makers of an item and of what is inside, and whoever has a stake in it."""
    shipment = model.shipments.get(model.shipment(item))
    stake = {model.holder(item), model.owner(item), *(parties(shipment) if shipment else ())}
    return stake | makers(model, item)


def makers(model: Model, item: str) -> set[str]:
    """Return the marketing holders of an item and of everything inside it."""
    inside = (item, *model.inside(item))
    return {model.registered.holders[kind_of(name)] for name in inside if not is_unit(name)}


# ---------------------------------------------------------------------------------- commissions


def _as_made(model: Model) -> list[Guard]:
    def is_claimed(item: str) -> bool:
        # What is claimed of a lot has no maker.
        return not model.makers.get(model.items[item].source[:2])

    return [
        ("container_not_empty", lambda item: bool(model.children(item))),
        ("not_commissioned", lambda item: model.items[item].source in model.lineage or is_claimed(item)),
    ]


def _burnable(judge: Judge, agreed: frozenset[str]) -> list[Guard]:
    """Ask whether what was commissioned by mistake may be burned; `agreed` relied on it and consents."""
    model = judge.model
    return [
        ("not_a_product", is_unit),
        *judge.life(),
        *_as_made(model),
        *judge.hand(),
        *(
            (word, lambda item, word=word: any(hold.startswith(word) for hold in model.holds(item)))
            for word in ("recalled", "withdrawn")
        ),
        ("on_hold", lambda item: bool(model.holds(item))),
        *(
            (word, lambda item, word=word: _is_called_back(model, item, word))
            for word in ("recalled", "withdrawn")
        ),
        ("relied_on", lambda item: model.relied(item) != agreed),
    ]


def _is_called_back(model: Model, item: str, word: str) -> bool:
    """Tell whether a recall reaches an item by its lot, its make or an excursion."""
    return model.is_under(item, word) or is_called_back(model, item, word)


def _burn(judge: Judge, said: Said) -> None:
    model = judge.model
    for item in said.items:
        judge.tell("corrected", "", (item,), concerned(model, item))
    for item in said.items:
        if model.items[item].parent:
            judge.tell("unpacked", model.items[item].parent, (item,))
        model.take_out(item, judge.now_ms)
        model.change(item, life="burned")


def undo(judge: Judge, said: Said) -> Verdicts:
    """Rule 19: alone."""
    model = judge.model
    if said.reason == "commission":
        yield model.first_fault(said.items, [judge.together(said), *_burnable(judge, frozenset())])
        _burn(judge, said)
    elif said.reason == "pack":
        yield model.first_fault(said.items, [judge.together(said), *_never_inside(judge)])
        for item in said.items:
            stake = {model.holder(item), model.owner(item)}
            judge.tell("corrected", model.items[item].parent, (item,), stake)
            model.take_out(item, judge.now_ms, was_error=True)
    else:
        yield model.first_fault(said.items, [judge.together(said)])
        yield {"consent_needed"}


def _never_inside(judge: Judge) -> list[Guard]:
    model = judge.model

    def packer(item: str) -> str:
        parent = model.items[item].parent
        thing = model.items.get(parent)
        if thing is None:
            return ""
        return thing.introducer if is_unit(parent) else thing.packer

    def is_opened(item: str) -> bool:
        parent = model.items[item].parent
        return bool(parent) and model.items[parent].unsealed

    def is_relied(item: str) -> bool:
        return any(model.items[name].relied for name in model.above(item))

    return [
        ("not_inside", lambda item: not model.items[item].parent),
        judge.unended(),
        *judge.hand(),
        ("container_opened", is_opened),
        ("not_original_signer", lambda item: packer(item) != judge.signer),
        ("relied_on", is_relied),
    ]


# ---------------------------------------------------------------------------------- proposals


def ask(judge: Judge, said: Said) -> Verdicts:
    """Rule 19: with consent."""
    model = judge.model
    yield {"until_height_past"} if 0 < said.until <= judge.born[0] else set()
    yield {"already_proposed"} if said.proposal in model.proposals else set()
    yield model.first_fault(said.items, [judge.together(said)])
    if said.reason == "pack":
        yield {"corrected_alone"}
    if said.reason == "commission":
        other = {model.relied(item) for item in said.items}
        yield model.first_fault(said.items, _shared(judge, other))
        (relied,) = other
        (asked,) = relied
        kind = "burning"
    else:
        found = makers(model, said.items[0])
        yield {"different_makers"} if len(found) != 1 else set()
        yield model.first_fault(said.items, _ended(model, judge.signer, found))
        asked = ANY_REGULATOR if found == {judge.signer} else min(found)
        kind = "revival"
    model.proposals[said.proposal] = Proposal(judge.signer, asked, said.until, said.items, kind=kind)
    told = judge.regulators() if asked == ANY_REGULATOR else (asked,)
    judge.tell("proposed", said.proposal, said.items, told)


def _originally(model: Model, party: str) -> list[Guard]:
    return [
        ("not_a_product", is_unit),
        ("not_original_signer", lambda item: model.makers.get(model.items[item].source[:2]) != party),
    ]


def _shared(judge: Judge, others: set[frozenset[str]]) -> list[Guard]:
    """Ask of what was commissioned by mistake whether one other partner, the same of all, relied on it."""
    model = judge.model

    def is_more(item: str) -> bool:
        relied = model.relied(item)
        return len(relied) > 1 or len(others) > 1 or relied == {judge.signer}

    return [
        *_originally(model, judge.signer),
        *judge.life(),
        *_as_made(model),
        ("corrected_alone", lambda item: not model.relied(item)),
        ("relied_on", is_more),
    ]


def _ended(model: Model, party: str, maker: set[str]) -> list[Guard]:
    """Ask of what ended by mistake whether that may be taken back; no maker when it consented already."""
    return [
        ("not_ended", lambda item: model.life(item) == "active"),
        ("parent_not_active", lambda item: any(model.items[up].life != "active" for up in model.above(item))),
        ("ending_stays", lambda item: model.items[item].life not in REVIVABLE),
        ("pack_opened", lambda item: model.items[item].opened is not None),
        ("not_holder_or_owner", lambda item: party not in (model.holder(item), model.owner(item))),
        ("different_makers", lambda item: bool(maker) and makers(model, item) != maker),
    ]


def agree_to_error(judge: Judge, said: Said, asked: Proposal) -> Verdicts:
    """Consent that an earlier record was an error."""
    model = judge.model
    if asked.kind == "burning":
        agreed = frozenset({judge.signer})
        guards = [*_originally(model, asked.proposer), *_burnable(judge, agreed)]
        yield model.first_fault(said.items, [judge.together(said), *guards])
        _burn(judge, said)
    else:
        maker = set() if asked.other == ANY_REGULATOR else {judge.signer}
        guards = [judge.together(said), *_ended(model, asked.proposer, maker)]
        yield model.first_fault(said.items, guards)
        if maker and asked.proposer not in judge.regulators():
            model.proposals[said.proposal] = replace(asked, other=ANY_REGULATOR)
            judge.tell("proposed", said.proposal, said.items, judge.regulators())
            return
        _revive(judge, said)
    model.proposals[said.proposal] = replace(asked, is_open=False)


def _revive(judge: Judge, said: Said) -> None:
    model = judge.model
    for item in said.items:
        judge.tell("corrected", "", (item,), concerned(model, item))
        holds = model.items[item].holds | {"quarantined"}
        model.change(item, life="active", ended=None, holds=holds)
        model.law_held_ms[model.holder(item)] = judge.now_ms


# ---------------------------------------------------------------------------------- rule 19b


def amend(judge: Judge, said: Said) -> Verdicts:
    """Rule 19b: sooner."""
    yield from _of_lot(judge, said)
    yield {"regulator_consents"} if said.expiry > judge.model.lots[said.kind, said.lot] else set()
    _amend(judge, said)


def lengthen(judge: Judge, said: Said) -> Verdicts:
    """Rule 19b: asking for later."""
    model = judge.model
    yield {"until_height_past"} if 0 < said.until <= judge.born[0] else set()
    yield {"already_proposed"} if said.proposal in model.proposals else set()
    yield from _of_lot(judge, said)
    yield {"not_lengthened"} if said.expiry < model.lots[said.kind, said.lot] else set()
    terms = (said.kind, said.lot, said.expiry)
    asked = Proposal(judge.signer, ANY_REGULATOR, said.until, (), kind="expiry", terms=terms)
    model.proposals[said.proposal] = asked
    judge.tell("proposed", said.proposal, (), judge.regulators())


def let(judge: Judge, said: Said) -> Verdicts:
    """Rule 19b: later, with a regulator."""
    model = judge.model
    yield set() if said.proposal in model.proposals else {"proposal_unknown"}
    asked = model.proposals[said.proposal]
    yield set() if is_asked(judge, asked) else {"not_asked"}
    yield set() if asked.is_open else {"proposal_closed"}
    yield {"proposal_expired"} if 0 < asked.until < judge.born[0] else set()
    is_same = asked.kind == "expiry" and asked.terms == (said.kind, said.lot, said.expiry)
    yield set() if is_same else {"terms_differ"}
    yield {"licence_not_active"} if judge.is_barred(asked.proposer) else set()
    yield set() if model.registered.holders[said.kind] == asked.proposer else {"not_product_holder"}
    yield from _lot_known(judge, said)
    _amend(judge, said)
    model.proposals[said.proposal] = replace(asked, is_open=False)


def _of_lot(judge: Judge, said: Said) -> Verdicts:
    known = judge.model.registered
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield set() if known.holders[said.kind] == judge.signer else {"not_product_holder"}
    yield from _lot_known(judge, said)


def _lot_known(judge: Judge, said: Said) -> Verdicts:
    model, lot = judge.model, (said.kind, said.lot)
    # What is claimed of a lot has no maker: it is no lot of that maker's.
    yield set() if said.lot and model.makers.get(lot) else {"lot_unknown"}
    yield {"expiry_unchanged"} if model.lots[lot] == said.expiry else set()
    yield {"amended_too_often"} if model.amended[lot] == MAX_AMENDMENTS else set()


def _amend(judge: Judge, said: Said) -> None:
    model, lot = judge.model, (said.kind, said.lot)
    model.amended[lot] += 1
    old = model.lots[lot]
    offset_ms = OFFSETS[model.registered.made_for[lot][0]] * 60_000
    instant = (said.expiry + 1) * DAY_MS - offset_ms
    alike = {one for one in model.lots if one[0] == said.kind and lot_name(one) == said.lot}
    bound = {one for one in alike if model.lots[one] > said.expiry or model.lots[one] == old}
    for one in bound:
        model.former[one] = model.former.get(one, frozenset()) | {model.lots[one]}
        model.lots[one], model.instants[one] = said.expiry, instant
    for name, thing in model.items.items():
        if thing.source[:2] in bound:
            model.change(name, expires_ms=instant)
    repackers = {
        model.makers[made[:2]]
        for made, origins in model.lineage.items()
        if any(origin[:2] in bound for origin in origins)
    }
    told = (model.registered.holders[said.kind], model.makers[lot], *repackers)
    judge.tell("lot_amended", said.lot, (), told)
