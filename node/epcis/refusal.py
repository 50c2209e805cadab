"""Why an event that was read cannot become a record: what was found, where, and what to do about it."""

from typing import Final, Literal

import msgspec

RefusalCode = Literal[
    "actor_unknown",
    "contents_differ",
    "disagrees_with_ledger",
    "missing_field",
    "not_supported",
    "place_unknown",
    "receiver_conflict",
    "receiver_unknown",
    "several_actors",
    "shipment_not_found",
]

REMEDIES: Final[dict[RefusalCode, str]] = {
    "actor_unknown": "Name a registered place in readPoint or bizLocation, or a registered party as source.",
    "contents_differ": "Count what is inside; unpack or pack what differs, then send the event again.",
    "disagrees_with_ledger": "Compare the event with `packtrail trace ITEM`, and correct the file.",
    "missing_field": "Add the field; without it nothing can be recorded.",
    "not_supported": "Send this step as a record of the kinds that `packtrail submit --help` lists.",
    "place_unknown": "Have the place registered, or name one that is.",
    "receiver_conflict": "Make possessing_party and location of the destination name one partner.",
    "receiver_unknown": "Name a registered partner or one of its places as destination.",
    "several_actors": "Send each partner's events from that partner's node, or send the file with `proceed`.",
    "shipment_not_found": "Ask the sender to send its shipping event first, or check the identifiers.",
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
        """Refuse."""
        super().__init__(reason)
        self.code: RefusalCode = code
        self.field = field
        self.reason = reason

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        return REMEDIES[self.code]


class Refused(msgspec.Struct, frozen=True):
    """A refusal as it is reported: of the translation, of the reader, or of the law."""

    code: str
    """Stable name: of this module, of `problems`, or a verdict code."""
    field: str
    """Path of the field in EPCIS names; empty for the whole event."""
    reason: str
    """A sentence."""
    what_to_do: str
    """A sentence."""
