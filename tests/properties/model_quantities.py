"""Rule 30 of contracts/LAW.md on the model: packs without serials."""

from collections import Counter
from dataclasses import dataclass, replace

from tests.properties.facts import BLOCKING, DAY_MS, HOUR_MS, LOTLESS, OFFSETS, TOLERANCE_MS
from tests.properties.model import Model
from tests.properties.model_custody import ship_terms
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_lanes import keeps
from tests.properties.model_recall import reach_late
from tests.properties.said import Said

MAX_LINES = 256
MAX_MADE = 10**12
NEVER_MS = 1 << 62
"""When a product without lots expires, as far as the ledger knows."""
USED = {"dispensed", "exported"}
"""Ends of packs that somebody may use."""
COUNTED_PURPOSES = {"sale", "own_premises", "return"}


@dataclass(frozen=True)
class Load:
    """Packs on their way; what is still outstanding."""

    sender: str
    receiver: str
    owner: str
    passes: int
    lines: tuple[tuple[str, str, int], ...]
    carrier: str = ""
    custody: bool = False


def make(judge: Judge, said: Said) -> Verdicts:
    """Packs come to be."""
    model, known = judge.model, judge.model.registered
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield set() if said.kind in known.by_lot else {"product_serialised"}
    is_delegate = (said.kind, judge.signer) in known.delegates
    yield set() if is_delegate or known.holders[said.kind] == judge.signer else {"no_commission_authority"}
    ((_kind, _lot, quantity),) = said.lines
    yield set() if 0 < quantity <= MAX_MADE else {"lines_invalid"}
    expires_ms = (said.expiry + 1) * DAY_MS - OFFSETS[known.markets[said.kind][0]] * 60_000
    if said.kind in LOTLESS:
        yield {"lot_invalid"} if said.lot or said.expiry or said.line or said.made_ms else set()
        expires_ms = NEVER_MS
    else:
        yield {"lot_invalid"} if not said.lot else set()
    yield {"made_at_invalid"} if said.made_ms > judge.now_ms + TOLERANCE_MS else set()
    yield {"expired"} if expires_ms <= judge.now_ms else set()
    lot = (said.kind, said.lot)
    yield {"lot_expiry_mismatch"} if model.lots.get(lot, said.expiry) != said.expiry else set()
    yield {"lot_on_hold"} if model.against_lot(lot) else set()
    yield {"quantity_too_large"} if model.books[*lot, "made"] + quantity > MAX_MADE else set()
    model.lots[lot] = said.expiry
    model.instants.setdefault(lot, expires_ms)
    model.makers.setdefault(lot, judge.signer)
    model.registered.made_for.setdefault(lot, known.markets[said.kind])
    source = (said.kind, said.lot, said.line, said.made_ms // HOUR_MS, said.at)
    if source not in model.makes:
        model.makes.add(source)
        reach_late(judge, source)
    model.books[*lot, "made"] += quantity
    model.stock[*lot, judge.signer, judge.signer] += quantity


def send(judge: Judge, said: Said) -> Verdicts:
    """Packs go on their way."""
    model, owner = judge.model, said.owner or judge.signer
    yield _form(said)
    yield set() if said.purpose in COUNTED_PURPOSES else {"purpose_not_counted"}
    # A return of packs without serials points at no sale; what else is asked of one is asked of a disposal.
    purpose = "disposal" if said.purpose == "return" else said.purpose
    yield from ship_terms(judge, replace(said, purpose=purpose))
    yield {"already_announced"} if said.shipment in model.loads else set()
    is_home = said.purpose == "own_premises" or (said.purpose == "return" and said.receiver == owner)
    may_send = owner == judge.signer or (is_home and not said.passes)
    yield set() if may_send else {"not_owner"}
    yield _enough(model, said, judge.signer, owner)
    yield _unclean(judge, said) if said.purpose == "sale" else set()
    left = _left(judge, said) if said.purpose == "sale" else {}
    is_blocking = judge.profile_at(said) in BLOCKING
    yield {"outside_trade_lane"} if is_blocking and any(left.values()) else set()
    for kind in left:
        judge.tell("lane_left", kind, (), (model.registered.holders[kind],))
    for kind, lot, quantity in said.lines:
        model.stock[kind, lot, judge.signer, owner] -= quantity
    terms = (judge.signer, said.receiver, owner, said.passes)
    model.loads[said.shipment] = Load(*terms, said.lines, said.carrier)
    judge.tell("quantity_announced", said.shipment, (), (said.receiver, owner, said.carrier))


def _left(judge: Judge, said: Said) -> dict[str, bool]:
    """Return the kinds that leave a lane, and whether one of these lanes blocks."""
    known, found = judge.model.registered, {}
    for kind, lot, _quantity in said.lines:
        terms = known.lanes.get((kind, lot)) or known.lanes.get((kind, ""))
        if terms is not None and not keeps(judge, said, terms):
            found[kind] = found.get(kind, False) or bool(terms[3])
    return found


def settle(judge: Judge, said: Said) -> Verdicts:
    """Packs are received, refused, or taken back."""
    model = judge.model
    yield set() if said.shipment in model.loads else {"shipment_unknown"}
    load = model.loads[said.shipment]
    concerned = (load.sender, load.receiver, load.owner, load.carrier)
    if said.reason == "received" and judge.signer == load.carrier:
        yield set() if load.lines else {"shipment_closed"}
        yield {"carrier_takes_whole"} if said.lines else set()
        yield {"custody_already_taken"} if load.custody else set()
        model.loads[said.shipment] = replace(load, custody=True)
        judge.tell("custody_taken", said.shipment, (), concerned)
        return
    wanted = load.sender if said.reason == "voided" else load.receiver
    yield set() if wanted == judge.signer else {"not_sender" if said.reason == "voided" else "not_receiver"}
    yield set() if load.lines else {"shipment_closed"}
    yield _form(said) if said.lines else set()
    outstanding = Counter({(kind, lot): quantity for kind, lot, quantity in load.lines})
    settled = Counter({(kind, lot): quantity for kind, lot, quantity in said.lines or load.lines})
    yield {"not_enough"} if settled - outstanding else set()
    rest = outstanding - settled
    lines = tuple((*line, quantity) for line, quantity in rest.items())
    model.loads[said.shipment] = replace(load, lines=lines, custody=load.custody and bool(lines))
    is_received = said.reason == "received"
    holder = load.receiver if is_received else load.sender
    owner = load.receiver if is_received and load.passes else load.owner
    for (kind, lot), quantity in settled.items():
        model.stock[kind, lot, holder, owner] += quantity
    judge.tell("quantity_received" if is_received else "quantity_back", said.shipment, (), concerned)


def end(judge: Judge, said: Said) -> Verdicts:
    """Packs leave the supply chain."""
    model, owner = judge.model, said.owner or judge.signer
    yield _form(said)
    is_dispensed = said.reason == "dispensed"
    may_dispense = judge.roles(judge.signer) & judge.profile(said).dispense
    yield {"dispensing_not_allowed"} if is_dispensed and not may_dispense else set()
    yield _enough(model, said, judge.signer, owner)
    yield _unclean(judge, said) if said.reason in USED else set()
    for kind, lot, quantity in said.lines:
        model.stock[kind, lot, judge.signer, owner] -= quantity
        model.books[kind, lot, said.reason] += quantity
    judge.tell("quantity_ended", "", (), (owner,))


def _form(said: Said) -> set[str]:
    """Ask whether lines make sense."""
    different = {line[:2] for line in said.lines}
    is_sane = 0 < len(said.lines) <= MAX_LINES and len(different) == len(said.lines)
    return set() if is_sane and all(0 < line[2] <= MAX_MADE for line in said.lines) else {"lines_invalid"}


def _enough(model: Model, said: Said, holder: str, owner: str) -> set[str]:
    """Ask whether so many are there."""
    short = [line for line in said.lines if line[2] > model.stock[line[0], line[1], holder, owner]]
    return {"not_enough"} if short else set()


def _unclean(judge: Judge, said: Said) -> set[str]:
    """Ask whether lots are clear and not expired; any of several answers will do."""
    found = set()
    for kind, lot, _quantity in said.lines:
        marked = {word for word, _number in judge.model.against_counted((kind, lot))}
        if marked:
            found.add("recalled" if "recalled" in marked else "withdrawn")
        elif judge.model.instants.get((kind, lot), judge.now_ms + 1) <= judge.now_ms:
            found.add("expired")
    return found


def totals(model: Model) -> Counter[tuple[str, str]]:
    """Return what is in hands or on its way or has ended, by kind and lot: all that was ever made."""
    found: Counter[tuple[str, str]] = Counter()
    for (kind, lot, _holder, _owner), quantity in model.stock.items():
        found[kind, lot] += quantity
    for load in model.loads.values():
        for kind, lot, quantity in load.lines:
            found[kind, lot] += quantity
    for (kind, lot, column), quantity in model.books.items():
        found[kind, lot] += quantity if column != "made" else 0
    return found
