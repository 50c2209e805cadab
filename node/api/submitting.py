"""From a client's JSON to the node's submissions: what documents and the stream have in common."""

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import unpack_gln
from contracts.ledger.document import (
    Document,
    MalformedDocument,
    check_document,
    document_id,
    encode_document,
)
from contracts.ledger.receipt import Receipt
from node.api.access import lane_for
from node.api.context import ApiContext
from node.api.field_readers import decode_strictly, read_gln
from node.api.problems import Problem
from node.api.promises import KeyReused, Secret
from node.api.record_forms import DocumentForm, count_listed
from node.api.records_json import read_document
from node.api.tokens import TokenGrant
from node.storage.history import History
from node.storage.references import KeptReference
from node.storage.store import Snapshot

MAX_DOCUMENT_BYTES: Final = 4 << 20
"""Longest document as JSON: several times the longest that the ledger takes."""
LONG_BODY_BYTES: Final = 32 << 10
"""Up to here reading a document takes less than a millisecond or two."""
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"

_FORMS: Final = msgspec.json.Decoder(DocumentForm)


class Prepared(msgspec.Struct, frozen=True):
    """A document ready to be submitted."""

    id: bytes
    """32 bytes."""
    data: bytes
    """Encoded."""
    document: Document
    """Within the network's limits."""
    lane: bytes
    """The key it will be signed with."""
    references: tuple[KeptReference, ...]
    """To be made durable with it."""
    is_repeatable: bool
    """Whether the same request again makes the same document: it may be in the chain already."""


class Placed(msgspec.Struct, frozen=True):
    """Where a document is in the chain."""

    height: int
    """Height of its block."""
    receipt: Receipt
    """The verdict."""


class Preparing:
    """Prepares the documents of one request."""

    def __init__(self, context: ApiContext, grant: TokenGrant) -> None:
        """Prepare for a token's requests."""
        self._context = context
        self._grant = grant
        self._limits = context.genesis.parameters.limits

    async def read(self, body: bytes, secret: Secret, *, has_key: bool) -> Prepared:
        """Read and prepare a document; a long one on a reader thread, so that it does not hold up the others.

        Args:
            body: JSON.
            secret: As for `prepare`.
            has_key: As for `prepare`.

        Raises:
            FieldFault: It is no document.
            Problem: As `prepare` raises.
        """
        if len(body) <= LONG_BODY_BYTES:
            return self._read(body, secret, has_key=has_key)
        return await self._context.readers.read(lambda _snapshot: self._read(body, secret, has_key=has_key))

    def _read(self, body: bytes, secret: Secret, *, has_key: bool) -> Prepared:
        return self.prepare(decode_strictly(_FORMS, body), secret, has_key=has_key)

    def prepare(self, form: DocumentForm, secret: Secret, *, has_key: bool) -> Prepared:
        """Turn a request into a document.

        Args:
            form: Of the right form.
            secret: What is random in it is drawn from this.
            has_key: Whether the secret belongs to a key that the client gave.

        Raises:
            FieldFault: A field means nothing.
            Problem: document_too_large, or the partner is not one to sign for.
        """
        limits = self._limits
        weight = len(form.records) + sum(map(count_listed, form.records))
        if weight > limits.document_weight:
            # Before anything is read: what is far too large must not cost much.
            detail = f"it has a weight of {weight}, at most {limits.document_weight} is allowed"
            raise Problem("document_too_large", detail)
        lane = self._lane(form.partner)
        read = read_document(form, secret)
        document = read.document
        try:
            check_document(document, limits.document_weight, limits.document_records, limits.record_items)
        except MalformedDocument as error:
            raise Problem("document_too_large", str(error)) from error
        data = encode_document(document)
        if len(data) > limits.document_bytes:
            detail = f"it has {len(data)} bytes on the ledger, at most {limits.document_bytes} are allowed"
            raise Problem("document_too_large", detail)
        is_repeatable = has_key or bool(form.nonce)
        return Prepared(document_id(data), data, document, lane, read.references, is_repeatable)

    def _lane(self, partner: str) -> bytes:
        packed = read_gln("partner", partner)
        _gln, lane = lane_for(self._context, self._grant, unpack_gln(packed) if packed else "")
        return lane


async def secret_of(context: ApiContext, grant: TokenGrant, key: str, request: bytes) -> Secret:
    """Return the secret that belongs to a client's idempotency key.

    Args:
        context: The node.
        grant: Whose key it is.
        key: As the client gave it.
        request: What must be the same when the key is the same.

    Raises:
        Problem: idempotency_key_reused.
    """
    fingerprint = hashlib.sha256(request).digest()
    try:
        return await context.promises.secret_for(grant.id, key, fingerprint, context.wall.now_ms())
    except KeyReused as error:
        raise Problem("idempotency_key_reused") from error


def find_placed(snapshot: Snapshot, asked: Sequence[Prepared]) -> dict[bytes, Placed]:
    """Return the places, in bundles of their own lanes, of those documents that are in the chain."""
    history = History(snapshot)
    found: dict[bytes, Placed] = {}
    for prepared in asked:
        place = history.find_place(prepared.id, prepared.lane)
        if place is not None:
            found[prepared.id] = Placed(place.height, history.receipt_at(place.height, place.receipt))
    return found
