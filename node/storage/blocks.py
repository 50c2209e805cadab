"""The history: blocks, commits, bundles, receipts, writes, and where each document stands.

Writing is pure: `block_entries` builds the rows of one block, which the host puts into the one synced batch
of that block, together with the state, the indices and the head. Reading is `BlockStore`, over a store or a
pinned snapshot. Nothing here verifies signatures or hashes; `packtrail verify chain` does.

Rows (heights are 8 bytes, big-endian):
    BLOCKS     height                  encoded block
    COMMITS    height                  encoded commit
    BUNDLES    bundle id               height, then the bundle's bytes; its header alone when it is archived
    RECEIPTS   height                  encoded receipts, in document order
    WRITES     height                  writes by value (`_Group`); only the newest heights
    DOCUMENTS  document id, verdict (a byte: 0 accepted, 1 refused), lane, height, receipt position (4 bytes,
               big-endian)             [bundle position, document position]
    INDEX      b, block id             height

A document's bytes are known to every validator before they are in a block, so others may sign copies of them,
any number, before the author's own come in. What the law answered and who signed stands in the key, so that
no copy is read on the way to the place that is asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Final, TypeVar

import msgspec

from contracts.chain.commit import Commit
from contracts.chain.header import BLOCKS as BLOCK_DECODER
from contracts.chain.header import Block, block_id
from contracts.ledger.bundle import BundleHeader
from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.archived import header_of, is_header_alone, missing_body
from node.storage.errors import StorageDamaged
from node.storage.store import (
    BLOCKS,
    BUNDLES,
    COMMITS,
    DOCUMENTS,
    INDEX,
    RECEIPTS,
    WRITES,
    Reader,
    Space,
    Write,
    delete,
    put,
)

T = TypeVar("T")

MAX_SIGNERS: Final = 64
"""Keys whose places of one document are compared for the earliest: who signs for others' bytes are few."""

_HEIGHT_BYTES: Final = 8
_POSITION_BYTES: Final = 4
_ID_BYTES: Final = 32
_LANE_BYTES: Final = 32
_BEYOND: Final = b"\xff" * (_HEIGHT_BYTES + _POSITION_BYTES + 1)
"""Behind the key of a lane: greater than any place in it."""
_ACCEPTED: Final = b"\x00"
_REFUSED: Final = b"\x01"
_BLOCK_ID: Final = b"b"
_PREFIX_BYTES: Final = 8
"""Table, kind of item and GTIN in the key of a pack."""
_MAX_ROW_BYTES: Final = 256 << 20
"""Receipts and writes of the largest block stay far below this."""


class StoredBundle(msgspec.Struct, frozen=True):
    """A bundle in the chain."""

    height: int
    """Height of the block it stands in."""
    data: bytes
    """Its bytes."""


class DocumentPlace(msgspec.Struct, frozen=True):
    """Where a document stands."""

    height: int
    """Height of its block."""
    bundle: int
    """Position of its bundle in the block."""
    document: int
    """Position in the bundle."""
    receipt: int
    """Position of its receipt among the block's receipts."""


class BundleRows(msgspec.Struct, frozen=True):
    """What is stored of one bundle of a finished block."""

    bundle_id: bytes
    """32 bytes."""
    lane: bytes
    """The key that signed it, 32 bytes."""
    data: bytes
    """Its bytes."""
    document_ids: tuple[bytes, ...]
    """32 bytes each, in order."""


class FinishedBlock(msgspec.Struct, frozen=True):
    """A block that was decided and executed, ready to be stored."""

    block: Block
    """The block."""
    commit: Commit
    """The precommits that decided it."""
    bundles: tuple[BundleRows, ...]
    """In block order."""
    receipts: tuple[Receipt, ...]
    """In document order."""
    writes: tuple[Write, ...]
    """What it wrote to the state, in key order."""


class _Group(msgspec.Struct, frozen=True, array_like=True):
    """All writes of one value in a block: packs of one commission differ in their serials alone."""

    prefix: bytes
    """What their keys begin with, at most `_PREFIX_BYTES`."""
    suffixes: tuple[bytes, ...]
    """The rest of each key, ascending."""
    value: tuple[bytes, ...]
    """The value; nothing for a deletion."""


class _Place(msgspec.Struct, frozen=True, array_like=True):
    bundle: int
    document: int


_COMMITS: Decoder[Commit] = Decoder(Commit, _MAX_ROW_BYTES)
_RECEIPTS: Decoder[tuple[Receipt, ...]] = Decoder(tuple[Receipt, ...], _MAX_ROW_BYTES)
_WRITES: Decoder[tuple[_Group, ...]] = Decoder(tuple[_Group, ...], _MAX_ROW_BYTES)
_PLACES: Decoder[_Place] = Decoder(_Place)


def height_key(height: int) -> bytes:
    """Return the key bytes of a height: 8, big-endian, so that keys sort by height."""
    return height.to_bytes(_HEIGHT_BYTES, "big")


