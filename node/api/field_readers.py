"""Fields of a JSON request to the ledger's packed values; every fault says what and where.

Identifiers come as `(01)…(21)…`, `(00)…`, plain digits, EPC URNs or GS1 Digital Links; the last two are read
by the EPCIS gateway's own reader. What is well formed here may still be refused by the law.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from contracts.gs1.dates import InvalidDate, parse_date, parse_offset, parse_timestamp
from contracts.gs1.keys import (
    CHARACTER_SET_82,
    MAX_SERIAL_BYTES,
    InvalidKey,
    ItemKey,
    pack_gln,
    pack_gtin,
    pack_lot,
    pack_serial,
    parse_item,
)
from node.epcis.identifiers import InvalidIdentifier, read_class, read_instance, read_place

T = TypeVar("T")

INVALID_JSON: Final = "invalid_json"
INVALID_FIELD: Final = "invalid_field"
INVALID_IDENTIFIER: Final = "invalid_identifier"
INVALID_TIME: Final = "invalid_time"

_CACHED_GLNS: Final = 4_096
_OFFSET_CHARACTERS: Final = 6
_HEX_PAIR: Final = 2

Path = tuple[str | int, ...]
"""Names and indices from the document's root to a field."""


class FieldFault(Exception):
    """A field that is not what it must be.

    Attributes:
        code: INVALID_JSON, INVALID_FIELD, INVALID_IDENTIFIER or INVALID_TIME.
        path: Where.
        fault: What exactly is wrong, as a stable word where there is one; else empty.
    """

    def __init__(self, code: str, path: Path, message: str, fault: str = "") -> None:
        """Keep code and place beside a sentence for people."""
        super().__init__(message)
        self.code = code
        self.path = path
        self.fault = fault

    def under(self, *path: str | int) -> "FieldFault":
        """Return the same fault, `path` being put before its place."""
        return FieldFault(self.code, (*path, *self.path), str(self), self.fault)


