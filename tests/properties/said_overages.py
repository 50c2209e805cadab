"""What partners say of goods that came unannounced, as records of the law (rule 6)."""

from contracts.records.head import Head
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.record import Record


def overage_record(
    verb: str, head: Head, listed: tuple[bytes, ...], shipment: bytes, end: str
) -> Record | None:
    """Return the record of claim and unclaim; None for any other verb."""
    if verb == "claim":
        return ClaimOverage(head, shipment, listed)
    return EndOverage(head, OverageEnd[end.upper()], listed) if verb == "unclaim" else None
