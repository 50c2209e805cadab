"""Calendar arithmetic of the law: expiry dates, claimed times, and the instant at which a day ends.

Own arithmetic on integers, so that every node and every Python version gives the same answer. Nothing here
knows what time it is: callers pass the reference (block time). No floats, no `datetime`.

Units: a `Date` is whole days since 1970-01-01 in the proleptic Gregorian calendar; an instant is milliseconds
since 1970-01-01T00:00:00Z; leap seconds do not exist (POSIX time). The range is 1970-01-01 to 9999-12-31, so
that neither is ever negative on the ledger.
"""

import re
from typing import Final, Literal, NewType

Date = NewType("Date", int)
"""Days since 1970-01-01, 0 to `MAX_DATE`."""

MAX_DATE: Final = Date(2_932_896)
"""9999-12-31."""

MS_PER_MINUTE: Final = 60_000
MS_PER_DAY: Final = 86_400_000
MAX_TIME_MS: Final = (MAX_DATE + 1) * MS_PER_DAY - 1
"""9999-12-31T23:59:59.999Z."""

MAX_OFFSET_MINUTES: Final = 14 * 60
"""Largest UTC offset that W3C XML Schema part 2 (and any real market) knows: 14 hours."""

_MIN_YEAR: Final = 1970
_MAX_YEAR: Final = 9999
_MONTHS: Final = 12
_FEBRUARY: Final = 2
_LEAP_FEBRUARY_DAYS: Final = 29
_DAYS_IN_MONTH: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAYS_PER_400_YEARS: Final = 146_097
_DAYS_PER_YEAR: Final = 365
_EPOCH_DAYS: Final = 719_162
"""Days from 0001-01-01 to 1970-01-01."""

_YEARS_AHEAD_IS_PAST: Final = 51
_YEARS_BACK_IS_FUTURE: Final = -50
_HOURS_PER_DAY: Final = 24
_MINUTES_PER_HOUR: Final = 60
_MS_DIGITS: Final = 3

_YYMMDD: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_OFFSET: Final = re.compile(r"Z|([+-])([0-9]{2}):([0-9]{2})")
_TIMESTAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:[0-9]{2})"
)

DateFault = Literal["form", "year", "month", "day", "time", "offset", "range"]


class InvalidDate(ValueError):
    """A text or number that is not a date or instant in the range of the ledger.

    Attributes:
        code: Stable name, `date_` + which part was wrong.
    """

    def __init__(self, fault: DateFault, message: str) -> None:
        """Keep the stable code beside a sentence for people."""
        super().__init__(message)
        self.code = f"date_{fault}"


def from_ymd(year: int, month: int, day: int) -> Date:
    """Return the day number of a calendar date.

    Args:
        year: 1970 to 9999.
        month: 1 to 12.
        day: 1 to the length of that month.

    Raises:
        InvalidDate: `date_year`, `date_month` or `date_day`.
    """
    if not _MIN_YEAR <= year <= _MAX_YEAR:
        raise InvalidDate("year", f"year {year} is not in {_MIN_YEAR} to {_MAX_YEAR}")
    length = days_in_month(year, month)
    if not 1 <= day <= length:
        raise InvalidDate("day", f"day {day} is not in 1 to {length} of {year:04d}-{month:02d}")
    return Date(_days_before_year(year) + _days_before_month(year, month) + day - 1 - _EPOCH_DAYS)


def to_ymd(date: int) -> tuple[int, int, int]:
    """Return (year, month, day) of a day number.

    Raises:
        InvalidDate: `date_range` when the number is not 0 to `MAX_DATE`.
    """
    if not 0 <= date <= MAX_DATE:
        raise InvalidDate("range", f"day number {date} is not in 0 to {MAX_DATE}")
    days = date + _EPOCH_DAYS
    # The mean year is off by less than one year over the whole cycle, so this guess is late by at most two.
    year = days * 400 // _DAYS_PER_400_YEARS + 2
    while _days_before_year(year) > days:
        year -= 1
    rest = days - _days_before_year(year)
    month = _MONTHS
    while _days_before_month(year, month) > rest:
        month -= 1
    return year, month, rest - _days_before_month(year, month) + 1


