"""What a trial finds: one answer for each event, and the documents that they become together."""

import msgspec

from contracts.records.record import Record
from node.epcis.attachments import Attachment
from node.epcis.documents import Ready
from node.epcis.events import EpcisEvent
from node.epcis.outcome import Outcome
from node.epcis.proposals import Proposal
from node.epcis.refusal import Refused
from node.epcis.steps import Statement
from node.storage.references import KeptReference


class Judged(msgspec.Struct, frozen=True):
    """One event after the trial."""

    index: int
    """Position in the file."""
    statement: Statement
    """What it states."""
    outcome: Outcome
    """In one word."""
    records: tuple[Record, ...] = ()
    """What is to be recorded."""
    refused: Refused | None = None
    """Why it is refused."""
    note: str = ""
    """Why it is kept without a record, or drafted."""
    attachment: Attachment | None = None
    """To be kept with the document; at once when there is none."""
    references: tuple[KeptReference, ...] = ()
    """Likewise."""
    proposal: Proposal | None = None
    """What to draft."""
    key: bytes = b""
    """What to note an own event by that said nothing new; empty for none."""


class Finding(msgspec.Struct, frozen=True):
    """The end of a trial."""

    judged: tuple[Judged, ...]
    """One for each event that could be read, in file order."""
    documents: tuple[Ready, ...]
    """To be submitted, in this order."""
    fingerprints: tuple[frozenset[bytes], ...]
    """Of what each document states."""


def kept(
    event: EpcisEvent,
    statement: Statement,
    attachment: Attachment,
    note: str,
    proposal: Proposal | None = None,
) -> Judged:
    """Return an event that is kept without a record, or for a person to confirm."""
    outcome: Outcome = "attached" if proposal is None else "draft"
    return Judged(event.position, statement, outcome, note=note, attachment=attachment, proposal=proposal)