def pointer_of(path: Iterable[str | int]) -> str:
    """Return a place as a JSON pointer (RFC 6901); the root is empty."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def decode_strictly(decoder: "msgspec.json.Decoder[T]", data: bytes) -> T:
    """Decode JSON into a typed struct.

    Raises:
        FieldFault: Not JSON, or not of this form: names the first field that is not.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _shape_fault(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FieldFault(INVALID_JSON, (), f"the body is no JSON: {error}") from error


def _shape_fault(message: str) -> FieldFault:
    """Turn msgspec's message, "Expected … - at `$.records[0].lot`", into a fault with a path."""
    reason, _, place = message.rpartition(" - at `$")
    if not reason:
        reason, place = message, ""
    path: list[str | int] = []
    for part in place.rstrip("`").replace("[", ".[").split("."):
        if part.startswith("["):
            path.append(int(part[1:-1]) if part[1:-1].isdigit() else part)
        elif part:
            path.append(part)
    found, _, unknown = reason.partition("Object contains unknown field `")
    if unknown and not found:
        path.append(unknown.rstrip("`"))
    return FieldFault(INVALID_FIELD, tuple(path), reason)


def _read(field: str, reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except InvalidKey as error:
        raise FieldFault(INVALID_IDENTIFIER, (field,), str(error), error.code) from error
    except InvalidIdentifier as error:
        raise FieldFault(INVALID_IDENTIFIER, (field,), f"{text[:80]!r}: {error}") from error
    except InvalidDate as error:
        raise FieldFault(INVALID_TIME, (field,), str(error), error.code) from error


def read_gln(field: str, text: str) -> bytes:
    """Read a GLN; empty for none."""
    return _read(field, _gln, text) if text else b""


@lru_cache(maxsize=_CACHED_GLNS)
def _gln(text: str) -> bytes:
    if text.isdigit():
        return pack_gln(text)
    place = read_place(text)
    if place is None or place.gln is None:
        raise InvalidIdentifier("it is no GLN")
    if place.extension:
        raise InvalidIdentifier("a GLN extension names a place within premises; the law knows premises only")
    return place.gln


def read_gtin(field: str, text: str) -> bytes:
    """Read a GTIN-14."""
    return _read(field, _gtin, text)


@lru_cache(maxsize=_CACHED_GLNS)
def _gtin(text: str) -> bytes:
    if text.isdigit():
        return pack_gtin(text)
    _written, product = read_class(text)
    if product is None or product.lot:
        raise InvalidIdentifier("it is no GTIN")
    return product.gtin


def read_item(field: str, text: str) -> bytes:
    """Read an item."""
    return _read(field, item_key, text)


def read_items(field: str, texts: Sequence[str]) -> tuple[bytes, ...]:
    """Read a list of items."""
    try:
        return tuple(map(item_key, texts))
    except (InvalidKey, InvalidIdentifier):
        for at, text in enumerate(texts):
            try:
                read_item(field, text)
            except FieldFault as fault:
                raise FieldFault(fault.code, (field, at), str(fault), fault.fault) from fault
        raise


def item_key(text: str) -> ItemKey:
    """Return the key of an item in any of its spellings.

    Raises:
        InvalidKey, InvalidIdentifier: It is none.
    """
    if text[:1] == "(":
        return parse_item(text)
    found = read_instance(text)
    if isinstance(found, str):
        raise InvalidIdentifier("it names something that is neither a serialised product nor an SSCC")
    return found


def read_lot(field: str, text: str) -> bytes:
    """Read a lot."""
    return _read(field, pack_lot, text)


def read_serials(field: str, texts: Sequence[str]) -> tuple[bytes, ...]:
    """Read a list of serials; one pass in C over all of them, and only a bad list is searched."""
    try:
        serials = tuple([text.encode("ascii") for text in texts])
    except UnicodeEncodeError:
        serials = (b"",)
    is_sized = all(serials) and max(map(len, serials), default=0) <= MAX_SERIAL_BYTES
    if is_sized and not b"".join(serials).translate(None, CHARACTER_SET_82):
        return serials
    for at, text in enumerate(texts):
        try:
            pack_serial(text)
        except InvalidKey as error:
            raise FieldFault(INVALID_IDENTIFIER, (field, at), str(error), error.code) from error
    return serials


def read_time(field: str, text: str) -> int:
    """Read an RFC 3339 time to ms; 0 for none."""
    return _read(field, parse_timestamp, text) if text else 0


def read_day(field: str, text: str) -> int:
    """Read YYYY-MM-DD."""
    return _read(field, parse_date, text)


def read_moment(at: str, offset: str) -> tuple[int, int]:
    """Read the time of a record and the offset to show it with, which is the time's own when left out."""
    time_ms = _read("at", parse_timestamp, at)
    if offset:
        return time_ms, _read("offset", parse_offset, offset)
    return time_ms, 0 if at[-1] == "Z" else parse_offset(at[-_OFFSET_CHARACTERS:])


def read_hex(field: str, text: str, size: int) -> bytes:
    """Read so many bytes of hexadecimal."""
    if len(text) != _HEX_PAIR * size or not text.isalnum():
        expected = f"expected {_HEX_PAIR * size} hexadecimal digits"
        raise FieldFault(INVALID_FIELD, (field,), f"{expected}, got {len(text)}")
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise FieldFault(INVALID_FIELD, (field,), "expected hexadecimal digits") from error


def read_hashes(field: str, texts: Sequence[str], size: int) -> tuple[bytes, ...]:
    """Read a list of hashes."""
    found: list[bytes] = []
    for at, text in enumerate(texts):
        try:
            found.append(read_hex(field, text, size))
        except FieldFault as fault:
            raise FieldFault(fault.code, (field, at), str(fault)) from fault
    return tuple(found)