def days_in_month(year: int, month: int) -> int:
    """Return 28 to 31.

    Raises:
        InvalidDate: `date_month` when `month` is not 1 to 12.
    """
    if not 1 <= month <= _MONTHS:
        raise InvalidDate("month", f"month {month} is not in 1 to {_MONTHS}")
    if month == _FEBRUARY and _is_leap(year):
        return _LEAP_FEBRUARY_DAYS
    return _DAYS_IN_MONTH[month - 1]


def parse_yymmdd(text: str, reference: int) -> Date:
    """Read a six-digit GS1 date (AI 11, 15, 17 …).

    Args:
        text: `YYMMDD`; a day of `00` means the last day of the month.
        reference: The `Date` that the century is chosen against, block time's day at commission.

    Raises:
        InvalidDate: `date_form`, `date_year`, `date_month`, `date_day`, or `date_range` for a bad reference.

    Source: GS1 General Specifications 7.12 (the year is at most 49 years back and 50 years ahead).
    """
    found = _YYMMDD.fullmatch(text)
    if found is None:
        raise InvalidDate("form", f"expected six digits YYMMDD, got {text[:32]!r}")
    short_year, month, day = (int(part) for part in found.groups())
    year = _full_year(short_year, to_ymd(reference)[0])
    return from_ymd(year, month, day or days_in_month(year, month))


def parse_date(text: str) -> Date:
    """Read `YYYY-MM-DD`.

    Raises:
        InvalidDate: `date_form`, `date_year`, `date_month` or `date_day`.
    """
    found = _ISO_DATE.fullmatch(text)
    if found is None:
        raise InvalidDate("form", f"expected YYYY-MM-DD, got {text[:32]!r}")
    year, month, day = (int(part) for part in found.groups())
    return from_ymd(year, month, day)


def format_date(date: int) -> str:
    """Write `YYYY-MM-DD`.

    Raises:
        InvalidDate: `date_range`.
    """
    year, month, day = to_ymd(date)
    return f"{year:04d}-{month:02d}-{day:02d}"


def parse_offset(text: str) -> int:
    """Read `Z` or `±hh:mm` and return minutes east of UTC, -840 to 840.

    Raises:
        InvalidDate: `date_offset`.
    """
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise InvalidDate("offset", f"expected Z or an offset like +01:00, got {text[:32]!r}")
    sign, hours, minutes = found.groups()
    if sign is None:
        return 0
    total = int(hours) * _MINUTES_PER_HOUR + int(minutes)
    if int(minutes) >= _MINUTES_PER_HOUR or total > MAX_OFFSET_MINUTES:
        raise InvalidDate("offset", f"offset {text} is outside -14:00 to +14:00")
    return -total if sign == "-" else total


