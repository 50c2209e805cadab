"""Records of making and packing: rules 1, 2a, 2b, 12 and 28."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class Commission(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """Rule 1: serials of one GTIN and lot come to life."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """1 to 20 characters of set 82."""
    expiry: int
    """Last day of use, in days since 1970-01-01."""
    line: bytes
    """Production line, at most 20 characters of set 82; empty when not stated."""
    made_at_ms: int
    """When they were made; 0 when not stated. Its hour is what recalls by line and hour go by."""
    serials: tuple[bytes, ...]
    """1 to 20 characters of set 82 each, no two alike."""


class CommissionLogisticUnits(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Rule 1: logistic units (pallets, totes) come to life; they carry no lot."""

    head: Head
    """When and where."""
    ssccs: tuple[bytes, ...]
    """Item keys of SSCCs, 9 bytes each."""


class Pack(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Rule 2a: children go into a parent."""

    head: Head
    """When and where."""
    parent: bytes
    """Item key; an SSCC never seen before is introduced by this record."""
    children: tuple[bytes, ...]
    """Item keys."""


class Unpack(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Rule 2b: children come out of their parent."""

    head: Head
    """When and where."""
    parent: bytes
    """Item key."""
    children: tuple[bytes, ...]
    """Item keys."""


class DecommissionReason(IntEnum):
    """Why an item leaves the supply chain (rule 12)."""

    DESTROYED = 1
    STOLEN = 2
    EXPORTED = 3
    SAMPLE = 4
    FREE_SAMPLE = 5
    CHECKED_OUT = 6
    LOST = 7


class Decommission(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Rule 12: items leave the supply chain, or are reported gone."""

    head: Head
    """When and where."""
    reason: DecommissionReason
    """Why."""
    items: tuple[bytes, ...]
    """Item keys."""


class ObserveStep(IntEnum):
    """The business step an observation states (CBV 2.0)."""

    STORING = 1
    ARRIVING = 2
    DEPARTING = 3
    INSPECTING = 4


class Observe(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Rule 28: items are seen at, or moved to, premises of their holder."""

    head: Head
    """When and where; the premises must be stated."""
    step: ObserveStep
    """Business step."""
    items: tuple[bytes, ...]
    """Item keys."""
