"""Rule 8 and two-party acts: proposal, consent, withdrawal, and ownership that passes in place."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.UNTIL_HEIGHT_PAST: Explanation(
        "8",
        "The proposal would have ended already.",
        "Name a later block height, so that the other party has time to answer.",
    ),
    Code.ALREADY_PROPOSED: Explanation(
        "8",
        "This very document made its proposal before.",
        "To propose once more, state it in a new document.",
    ),
    Code.PROPOSAL_UNKNOWN: Explanation(
        "8",
        "There is no such proposal.",
        "Check the proposal's id; one made just now is known after the next block.",
    ),
    Code.NOT_ASKED: Explanation(
        "8",
        "It is not up to this partner to answer or withdraw this proposal.",
        "Let the partner that was asked answer it.",
    ),
    Code.PROPOSAL_CLOSED: Explanation(
        "8",
        "The proposal was agreed to, decided, withdrawn or declined already.",
        "Look up what became of it; if it is still needed, make a new one.",
    ),
    Code.PROPOSAL_EXPIRED: Explanation(
        "8",
        "The time for answering the proposal is over.",
        "Ask for a new proposal.",
    ),
    Code.TERMS_DIFFER: Explanation(
        "8",
        "The consent does not list just what the proposal lists, in its order.",
        "Repeat the items of the proposal.",
    ),
    Code.NOT_OUTERMOST: Explanation(
        "8",
        "The item is inside a container, which belongs to its owner as a whole.",
        "Transfer the outermost container, or let its holder unpack the item first.",
    ),
    Code.OWNERSHIP_UNDER_WAY: Explanation(
        "8",
        "The item is on its way to a receiver that becomes its owner.",
        "Wait for the receipt, or void the shipment.",
    ),
}
