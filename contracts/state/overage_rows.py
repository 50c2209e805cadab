"""Rows of overages: since which shipment a partner claims to have what the ledger has elsewhere (LAW 6)."""

import msgspec


class OverageRow(msgspec.Struct, frozen=True, array_like=True):
    """One claim of one item. It stays when the claim has ended, for nothing is claimed twice."""

    shipment: bytes
    """Id of the shipment that the item came with, 16 bytes."""
    until_ms: int
    """Block time until which the item's holder cannot contest the claim."""
