"""Receipts: what the law answered to each document of a block."""

from collections.abc import Sequence

import msgspec

from contracts.primitives import merkle
from contracts.primitives.encoding import Decoder, encode
from contracts.primitives.hashing import RECEIPT, Hash

ACCEPTED = "accepted"


class Event(msgspec.Struct, frozen=True, array_like=True):
    """Something the law did, or that someone must be told of, beside what a record says itself."""

    kind: int
    """An `EventKind` of contracts.ledger.events."""
    record: int
    """Index of the record in its document."""
    items: tuple[bytes, ...]
    """Item keys concerned."""
    subject: bytes
    """Parent, shipment or premises, by kind; may be empty."""
    concerned: tuple[int, ...]
    """Partner numbers to be told."""


class Receipt(msgspec.Struct, frozen=True, array_like=True):
    """The verdict on one document."""

    document_id: bytes
    """32 bytes."""
    code: str
    """`accepted`, or the verdict code of the first refusal."""
    record: int
    """Index of the refused record; 0 when accepted."""
    subject: bytes
    """What was refused: item key, shipment id, GLN or lot; empty when accepted."""
    events: tuple[Event, ...]
    """In order; none when refused, except those the rule wants recorded."""


RECEIPTS: Decoder[Receipt] = Decoder(Receipt, 4 << 20)


def receipt_hash(receipt: Receipt) -> Hash:
    """Return the leaf that a receipts root is built over."""
    return RECEIPT.hash(encode(receipt))


def receipts_root(receipts: Sequence[Receipt]) -> Hash:
    """Return the root over a block's receipts, in document order."""
    return merkle.root([receipt_hash(receipt) for receipt in receipts])
