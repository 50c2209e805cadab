"""Rows of items whose life came to an end that may be undone, in tables of their own.

An item's own row stays as small as it was: only what was ended has a row here (LAW 12, 13).
"""

import msgspec


class EndingRow(msgspec.Struct, frozen=True, array_like=True):
    """How an item's life ended. It goes when the ending is undone, or when a final one follows."""

    partner: int
    """Number of the partner that ended it: it alone may undo that."""
    premises: int
    """Number of the premises where it stood then; 0 when never stated."""
    ended_at_ms: int
    """Block time."""


class RemainderRow(msgspec.Struct, frozen=True, array_like=True):
    """A pack that was opened. It stays, so that what was opened once is never taken for whole."""

    units_left: int
    """Smallest units still in it."""
    partner: int
    """Number of the partner that opened it."""
    premises: int
    """Number of the premises where it was opened; 0 when never stated."""
