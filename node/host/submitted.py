"""What clients hand in, and what they are told of it: the words of `node/host/submission.py`."""

from collections.abc import Callable

import msgspec

from contracts.ledger.document import Document
from contracts.ledger.receipt import Receipt
from node.storage.store import Write


class TooBusy(Exception):
    """More waits than this node takes on; try again later.

    Attributes:
        full: What there is no room for: documents, bytes, weight, bundles or drafts.
    """

    def __init__(self, full: str = "documents") -> None:
        """Say what is full."""
        super().__init__(full)
        self.full = full


class CatchingUp(TooBusy):
    """This node's ledger stands far behind the network's: it would judge by what was, and its bundles expire.

    Attributes:
        height: Where it stands.
        behind_s: By how many seconds its last block is older than now.
    """

    def __init__(self, height: int, behind_s: int) -> None:
        """Say where it stands."""
        super().__init__("catching_up")
        self.height = height
        self.behind_s = behind_s

    def __str__(self) -> str:
        return f"It stands at height {self.height}, whose block is {self.behind_s} s old"


class Halted(TooBusy):
    """This node follows the network no more: what it took in now would come into no block.

    Attributes:
        reason: Why.
    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__("halted")
        self.reason = reason


class Admitted(msgspec.Struct, frozen=True):
    """The answer at submission."""

    document_id: bytes
    """32 bytes."""
    forecast: Receipt
    """What the law says now."""
    is_submitted: bool
    """It is durable in the outbox and will be in a block; else it was refused and forgotten."""


class Committed(msgspec.Struct, frozen=True):
    """The answer when the document is in a block."""

    document_id: bytes
    """32 bytes."""
    height: int
    """Height of the block."""
    receipt: Receipt
    """The verdict."""


class Submitted(msgspec.Struct, frozen=True):
    """A document that a client hands in."""

    id: bytes
    """32 bytes, the hash of `data`."""
    data: bytes
    """Encoded document."""
    document: Document
    """Well formed."""
    lane: bytes
    """The partner key to sign with."""
    record_refusal: bool
    """Put it on the ledger even when a rule refuses it now."""
    on_admitted: Callable[[Admitted], None]
    """Told once, on the event loop."""
    on_committed: Callable[[Committed], None] | None
    """Told once, when it is in a block; None for a client that does not wait."""
    rows: tuple[Write, ...] = ()
    """What this node keeps beside it (salts, attachments): durable with the document, and only with it."""
