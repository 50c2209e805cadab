"""Rule 6: overages."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.NOTHING_CAME_WITH: Explanation(
        "6",
        "Nothing of the shipment was received from another partner, so nothing can have come with it.",
        "Receive what was announced first; between own premises, observe the items where they are.",
    ),
    Code.OVERAGE_TOO_LATE: Explanation(
        "6",
        "The shipment was received longer ago than the market's profile lets an overage be claimed.",
        "Keep the items apart, tell the sender, and report them.",
    ),
    Code.TOO_MANY_OVERAGES: Explanation(
        "6",
        "With one shipment no more items can be claimed than the market's profile says.",
        "Claim the outermost containers, or ask the sender to ship the rest to you.",
    ),
    Code.OVERAGE_ENDED: Explanation(
        "6",
        "By the ledger the item has ended; what is here may be a copy.",
        "Keep it apart and report it as copied; its maker and the regulators hear of it.",
        eu_code="PCK_22",
    ),
    Code.OVERAGE_ANNOUNCED: Explanation(
        "6", "The item is on its way to the signer: it was announced.", "Receive that shipment."
    ),
    Code.OVERAGE_IN_HAND: Explanation(
        "6", "The signer holds the item by the ledger.", "Nothing is left to do; observe where it is."
    ),
    Code.OVERAGE_ELSEWHERE: Explanation(
        "6",
        "By the ledger the item is not in the hands of the shipment's sender.",
        "Keep it apart and report it as copied; its holder, its maker and the regulators hear of it.",
    ),
    Code.OVERAGE_CLAIMED_BEFORE: Explanation(
        "6",
        "The signer claims the item already, or did so with this shipment before.",
        "Ask its holder to ship it to you, or send it back.",
    ),
    Code.NO_OVERAGE: Explanation(
        "6",
        "The item does not carry the claim of an overage itself.",
        "Name the item that does: maybe a container around it.",
    ),
    Code.NOT_CLAIMANT: Explanation(
        "6",
        "Another partner claims the item.",
        "Its holder ships it to that partner, or contests the claim when its time is over.",
    ),
    Code.CLAIM_STILL_STANDS: Explanation(
        "6",
        "The claimant still has time to take its claim back or to send the goods back.",
        "Ask the claimant; ship the item to it, or contest the claim when that time is over.",
    ),
}
