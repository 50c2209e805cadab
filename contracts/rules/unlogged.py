"""Rule 18, journeys: goods that need a logger travel with one, or their receipt holds them.

A shipment may have any number of items, and its receipt writes one row. So what travels without the logger
that it needs is marked when it is sent, where its row is written anyway: it goes through a session that has
no logger, one per shipment, and the receipt brings that session into breach.
"""

import msgspec

from contracts.rules.act import Act
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions
from contracts.state.cold_rows import JudgementRow, SessionRow
from contracts.state.containers import sources_of
from contracts.state.exposures import MS_PER_SECOND, Exposures, exposure, joined, session_of
from contracts.state.layout import PRODUCTS
from contracts.state.parties import parties_of
from contracts.state.places import Position
from contracts.state.rows import NOBODY, ShipmentRow
from contracts.state.sessions import (
    NOT_YET,
    UNKEPT,
    carries,
    gtins_of,
    needs_logger,
    open_session,
    session_row,
    write_session,
)

NO_SESSION = 0
"""Number of the session of a shipment in which nothing lacks a logger."""


def send_unlogged(act: Act, shipment: bytes, items: Positions) -> tuple[int, dict[bytes, Exposures]]:
    """Mark what is sent without the logger it needs.

    Args:
        act: The record.
        shipment: The shipment's id.
        items: What it consists of, standing by itself.

    Returns:
        The number of the session of this journey (`NO_SESSION`: all have what they need), and the exposures
        of those that lack a logger, by item key.
    """
    lacking = {item.key: missing for item in items if (missing := _lacking(act, item))}
    if not lacking:
        return NO_SESSION, {}
    now_s = act.time_ms // MS_PER_SECOND
    products = sorted({gtin for gtins in lacking.values() for gtin in gtins})
    judgements = tuple(JudgementRow(gtin, UNKEPT, 1, NOT_YET, 0, 0, 0, NOT_YET, NOT_YET) for gtin in products)
    row = SessionRow(b"", shipment, act.signer, NOBODY, now_s, now_s, now_s, 0, 0, judgements, ())
    number = open_session(act.state, row)
    rows = {item.key: item.row for item in items}
    return number, {key: joined(rows[key].exposures, (exposure(number),)) for key in lacking}


def _lacking(act: Act, item: Position) -> tuple[bytes, ...]:
    """Return the products of an item that need a logger, when there is none on it."""
    products = gtins_of(act.state, sources_of(act.state, item.key, item.row))
    needing = tuple(gtin for gtin in products if needs_logger(act.state, gtin))
    if not needing or _is_logged(act, item):
        return ()
    return needing


def _is_logged(act: Act, item: Position) -> bool:
    """Tell whether a logger is on an item, for all that is in it."""
    numbers = map(session_of, item.row.exposures)
    return any(carries(session_row(act.state, one), one, item.row.exposures) for one in numbers)


def receive_unlogged(act: Act, shipment: ShipmentRow) -> None:
    """Hold what came without the logger it needs, at one write, and tell whose affair that is."""
    if shipment.unlogged == NO_SESSION:
        return
    row = session_row(act.state, shipment.unlogged)
    # Once received, or cleared, a journey is not judged again when the rest of it arrives.
    fresh = [one for one in row.judgements if one.breached_s == NOT_YET and one.since_s == NOT_YET]
    if not fresh:
        return
    judged = tuple(
        msgspec.structs.replace(one, breached_s=row.on_s, first_breach_s=row.on_s) if one in fresh else one
        for one in row.judgements
    )
    write_session(act.state, shipment.unlogged, msgspec.structs.replace(row, judgements=judged))
    makers = (act.state.require(PRODUCTS, one.gtin).holder for one in fresh)
    subject = shipment.unlogged.to_bytes(4, "big")
    act.tell(EventKind.LOGGER_MISSING, (), subject, (*parties_of(shipment), *makers))
