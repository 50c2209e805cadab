"""GS1 Digital Link URIs, uncompressed, on any domain.

Follows GS1 Digital Link URI Syntax 1.4: a primary key and its qualifiers as path segments in pairs, possibly
behind a path of the owner's own; percent-encoded values; query and fragment carry nothing that identifies.
The alphabetic names of version 1.1 (`gtin`, `ser` …) are understood as well. Compressed links are not read:
they look like private URIs.
"""

import re
from typing import Final

import msgspec

from node.epcis.percent import percent_decode

_ALIASES: Final = {
    "gtin": "01",
    "ser": "21",
    "lot": "10",
    "cpv": "22",
    "sscc": "00",
    "gln": "414",
    "glnx": "254",
    "party": "417",
}
_QUALIFIERS: Final[dict[str, tuple[str, ...]]] = {
    "00": (),
    "01": ("22", "10", "21", "235"),
    "414": ("254", "7040"),
    "417": ("7040",),
}
"""Primary keys that mean something to the law, each with its qualifiers in their fixed order."""

_WEB: Final = re.compile(r"https?://[^/?#]+/([^?#]*)", re.IGNORECASE)
_ASCII_DIGITS: Final = re.compile(r"[0-9]+")


class InvalidDigitalLink(ValueError):
    """A URI that has a primary key like a Digital Link, and then breaks its syntax."""


class DigitalLink(msgspec.Struct, frozen=True):
    """The key and qualifiers of one link."""

    key: str
    """Application identifier of the primary key: 00, 01, 414 or 417."""
    value: str
    """Digits of the primary key, as written."""
    qualifiers: dict[str, str]
    """Application identifier to decoded value."""


def parse_digital_link(uri: str) -> DigitalLink | None:
    """Read a Digital Link, or return None when `uri` is some other URI.

    A path in which `01`, `00`, `414` or `417` is followed by digits is a Digital Link; the first such pair
    counts, so that a value which looks like a key further right does not.

    Raises:
        InvalidDigitalLink: the pairs behind the primary key are not its qualifiers, or a value is badly
            encoded.
    """
    found = _WEB.match(uri)
    if found is None:
        return None
    segments = found.group(1).rstrip("/").split("/")
    for index in range(len(segments) - 1):
        key = _ALIASES.get(segments[index].lower(), segments[index])
        if key in _QUALIFIERS and _ASCII_DIGITS.fullmatch(segments[index + 1]):
            return DigitalLink(key, segments[index + 1], _read_qualifiers(key, segments[index + 2 :]))
    return None


def _read_qualifiers(key: str, segments: list[str]) -> dict[str, str]:
    """Read the pairs behind a primary key."""
    if len(segments) % 2:
        raise InvalidDigitalLink(f"the path ends in {segments[-1]!r}, a key without a value")
    allowed = _QUALIFIERS[key]
    qualifiers: dict[str, str] = {}
    for name, value in zip(segments[::2], segments[1::2], strict=True):
        identifier = _ALIASES.get(name.lower(), name)
        if identifier not in allowed or identifier in qualifiers:
            raise InvalidDigitalLink(f"({identifier}) does not belong behind ({key}) here")
        decoded = percent_decode(value)
        if decoded is None:
            raise InvalidDigitalLink(f"the value of ({identifier}) is not percent-encoded properly")
        qualifiers[identifier] = decoded
    return qualifiers
