"""Rules 11a, 12 and 13: dispense, decommission, reinstate."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.DISPENSING_NOT_ALLOWED: Explanation(
        "11a", "No role of the signer may dispense in this market.", "Ship it to a dispenser."
    ),
    Code.NOT_A_PRODUCT: Explanation(
        "11a", "A logistic unit is not supplied to patients.", "List the packs in it."
    ),
    Code.NOT_HOLDER_OR_OWNER: Explanation(
        "12",
        "Only an item's holder or owner, its maker, or a regulator can report it stolen.",
        "Tell its holder.",
    ),
    Code.NOT_LOST: Explanation(
        "12", "The item itself is not lost.", "Nothing is left to do; if its container is lost, find that."
    ),
    Code.LOST_BY_ANOTHER: Explanation(
        "12",
        "Another partner reported the item lost.",
        "Keep it apart and tell that partner; it alone can say that this is the item.",
        "PCK_21",
    ),
    Code.NOT_DECLARED: Explanation(
        "13",
        "The signer does not declare that the pack was never opened nor handed to the public.",
        "Destroy what was opened or handed out; it can never be sold again.",
    ),
    Code.ENDING_NOT_UNDONE_HERE: Explanation(
        "13",
        "The profile of this market lets nobody undo an export.",
        "Keep the export; take the goods in again as an import.",
    ),
    Code.OTHER_ENDING: Explanation(
        "13",
        "The item's life did not end in the way that the record undoes.",
        "Look up how it ended, and undo that.",
        "PCK_06",
    ),
    Code.ENDED_BY_ANOTHER: Explanation(
        "13",
        "Another partner ended the item's life.",
        "Let that partner undo it.",
        "PCK_21",
    ),
    Code.ENDED_ELSEWHERE: Explanation(
        "13",
        "The item's life ended at other premises than the record states.",
        "State the premises where it ended, if it is there that you undo it.",
        "PCK_21",
    ),
    Code.ENDED_TOO_LONG_AGO: Explanation(
        "13",
        "The item's life ended longer ago than the profile lets anybody undo it.",
        "Leave it as it is; destroy the pack.",
        "PCK_20",
    ),
}
