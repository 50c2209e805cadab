"""Rule 23: verify, and reports of findings."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.READING_INVALID: Explanation(
        "23",
        "The lot or the expiry that was read cannot be one.",
        "Read the code again: this is a data problem, not a fake.",
    ),
    Code.LOT_MISMATCH: Explanation(
        "23",
        "The lot that was read is not the item's.",
        "Do not supply it; record that it was not verified, and tell its maker.",
        eu_code="LOT_13",
        gs1_answer="no match GTIN, serial, lot",
    ),
    Code.EXPIRY_MISMATCH: Explanation(
        "23",
        "The expiry that was read is not the item's.",
        "Do not supply it; record that it was not verified, and tell its maker.",
        eu_code="LOT_12",
        gs1_answer="no match GTIN, serial, expiry",
    ),
    Code.VERIFIED_TOO_SOON: Explanation(
        "23",
        "These goods came back and were held in this same block.",
        "Check them now that they are here: submit the verification again.",
    ),
    Code.ITEM_INVALID: Explanation(
        "23",
        "What is reported as unknown is no GTIN with serial and no SSCC.",
        "Read the code again: this is a data problem, not a fake.",
    ),
    Code.ITEM_KNOWN: Explanation(
        "23", "The item that is reported as unknown is on the ledger.", "Report what else is wrong with it."
    ),
}
