"""Records about whole lots: what they were made of (rule 29), and until when they are used (rule 19b)."""

import msgspec

from contracts.records.head import Head


class MaterialLot(msgspec.Struct, frozen=True, array_like=True):
    """A lot of a material: an ingredient, packaging, or bulk of one's own."""

    gtin: bytes
    """Packed GTIN-14, 6 bytes; it need not be registered."""
    lot: bytes
    """Its lot, 1 to 20 characters of set 82."""


class TraceLot(msgspec.Struct, frozen=True, array_like=True, tag=68):
    """Rule 29: the maker says of which material lots a lot was made, and what was measured meanwhile."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14 of what was made, 6 bytes: a product, or bulk under the signer's company prefix."""
    lot: bytes
    """Its lot, 1 to 20 characters of set 82."""
    materials: tuple[MaterialLot, ...]
    """Lots that went into it."""
    results: tuple[bytes, ...]
    """Hashes (32 bytes) of in-process results, as the maker's execution system keeps them."""


class AmendLot(msgspec.Struct, frozen=True, array_like=True, tag=71):
    """Rule 19b: the marketing holder lets a lot expire sooner."""

    head: Head
    """When and where; the reason goes with the attachments."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """Lot."""
    expiry: int
    """Its last day of use from now on, days since 1970-01-01."""


class ProposeAmendment(msgspec.Struct, frozen=True, array_like=True, tag=72):
    """Rule 19b: the marketing holder asks a regulator to let a lot expire later."""

    head: Head
    """When and where; the reason goes with the attachments."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """Lot."""
    expiry: int
    """Its last day of use from then on, days since 1970-01-01."""
    until_height: int
    """Last height at which a regulator may consent; 0 for as long as nobody ends it."""


class ConsentToAmendment(msgspec.Struct, frozen=True, array_like=True, tag=73):
    """Rule 19b: a regulator lets a lot expire later, repeating what was proposed."""

    head: Head
    """When and where."""
    proposal: bytes
    """Proposal id, 16 bytes."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """Lot."""
    expiry: int
    """Its last day of use from now on, days since 1970-01-01."""


LotRecord = TraceLot | AmendLot | ProposeAmendment | ConsentToAmendment
"""Any of them."""


def trace_weight(record: TraceLot) -> int:
    """Return how many material lots and results a record lists."""
    return len(record.materials) + len(record.results)
