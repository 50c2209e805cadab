"""Rules 2a and 2b: pack and unpack."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.ALREADY_INSIDE: Explanation(
        "2a",
        "It is inside that container already.",
        "Leave it out of the list: nothing is left to do for it.",
    ),
    Code.DIFFERENT_OWNER: Explanation(
        "2a",
        "The items, or they and the container, belong to different owners.",
        "Keep each owner's goods in a container of their own.",
    ),
    Code.PACKING_CYCLE: Explanation(
        "2a",
        "A container would be inside itself.",
        "Check which one goes into the other, and record it that way round.",
    ),
    Code.PACKING_TOO_DEEP: Explanation(
        "2a",
        "There would be more levels of packing than the network allows.",
        "Leave out a level: put the items straight into the outer container.",
    ),
    Code.CONTAINER_TOO_MIXED: Explanation(
        "2a",
        "There would be goods of more lots and makes in one container than the network allows.",
        "Spread the goods over several containers.",
    ),
    Code.NOT_INSIDE: Explanation(
        "2b",
        "It is not directly inside that container.",
        "Look up where it is, and unpack it from there.",
    ),
}
