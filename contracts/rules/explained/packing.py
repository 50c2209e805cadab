"""Rules 2a and 2b: pack and unpack."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.ALREADY_INSIDE: Explanation(
        "2a", "The child is inside that container already.", "Nothing is left to do for it."
    ),
    Code.DIFFERENT_OWNER: Explanation(
        "2a", "The items do not all belong to one owner.", "Pack each owner's goods apart."
    ),
    Code.PACKING_CYCLE: Explanation(
        "2a", "A container would be inside itself.", "Check which is the parent and which the child."
    ),
    Code.PACKING_TOO_DEEP: Explanation(
        "2a", "There would be more levels of packing than the network allows.", "Pack less deeply."
    ),
    Code.CONTAINER_TOO_MIXED: Explanation(
        "2a",
        "The container would hold goods of more different makes than the network allows.",
        "Spread the goods over several containers.",
    ),
    Code.NOT_INSIDE: Explanation(
        "2b", "The child is not directly inside that container.", "Look up where it is."
    ),
}
