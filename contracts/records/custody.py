"""Records of goods changing hands: rules 3, 4 and 5."""

from enum import IntEnum

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import SHIPMENT
from contracts.records.head import Head

SHIPMENT_ID_BYTES = 16


class ShipPurpose(IntEnum):
    """Why goods travel (rule 3)."""

    SALE = 1
    OWN_PREMISES = 2
    RETURN = 3
    DISPOSAL = 4
    EXPORT = 5
    AUTHORITY = 6


class Ship(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """Rule 3: items go to another partner, or to other premises of the same one."""

    head: Head
    """When and where from."""
    items: tuple[bytes, ...]
    """Item keys."""
    receiver: bytes
    """Packed party GLN, 6 bytes."""
    destination: bytes
    """Packed GLN of the receiver's premises; empty when not stated."""
    purpose: ShipPurpose
    """Why."""
    ownership_passes: int
    """1 when the receiver becomes the owner on receipt, else 0."""
    deadline_ms: int
    """Time by which it must be received; 0 for the profile's default."""
    carrier: bytes
    """Packed party GLN of the carrier that may take custody on the way; empty for none."""
    references: tuple[bytes, ...]
    """Salted hashes (32 bytes) of order numbers and the like."""
    sale: bytes = b""
    """For a return: the shipment (16 bytes) with which the signer bought the items; else empty."""


class ReceiveMode(IntEnum):
    """Which part of a shipment is received (rule 4)."""

    ALL = 1
    LISTED = 2
    ALL_EXCEPT = 3


class Receive(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """Rule 4: the receiver, or first the named carrier, takes a shipment into custody."""

    head: Head
    """When and where."""
    shipment: bytes
    """Shipment id, 16 bytes."""
    mode: ReceiveMode
    """All, listed, or all except listed."""
    items: tuple[bytes, ...]
    """Item keys; none for all."""


class Refuse(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """Rule 5: the receiver sends unreceived items back into the sender's custody."""

    head: Head
    """When and where."""
    shipment: bytes
    """Shipment id, 16 bytes."""
    items: tuple[bytes, ...]
    """Item keys; none for all that is outstanding."""


class Void(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Rule 5: the sender takes unreceived items back."""

    head: Head
    """When and where."""
    shipment: bytes
    """Shipment id, 16 bytes."""
    items: tuple[bytes, ...]
    """Item keys; none for all that is outstanding."""


def shipment_id(document_id: bytes, record_index: int) -> bytes:
    """Return the 16-byte id of the shipment that a document's `record_index`-th record announces."""
    return SHIPMENT.hash(encode((document_id, record_index)))[:SHIPMENT_ID_BYTES]
