"""Rules 19 and 19b: corrections, and amendments of lots."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.NOT_COMMISSIONED: Explanation(
        "19",
        "The item was repacked from others, or onboarded as a claim: nobody commissioned it.",
        "Destroy it if it is not there; the serial of a claim belongs to its maker.",
    ),
    Code.CONTAINER_NOT_EMPTY: Explanation(
        "19", "Something is inside the item.", "Unpack it first, or correct the packing."
    ),
    Code.CONTAINER_OPENED: Explanation(
        "19",
        "The container is no longer as its packer sealed it, so nothing is gained by a correction.",
        "Unpack the item instead.",
    ),
    Code.NOT_ORIGINAL_SIGNER: Explanation(
        "19",
        "Another partner made the record that is called an error.",
        "Let the partner that commissioned or packed it correct it.",
    ),
    Code.RELIED_ON: Explanation(
        "19",
        "Another partner's record relied on the item since: it received, checked, held or reported it.",
        "Propose the correction to the partner that has it; after several partners, destroy the item.",
    ),
    Code.CONSENT_NEEDED: Explanation(
        "19",
        "The end of an item is taken back soon and on the spot (rule 13), or by maker and regulator.",
        "Reinstate the item, or propose the correction.",
    ),
    Code.CORRECTED_ALONE: Explanation(
        "19",
        "This takes no consent: nobody relied on it, or it is about packing.",
        "Correct it alone, or unpack the item.",
    ),
    Code.NOT_ENDED: Explanation(
        "19",
        "The item is active: no end of it was recorded.",
        "Check the serial; for an active item there is nothing to take back.",
    ),
    Code.ENDING_STAYS: Explanation(
        "19",
        "The item was repacked, opened, burned, or is outside: that is no error of this kind.",
        "Take back from outside what came back; leave the rest as it is.",
    ),
    Code.DIFFERENT_MAKERS: Explanation(
        "19",
        "No one partner is the marketing holder of everything in the list.",
        "Propose a correction for each maker's goods.",
    ),
    Code.LOT_UNKNOWN: Explanation(
        "19b",
        "Nothing of that lot was ever made.",
        "Check GTIN and lot against the print.",
        "LOT_12",
    ),
    Code.EXPIRY_UNCHANGED: Explanation(
        "19b", "The lot has that last day of use already.", "State another one, or nothing."
    ),
    Code.AMENDED_TOO_OFTEN: Explanation(
        "19b",
        "The expiry of that lot was amended 16 times.",
        "Recall what is too old; repack the rest as another lot.",
    ),
    Code.REGULATOR_CONSENTS: Explanation(
        "19b", "No lot expires later by its maker's word alone.", "Propose it to the regulator."
    ),
    Code.NOT_LENGTHENED: Explanation(
        "19b",
        "The proposed day is sooner than the present one.",
        "Amend the lot alone: to shorten it takes no consent.",
    ),
}
