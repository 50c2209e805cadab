"""Rule 17: recall."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.RECALL_INVALID: Explanation(
        "17",
        "It is not said whether this is a drill, or evaluation or contact are not given as hashes of 32 "
        "bytes.",
        "Correct the form; keep the documents themselves off the ledger.",
    ),
    Code.ORIGIN_INVALID: Explanation(
        "17", "A regulator's recall is not voluntary.", "State that it is ordered."
    ),
    Code.RESPONSE_DEADLINE_INVALID: Explanation(
        "17", "The time by which partners must respond has passed.", "Give them time, or state none."
    ),
    Code.ALREADY_OPENED: Explanation(
        "17",
        "This very document opened its recall before.",
        "To call back more, widen that recall; for another one, state it in a new document.",
    ),
    Code.RECALL_UNKNOWN: Explanation(
        "17",
        "There is no such recall.",
        "Check the recall's id; one opened just now is known after the next block.",
    ),
    Code.RECALL_CLOSED: Explanation(
        "17",
        "The recall is closed.",
        "Follow its notice for goods it holds; for new findings, open another one.",
    ),
    Code.NOT_RECALL_PARTY: Explanation(
        "17",
        "This partner neither opened the recall nor is a regulator.",
        "Let its opener do it.",
    ),
    Code.SCOPE_INVALID: Explanation(
        "17",
        "An alternative of the scope names no goods at all, or is not well formed.",
        "Name a product, site, material lot, session or items; give a lot or range with its GTIN, a material "
        "with its lot, a window that is past, and a session without items or material.",
    ),
    Code.SCOPE_TOO_WIDE: Explanation(
        "17",
        "The scope has more alternatives, hours, serials or lots than one record may go through.",
        "Name the lots, or open it narrower and widen it step by step.",
    ),
    Code.SCOPE_EMPTY: Explanation(
        "17", "Nothing that was ever commissioned is in that scope.", "Check lot, line, times and site."
    ),
    Code.NOT_MARKETING_HOLDER: Explanation(
        "17",
        "A product in the scope is not this partner's.",
        "Name your own products in every alternative; a regulator may call back any.",
    ),
    Code.REGULATOR_AMENDS_CLASS: Explanation(
        "17", "Only a regulator amends a recall's class.", "Ask the regulator."
    ),
    Code.ALREADY_ACKNOWLEDGED: Explanation(
        "17",
        "This partner has acknowledged the recall before.",
        "Respond with what you found.",
    ),
    Code.QUANTITY_INVALID: Explanation(
        "17",
        "A quantity is negative or beyond all measure.",
        "Count packs, and state 0 where there are none.",
    ),
    Code.REGULATOR_CLOSES: Explanation(
        "17", "In this market only a regulator closes a recall.", "Send it the final report."
    ),
    Code.REGULATOR_RELEASES: Explanation(
        "17", "In this market only a regulator releases items from a recall.", "Send it the evidence."
    ),
    Code.NOT_RECALLED: Explanation(
        "17", "The item, or the lot, is not under that recall.", "Look up which recall holds it."
    ),
    Code.TOO_MANY_MARKS: Explanation(
        "17",
        "As many recalls speak of this lot, product, site, session or item as may.",
        "Recall the whole lot by widening: that counts as one. Or close some. New packs take another lot.",
    ),
}
