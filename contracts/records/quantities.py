"""Records of products whose packs carry no serials: rule 30, the class-level forms of other rules."""

from enum import IntEnum

import msgspec

from contracts.records.custody import ShipPurpose
from contracts.records.head import Head


class Line(msgspec.Struct, frozen=True, array_like=True):
    """So many packs of one product and lot."""

    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """1 to 20 characters of set 82; empty for a product without lots."""
    quantity: int
    """Packs, at least 1."""


class MakeQuantity(msgspec.Struct, frozen=True, array_like=True, tag=85):
    """Rules 1 and 30: packs without serials come to be."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """1 to 20 characters of set 82; empty for a product without lots."""
    expiry: int
    """Last day of use, days since 1970-01-01; 0 for a product without lots."""
    line: bytes
    """Production line; empty when not stated."""
    made_at_ms: int
    """When they were made; 0 when not stated."""
    quantity: int
    """Packs, at least 1."""


class ShipQuantity(msgspec.Struct, frozen=True, array_like=True, tag=86):
    """Rules 3 and 30: packs without serials go on their way."""

    head: Head
    """When and where from."""
    lines: tuple[Line, ...]
    """What."""
    owner: bytes
    """Packed party GLN of their owner; empty for the signer."""
    receiver: bytes
    """Packed party GLN."""
    destination: bytes
    """Packed GLN of the receiver's premises; empty when not stated."""
    purpose: ShipPurpose
    """Why: sale, own premises or return."""
    ownership_passes: int
    """1 when the receiver becomes the owner on receipt, else 0."""
    deadline_ms: int
    """Time by which it must be received; 0 for the profile's default."""
    references: tuple[bytes, ...]
    """Salted hashes (32 bytes) of order numbers and the like."""
    carrier: bytes = b""
    """Packed party GLN of the named carrier; empty for none."""


class Settlement(IntEnum):
    """What becomes of packs on their way."""

    RECEIVED = 1
    REFUSED = 2
    VOIDED = 3


class SettleQuantity(msgspec.Struct, frozen=True, array_like=True, tag=87):
    """Rules 4, 5 and 30: packs on their way are received, refused, or taken back.

    Received by the named carrier, they are in its custody, all of them, and still on their way.
    """

    head: Head
    """When and where."""
    shipment: bytes
    """Shipment id, 16 bytes."""
    settlement: Settlement
    """What becomes of them."""
    lines: tuple[Line, ...]
    """Which; none for all that is outstanding."""


class QuantityEnd(IntEnum):
    """How packs leave the supply chain; the position is the column of the book."""

    DISPENSED = 1
    DESTROYED = 2
    EXPORTED = 3
    STOLEN = 4
    LOST = 5


class EndQuantity(msgspec.Struct, frozen=True, array_like=True, tag=88):
    """Rules 11a, 12 and 30: packs are dispensed, or leave the supply chain otherwise."""

    head: Head
    """When and where."""
    end: QuantityEnd
    """How."""
    lines: tuple[Line, ...]
    """What."""
    owner: bytes
    """Packed party GLN of their owner; empty for the signer."""


QuantityRecord = MakeQuantity | ShipQuantity | SettleQuantity | EndQuantity
"""Any record of packs without serials."""
