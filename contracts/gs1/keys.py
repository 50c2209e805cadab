r"""Packed GS1 identifiers: what the ledger calls an item, a product, a partner's place and a lot.

Follows the GS1 General Specifications (keys, AI-encodable character set 82, mod-10 check digit) and LAW.md,
Identifiers. Every function is strict: nothing is trimmed, padded, upper-cased or repaired. Repairing what a
scanner or a partner sent is the gateway's business; Digital Links and EPC URNs live there too.

Byte layouts (all integers big-endian):
    GTIN      6 bytes   the 14 digits as one integer
    GLN       6 bytes   the 13 digits as one integer
    SGTIN     b"\x01" + GTIN (6) + serial (1-20 ASCII characters)      8-27 bytes
    SSCC      b"\x02" + the 18 digits as one integer (8)               9 bytes
The kind byte comes first, the variable part last: no two items share a key; a prefix scan finds one GTIN.
"""

from typing import Final, Literal, NewType, assert_never

import msgspec

ItemKey = NewType("ItemKey", bytes)
"""An SGTIN or an SSCC in the layout above: the identity of one serialised thing."""

Gtin = NewType("Gtin", bytes)
"""A packed GTIN-14, 6 bytes."""

Gln = NewType("Gln", bytes)
"""A packed GLN-13, 6 bytes."""

SGTIN_KIND: Final = b"\x01"
SSCC_KIND: Final = b"\x02"

GTIN_DIGITS: Final = 14
GLN_DIGITS: Final = 13
SSCC_DIGITS: Final = 18
GTIN_BYTES: Final = 6
GLN_BYTES: Final = 6
SSCC_BYTES: Final = 8
MAX_SERIAL_BYTES: Final = 20
MAX_LOT_BYTES: Final = 20

