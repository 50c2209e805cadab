"""Hands documents of the gateway to the node's submissions, and tells what became of each."""

import asyncio
from collections.abc import Sequence

import msgspec

from contracts.ledger.receipt import Receipt
from node.epcis.documents import Ready
from node.epcis.outcome import DocumentResult, Status
from node.host.submission import Submissions
from node.host.submitted import Admitted, Committed, Submitted, TooBusy
from node.storage.store import Write


class Offer(msgspec.Struct, frozen=True):
    """A document to be handed in."""

    ready: Ready
    """The document."""
    fingerprints: frozenset[bytes] = frozenset()
    """Of what it states."""
    rows: tuple[Write, ...] = ()
    """What this node keeps beside it, once it is kept itself."""


class Handed:
    """A document on its way from the gateway into a block.

    Attributes:
        ready: The document.
    """

    def __init__(self, offer: Offer, pending: set[bytes]) -> None:
        """Prepare to hand it in.

        Args:
            offer: The document.
            pending: Holds fingerprints of what is on its way.
        """
        self.ready = offer.ready
        self._rows = offer.rows
        self._fingerprints = offer.fingerprints
        self._pending = pending
        loop = asyncio.get_running_loop()
        self._admitted: asyncio.Future[Admitted] = loop.create_future()
        self._committed: asyncio.Future[Committed] = loop.create_future()

    def submitted(self, lane: bytes) -> Submitted:
        """Return it in the form of `Submissions`."""
        return Submitted(
            id=self.ready.id,
            data=self.ready.data,
            document=self.ready.document,
            lane=lane,
            record_refusal=False,
            on_admitted=self._on_admitted,
            on_committed=self._on_committed,
            rows=self._rows,
        )

    def begin(self) -> None:
        """Count what it states as stated, until it is in a block or refused."""
        self._pending |= self._fingerprints

    def _on_admitted(self, admitted: Admitted) -> None:
        if not admitted.is_submitted:
            self._pending -= self._fingerprints
        # Who waited may have gone meanwhile.
        if not self._admitted.done():
            self._admitted.set_result(admitted)

    def _on_committed(self, committed: Committed) -> None:
        self._pending -= self._fingerprints
        if not self._committed.done():
            self._committed.set_result(committed)

    async def admitted(self) -> Admitted:
        """Return when it is durable, or refused."""
        return await self._admitted

    async def result(self, *, wait: bool) -> DocumentResult:
        """Return what became of it.

        Args:
            wait: Until it is in a block, unless it was refused.
        """
        admitted = await self._admitted
        if not admitted.is_submitted:
            return self._result("refused", 0, admitted.forecast)
        if not wait:
            return self._result("pending", 0, admitted.forecast)
        committed = await self._committed
        return self._result("committed", committed.height, committed.receipt)

    def _result(self, status: Status, height: int, receipt: Receipt) -> DocumentResult:
        return DocumentResult(self.ready.id, status, height, receipt)


class Recorder:
    """Submits documents of this node's partners.

    Attributes:
        pending: Fingerprints of what is handed in and in no block yet; trials read it on their own thread.
    """

    def __init__(self, submissions: Submissions) -> None:
        """Hand in to `submissions`."""
        self._submissions = submissions
        self.pending: set[bytes] = set()

    async def hand_in(self, lane: bytes, offers: Sequence[Offer]) -> list[Handed]:
        """Submit documents in order; return when each of them is durable or refused.

        Args:
            lane: The key to sign with.
            offers: In the order in which they act.

        Returns:
            Those that were taken: not all of them when too much waits already.

        Raises:
            TooBusy: Not even the first was taken.
        """
        taken: list[Handed] = []
        for offer in offers:
            handed = Handed(offer, self.pending)
            try:
                self._submissions.submit(handed.submitted(lane))
            except TooBusy:
                if not taken:
                    raise
                break
            handed.begin()
            taken.append(handed)
        await asyncio.gather(*(handed.admitted() for handed in taken))
        return taken
