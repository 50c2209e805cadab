"""Rules 4 and 5: receive, refuse and void."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.SHIPMENT_UNKNOWN: Explanation("4", "There is no such shipment.", "Check the shipment id."),
    Code.NOT_RECEIVER: Explanation(
        "4", "The signer is not the shipment's named receiver.", "Ask the sender to void it and ship to you."
    ),
    Code.NOT_SENDER: Explanation(
        "5", "The signer did not send the shipment.", "Refuse it if it came to you."
    ),
    Code.SHIPMENT_CLOSED: Explanation(
        "4", "Nothing of the shipment is on its way any more.", "Look up what became of it."
    ),
    Code.CARRIER_TAKES_WHOLE: Explanation(
        "4", "A carrier takes the whole shipment or nothing.", "Take all of it, without a list."
    ),
    Code.CUSTODY_ALREADY_TAKEN: Explanation(
        "4", "The carrier has the shipment in custody already.", "Nothing is left to do."
    ),
    Code.LISTED_WITH_ALL: Explanation(
        "4", "Receiving all lists items.", "List none, or receive the listed ones."
    ),
    Code.NOT_IN_SHIPMENT: Explanation(
        "4",
        "The item is not on its way with that shipment.",
        "Keep it apart and tell the sender: it was not announced.",
    ),
    Code.NOTHING_RECEIVED: Explanation(
        "4", "Everything in the shipment is excepted.", "Refuse the shipment instead."
    ),
}
