"""Rules 11a, 12 and 13: dispense, decommission, reinstate."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.DISPENSING_NOT_ALLOWED: Explanation(
        "11a",
        "In this market, partners with these roles may not supply packs to such recipients.",
        "Ship it to a partner that may.",
    ),
    Code.NOT_A_PRODUCT: Explanation(
        "11a",
        "It is a pallet or other logistic unit, no pack.",
        "List the packs in it.",
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
        "Only its holder, its owner, its maker or a regulator can report it stolen.",
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
        "It is not declared that the pack was never opened and never handed to the public.",
        "Declare it if it is true; else destroy the pack: it can never be sold again.",
    ),
    Code.ENDING_NOT_UNDONE_HERE: Explanation(
        "13",
        "In this market nobody undoes an export.",
        "Keep the export; if the goods come back, take them in as an import.",
    ),
    Code.OTHER_ENDING: Explanation(
        "13",
        "It did not end in the way that is to be undone: it is active, or ended otherwise.",
        "Look up how it ended, and undo that.",
        "PCK_06",
    ),
    Code.PACK_OPENED: Explanation(
        "13", "The pack was opened to dispense a part of it.", "Destroy what is left of it."
    ),
    Code.ENDED_BY_ANOTHER: Explanation(
        "13",
        "Another partner recorded its end.",
        "Let that partner undo it.",
        "PCK_21",
    ),
    Code.ENDED_ELSEWHERE: Explanation(
        "13",
        "It ended at other premises than stated here.",
        "State the premises where it ended (none if none were stated then), if it is there that you undo it.",
        "PCK_21",
    ),
    Code.ENDED_TOO_LONG_AGO: Explanation(
        "13",
        "Its end was recorded longer ago than the market lets anybody undo it.",
        "Leave it as it is; destroy the pack.",
        "PCK_20",
    ),
}
