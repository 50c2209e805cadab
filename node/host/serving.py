"""Answers to peers that ask for decided blocks and for bundles.

Reading runs on a reader thread, a few requests per peer at a time, and an answer is bounded in bytes: a peer
that is far behind asks again, and a peer that asks faster than it reads waits for itself alone.
"""

from collections.abc import Sequence
from functools import partial

from contracts.chain.commit import Commit
from contracts.primitives.encoding import encode
from network.peer.face import PeerNetwork
from network.sync.serving import StoredBlock, answer_blocks
from network.wire.messages import (
    BlockAnswer,
    BlockBundles,
    BlockRequest,
    BundleAnswer,
    BundleMissing,
    BundleRequest,
    DecisionAnswer,
    DecisionRequest,
    Message,
    NoSnapshot,
)
from node.host.chain import Chain
from node.host.portions import Portions
from node.host.worker import Worker
from node.pool.pool import BundlePool
from node.storage.blocks import BlockStore, StoredBundle
from node.storage.errors import HistoryArchived

MAX_ANSWER_BYTES = 8 << 20
"""About the most bytes of bundles given for one request: what a block needs fits, the rest is asked again."""


class Serving:
    """Serves one node's blocks and bundles."""

    def __init__(
        self,
        network: PeerNetwork,
        reader: Worker,
        blocks: BlockStore,
        chain: Chain,
        pool: BundlePool,
        portions: Portions,
        first: int = 1,
    ) -> None:
        """Join the parts.

        Args:
            network: Where answers go.
            reader: A thread that may read `blocks`.
            blocks: The history.
            chain: For the present height.
            pool: Bundles that are not in the chain yet.
            portions: What each peer may take.
            first: First height whose block is here with its bundles: those below lie before the snapshot that
                the node began with, or an archive has them.
        """
        self._portions = portions
        self._network = network
        self._reader = reader
        self._blocks = blocks
        self._chain = chain
        self._pool = pool
        self._first = first

    def serve_blocks(self, peer: str, request: BlockRequest) -> None:
        """Answer a block request; a request too many of the same peer is dropped."""
        if self._portions.begin(peer):
            head = self._chain.tip.height
            self._reader.submit(partial(self._read, request, head), partial(self._answer, peer))

    def _read(self, request: BlockRequest, head: int) -> list[Message]:
        return list(answer_blocks(request, head, self._load, self._first))

    def serve_no_snapshot(self, peer: str) -> None:
        """Say that there is no snapshot here."""
        self._network.send(peer, NoSnapshot(self._chain.tip.height))

    def _load(self, height: int) -> StoredBlock | None:
        data, commit = self._blocks.block_bytes(height), self._blocks.commit_of(height)
        bundles = self._blocks.bundles_of(height)
        if data is None or commit is None or bundles is None:
            return None
        return StoredBlock(data, encode(commit), bundles)

    def _answer(self, peer: str, messages: Sequence[Message]) -> None:
        self._portions.end(peer)
        for message in messages:
            self._portions.charge(peer, _size_of(message))
            if not self._network.send(peer, message):
                # Its queue is full: it asks again for what it did not get.
                return

    def serve_decision(self, peer: str, request: DecisionRequest) -> None:
        """Say what was decided at a height; a request too many is dropped."""
        if self._portions.begin(peer):
            read = partial(self._blocks.commit_of, request.height)
            self._reader.submit(read, partial(self._answer_decision, peer, request.height))

    def _answer_decision(self, peer: str, height: int, commit: Commit | None) -> None:
        self._answer(peer, [DecisionAnswer(height, b"" if commit is None else encode(commit))])

    def serve_bundles(self, peer: str, request: BundleRequest) -> None:
        """Answer a bundle request from the pool, or from the chain; a request too many is dropped."""
        if not self._portions.allow(peer):
            return
        missing: list[bytes] = []
        room = MAX_ANSWER_BYTES
        for bundle_id in request.bundle_ids:
            pooled = self._pool.get(bundle_id)
            if pooled is None:
                missing.append(bundle_id)
            elif room > 0:
                room -= len(pooled.data)
                self._portions.charge(peer, len(pooled.data))
                self._network.send(peer, BundleAnswer(bundle_id, pooled.data))
        if missing and self._portions.begin(peer):
            self._reader.submit(partial(self._read_bundles, missing), partial(self._answer_bundles, peer))

    def _read_bundles(self, bundle_ids: Sequence[bytes]) -> list[tuple[bytes, bytes | None]]:
        found: list[tuple[bytes, bytes | None]] = []
        room = MAX_ANSWER_BYTES
        for bundle_id in bundle_ids:
            if room <= 0:
                break
            stored = self._stored(bundle_id)
            found.append((bundle_id, None if stored is None else stored.data))
            room -= 0 if stored is None else len(stored.data)
        return found

    def _stored(self, bundle_id: bytes) -> StoredBundle | None:
        try:
            return self._blocks.bundle(bundle_id)
        except HistoryArchived:
            return None

    def _answer_bundles(self, peer: str, found: Sequence[tuple[bytes, bytes | None]]) -> None:
        self._portions.end(peer)
        for bundle_id, data in found:
            if data is not None:
                self._portions.charge(peer, len(data))
                self._network.send(peer, BundleAnswer(bundle_id, data))
        missing = tuple(bundle_id for bundle_id, data in found if data is None)
        if missing:
            self._network.send(peer, BundleMissing(missing))


def _size_of(message: Message) -> int:
    """Return the bytes of a block's answer that count; what is around them is little."""
    match message:
        case BlockAnswer(block=block, commit=commit):
            return len(block) + len(commit)
        case DecisionAnswer(commit=commit):
            return len(commit)
        case BlockBundles(bundles=bundles):
            return sum(map(len, bundles))
        case _:
            return 0
