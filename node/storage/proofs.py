"""Builds proofs from one moment of the store: of a document and its verdict, and of a snapshot's block."""

from contracts.chain.header import Block, entry_leaf
from contracts.chain.validators import Validator
from contracts.ledger.anchor import Anchor
from contracts.ledger.document import document_id
from contracts.ledger.proof import PROOF_VERSION, CertifiedHeader, Proof, ValidatorChange
from contracts.ledger.receipt import Receipt, receipt_leaves
from contracts.primitives import merkle
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import Hash
from node.storage.base import anchor_of, load_base
from node.storage.errors import StorageDamaged
from node.storage.history import History
from node.storage.validators import ValidatorHistory


class NotYetCertified(Exception):
    """The block after the document's does not exist yet: nothing certifies the verdict."""


def build_proof(history: History, identifier: bytes) -> Proof | None:
    """Return the proof of a document; None when it is in no block.

    Args:
        history: Over a pinned snapshot.
        identifier: Document id, 32 bytes.

    Raises:
        NotYetCertified: It is in the last block.
        StorageDamaged: Something that was stored is missing or damaged.
        StorageFailed: The disk refused.
    """
    placed = history.find(identifier)
    if placed is None:
        return None
    place = history.place_of(placed)
    next_block = history.blocks.load(place.height + 1)
    if next_block is None:
        raise NotYetCertified
    block = history.block(place.height)
    bundle = history.bundle(block.bundles[place.bundle].bundle_id)
    receipts = history.receipts(place.height)
    return Proof(
        version=PROOF_VERSION,
        document=bundle.documents[place.document],
        in_bundle=merkle.prove([document_id(data) for data in bundle.documents], place.document),
        bundle=bundle.header,
        bundle_signature=bundle.signature,
        entry=block.bundles[place.bundle],
        in_block=merkle.prove([entry_leaf(entry) for entry in block.bundles], place.bundle),
        block=certified(history, place.height),
        receipt=receipts[place.receipt],
        in_receipts=merkle.prove(_receipt_leaves(history, block, receipts), place.receipt),
        next_block=certified(history, place.height + 1),
        changes=changes_of(history, place.height + 1),
    )


def _receipt_leaves(history: History, block: Block, receipts: tuple[Receipt, ...]) -> list[Hash]:
    bundles = [(entry.bundle_id, history.bundle_header(entry.bundle_id).count) for entry in block.bundles]
    if sum(count for _bundle, count in bundles) != len(receipts):
        raise StorageDamaged(
            f"receipts of height {block.header.height}", "they are not those of its documents"
        )
    return receipt_leaves(bundles, receipts)


def changes_of(history: History, height: int) -> tuple[ValidatorChange, ...]:
    """Return how the set of a height came from that of genesis, change by change."""
    base = load_base(history.reader)
    before = () if base is None else anchor_of(base).changes
    first = before[-1].certified.header.height + 1 if before else 1
    return (
        *(change for change in before if change.certified.header.height < height),
        *(
            ValidatorChange(
                certified(history, from_height - 1),
                tuple(Validator(one.public_key, one.power) for one in validators),
            )
            for from_height, validators in ValidatorHistory(history.reader).sets()
            if first < from_height <= height
        ),
    )


def build_anchor(history: History, height: int) -> Anchor | None:
    """Return what ties the block of a snapshot to genesis; None while the next block does not exist.

    Args:
        history: Over a pinned snapshot of the store.
        height: The snapshot's, up to the head.

    Raises:
        HistoryNotHere: It lies before the snapshot that this node began with.
        StorageDamaged: Something that was stored is missing or damaged.
        StorageFailed: The disk refused.
    """
    base = load_base(history.reader)
    if base is not None and base.height == height:
        return anchor_of(base)
    if history.blocks.block_bytes(height + 1) is None:
        return None
    own = certified(history, height)
    return Anchor(
        changes_of(history, height + 1),
        encode(history.block(height)),
        own.commit,
        certified(history, height + 1),
    )


def certified(history: History, height: int) -> CertifiedHeader:
    """Return the header of a height up to the head, and the commit that decided it."""
    commit = history.blocks.commit_of(height)
    if commit is None:
        raise StorageDamaged(f"commit of height {height}", "it is missing")
    return CertifiedHeader(history.block(height).header, commit)
