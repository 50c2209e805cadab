"""The plain text of references: what salted hashes on the ledger stand for, kept by the node that shipped.

Order numbers are guessable, so they go onto the ledger as salted hashes only (LAW, "Who may see what").

Rows in the LOCAL space:
    r  reference hash               [type, value, salt]
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import REFERENCE
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL, Reader, Space, Write, put

SALT_BYTES: Final = 16

_REFERENCES: Final = b"r"


class KeptReference(msgspec.Struct, frozen=True, array_like=True):
    """What a hash on the ledger stands for."""

    type: str
    """Kind of business document, such as po or desadv."""
    value: str
    """Its number."""
    salt: bytes
    """16 bytes."""


_ROWS: Decoder[KeptReference] = Decoder(KeptReference)


def reference_hash(reference: KeptReference) -> bytes:
    """Return the 32 bytes that stand on the ledger for a reference."""
    return REFERENCE.hash(encode((reference.type, reference.value, reference.salt)))


def reference_entries(references: Iterable[KeptReference]) -> list[Write]:
    """Build the rows of references."""
    return [put(LOCAL, _REFERENCES + reference_hash(entry), encode(entry)) for entry in references]


def find_references(reader: Reader, hashes: Iterable[bytes]) -> list[KeptReference | None]:
    """Return what hashes stand for, None for those that another node keeps.

    Raises:
        StorageDamaged: A row cannot be read.
    """
    rows = Space(reader, LOCAL).get_many([_REFERENCES + entry for entry in hashes])
    return [None if row is None else _decode(row) for row in rows]


def _decode(data: bytes) -> KeptReference:
    try:
        return _ROWS.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("kept reference", str(error)) from error
