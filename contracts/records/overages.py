"""Records of goods that came with a shipment and were not announced with it: rule 6."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class ClaimOverage(msgspec.Struct, frozen=True, array_like=True, tag=57):
    """Rule 6: the receiver found items with a shipment that the ledger still has with its sender."""

    head: Head
    """When and where."""
    shipment: bytes
    """Shipment id, 16 bytes: what they came with."""
    items: tuple[bytes, ...]
    """Item keys."""


class OverageEnd(IntEnum):
    """How the claim of an overage ends, but by a shipment to the claimant or as illegitimate (rule 6)."""

    MISTAKEN = 1
    """The claimant does not have them after all."""
    SENT_BACK = 2
    """The claimant sent them back to who holds them by the ledger."""
    CONTESTED = 3
    """Who holds them by the ledger says that it has them; the claimant had its time."""


class EndOverage(msgspec.Struct, frozen=True, array_like=True, tag=58):
    """Rule 6: the claim of items ends, by their claimant or by who holds them."""

    head: Head
    """When and where."""
    end: OverageEnd
    """How."""
    items: tuple[bytes, ...]
    """Keys of the items that carry the claim themselves."""


OverageRecord = ClaimOverage | EndOverage
"""Either of these."""
