"""Records of what takes two parties: one proposes, the other consents; and rule 8, transfer of ownership."""

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import PROPOSAL
from contracts.records.head import Head

PROPOSAL_ID_BYTES = 16


class OfferOwnership(msgspec.Struct, frozen=True, array_like=True, tag=50):
    """Rule 8: the owner proposes that another partner becomes the owner; the holder stays who it is."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Item keys."""
    new_owner: bytes
    """Packed party GLN, 6 bytes."""
    until_height: int
    """Last height at which the new owner may consent; 0 for as long as nobody ends it."""


class Consent(msgspec.Struct, frozen=True, array_like=True, tag=51):
    """The other party agrees to a proposal, repeating what it is about; then that happens."""

    head: Head
    """When and where."""
    proposal: bytes
    """Proposal id, 16 bytes."""
    items: tuple[bytes, ...]
    """Item keys, as the proposal lists them."""


class Withdraw(msgspec.Struct, frozen=True, array_like=True, tag=52):
    """Either party ends a proposal: who made it withdraws it, who was asked declines."""

    head: Head
    """When and where."""
    proposal: bytes
    """Proposal id, 16 bytes."""


AgreementRecord = OfferOwnership | Consent | Withdraw
"""Any of these."""


def proposal_id(document_id: bytes, record_index: int) -> bytes:
    """Return the 16-byte id of the proposal that a document's `record_index`-th record makes."""
    return PROPOSAL.hash(encode((document_id, record_index)))[:PROPOSAL_ID_BYTES]
