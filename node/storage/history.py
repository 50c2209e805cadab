"""Documents of the chain, found by id or by their place, with who signed them and what the law answered."""

from typing import Final, TypeVar

import msgspec

from contracts.chain.header import Block
from contracts.ledger.bundle import Bundle, BundleHeader
from contracts.ledger.document import Document
from contracts.ledger.receipt import Receipt
from contracts.primitives.encoding import Decoder, MalformedBytes
from contracts.state.layout import KEYS
from contracts.state.view import Overlay
from node.storage.authors import authors_of
from node.storage.base import base_height
from node.storage.blocks import BlockStore, DocumentPlace
from node.storage.errors import HistoryNotHere, StorageDamaged
from node.storage.store import STATE, Reader, Space

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

MAX_KEPT_BLOCKS: Final = 16
"""Blocks, receipts and bundles that one `History` keeps decoded, each."""

_MAX_BYTES: Final = 256 << 20
_BUNDLES: Decoder[Bundle] = Decoder(Bundle, _MAX_BYTES)
_DOCUMENTS: Decoder[Document] = Decoder(Document, _MAX_BYTES)


class PlacedDocument(msgspec.Struct, frozen=True):
    """A document in a block."""

    id: bytes
    """32 bytes."""
    height: int
    """Height of its block."""
    index: int
    """Its index among the block's documents, and of its receipt."""
    time_ms: int
    """Block time."""
    lane: bytes
    """The key that signed it, 32 bytes."""
    sender: int
    """Number of the partner whose statement it is."""
    agent: int
    """Number of the partner that signed for it (rule 27), whose key that is; nobody when it signed itself."""
    document: Document
    """What it says."""
    receipt: Receipt
    """What the law answered."""


class History:
    """Reads documents from a store or a pinned snapshot; remembers the last ones it decoded.

    All methods raise StorageDamaged, naming what is damaged, StorageFailed, HistoryNotHere for what lies
    before the snapshot that this node began with, and HistoryArchived for what an archive has in its place.

    Attributes:
        reader: What it reads from.
        blocks: The blocks themselves.
    """

    def __init__(self, reader: Reader) -> None:
        """Read from `reader`."""
        self.reader = reader
        self.blocks = BlockStore(reader)
        self._state = Overlay(Space(reader, STATE))
        self._blocks: dict[int, Block] = {}
        self._receipts: dict[int, tuple[Receipt, ...]] = {}
        self._bundles: dict[bytes, Bundle] = {}

    def find(self, document_id: bytes, lane: bytes = b"") -> PlacedDocument | None:
        """Return a document; None when it is in no block.

        Args:
            document_id: 32 bytes.
            lane: See `find_place`.
        """
        place = self.find_place(document_id, lane)
        return None if place is None else self._load(document_id, place)

    def find_place(self, document_id: bytes, lane: bytes = b"") -> DocumentPlace | None:
        """Return where a document stands, archived or not; None when it is in no block.

        Its bytes are known to every validator before they are in a block, so others may sign copies of them,
        as many as they like, and be refused. That must not stand for what the author said and was told.

        Args:
            document_id: 32 bytes.
            lane: The key whose document is meant; else the first one that was accepted, or the first.
        """
        return self.blocks.document(document_id, lane)

    def place_of(self, placed: PlacedDocument) -> DocumentPlace:
        """Return where in its block a document stands that this history has found."""
        return self._place_at(placed.height, placed.index, placed.receipt)

    def at(self, height: int, index: int) -> PlacedDocument:
        """Return the document with this index in the block of this height, which an index row names."""
        receipt = self.receipt_at(height, index)
        return self._load(receipt.document_id, self._place_at(height, index, receipt))

    def receipt_at(self, height: int, index: int) -> Receipt:
        """Return the receipt of the document with this index, which an index row names."""
        receipts = self.receipts(height)
        if index >= len(receipts):
            raise StorageDamaged(f"block {height}", f"it has {len(receipts)} receipts, a row names {index}")
        return receipts[index]

    def _place_at(self, height: int, index: int, receipt: Receipt) -> DocumentPlace:
        place = self.blocks.document_at(height, index, receipt)
        if place is None:
            where = f"document {receipt.document_id.hex()}"
            raise StorageDamaged(where, f"its place in block {height} is missing")
        return place

    def block(self, height: int) -> Block:
        """Return the block of a height up to the head."""
        block = self._blocks.get(height) or self.blocks.load(height)
        if block is None:
            raise self._missing(f"block {height}", height)
        _keep(self._blocks, height, block)
        return block

    def receipts(self, height: int) -> tuple[Receipt, ...]:
        """Return the receipts of a height up to the head, in document order."""
        receipts = self._receipts.get(height)
        if receipts is None:
            receipts = self.blocks.receipts(height)
        if receipts is None:
            raise self._missing(f"receipts of height {height}", height)
        _keep(self._receipts, height, receipts)
        return receipts

    def bundle(self, bundle_id: bytes) -> Bundle:
        """Return a bundle that a block names."""
        bundle = self._bundles.get(bundle_id)
        if bundle is None:
            stored = self.blocks.bundle(bundle_id)
            where = f"bundle {bundle_id.hex()}"
            if stored is None:
                # Only the block of the snapshot that a database began with is there without its bundles.
                raise self._missing(where, base_height(self.reader))
            try:
                bundle = _BUNDLES.decode(stored.data)
            except MalformedBytes as error:
                raise StorageDamaged(where, str(error)) from error
        _keep(self._bundles, bundle_id, bundle)
        return bundle

    def bundle_header(self, bundle_id: bytes) -> BundleHeader:
        """Return the header of a bundle that a block names; it stays here when the bundle is archived."""
        header = self.blocks.bundle_header(bundle_id)
        if header is None:
            raise self._missing(f"bundle {bundle_id.hex()}", base_height(self.reader))
        return header

    def _missing(self, what: str, height: int) -> Exception:
        """Return the error for something that is not stored: it was never here, or it is lost."""
        base = base_height(self.reader)
        return HistoryNotHere(base + 1) if 0 < height <= base else StorageDamaged(what, "it is missing")

    def sender_of(self, lane: bytes) -> int:
        """Return the number of the partner that a lane in the chain belongs to."""
        return self._state.require(KEYS, lane).partner

    def _load(self, document_id: bytes, place: DocumentPlace) -> PlacedDocument:
        block = self.block(place.height)
        bundle = self.bundle(block.bundles[place.bundle].bundle_id)
        try:
            document = _DOCUMENTS.decode(bundle.documents[place.document])
        except MalformedBytes as error:
            raise StorageDamaged(f"document {document_id.hex()}", str(error)) from error
        lane = bundle.header.lane
        authors = authors_of(self._state, lane, document)
        return PlacedDocument(
            document_id,
            place.height,
            place.receipt,
            block.header.time_ms,
            lane,
            authors.sender,
            authors.agent,
            document,
            self.receipt_at(place.height, place.receipt),
        )


def _keep(kept: dict[KeyT, ValueT], key: KeyT, value: ValueT) -> None:
    """Remember a value as the newest, and forget the oldest beyond the bound."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MAX_KEPT_BLOCKS:
        del kept[next(iter(kept))]
