"""Exposures: numbers of a session and when it was left."""

import pytest

from contracts.state.exposures import THE_WHOLE, exposure, joined, session_of, until_of


@pytest.mark.parametrize(("session", "until_s"), [(1, 0), (1, 1), (2**32 - 1, 2**32 - 1), (7, 1_780_000_000)])
def test_both_parts_are_read_back(session: int, until_s: int) -> None:
    exposed = exposure(session, until_s)
    assert (session_of(exposed), until_of(exposed)) == (session, until_s)
    assert 0 < exposed < 2**64


def test_what_leaves_after_the_last_second_leaves_then() -> None:
    assert until_of(exposure(1, 2**40)) == 2**32 - 1


def test_of_one_session_the_longest_stay_counts() -> None:
    early, late, whole = exposure(3, 10), exposure(3, 20), exposure(3, THE_WHOLE)
    other = exposure(1, 5)
    assert joined((early,), (late,)) == (late,)
    assert joined((late, other), (early,)) == (other, late)
    assert joined((whole,), (late,)) == joined((late,), (whole,)) == (whole,)
    assert joined() == ()
