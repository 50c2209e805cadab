"""From an event's records, or all of a file's, to a document of the ledger within the network's limits."""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.chain.parameters import Limits
from contracts.ledger.document import (
    NONCE_BYTES,
    Document,
    MalformedDocument,
    build_document,
    check_document,
    document_id,
    encode_document,
)
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import Domain
from contracts.records.head import Head
from contracts.records.mandates import ActFor
from contracts.records.record import Record
from node.epcis.attachments import Sealer
from node.epcis.events import EpcisDocument
from node.epcis.refusal import EventRefused
from node.epcis.steps import Statement

_NONCE = Domain("packtrail/epcis-nonce/1")
_WHOLE_FILE: Final = -1


class Case(msgspec.Struct, frozen=True):
    """A file that a client asks to have recorded."""

    document: EpcisDocument
    """As it was read."""
    partner: bytes
    """Packed GLN of the partner that acts."""
    lane: bytes
    """Its key."""
    is_one: bool
    """The file is one document and falls as a whole (rollback); else every event is one (proceed)."""
    limits: Limits
    """Of the network."""
    sealer: Sealer
    """Hashes what events say beyond the law."""
    seed: bytes
    """32 random bytes of this attempt: nonces are drawn from it."""


class Part(msgspec.Struct, frozen=True):
    """What one event contributes to a document."""

    index: int
    """Position of the event in the file."""
    statement: Statement
    """What it states."""
    records: tuple[Record, ...]
    """In order."""


class Ready(msgspec.Struct, frozen=True):
    """A document ready to be submitted."""

    id: bytes
    """32 bytes."""
    data: bytes
    """Encoded."""
    document: Document
    """Within the network's limits."""
    parts: tuple[Part, ...]
    """Where its records come from, in their order."""
    principal: bytes = b""
    """Packed GLN of the partner that it is stated for, which its first record names; empty for the signer."""

    @property
    def first(self) -> int:
        """Index of the first record of the parts."""
        return int(bool(self.principal))

    def part_of(self, index: int) -> tuple[Part, Record]:
        """Return the record with this index in the document, and the part that it comes from.

        What is said of the statement for another as such is said of the first record.
        """
        index = max(index - self.first, 0)
        for part in self.parts:
            if index < len(part.records):
                return part, part.records[index]
            index -= len(part.records)
        msg = "a receipt names a record that the document does not have"
        raise LookupError(msg)


def build_ready(case: Case, position: int | None, parts: Sequence[Part], principal: bytes = b"") -> Ready:
    """Build a document.

    Args:
        case: The file.
        position: Of the event that it is for; None for the whole file.
        parts: In the order in which they act.
        principal: Packed GLN of the partner that all is stated for, under its mandate; empty for the signer.

    Raises:
        EventRefused: It is beyond the network's limits.
    """
    records = tuple(record for part in parts for record in part.records)
    if principal:
        head = records[0].head
        records = (ActFor(Head(head.claimed_at_ms, head.offset_minutes, b""), principal), *records)
    nonce = _NONCE.hash(encode((case.seed, _WHOLE_FILE if position is None else position)))[:NONCE_BYTES]
    document = build_document(nonce, records)
    limits = case.limits
    code: Final = "file_too_large" if position is None else "event_too_large"
    try:
        check_document(document, limits.document_weight, limits.document_records, limits.record_items)
    except MalformedDocument as error:
        raise EventRefused(code, "", f"as one document: {error}") from error
    data = encode_document(document)
    if len(data) > limits.document_bytes:
        reason = f"as one document it has {len(data)} bytes, at most {limits.document_bytes} are allowed"
        raise EventRefused(code, "", reason)
    return Ready(document_id(data), data, document, tuple(parts), principal)
