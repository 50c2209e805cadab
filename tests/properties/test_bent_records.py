"""What the scenarios state, bent in one place, is refused or acts; nothing is ever raised."""

from tests.properties.bent import Bender, bent

EVERY = 23
"""Of the bent records, the part that runs here; `python -m tests.properties.bent` runs all."""


def test_a_record_bent_in_one_place_is_refused_or_acts() -> None:
    bender = Bender(EVERY)
    bender.run()
    assert bender.executed > 5_000
    assert 500 < bender.accepted < bender.executed


def test_everything_in_a_record_is_bent() -> None:
    assert (b"x" * 300, 1) in {(entry[0], entry[1]) for entry in bent((b"A", 1)) if len(entry) == 2}