def block_entries(finished: FinishedBlock, keep_writes: int) -> list[Write]:
    """Build the history rows of one block (state, indices and head are the caller's).

    Args:
        finished: The block and what came of it.
        keep_writes: Of how many heights, this one included, the writes stay stored, so that a peer whose app
            hash differs can find the key (ADR 1).
    """
    height = finished.block.header.height
    key = height_key(height)
    entries = [
        put(BLOCKS, key, encode(finished.block)),
        put(COMMITS, key, encode(finished.commit)),
        put(RECEIPTS, key, encode(finished.receipts)),
        put(WRITES, key, encode(_groups(finished.writes))),
        *_bundle_entries(key, finished.bundles, finished.receipts),
        put(INDEX, _BLOCK_ID + block_id(finished.block.header), key),
    ]
    if height > keep_writes:
        entries.append(delete(WRITES, height_key(height - keep_writes)))
    return entries


def snapshot_block_entries(block: Block, commit: Commit) -> list[Write]:
    """Build the rows of the block that a database begins after: the block and its commit alone."""
    key = height_key(block.header.height)
    return [
        put(BLOCKS, key, encode(block)),
        put(COMMITS, key, encode(commit)),
        put(INDEX, _BLOCK_ID + block_id(block.header), key),
    ]


def _groups(writes: Iterable[Write]) -> list[_Group]:
    """Group writes, given in key order, by value; `_writes_of` is the way back."""
    keys: defaultdict[bytes | None, list[bytes]] = defaultdict(list)
    for key, value in writes:
        keys[value].append(key)
    return [_group(found, () if value is None else (value,)) for value, found in keys.items()]


def _group(keys: Sequence[bytes], value: tuple[bytes, ...]) -> _Group:
    """Return the group of some keys, ascending: what the first and the last begin with, all begin with."""
    shared = _PREFIX_BYTES if keys[0][:_PREFIX_BYTES] == keys[-1][:_PREFIX_BYTES] else 0
    return _Group(keys[0][:shared], tuple([key[shared:] for key in keys]), value)


def bundle_entry(height: int, bundle_id: bytes, data: bytes) -> Write:
    """Build the row of a bundle, from its bytes or from what stays of them in an archived block."""
    return put(BUNDLES, bundle_id, height_key(height) + data)


def _bundle_entries(height: bytes, bundles: Sequence[BundleRows], receipts: Sequence[Receipt]) -> list[Write]:
    entries: list[Write] = []
    receipt = 0
    for at, bundle in enumerate(bundles):
        entries.append(put(BUNDLES, bundle.bundle_id, height + bundle.data))
        for position, document_id in enumerate(bundle.document_ids):
            # The same document may come again, in this bundle or in another: each place has a row of its own.
            verdict = _verdict_byte(receipts[receipt].code)
            key = document_id + verdict + bundle.lane + height + _position(receipt)
            entries.append(put(DOCUMENTS, key, encode(_Place(at, position))))
            receipt += 1
    return entries


def _verdict_byte(code: str) -> bytes:
    return _ACCEPTED if code == ACCEPTED else _REFUSED


def _position(receipt: int) -> bytes:
    return receipt.to_bytes(_POSITION_BYTES, "big")


def _decode(decoder: Decoder[T], data: bytes, where: str) -> T:
    try:
        return decoder.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged(where, str(error)) from error


