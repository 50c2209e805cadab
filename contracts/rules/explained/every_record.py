"""Rule 0: what every record and every item is asked."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import NOT_FOR_REDISTRIBUTION, Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.LICENCE_NOT_ACTIVE: Explanation(
        "0",
        "The signer's licence is not active.",
        "Receive, refuse, void, return or destroy what you hold; anything else waits for the licence.",
    ),
    Code.ROLE_NOT_ALLOWED: Explanation(
        "0", "The signer has no role that may sign this record.", "Let a partner with that role sign it."
    ),
    Code.CLAIMED_TIME_INVALID: Explanation(
        "0",
        "The claimed time lies too far in the future, or time or offset are outside their range.",
        "Set the clock of the system that captured the event, and state the event again.",
    ),
    Code.ATTACHMENT_INVALID: Explanation(
        "0", "An attachment is not a 32-byte hash, or there are more than 32.", "Attach hashes only."
    ),
    Code.PREMISES_UNKNOWN: Explanation(
        "0", "Nobody registered the stated premises.", "Check the location's GLN, or have it registered."
    ),
    Code.PREMISES_NOT_OWN: Explanation(
        "0",
        "The stated premises belong to another partner.",
        "State premises of your own, or none.",
    ),
    Code.NOTHING_LISTED: Explanation("0", "The record lists nothing.", "List what it is about."),
    Code.LISTED_TWICE: Explanation("0", "An identifier stands in the list twice.", "List each one once."),
    Code.LISTED_WITH_CONTAINER: Explanation(
        "0",
        "An item is listed beside the container it is inside: it cannot go with it and without it.",
        "List the container alone, or the item alone.",
    ),
    Code.ITEM_UNKNOWN: Explanation(
        "0",
        "No such item was ever commissioned.",
        "Check the code as read; if it is right, treat the pack as suspect and report it.",
        "NC_PC_02",
        "no match GTIN/serial",
    ),
    Code.ALREADY_SUPPLIED: Explanation(
        "0",
        "The pack was already supplied to a patient.",
        "Do not dispense it. If it was never opened here, treat it as a copy and report it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_DESTROYED: Explanation(
        "0",
        "The item, or a container around it, was destroyed.",
        "Keep it apart and report it: a destroyed pack cannot turn up.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_STOLEN: Explanation(
        "0",
        "The item, or a container around it, was reported stolen.",
        "Keep it apart and inform the authority; its holder may destroy it.",
        "PCK_22",
        "illegitimate",
    ),
    Code.ALREADY_EXPORTED: Explanation(
        "0",
        "The item, or a container around it, was exported.",
        "Ship it for export only; if it never left, its exporter may undo that in time.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_SAMPLE: Explanation(
        "0",
        "The item, or a container around it, was taken as a sample.",
        "Send it to the authority, or destroy it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_FREE_SAMPLE: Explanation(
        "0",
        "The item, or a container around it, was set apart as a free sample.",
        "It is not for sale; whoever set it apart may undo that in time, or destroy it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_CHECKED_OUT: Explanation(
        "0",
        "The item, or a container around it, was checked out.",
        "Let whoever checked it out check it in again in time, or destroy it.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_LOST: Explanation(
        "0",
        "The item, or a container around it, was reported lost.",
        "If it turned up, let the partner that lost it state so; it is suspect then.",
        "PCK_22",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_OUTSIDE: Explanation(
        "0",
        "The item, or a container around it, left the network for a non-member.",
        "If it came back, receive it from outside; else treat it as a copy and report it.",
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
        "0", "The signer does not hold the item.", "Receive it first, or let its holder sign."
    ),
    Code.IN_TRANSIT: Explanation(
        "0", "The item is on its way to a receiver.", "Receive the shipment, or let the sender void it."
    ),
    Code.PARENT_NOT_ACTIVE: Explanation(
        "0",
        "The container was destroyed, stolen or supplied with its contents: nothing goes in or out.",
        "Act on the container itself.",
    ),
    Code.CONTAINER_EMPTY: Explanation(
        "0", "The container was emptied.", "List what was in it; an empty container is not sent."
    ),
    Code.ON_HOLD: Explanation(
        "0",
        "The item, or a container around it, is under a hold.",
        "Leave it in quarantine, return it or destroy it.",
        "",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.CONTENTS_NOT_CLEAN: Explanation(
        "0",
        "Something inside is under a hold or no longer active.",
        "Unpack it, take that item out, and try again with the rest.",
        "",
        NOT_FOR_REDISTRIBUTION,
    ),
    Code.RECALLED: Explanation(
        "0",
        "The item, or something inside it, is recalled: itself, with its lot, or with the make it is of.",
        "Do not dispense or sell it; keep it apart, follow the notice, and answer it.",
        "",
        "recalled",
    ),
    Code.WITHDRAWN: Explanation(
        "0",
        "The item, or something inside it, is withdrawn from the market.",
        "Do not dispense or sell it; return it as the notice says.",
        "",
        "recalled",
    ),
    Code.EXPIRED: Explanation(
        "0",
        "The item, or something inside it, has expired.",
        "Take it out of stock; return or destroy it.",
        "",
        "expired",
    ),
}
