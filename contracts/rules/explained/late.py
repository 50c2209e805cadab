"""Rule 7: overdue."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.NOT_OVERDUE: Explanation(
        "7",
        "The shipment's deadline has not passed yet.",
        "Wait for the deadline.",
    ),
    Code.ALREADY_OVERDUE: Explanation(
        "7",
        "The shipment was declared overdue before.",
        "Look for the goods; receive them, or let the sender void the shipment.",
    ),
}
