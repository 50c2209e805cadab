"""Rule 18: how products must be kept, loggers put on and taken off, and the maker's word after a breach."""

from typing import Final

import msgspec

from contracts.gs1.loggers import is_valid_logger
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, StorageProfile
from contracts.rules.act import Act
from contracts.rules.cataloguing import holder_fault
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import life_fault, signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.cold_rows import SessionRow, StorageRow
from contracts.state.containers import Load, expose, exposures_of, find_contents, is_emptied, sources_of
from contracts.state.exposures import MS_PER_SECOND, THE_WHOLE, Exposures, exposure, joined, session_of
from contracts.state.layout import LOGGERS, SESSIONS, SHIPMENTS, STORAGE, number_key
from contracts.state.parties import HANDLING, MARKETING, is_holder, is_party, parties_of, stakeholders
from contracts.state.places import Position, effective_life, locate
from contracts.state.rows import NOBODY, Life
from contracts.state.sessions import (
    NOT_YET,
    Standing,
    carries,
    gtins_of,
    is_running,
    new_judgement,
    open_session,
    session_row,
    standing_for,
    storage_of,
    used_before,
    write_session,
)
from contracts.state.view import Overlay

MAX_JUDGED: Final = 16
"""Most products with a storage profile that one session is judged for."""

NO_SOURCE: Final = 0
"""Source of a logistic unit."""

_ABSOLUTE_ZERO: Final = -27_315
_HOTTEST: Final = 100_000
"""Bounds of a temperature, hundredths of a degree Celsius."""
_MAX_SECONDS: Final = 1 << 32


def is_temperature(value: int) -> bool:
    """Tell whether a number can be a temperature, in hundredths of a degree Celsius."""
    return _ABSOLUTE_ZERO <= value <= _HOTTEST


def session_subject(number: int) -> bytes:
    """Return how verdicts and events name a session."""
    return number_key(number)


def storage_profile(act: Act, record: StorageProfile) -> Verdict | None:
    """Rule 18: a product's marketing holder says how it must be kept."""
    fault = signer_fault(act, record.head, MARKETING) or holder_fault(act, record.gtin)
    if fault:
        return fault
    is_range = is_temperature(record.low) and is_temperature(record.high) and record.low <= record.high
    is_time = 0 <= record.allowance_s <= record.budget_s < _MAX_SECONDS
    is_gap = 0 < record.longest_gap_s < _MAX_SECONDS
    if not (is_range and is_time and is_gap):
        return Verdict(Code.STORAGE_PROFILE_INVALID, record.gtin)
    # After this point it must succeed.
    row = StorageRow(record.low, record.high, record.allowance_s, record.budget_s, record.longest_gap_s)
    act.state.write(STORAGE, record.gtin, row)
    return None


def logger_on(act: Act, record: LoggerOn) -> Verdict | None:
    """Rule 18: from now on, what the logger measures counts for the item and all that is inside."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    if not is_valid_logger(record.logger):
        return Verdict(Code.LOGGER_INVALID, record.logger)
    item = locate(act.state, record.item)
    if item is None:
        return Verdict(Code.ITEM_UNKNOWN, record.item)
    fault = life_fault(item)
    if fault:
        return fault
    if not is_holder(act.signer, item):
        return Verdict(Code.NOT_HOLDER, item.key)
    on_s = record.head.claimed_at_ms // MS_PER_SECOND
    fault = _free_fault(act, record.logger, on_s)
    if fault:
        return fault
    products = _kept(act, sources_of(act.state, item.key, item.row))
    if len(products) > MAX_JUDGED or _is_too_exposed(act, item):
        return Verdict(Code.CONTAINER_TOO_MIXED, item.key)
    # After this point it must succeed.
    before = joined(exposures_of(act.state, item.key, item.row), *(row.exposures for _key, row in item.above))
    judgements = tuple(
        new_judgement(act.state, gtin, on_s, used_before(act.state, before, gtin)) for gtin in products
    )
    row = SessionRow(record.logger, item.key, act.signer, NOBODY, on_s, NOT_YET, on_s, 0, 0, judgements, ())
    number = open_session(act.state, row)
    expose(act.state, item, joined(item.row.exposures, (exposure(number),)))
    return None


def _free_fault(act: Act, logger: bytes, on_s: int) -> Verdict | None:
    """Ask whether a logger is on nothing, and was taken off what it was on before this time."""
    number = act.state.read(LOGGERS, logger)
    if number is None:
        return None
    last = session_row(act.state, number)
    if is_running(last):
        return Verdict(Code.LOGGER_IN_USE, logger)
    return Verdict(Code.LOGGER_TIME_INVALID, logger) if on_s < last.off_s else None


def _kept(act: Act, sources: tuple[int, ...]) -> list[bytes]:
    """Return the products among sources that have a storage profile."""
    return [gtin for gtin in gtins_of(act.state, sources) if storage_of(act.state, gtin)]


def _is_too_exposed(act: Act, item: Position) -> bool:
    """Tell whether an item, or a container around it, has as many exposures as it may."""
    most = act.limits.container_sources
    if len(item.row.exposures) >= most:
        return True
    around = (find_contents(act.state, key, row) for key, row in item.above)
    return any(contents is not None and len(contents.exposures) >= most for contents in around)


def logger_off(act: Act, record: LoggerOff) -> Verdict | None:
    """Rule 18: a session ends; what was not read out yet still may be."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    number = act.state.read(LOGGERS, record.logger)
    if number is None:
        return Verdict(Code.LOGGER_UNKNOWN, record.logger)
    row = session_row(act.state, number)
    if not is_running(row):
        return Verdict(Code.LOGGER_NOT_ON, record.logger)
    item = logged_item(act, number, row)
    if not _may_take_off(act, row, item):
        return Verdict(Code.NOT_WITH_LOGGER, record.logger)
    if item is not None and item.shipment is not None:
        return Verdict(Code.IN_TRANSIT, item.key)
    off_s = record.head.claimed_at_ms // MS_PER_SECOND
    if off_s < row.last_s:
        return Verdict(Code.LOGGER_TIME_INVALID, record.logger)
    # After this point it must succeed.
    # A session that began and ended within one second ends in the next: 0 means that it did not end.
    ended = msgspec.structs.replace(row, off_s=max(off_s, 1), removed_by=act.signer)
    write_session(act.state, number, ended)
    return None


