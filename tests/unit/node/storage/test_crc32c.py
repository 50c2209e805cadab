"""CRC-32C by chunks gives what the plain loop gives, and that gives what the standard says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.storage.crc32c import crc32c, crc32c_many


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # RFC 3720, appendix B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_the_standards_examples(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected
    assert crc32c_many([data]) == [expected]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_short_pieces(pieces: list[bytes]) -> None:
    assert crc32c_many(pieces) == [crc32c(piece) for piece in pieces]


@pytest.mark.parametrize("size", [1023, 1024, 1025, 2048, 5000, 40_000])
def test_pieces_of_several_chunks(size: int) -> None:
    pieces = [bytes(at * 7 + number & 0xFF for at in range(size)) for number in range(3)]
    assert crc32c_many(pieces) == [crc32c(piece) for piece in pieces]


def test_more_chunks_than_fit_a_batch() -> None:
    pieces = [number.to_bytes(4, "big") for number in range(9000)]
    assert crc32c_many(pieces) == [crc32c(piece) for piece in pieces]
