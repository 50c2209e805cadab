"""Records of goods becoming other goods: rule 16."""

import msgspec

from contracts.records.head import Head


class Transform(msgspec.Struct, frozen=True, array_like=True, tag=47):
    """Rule 16: packs are opened and their contents packed anew, as serials of one GTIN and lot."""

    head: Head
    """When and where."""
    inputs: tuple[bytes, ...]
    """Item keys of packs that end here."""
    gtin: bytes
    """Packed GTIN-14 of what comes out, 6 bytes."""
    lot: bytes
    """Its lot, 1 to 20 characters of set 82."""
    expiry: int
    """Its last day of use, in days since 1970-01-01: not after that of any input."""
    line: bytes
    """Production line, at most 20 characters of set 82; empty when not stated."""
    made_at_ms: int
    """When it was packed; 0 when not stated."""
    serials: tuple[bytes, ...]
    """Serials that come to life: 1 to 20 characters of set 82 each, no two alike."""
    waste: int
    """Smallest units that were lost or thrown away."""
