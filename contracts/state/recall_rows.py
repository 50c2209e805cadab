"""Rows of recalls (rule 17), and of the lists through which a recall finds what was made."""

from enum import IntEnum

import msgspec

from contracts.records.recall import Quantities, Scope


class TooManyMarks(Exception):
    """More recalls would stand in a row than one may carry that others read all the time.

    Attributes:
        subject: What the row is about: a lot, a product or site, or an item.
    """

    def __init__(self, subject: bytes) -> None:
        """Say what it is about."""
        super().__init__(subject.hex())
        self.subject = subject


class RecallStanding(IntEnum):
    """Whether a recall goes on."""

    OPEN = 1
    CLOSED = 2


class RecallRow(msgspec.Struct, frozen=True, array_like=True):
    """A recall, a withdrawal, or the drill of one."""

    identifier: bytes
    """Recall id, 16 bytes."""
    opener: int
    """Number of the partner that opened it."""
    kind: int
    """A `RecallKind`."""
    drill: int
    """1 for a drill, which marks nothing."""
    origin: int
    """A `RecallOrigin`."""
    recall_class: int
    """A `RecallClass`."""
    depth: int
    """A `RecallDepth`."""
    reason: int
    """A `RecallReason`."""
    standing: int
    """A `RecallStanding`."""
    opened_height: int
    """Height at which it was opened."""
    opened_ms: int
    """Block time at which it was opened."""
    respond_by_ms: int
    """Block time by which partners must respond."""
    profile: str
    """Name of the profile that binds it: that of the first market of the first of its own products."""
    products: tuple[bytes, ...]
    """Packed GTINs that it reaches, ascending."""
    scope: tuple[Scope, ...]
    """Every alternative named when it was opened or widened, without the items that it listed."""
    own: tuple[bytes, ...]
    """Those of the products that its scope names by itself, not by lineage: still its opener's to call back
    when they have become another's, ascending."""


class ResponseRow(msgspec.Struct, frozen=True, array_like=True):
    """What a partner answered to a recall."""

    acknowledged_ms: int
    """Block time at which it first said that it knows."""
    responded_ms: int
    """Block time of its last answer with quantities; 0 for none yet."""
    quantities: Quantities
    """What it found, all 0 before it answered."""


class NumbersRow(msgspec.Struct, frozen=True, array_like=True):
    """A list of numbers, or one part of a long one."""

    full_parts: int
    """At the open end of a list: how many full parts it has behind it; 0 elsewhere."""
    numbers: tuple[int, ...]
    """In the order in which they were added."""
