"""Rule 16: repack and transform."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.INPUT_IS_CONTAINER: Explanation(
        "16", "An input is a container.", "Unpack it, and list the packs that were in it."
    ),
    Code.INPUT_NOT_VERIFIED: Explanation(
        "16",
        "The repackager has not looked at this pack since it got it.",
        "Read and look at each pack, record that it is verified, then repack.",
    ),
    Code.EXPIRY_TOO_LATE: Explanation(
        "16",
        "What comes out would expire later than something that went in.",
        "State the earliest expiry of the inputs, or an earlier one.",
    ),
    Code.QUANTITIES_DIFFER: Explanation(
        "16",
        "What comes out and the waste are not as many units as what went in.",
        "Count units, not packs, by what the products' registrations say; declare the waste.",
    ),
}
