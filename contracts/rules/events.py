"""What the law says happened beside what a record states itself, and who must be told."""

from enum import IntEnum
from typing import Final, NamedTuple


class EventKind(IntEnum):
    """Kinds of ledger events. Numbers are on the ledger: never reuse one."""

    UNPACKED = 1
    MOVED = 2
    INTRODUCED = 3
    REPEATED_STEP = 4
    SHIPMENT_ANNOUNCED = 10
    CUSTODY_TAKEN = 11
    SHIPMENT_RECEIVED = 12
    SHIPMENT_SPLIT = 13
    SHIPMENT_REFUSED = 14
    SHIPMENT_VOIDED = 15
    QUARANTINED = 20
    STOLEN_REPORTED = 21
    HOLD_PLACED = 22
    HOLD_LIFTED = 23
    SUSPICION_RAISED = 24
    ILLEGITIMATE_CONFIRMED = 25
    CLEARED = 26
    VERIFIED = 27
    VERIFICATION_FAILED = 28
    FINDING_REPORTED = 29
    OVERDUE_DECLARED = 30
    STOLEN_CLAIMED = 40
    LOST_REPORTED = 41
    LOST_FOUND = 42
    REINSTATED = 43
    RECALL_OPENED = 50
    DRILL_OPENED = 51
    RECALL_WIDENED = 52
    RECALL_CLASSIFIED = 53
    RECALL_ACKNOWLEDGED = 54
    RECALL_RESPONDED = 55
    RECALL_CLOSED = 56
    RECALL_MISSED = 57
    RECALL_REACHED = 58
    RECALL_RELEASED = 59
    REPACKED = 60
    HELD_ON_RECEIPT = 70
    PROPOSED = 71
    PROPOSAL_ENDED = 72
    OWNERSHIP_PASSED = 73
    LEFT_NETWORK = 74
    CAME_BACK = 75
    ONBOARDED = 76
    CLAIM_CONFIRMED = 77
    CLAIM_CONTRADICTED = 78
    OVERAGE_CLAIMED = 79
    OVERAGE_ENDED = 80
    OVERAGE_SHIPPED = 81
    EXEMPT_MOVED = 82
    PRODUCT_OFFERED = 90
    PRODUCT_TAKEN = 91
    DELEGATION_GIVEN = 92
    DELEGATION_WITHDRAWN = 93
    EXCURSION = 110
    READING_GAP = 111
    LOGGER_MISSING = 112
    COLD_CHAIN_CLEARED = 113
    QUANTITY_ANNOUNCED = 120
    QUANTITY_RECEIVED = 121
    QUANTITY_BACK = 122
    QUANTITY_ENDED = 123
    CAME_ANOTHER_WAY = 114
    HELD_AS_RETURNED = 115
    CHANGES_PROPOSED = 140
    CHANGES_VOTED = 141
    CHANGES_ENDED = 142
    CHANGES_DECIDED = 143
    PARTNER_CHANGES = 144
    KEY_CHANGES = 145
    REGISTRY_CHANGES = 146
    HOLDS_END = 147
    LAW_CHANGES = 148
    NODE_CHANGES = 149
    VALIDATOR_CONVICTED = 150
    OPENED = 44
    MANDATE_GIVEN = 94
    MANDATE_WITHDRAWN = 95
    ACTED_FOR = 96
    LATE_RECORDED = 45
    LATE_RECEIPT = 46
    BREACHED = 47
    DISPENSED_DESPITE = 48
    LANE_LEFT = 97
    LOT_TRACED = 98
    CORRECTED = 99
    LOT_AMENDED = 100


