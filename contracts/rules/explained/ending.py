"""Rules 11a and 12: dispense and decommission."""

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
        "Only an item's holder or owner, or a regulator, can report it stolen for good.",
        "Tell its holder.",
    ),
}
