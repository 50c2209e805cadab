"""What a node keeps beside the state: blocks and indices, fed with what partners say, over the law's rows.

The books of a recall are reckoned from both (`node/storage/recalls.py`), so they can be compared after every
step.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from contracts.chain.commit import NO_COMMIT
from contracts.chain.header import Block, BundleEntry, Header, block_id
from contracts.ledger.bundle import Bundle, OpenBundle
from contracts.ledger.document import encode_document
from contracts.ledger.execute import BlockResult
from contracts.ledger.receipt import Receipt
from contracts.primitives.encoding import encode
from node.storage.authors import authors_of
from node.storage.blocks import BundleRows, FinishedBlock, block_entries
from node.storage.custody import Custody
from node.storage.head import Head, head_entry
from node.storage.journeys import IndexedDocument, journey_entries
from node.storage.memory import MemoryStore
from node.storage.recalls import Recalls
from node.storage.store import STATE, Page
from tests.scenarios.law.world import Ledger

_NOTHING: Final = bytes(32)
_HEADER: Final = Header(1, "law", 0, 0, *[_NOTHING] * 9, b"", _NOTHING)


class Kept:
    """The store of a node that took all blocks so far. Itself a `Reader`, of the present."""

    def __init__(self, ledger: Ledger) -> None:
        """Begin with a ledger at genesis; its rows are read, not copied."""
        self._ledger = ledger
        self._store = MemoryStore()
        self._blocks: list[tuple[int, int, Sequence[OpenBundle], BlockResult]] = []

    def follow(self, bundles: Sequence[OpenBundle], result: BlockResult) -> None:
        """Keep a block that the ledger has just executed; it is stored when somebody asks for recalls."""
        self._blocks.append((self._ledger.height, self._ledger.time_ms, bundles, result))

    def _keep(self, height: int, time_ms: int, bundles: Sequence[OpenBundle], result: BlockResult) -> None:
        header = msgspec.structs.replace(_HEADER, height=height, time_ms=time_ms)
        rows = [_rows(bundle) for bundle in bundles]
        entries = tuple(BundleEntry(one.bundle_id, len(one.data), 1) for one in rows)
        block = Block(header, entries, NO_COMMIT, ())
        finished = FinishedBlock(block, NO_COMMIT, tuple(rows), result.receipts, ())
        head = Head(header.height, block_id(header), header.time_ms, result.app_hash, _NOTHING)
        batch = [
            *block_entries(finished, 1),
            *journey_entries(header.height, self._indexed(bundles, result.receipts)),
            head_entry(head),
        ]
        self._store.write(batch, sync=True)

    def _indexed(self, bundles: Sequence[OpenBundle], receipts: Sequence[Receipt]) -> list[IndexedDocument]:
        state = self._ledger.state()
        said = [(bundle.header.lane, document) for bundle in bundles for document in bundle.documents]
        return [
            IndexedDocument(at, document, receipts[at], authors_of(state, lane, document).sender)
            for at, (lane, document) in enumerate(said)
        ]

    def recalls(self) -> Recalls:
        """Return what a node tells of recalls now."""
        for block in self._blocks:
            self._keep(*block)
        self._blocks.clear()
        return Recalls(self, Custody(self))

    # ------------------------------------------------------------------------------ a reader

    def get(self, key: bytes) -> bytes | None:
        """Return a row. See `Reader.get`."""
        is_state = key.startswith(STATE)
        return self._ledger.reader.rows.get(key[len(STATE) :]) if is_state else self._store.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return rows. See `Reader.get_many`."""
        return [self.get(key) for key in keys]

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        """Return rows by prefix. See `Reader.scan`."""
        if not prefix.startswith(STATE):
            return self._store.scan(prefix, start=start, limit=limit, reverse=reverse)
        of_state = prefix[len(STATE) :]
        rows = [(STATE + at, row) for at, row in self._ledger.reader.rows.items() if at.startswith(of_state)]
        store = MemoryStore()
        store.write(rows, sync=True)
        return store.scan(prefix, start=start, limit=limit, reverse=reverse)


def _rows(bundle: OpenBundle) -> BundleRows:
    documents = tuple(map(encode_document, bundle.documents))
    data = encode(Bundle(bundle.header, b"", documents))
    return BundleRows(bundle.id, bundle.header.lane, data, bundle.document_ids)
