"""Why an event that was read cannot become a record: what was found, where, and what to do about it."""

from typing import Final, Literal

import msgspec

from node.epcis.problems import CaptureProblem

RefusalCode = Literal[
    "actor_unknown",
    "archived",
    "contents_differ",
    "contents_unknown",
    "disagrees_with_ledger",
    "event_too_large",
    "file_too_large",
    "invalid_quantity",
    "invalid_reading",
    "lot_conflict",
    "missing_field",
    "not_supported",
    "receiver_conflict",
    "receiver_not_found",
    "several_actors",
    "shipment_in_same_file",
    "shipment_not_found",
    "too_busy",
]

REMEDIES: Final[dict[RefusalCode, str]] = {
    "actor_unknown": "Name a registered place in readPoint or bizLocation, or a registered party as source.",
    "archived": "Ask the node's operator to bring these blocks back: packtrail archive restore.",
    "contents_differ": "Count what is inside; unpack or pack what differs, then send the event again.",
    "contents_unknown": "List what comes out of the container.",
    "disagrees_with_ledger": "Compare the event with `packtrail trace ITEM`, and correct the file.",
    "event_too_large": "Split the event, or ship and receive by the container instead of by the pack.",
    "file_too_large": "Send the file with `proceed` (every event for itself), or split it.",
    "invalid_quantity": "State each product and lot once, in whole packs; weights need a unit (uom).",
    "invalid_reading": "State each temperature once, in CEL, KEL or FAH, with the time it was measured at.",
    "lot_conflict": "Make the lot in the class identifier and in the master data one.",
    "missing_field": "Add the field; without it nothing can be recorded.",
    "not_supported": "Send this step as a record of the kinds that `packtrail submit --help` lists.",
    "receiver_conflict": "Make the parties and the location of the destination name one partner.",
    "receiver_not_found": "Name a registered partner or one of its places as destination.",
    "several_actors": "Send each partner's events from that partner's node, or send the file with `proceed`.",
    "shipment_in_same_file": "Send the file with `proceed`, or the later event in a file of its own.",
    "shipment_not_found": "Ask the sender to send its shipping event first, or check the identifiers.",
    "too_busy": "Send the file again later; what is recorded is not recorded twice.",
}
"""What a person can do about each code."""


class EventRefused(Exception):
    """One event cannot become a record.

    Attributes:
        code: Stable name.
        field: Path of the field in EPCIS names; empty for the whole event.
        reason: A sentence that names what was found.
    """

    def __init__(self, code: RefusalCode, field: str, reason: str) -> None:
        super().__init__(reason)
        self.code: RefusalCode = code
        self.field = field
        self.reason = reason


class Refused(msgspec.Struct, frozen=True):
    """A refusal as it is reported: of the reader, of the translation, or of the law."""

    code: str
    """Stable name: of `problems`, of this module, or a verdict code."""
    field: str
    """Path of the field in EPCIS names; empty for the whole event."""
    reason: str
    """A sentence."""
    what_to_do: str
    """A sentence."""

    @classmethod
    def of_event(cls, refusal: EventRefused) -> "Refused":
        """Return what the translation refused."""
        return cls(refusal.code, refusal.field, refusal.reason, REMEDIES[refusal.code])

    @classmethod
    def of_reader(cls, problem: CaptureProblem) -> "Refused":
        """Return what the reader refused."""
        return cls(problem.code, problem.field, problem.reason, problem.remedy)
