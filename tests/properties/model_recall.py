"""Rule 17 of contracts/LAW.md on the model: recalls, by looking at everything that was ever made."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tests.properties.facts import GTIN, PROFILES, is_unit, kind_of
from tests.properties.model import Model
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_named import excursed_kinds, is_excursed, names_make
from tests.properties.said import Alternative, Said

LOT_WORDS = 2
"""Of the name of a lot: kind and number; those of a make begin with them."""


@dataclass(frozen=True)
class Recall:
    """A recall, a withdrawal or a drill."""

    number: int
    opener: str
    word: str
    """recalled or withdrawn: what its goods are."""
    drill: bool
    alternatives: tuple[Alternative, ...]
    lenient: bool
    """Whether its opener may close it and release from it."""
    kinds: frozenset[str]
    """The products that its scope named when it was opened or widened; lineage may lead to others."""
    graded: bool = False
    """Whether it has a class."""
    closed: bool = False
    closed_at: tuple[int, int] = (0, 0)
    """Height and index of the document that closed it."""
    answered: frozenset[str] = frozenset()
    """Who acknowledged or responded."""
    missing: frozenset[tuple[str, int]] = frozenset()
    """Who responded last that so many packs are not found."""
    scope: tuple[Alternative, ...] = ()
    """All that was ever named, lists of items too."""


MAX_MARKS = 1_024
"""Most marks of one lot: of it as a whole, or of its makes."""


def is_crowded(model: Model) -> bool:
    """Tell whether some lot bears more marks than may be; one on the whole stands for those on its makes."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for make, marks in model.marks.items():
        whole = model.marks.get(make[:2], set()) if len(make) > LOT_WORDS else set()
        counts[make[:2]] += len(marks - whole)
    return any(count > MAX_MARKS for count in counts.values())


def names_items(one: Alternative) -> list[str]:
    """Return the items that an alternative lists or spans."""
    if not one.first:
        return list(one.items)
    return [f"{one.kind}-{number}" for number in range(int(one.first), int(one.last) + 1)]


def recall(judge: Judge, said: Said) -> Verdicts:
    """Open."""
    model = judge.model
    is_regulator = "regulator" in judge.roles(judge.signer)
    yield {"origin_invalid"} if is_regulator and not said.ordered else set()
    yield {"already_opened"} if said.recall in model.recalls else set()
    yield from _reachable(judge, said, 0)
    number = len(model.recalls) + 1
    word = "withdrawn" if said.withdrawal else "recalled"
    kept = tuple(one for one in said.scope if not one.items)
    kinds = _kinds(judge, said)
    is_lenient = PROFILES[model.registered.profile_of(min(kinds, key=GTIN.__getitem__))].lenient
    model.recalls[said.recall] = Recall(
        number, judge.signer, word, said.drill, kept, is_lenient, kinds, scope=said.scope
    )
    kind = "drill_opened" if said.drill else "recall_opened"
    judge.tell(kind, said.recall, (), _concerned(judge, said))
    _mark(judge, said, model.recalls[said.recall])


def widen(judge: Judge, said: Said) -> Verdicts:
    """Widen."""
    yield from _of_parties(judge, said)
    found = judge.model.recalls[said.recall]
    yield from _reachable(judge, said, len(found.alternatives))
    kept = tuple(one for one in said.scope if not one.items)
    holders = judge.model.registered.holders
    kinds = found.kinds | {kind for kind in _kinds(judge, said) if holders[kind] == found.opener}
    scope = (*found.scope, *said.scope)
    found = replace(found, alternatives=(*found.alternatives, *kept), kinds=kinds, scope=scope)
    judge.model.recalls[said.recall] = found
    judge.tell("recall_widened", said.recall, (), (found.opener, *_concerned(judge, said)))
    _mark(judge, said, found)


def reached(model: Model, scope: Iterable[Alternative]) -> tuple[set[tuple[Any, ...]], list[str]]:
    """Return the lots (two words) and makes (five) in scope, and single items."""
    marks: set[tuple[Any, ...]] = set()
    items: list[str] = []
    for one in scope:
        if one.session:
            continue
        if one.items or one.first:
            known = [item for item in names_items(one) if item in model.items and not is_unit(item)]
            items += [item for item in known if names_make(model, one, model.items[item].source)]
            continue
        makes = [source for source in model.makes if names_make(model, one, source)]
        is_whole = not (one.line or one.until_ms or one.site)
        marks |= {source[:2] if is_whole else source for source in makes}
    return marks, list(dict.fromkeys(items))


def _with_lineage(judge: Judge, said: Said) -> tuple[set[tuple[Any, ...]], list[str]]:
    """Return what is in scope, and every make that something of it was repacked into."""
    model = judge.model
    marks, items = reached(model, said.scope)
    marks |= {model.repacked[item] for item in items if item in model.repacked}
    return with_what_was_repacked(model, marks), items


