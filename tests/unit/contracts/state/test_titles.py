"""Titles of items in containers, by what was sold when (contracts/state/titles.py)."""

import pytest

from contracts.state.places import Position
from contracts.state.rows import ItemRow
from contracts.state.titles import NO_TITLE, TITLE_BYTES, nested_title, title_of

FIRST, SECOND, LATER = (letter * TITLE_BYTES for letter in (b"1", b"2", b"3"))


def row(parent: bytes, title: bytes) -> ItemRow:
    place = (0, 0, 0, b"") if parent else (1, 1, 0, b"")
    return ItemRow(1, 1, (), parent, (), 1, 0, 0, *place, title)


def inside(own: bytes, then: bytes, now: bytes) -> bytes:
    """Return the title of an item with `own`, packed into a container with `then`, which has `now`."""
    pack = row(b"case", nested_title(own, then))
    return title_of(Position(b"pack", pack, ((b"case", row(b"", now)),), None))


@pytest.mark.parametrize("own", [NO_TITLE, FIRST])
@pytest.mark.parametrize("container", [NO_TITLE, FIRST, SECOND])
def test_an_item_keeps_its_title_in_a_container_until_that_is_sold(own: bytes, container: bytes) -> None:
    assert inside(own, container, container) == own
    assert inside(own, container, LATER) == LATER


def test_what_shares_its_containers_title_keeps_nothing() -> None:
    assert nested_title(FIRST, FIRST) == nested_title(NO_TITLE, NO_TITLE) == b""
    assert len(nested_title(FIRST, NO_TITLE)) == 1 + TITLE_BYTES


def test_titles_are_read_from_the_outside_in() -> None:
    pack = row(b"case", nested_title(FIRST, NO_TITLE))
    case = row(b"pallet", nested_title(NO_TITLE, SECOND))
    above = ((b"case", case), (b"pallet", row(b"", SECOND)))
    assert title_of(Position(b"pack", pack, above, None)) == FIRST
    sold = (above[0], (b"pallet", row(b"", LATER)))
    assert title_of(Position(b"pack", pack, sold, None)) == LATER
    assert title_of(Position(b"case", case, above[1:], None)) == NO_TITLE
