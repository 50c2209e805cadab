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

from typing import Final

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import ATTACHMENT, Domain
from node.epcis.events import BusinessTransaction, EpcisDocument, EpcisEvent
from node.storage.references import SALT_BYTES, KeptReference
from node.storage.store import LOCAL, Reader, Space, Write, put

SECRET_BYTES: Final = 32

_ATTACHMENTS: Final = b"a"
_HEADERS: Final = b"f"
_SECRET: Final = b"g"

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
