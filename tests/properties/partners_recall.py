"""Random partners on recalls and repacking: which goods they call back, what they answer, what they open."""

from dataclasses import replace
from random import Random
from typing import Any

from tests.properties import partners_lots, partners_transform
from tests.properties.facts import COUNTED, DAY_MS, HOUR_MS, PLACES, ROLES, of_role
from tests.properties.model import Model, lot_name
from tests.properties.said import Alternative, Said

VERBS = {
    "recall": 2,
    "widen": 1,
    "classify": 1,
    "acknowledge": 1,
    "respond": 1,
    "close": 1,
    "free": 2,
    "spare": 3,
    **partners_transform.VERBS,
    **partners_lots.VERBS,
}
"""Verbs by how often they are said."""
REGULATORS = of_role("regulator")
OPENERS = ("maker", "maker", "maker", "maker", "rival", "rival", *REGULATORS)


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return who speaks of recalls."""
    if verb == "repack":
        return random.choice(partners_transform.SIGNERS)
    if verb in partners_lots.VERBS:
        return random.choice(partners_lots.SIGNERS)
    if verb == "recall":
        return random.choice([*OPENERS, *ROLES] if random.randrange(8) == 0 else list(OPENERS))
    if verb in ("acknowledge", "respond"):
        return random.choice(list(ROLES))
    openers = [found.opener for found in model.recalls.values()]
    return random.choice([*(openers or ["maker"]), *REGULATORS])


def on_recalls(random: Random, model: Model, signer: str, now_ms: int, verb: str, name: str) -> Said:
    """Return a record of a recall; `name` is what a new one is called."""
    if verb == "repack":
        return partners_transform.repack(random, model, signer)
    if verb in partners_lots.VERBS:
        return partners_lots.says(random, model, signer)
    known = [one for one, found in model.recalls.items() if not found.closed or random.randrange(4) == 0]
    recall = name if verb == "recall" else random.choice([*known, *known, "C0"])
    items: tuple[str, ...] = ()
    if verb == "free":
        items = tuple(random.sample(sorted(model.items), min(2, len(model.items))))
        under = [item for item in sorted(model.items) if _is_under(model, item, recall)]
        if under and random.randrange(5):
            items = tuple(random.sample(under, min(2, len(under))))
    counted = sorted({key[:2] for key in model.stock}) or [("gel", "A")]
    if verb == "spare":
        marked = _marked_lots(model)
        kind, lot = random.choice(marked if marked and random.randrange(4) else [*counted, ("pack", "A")])
        numbers = {number for _word, number in model.against_counted((kind, lot))}
        mine = [one for one, found in model.recalls.items() if found.number in numbers]
        return Said(verb=verb, recall=random.choice(mine or [recall]), kind=kind, lot=lot)
    return Said(
        verb=verb,
        recall=recall,
        items=items,
        scope=_scope(random, model, signer, now_ms) if verb in ("recall", "widen") else (),
        withdrawal=random.randrange(3) == 0 and verb == "recall",
        drill=random.randrange(5) == 0 and verb == "recall",
        ordered=verb == "recall" and (signer in REGULATORS) != (random.randrange(8) == 0),
        missing=random.choice((0, 0, 1, 5, -1)) if verb == "respond" else 0,
    )


def _marked_lots(model: Model) -> list[tuple[str, str]]:
    """Return the lots of packs without serials that something speaks against."""
    return [lot for lot in sorted({key[:2] for key in model.stock}) if model.against_counted(lot)]


def is_apt(model: Model, verb: str, signer: str) -> bool:
    """Tell whether it may be up to a partner to say this of recalls now."""
    if verb == "repack":
        return partners_transform.is_apt(model, signer)
    if verb in partners_lots.VERBS:
        return signer in partners_lots.SIGNERS
    if verb == "spare":
        return bool(_marked_lots(model)) and signer in OPENERS
    return signer in OPENERS if verb == "recall" else bool(model.recalls)


def _is_under(model: Model, item: str, recall: str) -> bool:
    found = model.recalls.get(recall)
    if found is None:
        return False
    thing = model.items[item]
    return (found.word, found.number) in model.against(item) or f"{found.word} {found.number}" in thing.holds


def _scope(random: Random, model: Model, signer: str, now_ms: int) -> tuple[Alternative, ...]:
    count = random.choice((0, 1, 1, 1, 1, 1, 2))
    return tuple(_alternative(random, model, signer, now_ms) for _ in range(count))


def _alternative(random: Random, model: Model, signer: str, now_ms: int) -> Alternative:
    """Describe a make that there is, by some of its facets; or anything."""
    own = sorted(source for source in model.makes if model.registered.holders[source[0]] == signer) or sorted(
        model.makes
    )
    if not own:
        return Alternative(kind="pack", lot="A")
    source = random.choice(own)
    kind, _lot, line, _hour, site = source[:5]
    lot = lot_name(source)
    any_kind = random.choice(list(model.registered.holders))
    window = _window(random, source, now_ms)
    some = partners_lots.some_material(random)
    excursions = _excursions(random, model, source)
    if excursions and random.randrange(3) == 0:
        return random.choice(excursions)
    return random.choice(
        (
            Alternative(material=some),
            Alternative(kind=kind, material=some),
            replace(window, kind=kind, material=some),
            _items(random, model, source),
            Alternative(kind=kind, first="1", last=random.choice("19")),
            replace(
                window, kind=kind, first="10", last="40", from_ms=0, until_ms=0, lot=random.choice(("", lot))
            ),
            Alternative(kind=kind, first="1", last="9", material=some),
            Alternative(site=site or random.choice(list(PLACES))),
            Alternative(kind=kind, family=kind == "case", market=random.choice(("home", "away"))),
            replace(window, kind=kind, line=random.choice(("", line))),
            replace(window, kind=kind, lot=lot),
            replace(window, site=site or "mill"),
            Alternative(kind=kind, lot=lot, line=line or "1"),
            Alternative(kind=any_kind, lot=lot, family=bool(random.randrange(2))),
            Alternative(kind=random.choice(list(COUNTED))),
            Alternative(kind=kind, lot=lot),
        )
    )


def _excursions(random: Random, model: Model, source: tuple[Any, ...]) -> list[Alternative]:
    """Name sessions, alone or with a product and lot."""
    if not model.sessions:
        return [Alternative(session=1)] if random.randrange(9) == 0 else []
    warm = [
        (number, kind)
        for number, session in sorted(model.sessions.items())
        for kind in sorted(session.judged)
        if session.first_breach(kind)
    ]
    number, kind = random.choice([*warm, (random.choice(sorted(model.sessions)), source[0])])
    return [
        Alternative(session=number),
        Alternative(kind=kind, session=number),
        Alternative(kind=kind, session=number),
        Alternative(kind=source[0], lot=lot_name(source), session=number),
        Alternative(kind=source[0], line=source[2], session=number),
        Alternative(session=number, material=partners_lots.some_material(random)),
    ]


def _items(random: Random, model: Model, source: tuple[Any, ...]) -> Alternative:
    alike = [item for item, thing in model.items.items() if thing.source[:2] == source[:2]]
    return Alternative(items=tuple(random.sample(alike, min(2, len(alike)))), lot="", kind=source[0])


def _window(random: Random, source: tuple[Any, ...], now_ms: int) -> Alternative:
    """Choose a window around the hour of a make, when that is known."""
    start_ms = source[3] * HOUR_MS + random.choice((0, 1, -HOUR_MS)) if source[3] else now_ms - 5 * DAY_MS
    length_ms = random.choice((1, HOUR_MS, 2 * HOUR_MS, 5 * DAY_MS))
    return Alternative(from_ms=start_ms, until_ms=max(start_ms + 1, min(start_ms + length_ms, now_ms)))
