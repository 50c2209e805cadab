"""The block header: everything that identifies a block and what follows from it (ADR 0001).

The block id is the hash of the encoded header. The bundles, the commit of the previous block and the
evidence hang below it by their roots; the app hash and the receipts root are those of the previous block,
because a block is executed only after it is decided.
"""

from collections.abc import Sequence

import msgspec

from contracts.chain.commit import Commit, commit_hash
from contracts.chain.evidence import Evidence, evidence_hash
from contracts.chain.votes import BlockId
from contracts.primitives import merkle
from contracts.primitives.encoding import Decoder, encode
from contracts.primitives.hashing import HEADER, Hash

HEADER_VERSION = 2


class Header(msgspec.Struct, frozen=True, array_like=True):
    """The header of one block. All hashes have 32 bytes."""

    version: int
    """2; what follows is read by it."""
    chain_id: str
    """The network's name, fixed by genesis."""
    height: int
    """From 1, without gaps."""
    time_ms: int
    """Block time in ms since 1970-01-01 UTC, greater than the previous block's."""
    previous_block_id: bytes
    """The block at height - 1; zeros at height 1."""
    last_commit_hash: bytes
    """Of the commit for height - 1 that this block carries."""
    bundles_root: bytes
    """Merkle root over the bundle entries in canonical order."""
    evidence_root: bytes
    """Merkle root over the evidence hashes."""
    validators_hash: bytes
    """Of the set that votes at this height."""
    next_validators_hash: bytes
    """Of the set that votes at height + 1."""
    parameters_hash: bytes
    """Of the parameters that bind this block."""
    app_hash: bytes
    """After height - 1; at height 1 that of genesis."""
    receipts_root: bytes
    """Merkle root over the receipts of height - 1, each at its place (ADR 32); of none at height 1."""
    state_root: bytes
    """Empty: reserved for proofs of present state."""
    proposer: bytes
    """32 bytes, public key of the validator that built the block."""


class BundleEntry(msgspec.Struct, frozen=True, array_like=True):
    """One bundle's line in a block."""

    bundle_id: bytes
    """32 bytes."""
    size: int
    """Length of the bundle's bytes."""
    weight: int
    """Declared weight of its documents."""


class Block(msgspec.Struct, frozen=True, array_like=True):
    """A block as it travels and is stored; bundles are named, not included."""

    header: Header
    """What is hashed."""
    bundles: tuple[BundleEntry, ...]
    """In canonical order."""
    last_commit: Commit
    """The precommits that decided height - 1."""
    evidence: tuple[Evidence, ...]
    """By ascending hash."""


MAX_BLOCK_BYTES = 1 << 20
BLOCKS: Decoder[Block] = Decoder(Block, MAX_BLOCK_BYTES)


def block_id(header: Header) -> BlockId:
    """Return the id of the block with this header."""
    return BlockId(HEADER.hash(encode(header)))


def entry_leaf(entry: BundleEntry) -> bytes:
    """Return the leaf that stands for a bundle under the bundles root."""
    return encode(entry)


def bundles_root(entries: Sequence[BundleEntry]) -> Hash:
    """Return the root over a block's bundle entries, in canonical order.

    The leaves hold size and weight beside the id, so that nothing in a block's bytes is free: whoever passes
    a block on could otherwise change a size and make an honest node take a decided block for an invalid one.
    """
    return merkle.root([entry_leaf(entry) for entry in entries])


def evidence_root(evidence: Sequence[Evidence]) -> Hash:
    """Return the root over pieces of evidence in block order."""
    return merkle.root([evidence_hash(piece) for piece in evidence])


def has_own_body(block: Block) -> bool:
    """Tell whether bundle entries, last commit and evidence are those that the header names.

    Asked of every block that comes from outside, before anything is remembered under its id: else a peer
    could put another body under a decided header.
    """
    header = block.header
    return (
        header.bundles_root == bundles_root(block.bundles)
        and header.last_commit_hash == commit_hash(block.last_commit)
        and header.evidence_root == evidence_root(block.evidence)
    )
