"""Rule 1: commission."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.PRODUCT_UNKNOWN: Explanation(
        "1", "Nobody registered a product with this GTIN.", "Check the GTIN, or have the product registered."
    ),
    Code.PRODUCT_NOT_SERIALISED: Explanation(
        "1",
        "The product's packs carry no serials.",
        "Record them by lot and quantity, or have the product's registration changed first.",
    ),
    Code.NO_COMMISSION_AUTHORITY: Explanation(
        "1",
        "This partner may not commission the product: it is neither its marketing holder nor its delegate.",
        "Ask the marketing holder to name this partner as its delegate.",
    ),
    Code.LOT_INVALID: Explanation(
        "1",
        "The lot is not 1 to 20 letters, digits and signs that GS1 allows, or the product has no lots.",
        "State the lot as printed; none for a product without lots.",
    ),
    Code.LINE_INVALID: Explanation(
        "1",
        "The name of the line is not 1 to 20 letters, digits and signs that GS1 allows.",
        "Rename the line, or state none.",
    ),
    Code.MADE_AT_INVALID: Explanation(
        "1",
        "The time of making lies in the future or is no time at all.",
        "Set the clock of the line, and record it again.",
    ),
    Code.EXPIRY_INVALID: Explanation(
        "1",
        "The expiry is no date between 1970 and 9999.",
        "State the last day of use, as printed.",
    ),
    Code.SERIAL_INVALID: Explanation(
        "1",
        "A serial is not 1 to 20 letters, digits and signs that GS1 allows.",
        "State the serial as printed.",
    ),
    Code.LOT_EXPIRY_MISMATCH: Explanation(
        "1",
        "The lot is known with another expiry.",
        "Check lot and expiry against the print; one lot has one expiry.",
        "LOT_12",
        "no match GTIN/serial/lot/expiry",
    ),
    Code.LOT_ON_HOLD: Explanation(
        "1",
        "The lot as a whole is recalled or withdrawn: it takes no new packs.",
        "Follow the notice about the lot.",
    ),
    Code.LOT_TOO_MIXED: Explanation(
        "1",
        "The lot was made on more lines, in more hours or at more sites than one lot may have.",
        "State line and time of making less finely, or begin a new lot.",
    ),
    Code.ALREADY_COMMISSIONED: Explanation(
        "1",
        "The identifier came to life before; serials are never given twice.",
        "Use a new serial; find out how this one was made twice.",
    ),
    Code.SSCC_INVALID: Explanation(
        "1", "A listed key is no SSCC with a right check digit.", "State the SSCC as printed."
    ),
    Code.PREFIX_NOT_OWN: Explanation(
        "1",
        "The company prefix of the number belongs to another partner, or to none.",
        "Use numbers of your own prefix; a logistic unit may be introduced by packing into it.",
    ),
    Code.SSCC_RESTING: Explanation(
        "1",
        "The number was emptied too recently to stand for a new unit.",
        "Use another SSCC, or wait until the market's time for reuse is over.",
    ),
}
