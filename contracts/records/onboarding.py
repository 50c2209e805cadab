"""Records of goods that nobody on the ledger made: rule 25."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class OnboardGround(IntEnum):
    """Why goods are taken in that their maker did not enter."""

    STOCK = 1
    """They were in trade before the ledger knew of such packs."""
    IMPORT = 2
    """They come from another country."""
    NON_MEMBER = 3
    """They come from somebody who is no partner of this network."""


class Onboard(msgspec.Struct, frozen=True, array_like=True, tag=55):
    """Rule 25: the receiver claims serials of one GTIN and lot, and says whom it has them from."""

    head: Head
    """When and where."""
    ground: OnboardGround
    """Why they were not commissioned."""
    sender: bytes
    """Packed party GLN, 6 bytes, of who sent them."""
    evidence: bytes
    """Hash (32 bytes) of the sender's file, or of its transaction information and statement."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    lot: bytes
    """As read on them: 1 to 20 characters of set 82."""
    expiry: int
    """As read on them: last day of use, in days since 1970-01-01."""
    serials: tuple[bytes, ...]
    """1 to 20 characters of set 82 each, no two alike."""


class ClaimAnswer(IntEnum):
    """What the product's holder says of a claim."""

    CONFIRMED = 1
    """Serial, lot and expiry are those of packs that it had made."""
    DENIED = 2
    """They are not."""


class AnswerClaim(msgspec.Struct, frozen=True, array_like=True, tag=56):
    """Rule 25: the product's holder says whether onboarded items are its own make."""

    head: Head
    """When and where; what shows it goes with the attachments."""
    answer: ClaimAnswer
    """Whether they are."""
    items: tuple[bytes, ...]
    """Item keys: nobody vouches for serials that it does not name."""


OnboardingRecord = Onboard | AnswerClaim
"""Either of these."""
