"""What every record carries: when and where its signer says it happened."""

import msgspec


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The claim's circumstances."""

    claimed_at_ms: int
    """Client's time of the event, ms since 1970-01-01 UTC; limits use block time, never this."""
    offset_minutes: int
    """Local offset at the place, for display only."""
    premises: bytes
    """Packed GLN (6 bytes) of the signer's premises where it happened; empty when not stated."""
    attachments: tuple[bytes, ...] = ()
    """Hashes (32 bytes) of data the law does not read, kept by the node that sent it."""
