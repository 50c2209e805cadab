"""What all kinds of records share between JSON and the ledger's structs: the head, words, and texts.

Writing never fails, for a block may hold documents of others that the law refused because they are nonsense:
what is not what it should be is shown in hexadecimal, or as the bare number.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

from contracts.gs1.dates import InvalidDate, format_date, format_timestamp
from contracts.gs1.keys import InvalidKey, format_item, unpack_gln, unpack_gtin
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.head import Head
from node.api.field_readers import INVALID_FIELD, FieldFault, read_gln, read_hashes, read_moment
from node.api.form_parts import RecordForm

_MINUTES_PER_HOUR: Final = 60


def read_head(form: RecordForm) -> Head:
    """Read a record's circumstances.

    Raises:
        FieldFault: Names the first field that means nothing.
    """
    time_ms, offset = read_moment(form.at, form.offset)
    attachments = read_hashes("attachments", form.attachments, HASH_BYTES) if form.attachments else ()
    return Head(time_ms, offset, read_gln("premises", form.premises), attachments)


def read_required_gln(field: str, text: str) -> bytes:
    """Read a GLN that must be stated.

    Raises:
        FieldFault: It is missing, or none.
    """
    if not text:
        raise FieldFault(INVALID_FIELD, (field,), "expected a GLN")
    return read_gln(field, text)


def written_head(head: Head) -> dict[str, Any]:
    """Return a record's circumstances as the fields of its form."""
    return {
        "at": time_text(head.claimed_at_ms),
        "offset": _offset(head.offset_minutes),
        "premises": gln_text(head.premises),
        "attachments": tuple(entry.hex() for entry in head.attachments),
    }


def word_of(member: IntEnum) -> Any:  # noqa: ANN401 - a literal of the form
    """Return an enumeration's member as clients write it."""
    return member.name.lower()


def item_texts(keys: Sequence[bytes]) -> tuple[str, ...]:
    """Return item keys as people write them."""
    return tuple(map(item_text, keys))


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), _MINUTES_PER_HOUR)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def raw_text(data: bytes) -> str:
    """Return bytes that are not what they should be."""
    return f"0x{data.hex()}" if data else ""


def item_text(key: bytes) -> str:
    """Return an item key as people write it; hexadecimal when it is none."""
    try:
        return format_item(key)
    except InvalidKey:
        return raw_text(key)


def gln_text(packed: bytes) -> str:
    """Return a GLN's digits; empty for none, hexadecimal for what is no GLN."""
    try:
        return unpack_gln(packed) if packed else ""
    except InvalidKey:
        return raw_text(packed)


def gtin_text(packed: bytes) -> str:
    """Return a GTIN's digits; hexadecimal for what is no GTIN."""
    try:
        return unpack_gtin(packed)
    except InvalidKey:
        return raw_text(packed)


def plain_text(data: bytes) -> str:
    """Return a lot, line or serial; hexadecimal for what is no ASCII text."""
    return data.decode("ascii") if data.isascii() else raw_text(data)


def time_text(time_ms: int) -> str:
    """Return an instant as RFC 3339; the bare number of ms when it is outside the calendar."""
    try:
        return format_timestamp(time_ms)
    except InvalidDate:
        return str(time_ms)


def day_text(day: int) -> str:
    """Return a date; the bare number of days when it is outside the calendar."""
    try:
        return format_date(day)
    except InvalidDate:
        return str(day)
