"""Times, offsets and expiry dates as partners write them.

The standard asks for an `eventTime` with its offset, and for `eventTimeZoneOffset` beside it. Found in real
files and read here: two to many fraction digits, a missing or doubled offset, no seconds, a comma before the
fraction, a blank instead of the T. Never guessed: a time whose two offsets disagree, and one that has no
offset anywhere.
"""

import re
from typing import Final

from contracts.gs1.dates import (
    Date,
    InvalidDate,
    date_of,
    from_ymd,
    parse_date,
    parse_offset,
    parse_timestamp,
    parse_yymmdd,
)
from node.epcis.text import clean

_OFFSET: Final = r"[Zz]|[+-][0-9]{1,2}(?::?[0-9]{2})?"
_OFFSETS: Final = re.compile(rf"(?:{_OFFSET}){{1,2}}")
_ONE_OFFSET: Final = re.compile(r"([Zz])|([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]?([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,]([0-9]+))?"
    rf"((?:{_OFFSET}){{0,2}})"
)
_MAX_FRACTION: Final = 9
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[TZz+-].*)?")
_COMPACT_DAY: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_SHORT_DAY: Final = re.compile(r"[0-9]{6}")


class InvalidTime(ValueError):
    """A time, offset or date that cannot be read, or not in one way only; the message says why."""


def read_offset(text: str) -> int:
    """Read an offset, possibly written twice, and return minutes east of UTC.

    Raises:
        InvalidTime: not an offset, outside ±14:00, or two that differ.
    """
    written = clean(text)
    if not _OFFSETS.fullmatch(written):
        raise InvalidTime("it is not an offset like +01:00")
    try:
        found = {parse_offset(_strict_offset(*one.groups())) for one in _ONE_OFFSET.finditer(written)}
    except InvalidDate as error:
        raise InvalidTime(str(error)) from error
    if len(found) > 1:
        raise InvalidTime("it has two offsets that differ")
    return found.pop()


def read_time(text: str, offset_minutes: int | None) -> tuple[int, int]:
    """Read a time.

    Args:
        text: The time as written.
        offset_minutes: The event's own `eventTimeZoneOffset`; used as the time's offset when it has none.

    Returns:
        Milliseconds since 1970 UTC, and the offset to show it with: `offset_minutes`, else the time's own.

    Raises:
        InvalidTime: not a time, no offset anywhere, or two that differ within the time.
    """
    found = _TIME.fullmatch(clean(text))
    if found is None:
        raise InvalidTime("it is not a time like 2026-11-21T14:05:00.000+01:00")
    day, minute, second, fraction, offsets = found.groups()
    own = read_offset(offsets) if offsets else offset_minutes
    if own is None:
        raise InvalidTime("neither it nor eventTimeZoneOffset has an offset")
    tail = f".{fraction[:_MAX_FRACTION]}" if fraction else ""
    try:
        time_ms = parse_timestamp(f"{day}T{minute}{second or ':00'}{tail}{_written_offset(own)}")
    except InvalidDate as error:
        raise InvalidTime(str(error)) from error
    return time_ms, own if offset_minutes is None else offset_minutes


def read_expiry(text: str, event_time_ms: int, offset_minutes: int) -> Date:
    """Read an expiry date: `YYYY-MM-DD`, possibly with a time or offset behind it, `YYYYMMDD`, or `YYMMDD`.

    Args:
        text: The date as written.
        event_time_ms: When the items were commissioned; fixes the century of a two-digit year.
        offset_minutes: The event's offset.

    Raises:
        InvalidTime: none of these forms, or no such day.
    """
    written = clean(text)
    try:
        if _SHORT_DAY.fullmatch(written):
            return parse_yymmdd(written, date_of(event_time_ms, offset_minutes))
        compact = _COMPACT_DAY.fullmatch(written)
        if compact is not None:
            year, month, day = (int(part) for part in compact.groups())
            return from_ymd(year, month, day)
        found = _DAY.fullmatch(written)
        if found is not None:
            return parse_date(found.group(1))
    except InvalidDate as error:
        raise InvalidTime(str(error)) from error
    raise InvalidTime("it is not a date like 2026-11-21")


def _strict_offset(utc: str | None, sign: str | None, hours: str | None, minutes: str | None) -> str:
    """Bring one loosely written offset to the form `±hh:mm`."""
    return "Z" if utc else f"{sign}{(hours or '').rjust(2, '0')}:{minutes or '00'}"


def _written_offset(minutes: int) -> str:
    """Write minutes east of UTC as `±hh:mm`."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"
