"""Evidence against validators, as this node found it: kept for a block to carry, and for whoever asks.

A piece is two signed statements that no honest validator makes both; whoever has genesis can check it
(`contracts.chain.evidence.verify_evidence`), so it needs no trust in the node that kept it. Of one offence
(validator and height, as on the ledger) the first piece is kept, of one validator the offences at its latest
heights: those before are on the ledger by then, or too old for it, and one liar cannot fill the disk.

Rows in the LOCAL space:
    v  validator's key (32), height (8), round (4), type (1)    [when it was found, evidence]
"""

from typing import Final

import msgspec

from contracts.chain.evidence import Evidence, kind_of
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL, MAX_SCAN_ROWS, KeyValueStore, Reader, Space, delete, put

MAX_PER_VALIDATOR: Final = 32
"""Offences kept of one validator: those at its latest heights."""

_EVIDENCE: Final = b"v"
_KEY_BYTES: Final = 32
_HEIGHT_BYTES: Final = 8
_ROUND_BYTES: Final = 4


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


def keep_evidence(store: KeyValueStore, kept: KeptEvidence) -> bool:
    """Make a piece of evidence durable; return False when the offence is known, or later ones fill the room.

    Raises:
        StorageDamaged: What is stored fails its checksum.
        StorageFailed: The disk refused.
    """
    local = Space(store, LOCAL)
    prefix, statement = _EVIDENCE + kept.validator, kept.evidence.first
    offence = prefix + statement.height.to_bytes(_HEIGHT_BYTES, "big")
    held = [found for found, _data in local.scan(prefix, limit=MAX_SCAN_ROWS).rows]
    dropped = held[: max(0, len(held) + 1 - MAX_PER_VALIDATOR)]
    if any(found.startswith(offence) for found in held) or (dropped and offence < dropped[-1]):
        return False
    key = offence + statement.round.to_bytes(_ROUND_BYTES, "big") + bytes((kind_of(kept.evidence),))
    row = put(LOCAL, key, encode(_Row(kept.found_ms, kept.evidence)))
    store.write([*(delete(LOCAL, found) for found in dropped), row], sync=True)
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
