"""What a file says beyond the law: kept on this node under a salted hash that the records carry (rule g).

An event's attachment is the event as it was read, with everything that the law does not know, and the hash of
the header of its file; so a file can be given back, and proved to be the one that stood behind a record. It
holds order numbers in the clear, which are guessable: therefore the salt. Salts are drawn from this node's
own secret and the content, so a file that is posted twice is kept once.

Rows in the LOCAL space:
    a  attachment hash    [salt, header hash, event as JSON]
    f  header hash        [salt, header as JSON]
    g                     this node's secret, 32 bytes
"""

from typing import Final, TypeVar

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import ATTACHMENT, Domain
from node.epcis.events import BusinessTransaction, EpcisDocument, EpcisEvent
from node.storage.errors import StorageDamaged
from node.storage.references import SALT_BYTES, KeptReference
from node.storage.store import LOCAL, Reader, Space, Write, put

T = TypeVar("T")

SECRET_BYTES: Final = 32

_ATTACHMENTS: Final = b"a"
_HEADERS: Final = b"f"
_SECRET: Final = b"g"
_MAX_ROW_BYTES: Final = 256 << 20

_SALT = Domain("packtrail/epcis-salt/1")


class Attachment(msgspec.Struct, frozen=True):
    """An event's own data, ready to be kept."""

    hash: bytes
    """32 bytes, as records carry it."""
    row: bytes
    """What is kept under it."""


class _AttachmentRow(msgspec.Struct, frozen=True, array_like=True):
    salt: bytes
    header: bytes
    event: bytes


class _HeaderRow(msgspec.Struct, frozen=True, array_like=True):
    salt: bytes
    header: bytes


_ATTACHMENT_ROWS: Decoder[_AttachmentRow] = Decoder(_AttachmentRow, _MAX_ROW_BYTES)
_HEADER_ROWS: Decoder[_HeaderRow] = Decoder(_HeaderRow, _MAX_ROW_BYTES)


class Sealer:
    """Hashes what the events of one file say beyond the law. Pure."""

    def __init__(self, secret: bytes, document: EpcisDocument) -> None:
        """Prepare.

        Args:
            secret: This node's, 32 bytes.
            document: The file.
        """
        self._secret = secret
        header = msgspec.json.encode(msgspec.structs.replace(document, events=(), refused=()))
        self._header_row = encode(_HeaderRow(self._salt(header), header))
        self._header_hash = ATTACHMENT.hash(self._header_row)

    def attachment(self, event: EpcisEvent) -> Attachment:
        """Return an event as it is kept; its place in the file does not count."""
        data = msgspec.json.encode(msgspec.structs.replace(event, position=0))
        row = encode(_AttachmentRow(self._salt(data, self._header_hash), self._header_hash, data))
        return Attachment(ATTACHMENT.hash(row), row)

    def references(self, event: EpcisEvent, attachment: Attachment) -> tuple[KeptReference, ...]:
        """Return an event's business documents, each with a salt of its own."""
        return tuple(
            KeptReference(entry.kind, entry.reference, self._salt(attachment.hash, _bytes_of(at, entry)))
            for at, entry in enumerate(event.transactions)
        )

    def entries(self, attachments: list[Attachment]) -> list[Write]:
        """Build the rows of attachments of this file, and of its header."""
        if not attachments:
            return []
        rows = [put(LOCAL, _ATTACHMENTS + entry.hash, entry.row) for entry in attachments]
        return [*rows, put(LOCAL, _HEADERS + self._header_hash, self._header_row)]

    def _salt(self, *parts: bytes) -> bytes:
        return _SALT.hash(encode((self._secret, *parts)))[:SALT_BYTES]


def _bytes_of(position: int, entry: BusinessTransaction) -> bytes:
    return encode((position, entry.kind, entry.reference))


def load_secret(reader: Reader) -> bytes | None:
    """Return this node's secret, or None when none was drawn yet."""
    return Space(reader, LOCAL).get(_SECRET)


def secret_entry(secret: bytes) -> Write:
    """Build the row of this node's secret."""
    return put(LOCAL, _SECRET, secret)


class KeptEvent(msgspec.Struct, frozen=True):
    """An attachment as it was kept."""

    event: bytes
    """The event in the form of `node.epcis.events`, as JSON."""
    header: bytes
    """Its file without events, likewise."""


def find_attachment(reader: Reader, attachment_hash: bytes) -> KeptEvent | None:
    """Return what a hash on a record stands for; None when another node keeps it.

    Raises:
        StorageDamaged: A row is missing, cannot be read, or does not have its hash.
    """
    local = Space(reader, LOCAL)
    data = local.get(_ATTACHMENTS + attachment_hash)
    if data is None:
        return None
    where = f"attachment {attachment_hash.hex()}"
    row = _decoded(_ATTACHMENT_ROWS, data, attachment_hash, where)
    header_data = local.get(_HEADERS + row.header)
    if header_data is None:
        raise StorageDamaged(where, "the header of its file is missing")
    header = _decoded(_HEADER_ROWS, header_data, row.header, where)
    return KeptEvent(row.event, header.header)


def _decoded(decoder: Decoder[T], data: bytes, expected: bytes, where: str) -> T:
    if ATTACHMENT.hash(data) != expected:
        raise StorageDamaged(where, "what is kept does not have its hash")
    try:
        return decoder.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged(where, str(error)) from error
