"""Rule 20: exempt movements."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.EXEMPTION_NOT_NEEDED: Explanation(
        "20",
        "Only a shipment for sale may be exempt; for other purposes the receiver is asked less anyway.",
        "Ship it without an exemption.",
    ),
    Code.EXEMPTION_NOT_ALLOWED: Explanation(
        "20",
        "The market of the place knows no such exemption.",
        "Sell to a licensed trading partner, or ask the network's governance.",
    ),
    Code.EXEMPTION_NOT_FIT: Explanation(
        "20",
        "Office use is supplied by pharmacies; for a specific patient one pharmacy supplies another.",
        "State the reason that applies.",
    ),
}
