"""Lines of the document stream: their answers, and their places in the order."""

from typing import Final

import msgspec

from node.api.submitting import Prepared

NOT_KEPT: Final = frozenset({"refused", "invalid", "busy"})
"""Statuses of lines whose documents are not kept."""


class LineView(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one line."""

    line: int
    """Its number, from 1; empty lines are not counted."""
    status: str
    """accepted (kept, the law accepts it now), recorded (kept though refused), refused, invalid, committed,
    pending (kept, but in no block in time), busy (not kept: send it and all later ones again)."""
    document: str = ""
    """Document id, hex; empty for a line that is no document."""
    code: str = ""
    """Verdict or problem code; for committed always."""
    accepted: bool | None = None
    """For committed: whether it acted."""
    height: int = 0
    """For committed: height of the block."""
    detail: str = ""
    """For refused and invalid: what is wrong, in a sentence."""
    pointer: str = ""
    """For refused and invalid: where in the document."""
    subject: str = ""
    """For refused: what was refused."""
    what_to_do: str = ""
    """For refused and invalid: what to do next."""


class Slot:
    """One line on its way: its answer's place in the order.

    Attributes:
        number: From 1.
        document: Document id, hex; empty until it is known.
        size: Length of the line.
        prepared: The document; None for a line that is none, and for one that is answered for good.
        answer: The answer's bytes; None until there is one.
        is_kept: Whether the document is durable and will be in a block.
        why_not_kept: Code of the problem or verdict that its client is told; empty while it may be kept.
        is_doubtful: Refused, but the same document may be in the chain by an earlier request.
    """

    __slots__ = (
        *("answer", "document", "is_doubtful", "is_kept"),
        *("number", "prepared", "size", "why_not_kept"),
    )

    def __init__(self, number: int, size: int) -> None:
        """Open the place of line `number`, of so many bytes."""
        self.number = number
        self.size = size
        self.document = ""
        self.prepared: Prepared | None = None
        self.answer: bytes | None = None
        self.why_not_kept = ""
        self.is_kept = False
        self.is_doubtful = False