SENTENCES: Final[dict[EventKind, str]] = {
    EventKind.UNPACKED: "Items came out of their container (subject), for the record handles them singly.",
    EventKind.MOVED: "Items standing elsewhere were first moved to the premises (subject) of the record.",
    EventKind.INTRODUCED: "A new logistic unit (subject) came to life by what was packed into it.",
    EventKind.REPEATED_STEP: "The same partner took this final step here before; nothing changed.",
    EventKind.SHIPMENT_ANNOUNCED: "Goods are on their way to the receiver under this shipment (subject).",
    EventKind.CUSTODY_TAKEN: "The named carrier holds the whole shipment (subject) until it is received.",
    EventKind.SHIPMENT_RECEIVED: "The receiver holds what it received of the shipment (subject).",
    EventKind.SHIPMENT_SPLIT: "Items were not received; they travel on as a shipment of their own (subject).",
    EventKind.SHIPMENT_REFUSED: "The receiver refused goods of the shipment (subject); they went back.",
    EventKind.SHIPMENT_VOIDED: "The sender took goods of the shipment (subject) back unreceived.",
    EventKind.QUARANTINED: "The shipment (subject) was voided late; its goods are quarantined.",
    EventKind.STOLEN_REPORTED: "Items were reported stolen, for good.",
    EventKind.HOLD_PLACED: "Items were locked or quarantined; nobody may sell, pack or dispense them.",
    EventKind.HOLD_LIFTED: "A hold on items was lifted.",
    EventKind.SUSPICION_RAISED: "Items are suspect; their maker is to answer within 24 hours.",
    EventKind.ILLEGITIMATE_CONFIRMED: "Items are illegitimate; whoever had them must hear within 24 hours.",
    EventKind.CLEARED: "An investigation cleared items of suspicion.",
    EventKind.VERIFIED: "Items were read and looked at, and are what the ledger says.",
    EventKind.VERIFICATION_FAILED: "Items were read and looked at, and are not as they should be.",
    EventKind.FINDING_REPORTED: "Something speaks against items, or the ledger does not know them.",
    EventKind.OVERDUE_DECLARED: "The shipment (subject) was not received in time; its goods are held.",
    EventKind.STOLEN_CLAIMED: "The maker alone says that items were stolen; they are suspect.",
    EventKind.LOST_REPORTED: "The holder cannot find items.",
    EventKind.LOST_FOUND: "Lost items turned up where they were lost; they are suspect until cleared.",
    EventKind.REINSTATED: "Who ended the life of items undid it; they are active again.",
    EventKind.RECALL_OPENED: "Goods are called back (subject): whoever holds some keeps them apart.",
    EventKind.DRILL_OPENED: "A recall (subject) is tried out; nothing is held back.",
    EventKind.RECALL_WIDENED: "The recall (subject) reaches more goods than before.",
    EventKind.RECALL_CLASSIFIED: "The recall (subject) has another class.",
    EventKind.RECALL_ACKNOWLEDGED: "A partner knows of the recall (subject).",
    EventKind.RECALL_RESPONDED: "A partner said what it found of the recalled goods (subject).",
    EventKind.RECALL_CLOSED: "The recall (subject) is over; what it marked stays marked.",
    EventKind.RECALL_MISSED: "Items had come to an end before the recall (subject) reached them.",
    EventKind.RECALL_REACHED: "Goods entered later belong to the open recall (subject), and are marked.",
    EventKind.RECALL_RELEASED: "Items turned out to be sound and left the recall (subject).",
    EventKind.REPACKED: "Packs were opened, and their contents packed anew as this lot (subject).",
    EventKind.HELD_ON_RECEIPT: "What was received of the shipment (subject) is held, and not sold as it is.",
    EventKind.PROPOSED: "The signer proposes something (subject) to who is told, who may consent to it.",
    EventKind.PROPOSAL_ENDED: "A proposal (subject) was withdrawn, or declined.",
    EventKind.OWNERSHIP_PASSED: "Items belong to the signer now, as proposed (subject); their holder stays.",
    EventKind.LEFT_NETWORK: "Items left for somebody outside this network (subject).",
    EventKind.CAME_BACK: "Items came back from outside to the signer, and are held until verified.",
    EventKind.HELD_AS_RETURNED: "Goods went back (subject) to who sold them, and are held until verified.",
    EventKind.CAME_ANOTHER_WAY: "Items came back from another than they had been sent to (subject).",
    EventKind.ONBOARDED: "Goods of this lot (subject) came in that nobody here made; they are a claim.",
    EventKind.CLAIM_CONFIRMED: "Goods that came in from elsewhere are what they claim to be.",
    EventKind.CLAIM_CONTRADICTED: "Goods from elsewhere are not what they claim to be; they are suspect.",
    EventKind.OVERAGE_CLAIMED: "The receiver says that items came with a shipment (subject) unannounced.",
    EventKind.OVERAGE_ENDED: "The claim of items that came unannounced is over; their holder keeps them.",
    EventKind.OVERAGE_SHIPPED: "Items are shipped (subject) to the partner that claimed to have them.",
    EventKind.EXEMPT_MOVED: "Goods are sent under an exemption (subject), maybe to one that buys nothing.",
    EventKind.PRODUCT_OFFERED: "The marketing holder offers a product (subject) to who is told.",
    EventKind.PRODUCT_TAKEN: "A product (subject) has a new marketing holder: the signer.",
    EventKind.DELEGATION_GIVEN: "Who is told may commission a product (subject) for its marketing holder.",
    EventKind.DELEGATION_WITHDRAWN: "Who is told may commission a product (subject) no more.",
    EventKind.EXCURSION: "In this session (subject) goods were outside their range for longer than allowed.",
    EventKind.READING_GAP: "In this session (subject) goods were unwatched for longer than allowed.",
    EventKind.LOGGER_MISSING: "Goods that need a logger were received without one (session: subject).",
    EventKind.COLD_CHAIN_CLEARED: "Their maker finds goods fit in spite of a session (subject).",
    EventKind.LATE_RECORDED: "This was done before it could be recorded (subject: why).",
    EventKind.LATE_RECEIPT: "Items of the shipment (subject) are received by a late record.",
    EventKind.BREACHED: "What was done spoke against a rule (subject: the code that would have refused it).",
    EventKind.DISPENSED_DESPITE: "Packs were supplied that were not clean; they are counted apart.",
    EventKind.QUANTITY_ANNOUNCED: "Packs without serials are on their way under this shipment (subject).",
    EventKind.QUANTITY_RECEIVED: "The receiver holds what it received of the shipment (subject).",
    EventKind.QUANTITY_BACK: "Packs of the shipment (subject) are back with the sender, unreceived.",
    EventKind.QUANTITY_ENDED: "Packs without serials left the supply chain.",
    EventKind.OPENED: "Packs were opened; what is left in them is dispensed here, or nowhere.",
    EventKind.MANDATE_GIVEN: "Who is told may sign for a partner (subject).",
    EventKind.MANDATE_WITHDRAWN: "Who is told may sign for a partner (subject) no more.",
    EventKind.ACTED_FOR: "An agent signed this document for a partner (subject), under its mandate.",
    EventKind.CORRECTED: "An earlier record of these items was an error, and is taken back.",
    EventKind.LOT_AMENDED: "A lot (subject) has another last day of use.",
    EventKind.LOT_TRACED: "The maker said what a lot (subject) was made of.",
    EventKind.CHANGES_PROPOSED: "Changes of the network are proposed (subject); its author approves of them.",
    EventKind.CHANGES_VOTED: "A partner that runs a validator votes on proposed changes (subject).",
    EventKind.CHANGES_ENDED: "Proposed changes (subject) were rejected, or withdrawn; they never act.",
    EventKind.CHANGES_DECIDED: "Proposed changes (subject) are decided; they act at the height they name.",
    EventKind.PARTNER_CHANGES: "From then on a partner (subject) is admitted, or has other roles or licence.",
    EventKind.KEY_CHANGES: "From then on a key (subject) signs for a partner, or signs no more.",
    EventKind.REGISTRY_CHANGES: "From then on a prefix, place or product (subject) is another partner's.",
    EventKind.HOLDS_END: "From then on holds of a partner that is gone (subject) are off these items.",
    EventKind.LAW_CHANGES: "From then on a profile, market, parameter (subject) or all rules are others.",
    EventKind.NODE_CHANGES: "From then on a node (subject) connects or votes, or does so no more.",
    EventKind.VALIDATOR_CONVICTED: "A validator (subject: its key) signed two values for one step.",
    EventKind.LANE_LEFT: "Goods are sold outside the trade lane of their product (subject).",
}
"""One sentence for people per kind."""


class Occurrence(NamedTuple):
    """An event as a rule reports it; the executor adds which record it was."""

    kind: EventKind
    """What happened."""
    items: tuple[bytes, ...]
    """Item keys concerned."""
    subject: bytes
    """Parent, shipment or premises (packed GLN), by kind; may be empty."""
    concerned: tuple[int, ...]
    """Partner numbers to be told, ascending."""
