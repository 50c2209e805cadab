"""Rules 4 and 5: receive, refuse and void."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.SHIPMENT_UNKNOWN: Explanation(
        "4",
        "There is no such shipment.",
        "Check its id; one announced just now is known after the next block.",
    ),
    Code.NOT_RECEIVER: Explanation(
        "4",
        "The shipment is addressed to another partner.",
        "If the goods are here, keep them apart and ask the sender to take the shipment back and ship to "
        "you.",
    ),
    Code.NOT_SENDER: Explanation(
        "5",
        "Another partner sent the shipment.",
        "If it came to you, refuse it; else let its sender take it back.",
    ),
    Code.SHIPMENT_CLOSED: Explanation(
        "4",
        "Nothing of the shipment is on its way any more: it was received, refused or taken back.",
        "Look up what became of it.",
    ),
    Code.CARRIER_TAKES_WHOLE: Explanation(
        "4",
        "A carrier takes the whole shipment into custody, or nothing of it.",
        "Take all of it, without a list.",
    ),
    Code.CUSTODY_ALREADY_TAKEN: Explanation(
        "4",
        "The carrier has the shipment in custody already.",
        "Nothing is left to do until it is delivered.",
    ),
    Code.LISTED_WITH_ALL: Explanation(
        "4",
        "All of the shipment is to be received, and items are listed beside that.",
        "List none to receive all, or receive only the listed ones.",
    ),
    Code.NOT_IN_SHIPMENT: Explanation(
        "4",
        "It is not on its way with that shipment.",
        "If it was received before, nothing is left to do; else keep it apart, tell the sender, and "
        "claim it as an overage.",
    ),
    Code.NOTHING_RECEIVED: Explanation(
        "4", "Everything in the shipment is excepted.", "Refuse the shipment instead."
    ),
}