def parse_timestamp(text: str) -> int:
    """Read `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)` and return milliseconds since the epoch.

    A fraction has 1 to 9 digits and is cut, not rounded, to milliseconds, so that an instant never moves into
    the next day. `24:00:00` is the first instant of the next day, as W3C XML Schema allows; a leap second
    (`:60`) is refused.

    Raises:
        InvalidDate: `date_form`, `date_year`, `date_month`, `date_day`, `date_time`, `date_offset` or
            `date_range`.
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise InvalidDate("form", f"expected YYYY-MM-DDThh:mm:ss with Z or ±hh:mm, got {text[:64]!r}")
    day, hour, minute, second, fraction, offset = found.groups()
    fraction_ms = int((fraction or "")[:_MS_DIGITS].ljust(_MS_DIGITS, "0"))
    of_day_ms = _time_of_day_ms(int(hour), int(minute), int(second), fraction_ms)
    time_ms = parse_date(day) * MS_PER_DAY + of_day_ms - parse_offset(offset) * MS_PER_MINUTE
    if not 0 <= time_ms <= MAX_TIME_MS:
        raise InvalidDate("range", f"{text} is not between 1970 and 9999 in UTC")
    return time_ms


def format_timestamp(time_ms: int) -> str:
    """Write an instant as `YYYY-MM-DDThh:mm:ss.mmmZ`.

    Raises:
        InvalidDate: `date_range`.
    """
    days, of_day_ms = divmod(time_ms, MS_PER_DAY)
    minutes, minute_ms = divmod(of_day_ms, MS_PER_MINUTE)
    hour, minute = divmod(minutes, _MINUTES_PER_HOUR)
    second, fraction_ms = divmod(minute_ms, 1000)
    return f"{format_date(days)}T{hour:02d}:{minute:02d}:{second:02d}.{fraction_ms:03d}Z"


def date_of(time_ms: int, utc_offset_minutes: int) -> Date:
    """Return the calendar day on which an instant falls at a fixed UTC offset.

    Raises:
        InvalidDate: `date_offset`, or `date_range` when that day is outside the range of the ledger.
    """
    _require_offset(utc_offset_minutes)
    days = (time_ms + utc_offset_minutes * MS_PER_MINUTE) // MS_PER_DAY
    if not 0 <= days <= MAX_DATE:
        raise InvalidDate("range", f"instant {time_ms} ms is not between 1970 and 9999")
    return Date(days)


def end_of_day_ms(date: int, utc_offset_minutes: int) -> int:
    """Return the instant at which 24:00 of `date` is reached at a market's fixed UTC offset.

    A pack that expires on `date` is expired from this instant on (block time >= it). East of UTC it lies
    before midnight UTC.

    Raises:
        InvalidDate: `date_range` or `date_offset`.

    Source: LAW, Identifiers (an expiry ends at 24:00 of the market's fixed UTC offset).
    """
    _require_offset(utc_offset_minutes)
    if not 0 <= date <= MAX_DATE:
        raise InvalidDate("range", f"day number {date} is not in 0 to {MAX_DATE}")
    return (date + 1) * MS_PER_DAY - utc_offset_minutes * MS_PER_MINUTE


def _require_offset(utc_offset_minutes: int) -> None:
    """Refuse an offset that no market has."""
    if not -MAX_OFFSET_MINUTES <= utc_offset_minutes <= MAX_OFFSET_MINUTES:
        raise InvalidDate("offset", f"offset {utc_offset_minutes} minutes is outside -840 to 840")


def _full_year(short_year: int, reference_year: int) -> int:
    """Choose the century of a two-digit year: from 49 years before to 50 years after the reference."""
    century = reference_year - reference_year % 100
    ahead = short_year - reference_year % 100
    if ahead >= _YEARS_AHEAD_IS_PAST:
        century -= 100
    elif ahead <= _YEARS_BACK_IS_FUTURE:
        century += 100
    return century + short_year


def _time_of_day_ms(hour: int, minute: int, second: int, fraction_ms: int) -> int:
    """Return milliseconds since 00:00, allowing 24:00:00 and nothing beyond it."""
    of_day_ms = ((hour * _MINUTES_PER_HOUR + minute) * _MINUTES_PER_HOUR + second) * 1000 + fraction_ms
    within = hour <= _HOURS_PER_DAY and minute < _MINUTES_PER_HOUR and second < _MINUTES_PER_HOUR
    if not within or of_day_ms > MS_PER_DAY:
        raise InvalidDate("time", f"{hour:02d}:{minute:02d}:{second:02d} is not a time of day")
    return of_day_ms


def _is_leap(year: int) -> bool:
    """Tell whether `year` has a 29 February in the Gregorian calendar."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_before_year(year: int) -> int:
    """Count days from 0001-01-01 to the first day of `year`."""
    past = year - 1
    return past * _DAYS_PER_YEAR + past // 4 - past // 100 + past // 400


def _days_before_month(year: int, month: int) -> int:
    """Count days from the first day of `year` to the first day of `month`."""
    leap_day = 1 if month > _FEBRUARY and _is_leap(year) else 0
    return sum(_DAYS_IN_MONTH[: month - 1]) + leap_day