CHARACTER_SET_82: Final = (
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
"""GS1 AI-encodable character set 82 (GS1 General Specifications 7.11): serials and lots use no other."""

_SERIAL_START: Final = 1 + GTIN_BYTES
_MIN_SGTIN_BYTES: Final = _SERIAL_START + 1
_MAX_SGTIN_BYTES: Final = _SERIAL_START + MAX_SERIAL_BYTES
_SSCC_KEY_BYTES: Final = 1 + SSCC_BYTES
_ASCII_ZERO: Final = 0x30
_ODD_WEIGHT: Final = 3

_GTIN_LABEL: Final = "(01)"
_SERIAL_LABEL: Final = "(21)"
_SSCC_LABEL: Final = "(00)"
_SERIAL_LABEL_START: Final = len(_GTIN_LABEL) + GTIN_DIGITS
_SERIAL_TEXT_START: Final = _SERIAL_LABEL_START + len(_SERIAL_LABEL)

KeyField = Literal["digits", "gtin", "serial", "sscc", "gln", "lot", "item"]
KeyFault = Literal["length", "not_digits", "check_digit", "all_zero", "character", "form"]


class InvalidKey(ValueError):
    """A text or byte string that is not the GS1 key it claims to be.

    Attributes:
        field: Which key or part was refused.
        fault: Why, as a stable word.
        code: `field` and `fault` joined, the stable name that problems carry, for example `gtin_check_digit`.
    """

    def __init__(self, field: KeyField, fault: KeyFault, message: str) -> None:
        """Keep the stable code beside a sentence for people."""
        super().__init__(message)
        self.field: KeyField = field
        self.fault: KeyFault = fault
        self.code = f"{field}_{fault}"


class Sgtin(msgspec.Struct, frozen=True):
    """One serialised pack or case, as people write it."""

    gtin: str
    """GTIN-14, 14 digits with a valid check digit."""
    serial: str
    """1-20 characters of set 82."""


class Sscc(msgspec.Struct, frozen=True):
    """One logistic unit, as people write it."""

    sscc: str
    """SSCC-18, 18 digits with a valid check digit."""


def is_valid_item_key(key: bytes) -> bool:
    """Tell whether `key` is a complete, canonical item key: kind, length, check digit, characters.

    Costs about a microsecond. A record with one GTIN and many serials should call `is_valid_gtin` once and
    `is_valid_serial` per serial instead.
    """
    kind = key[:1]
    if kind == SGTIN_KIND:
        return is_valid_gtin(key[1:_SERIAL_START]) and is_valid_serial(key[_SERIAL_START:])
    if kind == SSCC_KIND:
        return is_valid_sscc(key[1:])
    return False


def is_valid_gtin(gtin: int | bytes) -> bool:
    """Tell whether a packed (6 bytes) or integer GTIN-14 is in range and has its check digit."""
    return _is_valid_number(gtin, GTIN_BYTES, GTIN_DIGITS)


def is_valid_sscc(sscc: int | bytes) -> bool:
    """Tell whether a packed (8 bytes, without the kind) or integer SSCC-18 is in range and checks."""
    return _is_valid_number(sscc, SSCC_BYTES, SSCC_DIGITS)


def is_valid_gln(gln: int | bytes) -> bool:
    """Tell whether a packed (6 bytes) or integer GLN-13 is in range and has its check digit."""
    return _is_valid_number(gln, GLN_BYTES, GLN_DIGITS)


def is_valid_serial(serial: bytes) -> bool:
    """Tell whether `serial` is 1-20 characters of set 82 (AI 21)."""
    # translate() with a delete table runs in C: what is left over is what the set does not contain.
    return 0 < len(serial) <= MAX_SERIAL_BYTES and not serial.translate(None, CHARACTER_SET_82)


def is_valid_lot(lot: bytes) -> bool:
    """Tell whether `lot` is 1-20 characters of set 82 (AI 10)."""
    return 0 < len(lot) <= MAX_LOT_BYTES and not lot.translate(None, CHARACTER_SET_82)


def check_digit(digits: str) -> int:
    """Return the mod-10 check digit that belongs behind `digits`.

    Args:
        digits: The key without its check digit, 1-17 ASCII digits, leading zeros included.

    Raises:
        InvalidKey: `digits_length` or `digits_not_digits`.

    Source: GS1 General Specifications 7.9.1.
    """
    if not 0 < len(digits) < SSCC_DIGITS:
        message = f"a check digit is computed over 1 to {SSCC_DIGITS - 1} digits, got {len(digits)}"
        raise InvalidKey("digits", "length", message)
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidKey("digits", "not_digits", f"{digits!r} has a character that is not a digit")
    return -_weighted_sum(digits.encode("ascii") + b"0") % 10


def sgtin(gtin: str, serial: str) -> ItemKey:
    """Pack a GTIN-14 and a serial into an item key.

    Args:
        gtin: 14 digits with check digit; shorter GTINs are padded by the gateway, not here.
        serial: 1-20 characters of set 82.

    Raises:
        InvalidKey: `gtin_…` or `serial_…`.
    """
    return ItemKey(SGTIN_KIND + pack_gtin(gtin) + pack_serial(serial))


def sscc(code: str) -> ItemKey:
    """Pack an SSCC-18 (18 digits with check digit) into an item key.

    Raises:
        InvalidKey: `sscc_…`.
    """
    return ItemKey(SSCC_KIND + _pack_number(code, "sscc", SSCC_BYTES, SSCC_DIGITS))


def parse_item_key(key: bytes) -> Sgtin | Sscc:
    """Unpack an item key and prove that it is canonical.

    Raises:
        InvalidKey: `item_form`, `item_length`, `gtin_…`, `serial_…` or `sscc_…`.
    """
    kind = key[:1]
    if kind == SGTIN_KIND:
        if not _MIN_SGTIN_BYTES <= len(key) <= _MAX_SGTIN_BYTES:
            message = f"an SGTIN key has {_MIN_SGTIN_BYTES} to {_MAX_SGTIN_BYTES} bytes, got {len(key)}"
            raise InvalidKey("item", "length", message)
        return Sgtin(unpack_gtin(key[1:_SERIAL_START]), unpack_serial(key[_SERIAL_START:]))
    if kind == SSCC_KIND:
        if len(key) != _SSCC_KEY_BYTES:
            raise InvalidKey("item", "length", f"an SSCC key has {_SSCC_KEY_BYTES} bytes, got {len(key)}")
        return Sscc(_unpack_number(key[1:], "sscc", SSCC_BYTES, SSCC_DIGITS))
    raise InvalidKey(
        "item", "form", f"an item key starts with kind 1 (SGTIN) or 2 (SSCC), got {kind.hex() or 'nothing'}"
    )


def pack_gtin(gtin: str) -> Gtin:
    """Pack 14 digits into 6 bytes.

    Raises:
        InvalidKey: `gtin_length`, `gtin_not_digits`, `gtin_check_digit` or `gtin_all_zero`.
    """
    return Gtin(_pack_number(gtin, "gtin", GTIN_BYTES, GTIN_DIGITS))


def unpack_gtin(gtin: bytes) -> str:
    """Return the 14 digits of a packed GTIN.

    Raises:
        InvalidKey: `gtin_length`, `gtin_check_digit` or `gtin_all_zero`.
    """
    return _unpack_number(gtin, "gtin", GTIN_BYTES, GTIN_DIGITS)


def pack_gln(gln: str) -> Gln:
    """Pack 13 digits into 6 bytes.

    Raises:
        InvalidKey: `gln_length`, `gln_not_digits`, `gln_check_digit` or `gln_all_zero`.
    """
    return Gln(_pack_number(gln, "gln", GLN_BYTES, GLN_DIGITS))


def unpack_gln(gln: bytes) -> str:
    """Return the 13 digits of a packed GLN.

    Raises:
        InvalidKey: `gln_length`, `gln_check_digit` or `gln_all_zero`.
    """
    return _unpack_number(gln, "gln", GLN_BYTES, GLN_DIGITS)


def pack_serial(serial: str) -> bytes:
    """Return a serial's 1-20 ASCII bytes.

    Raises:
        InvalidKey: `serial_length` or `serial_character`.
    """
    return _pack_text(serial, "serial", MAX_SERIAL_BYTES)


def unpack_serial(serial: bytes) -> str:
    """Return a serial as text, after the same checks as `pack_serial`.

    Raises:
        InvalidKey: `serial_length` or `serial_character`.
    """
    # Latin-1 maps every byte to one character, so the one check below sees exactly what the bytes hold.
    return _pack_text(serial.decode("latin-1"), "serial", MAX_SERIAL_BYTES).decode("ascii")


def pack_lot(lot: str) -> bytes:
    """Return a lot's 1-20 ASCII bytes.

    Raises:
        InvalidKey: `lot_length` or `lot_character`.
    """
    return _pack_text(lot, "lot", MAX_LOT_BYTES)


def format_item(item: Sgtin | Sscc | bytes) -> str:
    """Return the human readable text, `(01)…(21)…` or `(00)…`.

    Raises:
        InvalidKey: when bytes are given that are not an item key.
    """
    parsed = parse_item_key(item) if isinstance(item, bytes) else item
    match parsed:
        case Sgtin(gtin=gtin, serial=serial):
            return f"{_GTIN_LABEL}{gtin}{_SERIAL_LABEL}{serial}"
        case Sscc(sscc=code):
            return f"{_SSCC_LABEL}{code}"
        case _:
            assert_never(parsed)


def parse_item(text: str) -> ItemKey:
    """Read back exactly what `format_item` writes.

    Parts are found by position, not by searching for brackets: a serial may itself contain `(21)`.

    Raises:
        InvalidKey: `item_form` for any other form, else `gtin_…`, `serial_…` or `sscc_…`.
    """
    if text.startswith(_SSCC_LABEL):
        return sscc(text[len(_SSCC_LABEL) :])
    if text.startswith(_GTIN_LABEL) and text[_SERIAL_LABEL_START:_SERIAL_TEXT_START] == _SERIAL_LABEL:
        return sgtin(text[len(_GTIN_LABEL) : _SERIAL_LABEL_START], text[_SERIAL_TEXT_START:])
    message = f"expected (01) + 14 digits + (21) + serial, or (00) + 18 digits, got {text[:64]!r}"
    raise InvalidKey("item", "form", message)


def _weighted_sum(digits: bytes) -> int:
    """Sum the ASCII digits with weights 1, 3, 1, 3 … from the right, the check digit having weight 1."""
    ones = digits[-1::-2]
    threes = digits[-2::-2]
    return sum(ones) + _ODD_WEIGHT * sum(threes) - _ASCII_ZERO * (len(ones) + _ODD_WEIGHT * len(threes))


def _is_valid_number(value: int | bytes, size: int, digits: int) -> bool:
    """Check a key of `digits` digits given as an integer or as `size` big-endian bytes."""
    if isinstance(value, bytes):
        if len(value) != size:
            return False
        value = int.from_bytes(value, "big")
    # Zero passes the check digit, but GS1 issues no such key, and an absent field must never look like one.
    return 0 < value < 10**digits and _weighted_sum(b"%d" % value) % 10 == 0


def _pack_number(text: str, field: KeyField, size: int, digits: int) -> bytes:
    """Check the digits of one key and return its big-endian bytes."""
    if len(text) != digits:
        raise InvalidKey(
            field, "length", f"{field} must have {digits} digits, got {len(text)}: {text[:64]!r}"
        )
    if not (text.isascii() and text.isdigit()):
        raise InvalidKey(field, "not_digits", f"{field} {text!r} has a character that is not a digit")
    value = int(text)
    if value == 0:
        raise InvalidKey(field, "all_zero", f"{field} {text} is all zeros, which GS1 never issues")
    if not _is_valid_number(value, size, digits):
        message = f"{field} {text} ends in {text[-1]}, but its check digit is {check_digit(text[:-1])}"
        raise InvalidKey(field, "check_digit", message)
    return value.to_bytes(size, "big")


def _unpack_number(packed: bytes, field: KeyField, size: int, digits: int) -> str:
    """Return the digits of a packed key after the same checks as packing."""
    if len(packed) != size:
        raise InvalidKey(field, "length", f"a packed {field} has {size} bytes, got {len(packed)}")
    text = f"{int.from_bytes(packed, 'big'):0{digits}d}"
    _pack_number(text, field, size, digits)
    return text


def _pack_text(text: str, field: KeyField, maximum: int) -> bytes:
    """Check a variable part against set 82 and return its ASCII bytes."""
    if not 0 < len(text) <= maximum:
        message = f"{field} must have 1 to {maximum} characters, got {len(text)}: {text[:64]!r}"
        raise InvalidKey(field, "length", message)
    packed = text.encode("ascii", errors="replace")
    wrong = packed.translate(None, CHARACTER_SET_82)
    # A character outside ASCII is replaced by "?", which the set contains: hence the second question.
    if wrong or not text.isascii():
        message = f"{field} {text!r} has a character outside GS1 character set 82"
        raise InvalidKey(field, "character", message)
    return packed
