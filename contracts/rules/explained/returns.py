"""Rules 9 and 10: return, and resale of what came back."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import NOT_FOR_REDISTRIBUTION, Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.SALE_NOT_EXPECTED: Explanation(
        "9", "A shipment that is no return points at a sale.", "State the purpose return, or no sale."
    ),
    Code.SALE_UNKNOWN: Explanation(
        "9",
        "The shipment that the return points at was no sale to the signer.",
        "Point at the shipment with which you received the goods; what was split off has an id of its own.",
    ),
    Code.RETURN_RECEIVER: Explanation(
        "9",
        "The receiver neither sold these goods nor takes goods back that nobody sells any more.",
        "Return them to the partner that sold them, to a returns processor, or to a maker.",
    ),
    Code.SALE_MISSING: Explanation(
        "9",
        "Goods of one's own are returned without the sale they came with.",
        "Point at the shipment with which you bought them; what was never bought goes for disposal.",
    ),
    Code.NOT_OF_THAT_SALE: Explanation(
        "9",
        "The item did not come to the signer with that sale.",
        "Look up the shipment it came with, and return it in a record of its own.",
    ),
    Code.FOR_DISPOSAL_ONLY: Explanation(
        "9",
        "The item was received to be destroyed.",
        "Destroy it, or ship it on for disposal.",
        "",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.VERIFY_EACH_PACK: Explanation(
        "10",
        "The returned container is not as its maker packed it: one look does not stand for all packs in it.",
        "Unpack it and verify each pack, or each sealed case of one lot.",
    ),
}
