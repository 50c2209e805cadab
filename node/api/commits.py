"""Who waits for a document to be in a block is told here, once, on the event loop."""

import asyncio
from collections.abc import Callable

from contracts.chain.commit import Commit
from node.host.chain import Chain
from node.host.ledger import Applied
from node.host.submission import Committed

OnCommitted = Callable[[Committed], None]


class Commits:
    """Watches the chain for documents.

    Unlike the callback of a submission it also serves a client that asks a second time for the same document.
    Every watcher must be given up again or told; the API bounds how many there are by bounding submissions.
    """

    def __init__(self, chain: Chain) -> None:
        """Watch `chain`."""
        self._watchers: dict[bytes, list[OnCommitted]] = {}
        self._next_block: asyncio.Event = asyncio.Event()
        chain.subscribe(self._on_applied)

    def watch(self, document_id: bytes, told: OnCommitted) -> None:
        """Call `told` with the document's first place in a block that comes from now on."""
        self._watchers.setdefault(document_id, []).append(told)

    def forget(self, document_id: bytes, told: OnCommitted) -> None:
        """Do not call `told` any more; harmless when it was."""
        watchers = self._watchers.get(document_id)
        if watchers is not None and told in watchers:
            watchers.remove(told)
            if not watchers:
                del self._watchers[document_id]

    async def next_block(self) -> None:
        """Return when the next block was applied."""
        await self._next_block.wait()

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        waiting, self._next_block = self._next_block, asyncio.Event()
        waiting.set()
        if not self._watchers:
            return
        for receipt in applied.receipts:
            for told in self._watchers.pop(receipt.document_id, ()):
                told(Committed(receipt.document_id, applied.tip.height, receipt))