def _kinds(judge: Judge, said: Said) -> frozenset[str]:
    """Return the products that a scope names, whatever was repacked from them."""
    marks, items = reached(judge.model, said.scope)
    kinds = {source[0] for source in marks} | {kind_of(item) for item in items}
    return frozenset(kinds | excursed_kinds(judge.model, said.scope))


def with_what_was_repacked(model: Model, marks: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Return lots and makes, and every make that something of them was repacked into."""
    found, before = set(marks), set[tuple[Any, ...]]()
    while found != before:
        before = set(found)
        for source, origins in model.lineage.items():
            if any(origin in before or origin[:2] in before for origin in origins):
                found.add(source)
    return found


def _reachable(judge: Judge, said: Said, before: int) -> Verdicts:
    """Ask whether a scope makes sense, and may be called back by the signer."""
    model = judge.model
    bad = [one for one in said.scope if not _is_sane(one)]
    yield {"scope_invalid"} if bad or not said.scope else set()
    yield {"scope_too_wide"} if before + len(said.scope) > 64 else set()
    unknown = [item for one in said.scope for item in one.items if item not in model.items]
    yield {"item_unknown"} if unknown else set()
    strange_sessions = {one.session for one in said.scope} - {0, *model.sessions}
    yield {"session_unknown"} if strange_sessions else set()
    marks, items = reached(judge.model, said.scope)
    kinds = {source[0] for source in marks} | {kind_of(item) for item in items}
    kinds |= excursed_kinds(model, said.scope)
    yield set() if kinds else {"scope_empty"}
    if "regulator" not in judge.roles(judge.signer):
        strange = [kind for kind in kinds if judge.model.registered.holders[kind] != judge.signer]
        yield {"not_marketing_holder"} if strange else set()


def _is_sane(one: Alternative) -> bool:
    """Tell whether an alternative names something, and a session without a list or material."""
    if one.session:
        return not (one.items or one.first or one.material[0])
    return bool(one.kind or one.site or one.items or one.material[0])


def _concerned(judge: Judge, said: Said) -> Iterator[str]:
    marks, items = _with_lineage(judge, said)
    for source in marks:
        yield judge.model.makers[source[:2]]
        yield judge.model.registered.holders[source[0]]
    kinds = {kind_of(item) for item in items} | excursed_kinds(judge.model, said.scope)
    yield from (judge.model.registered.holders[kind] for kind in kinds)


def _mark(judge: Judge, said: Said, found: Recall) -> None:
    """Mark what is in scope; nothing in a drill."""
    if found.drill:
        return
    model = judge.model
    marks, items = _with_lineage(judge, said)
    against = (found.word, found.number)
    for source in marks:
        model.marks[source] = model.marks.get(source, set()) | {against}
    for item in items:
        if model.life(item) != "active":
            judge.tell("recall_missed", said.recall, (item,))
        model.change(item, holds=model.items[item].holds | {f"{found.word} {found.number}"})


def reach_late(judge: Judge, source: tuple[Any, ...]) -> None:
    """Mark a make entered later that open recalls call back."""
    model = judge.model
    for name, found in tuple(model.recalls.items()):
        if found.closed or found.drill:
            continue
        is_holder = found.opener == model.registered.holders[source[0]] or source[0] in found.kinds
        makes = [one for one in found.alternatives if not (one.items or one.first or one.session)]
        is_named = any(names_make(model, one, source) for one in makes)
        if is_named and (is_holder or "regulator" in judge.roles(found.opener)):
            # A lot that is called back as a whole takes no new makes, so this is one make by itself.
            model.marks[source] = model.marks.get(source, set()) | {(found.word, found.number)}
            if found.opener == model.registered.holders[source[0]]:
                model.recalls[name] = replace(found, kinds=found.kinds | {source[0]})
            judge.tell("recall_reached", name, (), (found.opener, model.makers[source[:2]]))


def reach_late_items(judge: Judge, source: tuple[Any, ...], items: Iterable[str]) -> None:
    """Hold items of a make entered later that are in ranges of open recalls."""
    model = judge.model
    for name, found in model.recalls.items():
        if found.closed or found.drill:
            continue
        is_holder = found.opener == model.registered.holders[source[0]] or source[0] in found.kinds
        if not (is_holder or "regulator" in judge.roles(found.opener)):
            continue
        ranges = [one for one in found.alternatives if one.first and names_make(model, one, source)]
        reached = [item for item in items if any(item in names_items(one) for one in ranges)]
        for item in reached:
            model.change(item, holds=model.items[item].holds | {f"{found.word} {found.number}"})
        if reached:
            judge.tell("recall_reached", name, reached, (found.opener, model.makers[source[:2]]))


def _of_parties(judge: Judge, said: Said) -> Verdicts:
    """Ask what every record about an open recall by its parties is asked."""
    yield from _is_open(judge, said)
    found = judge.model.recalls[said.recall]
    is_party = judge.signer == found.opener or "regulator" in judge.roles(judge.signer)
    yield set() if is_party else {"not_recall_party"}


def _is_open(judge: Judge, said: Said) -> Verdicts:
    yield set() if said.recall in judge.model.recalls else {"recall_unknown"}
    yield {"recall_closed"} if judge.model.recalls[said.recall].closed else set()


def classify(judge: Judge, said: Said) -> Verdicts:
    """Classify."""
    yield from _of_parties(judge, said)
    found = judge.model.recalls[said.recall]
    is_regulator = "regulator" in judge.roles(judge.signer)
    yield {"regulator_amends_class"} if found.graded and not is_regulator else set()
    judge.model.recalls[said.recall] = replace(found, graded=True)
    judge.tell("recall_classified", said.recall, (), (found.opener,))


def acknowledge(judge: Judge, said: Said) -> Verdicts:
    """Acknowledge."""
    yield from _is_open(judge, said)
    found = judge.model.recalls[said.recall]
    yield {"already_acknowledged"} if judge.signer in found.answered else set()
    _answer(judge, said, "recall_acknowledged")


def respond(judge: Judge, said: Said) -> Verdicts:
    """Respond."""
    yield from _is_open(judge, said)
    yield {"quantity_invalid"} if said.missing < 0 else set()
    _answer(judge, said, "recall_responded")
    found = judge.model.recalls[said.recall]
    others = {one for one in found.missing if one[0] != judge.signer}
    missing = frozenset(others | {(judge.signer, said.missing)})
    judge.model.recalls[said.recall] = replace(found, missing=missing)


def _answer(judge: Judge, said: Said, event: str) -> None:
    found = judge.model.recalls[said.recall]
    judge.model.recalls[said.recall] = replace(found, answered=found.answered | {judge.signer})
    judge.tell(event, said.recall, (), (found.opener,))


def close(judge: Judge, said: Said) -> Verdicts:
    """Close."""
    yield from _of_parties(judge, said)
    found = judge.model.recalls[said.recall]
    may_close = found.drill or found.lenient
    yield set() if may_close or "regulator" in judge.roles(judge.signer) else {"regulator_closes"}
    judge.model.recalls[said.recall] = replace(found, closed=True, closed_at=judge.born)
    judge.tell("recall_closed", said.recall, (), (found.opener,))


def free(judge: Judge, said: Said) -> Verdicts:
    """Release single items."""
    model = judge.model
    yield set() if said.recall in model.recalls else {"recall_unknown"}
    found = model.recalls[said.recall]
    is_regulator = "regulator" in judge.roles(judge.signer)
    yield set() if judge.signer == found.opener or is_regulator else {"not_recall_party"}
    yield set() if found.lenient or is_regulator else {"regulator_releases"}
    strange = ("not_recalled", lambda item: not _is_under(judge, item, found))
    yield model.first_fault(said.items, [judge.together(said), strange])
    for item in said.items:
        model.change(item, holds=model.items[item].holds - {f"{found.word} {found.number}"})
        model.released |= {(item, found.number)}
    judge.tell("recall_released", said.recall, said.items, (found.opener,))


def spare(judge: Judge, said: Said) -> Verdicts:
    """Release the counted packs of a lot."""
    model, lot = judge.model, (said.kind, said.lot)
    yield set() if said.recall in model.recalls else {"recall_unknown"}
    found = model.recalls[said.recall]
    is_regulator = "regulator" in judge.roles(judge.signer)
    yield set() if judge.signer == found.opener or is_regulator else {"not_recall_party"}
    yield set() if found.lenient or is_regulator else {"regulator_releases"}
    yield set() if model.makers.get(lot) else {"lot_unknown"}
    yield set() if model.books[*lot, "made"] else {"product_serialised"}
    marks = {number for make, some in model.marks.items() if make[:2] == lot for _word, number in some}
    yield set() if found.number in marks else {"not_recalled"}
    model.released |= {(" ".join(lot), found.number)}
    judge.tell(
        "recall_released",
        said.recall,
        (),
        (found.opener, model.makers[lot], model.registered.holders[lot[0]]),
    )


def _is_under(judge: Judge, item: str, found: Recall) -> bool:
    thing = judge.model.items[item]
    if f"{found.word} {found.number}" in thing.holds:
        return True
    if (found.word, found.number) in judge.model.against(item):
        return True
    exposures = [
        one for name in (item, *judge.model.above(item)) for one in judge.model.items[name].exposures
    ]
    return bool(thing.source) and is_excursed(
        judge.model, found, judge.model.longest(exposures), thing.source
    )


RULES = (recall, widen, classify, acknowledge, respond, close, free, spare)
