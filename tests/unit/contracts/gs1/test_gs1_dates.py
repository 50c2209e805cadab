"""Tables for the calendar of the law; the standard library's `datetime` is the oracle here only."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gs1.dates import (
    MAX_DATE,
    MAX_TIME_MS,
    MS_PER_DAY,
    InvalidDate,
    date_of,
    days_in_month,
    end_of_day_ms,
    format_date,
    format_timestamp,
    from_ymd,
    parse_date,
    parse_offset,
    parse_timestamp,
    parse_yymmdd,
    to_ymd,
)

EPOCH = dt.date(1970, 1, 1)


def _code(error: pytest.ExceptionInfo[InvalidDate]) -> str:
    assert str(error.value)
    return error.value.code


def test_every_day_of_a_whole_gregorian_cycle_agrees_with_the_oracle() -> None:
    for number in range(146_097):
        day = EPOCH + dt.timedelta(days=number)
        assert to_ymd(number) == (day.year, day.month, day.day)
        assert from_ymd(day.year, day.month, day.day) == number


@given(st.dates(min_value=EPOCH))
def test_any_day_agrees_with_the_oracle(day: dt.date) -> None:
    number = (day - EPOCH).days
    assert from_ymd(day.year, day.month, day.day) == number
    assert to_ymd(number) == (day.year, day.month, day.day)
    assert format_date(number) == day.isoformat()
    assert parse_date(day.isoformat()) == number


def test_the_ends_of_the_range() -> None:
    assert from_ymd(1970, 1, 1) == 0
    assert from_ymd(9999, 12, 31) == MAX_DATE
    assert format_date(MAX_DATE) == "9999-12-31"
    for number in (-1, MAX_DATE + 1):
        with pytest.raises(InvalidDate) as refused:
            to_ymd(number)
        assert _code(refused) == "date_range"


@pytest.mark.parametrize(
    ("year", "month", "day", "code"),
    [
        (1969, 12, 31, "date_year"),
        (10_000, 1, 1, "date_year"),
        (2026, 0, 1, "date_month"),
        (2026, 13, 1, "date_month"),
        (2026, 4, 31, "date_day"),
        (2026, 4, 0, "date_day"),
        (2100, 2, 29, "date_day"),
    ],
)
def test_dates_that_do_not_exist(year: int, month: int, day: int, code: str) -> None:
    with pytest.raises(InvalidDate) as refused:
        from_ymd(year, month, day)
    assert _code(refused) == code


def test_days_in_month() -> None:
    assert [days_in_month(2023, month) for month in range(1, 13)] == [
        31,
        28,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ]
    assert [days_in_month(year, 2) for year in (1900, 2000, 2024, 2100)] == [28, 29, 29, 28]


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("261231", "2026-11-21", "2026-12-31"),
        ("260200", "2026-11-21", "2026-02-28"),
        ("280200", "2026-11-21", "2028-02-29"),
        ("000200", "1999-06-01", "2000-02-29"),
        ("761231", "2026-01-01", "2076-12-31"),
        ("770101", "2026-01-01", "1977-01-01"),
        ("490101", "1999-01-01", "2049-01-01"),
        ("500101", "1999-01-01", None),
        ("510101", "2000-01-01", None),
        ("500101", "2000-01-01", "2050-01-01"),
        ("010101", "2051-01-01", "2101-01-01"),
        ("020101", "2051-01-01", "2002-01-01"),
    ],
)
def test_the_century_window(text: str, reference: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(InvalidDate) as refused:
            parse_yymmdd(text, parse_date(reference))
        assert _code(refused) == "date_year"
    else:
        date = parse_yymmdd(text, parse_date(reference))
        assert format_date(date) == expected


@given(st.integers(2025, 9900), st.integers(0, 99))
def test_the_window_is_49_years_back_and_50_ahead(reference_year: int, short_year: int) -> None:
    year, _, _ = to_ymd(parse_yymmdd(f"{short_year:02d}0101", from_ymd(reference_year, 6, 1)))
    assert year % 100 == short_year
    assert -49 <= year - reference_year <= 50


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("26123", "date_form"),
        ("2612310", "date_form"),
        ("2612 1", "date_form"),
        ("٢٦١٢٣١", "date_form"),
        ("260001", "date_month"),
        ("261301", "date_month"),
        ("261300", "date_month"),
        ("260431", "date_day"),
    ],
)
def test_yymmdd_refusals(text: str, code: str) -> None:
    with pytest.raises(InvalidDate) as refused:
        parse_yymmdd(text, from_ymd(2026, 1, 1))
    assert _code(refused) == code


@pytest.mark.parametrize("text", ["2026-1-01", "20260101", "2026-01-01 ", "2026-01-01T", "-026-01-01", ""])
def test_iso_dates_of_another_form(text: str) -> None:
    with pytest.raises(InvalidDate) as refused:
        parse_date(text)
    assert _code(refused) == "date_form"


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Z", 0),
        ("+00:00", 0),
        ("-00:00", 0),
        ("+05:30", 330),
        ("-05:00", -300),
        ("+14:00", 840),
        ("-14:00", -840),
    ],
)
def test_offsets(text: str, minutes: int) -> None:
    assert parse_offset(text) == minutes


@pytest.mark.parametrize("text", ["", "z", "+5:00", "+05:60", "+14:01", "-15:00", "+0500", "+05:00-05:00"])
def test_offsets_refused(text: str) -> None:
    with pytest.raises(InvalidDate) as refused:
        parse_offset(text)
    assert _code(refused) == "date_offset"


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("2023-04-01T09:00:00Z", "2023-04-01T09:00:00.000Z"),
        ("2023-04-01T09:00:00.1-05:00", "2023-04-01T14:00:00.100Z"),
        ("2023-04-01T09:00:00.1239+05:30", "2023-04-01T03:30:00.123Z"),
        ("2023-04-01T09:00:00.999999999Z", "2023-04-01T09:00:00.999Z"),
        ("2024-02-28T24:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_timestamps(text: str, back: str) -> None:
    assert format_timestamp(parse_timestamp(text)) == back


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2023-04-01T09:00:00", "date_form"),
        ("2023-04-01 09:00:00Z", "date_form"),
        ("2023-04-01T09:00Z", "date_form"),
        ("2023-04-01T09:00:00.Z", "date_form"),
        ("2023-04-01T09:00:00.1234567890Z", "date_form"),
        ("2023-04-01T09:00:00Z\n", "date_form"),
        ("2023-02-29T09:00:00Z", "date_day"),
        ("2023-04-01T24:00:01Z", "date_time"),
        ("2023-04-01T25:00:00Z", "date_time"),
        ("2023-04-01T09:60:00Z", "date_time"),
        ("2023-04-01T23:59:60Z", "date_time"),
        ("2023-04-01T09:00:00+19:00", "date_offset"),
        ("1970-01-01T00:00:00+01:00", "date_range"),
        ("9999-12-31T24:00:00Z", "date_range"),
    ],
)
def test_timestamps_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidDate) as refused:
        parse_timestamp(text)
    assert _code(refused) == code


@given(st.integers(0, MAX_TIME_MS))
def test_timestamps_round_trip(time_ms: int) -> None:
    assert parse_timestamp(format_timestamp(time_ms)) == time_ms


@pytest.mark.parametrize("time_ms", [-1, MAX_TIME_MS + 1])
def test_instants_outside_the_range(time_ms: int) -> None:
    with pytest.raises(InvalidDate):
        format_timestamp(time_ms)


@pytest.mark.parametrize(
    ("offset", "instant"),
    [
        (0, "2027-01-01T00:00:00Z"),
        (-300, "2027-01-01T05:00:00Z"),
        (60, "2026-12-31T23:00:00Z"),
        (330, "2026-12-31T18:30:00Z"),
    ],
)
def test_the_end_of_a_day(offset: int, instant: str) -> None:
    end = end_of_day_ms(parse_date("2026-12-31"), offset)
    assert end == parse_timestamp(instant)
    assert format_date(date_of(end - 1, offset)) == "2026-12-31"
    assert format_date(date_of(end, offset)) == "2027-01-01"


def test_end_of_day_refusals() -> None:
    for date, offset, code in [
        (-1, 0, "date_range"),
        (MAX_DATE + 1, 0, "date_range"),
        (0, 841, "date_offset"),
        (0, -841, "date_offset"),
    ]:
        with pytest.raises(InvalidDate) as refused:
            end_of_day_ms(date, offset)
        assert _code(refused) == code
    with pytest.raises(InvalidDate) as refused:
        date_of(0, -60)
    assert _code(refused) == "date_range"
    with pytest.raises(InvalidDate) as refused:
        date_of(0, 900)
    assert _code(refused) == "date_offset"
    assert date_of(MS_PER_DAY, 0) == 1
