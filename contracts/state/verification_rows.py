"""Rows of verifications that a later record asks for: who looked at a pack, and as whose (LAW 16)."""

import msgspec


class VerificationRow(msgspec.Struct, frozen=True, array_like=True):
    """The last look of one that may repack at a pack in its hands."""

    partner: int
    """Number of the partner that verified it."""
    title: bytes
    """How its owner had come by it then (`contracts/state/titles.py`): after a sale that look is past."""
