"""Loggers and what they measured: associations and sensor elements to records of the cold chain (rule 18).

Readings count when they are of a logger that the ledger has on something. What a device measured before it
was put on, or after it was taken off, is no affair of the law and stays evidence; and loggers are often read
out whole each time, so what is on the ledger already is left out.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from contracts.gs1.keys import ItemKey, format_item
from contracts.gs1.loggers import format_logger
from contracts.records.coldchain import LoggerOff, LoggerOn, Readings
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.state.cold_rows import SessionRow
from contracts.state.exposures import MS_PER_SECOND, session_of
from contracts.state.layout import ITEMS, LOGGERS
from contracts.state.places import locate
from contracts.state.sessions import is_running, session_row
from contracts.state.view import Overlay
from node.epcis.events import EpcisEvent
from node.epcis.memory import Memory
from node.epcis.parties import Party
from node.epcis.refusal import EventRefused
from node.epcis.sensors import Measured, measured
from node.epcis.steps import REPORTING, Statement
from node.epcis.told import Told
from node.storage.statements import read_fingerprint

MAX_READINGS: Final = 2_000
"""Readings in one record; the law takes no more."""

_FIELD: Final = "sensorElementList"
_CHILDREN: Final = "childEPCs"
_UNNAMED: Final = "it names no device by GIAI, GRAI or GLN that measured a temperature at a moment"
_STRANGE: Final = "none of its devices is a logger that was put on something here"
_NO_LOGGER: Final = "nothing tells that what is attached is a temperature logger: `installing` would"

Point = tuple[int, int]


class Conditions:
    """Translates loggers and readings, for the partner that acts."""

    def __init__(self, state: Overlay, actor: Party, memory: Memory) -> None:
        """Prepare.

        Args:
            state: After all earlier events of the file; only read.
            actor: Who acts.
            memory: Knows what was stated before.
        """
        self._state = state
        self._actor = actor
        self._memory = memory

    # ---------------------------------------------------------------------------- readings

    def report(self, event: EpcisEvent, statement: Statement, head: Head) -> Told:
        """Return what an event means that is there to report what sensors measured.

        Raises:
            EventRefused: A temperature or its time is none, or the ledger has the logger elsewhere.
        """
        points = _by_logger(measured(event))
        if not points:
            return Told(note=_UNNAMED)
        # What is there to report readings is not let go for nothing; what merely has some beside it may be.
        is_report = event.biz_step == REPORTING and bool(statement.items)
        if not is_report:
            points = {logger: entries for logger, entries in points.items() if self._last_session(logger)}
        if not points:
            return Told(note=_STRANGE)
        told = Told()
        for logger, entries in points.items():
            self._check_item(statement, logger)
            told = self._with_readings(told, logger, entries, head, is_report=True)
        return told if told.stated else Told(note="all it reports was measured while no logger was on")

    def beside(self, event: EpcisEvent, head: Head) -> Told:
        """Return the readings that stand beside what else an event states, of loggers that the ledger knows.

        Raises:
            EventRefused: A temperature or its time is none.
        """
        told = Told()
        for logger, entries in _by_logger(measured(event)).items():
            if self._last_session(logger) is not None:
                told = self._with_readings(told, logger, entries, head, is_report=False)
        return told

    def _with_readings(
        self, told: Told, logger: bytes, entries: Sequence[Measured], head: Head, *, is_report: bool
    ) -> Told:
        row = self._last_session(logger)
        points = _points(entries)
        if row is not None:
            points = [point for point in points if _is_within(row, point)]
        fresh = [point for point in points if row is None or not row.readings or point[0] > row.last_s]
        records = tuple(_chunks(head, logger, fresh))
        if fresh:
            return Told((*told.stated, *records), (*told.records, *records))
        if not points:
            return told
        whole = tuple(_chunks(head, logger, points))
        last = read_fingerprint(self._actor.number, logger, points[-1], head.claimed_at_ms)
        if is_report and not self._memory.is_stated(last):
            # What is older than the last known reading and was never told: the law says so.
            return Told((*told.stated, *whole), (*told.records, *whole))
        return Told((*told.stated, *whole), told.records)

    def _check_item(self, statement: Statement, logger: bytes) -> None:
        """Refuse readings of something that the logger is not on, nor on what that is inside."""
        row = self._last_session(logger)
        if row is None:
            return
        for item in statement.items:
            position = locate(self._state, item)
            around = () if position is None else (key for key, _row in position.above)
            if item != row.item and row.item not in around and is_running(row):
                name, other = format_item(item), format_item(ItemKey(row.item))
                reason = f"{format_logger(logger)} is on {other} on the ledger, not on or around {name}"
                raise EventRefused("disagrees_with_ledger", statement.field, reason)

    def _last_session(self, logger: bytes) -> SessionRow | None:
        number = self._state.read(LOGGERS, logger)
        return None if number is None else session_row(self._state, number)

    # ----------------------------------------------------------------------------- loggers

    def install(self, event: EpcisEvent, statement: Statement, head: Head) -> Told:
        """Return what it means that loggers are put on something.

        Raises:
            EventRefused: A logger is on something else on the ledger.
        """
        (item,) = statement.items
        readings = _by_logger(measured(event))
        told = Told()
        for logger in statement.loggers:
            row = self._last_session(logger)
            if event.biz_step == "assembling" and row is None and logger not in readings:
                continue
            record = LoggerOn(head, logger, item)
            is_there = row is not None and is_running(row) and row.item == item
            told = Told((*told.stated, record), told.records if is_there else (*told.records, record))
            began_s = head.claimed_at_ms // MS_PER_SECOND
            entries = [one for one in readings.get(logger, ()) if one.at_s >= began_s]
            if entries and not is_there:
                told = told.with_records(*_chunks(head, logger, _points(entries)))
        return told if told.stated else Told(note=_NO_LOGGER)

    def remove(self, event: EpcisEvent, statement: Statement, head: Head) -> Told:
        """Return what it means that loggers are taken off something: read out first, when they were.

        Raises:
            EventRefused: A logger is on something else on the ledger.
        """
        (item,) = statement.items
        told = self.beside(event, head)
        for logger in statement.loggers or self._loggers_on(item, head):
            row = self._last_session(logger)
            if event.biz_step == "disassembling" and row is None:
                continue
            if row is not None and is_running(row) and row.item != item:
                other = format_item(ItemKey(row.item))
                reason = f"{format_logger(logger)} is on {other} on the ledger, not on {format_item(item)}"
                raise EventRefused("disagrees_with_ledger", _CHILDREN, reason)
            told = told.with_records(LoggerOff(head, logger))
        return told if told.stated else Told(note=_NO_LOGGER)

    def _loggers_on(self, item: ItemKey, head: Head) -> Iterable[bytes]:
        """Return the loggers that are on an item, or that this very event took off it before."""
        row = self._state.read(ITEMS, item)
        exposures = () if row is None else row.exposures
        sessions = (session_row(self._state, number) for number in dict.fromkeys(map(session_of, exposures)))
        ended_by = (self._actor.number, max(head.claimed_at_ms // MS_PER_SECOND, 1))
        return [
            one.logger
            for one in sessions
            if one.item == item and (is_running(one) or (one.removed_by, one.off_s) == ended_by)
        ]


def _by_logger(entries: Iterable[Measured]) -> dict[bytes, list[Measured]]:
    found: dict[bytes, list[Measured]] = {}
    for entry in entries:
        found.setdefault(entry.logger, []).append(entry)
    return found


def _points(entries: Iterable[Measured]) -> list[Point]:
    """Return readings in the order of time, each second once."""
    found: dict[int, int] = {}
    for entry in entries:
        temperature = entry.centi_degrees()
        if found.setdefault(entry.at_s, temperature) != temperature:
            name = format_logger(entry.logger)
            reason = f"{name} has two temperatures in one second, and which is meant cannot be known"
            raise EventRefused("invalid_reading", entry.field, reason)
    return sorted(found.items())


def _is_within(row: SessionRow, point: Point) -> bool:
    """Tell whether a reading lies within a session."""
    return row.on_s <= point[0] and (is_running(row) or point[0] <= row.off_s)


def _chunks(head: Head, logger: bytes, points: Sequence[Point]) -> Iterable[Record]:
    for start in range(0, len(points), MAX_READINGS):
        yield Readings(head, logger, tuple(points[start : start + MAX_READINGS]))
