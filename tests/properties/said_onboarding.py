"""Claims of goods that nobody made, and answers to them, from words to records (rule 25)."""

from typing import Final

from contracts.records.onboarding import ClaimAnswer, Onboard, OnboardGround
from contracts.records.supply import Commission

ANSWERS: Final = {"vouch": ClaimAnswer.CONFIRMED, "disown": ClaimAnswer.DENIED}
"""What the holder of a product says of a claim, by the verb."""


def claim(ground: str, sender: bytes, made: Commission) -> Onboard:
    """Return the claim of goods, said as if somebody had made them."""
    what = (made.gtin, made.lot, made.expiry, made.serials)
    return Onboard(made.head, OnboardGround[ground.upper()], sender, bytes(32), *what)
