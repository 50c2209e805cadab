"""Rule 29: what lots are made of."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.MATERIAL_INVALID: Explanation(
        "29",
        "A material is not named by a GTIN with its check digit and a lot of 1 to 20 characters.",
        "Name it as its supplier does: GTIN and lot; bulk of your own by a GTIN under your prefix.",
    ),
    Code.RESULT_INVALID: Explanation(
        "29",
        "A result is no hash of 32 bytes, or there are more than 32 of them.",
        "Put several results into one file, and state its hash.",
    ),
    Code.GENEALOGY_CYCLE: Explanation(
        "29",
        "The lot would be made of itself.",
        "Check which of the two went into the other; what was declared before stays.",
    ),
    Code.GENEALOGY_TOO_DEEP: Explanation(
        "29",
        "More than 8 steps would lead from a material to what is made of it in the end.",
        "Leave out steps in between: name what went into an intermediate lot instead of that lot.",
    ),
    Code.GENEALOGY_TOO_WIDE: Explanation(
        "29",
        "The record lists over 100 materials, the lot has over 400, or too much hangs on them.",
        "State them in several records, or declare intermediate lots and name these.",
    ),
}
