"""Rows of genealogies (rule 29): batches, which are lots of products, of bulk and of materials alike."""

import msgspec


class BatchRow(msgspec.Struct, frozen=True, array_like=True):
    """A lot as something that is made of others, or that others are made of; it may have no pack yet."""

    gtin: bytes
    """Packed GTIN, 6 bytes."""
    lot: bytes
    """Lot."""
    materials: tuple[int, ...]
    """Numbers of the batches that went into it, ascending."""
    named: tuple[tuple[int, int], ...]
    """Recalls that name it as a material, ascending: (number of the recall, which of its alternatives)."""
    reached: tuple[tuple[int, int], ...]
    """Likewise those that name something of which it was made, at any level."""
