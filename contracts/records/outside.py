"""Records of goods that leave the network for a non-member, and come back from one: rule 26."""

import msgspec

from contracts.records.head import Head


class ShipOutside(msgspec.Struct, frozen=True, array_like=True, tag=53):
    """Rule 26: items go to somebody who is no partner of this network."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Item keys."""
    receiver: bytes
    """Packed party GLN of the non-member, 6 bytes."""
    evidence: bytes
    """Hash (32 bytes) of what shows its licence."""


class ReceiveFromOutside(msgspec.Struct, frozen=True, array_like=True, tag=54):
    """Rule 26: items that had left for a non-member come back from one."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Item keys."""
    sender: bytes
    """Packed party GLN of the non-member, 6 bytes."""
    evidence: bytes
    """Hash (32 bytes) of what shows its licence and what it sent."""


OutsideRecord = ShipOutside | ReceiveFromOutside
"""Either of these."""
