"""Evidence against validators, as this node found it: kept until it has a place on the ledger.

A piece is two signed statements that no honest validator makes both; whoever has genesis can check it
(`contracts.chain.evidence.verify_evidence`), so it needs no trust in the node that kept it. Of one offence
(validator, height, round, type) the first piece is kept, of one validator the first offences: what comes
after convicts nobody again, and one liar cannot fill the disk.

Rows in the LOCAL space:
    v  validator's key (32), height (8), round (4), type (1)    [when it was found, evidence]
"""

from enum import IntEnum
from typing import Final

import msgspec

from contracts.chain.evidence import DuplicateProposal, DuplicateVote, Evidence
from contracts.chain.votes import VoteType
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL, MAX_SCAN_ROWS, KeyValueStore, Reader, Space, put

MAX_PER_VALIDATOR: Final = 32
"""Offences kept of one validator: the first ones."""

_EVIDENCE: Final = b"v"
_KEY_BYTES: Final = 32


class Offence(IntEnum):
    """What was said twice."""

    PROPOSAL = 0
    PREVOTE = 1
    PRECOMMIT = 2


class KeptEvidence(msgspec.Struct, frozen=True):
    """A piece of evidence as this node found it."""

    validator: bytes
    """Public key of the validator that it convicts, 32 bytes."""
    found_ms: int
    """When it was found, by this node's clock, ms since 1970-01-01 UTC."""
    evidence: Evidence
    """The two statements."""


class _Row(msgspec.Struct, frozen=True, array_like=True):
    found_ms: int
    evidence: Evidence


_ROWS: Decoder[_Row] = Decoder(_Row)


def offence_of(evidence: Evidence) -> Offence:
    """Return what was said twice."""
    match evidence:
        case DuplicateProposal():
            return Offence.PROPOSAL
        case DuplicateVote(first=vote):
            return Offence.PREVOTE if vote.type == VoteType.PREVOTE else Offence.PRECOMMIT


def keep_evidence(store: KeyValueStore, kept: KeptEvidence) -> bool:
    """Make a piece of evidence durable; return False when the offence is known, or too many of its author's.

    Raises:
        StorageDamaged: What is stored fails its checksum.
        StorageFailed: The disk refused.
    """
    local = Space(store, LOCAL)
    prefix, statement = _EVIDENCE + kept.validator, kept.evidence.first
    place = statement.height.to_bytes(8, "big") + statement.round.to_bytes(4, "big")
    key = prefix + place + bytes((offence_of(kept.evidence),))
    is_full = len(local.scan(prefix, limit=MAX_PER_VALIDATOR).rows) == MAX_PER_VALIDATOR
    if is_full or local.get(key) is not None:
        return False
    store.write([put(LOCAL, key, encode(_Row(kept.found_ms, kept.evidence)))], sync=True)
    return True


def load_evidence(reader: Reader) -> list[KeptEvidence]:
    """Return all evidence, by validator, height, round and type.

    Raises:
        StorageDamaged: A row cannot be read.
        StorageFailed: The disk refused.
    """
    found: list[KeptEvidence] = []
    for key, data in Space(reader, LOCAL).scan(_EVIDENCE, limit=MAX_SCAN_ROWS).rows:
        try:
            row = _ROWS.decode(data)
        except MalformedBytes as error:
            raise StorageDamaged("kept evidence", str(error)) from error
        found.append(KeptEvidence(key[1 : 1 + _KEY_BYTES], row.found_ms, row.evidence))
    return found
