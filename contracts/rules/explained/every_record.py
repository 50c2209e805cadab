"""Rule 0: what every record and every item is asked."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import NOT_FOR_REDISTRIBUTION, Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.LICENCE_NOT_ACTIVE: Explanation(
        "0",
        "This partner's licence is not active.",
        "Receive, refuse, take back, return or destroy goods: that it may still do. Else have governance "
        "make the licence active first.",
    ),
    Code.ROLE_NOT_ALLOWED: Explanation(
        "0",
        "None of this partner's roles lets it record this.",
        "Let a partner with a fitting role record it; roles are changed by the network's governance.",
    ),
    Code.CLAIMED_TIME_INVALID: Explanation(
        "0",
        "The time stated for this lies in the future, or is no time at all.",
        "Set the clock of the scanner or system that captured it, and record it again.",
    ),
    Code.ATTACHMENT_INVALID: Explanation(
        "0",
        "An attachment is not a hash of 32 bytes, or there are more than 32.",
        "Keep the documents yourself and attach their hashes only.",
    ),
    Code.PREMISES_UNKNOWN: Explanation(
        "0",
        "Nobody registered the stated premises.",
        "Check the location's GLN, or have it registered.",
    ),
    Code.PREMISES_NOT_OWN: Explanation(
        "0",
        "The stated premises belong to another partner.",
        "State premises of your own, or none.",
    ),
    Code.NOTHING_LISTED: Explanation(
        "0",
        "The list is empty: nothing is said of any item.",
        "List what this is about.",
    ),
    Code.LISTED_TWICE: Explanation(
        "0",
        "The same thing stands in the list twice.",
        "List it once.",
    ),
    Code.LISTED_WITH_CONTAINER: Explanation(
        "0",
        "An item is listed beside the container it is inside: it cannot go with it and without it.",
        "List the container alone, or the item alone.",
    ),
    Code.ITEM_UNKNOWN: Explanation(
        "0",
        "Nobody ever commissioned or took in an item with this code.",
        "Read the code again; if it is right, keep the pack apart as suspect and report it.",
        "NC_PC_02",
        "no match GTIN/serial",
    ),
    Code.ALREADY_SUPPLIED: Explanation(
        "0",
        "The pack, or the container it is in, was supplied before.",
        "Do not supply it again. If it was your own mistake just now, undo that in time; else keep it "
        "apart as a possible copy and report it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_DESTROYED: Explanation(
        "0",
        "It, or a container around it, was destroyed.",
        "If it lies before you, keep it apart and report it: what was destroyed cannot turn up.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_STOLEN: Explanation(
        "0",
        "It, or a container around it, was reported stolen.",
        "If it lies before you, keep it apart and tell the authority; it can only be destroyed.",
        "PCK_22",
        "illegitimate",
    ),
    Code.ALREADY_EXPORTED: Explanation(
        "0",
        "It, or a container around it, was exported.",
        "Ship it for export only, or destroy it; if it never left, who exported it may undo that in time "
        "where the market allows it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_SAMPLE: Explanation(
        "0",
        "It, or a container around it, was taken as a sample.",
        "Send it to the authority or destroy it; who took it may undo that in time.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_FREE_SAMPLE: Explanation(
        "0",
        "It, or a container around it, was set apart as a free sample.",
        "Do not sell it; who set it apart may undo that in time, or destroy it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_CHECKED_OUT: Explanation(
        "0",
        "It, or a container around it, was checked out of the supply chain.",
        "Let who checked it out check it in again in time, or destroy it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_LOST: Explanation(
        "0",
        "It, or a container around it, was reported lost.",
        "If it turned up, let the partner that lost it record that; it is suspect then.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_OUTSIDE: Explanation(
        "0",
        "It, or a container around it, was sent to somebody outside the network.",
        "If it came back, take it in from outside; else keep it apart as a possible copy and report it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.PARTLY_DISPENSED: Explanation(
        "0",
        "The pack was opened and a part of it dispensed.",
        "Dispense the rest where it was opened, send it to be destroyed, or destroy it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_CONSUMED: Explanation(
        "0",
        "The pack was opened, and its contents were packed anew.",
        "Look up what it was repacked into; keep this one apart and report it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_BURNED: Explanation(
        "0",
        "The serial was commissioned by mistake, and burned: no pack ever carried it.",
        "If a pack carries it, keep it apart and report it: it is a copy.",
        "NC_PC_02",
        "no match GTIN/serial",
    ),
    Code.NOT_HOLDER: Explanation(
        "0",
        "By the ledger it is not in this partner's hands.",
        "If it came with a shipment, receive that first; else let the partner that holds it record this.",
    ),
    Code.IN_TRANSIT: Explanation(
        "0",
        "By the ledger it is on its way with a shipment.",
        "If it arrived, receive the shipment; if it never left, let the sender take the shipment back.",
    ),
    Code.PARENT_NOT_ACTIVE: Explanation(
        "0",
        "The container has ended (supplied, destroyed, stolen, lost and the like), and its contents with it.",
        "Look up what became of the container; if that was a mistake, undo it there, not for the items "
        "inside.",
    ),
    Code.CONTAINER_EMPTY: Explanation(
        "0",
        "The container is empty: all that was in it was taken out.",
        "List the packs themselves; an empty container is neither sent nor supplied.",
    ),
    Code.ON_HOLD: Explanation(
        "0",
        "It, or a container around it, is held back.",
        "Look up its holds: who placed one may lift it, and what came back or came late is freed by "
        "checking it. Until then keep it apart.",
        "",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.CONTENTS_NOT_CLEAN: Explanation(
        "0",
        "Something inside is held back, or has ended.",
        "Look up its contents, unpack that item and keep it apart, and try again with the rest.",
        "",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.RECALLED: Explanation(
        "0",
        "It is recalled: by itself or with its lot, or something around or inside it is.",
        "Do not supply or sell it. Keep it apart, follow the recall's notice, and answer the recall.",
        "",
        "recalled",
    ),
    Code.WITHDRAWN: Explanation(
        "0",
        "It is withdrawn from the market: by itself or with its lot, or something around or inside it is.",
        "Do not supply or sell it. Keep it apart and return it as the notice says.",
        "",
        "recalled",
    ),
    Code.EXPIRED: Explanation(
        "0",
        "It, or something inside it, has expired.",
        "Take it out of stock and return or destroy it; for new packs, check the expiry that was stated.",
        "",
        "expired",
    ),
}
