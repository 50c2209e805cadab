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
        "25",
        "This partner may make the product itself.",
        "Commission the packs: then they are no claim.",
    ),
    Code.SERIAL_KNOWN: Explanation(
        "25",
        "The ledger knows this serial already.",
        "Look it up: receive it, or take it back from outside; if it is elsewhere, report yours as copied.",
    ),
    Code.TOO_MANY_CLAIMS: Explanation(
        "25",
        "This partner has as many claimed packs of the product as the market's profile allows, confirmed "
        "by nobody.",
        "Ask the product's marketing holder to confirm some of them.",
    ),
    Code.NOT_CLAIMED: Explanation(
        "25",
        "It was not taken in as a claim: its maker entered it.",
        "Look it up: there is nothing to answer.",
    ),
    Code.ALREADY_ANSWERED: Explanation(
        "25",
        "The product's marketing holder gave this same answer before.",
        "Nothing is left to do.",
    ),
}
