"""Receipts: what the law answered to each document of a block, at the place where it stands (ADR 32)."""

from collections.abc import Iterable, Sequence

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


def receipt_hash(bundle_id: bytes, index: int, receipt: Receipt) -> Hash:
    """Return the leaf that a receipts root is built over.

    The document's id alone would not do: who copies another's document is refused under the same id, and one
    of the two verdicts would prove the other's statement.

    Args:
        bundle_id: Of the bundle that the document stands in, 32 bytes.
        index: Its index in that bundle.
        receipt: What the law answered to it there.
    """
    return RECEIPT.hash(encode((bundle_id, index, receipt)))


def receipt_leaves(bundles: Iterable[tuple[bytes, int]], receipts: Sequence[Receipt]) -> list[Hash]:
    """Return the leaves of a block's receipts, in document order.

    Args:
        bundles: The id of each bundle of the block and how many documents it holds, in its order.
        receipts: One for each of those documents; ValueError when there are more, or less.
    """
    places = ((identifier, index) for identifier, count in bundles for index in range(count))
    return [
        receipt_hash(identifier, index, receipt)
        for (identifier, index), receipt in zip(places, receipts, strict=True)
    ]


def receipts_root(bundles: Iterable[tuple[bytes, int]], receipts: Sequence[Receipt]) -> Hash:
    """Return the root over a block's receipts; what it is given is that of `receipt_leaves`."""
    return merkle.root(receipt_leaves(bundles, receipts))
