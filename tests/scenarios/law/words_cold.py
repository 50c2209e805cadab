"""The words of the cold chain.

    Acme keeps pack from 2.00 to 8.00, 30 minutes, 60 minutes, gaps 15 minutes
    Acme puts logger-1 onto case-1              Acme removes logger-1
    Acme reads 5.00 5.00 9.00 off logger-1 every 10 minutes
    Acme acquits session 1 of pack

Of `keeps`, the first time is the longest stay outside the range, the second the most of all stays together.
Readings go on from the last known one, or from when the logger was put on. `see logger-1` shows its last
session.
"""

from typing import TYPE_CHECKING

from contracts.gs1.loggers import is_valid_logger, parse_logger
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.state.exposures import session_of, until_of
from contracts.state.layout import LOGGERS
from contracts.state.places import Position
from contracts.state.sessions import session_row, standing_of
from contracts.state.view import Overlay
from tests.scenarios.law.world import DAY_MS, HOUR_MS, PARTY_GLN, START_MS, gtin, item

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker

LOGGER = "logger-"

_SECONDS = {"second": 1, "minute": 60, "hour": HOUR_MS // 1_000, "day": DAY_MS // 1_000}
_SESSION_BYTES = 4


def logger(name: str) -> bytes:
    """Return the key of a logger by its name: a GIAI, but `logger-G…` a GRAI and `logger-O…` an own id."""
    number = name.removeprefix(LOGGER)
    if number.startswith("G"):
        return parse_logger(f"(8003)04012345999990{number}")
    if number.startswith("O"):
        return parse_logger(f"(414){PARTY_GLN['Acme']}(254){number}")
    return parse_logger(f"(8004)4012345-{number}") if number.isalnum() else number.encode()


def record(speaker: "Speaker", verb: str, head: Head, what: str, options: dict[str, str]) -> Record | None:
    """Build the record of a parsed sentence; None for a verb of another family."""
    match verb:
        case "keeps":
            return _profile(head, what, options)
        case "puts":
            return LoggerOn(head, logger(what), item(options["onto"]))
        case "removes":
            return LoggerOff(head, logger(what))
        case "reads":
            return _readings(speaker, head, what, options)
        case "acquits":
            return ClearSession(head, int(what.removeprefix("session ")), gtin(options["of"]))
    return None


def _profile(head: Head, what: str, options: dict[str, str]) -> StorageProfile:
    high, allowance, budget, gap = options["to"].split(", ")
    temperatures = (_centi(options["from"]), _centi(high))
    times = (_seconds(allowance), _seconds(budget), _seconds(gap.removeprefix("gaps ")))
    return StorageProfile(head, gtin(what), *temperatures, *times)


def _readings(speaker: "Speaker", head: Head, what: str, options: dict[str, str]) -> Readings:
    state, key = speaker.ledger.state(), logger(options["off"])
    number = state.read(LOGGERS, key)
    start_s = session_row(state, number).last_s if number else START_MS // 1_000
    step_s = _seconds(options["every"])
    readings = tuple((start_s + step_s * at, _centi(one)) for at, one in enumerate(what.split(), 1))
    return Readings(head, key, readings)


def _centi(text: str) -> int:
    return round(float(text) * 100)


def _seconds(text: str) -> int:
    number, unit = text.split()
    return int(number) * _SECONDS[unit.rstrip("s")]


def name(key: bytes) -> str:
    """Return what a scenario calls a session or a logger; nothing for another key."""
    if len(key) == _SESSION_BYTES:
        return f"session {int.from_bytes(key, 'big')}"
    return LOGGER + key.decode("ascii").rpartition("-")[2] if is_valid_logger(key) else ""


def see(speaker: "Speaker", state: Overlay, what: str) -> str:
    """Describe the last session of a logger."""
    number = state.require(LOGGERS, logger(what))
    row = session_row(state, number)
    parts = [f"{what} is {'off' if row.off_s else 'on'} {speaker.name(row.item)}", f"session {number}"]
    parts.append(f"{row.readings} readings")
    for one in row.judgements:
        text = f"{speaker.name(one.gtin)} {one.outside_s} s outside, {one.gap_s} s unread"
        parts.append(f"{text}, breached after {one.breached_s - row.on_s} s" if one.breached_s else text)
    return ", ".join(parts)


def sessions(speaker: "Speaker", state: Overlay, position: Position) -> list[str]:
    """Describe the sessions that an item and what it is inside went through, and what they say now."""
    told = []
    for exposed in [
        one for row in (position.row, *(up for _key, up in position.above)) for one in row.exposures
    ]:
        number = session_of(exposed)
        row = session_row(state, number)
        standing = standing_of(row, until_of(exposed), speaker.ledger.time_ms, None)
        told.append(f"through session {number} ({standing.name.lower()})")
    return told
