"""What random partners say of packs without serials (rule 30)."""

from dataclasses import replace
from random import Random

from tests.properties.facts import DAY_MS, HOUR_MS, LOTLESS, PLACES, ROLES, TOLERANCE_MS
from tests.properties.model import Model
from tests.properties.said import Said

VERBS = {"make": 4, "send": 6, "settle": 6, "end": 3}
"""Verbs by how often they are said."""
ENDS = ("dispensed", "dispensed", "destroyed", "exported", "stolen", "lost")
PURPOSES = ("sale", "sale", "sale", "own_premises", "return", "disposal")
BUYERS = (
    "bulk",
    "bulk",
    "broker",
    "pharmacy",
    "clinic",
    "maker",
    "rival",
    "carrier",
    "lapsed",
    "north",
    "hospital",
)


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return who may say this now."""
    if verb == "make":
        return random.choice(["maker", "maker", "maker", "rival", "delegate", "generic"])
    if verb == "settle":
        loads = [load for load in model.loads.values() if load.lines]
        load = random.choice(loads) if loads else None
        carriers = [load.carrier] if load is not None and load.carrier else []
        return random.choice([load.receiver if load is not None else "bulk", "maker", *carriers])
    return random.choice(
        [holder for (_k, _l, holder, _o), number in model.stock.items() if number] or ["bulk"]
    )


def is_apt(model: Model, verb: str, signer: str) -> bool:
    """Tell whether it may be up to a partner to say this now: what it says is chosen by what it has."""
    del model, verb, signer
    return True


def says(random: Random, model: Model, who: tuple[str, str], now_ms: int, verb: str) -> Said:
    """Return one record of a kind, by a signer and naming a shipment so; mostly something lawful."""
    signer, name = who
    own = [place for place, owner in PLACES.items() if owner == signer]
    at = random.choice(own) if own and random.random() < 0.6 else ""
    if verb == "make":
        return _make(random, model, now_ms, at)
    if verb == "settle":
        return _settle(random, model, signer, at)
    stock = [key for key, number in model.stock.items() if number and key[2] == signer]
    if not stock:
        line = ("gel", "A1", 1)
        return Said(verb="end", lines=(line,), reason="destroyed", at=at)
    owner = random.choice(stock)[3]
    some = [key for key in stock if key[3] == owner][: random.choice((1, 1, 2))]
    lines = tuple(
        (kind, lot, _part(random, model.stock[kind, lot, signer, owner])) for kind, lot, *_who in some
    )
    said = Said(verb=verb, lines=lines, at=at, owner="" if owner == signer else owner)
    if random.random() < 0.03:
        said = replace(said, lines=random.choice(((), lines * 2, ((*lines[0][:2], 0),))))
    if verb == "end":
        return replace(said, reason=random.choice(ENDS))
    return _send(random, said, signer, name)


def _part(random: Random, number: int) -> int:
    return number + 1 if random.random() < 0.05 else random.randint(1, number)


def _make(random: Random, model: Model, now_ms: int, at: str) -> Said:
    kind = random.choice(sorted(model.registered.by_lot) or ["gel"]) if random.random() < 0.95 else "pack"
    today = now_ms // DAY_MS
    lot = f"{random.choice('AB')}{today // 30}"
    expiry = model.lots.get((kind, lot), today + random.choice((9, 40, 300)))
    if random.random() < 0.05:
        expiry += random.choice((-400, 1))
    if kind in LOTLESS and random.random() < 0.95:
        return Said(verb="make", kind=kind, lines=((kind, "", 10),), at=at)
    quantity = random.choice((1, 5, 100, 100, 0, 10**12, 10**12 + 1)) if random.random() < 0.1 else 10
    made_ms = random.choice((0, 0, now_ms - HOUR_MS, now_ms + TOLERANCE_MS + 1))
    made = {"kind": kind, "lot": lot, "expiry": expiry, "made_ms": made_ms, "at": at}
    return Said(verb="make", lines=((kind, lot, quantity),), line=random.choice(("", "1")), **made)


def _send(random: Random, said: Said, signer: str, name: str) -> Said:
    purpose = random.choice(PURPOSES)
    receiver = random.choice([buyer for buyer in BUYERS if buyer != signer])
    if purpose == "own_premises" and random.random() < 0.9:
        receiver = signer
    elif purpose == "return" and said.owner:
        receiver = said.owner
    elif random.random() < 0.05:
        receiver = random.choice(list(ROLES))
    passes = int(purpose != "own_premises" and not said.owner and random.random() < 0.7)
    places = [place for place, owner in PLACES.items() if owner == receiver]
    destination = random.choice(places) if places and random.random() < 0.5 else ""
    if purpose == "own_premises" and places and not destination:
        destination = places[0]
    carrier = random.choice(("", "", "carrier", "van", "rail", "bulk")) if random.random() < 0.5 else ""
    within_ms = random.choice((0, 0, HOUR_MS - 1, 2 * HOUR_MS, 2 * DAY_MS + 1))
    terms = {"purpose": purpose, "receiver": receiver, "passes": passes, "destination": destination}
    return replace(said, shipment=name, within_ms=within_ms, carrier=carrier, **terms)


def _settle(random: Random, model: Model, signer: str, at: str) -> Said:
    mine = [
        name
        for name, load in model.loads.items()
        if signer in (load.receiver, load.sender, load.carrier) and load.lines
    ]
    name = random.choice(mine) if mine and random.random() < 0.95 else random.choice([*model.loads, "Q0"])
    load = model.loads.get(name)
    is_sender = load is not None and load.sender == signer
    reason = (
        "voided"
        if is_sender and random.random() < 0.8
        else random.choice(("received", "received", "refused"))
    )
    if load is not None and load.carrier == signer and random.random() < 0.8:
        return Said(verb="settle", shipment=name, reason="received", at=at)
    lines = load.lines if load is not None else ()
    if not lines or random.random() < 0.5:
        return Said(verb="settle", shipment=name, reason=reason, at=at)
    some = tuple((kind, lot, _part(random, number)) for kind, lot, number in lines)
    return Said(verb="settle", shipment=name, reason=reason, lines=some, at=at)
