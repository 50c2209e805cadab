"""What a manifest says of table files."""

import pytest

from node.storage.level_manifest import BadManifest, LiveTable, live_tables, log_in_use

FULL, FIRST, MIDDLE, LAST = b"\x01", b"\x02", b"\x03", b"\x04"
HEADER = b"\x01\x03abc" + b"\x02\x05" + b"\x03\x09" + b"\x04\x80\x01"
NEW_SEVEN = b"\x07\x00\x07\x80\x02" + b"\x01a" + b"\x01z"
DELETE_SEVEN = b"\x06\x00\x07"
NEW_EIGHT = b"\x07\x01\x08\x10" + b"\x01a" + b"\x01z"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], []),
        ([FULL + HEADER], []),
        ([FULL + HEADER + NEW_SEVEN], [LiveTable(7, 256)]),
        ([FULL + NEW_SEVEN, FULL + DELETE_SEVEN + NEW_EIGHT], [LiveTable(8, 16)]),
        ([FIRST + NEW_EIGHT[:2], MIDDLE + NEW_EIGHT[2:3], LAST + NEW_EIGHT[3:]], [LiveTable(8, 16)]),
        ([FULL + b"\x05\x01\x02ab" + NEW_EIGHT], [LiveTable(8, 16)]),
    ],
)
def test_the_edits_are_followed(pieces: list[bytes], expected: list[LiveTable]) -> None:
    assert live_tables(pieces) == expected


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [([], 0), ([FULL + NEW_SEVEN], 0), ([FULL + HEADER], 5), ([FULL + HEADER, FULL + b"\x02\x80\x01"], 128)],
)
def test_the_newest_log_is_the_last_that_is_named(pieces: list[bytes], expected: int) -> None:
    assert log_in_use(pieces) == expected


@pytest.mark.parametrize("record", [b"\x08", b"\x02\x80", b"\x01\x05ab", b"\x02" + b"\xff" * 11])
def test_what_is_no_edit_is_refused(record: bytes) -> None:
    with pytest.raises(BadManifest):
        live_tables([FULL + record])
