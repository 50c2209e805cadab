"""Bundles: documents of one partner under one signature, in a lane.

A lane is a signing key. A bundle continues its lane from `after` to `sequence`, so order within a lane holds,
a lost bundle is superseded by a later one with the same `after`, and of two rivals exactly one can enter the
chain. The id covers the header with the documents' root and never the signature, so a proof need
not carry the bundle.
"""

from collections.abc import Iterable, Sequence
from typing import NewType

import msgspec

from contracts.chain.parameters import Limits
from contracts.ledger.document import (
    Document,
    MalformedDocument,
    check_document,
    document_decoder,
    document_id,
)
from contracts.primitives import merkle, signing
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import BUNDLE, LANE_ORDER

BundleId = NewType("BundleId", bytes)
"""32 bytes."""

BUNDLE_VERSION = 1

MAX_STEP = 1 << 32
"""How far a bundle's sequence is ahead of the one before it, at most: so no lane is ever used up (ADR 23)."""


class MalformedBundle(ValueError):
    """A bundle that can never be in a block, whatever the chain says."""


class BundleHeader(msgspec.Struct, frozen=True, array_like=True):
    """What is signed, and what the id is the hash of."""

    version: int
    """1."""
    chain_id: str
    """Network it is for."""
    lane: bytes
    """32 bytes, the signing key."""
    after: int
    """Sequence of the lane's previous bundle in the chain, 0 for the first."""
    sequence: int
    """This bundle's number, greater than `after` by at most `MAX_STEP`."""
    expires_at_ms: int
    """Block time from which it may enter no block."""
    weight: int
    """Sum of the documents' declared weights."""
    documents_root: bytes
    """Merkle root over the document ids."""
    count: int
    """Number of documents."""


class Bundle(msgspec.Struct, frozen=True, array_like=True):
    """A bundle as it travels and is stored."""

    header: BundleHeader
    """What is signed."""
    signature: bytes
    """64 bytes over `bundle_sign_bytes`."""
    documents: tuple[bytes, ...]
    """Encoded documents."""


class OpenBundle(msgspec.Struct, frozen=True):
    """A bundle that was read and found well formed (its signature is checked apart)."""

    id: BundleId
    """32 bytes."""
    size: int
    """Length of the encoded bundle."""
    header: BundleHeader
    """What is signed."""
    signature: bytes
    """64 bytes."""
    document_ids: tuple[bytes, ...]
    """32 bytes each."""
    documents: tuple[Document, ...]
    """Decoded, in order."""


def bundle_sign_bytes(header: BundleHeader) -> bytes:
    """Return the bytes that the lane's key signs."""
    return signing.sign_bytes(signing.BUNDLE, header.chain_id, (encode(header),))


def bundle_id(header: BundleHeader) -> BundleId:
    """Return the bundle's id."""
    return BundleId(BUNDLE.hash(encode(header)))


def build_header(
    chain_id: str,
    lane: bytes,
    after: int,
    sequence: int,
    expires_at_ms: int,
    documents: Sequence[tuple[bytes, int]],
) -> BundleHeader:
    """Build the header for (encoded document, weight) pairs."""
    leaves = [document_id(data) for data, _weight in documents]
    total = sum(weight for _data, weight in documents)
    root = merkle.root(leaves)
    return BundleHeader(
        BUNDLE_VERSION, chain_id, lane, after, sequence, expires_at_ms, total, root, len(documents)
    )


class BundleReader:
    """Reads and checks bundles under one network's name and limits."""

    def __init__(self, chain_id: str, limits: Limits) -> None:
        """Prepare the decoders."""
        self._chain_id = chain_id
        self._limits = limits
        self._bundles: Decoder[Bundle] = Decoder(Bundle, limits.bundle_bytes)
        self._documents = document_decoder(limits.document_bytes)

    def read(self, data: bytes) -> OpenBundle:
        """Decode a bundle and check everything about it that needs neither the chain nor its key.

        Raises:
            MalformedBundle: The message says what is wrong.
        """
        try:
            bundle = self._bundles.decode(data)
            documents = tuple(self._documents.decode(document) for document in bundle.documents)
            for document in documents:
                self._check_document(document)
        except (MalformedBytes, MalformedDocument) as error:
            raise MalformedBundle(str(error)) from error
        ids = tuple(document_id(document) for document in bundle.documents)
        self._check(bundle, ids, sum(document.weight for document in documents))
        identifier = bundle_id(bundle.header)
        return OpenBundle(identifier, len(data), bundle.header, bundle.signature, ids, documents)

    def _check_document(self, document: Document) -> None:
        limits = self._limits
        check_document(document, limits.document_weight, limits.document_records, limits.record_items)

    def _check(self, bundle: Bundle, ids: tuple[bytes, ...], weight: int) -> None:
        header = bundle.header
        faults = (
            (header.version != BUNDLE_VERSION, f"version {header.version}, expected {BUNDLE_VERSION}"),
            (header.chain_id != self._chain_id, f"made for network {header.chain_id!r}"),
            (len(header.lane) != signing.PUBLIC_KEY_BYTES, "lane: a key has 32 bytes"),
            (len(bundle.signature) != signing.SIGNATURE_BYTES, "signature: has 64 bytes"),
            (
                not 0 <= header.after < header.sequence <= header.after + MAX_STEP,
                f"sequence {header.sequence} after {header.after}: expected 1 to {MAX_STEP} more",
            ),
            (header.expires_at_ms < 0, "expires_at_ms is negative"),
            (
                header.count != len(ids) or not 0 < len(ids) <= self._limits.bundle_documents,
                f"{len(ids)} documents, declared {header.count}",
            ),
            (
                header.weight != weight or weight > self._limits.bundle_weight,
                f"weight {weight}, declared {header.weight}, at most {self._limits.bundle_weight}",
            ),
            (header.documents_root != merkle.root(ids), "documents_root is not that of the documents"),
        )
        for is_fault, message in faults:
            if is_fault:
                raise MalformedBundle(message)


def verify_bundle(bundle: OpenBundle) -> bool:
    """Tell whether the lane's key signed the bundle."""
    return signing.verify(bundle.header.lane, bundle_sign_bytes(bundle.header), bundle.signature)


def canonical_order(previous_block_id: bytes, lanes: Iterable[tuple[bytes, int, int]]) -> list[int]:
    """Return the positions of bundles in canonical order.

    Bundles are ordered by H(previous block id, lane), then by sequence: a proposer chooses what goes into a
    block, not who comes first.

    Args:
        previous_block_id: 32 bytes.
        lanes: (lane, sequence, position) of each bundle.
    """
    return [
        position
        for _rank, _lane, _sequence, position in sorted(
            (LANE_ORDER.hash(encode((previous_block_id, lane))), lane, sequence, position)
            for lane, sequence, position in lanes
        )
    ]
