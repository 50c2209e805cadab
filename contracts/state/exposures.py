"""Exposures: which cold-chain sessions an item went through itself, and until when.

An exposure is one number: the session's, and the second at which the item left it (0: it saw the whole
session, or is in it still). The item that carries a logger has the session among its exposures; what is
inside goes through what is on the containers around it, and takes that along as exposures of its own when it
comes out. Containers count the exposures of all their descendants beside their sources, so that whoever moves
a pallet reads each session once, whatever is inside.
"""

from typing import Final

import msgspec

from contracts.state.layout import SESSIONS, number_key
from contracts.state.rows import ItemRow
from contracts.state.view import Overlay

Exposures = tuple[int, ...]

MS_PER_SECOND: Final = 1_000

_UNTIL_BITS: Final = 32
_LAST_SECOND: Final = (1 << _UNTIL_BITS) - 1
"""In the year 2106; whoever leaves later leaves then."""

THE_WHOLE: Final = 0
"""Until when, of an item that saw the whole session or is in it still."""


def exposure(session: int, until_s: int = THE_WHOLE) -> int:
    """Return the number of an exposure."""
    return session << _UNTIL_BITS | min(until_s, _LAST_SECOND)


def session_of(exposed: int) -> int:
    """Return the number of an exposure's session."""
    return exposed >> _UNTIL_BITS


def until_of(exposed: int) -> int:
    """Return the second until which an exposure lasted; `THE_WHOLE` for all of the session."""
    return exposed & _LAST_SECOND


def leaving(state: Overlay, exposures: Exposures, time_ms: int) -> Exposures:
    """Return what an item takes along from a container with these exposures.

    A session that is over was seen whole; of one that is not, what comes later is no affair of the item's.
    """
    return tuple(_left(state, exposed, time_ms) for exposed in exposures)


def _left(state: Overlay, exposed: int, time_ms: int) -> int:
    session = session_of(exposed)
    if until_of(exposed) != THE_WHOLE or state.require(SESSIONS, number_key(session)).off_s:
        return exposed
    return exposure(session, time_ms // MS_PER_SECOND)


def joined(*several: Exposures) -> Exposures:
    """Return the union of exposures, ascending; of one session, the longest stay."""
    longest: dict[int, int] = {}
    for exposures in several:
        for exposed in exposures:
            session, until_s = session_of(exposed), until_of(exposed)
            known = longest.get(session, until_s)
            longest[session] = THE_WHOLE if THE_WHOLE in {known, until_s} else max(known, until_s)
    return tuple(sorted(exposure(session, until_s) for session, until_s in longest.items()))


def with_exposures(row: ItemRow, exposures: Exposures) -> ItemRow:
    """Return an item's row with these exposures."""
    return row if exposures == row.exposures else msgspec.structs.replace(row, exposures=exposures)
