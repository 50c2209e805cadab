"""What recalls of cold-chain excursions call back (rules 17 and 18).

Such a recall marks one row: that of the session. Which goods it means is asked when somebody has them in
hand, like whether they are in breach at all: so a reading that comes late, and what was repacked since, are
called back without a search for them.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contracts.records.recall import Scope
from contracts.state.cold_rows import SessionRow
from contracts.state.directory import partner
from contracts.state.exposures import THE_WHOLE, session_of, until_of
from contracts.state.layout import PRODUCTS, RECALLS, number_key
from contracts.state.lists import Budget, TooManyRows, entries, origins_of_make
from contracts.state.parties import has_role, is_party
from contracts.state.recall_rows import RecallRow, TooManyMarks
from contracts.state.rows import Role
from contracts.state.scopes import is_made_so
from contracts.state.sessions import NOT_YET, session_row, write_session
from contracts.state.sources import lot_of, lot_row, source_row
from contracts.state.view import Overlay

MAX_RECALLS: Final = 64
"""Most alternatives of recalls that name one session: whoever sells what went through it reads them."""
MAX_ORIGINS: Final = 256
"""Most rows that are read to find what a repacked make comes from; beyond that it counts as called back."""


def watch_session(state: Overlay, number: int, by: tuple[int, int]) -> None:
    """Let a session's row say that a recall calls back what was in breach in it.

    Args:
        state: State.
        number: The session's.
        by: Number of the recall, position of the alternative in its row.

    Raises:
        TooManyMarks: As many recalls name the session as may.
    """
    row = session_row(state, number)
    if len(row.recalls) == MAX_RECALLS:
        raise TooManyMarks(number_key(number))
    write_session(state, number, msgspec.structs.replace(row, recalls=(*row.recalls, by)))


def excursions(state: Overlay, exposures: Iterable[int], sources: Iterable[int]) -> dict[int, RecallRow]:
    """Return the recalls that call back goods for the excursions they went through, by number.

    Args:
        state: State.
        exposures: What the goods went through.
        sources: What they are; of a container, everything inside.
    """
    several = tuple(sources)
    found: dict[int, RecallRow] = {}
    for exposed in exposures:
        for number, position in session_row(state, session_of(exposed)).recalls:
            if number in found:
                continue
            row = state.require(RECALLS, number_key(number))
            if any(is_called_back(state, row, row.scope[position], exposed, source) for source in several):
                found[number] = row
    return found


def is_called_back(state: Overlay, row: RecallRow, one: Scope, exposed: int, source: int) -> bool:
    """Tell whether an alternative that names a session calls back what went through it.

    Args:
        state: State.
        row: The recall.
        one: The alternative.
        exposed: How long the goods were in that session.
        source: What they are.
    """
    gtin = lot_row(state, lot_of(source)).gtin
    if not _was_in_breach(session_row(state, session_of(exposed)), gtin, until_of(exposed)):
        return False
    try:
        return any(_is_described(state, row, one, origin) for origin in _with_origins(state, source))
    except TooManyRows:
        # Rather too much than too little.
        return True


def _was_in_breach(row: SessionRow, gtin: bytes, until_s: int) -> bool:
    """Tell whether a product was in breach before it left a session, whatever was cleared since."""
    since = (one.first_breach_s for one in row.judgements if one.gtin == gtin)
    return any(second != NOT_YET and (until_s == THE_WHOLE or second < until_s) for second in since)


def _with_origins(state: Overlay, source: int) -> Iterator[int]:
    """Yield a make and all that something of it comes from, nearest first.

    Raises:
        TooManyRows: There are more than `MAX_ORIGINS` rows of them.
    """
    budget = Budget(MAX_ORIGINS)
    found = {source: None}
    ahead = [source]
    while ahead:
        at = ahead.pop(0)
        yield at
        for origin in entries(state, origins_of_make(at), budget):
            if origin not in found:
                found[origin] = None
                ahead.append(origin)


def _is_described(state: Overlay, row: RecallRow, one: Scope, source: int) -> bool:
    """Tell whether an alternative describes a make, and its opener may call that back."""
    lot = lot_row(state, lot_of(source))
    is_openers = lot.gtin in row.own or is_party(state.require(PRODUCTS, lot.gtin).holder, row.opener)
    if not is_openers and not has_role(partner(state, row.opener), Role.REGULATOR):
        return False
    return is_made_so(state, one, lot, source_row(state, source))
