"""Times as partners write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gs1.dates import format_date, format_timestamp, parse_timestamp
from node.epcis.times import InvalidTime, read_expiry, read_offset, read_time


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("+01:00", 60),
        ("-05:00", -300),
        ("Z", 0),
        ("z", 0),
        ("+0530", 330),
        ("-5", -300),
        ("+02:00+02:00", 120),
        ("Z+00:00", 0),
        (" \u221205:00 ", -300),
    ],
)
def test_offsets(text: str, minutes: int) -> None:
    assert read_offset(text) == minutes


@pytest.mark.parametrize(
    "text", ["", "CET", "+25:00", "+01:00+02:00", "01:00", "+01:00+01:00+01:00", "+01:75"]
)
def test_offsets_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        read_offset(text)


@pytest.mark.parametrize(
    ("text", "offset", "instant", "shown"),
    [
        ("2026-03-02T08:00:00.12+01:00", None, "2026-03-02T07:00:00.120Z", 60),
        ("2026-03-02T08:00:00.1234567+01:00", 60, "2026-03-02T07:00:00.123Z", 60),
        ("2026-03-02T08:00:00.123456789123Z", 60, "2026-03-02T08:00:00.123Z", 60),
        ("2026-03-02T08:00:00", -300, "2026-03-02T13:00:00.000Z", -300),
        ("2026-03-02T08:00:00+01:00+01:00", None, "2026-03-02T07:00:00.000Z", 60),
        ("2026-03-02T08:00:00+00:00Z", 60, "2026-03-02T08:00:00.000Z", 60),
        ("2026-03-02T08:00Z", None, "2026-03-02T08:00:00.000Z", 0),
        ("2026-03-02 08:00:00,5Z", None, "2026-03-02T08:00:00.500Z", 0),
        ("2026\u201003\u201002T08:00:00Z\n", None, "2026-03-02T08:00:00.000Z", 0),
        ("2026-03-02T08:00:00-03:30", None, "2026-03-02T11:30:00.000Z", -210),
    ],
)
def test_times(text: str, offset: int | None, instant: str, shown: int) -> None:
    time_ms, offset_minutes = read_time(text, offset)
    assert (format_timestamp(time_ms), offset_minutes) == (instant, shown)


@pytest.mark.parametrize(
    ("text", "offset", "reason"),
    [
        ("", 0, "not a time"),
        ("02-03-2026", 0, "not a time"),
        ("2026-03-02", 0, "not a time"),
        ("2026-03-02T08:00:00", None, "neither it nor eventTimeZoneOffset"),
        ("2026-03-02T08:00:00+01:00-05:00", None, "two offsets"),
        ("2026-02-30T08:00:00Z", None, "day 30"),
        ("2026-03-02T25:00:00Z", None, "time of day"),
        ("1969-12-31T08:00:00Z", None, "year 1969"),
        ("2026-03-02T08:00:00+19:00", None, "outside"),
    ],
)
def test_times_refused(text: str, offset: int | None, reason: str) -> None:
    with pytest.raises(InvalidTime, match=reason):
        read_time(text, offset)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2028-02-29", "2028-02-29"),
        ("2028-02-29Z", "2028-02-29"),
        ("2028-02-29+01:00", "2028-02-29"),
        ("2028-02-29T00:00:00Z", "2028-02-29"),
        ("20280229", "2028-02-29"),
        ("280229", "2028-02-29"),
        ("280200", "2028-02-29"),
        ("760101", "2076-01-01"),
        (" 2028\u201302\u201329 ", "2028-02-29"),
    ],
)
def test_expiry(text: str, day: str) -> None:
    assert format_date(read_expiry(text, parse_timestamp("2026-03-02T08:00:00Z"), 60)) == day


@pytest.mark.parametrize(
    "text", ["", "2028-02", "2027-02-29", "29.02.2028", "20270229", "270229", "2028-02-29 or so"]
)
def test_expiry_refused(text: str) -> None:
    with pytest.raises(InvalidTime):
        read_expiry(text, parse_timestamp("2026-03-02T08:00:00Z"), 60)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T?[0-9:.,Zz+-]{0,30}")))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    for offset in (None, 60):
        with suppress(InvalidTime):
            time_ms, shown = read_time(text, offset)
            assert time_ms >= 0
            assert -840 <= shown <= 840
