"""Rule 24: products, delegations, premises."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.GTIN_INVALID: Explanation("24", "The GTIN has no right check digit.", "State the GTIN as assigned."),
    Code.NOT_PRODUCT_HOLDER: Explanation(
        "24",
        "This partner is not the product's marketing holder.",
        "Let the marketing holder record it, or have it offer you the product.",
    ),
    Code.TEXT_INVALID: Explanation(
        "24",
        "A name is missing, a text has over 200 characters, a list over 32 entries, or a word is unknown.",
        "State a name, and shorter texts.",
    ),
    Code.MARKET_UNKNOWN: Explanation(
        "24",
        "No market is stated, one twice, or one that the network does not have.",
        "State codes of the network's markets.",
    ),
    Code.CONTENTS_INVALID: Explanation(
        "24",
        "What is said of serialisation, logger, units in a pack or packs in a case contradicts itself.",
        "State at least one unit, and for a case what is inside and how many.",
    ),
    Code.CONTENTS_FIXED: Explanation(
        "24",
        "A GTIN stands for the same contents for ever.",
        "Register another GTIN for other contents.",
    ),
    Code.PARTNER_UNKNOWN: Explanation(
        "24", "Nobody with this GLN is a partner.", "Check the party's GLN, or have it admitted."
    ),
    Code.PARTNER_IS_SIGNER: Explanation(
        "24",
        "The partner named is the one that signs.",
        "Name another partner.",
    ),
    Code.NOT_OFFERED: Explanation(
        "24",
        "The product is not on offer to this partner, or to anyone.",
        "Ask its marketing holder to offer it.",
    ),
    Code.ALREADY_DELEGATED: Explanation(
        "24", "The partner may commission this product already.", "Nothing is left to do."
    ),
    Code.NOT_DELEGATED: Explanation(
        "24",
        "The partner was never named as a delegate for this product.",
        "Nothing is left to do.",
    ),
    Code.GLN_INVALID: Explanation("24", "The GLN has no right check digit.", "State the GLN as assigned."),
    Code.GLN_TAKEN: Explanation(
        "24",
        "The GLN is another partner's, or that of its premises.",
        "Use a GLN of your own. To admit a partner whose GLN somebody gave to premises, assign these to the"
        " newcomer in the same proposal.",
    ),
    Code.GLN_AWAITED: Explanation(
        "24",
        "It was decided that a partner with this GLN is admitted soon.",
        "Use a GLN of your own; if it is a place of the newcomer, let that one register it.",
    ),
    Code.MARKET_FIXED: Explanation(
        "24", "Premises stay in the market they lie in.", "Register the new place under a GLN of its own."
    ),
}
