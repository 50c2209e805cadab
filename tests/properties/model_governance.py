"""Rule 22 of contracts/LAW.md on the model: what is decided happens when its height begins, in one go.

The model has no schedule, no rows for three sets, no look-ahead: before each block it lets all that is
decided for its height happen, in the order of heights and then of decisions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.properties.model import Model
from tests.properties.model_endings import stakeholders
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.registered import Registered
from tests.properties.said import Said

Words = tuple[str, ...]
KINDS = {
    **dict.fromkeys(("licence", "roles", "admit"), "partner_changes"),
    **dict.fromkeys(("place", "product"), "registry_changes"),
    **dict.fromkeys(("follow", "pace"), "law_changes"),
    **dict.fromkeys(("node", "no_node"), "node_changes"),
    "lift": "holds_end",
}
"""What a change is told as."""
LIFTED = {"locked", "quarantined", "suspect"}


@dataclass(frozen=True)
class Motion:
    """What was proposed, and what became of it."""

    proposer: str
    changes: tuple[Words, ...]
    items: tuple[str, ...]
    acts_at: int
    until: int
    approved: frozenset[str]
    rejected: frozenset[str] = frozenset()
    standing: str = "open"
    decision: tuple[int, int, int] = (0, 0, 0)
    """Height, document and record of the word that decided."""


def _powers(known: Registered) -> dict[str, int]:
    found: dict[str, int] = {}
    for partner, power in known.nodes.values():
        found[partner] = found.get(partner, 0) + power
    return found


def _signs(judge: Judge) -> Verdicts:
    yield set() if judge.signer in _powers(judge.model.registered) else {"not_a_validator"}


def motion(judge: Judge, said: Said) -> Verdicts:
    """Propose changes."""
    model, height = judge.model, judge.born[0]
    yield from _signs(judge)
    yield set() if said.changes else {"changes_invalid"}
    yield {"acts_too_soon"} if said.acts_at < height + 2 else set()
    yield {"voting_end_invalid"} if not height <= said.until <= said.acts_at - 2 else set()
    yield {"already_proposed"} if said.motion in model.motions else set()
    for words in said.changes:
        yield from _makes_sense(judge, words, said.items)
    proposed = Motion(
        judge.signer, said.changes, said.items, said.acts_at, said.until, frozenset({judge.signer})
    )
    yield _plan(model, said.motion, proposed)
    judge.tell("changes_proposed", said.motion, (), _watchers(judge, proposed))
    _count(judge, said.motion, proposed)


def _makes_sense(judge: Judge, words: Words, items: tuple[str, ...]) -> Verdicts:
    """Ask what a change is asked as things stand."""
    known, model = judge.model.registered, judge.model
    match words:
        case "roles", _name, *roles:
            yield set() if roles else {"roles_invalid"}
        case "lift", setter, kind:
            is_watching = "regulator" in known.roles[setter] and setter not in known.unlicensed
            yield {"regulators_hold"} if is_watching else set()
            yield set() if kind in LIFTED else {"hold_not_liftable"}
            yield set() if items else {"nothing_listed"}
            yield {"listed_twice"} if len(set(items)) < len(items) else set()
            for item in items:
                yield set() if item in model.items else {"item_unknown"}
                yield set() if f"{kind} {setter}" in model.items[item].holds else {"not_on_hold"}
        case "node", _name, _partner, power:
            yield set() if int(power) > 0 else {"node_invalid"}


def _plan(model: Model, name: str, asked: Motion) -> set[str]:
    """Try all that is decided with what is asked in its place; return what is wrong."""
    known = model.registered.copy()
    for other, one in _in_order({**_decided(model), name: asked}):
        wrong = _try(known, one)
        if wrong:
            return wrong if other == name else {"changes_conflict"}
    return set()


def _try(known: Registered, one: Motion) -> set[str]:
    for words in one.changes:
        wrong = _unfit(known, words)
        if wrong:
            return wrong
        _happen(known, words)
    admitted = {words[1] for words in one.changes if words[0] == "admit"}
    if any(known.places.get(name, (name,))[0] != name for name in admitted):
        return {"gln_taken"}
    paces = [int(words[1]) for words in one.changes if words[0] == "pace"]
    if paces and paces[-1] < 1:
        return {"parameters_invalid"}
    votes = any(words[0] in {"node", "no_node"} for words in one.changes)
    return {"validators_invalid"} if votes and not known.nodes else set()


def _unfit(known: Registered, words: Words) -> set[str]:
    match words:
        case "admit", name if name in known.roles:
            return {"partner_known"}
        case "place", place, _name if place not in known.places:
            return {"premises_unknown"}
        case "product", kind, _name if kind not in known.holders:
            return {"product_unknown"}
        case "no_node", node if node not in known.nodes:
            return {"node_unknown"}
        case "follow", _market, profile if profile not in known.follows:
            return {"profile_unknown"}
    return set()


def _decided(model: Model) -> dict[str, Motion]:
    return {name: one for name, one in model.motions.items() if one.standing == "decided"}


def _in_order(motions: dict[str, Motion]) -> Iterator[tuple[str, Motion]]:
    """Yield motions in the order in which they act; one that is not decided yet comes after its equals."""

    def place(name: str) -> tuple[int, bool, tuple[int, int, int]]:
        one = motions[name]
        return one.acts_at, one.standing != "decided", one.decision

    for name in sorted(motions, key=place):
        yield name, motions[name]


def _happen(known: Registered, words: Words) -> None:  # noqa: C901 - a case for each kind
    """Let a change of the directory happen."""
    match words:
        case "licence", name, "active":
            known.unlicensed -= {name}
        case "licence", name, _licence:
            known.unlicensed |= {name}
        case "admit", name:
            known.roles[name] = frozenset({"wholesaler"})
        case "roles", name, *roles:
            known.roles[name] = frozenset(roles)
        case "follow", market, profile:
            known.follows[market] = profile
        case "place", place, name:
            known.places[place] = (name, known.places[place][1])
        case "product", kind, name:
            known.holders[kind] = name
            known.offers.pop(kind, None)
        case "node", node, partner, power:
            known.nodes[node] = (partner, int(power))
        case "no_node", node:
            del known.nodes[node]


def is_awaited(model: Model, name: str) -> bool:
    """Tell whether it is decided that somebody becomes a partner."""
    return any(("admit", name) in one.changes for one in _decided(model).values())


def turn(model: Model, height: int) -> bool:
    """Begin a height: what is decided for it happens; tell whether that, or the set two later, changed."""
    model.height = height
    for name, one in _in_order(_decided(model)):
        if one.acts_at != height:
            continue
        for words in one.changes:
            _happen(model.registered, words)
            if words[0] == "lift":
                _lift(model, one.items, f"{words[2]} {words[1]}")
        model.motions[name] = replace(one, standing="acted")
    # The law writes ahead, and once more when the set that was is forgotten.
    return any(
        one.acts_at - 1 <= height <= one.acts_at + 2
        for one in model.motions.values()
        if one.standing in {"decided", "acted"}
    )


def _lift(model: Model, items: Iterable[str], hold: str) -> None:
    for item in items:
        model.change(item, holds=model.items[item].holds - {hold})


def vote(judge: Judge, said: Said) -> Verdicts:
    """Say yes or no."""
    model = judge.model
    yield from _signs(judge)
    yield set() if said.motion in model.motions else {"proposal_unknown"}
    one: Motion = model.motions[said.motion]
    yield set() if one.standing == "open" else {"proposal_closed"}
    yield {"proposal_expired"} if judge.born[0] > one.until else set()
    own = frozenset({judge.signer})
    yield {"already_voted"} if judge.signer in (one.approved if said.approves else one.rejected) else set()
    if said.approves:
        counted = replace(one, approved=one.approved | own, rejected=one.rejected - own)
    else:
        counted = replace(one, approved=one.approved - own, rejected=one.rejected | own)
    yield _plan(model, said.motion, counted) if _is_carried(judge, counted) else set()
    judge.tell("changes_voted", said.motion, (), _watchers(judge, one))
    _count(judge, said.motion, counted)


def drop_motion(judge: Judge, said: Said) -> Verdicts:
    """Take a proposal back."""
    model = judge.model
    yield from _signs(judge)
    yield set() if said.motion in model.motions else {"proposal_unknown"}
    one: Motion = model.motions[said.motion]
    yield set() if one.proposer == judge.signer else {"not_proposer"}
    yield set() if one.standing == "open" else {"proposal_closed"}
    model.motions[said.motion] = replace(one, standing="withdrawn")
    judge.tell("changes_ended", said.motion, (), _watchers(judge, one))


def _weight(judge: Judge, partners: Iterable[str]) -> int:
    powers = _powers(judge.model.registered)
    return sum(powers.get(name, 0) for name in partners)


def _is_carried(judge: Judge, one: Motion) -> bool:
    total = sum(_powers(judge.model.registered).values())
    return _weight(judge, one.approved) / total > 2 / 3 + 1e-9


def _count(judge: Judge, name: str, one: Motion) -> None:
    model = judge.model
    total = sum(_powers(model.registered).values())
    if _is_carried(judge, one):
        one = replace(one, standing="decided", decision=(*judge.born, judge.index))
        judge.tell("changes_decided", name, (), _watchers(judge, one))
        for words in one.changes:
            items = one.items if words[0] == "lift" else ()
            judge.tell(KINDS[words[0]], _subject(words), items, _about(judge, words, one.items))
    elif _weight(judge, one.rejected) / total > 1 / 3 - 1e-9:
        one = replace(one, standing="rejected")
        judge.tell("changes_ended", name, (), _watchers(judge, one))
    model.motions[name] = one


def _subject(words: Words) -> str:
    return "timing.propose_ms" if words[0] == "pace" else words[1]


def _watchers(judge: Judge, one: Motion) -> set[str]:
    about = {name for words in one.changes for name in _about(judge, words, one.items)}
    return {*_powers(judge.model.registered), *judge.regulators(), *about}


def _about(judge: Judge, words: Words, items: tuple[str, ...]) -> set[str]:
    known = judge.model.registered
    match words:
        case (("licence" | "roles"), name, *_more):
            return {name}
        case "admit", name:
            return {name} & known.roles.keys()
        case "place", place, name:
            named = {name} & known.roles.keys()
            return {*named, known.places[place][0]} if place in known.places else named
        case "product", kind, name:
            return {name, known.holders[kind]} if kind in known.holders else {name}
        case "lift", setter, _kind:
            return {setter, *(name for item in items for name in stakeholders(judge, item))}
        case "node", node, name, _power:
            return {name, known.nodes[node][0]} if node in known.nodes else {name}
        case "no_node", node:
            return {known.nodes[node][0]} if node in known.nodes else set()
    return set()
