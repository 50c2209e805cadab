"""Rule 3: ship."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.REFERENCE_INVALID: Explanation(
        "3",
        "A reference is not a hash of 32 bytes, or there are more than 32.",
        "Send salted hashes of order numbers, never the numbers.",
    ),
    Code.OWNERSHIP_INVALID: Explanation(
        "3",
        "Ownership passes or stays; between premises of one partner, and with an authority, it stays.",
        "State that it stays, or the purpose for which it passes.",
    ),
    Code.RECEIVER_UNKNOWN: Explanation(
        "3",
        "No partner has the receiver's GLN.",
        "Check the GLN; goods for somebody outside the network are sent outside.",
    ),
    Code.RECEIVER_IS_SENDER: Explanation(
        "3",
        "Sender and receiver are one partner.",
        "Name another receiver; between your own premises, state that purpose.",
    ),
    Code.RECEIVER_NOT_SENDER: Explanation(
        "3",
        "Goods shipped to own premises go to another partner.",
        "State the purpose for which they go there.",
    ),
    Code.RECEIVER_LICENCE: Explanation(
        "3",
        "The receiver's licence is not active.",
        "Sell nothing to it until it is; goods may still be returned to it.",
    ),
    Code.RECEIVER_ROLE: Explanation(
        "3",
        "The receiver's roles do not let it get goods for this purpose, or become their owner.",
        "Name the partner that will have the goods. A carrier is named as carrier; to an authority, "
        "ownership does not pass.",
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
        "The named carrier is no licensed carrier, or is sender or receiver itself.",
        "Name a partner with the role of carrier, or none.",
    ),
    Code.DEADLINE_TOO_SHORT: Explanation(
        "3",
        "The deadline is sooner than the market's profile allows.",
        "Give the receiver more time, or state none for the usual time.",
    ),
    Code.DEADLINE_TOO_LONG: Explanation(
        "3",
        "The deadline is later than the market's profile allows.",
        "Set it sooner, or state none for the usual time.",
    ),
    Code.ALREADY_ANNOUNCED: Explanation(
        "3",
        "This very document announced its shipment before.",
        "To ship once more, state it in a new document.",
    ),
    Code.NOT_OWNER: Explanation(
        "3",
        "The goods belong to another partner: who does not own them cannot sell them, or send them there "
        "for this purpose.",
        "Send them home to their owner, or let the owner decide and record it.",
    ),
}
