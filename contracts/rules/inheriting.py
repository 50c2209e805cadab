"""Rules 16 and 18: what is repacked takes along the cold-chain sessions that its inputs went through.

Readings may come late: what a logger saw before packs were opened holds back what was made of them, like what
came out of a pallet. A session judges product by product, so what comes out is judged there as the product
that went in was, and its own marketing holder may clear it.
"""

from typing import NamedTuple

import msgspec

from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.cold_chain import MAX_JUDGED
from contracts.rules.guards import Positions
from contracts.rules.verdict import Verdict
from contracts.state.cold_rows import SessionRow
from contracts.state.exposures import Exposures, joined, leaving, session_of
from contracts.state.places import Position
from contracts.state.sessions import session_row, write_session
from contracts.state.sources import lot_of, lot_row


class Inherited(NamedTuple):
    """What comes out takes along."""

    exposures: Exposures
    """Of every output, as of now."""
    sessions: dict[int, SessionRow]
    """Sessions that judge the product that comes out from now on, by number."""


def find_inherited(act: Act, gtin: bytes, inputs: Positions) -> Inherited | Verdict:
    """Find what outputs take along from their inputs, and ask whether that fits.

    Args:
        act: The record.
        gtin: Packed GTIN of what comes out.
        inputs: What goes in, nested or not.
    """
    exposures = leaving(act.state, joined(*map(_exposures, inputs)), act.time_ms)
    if len(exposures) > act.limits.container_sources:
        return Verdict(Code.CONTAINER_TOO_MIXED, gtin)
    sessions: dict[int, SessionRow] = {}
    for number in map(session_of, exposures):
        row = session_row(act.state, number)
        inside = {_gtin(act, item) for item in inputs if number in map(session_of, _exposures(item))}
        judged = [one for one in row.judgements if one.gtin in inside]
        if not judged or any(one.gtin == gtin for one in row.judgements):
            continue
        if len(judged) > 1 or len(row.judgements) == MAX_JUDGED:
            return Verdict(Code.CONTAINER_TOO_MIXED, gtin)
        also = msgspec.structs.replace(judged[0], gtin=gtin)
        judgements = tuple(sorted((*row.judgements, also), key=lambda one: one.gtin))
        sessions[number] = msgspec.structs.replace(row, judgements=judgements)
    return Inherited(exposures, sessions)


def take_along(act: Act, inherited: Inherited) -> Exposures:
    """Let sessions judge what comes out; return its exposures."""
    for number, row in inherited.sessions.items():
        write_session(act.state, number, row)
    return inherited.exposures


def _exposures(item: Position) -> Exposures:
    """Return the exposures of an input, and of what it is inside."""
    return joined(item.row.exposures, *(row.exposures for _key, row in item.above))


def _gtin(act: Act, item: Position) -> bytes:
    return lot_row(act.state, lot_of(item.row.source)).gtin
