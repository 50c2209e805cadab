"""Rule 30: products whose packs carry no serials."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.PRODUCT_SERIALISED: Explanation(
        "30", "The packs carry serials: they are not counted.", "State each of them by its serial."
    ),
    Code.LINES_INVALID: Explanation(
        "30",
        "Lines are none, too many, or name one product and lot twice; or a quantity is below 1 or too large.",
        "State one line of at least one pack for each product and lot.",
    ),
    Code.QUANTITY_TOO_LARGE: Explanation(
        "30",
        "There would be more packs of one lot than the ledger counts.",
        "Check the quantity; begin a new lot.",
    ),
    Code.PURPOSE_NOT_COUNTED: Explanation(
        "30",
        "Packs without serials are sent only to be sold, between own premises, or back.",
        "Record what is destroyed or exported as that, where it is.",
    ),
    Code.NOT_ENOUGH: Explanation(
        "30",
        "There are fewer packs of this product and lot in hand for that owner, or on their way.",
        "Count again and correct the quantity; what is still on its way is received first.",
    ),
}
