"""Drafts: what this node's partners may confirm; local to the node, never on the ledger (LAW, EPCIS rule b).

A seller's shipping file posted at the buyer's node drafts a receipt of the announced shipment, or waits for
the announcement; what crosses the network's border is drafted for who would sign it. A draft's records are
those that the ledger's state called for when it was last looked at.

Rows in the LOCAL space:
    d  draft id (16 bytes)    [version, created, proposal, records, waiting, contradiction]
"""

import hashlib
from typing import Final

import msgspec

from contracts.gs1.keys import unpack_gln
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.records.record import Record
from node.epcis.proposals import Answer, Drafted, Proposal
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL, MAX_SCAN_ROWS, Reader, Space, Write, delete, put

MAX_DRAFTS: Final = 2_000
"""Most drafts that a node keeps; a client is told to confirm or discard some."""

_DRAFTS: Final = b"d"
_ID_BYTES: Final = 16
_MAX_ROW_BYTES: Final = 16 << 20
_VERSION: Final = 1


class _DraftRow(msgspec.Struct, frozen=True, array_like=True):
    version: int
    created_ms: int
    proposal: Proposal
    records: tuple[Drafted, ...]
    waiting: int
    contradiction: str


_ROWS: Decoder[_DraftRow] = Decoder(_DraftRow, _MAX_ROW_BYTES)


class Draft(msgspec.Struct, frozen=True):
    """Records that a person may confirm."""

    id: str
    """32 hexadecimal digits."""
    created_ms: int
    """When it was made, ms since 1970-01-01 UTC."""
    proposal: Proposal
    """What the seller says."""
    answer: Answer
    """What the ledger said of it when it was last looked at."""

    @property
    def partner(self) -> str:
        """GLN of the partner that would sign."""
        return unpack_gln(self.proposal.signer)

    @property
    def records(self) -> tuple[Record, ...]:
        """What would be submitted; empty while it waits for the announcement."""
        return self.answer.records

    @property
    def reason(self) -> str:
        """Why it is a draft, in a sentence."""
        return self.proposal.reason(self.answer)


def draft_id(proposal: Proposal) -> str:
    """Return the id of a draft: the same for the same goods, parties and time, however often sent."""
    about = (proposal.sender, proposal.receiver, sorted(proposal.items), proposal.head.claimed_at_ms)
    return hashlib.sha256(encode(about)).digest()[:_ID_BYTES].hex()


def draft_entry(draft: Draft) -> Write:
    """Build the row of a draft."""
    answer = draft.answer
    row = _DraftRow(
        _VERSION, draft.created_ms, draft.proposal, answer.records, answer.waiting, answer.contradiction
    )
    return put(LOCAL, _DRAFTS + bytes.fromhex(draft.id), encode(row))


def no_draft_entry(identifier: str) -> Write:
    """Build the entry that removes a draft."""
    return delete(LOCAL, _DRAFTS + bytes.fromhex(identifier))


def load_drafts(reader: Reader) -> dict[str, Draft]:
    """Return all drafts by id, oldest first.

    Raises:
        StorageDamaged: A row cannot be read.
    """
    rows = Space(reader, LOCAL).scan(_DRAFTS, limit=MAX_SCAN_ROWS).rows
    drafts = [_decoded(key[len(_DRAFTS) :].hex(), data) for key, data in rows]
    return {draft.id: draft for draft in sorted(drafts, key=lambda draft: (draft.created_ms, draft.id))}


def _decoded(identifier: str, data: bytes) -> Draft:
    try:
        row = _ROWS.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged(f"draft {identifier}", str(error)) from error
    answer = Answer(row.records, row.waiting, is_done=False, contradiction=row.contradiction)
    return Draft(identifier, row.created_ms, row.proposal, answer)
