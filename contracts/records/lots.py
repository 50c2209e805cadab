"""Records about whole lots: what they were made of (rule 29)."""

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


LotRecord = TraceLot
"""Any of them."""


def lot_record_weight(record: LotRecord) -> int:
    """Return how many material lots and results a record lists."""
    return len(record.materials) + len(record.results)
