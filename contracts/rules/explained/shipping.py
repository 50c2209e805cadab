"""Rule 3: ship."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.REFERENCE_INVALID: Explanation(
        "3",
        "A reference is not a 32-byte hash, or there are more than 32.",
        "Send salted hashes of order numbers, never the numbers.",
    ),
    Code.OWNERSHIP_INVALID: Explanation(
        "3",
        "`ownership_passes` is neither 0 nor 1, or 1 between premises of one partner, or for an authority.",
        "State whether the receiver becomes the owner; an authority examines goods that are another's.",
    ),
    Code.RECEIVER_UNKNOWN: Explanation(
        "3", "No partner has the receiver's GLN.", "Check the GLN, or have the partner admitted."
    ),
    Code.RECEIVER_IS_SENDER: Explanation(
        "3", "Sender and receiver are one partner.", "Use the purpose own premises."
    ),
    Code.RECEIVER_NOT_SENDER: Explanation(
        "3",
        "Goods shipped to own premises go to another partner.",
        "State the purpose for which they go there.",
    ),
    Code.RECEIVER_LICENCE: Explanation(
        "3", "The receiver's licence is not active.", "Sell nothing to it until it is."
    ),
    Code.RECEIVER_ROLE: Explanation(
        "3",
        "The receiver has no role that may receive goods for this purpose, or own them if ownership passes.",
        "Name the partner that will hold them; name a carrier as carrier; own what an authority has in hand.",
    ),
    Code.DESTINATION_UNKNOWN: Explanation(
        "3", "Nobody registered the destination.", "Check the location's GLN, or state none."
    ),
    Code.DESTINATION_NOT_RECEIVERS: Explanation(
        "3", "The destination is not the receiver's.", "State premises of the receiver."
    ),
    Code.DESTINATION_MISSING: Explanation(
        "3", "Goods for own premises name no destination.", "State to which premises they go."
    ),
    Code.CARRIER_UNKNOWN: Explanation(
        "3", "No partner has the carrier's GLN.", "Check the GLN, or name no carrier."
    ),
    Code.CARRIER_NOT_FIT: Explanation(
        "3",
        "The named carrier has no carrier's role or active licence, or is sender or receiver itself.",
        "Name another carrier, or none.",
    ),
    Code.DEADLINE_TOO_SHORT: Explanation(
        "3", "The deadline is sooner than the profile allows.", "Give the receiver more time."
    ),
    Code.DEADLINE_TOO_LONG: Explanation(
        "3", "The deadline is later than the profile allows.", "Set it sooner."
    ),
    Code.ALREADY_ANNOUNCED: Explanation(
        "3",
        "This very document announced its shipment before.",
        "To ship once more, state it in a new document.",
    ),
    Code.NOT_OWNER: Explanation(
        "3",
        "The holder does not own the item and has no mandate to send it there.",
        "Return it to its owner, or let the owner decide.",
    ),
}
