"""How a node's own documents become bundles in its lane: the decisions, without any I/O.

Documents queue; bundles are cut from the queue and stay outstanding until the chain holds them. A bundle is
cut at once while few are outstanding, so an idle node answers fast, and bundles grow by themselves when the
chain is the slower one. A bundle that can no longer enter the chain (expired, or its place taken by a rival)
gives its documents back to the front of the queue, and they are bundled again under new numbers: the same
documents, with the same ids.
"""

from collections import deque
from collections.abc import Container, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from contracts.chain.parameters import Limits

SMALL_BUNDLES_OUTSTANDING = 4
"""Up to this many undecided bundles, whatever is queued is bundled at once."""
DOCUMENTS_TO_PIPELINE = 100
"""Beyond that, a bundle is cut only when at least this many documents wait."""
MAX_OUTSTANDING = 32
"""Most undecided bundles of a lane."""
MAX_STALLED_OUTSTANDING = 512
"""The same while the chain stands still: each bundle makes durable what one client waits for."""
STALLED_ROOM = 32
"""Of these, how many are kept for what is on its way when the lane is found full."""


class QueuedDocument(msgspec.Struct, frozen=True):
    """An admitted document on its way into a bundle."""

    id: bytes
    """32 bytes."""
    data: bytes
    """Encoded document."""
    weight: int
    """Its declared weight."""


class CutBundle(msgspec.Struct, frozen=True):
    """A bundle's place in the lane and what goes into it."""

    after: int
    """Sequence it continues."""
    sequence: int
    """Its own."""
    documents: tuple[QueuedDocument, ...]
    """In order."""


class LaneWriter:
    """The queue and the outstanding bundles of one lane.

    Attributes:
        queued_bytes: Bytes of documents not yet in a bundle, for back-pressure.
    """

    def __init__(
        self, limits: Limits, chain_last: int, outstanding: Sequence[CutBundle], last_used: int = 0
    ) -> None:
        """Resume a lane.

        Args:
            limits: Caps of the network.
            chain_last: Last sequence of the lane in the chain.
            outstanding: Bundles of the outbox that the chain does not hold, in order of sequence; their bytes
                are pushed again.
            last_used: Greatest sequence ever used in the lane, also by bundles that are gone.
        """
        self._limits = limits
        self._queue: deque[QueuedDocument] = deque()
        self._outstanding: deque[CutBundle] = deque(outstanding)
        self._chain_last = chain_last
        self._last_used = max([chain_last, last_used, *(cut.sequence for cut in outstanding)])
        self.queued_bytes = 0
        if outstanding and outstanding[0].after != chain_last:
            self.give_back()

    @property
    def outstanding(self) -> tuple[CutBundle, ...]:
        """Bundles cut and not yet in the chain, in order."""
        return tuple(self._outstanding)

    @property
    def is_full(self) -> bool:
        """Whether no more documents may come while the chain stands still."""
        return len(self._outstanding) >= MAX_STALLED_OUTSTANDING - STALLED_ROOM

    def add(self, document: QueuedDocument) -> None:
        """Queue a document behind the others."""
        self._queue.append(document)
        self.queued_bytes += len(document.data)

    def cut(self, *, is_stalled: bool = False) -> CutBundle | None:
        """Cut the next bundle, or return None when there is nothing to cut yet.

        Args:
            is_stalled: The chain stands still, so a larger bundle later would only keep clients waiting.
        """
        outstanding = len(self._outstanding)
        if not self._queue or outstanding >= (MAX_STALLED_OUTSTANDING if is_stalled else MAX_OUTSTANDING):
            return None
        is_early = outstanding >= SMALL_BUNDLES_OUTSTANDING and len(self._queue) < DOCUMENTS_TO_PIPELINE
        if is_early and not is_stalled:
            return None
        documents = self._take()
        after = self._outstanding[-1].sequence if self._outstanding else self._chain_last
        self._last_used += 1
        bundle = CutBundle(after, self._last_used, documents)
        self._outstanding.append(bundle)
        return bundle

    def _take(self) -> tuple[QueuedDocument, ...]:
        taken: list[QueuedDocument] = []
        weight = size = 0
        while self._queue and len(taken) < self._limits.bundle_documents:
            document = self._queue[0]
            weight += document.weight
            size += len(document.data)
            if taken and (weight > self._limits.bundle_weight or size > self._byte_budget()):
                break
            taken.append(self._queue.popleft())
            self.queued_bytes -= len(document.data)
        return tuple(taken)

    def _byte_budget(self) -> int:
        return self._limits.bundle_bytes - _HEADER_ROOM - _DOCUMENT_ROOM * self._limits.bundle_documents

    def chain_moved(self, chain_last: int, included: AbstractSet[int]) -> tuple[CutBundle, ...]:
        """Take note of a new block.

        Args:
            chain_last: Last sequence of the lane in the chain now.
            included: Sequences of bundles in the new block that are this writer's own, told by their ids.

        Returns:
            Bundles whose place a rival with the same key has taken: their documents are queued again.
        """
        self._chain_last = chain_last
        self._last_used = max(self._last_used, chain_last)
        kept = [cut for cut in self._outstanding if cut.sequence not in included]
        self._outstanding = deque(kept)
        if kept and kept[0].after != chain_last:
            return self.give_back()
        return ()

    def give_back(self) -> tuple[CutBundle, ...]:
        """Queue the documents of all outstanding bundles again, in front: the first of them expired.

        Returns:
            The bundles given up.
        """
        given_up = tuple(self._outstanding)
        self._outstanding.clear()
        self.put_back([document for bundle in given_up for document in bundle.documents])
        return given_up

    def drop_placed(self, waiting: Container[bytes]) -> frozenset[bytes]:
        """Forget queued documents that are in the chain: a bundle given up may have brought them after all.

        Bundled again and again, with those of another holder of the key, they would fill blocks for ever.

        Args:
            waiting: Ids of documents that are not in the chain.

        Returns:
            Ids of those forgotten.
        """
        placed = frozenset(document.id for document in self._queue if document.id not in waiting)
        if placed:
            self._queue = deque(document for document in self._queue if document.id not in placed)
            self.queued_bytes = sum(len(document.data) for document in self._queue)
        return placed

    def put_back(self, documents: Sequence[QueuedDocument]) -> None:
        """Queue documents in front of all others: their bundles were given up."""
        for document in reversed(documents):
            self._queue.appendleft(document)
            self.queued_bytes += len(document.data)


_HEADER_ROOM = 1_024
"""Bytes kept free for a bundle's header and signature."""
_DOCUMENT_ROOM = 5
"""Bytes that frame one document inside a bundle."""
