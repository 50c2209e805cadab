"""Rule 27: mandates."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.MANDATE_INVALID: Explanation(
        "27",
        "The mandate names no kind of record that agents may sign, over 100 premises, or a past height;"
        " or it is taken back (height 0) and names kinds or premises.",
        "Name kinds in ascending order, at most 100 premises, and a height still to come; nothing to end it.",
    ),
    Code.NO_MANDATE: Explanation(
        "27", "There is no such mandate, or it has ended.", "Ask the partner for a mandate."
    ),
    Code.MANDATE_NOT_FIRST: Explanation(
        "27",
        "Whom a document is for is said by its first record.",
        "Put that record first, and state for other partners in other documents.",
    ),
    Code.MANDATE_NOT_FOR_RECORD: Explanation(
        "27",
        "The mandate does not cover this kind of record.",
        "Let the partner sign it, or widen the mandate.",
    ),
    Code.MANDATE_NOT_FOR_PREMISES: Explanation(
        "27",
        "The mandate is for named premises, and the record states another place, or none.",
        "State one of them, or let the partner sign.",
    ),
}
