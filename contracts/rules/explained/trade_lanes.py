"""Rule 21: trade lanes."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.LANE_UNKNOWN: Explanation(
        "21",
        "The product, or that lot, has no trade lane of its own.",
        "Nothing is left to do.",
    ),
    Code.LANE_INVALID: Explanation(
        "21",
        "The lane names nobody, over 100 receivers, roles that do not trade, or is one too many;"
        " or it is cleared and names somebody.",
        "Name receivers, roles or markets; clear lanes of old lots; name nobody to clear one.",
    ),
    Code.LANE_BLOCKS_NOTHING: Explanation(
        "21",
        "In the product's first market, trade lanes may flag sales, not block them.",
        "Let the lane flag sales.",
    ),
    Code.OUTSIDE_TRADE_LANE: Explanation(
        "21",
        "Its marketing holder does not let it, or something inside it, be sold to this receiver.",
        "Ask the marketing holder, or sell to a receiver that it allows.",
    ),
}
