"""What each verdict code means to people, what to do next, and which codes of other systems say the same.

The EU column holds codes of the European medicines verification system (NMVS), the GS1 column the answers of
GS1 verification messaging. `contracts/LAW.md` cites the rules by the same numbers.
"""

from typing import Final, NamedTuple

from contracts.rules.codes import Code


class Explanation(NamedTuple):
    """One verdict code, for people."""

    rule: str
    """Number of the rule in contracts/LAW.md; 0 for what every record and item is asked."""
    sentence: str
    """What is wrong."""
    remedy: str
    """What to do next."""
    eu_code: str = ""
    """NMVS code, or empty."""
    gs1_answer: str = ""
    """Answer in GS1 verification messaging, or empty."""


_NOT_FOR_REDISTRIBUTION: Final = "not for redistribution"

EXPLANATIONS: Final[dict[Code, Explanation]] = {
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
        _NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_DESTROYED: Explanation(
        "0",
        "The item, or a container around it, was destroyed.",
        "Keep it apart and report it: a destroyed pack cannot turn up.",
        "PCK_22",
        _NOT_FOR_REDISTRIBUTION,
    ),
    Code.ALREADY_STOLEN: Explanation(
        "0",
        "The item, or a container around it, was reported stolen.",
        "Keep it apart and inform the authority; its holder may destroy it.",
        "PCK_22",
        "illegitimate",
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
        _NOT_FOR_REDISTRIBUTION,
    ),
    Code.CONTENTS_NOT_CLEAN: Explanation(
        "0",
        "Something inside is under a hold or no longer active.",
        "Unpack it, take that item out, and try again with the rest.",
        "",
        _NOT_FOR_REDISTRIBUTION,
    ),
    Code.SOURCE_ON_HOLD: Explanation(
        "0",
        "The lot or make that the item, or something inside it, comes from is not clear for sale.",
        "Keep it apart and follow the notice of its maker.",
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
    Code.PRODUCT_UNKNOWN: Explanation(
        "1", "Nobody registered a product with this GTIN.", "Check the GTIN, or have the product registered."
    ),
    Code.PRODUCT_NOT_SERIALISED: Explanation(
        "1", "The product's packs carry no serials.", "Have its registration changed first."
    ),
    Code.NO_COMMISSION_AUTHORITY: Explanation(
        "1",
        "The signer is neither the product's marketing holder nor its delegate.",
        "Ask the marketing holder for a delegation.",
    ),
    Code.LOT_INVALID: Explanation(
        "1", "The lot is not 1 to 20 characters of GS1 set 82.", "State the lot as printed."
    ),
    Code.LINE_INVALID: Explanation(
        "1", "The line is not 1 to 20 characters of GS1 set 82.", "Rename the line, or state none."
    ),
    Code.MADE_AT_INVALID: Explanation(
        "1", "The time of making lies in the future or is negative.", "Set the clock of the line."
    ),
    Code.EXPIRY_INVALID: Explanation(
        "1", "The expiry is no date between 1970 and 9999.", "State the last day of use."
    ),
    Code.SERIAL_INVALID: Explanation(
        "1", "A serial is not 1 to 20 characters of GS1 set 82.", "State the serial as printed."
    ),
    Code.LOT_EXPIRY_MISMATCH: Explanation(
        "1",
        "The lot is known with another expiry.",
        "Check lot and expiry; one lot has one expiry.",
        "LOT_12",
        "no match GTIN/serial/lot/expiry",
    ),
    Code.LOT_ON_HOLD: Explanation(
        "1", "The lot is not clear: it takes no new packs.", "Follow the notice about the lot."
    ),
    Code.ALREADY_COMMISSIONED: Explanation(
        "1",
        "The identifier came to life before; serials are never given twice.",
        "Use a new serial; find out how this one was made twice.",
    ),
    Code.SSCC_INVALID: Explanation(
        "1", "A listed key is no SSCC with a right check digit.", "State the SSCC as printed."
    ),
    Code.PREFIX_NOT_OWN: Explanation(
        "1",
        "The SSCC's company prefix is not the signer's.",
        "Use SSCCs of your own prefix, or introduce the unit by packing into it.",
    ),
    Code.SSCC_RESTING: Explanation(
        "1",
        "The SSCC was emptied too recently to stand for a new unit.",
        "Use another SSCC.",
    ),
    Code.ALREADY_INSIDE: Explanation(
        "2a", "The child is inside that container already.", "Nothing is left to do for it."
    ),
    Code.DIFFERENT_OWNER: Explanation(
        "2a", "The items do not all belong to one owner.", "Pack each owner's goods apart."
    ),
    Code.PACKING_CYCLE: Explanation(
        "2a", "A container would be inside itself.", "Check which is the parent and which the child."
    ),
    Code.PACKING_TOO_DEEP: Explanation(
        "2a", "There would be more levels of packing than the network allows.", "Pack less deeply."
    ),
    Code.CONTAINER_TOO_MIXED: Explanation(
        "2a",
        "The container would hold goods of more different makes than the network allows.",
        "Spread the goods over several containers.",
    ),
    Code.NOT_INSIDE: Explanation(
        "2b", "The child is not directly inside that container.", "Look up where it is."
    ),
    Code.REFERENCE_INVALID: Explanation(
        "3",
        "A reference is not a 32-byte hash, or there are more than 32.",
        "Send salted hashes of order numbers, never the numbers.",
    ),
    Code.OWNERSHIP_INVALID: Explanation(
        "3",
        "`ownership_passes` is neither 0 nor 1, or is 1 between premises of one partner.",
        "State whether the receiver becomes the owner.",
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
        "The receiver has no role that may receive goods for this purpose.",
        "Name the partner that will hold them; name a carrier as carrier.",
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
    Code.PREMISES_MISSING: Explanation(
        "28", "An observation names no premises.", "State where the items were seen."
    ),
}
"""Every code, in the order in which the codes are defined."""
