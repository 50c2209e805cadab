"""What EPCIS files call temperature loggers: GIAI, GRAI, or an own id behind a GLN, in every spelling."""

import re
from typing import Final

from contracts.gs1.keys import check_digit, unpack_gln
from contracts.gs1.loggers import GIAI_KIND, GRAI_KIND, OWN_KIND, InvalidLogger, is_valid_logger, parse_logger
from node.epcis.identifiers import InvalidIdentifier, read_place
from node.epcis.percent import percent_decode
from node.epcis.text import clean

_URN: Final = re.compile(r"urn:epc:id:(giai|grai):([0-9]{6,12})\.(.+)", re.IGNORECASE)
_LINK: Final = re.compile(
    r"https?://[^/?#]+/(?:[^?#]*/)?(8003|8004|grai|giai)/([^/?#]+)/?(?:[?#].*)?", re.IGNORECASE
)
_GRAI_BODY_DIGITS: Final = 12


def logger_key(text: str) -> bytes | None:
    """Return the key of the logger that an identifier names; None when it can be none.

    Args:
        text: EPC URN, Digital Link, element string `(8004)…`, or a GLN with an extension.
    """
    written = clean(text)
    key = _of_elements(written) or _of_urn(written) or _of_link(written) or _of_place(written)
    return key if key and is_valid_logger(key) else None


def _of_elements(written: str) -> bytes:
    try:
        return parse_logger(written)
    except InvalidLogger:
        return b""


def _of_urn(written: str) -> bytes:
    found = _URN.fullmatch(written)
    if found is None:
        return b""
    scheme, prefix, rest = found.groups()
    if scheme.lower() == "giai":
        return GIAI_KIND + _plain(prefix + rest)
    kind, _, serial = rest.partition(".")
    digits = prefix + kind
    if len(digits) != _GRAI_BODY_DIGITS or not digits.isdecimal():
        return b""
    return GRAI_KIND + _plain(f"0{digits}{check_digit(digits)}{serial}")


def _of_link(written: str) -> bytes:
    found = _LINK.fullmatch(written)
    if found is None:
        return b""
    kind = GIAI_KIND if found.group(1).lower() in {"8004", "giai"} else GRAI_KIND
    return kind + _plain(found.group(2))


def _of_place(written: str) -> bytes:
    try:
        place = read_place(written)
    except InvalidIdentifier:
        return b""
    if place is None or place.gln is None or not place.extension:
        return b""
    return OWN_KIND + _plain(unpack_gln(place.gln) + place.extension)


def _plain(text: str) -> bytes:
    """Return decoded text as bytes; what is no ASCII is no logger."""
    return (percent_decode(text) or "").encode("ascii", errors="replace")
