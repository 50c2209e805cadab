"""What the gateway is given of the node; `node/assembly.py` gives the real ones, tests their own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from node.host.chain import Chain
from node.host.submission import Submissions
from node.host.worker import Worker
from node.pool.admission import Question
from node.storage.store import KeyValueStore

T = TypeVar("T")


@dataclass(frozen=True)
class Parts:
    """What the gateway is given of the node."""

    submissions: Submissions
    """Where documents go."""
    chain: Chain
    """The decided chain."""
    store: KeyValueStore
    """Read by trials; keeps what is this node's alone."""
    keeper: Worker
    """The thread that writes what is this node's alone."""
    parser: Worker
    """The thread that parses files, one at a time."""
    now_ms: Callable[[], int]
    """Time of day as the ledger counts it, ms since 1970-01-01 UTC."""
    draw: Callable[[int], bytes]
    """Returns so many random bytes that nobody can foresee."""

    def inquire(self, question: Question[T]) -> "asyncio.Future[T]":
        """Ask the pending state, in slices; raises what the question raises (`Inquiries.ask`).

        Once its answer is cancelled, nothing more of it is worked out.
        """
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def told(result: T) -> None:
            # Who asked may have gone meanwhile.
            if not answer.done():
                answer.set_result(result)

        def failed(error: Exception) -> None:
            if not answer.done():
                answer.set_exception(error)

        self.submissions.inquiries.ask(question, told, failed, lambda: not answer.done())
        return answer

    def lanes(self) -> dict[str, bytes]:
        """Return the key to sign with now for each partner that has one, by GLN."""
        return self.submissions.lanes()

    def partners(self) -> tuple[str, ...]:
        """Return the GLNs of the partners whose keys this node holds, whether they act or not."""
        return tuple(sorted({key.partner for key in self.submissions.keys.values()}))
