"""Records of goods held back and let go: rules 7, 14 and 15."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head
from contracts.records.verification import Report, Verify


class HoldAction(IntEnum):
    """How goods are held back (rule 14)."""

    LOCK = 1
    QUARANTINE = 2


class SuspectGround(IntEnum):
    """Why goods are suspect (21 USC 360eee(21))."""

    COUNTERFEIT = 1
    DIVERTED = 2
    STOLEN = 3
    ADULTERATED = 4
    FRAUDULENT = 5
    UNFIT = 6


class PlaceHold(msgspec.Struct, frozen=True, array_like=True, tag=30):
    """Rule 14: items are locked or quarantined, with everything inside them."""

    head: Head
    """When and where."""
    action: HoldAction
    """Which hold."""
    items: tuple[bytes, ...]
    """Item keys."""


class LiftHold(msgspec.Struct, frozen=True, array_like=True, tag=31):
    """Rule 14: items are unlocked, or released from quarantine."""

    head: Head
    """When and where."""
    action: HoldAction
    """Which hold."""
    items: tuple[bytes, ...]
    """Keys of the items that carry it themselves."""


class Suspect(msgspec.Struct, frozen=True, array_like=True, tag=32):
    """Rule 15: the holder has reason to believe that items are not what they should be."""

    head: Head
    """When and where."""
    ground: SuspectGround
    """Why."""
    items: tuple[bytes, ...]
    """Item keys."""


class ConfirmIllegitimate(msgspec.Struct, frozen=True, array_like=True, tag=33):
    """Rule 15: maker or regulator confirms a suspicion: there is credible evidence."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Keys of the items that carry the suspicion themselves."""


class Clear(msgspec.Struct, frozen=True, array_like=True, tag=34):
    """Rule 15: an investigation found the items sound."""

    head: Head
    """When and where."""
    investigation: bytes
    """Hash (32 bytes) of the investigation's report, kept off the ledger."""
    items: tuple[bytes, ...]
    """Keys of the items that carry the suspicion themselves."""


class DeclareOverdue(msgspec.Struct, frozen=True, array_like=True, tag=37):
    """Rule 7: a shipment was not received by its deadline, by block time."""

    head: Head
    """When and where."""
    shipment: bytes
    """Shipment id, 16 bytes."""


HoldRecord = DeclareOverdue | PlaceHold | LiftHold | Suspect | ConfirmIllegitimate | Clear | Verify | Report
"""Records of goods held back, looked at, and let go."""
