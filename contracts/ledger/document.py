"""Documents: records of one signer that stand or fall together."""

import msgspec

from contracts.primitives.encoding import Decoder, encode
from contracts.primitives.hashing import DOCUMENT, Hash
from contracts.records.mandates import ActFor
from contracts.records.record import Record, counted, weight

DOCUMENT_VERSION = 1
NONCE_BYTES = 16


class Document(msgspec.Struct, frozen=True, array_like=True):
    """Records that are accepted or refused as one."""

    version: int
    """1."""
    nonce: bytes
    """16 random bytes, so that two equal statements have two ids."""
    weight: int
    """Sum of the records' weights, declared so that it can be capped before anything is executed."""
    records: tuple[Record, ...]
    """In the order in which they act."""


class MalformedDocument(ValueError):
    """A document whose form contradicts itself: it can never be in a block."""


def document_decoder(max_bytes: int) -> Decoder[Document]:
    """Return a decoder for documents of at most `max_bytes`."""
    return Decoder(Document, max_bytes)


def build_document(nonce: bytes, records: tuple[Record, ...]) -> Document:
    """Build the document that states `records`, with its weight."""
    return Document(DOCUMENT_VERSION, nonce, sum(map(weight, records)), records)


def encode_document(document: Document) -> bytes:
    """Return the bytes that the document's id is the hash of."""
    return encode(document)


def principal_of(document: Document) -> bytes:
    """Return the packed GLN of the partner that a document is signed for (rule 27); empty for its signer."""
    first = document.records[0] if document.records else None
    return first.principal if isinstance(first, ActFor) else b""


def document_id(data: bytes) -> Hash:
    """Return the id of a document from its bytes as received."""
    return DOCUMENT.hash(data)


def check_document(document: Document, max_weight: int, max_records: int, max_items: int) -> None:
    """Check the form of a decoded document: version, nonce, declared weight, caps.

    Raises:
        MalformedDocument: The message says which and what was expected.
    """
    if document.version != DOCUMENT_VERSION or len(document.nonce) != NONCE_BYTES:
        msg = (
            f"version {document.version}, nonce of {len(document.nonce)} bytes; expected 1 and {NONCE_BYTES}"
        )
        raise MalformedDocument(msg)
    if not 0 < len(document.records) <= max_records:
        msg = f"{len(document.records)} records, expected 1 to {max_records}"
        raise MalformedDocument(msg)
    most = max(counted(record) for record in document.records)
    if most > max_items:
        msg = f"a record lists {most} identifiers, at most {max_items} are allowed"
        raise MalformedDocument(msg)
    found = sum(weight(record) for record in document.records)
    if document.weight != found or document.weight > max_weight:
        msg = f"declared weight {document.weight}, found {found}, at most {max_weight} is allowed"
        raise MalformedDocument(msg)
