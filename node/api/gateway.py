"""The EPCIS gateway as the API sees it: files and drafts in, what became of each event out.

Protocols, none of them to inherit from: the gateway (`node/epcis`) knows nothing of HTTP, and whatever has
these attributes fits.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from contracts.ledger.receipt import Receipt
from contracts.records.record import Record

ErrorBehaviour = Literal["rollback", "proceed"]
"""Whether a file stands or falls as one document, or every event for itself (GS1-Capture-Error-Behaviour)."""


class EventOutcome(Protocol):
    """What became of one event of a file."""

    @property
    def index(self) -> int:
        """Position in the file, from 0."""
        ...

    @property
    def outcome(self) -> str:
        """records, already_recorded, attached, draft, refused, or rolled_back: fallen with a refused one."""
        ...

    @property
    def records(self) -> Sequence[str]:
        """Names of the records it was translated to, in order."""
        ...

    @property
    def code(self) -> str:
        """Verdict or problem code; empty unless refused."""
        ...

    @property
    def field(self) -> str:
        """Path of the field in EPCIS names; empty when it is about the whole event."""
        ...

    @property
    def reason(self) -> str:
        """Why it was refused or drafted, in a sentence; may be empty."""
        ...

    @property
    def what_to_do(self) -> str:
        """What a person can do about it; may be empty."""
        ...


class CapturedDocument(Protocol):
    """A document that a file became."""

    @property
    def document_id(self) -> bytes:
        """32 bytes."""
        ...

    @property
    def status(self) -> str:
        """pending, committed, or refused (then it is in no block)."""
        ...

    @property
    def height(self) -> int:
        """Height of its block; 0 unless committed."""
        ...

    @property
    def receipt(self) -> Receipt:
        """The verdict; a forecast unless committed."""
        ...


class CaptureResult(Protocol):
    """What became of a file, or of a confirmed draft."""

    @property
    def documents(self) -> Sequence[CapturedDocument]:
        """In file order; none when every event was a no-op, an attachment or a draft."""
        ...

    @property
    def events(self) -> Sequence[EventOutcome]:
        """One per event, in file order."""
        ...

    @property
    def drafts(self) -> Sequence[str]:
        """Ids of drafts that were made."""
        ...


class Captures(Protocol):
    """Takes files."""

    async def capture(
        self,
        data: bytes,
        content_type: str | None,
        error_behaviour: ErrorBehaviour,
        partner: str,
        *,
        turn: AbstractAsyncContextManager[None],
        wait: bool,
    ) -> CaptureResult:
        """Read a file, translate it, and submit what it says for `partner`.

        Args:
            data: The file.
            content_type: As the client said, or None.
            error_behaviour: See `ErrorBehaviour`.
            partner: GLN of the partner to act for, one whose key this node holds.
            turn: Held while the file is read and tried. Before it ends nothing is submitted.
            wait: Return only when its documents are in blocks; cancelled when that takes too long.

        Raises:
            CaptureProblem: The file as a whole cannot be taken, or under rollback one of its events.
            TooBusy: Too much waits already; nothing was kept.
        """
        ...


class Draft(Protocol):
    """Records that a person may confirm: local to this node, never on the ledger."""

    @property
    def id(self) -> str:
        """Letters and digits."""
        ...

    @property
    def partner(self) -> str:
        """GLN of the partner that would sign."""
        ...

    @property
    def created_ms(self) -> int:
        """When it was made, ms since 1970-01-01 UTC."""
        ...

    @property
    def reason(self) -> str:
        """Why it is a draft, in a sentence."""
        ...

    @property
    def records(self) -> Sequence[Record]:
        """What would be submitted; empty while it waits for an announcement to match."""
        ...


class Drafts(Protocol):
    """Keeps drafts."""

    async def drafts(self) -> Sequence[Draft]:
        """Return all drafts, oldest first."""
        ...

    async def find(self, draft: str) -> Draft | None:
        """Return a draft by id, or None."""
        ...

    async def confirm(self, draft: str, *, wait: bool) -> CaptureResult:
        """Submit a draft; it is gone when it was submitted.

        Raises:
            KeyError: There is no such draft.
            CaptureProblem: It cannot be submitted as it is.
            TooBusy: Too much waits already; the draft stays.
        """
        ...

    async def discard(self, draft: str) -> bool:
        """Remove a draft; return False when there was none."""
        ...
