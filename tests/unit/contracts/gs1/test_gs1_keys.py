"""Tables for the packed GS1 identifiers."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gs1.keys import (
    CHARACTER_SET_82,
    InvalidKey,
    Sgtin,
    Sscc,
    check_digit,
    format_item,
    is_valid_gln,
    is_valid_gtin,
    is_valid_item_key,
    is_valid_lot,
    is_valid_serial,
    is_valid_sscc,
    pack_gln,
    pack_gtin,
    pack_lot,
    parse_item,
    parse_item_key,
    sgtin,
    sscc,
    unpack_gln,
    unpack_gtin,
)

VECTORS = json.loads((Path(__file__).parent / "keys.json").read_text(encoding="utf-8"))

SERIALS = st.text(alphabet=CHARACTER_SET_82.decode("ascii"), min_size=1, max_size=20)


def _with_check_digit(body: str) -> str:
    return body + str(check_digit(body))


@pytest.mark.parametrize("vector", VECTORS["items"], ids=lambda vector: vector["text"])
def test_golden_items(vector: dict[str, str]) -> None:
    key = parse_item(vector["text"])
    assert key.hex() == vector["hex"]
    assert format_item(key) == vector["text"]
    assert format_item(parse_item_key(key)) == vector["text"]
    assert is_valid_item_key(key)


@pytest.mark.parametrize("vector", VECTORS["bad_keys"], ids=lambda vector: vector["why"])
def test_golden_bad_keys(vector: dict[str, str]) -> None:
    key = bytes.fromhex(vector["hex"])
    assert not is_valid_item_key(key)
    with pytest.raises(InvalidKey) as refused:
        parse_item_key(key)
    assert refused.value.code == vector["code"]


@pytest.mark.parametrize("vector", VECTORS["bad_texts"], ids=lambda vector: vector["why"])
def test_golden_bad_texts(vector: dict[str, str]) -> None:
    with pytest.raises(InvalidKey) as refused:
        parse_item(vector["text"])
    assert refused.value.code == vector["code"]
    assert str(refused.value)


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("629104150021", 3), ("03600029145", 2), ("1061414100041", 5), ("00000000000000000", 0), ("7", 9)],
)
def test_check_digit(digits: str, expected: int) -> None:
    assert check_digit(digits) == expected


@pytest.mark.parametrize(
    ("digits", "code"),
    [
        ("", "digits_length"),
        ("1" * 18, "digits_length"),
        ("12a", "digits_not_digits"),
        ("١٢", "digits_not_digits"),
    ],
)
def test_check_digit_refuses(digits: str, code: str) -> None:
    with pytest.raises(InvalidKey) as refused:
        check_digit(digits)
    assert refused.value.code == code


def test_gtin_round_trip_and_refusals() -> None:
    packed = pack_gtin("00614141999996")
    assert packed == (614141999996).to_bytes(6, "big")
    assert unpack_gtin(packed) == "00614141999996"
    assert is_valid_gtin(packed)
    assert is_valid_gtin(614141999996)
    assert not is_valid_gtin(614141999997)
    assert not is_valid_gtin(packed + b"\0")
    assert not is_valid_gtin(0)
    assert not is_valid_gtin(10**14)
    assert not is_valid_gtin(-614141999996)
    for text, code in [
        ("0614141999996", "gtin_length"),
        ("0061414199999x", "gtin_not_digits"),
        ("00614141999995", "gtin_check_digit"),
        ("0" * 14, "gtin_all_zero"),
    ]:
        with pytest.raises(InvalidKey) as refused:
            pack_gtin(text)
        assert refused.value.code == code
    with pytest.raises(InvalidKey, match="6 bytes"):
        unpack_gtin(b"\0" * 5)


def test_gln_round_trip_and_refusals() -> None:
    packed = pack_gln("0614141000012")
    assert unpack_gln(packed) == "0614141000012"
    assert is_valid_gln(packed)
    assert not is_valid_gln(pack_gtin("10614141000415"))
    with pytest.raises(InvalidKey) as refused:
        pack_gln("0614141000013")
    assert refused.value.code == "gln_check_digit"
    # 14 digits fit into 6 bytes too, but they are no GLN.
    with pytest.raises(InvalidKey) as refused:
        unpack_gln(pack_gtin("10614141000415"))
    assert refused.value.code == "gln_length"


def test_the_character_set_has_82_characters() -> None:
    assert len(set(CHARACTER_SET_82)) == 82
    for byte in range(256):
        one = bytes([byte])
        assert is_valid_serial(one) == is_valid_lot(one) == (one in CHARACTER_SET_82)


@pytest.mark.parametrize(
    ("text", "valid"), [(b"", False), (b"A" * 20, True), (b"A" * 21, False), (b"A B", False)]
)
def test_serial_and_lot_lengths(text: bytes, *, valid: bool) -> None:
    assert is_valid_serial(text) == is_valid_lot(text) == valid


def test_pack_lot() -> None:
    assert pack_lot("LOT-1/a?") == b"LOT-1/a?"
    for lot, code in [
        ("", "lot_length"),
        ("x" * 21, "lot_length"),
        ("naïve", "lot_character"),
        ("a#b", "lot_character"),
    ]:
        with pytest.raises(InvalidKey) as refused:
            pack_lot(lot)
        assert refused.value.code == code


def test_sscc_validation_is_separable() -> None:
    key = sscc("106141412345678908")
    assert is_valid_sscc(key[1:])
    assert is_valid_sscc(106141412345678908)
    assert not is_valid_sscc(106141412345678907)


def test_format_item_takes_both_structs() -> None:
    assert format_item(Sgtin("00614141999996", "A(21)B")) == "(01)00614141999996(21)A(21)B"
    assert format_item(Sscc("106141412345678908")) == "(00)106141412345678908"


@given(st.integers(1, 10**13 - 1), SERIALS)
def test_sgtin_round_trip(body: int, serial: str) -> None:
    gtin = _with_check_digit(f"{body:013d}")
    key = sgtin(gtin, serial)
    assert is_valid_item_key(key)
    assert parse_item_key(key) == Sgtin(gtin, serial)
    assert parse_item(format_item(key)) == key


@given(st.integers(1, 10**17 - 1))
def test_sscc_round_trip(body: int) -> None:
    code = _with_check_digit(f"{body:017d}")
    key = sscc(code)
    assert is_valid_item_key(key)
    assert parse_item_key(key) == Sscc(code)
    assert parse_item(format_item(key)) == key


@given(
    st.one_of(
        st.binary(max_size=32),
        st.builds(
            lambda kind, rest: kind + rest, st.sampled_from([b"\x01", b"\x02"]), st.binary(max_size=30)
        ),
    )
)
def test_any_bytes_are_a_key_or_refused(key: bytes) -> None:
    if is_valid_item_key(key):
        assert parse_item(format_item(key)) == key
    else:
        with pytest.raises(InvalidKey):
            parse_item_key(key)


@given(st.integers(1, 10**13 - 1))
def test_exactly_one_check_digit_fits(body: int) -> None:
    assert [is_valid_gtin(body * 10 + digit) for digit in range(10)].count(True) == 1
