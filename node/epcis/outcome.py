"""What becomes of a file: judged first, then recorded (the forms that `node.api.gateway` asks for)."""

from typing import Literal

import msgspec

from contracts.ledger.receipt import Receipt
from contracts.records.record import Record
from node.epcis.refusal import Refused

Outcome = Literal["records", "already_recorded", "attached", "draft", "refused", "rolled_back"]
"""Recorded; a no-op; kept without a record; for a person to confirm; refused; or nothing, for another was."""

Status = Literal["pending", "committed", "refused"]
"""On its way into a block; in one; in none."""


class EventResult(msgspec.Struct, frozen=True):
    """What became of one event."""

    index: int
    """Position in the file, from 0."""
    outcome: Outcome
    """In one word."""
    records: tuple[str, ...] = ()
    """Names of the records that it became."""
    code: str = ""
    """Verdict or problem code of a refusal."""
    field: str = ""
    """Path of the field in EPCIS names."""
    reason: str = ""
    """Why, in a sentence."""
    what_to_do: str = ""
    """What a person can do about it."""


class DocumentResult(msgspec.Struct, frozen=True):
    """A document that a file became."""

    document_id: bytes
    """32 bytes."""
    status: Status
    """How far it is."""
    height: int
    """Height of its block; 0 unless committed."""
    receipt: Receipt
    """The verdict; a forecast unless committed."""


class FileResult(msgspec.Struct, frozen=True):
    """What became of a file, or of a confirmed draft."""

    documents: tuple[DocumentResult, ...] = ()
    """In the order in which they were submitted."""
    events: tuple[EventResult, ...] = ()
    """One for each event, in file order."""
    drafts: tuple[str, ...] = ()
    """Ids."""


def refusal_of(index: int, refusal: Refused) -> EventResult:
    """Return what became of an event that is refused."""
    return EventResult(index, "refused", (), refusal.code, refusal.field, refusal.reason, refusal.what_to_do)


def record_name(record: Record) -> str:
    """Return the name of a record's kind as users read it: commission_logistic_units."""
    name = type(record).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
