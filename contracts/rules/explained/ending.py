"""Rules 11a, 12 and 13: dispense, decommission, reinstate."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.DISPENSING_NOT_ALLOWED: Explanation(
        "11a",
        "No role of the signer may supply packs to these people in this market.",
        "Ship it to a partner that may.",
    ),
    Code.NOT_A_PRODUCT: Explanation(
        "11a", "A logistic unit is not supplied to patients.", "List the packs in it."
    ),
    Code.UNITS_INVALID: Explanation(
        "11a", "Nothing is taken out of the packs.", "State how many of the smallest units are dispensed."
    ),
    Code.NOT_DIVISIBLE: Explanation(
        "11a",
        "The item is a case, or its product has no smaller units than the pack.",
        "Dispense it whole, or list the packs in it.",
    ),
    Code.OPENED_ELSEWHERE: Explanation(
        "11a",
        "Another partner opened the pack, or it was opened at other premises.",
        "Let who opened it dispense the rest there.",
        "PCK_21",
    ),
    Code.NOT_ENOUGH_LEFT: Explanation(
        "11a", "Fewer units are left in the pack.", "Take what is left, and the rest from another pack."
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
    Code.PACK_OPENED: Explanation(
        "13", "The pack was opened to dispense a part of it.", "Destroy what is left of it."
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
