"""Rules 9 and 10: return, and resale of what came back."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import NOT_FOR_REDISTRIBUTION, Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.SALE_NOT_EXPECTED: Explanation(
        "9",
        "It points at a sale, as only a return does.",
        "State the purpose return, or leave the sale out.",
    ),
    Code.SALE_UNKNOWN: Explanation(
        "9",
        "What the return points at was no sale to this partner.",
        "Point at the shipment with which you bought the goods; what was split off has an id of its own.",
    ),
    Code.RETURN_RECEIVER: Explanation(
        "9",
        "The receiver neither sold these goods nor takes goods back that nobody sells any more.",
        "Return them to the partner that sold them, to a returns processor, or to a maker.",
    ),
    Code.SALE_MISSING: Explanation(
        "9",
        "The sale that is undone is missing: a return of one's own goods says with which sale they came.",
        "Point at the shipment with which you bought them; what was never bought goes for disposal.",
    ),
    Code.NOT_OF_THAT_SALE: Explanation(
        "9",
        "It did not come to this partner with that sale.",
        "Look up the shipment with which it came, and return it separately.",
    ),
    Code.FOR_DISPOSAL_ONLY: Explanation(
        "9",
        "The item was received to be destroyed.",
        "Destroy it, or ship it on for disposal.",
        "",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.GOES_BACK: Explanation(
        "9",
        "Its receiver sold it, or something in it, to its owner; or owns it and had it: that is a return.",
        "Ship it for return, pointing at the sale it came with; what was packed anew is unpacked first.",
    ),
    Code.VERIFY_EACH_PACK: Explanation(
        "10",
        "The returned container is not as its maker packed it: one look does not stand for all packs in it.",
        "Unpack it and verify each pack, or each sealed case of one lot.",
    ),
}
