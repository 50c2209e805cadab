"""Rows of packs without serials (LAW 30): books, and what is on its way."""

import msgspec


class BookRow(msgspec.Struct, frozen=True, array_like=True):
    """What became of all packs of one product and lot. `made` is all of them: held, on their way, ended."""

    made: int
    """Packs that came to be."""
    dispensed: int
    """Of these, dispensed."""
    destroyed: int
    """... destroyed."""
    exported: int
    """... exported."""
    stolen: int
    """... stolen."""
    lost: int
    """... lost."""


class LoadRow(msgspec.Struct, frozen=True, array_like=True):
    """Packs without serials on their way."""

    sender: int
    """Number of the partner that shipped."""
    receiver: int
    """Number of the named receiver."""
    owner: int
    """Number of the partner that owns them."""
    purpose: int
    """A `ShipPurpose`."""
    deadline_ms: int
    """Block time by which they are to be received."""
    ownership_passes: int
    """1 when the receiver becomes owner."""
    destination: int
    """Number of the receiver's premises; 0 when not stated."""
    lines: tuple[tuple[bytes, bytes, int], ...]
    """What is still on its way: (packed GTIN, lot, packs above 0), ascending; none once it is over."""
    carrier: int = 0
    """Number of the named carrier; 0 for none."""
    custody: int = 0
    """1 while the carrier has in hand what is on its way."""
