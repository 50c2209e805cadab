"""Rule 25: onboard."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.ONBOARDING_CLOSED: Explanation(
        "25",
        "Goods that nobody on the ledger made are not taken in here, or no more.",
        "Have their maker commission them; the network's profile says until when others may take goods in.",
    ),
    Code.COMMISSION_INSTEAD: Explanation(
        "25", "The signer may make this product itself.", "Commission the packs: then they are no claim."
    ),
    Code.SERIAL_KNOWN: Explanation(
        "25",
        "The ledger knows this serial already.",
        "Look it up: receive it, or take it back from outside; if it is elsewhere, report yours as copied.",
    ),
    Code.TOO_MANY_CLAIMS: Explanation(
        "25",
        "The signer has as many claimed packs of this product as the profile allows, confirmed by nobody.",
        "Ask the product's holder to confirm some of them.",
    ),
    Code.NOT_CLAIMED: Explanation(
        "25", "The item was not onboarded: its maker entered it.", "There is nothing to answer; look it up."
    ),
    Code.ALREADY_ANSWERED: Explanation(
        "25", "The product's holder said so of this item before.", "Nothing is left to do."
    ),
}
