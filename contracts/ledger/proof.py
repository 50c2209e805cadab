"""Proofs that stand on genesis alone: a record is in block h, and block h + 1 certifies its verdict.

A proof carries the document, its place under the bundle's documents root, the bundle header and its place
under the bundles root of header h, the receipt and its place under the receipts root of header h + 1, and a
commit for both headers. Whoever holds genesis needs nothing else, and no node, to check it.
"""

import msgspec

from contracts.chain.commit import Commit, InvalidCommit, verify_commit
from contracts.chain.genesis import Genesis, validator_set
from contracts.chain.header import BundleEntry, Header, block_id, entry_leaf
from contracts.ledger.bundle import BundleHeader, bundle_id, bundle_sign_bytes
from contracts.ledger.document import Document, document_decoder, document_id
from contracts.ledger.receipt import Receipt, receipt_hash
from contracts.primitives import merkle, signing
from contracts.primitives.encoding import Decoder, MalformedBytes
from contracts.primitives.merkle import InclusionProof

PROOF_VERSION = 1
MAX_PROOF_BYTES = 8 << 20


class InvalidProof(ValueError):
    """A proof that shows nothing; the message names the step that fails."""


class CertifiedHeader(msgspec.Struct, frozen=True, array_like=True):
    """A header and the commit that decided it."""

    header: Header
    """The header."""
    commit: Commit
    """For this header's height."""


class Proof(msgspec.Struct, frozen=True, array_like=True):
    """One document's way from its bytes to two decided headers."""

    version: int
    """1."""
    document: bytes
    """The document as its author sent it."""
    in_bundle: InclusionProof
    """The document's id under the bundle's documents root."""
    bundle: BundleHeader
    """Header of the bundle that carried it."""
    bundle_signature: bytes
    """64 bytes, by the bundle's lane."""
    entry: BundleEntry
    """The bundle's line in the block."""
    in_block: InclusionProof
    """That line under the bundles root of `block`."""
    block: CertifiedHeader
    """Height h."""
    receipt: Receipt
    """The verdict."""
    in_receipts: InclusionProof
    """The receipt under the receipts root of `next_block`."""
    next_block: CertifiedHeader
    """Height h + 1."""


PROOFS: Decoder[Proof] = Decoder(Proof, MAX_PROOF_BYTES)


class ProvenRecord(msgspec.Struct, frozen=True):
    """What a valid proof shows."""

    height: int
    """Height of the block that holds the document."""
    time_ms: int
    """That block's time."""
    block_id: bytes
    """32 bytes."""
    lane: bytes
    """32 bytes, the key that signed."""
    document_id: bytes
    """32 bytes."""
    document: Document
    """What it said."""
    receipt: Receipt
    """What the law answered."""


def decode_proof(data: bytes) -> Proof:
    """Read a proof.

    Raises:
        InvalidProof: Not the canonical bytes of a proof.
    """
    try:
        return PROOFS.decode(data)
    except MalformedBytes as error:
        raise InvalidProof(str(error)) from error


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - a guard reads best this way
    if not condition:
        raise InvalidProof(message)


def _check_certified(genesis: Genesis, certified: CertifiedHeader, name: str) -> bytes:
    header, commit = certified.header, certified.commit
    validators = validator_set(genesis)
    identifier = block_id(header)
    _require(header.chain_id == genesis.chain_id, f"{name}: made on network {header.chain_id!r}")
    _require(
        header.validators_hash == validators.hash,
        f"{name}: decided by other validators than genesis names",
    )
    _require(
        commit.height == header.height and commit.block_id == identifier,
        f"{name}: the commit decides another block",
    )
    try:
        verify_commit(genesis.chain_id, validators, commit)
    except InvalidCommit as error:
        msg = f"{name}: {error}"
        raise InvalidProof(msg) from error
    return identifier


def verify_proof(genesis: Genesis, proof: Proof) -> ProvenRecord:
    """Check a proof against genesis.

    Raises:
        InvalidProof: The message names the step that fails.
    """
    _require(proof.version == PROOF_VERSION, f"version {proof.version}, expected {PROOF_VERSION}")
    identifier = _check_certified(genesis, proof.block, "block")
    _check_certified(genesis, proof.next_block, "next block")
    _require(
        proof.next_block.header.height == proof.block.header.height + 1
        and proof.next_block.header.previous_block_id == identifier,
        "next block: does not follow the block",
    )
    document = _check_document(genesis, proof)
    _require(proof.receipt.document_id == document_id(proof.document), "receipt: of another document")
    _require(
        merkle.verify(proof.next_block.header.receipts_root, receipt_hash(proof.receipt), proof.in_receipts),
        "receipt: not under the receipts root of the next block",
    )
    return ProvenRecord(
        proof.block.header.height,
        proof.block.header.time_ms,
        identifier,
        proof.bundle.lane,
        proof.receipt.document_id,
        document,
        proof.receipt,
    )


def _check_document(genesis: Genesis, proof: Proof) -> Document:
    bundle = proof.bundle
    try:
        document = document_decoder(genesis.parameters.limits.document_bytes).decode(proof.document)
    except MalformedBytes as error:
        msg = f"document: {error}"
        raise InvalidProof(msg) from error
    _require(
        merkle.verify(bundle.documents_root, document_id(proof.document), proof.in_bundle),
        "document: not under the bundle's documents root",
    )
    _require(
        signing.verify(bundle.lane, bundle_sign_bytes(bundle), proof.bundle_signature),
        "bundle: the signature is not the lane's",
    )
    _require(
        proof.entry.bundle_id == bundle_id(bundle)
        and merkle.verify(proof.block.header.bundles_root, entry_leaf(proof.entry), proof.in_block),
        "bundle: not under the bundles root of the block",
    )
    return document
