"""Records of packs looked at: rule 23 and reports of findings."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class VerificationResult(IntEnum):
    """What a verification found."""

    VERIFIED = 1
    """What was read is what the ledger says, and seals and packaging are sound."""
    NOT_VERIFIED = 2
    """It is not, or they are not."""


class VerificationReason(IntEnum):
    """Why items were verified."""

    RETURN = 1
    SUSPICION = 2
    REQUEST = 3
    RELEASE = 4
    ONBOARDING = 5
    ROUTINE = 6


class Verify(msgspec.Struct, frozen=True, array_like=True, tag=35):
    """Rule 23: items were read and looked at."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Keys of the items, as read."""
    lot: bytes
    """The lot that was read on all of them; empty when it was not."""
    expiry: int
    """The last day of use that was read on all of them, days since 1970-01-01; 0 when it was not."""
    result: VerificationResult
    """What was found."""
    reason: VerificationReason
    """Why."""


class Finding(IntEnum):
    """What is reported of packs (LAW, Verification)."""

    TAMPERED = 1
    COPIED = 2
    OUTSIDE_LANE = 3
    UNKNOWN_SERIAL = 4


class Report(msgspec.Struct, frozen=True, array_like=True, tag=36):
    """A finding that others must hear of."""

    head: Head
    """When and where."""
    finding: Finding
    """What was found."""
    items: tuple[bytes, ...]
    """Item keys as read; for an unknown serial, such as the ledger does not know."""
