"""The words of rule 6.

Bulk claims pack-3 of S1
Bulk unclaims pack-3 as mistaken             (also: sent back; by its holder: contested)
"""

from contracts.records.head import Head
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.record import Record

VERBS = {"claims", "unclaims"}


def overage(verb: str, head: Head, keys: tuple[bytes, ...], shipment: bytes, end: str) -> Record:
    """Build the record of a sentence with one of `VERBS`."""
    if verb == "claims":
        return ClaimOverage(head, shipment, keys)
    return EndOverage(head, OverageEnd[end.upper().replace(" ", "_")], keys)
