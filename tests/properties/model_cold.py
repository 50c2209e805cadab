"""Rule 18 of contracts/LAW.md on the model: the cold chain."""

from collections.abc import Iterable
from dataclasses import replace

from tests.properties.facts import MAX_SOURCES, TOLERANCE_MS
from tests.properties.model import Model, parties
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_sessions import (
    Judged,
    Session,
    Storage,
    around,
    kept,
    kinds_in,
    standing,
    through,
)
from tests.properties.said import Said

COLDEST, HOTTEST = -27_315, 100_000
MAX_READINGS = 2_000


def join(judge: Judge, parent: str, items: Iterable[str]) -> None:
    """Let goods that go into a container be judged by the loggers on and around it from now on."""
    model = judge.model
    shared = around(model, parent)
    model.change(parent, exposures=model.items[parent].exposures & shared)
    for number, _until_s in shared:
        session = model.sessions[number]
        for kind in kept(model, items) if session.is_running else ():
            if kind not in session.judged:
                judged = new_judged(model, kind, judge.now_ms // 1_000, items, len(session.readings))
                model.sessions[number] = session = replace(session, judged={**session.judged, kind: judged})


def new_judged(model: Model, kind: str, since_s: int, items: Iterable[str], first: int = 0) -> Judged:
    """Begin to judge a product that went through what these items went through."""
    numbers = {number for item in items for number, _until_s in through(model, item)}
    used = [model.sessions[one].findings(kind)[0] for one in numbers if kind in model.sessions[one].judged]
    return Judged(model.storages[kind], kind in model.registered.logged, since_s, max(used, default=0), first)


# ---------------------------------------------------------------------------------------- journeys


def send(judge: Judge, shipment: str, items: Iterable[str]) -> None:
    """Mark what is sent without the logger it needs."""
    model = judge.model
    lacking = {}
    for item in items:
        needing = sorted(kinds_in(model, (item,)) & model.registered.logged)
        is_logged = any(
            model.sessions[number].is_running and not until_s
            for number, until_s in model.items[item].exposures
        )
        if needing and not is_logged:
            lacking[item] = needing
    if not lacking:
        return
    kinds = sorted({kind for needing in lacking.values() for kind in needing})
    now_s, number = judge.now_ms // 1_000, len(model.sessions) + 1
    judged = {kind: Judged(Storage(0, 0, 0, 0, 0), True, 0, 0, 0) for kind in kinds}
    model.sessions[number] = Session("", shipment, judge.signer, now_s, off_s=now_s, judged=judged)
    model.unlogged[shipment] = number
    for item in lacking:
        model.change(item, exposures=model.items[item].exposures | {(number, 0)})


def arrive(judge: Judge, shipment: str) -> None:
    """Hold what came without the logger it needs."""
    model = judge.model
    number = model.unlogged.get(shipment, 0)
    if not number or model.sessions[number].is_received:
        return
    session = model.sessions[number] = replace(model.sessions[number], is_received=True)
    kinds = [kind for kind, one in session.judged.items() if not one.is_cleared]
    concerned = (*parties(model.shipments[shipment]), *(model.registered.holders[kind] for kind in kinds))
    judge.tell("logger_missing", f"session {number}", (), concerned)


# ---------------------------------------------------------------------------------------- records


def keep(judge: Judge, said: Said) -> Verdicts:
    """A storage profile."""
    yield from _own_product(judge, said)
    low, high, allowance_s, budget_s, gap_s = said.limits
    is_sane = COLDEST <= low <= high <= HOTTEST and 0 <= allowance_s <= budget_s and gap_s > 0
    yield set() if is_sane else {"storage_profile_invalid"}
    judge.model.storages[said.kind] = Storage(*said.limits)


def _own_product(judge: Judge, said: Said) -> Verdicts:
    """Ask whether a product is registered, and the signer its marketing holder."""
    holders = judge.model.registered.holders
    yield set() if said.kind in holders else {"product_unknown"}
    yield set() if holders[said.kind] == judge.signer else {"not_product_holder"}


def put_logger(judge: Judge, said: Said) -> Verdicts:
    """A logger is put on."""
    model, (item,) = judge.model, said.items
    yield set() if item in model.items else {"item_unknown"}
    yield model.first_fault((item,), [*judge.life(), judge.hand()[0]])
    on_s = (judge.now_ms + said.ahead_ms) // 1_000
    last = model.sessions.get(model.loggers.get(said.logger, 0))
    yield {"logger_in_use"} if last and last.is_running else set()
    yield {"logger_time_invalid"} if last and on_s < last.off_s else set()
    crowded = [up for up in model.above(item) if len(model.exposures_inside(up)) >= MAX_SOURCES]
    is_full = len(model.items[item].exposures) >= MAX_SOURCES
    yield {"container_too_mixed"} if is_full or crowded else set()
    judged = {kind: new_judged(model, kind, on_s, (item,)) for kind in kept(model, (item,))}
    number = len(model.sessions) + 1
    model.sessions[number] = Session(said.logger, item, judge.signer, on_s, judged=judged)
    model.loggers[said.logger] = number
    model.change(item, exposures=model.items[item].exposures | {(number, 0)})


def _with_logger(judge: Judge, number: int) -> str:
    """Return what a running session's logger is on; nothing when that has ended or is a new unit."""
    model, session = judge.model, judge.model.sessions[number]
    if session.item not in model.items or model.life(session.item) != "active":
        return ""
    is_on = session.is_running and (number, 0) in model.items[session.item].exposures
    return session.item if is_on else ""


def remove_logger(judge: Judge, said: Said) -> Verdicts:
    """A logger is taken off."""
    model = judge.model
    yield set() if said.logger in model.loggers else {"logger_unknown"}
    number = model.loggers[said.logger]
    session = model.sessions[number]
    yield set() if session.is_running else {"logger_not_on"}
    item = _with_logger(judge, number)
    who = model.holder(item) if item else session.installed_by
    yield set() if who == judge.signer else {"not_with_logger"}
    yield {"in_transit"} if item and model.shipment(item) else set()
    off_s = (judge.now_ms + said.ahead_ms) // 1_000
    yield {"logger_time_invalid"} if off_s < session.last_s else set()
    model.sessions[number] = replace(session, off_s=off_s, removed_by=judge.signer)


def read(judge: Judge, said: Said) -> Verdicts:
    """A logger is read out."""
    model = judge.model
    yield set() if said.logger in model.loggers else {"logger_unknown"}
    number = model.loggers[said.logger]
    session = model.sessions[number]
    item = _with_logger(judge, number)
    allowed = {session.installed_by, session.removed_by, model.holder(item) if item else ""}
    yield set() if judge.signer in allowed else {"not_with_logger"}
    readings = [((judge.now_ms + ms) // 1_000, temperature) for ms, temperature in said.readings]
    times = [at_s for at_s, _temperature in readings]
    is_sane = 0 < len(readings) <= MAX_READINGS and times == sorted(set(times))
    is_sane = is_sane and all(COLDEST <= one <= HOTTEST for _at_s, one in readings)
    is_sane = is_sane and times[-1] <= (judge.now_ms + TOLERANCE_MS) // 1_000
    yield set() if is_sane else {"readings_invalid"}
    is_after = times[0] > session.last_s if session.readings else times[0] >= session.on_s
    is_within = not session.off_s or times[-1] <= session.off_s
    yield set() if is_after and is_within else {"readings_out_of_order"}
    after = replace(session, readings=(*session.readings, *readings))
    model.sessions[number] = after
    stake = [session.installed_by, session.removed_by]
    if item:
        stake += [model.holder(item), model.owner(item)]
        stake += parties(model.shipments[model.shipment(item)]) if model.shipment(item) else ()
    found: dict[str, list[str]] = {}
    for kind in session.judged:
        _outside_s, breached_s, is_gap = after.findings(kind)
        if breached_s and not session.findings(kind)[1]:
            found.setdefault("reading_gap" if is_gap else "excursion", []).append(
                model.registered.holders[kind]
            )
    for event, makers in found.items():
        judge.tell(event, f"session {number}", (session.item,), (*stake, *makers))


def acquit(judge: Judge, said: Said) -> Verdicts:
    """A session is cleared for a product."""
    model = judge.model
    yield from _own_product(judge, said)
    yield set() if said.session in model.sessions else {"session_unknown"}
    session = model.sessions[said.session]
    yield set() if said.kind in session.judged else {"not_in_session"}
    whole = frozenset({(said.session, 0)})
    yield set() if standing(model, whole, {said.kind}, judge.now_ms) else {"nothing_to_clear"}
    one = session.judged[said.kind]
    cleared = Judged(
        *(one.storage, one.needs_logger, judge.now_ms // 1_000, 0, len(session.readings)), is_cleared=True
    )
    judged = {**session.judged, said.kind: cleared}
    first = {**session.cleared, said.kind: session.first_breach(said.kind)}
    model.sessions[said.session] = replace(session, judged=judged, cleared=first)
    item = _with_logger(judge, said.session)
    told = [session.installed_by, session.removed_by]
    if item:
        told += [model.holder(item), model.owner(item)]
        told += parties(model.shipments[model.shipment(item)]) if model.shipment(item) else ()
    elif not session.logger:
        told += parties(model.shipments[session.item])
    judge.tell("cold_chain_cleared", f"session {said.session}", (), told)