def logged_item(act: Act, number: int, row: SessionRow) -> Position | None:
    """Return what a running session's logger is on; None when that has ended, or is a new unit."""
    item = locate(act.state, row.item)
    if item is None or effective_life(item) != Life.ACTIVE:
        return None
    return item if carries(row, number, item.row.exposures) else None


def _may_take_off(act: Act, row: SessionRow, item: Position | None) -> bool:
    """Tell whether a logger is the signer's to take off: it holds the item, or put it on what is no more."""
    if item is None:
        return is_party(row.installed_by, act.signer)
    return is_holder(act.signer, item)


def exposures_around(state: Overlay, target: Position) -> Exposures:
    """Return what goods that go into a container share: its exposures and those around it.

    Those of an empty logistic unit end with its sessions: they were about goods that have left it.
    """
    own = target.row.exposures
    if target.row.source == NO_SOURCE and is_emptied(state, target.key, target.row):
        own = tuple(exposed for exposed in own if is_running(session_row(state, session_of(exposed))))
    return joined(own, *(row.exposures for _key, row in target.above))


def join_sessions(act: Act, target: Position, load: Load) -> Verdict | None:
    """Let what goes into a container with loggers on or around it be judged by their sessions from now on."""
    shared = exposures_around(act.state, target)
    own = tuple(exposed for exposed in target.row.exposures if exposed in shared)
    if own != target.row.exposures:
        expose(act.state, target, own)
    numbered = ((number, session_row(act.state, number)) for number in map(session_of, shared))
    running = [(number, row) for number, row in numbered if is_running(row)]
    if not running:
        return None
    products = _kept(act, tuple(load.sources))
    for number, row in running:
        known = {one.gtin for one in row.judgements}
        new = [gtin for gtin in products if gtin not in known]
        if len(known) + len(new) > MAX_JUDGED:
            return Verdict(Code.CONTAINER_TOO_MIXED, target.key)
        if new:
            write_session(act.state, number, _with_products(act, row, new, load))
    return None


def _with_products(act: Act, row: SessionRow, products: list[bytes], load: Load) -> SessionRow:
    """Return a session that is judged for more products, from now on."""
    now_s = act.time_ms // MS_PER_SECOND
    new = (
        new_judgement(act.state, gtin, now_s, used_before(act.state, load.exposures, gtin))
        for gtin in products
    )
    judgements = sorted((*row.judgements, *new), key=lambda one: one.gtin)
    return msgspec.structs.replace(row, judgements=tuple(judgements))


def clear_session(act: Act, record: ClearSession) -> Verdict | None:
    """Rule 18: the maker clears a product of what a session says against it."""
    fault = signer_fault(act, record.head, MARKETING) or holder_fault(act, record.gtin)
    if fault:
        return fault
    is_number = 0 < record.session < 1 << 32
    row = act.state.read(SESSIONS, number_key(record.session)) if is_number else None
    if row is None:
        return Verdict(Code.SESSION_UNKNOWN, b"")
    subject = session_subject(record.session)
    judged = next((one for one in row.judgements if one.gtin == record.gtin), None)
    if judged is None:
        return Verdict(Code.NOT_IN_SESSION, subject)
    if standing_for(row, judged, THE_WHOLE, act.time_ms) == Standing.FINE:
        return Verdict(Code.NOTHING_TO_CLEAR, subject)
    # After this point it must succeed.
    now_s = act.time_ms // MS_PER_SECOND
    cleared = msgspec.structs.replace(judged, since_s=now_s, run_s=0, outside_s=0, breached_s=NOT_YET)
    judgements = tuple(cleared if one is judged else one for one in row.judgements)
    write_session(act.state, record.session, msgspec.structs.replace(row, judgements=judgements))
    told = _concerned(act, record.session, row)
    act.tell(EventKind.COLD_CHAIN_CLEARED, (), subject, (row.installed_by, row.removed_by, *told))
    return None


def _concerned(act: Act, number: int, row: SessionRow) -> tuple[int, ...]:
    """Return who has a stake in what a logger is on, or in a journey that lacked one."""
    if not row.logger:
        return parties_of(act.state.require(SHIPMENTS, row.item))
    item = logged_item(act, number, row)
    return () if item is None else stakeholders(item)
