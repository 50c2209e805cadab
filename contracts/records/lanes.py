"""Records of trade lanes: rule 21."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class LaneStep(IntEnum):
    """What happens to a trade lane."""

    FLAG = 1
    BLOCK = 2
    CLEARED = 3


class SetTradeLane(msgspec.Struct, frozen=True, array_like=True, tag=67):
    """Rule 21: the marketing holder says to whom a product, or one lot of it, is to be sold."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """Lot that it is about; empty for all that have no lane of their own."""
    receivers: tuple[bytes, ...]
    """Packed party GLNs of those who may receive it whatever their role and market."""
    roles: int
    """`Role` bits of which any other receiver has one; 0 for no such condition."""
    markets: tuple[str, ...]
    """Codes of markets in one of which any other receiver gets it; none for no such condition."""
    step: LaneStep
    """Sales elsewhere are flagged, or refused; or the lane is cleared."""
