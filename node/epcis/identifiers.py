"""Identifiers in EPCIS files, in every spelling, to the keys of the law.

Follows the GS1 EPC Tag Data Standard 2.1 chapter 6 (pure identity URNs), CBV 2.0 chapter 8 and GS1 Digital
Link. In an EPC URN the company prefix comes first, so the indicator of a GTIN or the extension digit of an
SSCC stands behind it, and the check digit is left out: `030001.1012345` is GTIN 1 030001 012345 + check
digit.

White space anywhere and typographic hyphens are forgiven; wrong digits, lengths and characters are not.
Instances that the law does not know (GIAI, GRAI, private URIs …) are kept as written.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec

from contracts.gs1.keys import (
    Gln,
    Gtin,
    InvalidKey,
    ItemKey,
    check_digit,
    is_valid_lot,
    pack_gln,
    pack_gtin,
    parse_item,
    sgtin,
    sscc,
)
from node.epcis.digital_link import DigitalLink, InvalidDigitalLink, parse_digital_link
from node.epcis.events import Place
from node.epcis.percent import percent_decode
from node.epcis.text import clean

_MIN_PREFIX_DIGITS: Final = 6
_MAX_PREFIX_DIGITS: Final = 12
_SGTIN_BODY_DIGITS: Final = 13
_SSCC_BODY_DIGITS: Final = 17
_GLN_BODY_DIGITS: Final = 12
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_GLN_DIGITS: Final = 13
_GTIN_DIGITS: Final = 14
_MAX_GLN_EXTENSION: Final = 20

_EPC_PREFIX: Final = "urn:epc:"
_URN: Final = re.compile(r"urn:epc:(id|class|idpat|tag|raw):([a-z]+)(?:-[a-z0-9]+)?:(.*)", re.IGNORECASE)
_SCHEMES: Final = frozenset(
    {"sgtin", "sscc", "sgln", "pgln", "lgtin", "grai", "giai", "gsrn", "gsrnp", "gdti", "cpi", "sgcn", "ginc"}
    | {"gsin", "itip", "upui", "gid", "usdod", "adi", "bic", "imovn"}
)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+")
_GLN_ELEMENT: Final = re.compile(r"\((?:414|417)\)([0-9]{13})(?:\(254\)(.+))?")
_FURTHER_ELEMENT: Final = re.compile(r"\([0-9]{2,4}\)")
_DIGITS: Final = re.compile(r"[0-9]*")
_PREFIX_CACHE: Final = 4_096


class InvalidIdentifier(ValueError):
    """A text that is not the identifier it sets out to be; the message says why."""


class ProductClass(msgspec.Struct, frozen=True):
    """A GTIN, or one lot of it."""

    gtin: Gtin
    """The product."""
    lot: str
    """Lot number, or empty for the product as a whole."""


def read_instance(text: str) -> ItemKey | str:
    """Read an instance identifier.

    Args:
        text: EPC URN, Digital Link, element string `(01)…(21)…` or `(00)…`, or another URI.

    Returns:
        The item's key, or the cleaned text when it names something that is not an item.

    Raises:
        InvalidIdentifier: not a URI at all, or an SGTIN, SSCC or Digital Link with something wrong in it, or
            a class of goods where an instance belongs.
    """
    written = clean(text)
    try:
        if written[:1] == "(":
            return _instance_of_elements(written)
        found = _match_urn(written)
        if found is not None:
            return _instance_of_urn(written, *found.groups())
        link = parse_digital_link(written)
        if link is not None:
            return _instance_of_link(link)
    except (InvalidKey, InvalidDigitalLink) as error:
        raise InvalidIdentifier(str(error)) from error
    return _other_uri(written)


def read_class(text: str) -> tuple[str, ProductClass | None]:
    """Read a class identifier.

    Returns:
        The cleaned text, and the product class when it is built on a GTIN.

    Raises:
        InvalidIdentifier: not a URI at all, or a GTIN or lot with something wrong in it.
    """
    written = clean(text)
    try:
        found = _match_urn(written)
        if found is not None:
            return written, _class_of_urn(*found.groups())
        link = parse_digital_link(written)
        if link is not None and link.key == "01":
            return written, _class_of_link(link)
    except (InvalidKey, InvalidDigitalLink) as error:
        raise InvalidIdentifier(str(error)) from error
    return _other_uri(written), None


def read_place(text: str) -> Place | None:
    """Read a location or party: SGLN, PGLN, Digital Link, `(414)…`, 13 digits, or another URI.

    Returns:
        The place, or None when the text is empty or an SGLN with nothing in it, as some systems write for
        "none".

    Raises:
        InvalidIdentifier: not a URI, or a GLN with something wrong in it.
    """
    written = clean(text)
    try:
        found = _match_urn(written)
        if found is not None and found.group(2).lower() in {"sgln", "pgln"}:
            return _place_of_urn(written, found.group(3))
        link = parse_digital_link(written)
        if link is not None and link.key in {"414", "417"}:
            return _place(written, link.value, link.qualifiers.get("254", ""))
        element = _GLN_ELEMENT.fullmatch(written)
        if element is not None:
            return _place(written, element.group(1), element.group(2) or "")
        if len(written) == _GLN_DIGITS and _DIGITS.fullmatch(written):
            return _place(written, written, "")
    except (InvalidKey, InvalidDigitalLink) as error:
        raise InvalidIdentifier(str(error)) from error
    return Place(_other_uri(written)) if written else None


def _match_urn(written: str) -> re.Match[str] | None:
    """Match an EPC URN, or return None for what does not begin like one."""
    if written[: len(_EPC_PREFIX)].lower() != _EPC_PREFIX:
        return None
    found = _URN.fullmatch(written)
    if found is None or found.group(2).lower() not in _SCHEMES:
        raise InvalidIdentifier("it begins like an EPC URN, but its scheme is not one of GS1's")
    return found


def _instance_of_elements(written: str) -> ItemKey:
    """Read `(01)…(21)…` or `(00)…`, and nothing in which the serial may be followed by more."""
    if _FURTHER_ELEMENT.search(written, len("(01)") + _GTIN_DIGITS + len("(21)")):
        raise InvalidIdentifier(
            "elements behind the serial, or brackets in it; write it as a URN or Digital Link"
        )
    return parse_item(written)


def _other_uri(written: str) -> str:
    """Return a URI that is not ours to interpret, or refuse what is no URI."""
    if _URI.fullmatch(written):
        return written
    raise InvalidIdentifier("it is neither an EPC URN, a Digital Link, an element string nor any other URI")


def _instance_of_urn(written: str, space: str, scheme: str, body: str) -> ItemKey | str:
    """Read `urn:epc:id:…`; classes and tag encodings have no place among instances."""
    if space.lower() in {"class", "idpat"}:
        raise InvalidIdentifier("it names a class of goods, not one thing; list it as a quantity")
    if space.lower() in {"tag", "raw"}:
        raise InvalidIdentifier("it is a tag encoding; EPCIS files carry pure identities, urn:epc:id:…")
    scheme = scheme.lower()
    if scheme == "sgtin":
        prefix, reference, serial = _parts(body, 3)
        return sgtin(_gtin(prefix, reference), _decoded(serial))
    if scheme == "sscc":
        prefix, reference = _parts(body, 2)
        digits = reference[:1] + prefix + reference[1:]
        _require_digits(prefix, reference, _SSCC_BODY_DIGITS)
        return sscc(f"{digits}{check_digit(digits)}")
    return written


def _instance_of_link(link: DigitalLink) -> ItemKey | str:
    """Read a Digital Link that names one thing."""
    if link.key == "00":
        return sscc(link.value)
    if link.key == "01":
        serial = link.qualifiers.get("21")
        if serial is None:
            raise InvalidIdentifier("it names a class of goods, not one thing: the serial (21) is missing")
        return sgtin(_padded(link.value), serial)
    raise InvalidIdentifier("it names a location or party, not a thing")


def _class_of_urn(space: str, scheme: str, body: str) -> ProductClass | None:
    """Read `urn:epc:class:lgtin:…` and `urn:epc:idpat:sgtin:prefix.reference.*`."""
    match space.lower(), scheme.lower():
        case "class", "lgtin":
            prefix, reference, lot = _parts(body, 3)
            if not lot:
                raise InvalidIdentifier("the lot is empty")
            return _product(_gtin(prefix, reference), _decoded(lot))
        case "idpat", "sgtin" if not body.endswith(".*.*"):
            prefix, reference, serial = _parts(body, 3)
            if serial != "*":
                raise InvalidIdentifier("a pattern ends in .*, one serial is an instance")
            return _product(_gtin(prefix, reference), "")
        case "id", "sgtin":
            raise InvalidIdentifier("it names one thing, not a class of goods; list it as an EPC")
        case _:
            return None


def _class_of_link(link: DigitalLink) -> ProductClass:
    """Read a Digital Link that names a product or one lot of it."""
    if "21" in link.qualifiers:
        raise InvalidIdentifier("it names one thing, not a class of goods; list it as an EPC")
    return _product(_padded(link.value), link.qualifiers.get("10"))


def _product(gtin: str, lot: str | None) -> ProductClass:
    """Check and pack a product class; None or empty lot means the product as a whole."""
    if lot and not is_valid_lot(lot.encode("utf-8")):
        raise InvalidIdentifier(f"lot {lot!r} is not 1-20 characters of GS1 character set 82")
    return ProductClass(pack_gtin(gtin), lot or "")


def _place_of_urn(written: str, body: str) -> Place | None:
    """Read the body of an SGLN (extension optional, `0` for none) or PGLN."""
    parts = body.split(".", 2)
    prefix, reference = parts[0], parts[1] if len(parts) > 1 else ""
    if not prefix and not reference:
        return None
    _require_digits(prefix, reference, _GLN_BODY_DIGITS)
    digits = prefix + reference
    extension = _decoded(parts[2]) if len(parts) > 2 else ""  # noqa: PLR2004  the third part, if any
    return _place(written, f"{digits}{check_digit(digits)}", "" if extension == "0" else extension)


def _place(written: str, gln: str, extension: str) -> Place:
    """Build a place from 13 digits and an extension."""
    if extension and (len(extension) > _MAX_GLN_EXTENSION or not is_valid_lot(extension.encode("utf-8"))):
        raise InvalidIdentifier(f"extension {extension!r} is not 1-20 characters of GS1 character set 82")
    return Place(written, _pack_gln(gln), extension)


@lru_cache(maxsize=_PREFIX_CACHE)
def _pack_gln(gln: str) -> Gln:
    """Pack a GLN; one file repeats the same few thousands of times."""
    return pack_gln(gln)


@lru_cache(maxsize=_PREFIX_CACHE)
def _gtin(prefix: str, reference: str) -> str:
    """Return GTIN-14 from company prefix and indicator with item reference; a file repeats the same few."""
    _require_digits(prefix, reference, _SGTIN_BODY_DIGITS)
    digits = reference[:1] + prefix + reference[1:]
    return f"{digits}{check_digit(digits)}"


def _require_digits(prefix: str, reference: str, total: int) -> None:
    """Refuse a prefix and reference that cannot make up a key of `total` digits."""
    if not (_DIGITS.fullmatch(prefix) and _DIGITS.fullmatch(reference)):
        raise InvalidIdentifier("company prefix and reference must be digits")
    if not _MIN_PREFIX_DIGITS <= len(prefix) <= _MAX_PREFIX_DIGITS:
        raise InvalidIdentifier(f"a company prefix has 6 to 12 digits, this one {len(prefix)}")
    if len(prefix) + len(reference) != total:
        found = len(prefix) + len(reference)
        raise InvalidIdentifier(f"company prefix and reference have {found} digits together, not {total}")


def _parts(body: str, count: int) -> list[str]:
    """Split the body of a URN; the last part may itself contain dots."""
    parts = body.split(".", count - 1)
    if len(parts) != count:
        raise InvalidIdentifier(f"expected {count} parts separated by dots, got {len(parts)}")
    return parts


def _decoded(text: str) -> str:
    """Decode a percent-encoded part."""
    decoded = percent_decode(text)
    if decoded is None:
        raise InvalidIdentifier("a % is not followed by two hexadecimal digits")
    return decoded


def _padded(gtin: str) -> str:
    """Pad a GTIN of 8, 12 or 13 digits to 14."""
    if len(gtin) not in _GTIN_LENGTHS:
        raise InvalidIdentifier(f"a GTIN has 8, 12, 13 or 14 digits, this one {len(gtin)}")
    return gtin.rjust(_GTIN_DIGITS, "0")