class BlockStore:
    """Reads the history. All methods raise StorageDamaged, naming the height or id, and StorageFailed.

    Those that return bundles raise HistoryArchived for what was moved to an archive.
    """

    def __init__(self, reader: Reader) -> None:
        """Read from a store, or from a snapshot for answers pinned to a height."""
        self._reader = reader
        self._blocks = Space(reader, BLOCKS)
        self._commits = Space(reader, COMMITS)
        self._bundles = Space(reader, BUNDLES)
        self._receipts = Space(reader, RECEIPTS)
        self._writes = Space(reader, WRITES)
        self._documents = Space(reader, DOCUMENTS)
        self._index = Space(reader, INDEX)

    def block_bytes(self, height: int) -> bytes | None:
        """Return the encoded block at `height`, as it is sent to peers; None beyond the head."""
        return self._blocks.get(height_key(height))

    def load(self, height: int) -> Block | None:
        """Return the block at `height`; None beyond the head."""
        data = self.block_bytes(height)
        if data is None:
            return None
        block = _decode(BLOCK_DECODER, data, f"block {height}")
        if block.header.height != height:
            raise StorageDamaged(f"block {height}", f"its header says height {block.header.height}")
        return block

    def height_of(self, identifier: bytes) -> int | None:
        """Return the height of the block with this id; None when it is not in the chain."""
        data = self._index.get(_BLOCK_ID + identifier)
        return None if data is None else int.from_bytes(data, "big")

    def commit_of(self, height: int) -> Commit | None:
        """Return the commit that decided the block at `height`; None beyond the head."""
        data = self._commits.get(height_key(height))
        if data is None:
            return None
        commit = _decode(_COMMITS, data, f"commit of height {height}")
        if commit.height != height:
            raise StorageDamaged(f"commit of height {height}", f"it is one for height {commit.height}")
        return commit

    def bundle(self, bundle_id: bytes) -> StoredBundle | None:
        """Return a bundle of the chain and its height; None when it is in no block."""
        found = self._bundle_row(bundle_id)
        if found is not None and is_header_alone(found.data):
            raise missing_body(self._reader, bundle_id, found.height)
        return found

    def bundle_header(self, bundle_id: bytes) -> BundleHeader | None:
        """Return the header of a bundle of the chain, archived or not; None when it is in no block."""
        found = self._bundle_row(bundle_id)
        return None if found is None else header_of(bundle_id, found.data)

    def _bundle_row(self, bundle_id: bytes) -> StoredBundle | None:
        data = self._bundles.get(bundle_id)
        if data is None:
            return None
        if len(data) <= _HEIGHT_BYTES:
            raise StorageDamaged(f"bundle {bundle_id.hex()}", f"its row has {len(data)} bytes")
        return StoredBundle(int.from_bytes(data[:_HEIGHT_BYTES], "big"), data[_HEIGHT_BYTES:])

    def bundles_of(self, height: int) -> tuple[bytes, ...] | None:
        """Return the bytes of all bundles of the block at `height`, in its order; None beyond the head."""
        block = self.load(height)
        if block is None:
            return None
        rows = self._bundles.get_many([entry.bundle_id for entry in block.bundles])
        found: list[bytes] = []
        for entry, row in zip(block.bundles, rows, strict=True):
            if row is not None and is_header_alone(row[_HEIGHT_BYTES:]):
                raise missing_body(self._reader, entry.bundle_id, height)
            if row is None or len(row) != _HEIGHT_BYTES + entry.size:
                reason = f"bundle {entry.bundle_id.hex()} is missing or of the wrong length"
                raise StorageDamaged(f"block {height}", reason)
            found.append(row[_HEIGHT_BYTES:])
        return tuple(found)

    def receipts(self, height: int) -> tuple[Receipt, ...] | None:
        """Return the receipts of the block at `height`, in document order; None beyond the head."""
        data = self._receipts.get(height_key(height))
        return None if data is None else _decode(_RECEIPTS, data, f"receipts of height {height}")

    def writes(self, height: int) -> tuple[Write, ...] | None:
        """Return what the block at `height` wrote to the state; None when no longer kept."""
        data = self._writes.get(height_key(height))
        if data is None:
            return None
        where = f"writes of height {height}"
        groups = _decode(_WRITES, data, where)
        return tuple(
            sorted((write for group in groups for write in _writes_of(group, where)), key=itemgetter(0))
        )

    def document(self, document_id: bytes, lane: bytes = b"") -> DocumentPlace | None:
        """Return the first place where a document was accepted, else the first; None when it is in no block.

        Args:
            document_id: 32 bytes.
            lane: The key that signed it; without one, the earliest place of the first `MAX_SIGNERS` keys.
        """
        most = 1 if lane else MAX_SIGNERS
        for verdict in (_ACCEPTED, _REFUSED):
            firsts = islice(self._firsts(document_id, verdict, lane), most)
            found = min((place for _lane, place in firsts), key=attrgetter("height", "receipt"), default=None)
            if found is not None:
                return found
        return None

    def document_at(self, height: int, index: int, receipt: Receipt) -> DocumentPlace | None:
        """Return the place that the receipt with this index in a block belongs to; None without its row."""
        verdict, place = _verdict_byte(receipt.code), height_key(height) + _position(index)
        for lane, _first in self._firsts(receipt.document_id, verdict):
            key = receipt.document_id + verdict + lane + place
            row = self._documents.get(key)
            if row is not None:
                return _place_of(key, row)
        return None

    def _firsts(
        self, document_id: bytes, verdict: bytes, lane: bytes = b""
    ) -> Iterator[tuple[bytes, DocumentPlace]]:
        """Yield who signed a document with this verdict, or one of them, each with its first place."""
        signed = document_id + verdict
        start: bytes | None = None
        while True:
            page = self._documents.scan(signed + lane, start=start, limit=1)
            for key, value in page.rows:
                signer = key[len(signed) : len(signed) + _LANE_BYTES]
                start = signed + signer + _BEYOND
                yield signer, _place_of(key, value)
            if page.resume is None:
                return


def _place_of(key: bytes, value: bytes) -> DocumentPlace:
    where = f"index of document {key[:_ID_BYTES].hex()}"
    place = _decode(_PLACES, value, where)
    height, receipt = key[:-_POSITION_BYTES][-_HEIGHT_BYTES:], key[-_POSITION_BYTES:]
    return DocumentPlace(
        int.from_bytes(height, "big"), place.bundle, place.document, int.from_bytes(receipt, "big")
    )


def _writes_of(group: _Group, where: str) -> Iterator[Write]:
    if len(group.value) > 1:
        raise StorageDamaged(where, f"a group of writes has {len(group.value)} values")
    value = group.value[0] if group.value else None
    return ((group.prefix + suffix, value) for suffix in group.suffixes)
