"""Rule 18, readings: what a logger measured, and what that means for each product that went through it.

A reading stands until the next one. No mean kinetic temperature: it would hide the heat of a transport.
"""

from itertools import pairwise
from typing import Final

import msgspec

from contracts.records.coldchain import Readings
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.cold_chain import is_temperature, logged_item, session_subject
from contracts.rules.events import EventKind
from contracts.rules.guards import signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.cold_rows import JudgementRow, SessionRow, StorageRow
from contracts.state.exposures import MS_PER_SECOND
from contracts.state.layout import LOGGERS, PRODUCTS
from contracts.state.parties import HANDLING, is_holder, is_party, stakeholders
from contracts.state.rows import NOBODY
from contracts.state.sessions import NOT_YET, session_row, write_session

MAX_READINGS: Final = 2_000
"""Most readings in one record."""

Reading = tuple[int, int]


def read_out(act: Act, record: Readings) -> Verdict | None:
    """Rule 18: what was measured since the last known reading; a breach holds all goods at one write."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    number = act.state.read(LOGGERS, record.logger)
    if number is None:
        return Verdict(Code.LOGGER_UNKNOWN, record.logger)
    row = session_row(act.state, number)
    if not _may_read(act, number, row):
        return Verdict(Code.NOT_WITH_LOGGER, record.logger)
    if not _is_well_formed(act, record.readings):
        return Verdict(Code.READINGS_INVALID, record.logger)
    if not _is_in_order(row, record.readings):
        return Verdict(Code.READINGS_OUT_OF_ORDER, record.logger)
    # After this point it must succeed.
    judged = tuple(_judged(row, one, record.readings) for one in row.judgements)
    last_s, last_temperature = record.readings[-1]
    after = msgspec.structs.replace(
        row,
        last_s=last_s,
        last_temperature=last_temperature,
        readings=row.readings + len(record.readings),
        judgements=tuple(one for one, _is_gap in judged),
    )
    write_session(act.state, number, after)
    _tell(act, number, row, [(one.gtin, is_gap) for one, is_gap in judged if is_gap is not None])
    return None


def _may_read(act: Act, number: int, row: SessionRow) -> bool:
    """Tell whether the signer holds the logged item, or put the logger on or took it off."""
    if is_party(row.installed_by, act.signer) or is_party(row.removed_by, act.signer):
        return True
    item = logged_item(act, number, row)
    return item is not None and is_holder(act.signer, item)


def _is_well_formed(act: Act, readings: tuple[Reading, ...]) -> bool:
    """Tell whether there are some, not too many, possible ones, in ascending order, none from the future."""
    if not 0 < len(readings) <= MAX_READINGS or not all(is_temperature(one) for _at, one in readings):
        return False
    times = [at for at, _temperature in readings]
    is_ascending = all(one < two for one, two in pairwise(times))
    return is_ascending and times[-1] <= (act.time_ms + act.limits.claimed_time_ms) // MS_PER_SECOND


def _is_in_order(row: SessionRow, readings: tuple[Reading, ...]) -> bool:
    """Tell whether readings follow the last known one and lie within the session."""
    first_s, last_s = readings[0][0], readings[-1][0]
    is_after = first_s > row.last_s if row.readings else first_s >= row.on_s
    return is_after and (row.off_s == NOT_YET or last_s <= row.off_s)


def _judged(
    row: SessionRow, judged: JudgementRow, readings: tuple[Reading, ...]
) -> tuple[JudgementRow, bool | None]:
    """Follow readings for one product.

    Returns:
        The judgement after them; and when they bring its first breach, whether that was a gap, else None.
    """
    storage = judged.storage
    before_s, is_outside = row.last_s, row.readings > 0 and _is_outside(storage, row.last_temperature)
    run_s, outside_s, gap_s, breached_s = judged.run_s, judged.outside_s, judged.gap_s, judged.breached_s
    found: bool | None = None
    for at_s, temperature in readings:
        from_s = max(before_s, judged.since_s)
        span_s = max(0, at_s - from_s)
        gap_s = max(gap_s, span_s)
        if is_outside:
            run_s, outside_s = run_s + span_s, outside_s + span_s
        if breached_s == NOT_YET:
            breached_s, found = _first_breach(storage, at_s, span_s, run_s, outside_s if is_outside else 0)
        before_s, is_outside = at_s, _is_outside(storage, temperature)
        run_s = run_s if is_outside else 0
    # What follows a clearing may, by a clock that is ahead, begin before what was cleared.
    breaches = [second for second in (judged.first_breach_s, breached_s) if second != NOT_YET]
    after = msgspec.structs.replace(judged, run_s=run_s, outside_s=outside_s, gap_s=gap_s)
    return (
        msgspec.structs.replace(after, breached_s=breached_s, first_breach_s=min(breaches, default=NOT_YET)),
        found if judged.breached_s == NOT_YET else None,
    )


def _first_breach(
    storage: StorageRow, at_s: int, span_s: int, run_s: int, outside_s: int
) -> tuple[int, bool | None]:
    """Return when the breach that shows at a reading began (else `NOT_YET`), and whether it was a gap.

    Args:
        storage: The limits.
        at_s: When it was read.
        span_s: Time since the reading before.
        run_s: Time outside at this stretch up to now.
        outside_s: Time outside altogether up to now; 0 when the reading before was inside.
    """
    over_s = max(run_s - storage.allowance_s, outside_s - storage.budget_s)
    unwatched_s = span_s - storage.longest_gap_s
    worst_s = max(over_s, unwatched_s)
    if worst_s <= 0:
        return NOT_YET, None
    return max(1, at_s - worst_s), unwatched_s >= over_s


def _is_outside(storage: StorageRow, temperature: int) -> bool:
    return not storage.low <= temperature <= storage.high


def _tell(act: Act, number: int, row: SessionRow, breaches: list[tuple[bytes, bool]]) -> None:
    """Tell holder, owner, whoever put the logger on, and each product's maker of new breaches."""
    item = logged_item(act, number, row)
    stake = (row.installed_by, row.removed_by or NOBODY, *(() if item is None else stakeholders(item)))
    for kind in (EventKind.EXCURSION, EventKind.READING_GAP):
        gtins = [gtin for gtin, is_gap in breaches if is_gap == (kind == EventKind.READING_GAP)]
        if gtins:
            makers = (act.state.require(PRODUCTS, gtin).holder for gtin in gtins)
            act.tell(kind, (row.item,), session_subject(number), (*stake, *makers))
