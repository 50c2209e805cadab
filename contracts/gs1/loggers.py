r"""What a temperature logger is called: a GIAI, a GRAI, or an own id behind the GLN of whoever gave it.

Packed, a kind byte comes first and the characters of the GS1 element string after it, so the text that people
read is the bytes themselves:

    GIAI      b"\x03" + 1-30 characters of set 82                            AI 8004
    GRAI      b"\x04" + 0 + 13 digits (check digit last) + 0-16 characters   AI 8003
    own id    b"\x05" + GLN (13 digits) + 1-20 characters                    AI 414 and 254

Source: GS1 General Specifications 3.9.3, 3.9.4, 3.5.11. Strict, as `contracts/gs1/keys.py`.
"""

from typing import Final

from contracts.gs1.keys import CHARACTER_SET_82, GLN_DIGITS, check_digit

GIAI_KIND: Final = b"\x03"
GRAI_KIND: Final = b"\x04"
OWN_KIND: Final = b"\x05"

_GIAI_LABEL: Final = "(8004)"
_GRAI_LABEL: Final = "(8003)"
_GLN_LABEL: Final = "(414)"
_EXTENSION_LABEL: Final = "(254)"

_MAX_GIAI: Final = 30
_GRAI_DIGITS: Final = 14
_MAX_GRAI_SERIAL: Final = 16
_MAX_EXTENSION: Final = 20


class InvalidLogger(ValueError):
    """A text or byte string that names no logger."""


def is_valid_logger(key: bytes) -> bool:
    """Tell whether bytes are a complete, canonical logger key."""
    kind, text = key[:1], key[1:]
    if not text or text.translate(None, CHARACTER_SET_82):
        return False
    if kind == GIAI_KIND:
        return len(text) <= _MAX_GIAI
    if kind == GRAI_KIND:
        is_sized = _GRAI_DIGITS <= len(text) <= _GRAI_DIGITS + _MAX_GRAI_SERIAL
        return is_sized and text[:1] == b"0" and _checks(text[1:_GRAI_DIGITS])
    if kind == OWN_KIND:
        is_sized = GLN_DIGITS < len(text) <= GLN_DIGITS + _MAX_EXTENSION
        return is_sized and _checks(text[:GLN_DIGITS])
    return False


def parse_logger(text: str) -> bytes:
    """Read `(8004)GIAI`, `(8003)GRAI` or `(414)GLN(254)id`.

    Raises:
        InvalidLogger: It is neither, or its digits or characters are wrong.
    """
    key = b""
    packed = text.encode("ascii", errors="replace")
    if text.startswith(_GIAI_LABEL):
        key = GIAI_KIND + packed[len(_GIAI_LABEL) :]
    elif text.startswith(_GRAI_LABEL):
        key = GRAI_KIND + packed[len(_GRAI_LABEL) :]
    elif text.startswith(_GLN_LABEL):
        middle = len(_GLN_LABEL) + GLN_DIGITS
        if text[middle : middle + len(_EXTENSION_LABEL)] == _EXTENSION_LABEL:
            key = OWN_KIND + packed[len(_GLN_LABEL) : middle] + packed[middle + len(_EXTENSION_LABEL) :]
    if not text.isascii() or not is_valid_logger(key):
        msg = f"expected (8004)GIAI, (8003)GRAI or (414)GLN(254)id, got {text[:64]!r}"
        raise InvalidLogger(msg)
    return key


def format_logger(key: bytes) -> str:
    """Return the text of a logger key, as `parse_logger` reads it.

    Raises:
        InvalidLogger: The bytes are no logger key.
    """
    if not is_valid_logger(key):
        msg = f"no logger key: {key.hex()}"
        raise InvalidLogger(msg)
    kind, text = key[:1], key[1:].decode("ascii")
    if kind == GIAI_KIND:
        return f"{_GIAI_LABEL}{text}"
    if kind == GRAI_KIND:
        return f"{_GRAI_LABEL}{text}"
    return f"{_GLN_LABEL}{text[:GLN_DIGITS]}{_EXTENSION_LABEL}{text[GLN_DIGITS:]}"


def _checks(digits: bytes) -> bool:
    """Tell whether ASCII digits end in their check digit and are not all zeros."""
    if not digits.isdigit() or not digits.strip(b"0"):
        return False
    text = digits.decode("ascii")
    return check_digit(text[:-1]) == int(text[-1])
