"""Rule 26: to and from outside."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.OUTSIDE_GLN_INVALID: Explanation(
        "26",
        "The other side's GLN is not 13 digits with their check digit.",
        "Check the GLN on the other side's papers.",
    ),
    Code.NOT_OUTSIDE_PARTY: Explanation(
        "26",
        "The other side is a partner of this network.",
        "Ship to it or receive from it with a shipment. Naming yourself, take in what was sent to you before"
        " you joined.",
    ),
    Code.EVIDENCE_INVALID: Explanation(
        "26",
        "The evidence is not named by a hash of 32 bytes.",
        "Keep the document that shows it, and state its SHA-256 hash.",
    ),
    Code.NOT_OUTSIDE: Explanation(
        "26",
        "The item did not leave for outside, or came back already.",
        "Look up who holds it; what turns up twice is suspect.",
    ),
}
