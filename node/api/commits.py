"""Who waits for a document to be in a block is told here, once, on the event loop."""

import asyncio
from collections.abc import Callable

from contracts.chain.commit import Commit
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.submitted import Committed

OnCommitted = Callable[[Committed], None]
_Key = tuple[bytes, bytes]
"""Lane and document id: another partner may copy a document, and what it is told concerns nobody here."""


class Commits:
    """Watches the chain for documents.

    Unlike the callback of a submission it also serves a client that asks a second time for the same document.
    Every watcher must be given up again or told; the API bounds how many there are by bounding submissions.
    """

    def __init__(self, chain: Chain) -> None:
        """Watch `chain`."""
        self._watchers: dict[_Key, list[OnCommitted]] = {}
        self._next_block: asyncio.Event = asyncio.Event()
        chain.subscribe(self._on_applied)

    def watch(self, lane: bytes, document_id: bytes, told: OnCommitted) -> None:
        """Call `told` with the document's first place in a bundle of `lane` that comes from now on."""
        self._watchers.setdefault((lane, document_id), []).append(told)

    def forget(self, lane: bytes, document_id: bytes, told: OnCommitted) -> None:
        """Do not call `told` any more; harmless when it was."""
        watchers = self._watchers.get((lane, document_id))
        if watchers is not None and told in watchers:
            watchers.remove(told)
            if not watchers:
                del self._watchers[lane, document_id]

    async def next_block(self) -> None:
        """Return when the next block was applied."""
        await self._next_block.wait()

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        waiting, self._next_block = self._next_block, asyncio.Event()
        waiting.set()
        if not self._watchers:
            return
        receipts = iter(applied.receipts)
        for bundle in applied.bundles:
            for identifier in bundle.document_ids:
                receipt = next(receipts)
                for told in self._watchers.pop((bundle.header.lane, identifier), ()):
                    told(Committed(identifier, applied.tip.height, receipt))
