"""Which blocks' bundles are no longer in a database, because an archive has them (ADR 29).

What stays of an archived bundle is its header, which its id is the hash of: who signed, where in its lane it
stands, how many documents it holds. Blocks, commits, receipts, indices and state stay whole.

Row, in the META space:
    archived    height up to which bundles are archived (8 bytes, big-endian); absent when none are
"""

from typing import Final

from contracts.ledger.bundle import Bundle, BundleHeader, bundle_id
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.base import base_height
from node.storage.errors import HistoryArchived, StorageDamaged
from node.storage.store import META, Reader, Space, Write, delete, put

_KEY: Final = b"archived"
_HEIGHT_BYTES: Final = 8
_HEADER_MARK: Final = encode(BundleHeader(0, "", b"", 0, 0, 0, 0, b"", 0))[:1]
"""First byte of an encoded header: an array of nine. A whole bundle is an array of three."""
_MAX_BYTES: Final = 256 << 20
_HEADERS: Final[Decoder[BundleHeader]] = Decoder(BundleHeader, 4 << 10)
_BUNDLES: Final[Decoder[Bundle]] = Decoder(Bundle, _MAX_BYTES)


def archived_entry(height: int) -> Write:
    """Build the entry that says up to which height bundles are archived; 0 when none are any more."""
    return put(META, _KEY, height.to_bytes(_HEIGHT_BYTES, "big")) if height else delete(META, _KEY)


def archived_height(reader: Reader) -> int:
    """Return the height up to which bundles are archived; 0 when none are.

    Raises:
        StorageDamaged: The row has another length.
    """
    data = Space(reader, META).get(_KEY)
    if data is None:
        return 0
    if len(data) != _HEIGHT_BYTES:
        raise StorageDamaged("database, archived row", f"it has {len(data)} bytes")
    return int.from_bytes(data, "big")


def bodies_from(reader: Reader) -> int:
    """Return the first height whose bundles are here."""
    return max(base_height(reader), archived_height(reader)) + 1


def what_stays(data: bytes) -> bytes:
    """Return what is kept of a bundle's bytes when they are archived: its header, encoded.

    Raises:
        MalformedBytes: These are no bundle's bytes.
    """
    return encode(_BUNDLES.decode(data).header)


def is_header_alone(data: bytes) -> bool:
    """Tell whether these are the bytes that stay of an archived bundle."""
    return data.startswith(_HEADER_MARK)


def header_of(identifier: bytes, data: bytes) -> BundleHeader:
    """Return the header of a bundle, from all of its bytes or from what stays of them.

    Raises:
        StorageDamaged: It is not the header of the bundle with this id.
    """
    where = f"bundle {identifier.hex()}"
    try:
        header = _HEADERS.decode(data) if is_header_alone(data) else _BUNDLES.decode(data).header
    except MalformedBytes as error:
        raise StorageDamaged(where, str(error)) from error
    if bundle_id(header) != identifier:
        raise StorageDamaged(where, "the header that is stored is another bundle's")
    return header


def missing_body(reader: Reader, identifier: bytes, height: int) -> Exception:
    """Return the error for a bundle of which only the header is here: it is archived, or its rest is lost."""
    archived = archived_height(reader)
    if height <= archived:
        return HistoryArchived(height, archived)
    return StorageDamaged(f"bundle {identifier.hex()}", "only its header is here, and it is not archived")
