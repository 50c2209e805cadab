"""Logger ids: GIAI, GRAI, own ids; strict both ways."""

import pytest

from contracts.gs1.loggers import InvalidLogger, format_logger, is_valid_logger, parse_logger

GOOD = {
    "(8004)0614141-LOG7": b"\x030614141-LOG7",
    "(8004)" + "X" * 30: b"\x03" + b"X" * 30,
    "(8003)00614141000036": b"\x0400614141000036",
    "(8003)00614141000036" + "S" * 16: b"\x0400614141000036" + b"S" * 16,
    "(414)0614141000036(254)fridge-2": b"\x050614141000036fridge-2",
}
BAD = (
    *("", "(8004)", "(8004)" + "X" * 31, "(8004)ä", "(8004)a b", "8004X", "(00)061414100000000012"),
    *(
        "(8003)0061414100003",
        "(8003)10614141000036",
        "(8003)00614141000037",
        "(8003)00614141000036" + "S" * 17,
    ),
    *("(8003)0061414100003X", "(8003)00000000000000", "(414)0614141000036", "(414)0614141000036(254)"),
    *("(414)0614141000037(254)a", "(414)0614141000036(254)" + "a" * 21, "(414)061414100003(254)a"),
)


@pytest.mark.parametrize(("text", "key"), GOOD.items())
def test_what_is_read_is_written_back(text: str, key: bytes) -> None:
    assert parse_logger(text) == key
    assert is_valid_logger(key)
    assert format_logger(key) == text


@pytest.mark.parametrize("text", BAD)
def test_what_names_no_logger_is_refused(text: str) -> None:
    with pytest.raises(InvalidLogger):
        parse_logger(text)


@pytest.mark.parametrize("key", [b"", b"\x03", b"\x06a", b"\x04abc", b"\x05" + b"1" * 13, b"\x03\xff"])
def test_other_bytes_are_no_key(key: bytes) -> None:
    assert not is_valid_logger(key)
    with pytest.raises(InvalidLogger):
        format_logger(key)
