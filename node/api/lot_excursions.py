"""Excursions of a lot: the cold-chain sessions in which its product was in breach, page by page."""

from collections.abc import Iterator
from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from contracts.gs1.dates import format_timestamp
from contracts.gs1.loggers import format_logger
from contracts.state.cold_rows import JudgementRow, SessionRow
from contracts.state.exposures import MS_PER_SECOND
from contracts.state.layout import NUMBER_BYTES
from contracts.state.sessions import NOT_YET, session_row
from node.api.access import Right, Scope, scope_of
from node.api.answers import answer, decode_cursor, encode_cursor, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter, limit_of, read_limit
from node.api.field_readers import INVALID_IDENTIFIER
from node.api.lots import LOT_PARAMETERS, LotNameView, read_lot_segments
from node.api.problems import Problem
from node.api.record_texts import gtin_text, item_text, plain_text
from node.storage.base import require_history
from node.storage.custody import Custody
from node.storage.lot_sessions import sessions_of_lot
from node.storage.store import Snapshot

MAX_SCANNED: Final = 2_000
"""Sessions looked at for one page; a page may end early, with a cursor to go on."""


class ExcursionView(msgspec.Struct, frozen=True):
    """A session in which the product was too warm, too cold or unwatched for too long."""

    session: int
    """Its number: `packtrail recall open --session` calls back what was in breach in it."""
    standing: str
    """breached, or cleared by the marketing holder since."""
    logger: str | None
    """Which logger; null for a journey without the logger that the goods need."""
    on: str
    """The item that carried it; the shipment for a journey without a logger."""
    since: str
    """When the session began."""
    until: str | None
    """When it ended; null while it lasts."""
    in_breach_from: str
    """When goods in it were in breach first; what had left before was not."""
    low: int
    """Lowest temperature allowed, hundredths of a degree Celsius."""
    high: int
    """Highest, likewise."""
    outside_s: int
    """Seconds outside that range, since its maker cleared it if it did, with what earlier sessions used."""
    longest_gap_s: int
    """Longest time between two readings, seconds, likewise."""
    readings: int
    """How many readings there are."""
    installed_by: str
    """GLN of the partner that put the logger on, or sent the goods without one."""


class ExcursionsView(LotNameView, frozen=True, kw_only=True):
    """A page of a lot's excursions, the newest session first."""

    excursions: tuple[ExcursionView, ...]
    """May be fewer than asked for, also when there are more."""
    next: str | None
    """Pass it as `after` to go on; null at the end."""


class LotExcursions:
    """The endpoint /v1/lots/{gtin}/{lot}/excursions."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "GET",
                "/v1/lots/{gtin}/{lot}/excursions",
                Right.READ,
                self.show,
                "Cold-chain sessions that goods of a lot went through and in which its product was in breach,"
                " newest first. Whether a pack was still there then, its own page says.",
                (Answer(200, "A page.", ExcursionsView, pinned=True),),
                (
                    *LOT_PARAMETERS,
                    Parameter("after", "query", "Cursor of the page before."),
                    limit_of("sessions"),
                ),
                problems=(INVALID_IDENTIFIER, "unknown_lot", "invalid_cursor"),
            ),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show a page of a lot's excursions."""
        gtin, lot = read_lot_segments(request)
        limit = read_limit(request)
        after = request.query.get("after")
        before = None if after is None else int.from_bytes(decode_cursor(after, NUMBER_BYTES), "big")
        scope = scope_of(self._context, request)
        question = partial(_show, gtin=gtin, lot=lot, before=before, limit=limit, scope=scope)
        return await self._context.readers.read(question)


def _show(
    snapshot: Snapshot, gtin: bytes, lot: bytes, before: int | None, limit: int, scope: Scope
) -> web.Response:
    custody = Custody(snapshot)
    known = custody.lot(gtin, lot)
    if known is None:
        raise Problem("unknown_lot")
    scope.require((known.maker,), "this lot")
    require_history(snapshot)
    numbers = sessions_of_lot(snapshot, gtin, lot, before, MAX_SCANNED)
    found: list[ExcursionView] = []
    last = None
    for last in numbers:
        row = session_row(custody.state, last)
        found.extend(_excursion(custody, last, row, judged) for judged in _in_breach(row, gtin))
        if len(found) == limit:
            break
    is_end = last is None or (last == numbers[-1] and len(numbers) < MAX_SCANNED)
    cursor = None if is_end or last is None else encode_cursor(last.to_bytes(NUMBER_BYTES, "big"))
    view = ExcursionsView(gtin_text(gtin), plain_text(lot), excursions=tuple(found), next=cursor)
    return answer(pinned(view, custody.head.height), custody.head.height)


def _in_breach(row: SessionRow, gtin: bytes) -> Iterator[JudgementRow]:
    """Yield the judgement of a product that was ever in breach in a session: at most one."""
    return (one for one in row.judgements if one.gtin == gtin and one.first_breach_s != NOT_YET)


def _excursion(custody: Custody, number: int, row: SessionRow, judged: JudgementRow) -> ExcursionView:
    return ExcursionView(
        session=number,
        standing="cleared" if judged.breached_s == NOT_YET else "breached",
        logger=format_logger(row.logger) if row.logger else None,
        on=item_text(row.item) if row.logger else row.item.hex(),
        since=_time(row.on_s),
        until=_time(row.off_s) if row.off_s else None,
        in_breach_from=_time(judged.first_breach_s),
        low=judged.storage.low,
        high=judged.storage.high,
        outside_s=judged.outside_s,
        longest_gap_s=judged.gap_s,
        readings=row.readings,
        installed_by=custody.gln_of(row.installed_by) or "",
    )


def _time(second: int) -> str:
    return format_timestamp(second * MS_PER_SECOND)
