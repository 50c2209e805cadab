"""What a refusal is about, as people write it: an item, a place, a product, a lot, a shipment, a node.

A verdict's subject is bare bytes, and the refused record says which of them it is: the field that holds the
same bytes tells what they are. What the record does not state (an item inside what it lists, its signer) is
told by its own check digit.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import GLN_BYTES, is_valid_gln, is_valid_item_key
from contracts.ledger.receipt import Receipt
from contracts.records.coldchain import ClearSession
from contracts.records.record import Record
from node.api.cold_json import logger_text
from node.api.record_texts import gln_text, gtin_text, item_text, plain_text, raw_text

_ID_BYTES: Final = frozenset({16, 32})
"""Lengths of what is named by an id: shipments, recalls and proposals; keys, certificates and hashes."""

_WRITTEN: Final[Mapping[str, Callable[[bytes], str]]] = {
    **dict.fromkeys(("gtin", "contains_gtin", "material_gtin"), gtin_text),
    **dict.fromkeys(
        (
            *("agent", "carrier", "destination", "gln", "holder", "new_owner", "owner", "partner"),
            *("premises", "principal", "receiver", "receivers", "sender", "setter", "site"),
        ),
        gln_text,
    ),
    **dict.fromkeys(("line", "lot", "material_lot", "first_serial", "last_serial", "serials"), plain_text),
    **dict.fromkeys(
        ("public_key", "validator_key", "certificate", "shipment", "sale", "recall", "proposal"), bytes.hex
    ),
    "logger": logger_text,
}
"""How the bytes in a field of a record are written; fields of items write themselves (`item_text`)."""


def subject_text(receipt: Receipt, records: Sequence[Record]) -> str:
    """Return what a refusal is about, as people write it; empty when it is about the record as a whole.

    Args:
        receipt: With the verdict.
        records: The document's.
    """
    subject = receipt.subject
    if not subject or receipt.record >= len(records):
        return subject.hex()
    record = records[receipt.record]
    text = _stated(record, subject) or _by_itself(record, subject)
    is_plain = text == raw_text(subject) and subject.isascii() and subject.decode().isprintable()
    return subject.decode() if is_plain else text


def _by_itself(record: Record, subject: bytes) -> str:
    """Return a subject that the record does not state: what it is shows in its bytes."""
    if is_valid_item_key(subject):
        return item_text(subject)
    if len(subject) == GLN_BYTES:
        return gln_text(subject) if is_valid_gln(subject) else gtin_text(subject)
    if len(subject) in _ID_BYTES:
        return subject.hex()
    return str(int.from_bytes(subject, "big")) if isinstance(record, ClearSession) else item_text(subject)


def _stated(record: Record, subject: bytes) -> str | None:
    """Return the subject as the first field that holds it is written; None when none does."""
    for name, value in _fields(record):
        if isinstance(value, str) and value.encode() == subject:
            return value
        if value == subject and name in _WRITTEN:
            return _WRITTEN[name](subject)
    return None


def _fields(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value in a record, with the name of the field that it is in or in the list of."""
    if isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _fields(getattr(value, field), field)
    elif isinstance(value, tuple):
        for entry in value:
            yield from _fields(entry, name)
    else:
        yield name, value
