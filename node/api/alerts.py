"""Alerts: what a partner must do by when, and what it must look into."""

from functools import partial

import msgspec
from aiohttp import web

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import pack_gln
from node.api.access import GRANT, Right, own_partners, scope_of
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import (
    Answer,
    Endpoint,
    Parameter,
    gln_parameter,
    limit_of,
    read_limit,
)
from node.api.problems import Problem, parameter_problem
from node.api.receipts_json import EventView, event_view
from node.api.shipments import read_touch, write_touch
from node.storage.clocks import Clocks, ClockView
from node.storage.custody import Custody
from node.storage.errors import HistoryArchived, StorageDamaged
from node.storage.happenings import Happenings
from node.storage.journeys import Journeys, Touch
from node.storage.store import Snapshot


class AlertView(EventView, frozen=True, kw_only=True):
    """Something that a partner was told of and must look into."""

    height: int
    """Height of the block."""
    time: str
    """Block time."""
    document: str
    """Document id, hex."""
    partner: str
    """GLN of the partner that signed it; empty when the document is in an archive."""


class AlertsView(msgspec.Struct, frozen=True):
    """What concerns a partner."""

    partner: str
    """GLN."""
    clocks: tuple[ClockView, ...]
    """Duties not done yet, what is due first in front; of the newest 2,000 shipments and alerts."""
    alerts: tuple[AlertView, ...]
    """A page of what it was told of, newest first."""
    next: str | None
    """Pass it as `after` to go on; null at the end."""


class Alerts:
    """The endpoint /v1/alerts."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "GET",
                "/v1/alerts",
                Right.READ,
                self.show,
                "What a partner must do by when, and what it was told of: holds, findings, recalls.",
                (Answer(200, "A page.", AlertsView, pinned=True),),
                (
                    Parameter("partner", "query", "GLN; by default the token's partner."),
                    Parameter("after", "query", "Cursor of the page before."),
                    limit_of("alerts"),
                ),
                problems=("unknown_partner", "invalid_cursor"),
            ),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show what concerns a partner."""
        limit = read_limit(request)
        after = request.query.get("after")
        before = None if after is None else read_touch(after)
        packed = gln_parameter(request, "partner")
        if not packed:
            own = own_partners(self._context, request[GRANT])
            if len(own) != 1:
                raise parameter_problem("partner", "the GLN of a partner")
            packed = pack_gln(own[0])
        scope = scope_of(self._context, request)
        question = partial(_show, partner=packed, own=scope.own, before=before, limit=limit)
        return await self._context.readers.read(question)


def _show(
    snapshot: Snapshot, partner: bytes, own: frozenset[str] | None, before: Touch | None, limit: int
) -> web.Response:
    custody, happenings = Custody(snapshot), Happenings(snapshot)
    number = custody.number_of(partner)
    if number is None:
        raise Problem("unknown_partner")
    gln = custody.gln_of(number) or ""
    if own is not None and gln not in own:
        raise Problem("forbidden", "This token reads what concerns its own partner; these alerts do not.")
    touches = Journeys(snapshot).alerts_of(number, before, limit + 1)
    shown = touches[:limit]
    view = AlertsView(
        gln,
        tuple(Clocks(snapshot, custody).of(number)),
        tuple(_alert(custody, happenings, touch) for touch in shown),
        write_touch(shown[-1]) if len(touches) > limit else None,
    )
    return answer(pinned(view, custody.head.height), custody.head.height)


def _alert(custody: Custody, happenings: Happenings, touch: Touch) -> AlertView:
    told = happenings.told_at(touch)
    if told.event is None:
        raise StorageDamaged(f"document {told.document.hex()}", "a row of alerts names none of its events")
    try:
        signer = custody.gln_of(happenings.at(touch).placed.sender)
    except HistoryArchived:
        # What it was told of stays known, and what it must look into does not hide behind an archive.
        signer = None
    return AlertView(
        **msgspec.structs.asdict(event_view(told.event, custody.gln_of)),
        height=told.height,
        time=format_timestamp(told.time_ms),
        document=told.document.hex(),
        partner=signer or "",
    )
