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
        "The shipment was received longer ago than the market lets an overage be claimed.",
        "Keep the items apart, tell the sender, and report them.",
    ),
    Code.TOO_MANY_OVERAGES: Explanation(
        "6",
        "More items are claimed with one shipment than the market allows.",
        "Claim the outermost containers, or ask the sender to ship the rest to you.",
    ),
    Code.OVERAGE_ENDED: Explanation(
        "6",
        "By the ledger the item has ended; what is here may be a copy.",
        "Keep it apart and report it as copied; its maker and the regulators hear of it.",
        eu_code="PCK_22",
    ),
    Code.OVERAGE_ANNOUNCED: Explanation(
        "6",
        "It was announced: it is on its way to this partner with another shipment.",
        "Receive that shipment.",
    ),
    Code.OVERAGE_IN_HAND: Explanation(
        "6",
        "By the ledger this partner has the item already.",
        "Nothing is left to do; record where it is if it moved.",
    ),
    Code.OVERAGE_ELSEWHERE: Explanation(
        "6",
        "By the ledger the item is not in the hands of the shipment's sender.",
        "Keep it apart and report it as copied; its holder, its maker and the regulators hear of it.",
    ),
    Code.OVERAGE_CLAIMED_BEFORE: Explanation(
        "6",
        "This partner claims the item already, or claimed it with this shipment before.",
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
        "Let its holder ship it to that partner, or contest the claim when its time is over.",
    ),
    Code.CLAIM_STILL_STANDS: Explanation(
        "6",
        "The claimant still has time to take its claim back or to send the goods back.",
        "Ask the claimant; ship the item to it, or contest the claim when that time is over.",
    ),
}
