"""Records that undo an ending: lost goods are found (rule 12), a decommissioning is taken back (rule 13)."""

from enum import IntEnum

import msgspec

from contracts.records.head import Head


class Found(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Rule 12: items that the signer reported lost have turned up with it."""

    head: Head
    """When and where."""
    items: tuple[bytes, ...]
    """Item keys."""


class UndoneEnding(IntEnum):
    """The ending that is undone, by the number of the `Life` it gave."""

    SUPPLIED = 2
    EXPORTED = 6
    SAMPLE = 7
    FREE_SAMPLE = 8
    CHECKED_OUT = 9


class Reinstate(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Rule 13: items become active again where their life was ended; check-in is that of a check-out."""

    head: Head
    """When and where."""
    undoes: UndoneEnding
    """How their life ended."""
    never_left: int
    """1 when the signer declares them unopened and never handed to the public; nothing else will do."""
    items: tuple[bytes, ...]
    """Item keys."""


EndingRecord = Found | Reinstate
"""Any of them."""
