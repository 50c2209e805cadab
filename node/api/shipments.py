"""Shipments: a partner's, page by page, and one with its items and history."""

from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from contracts.gs1.keys import pack_gln, unpack_gln
from contracts.records.custody import SHIPMENT_ID_BYTES, Ship, shipment_id
from contracts.state.rows import ShipmentStanding
from node.api.access import GRANT, Right, Scope, own_partners, scope_of
from node.api.answers import answer, decode_cursor, encode_cursor, pinned
from node.api.context import ApiContext
from node.api.endpoints import (
    Answer,
    Endpoint,
    Parameter,
    choice_parameter,
    gln_parameter,
    id_segment,
    limit_of,
    read_limit,
)
from node.api.items import BornView
from node.api.problems import Problem, parameter_problem
from node.api.record_texts import item_text
from node.storage.base import require_history
from node.storage.custody import Custody
from node.storage.happenings import Happening, Happenings
from node.storage.journeys import Journeys, Touch
from node.storage.steps import step
from node.storage.store import Snapshot
from node.storage.views import ShipmentView, StepView

MAX_SCANNED: Final = 2_000
"""Announcements looked at for one page; a page may end early, with a cursor to go on."""
_CURSOR_PARTS: Final = (8, 4, 2, 2)
"""Bytes of height, document, record and event."""


class ListedShipmentView(ShipmentView, frozen=True, kw_only=True):
    """A shipment as it stands, and where it was announced."""

    announced: BornView
    """The document that announced it."""


class ShipmentsView(msgspec.Struct, frozen=True):
    """A page of shipments, newest first."""

    shipments: tuple[ListedShipmentView, ...]
    """May be fewer than asked for, also when there are more."""
    next: str | None
    """Pass it as `after` to go on; null at the end."""


class ShipmentInFullView(ListedShipmentView, frozen=True, kw_only=True):
    """A shipment with what is in it and what happened to it."""

    items: tuple[str, ...]
    """What was announced: items by themselves; what is inside them goes with them."""
    history: tuple[StepView, ...]
    """What happened to it, oldest first."""


class Shipments:
    """The endpoints under /v1/shipments."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/shipments",
                Right.READ,
                self.browse,
                "Shipments that a partner sends, gets or carries, newest first.",
                (Answer(200, "A page.", ShipmentsView, pinned=True),),
                (
                    Parameter("partner", "query", "GLN; by default the token's partner."),
                    Parameter(
                        "state",
                        "query",
                        "outstanding or all.",
                        {"type": "string", "enum": ["outstanding", "all"], "default": "outstanding"},
                    ),
                    Parameter("after", "query", "Cursor of the page before."),
                    limit_of("shipments"),
                ),
                problems=("unknown_partner", "invalid_cursor"),
            ),
            Endpoint(
                "GET",
                "/v1/shipments/{id}",
                Right.READ,
                self.show,
                "A shipment with its items and history.",
                (Answer(200, "The shipment.", ShipmentInFullView, pinned=True),),
                (Parameter("id", "path", "Shipment id, 32 hexadecimal digits."),),
                problems=("unknown_shipment",),
            ),
        )

    async def browse(self, request: web.Request) -> web.Response:
        """List a partner's shipments."""
        limit = read_limit(request)
        only_open = choice_parameter(request, "state", "outstanding", ("outstanding", "all")) != "all"
        after = request.query.get("after")
        before = None if after is None else read_touch(after)
        partner = self._partner_of(request)
        question = partial(_browse, partner=partner, only_open=only_open, before=before, limit=limit)
        return await self._context.readers.read(question)

    def _partner_of(self, request: web.Request) -> bytes:
        """Return the packed GLN of the partner asked for, whose shipments the request may see."""
        packed = gln_parameter(request, "partner")
        if not packed:
            own = own_partners(self._context, request[GRANT])
            if len(own) != 1:
                raise parameter_problem("partner", "the GLN of a partner")
            packed = pack_gln(own[0])
        scope_of(self._context, request).require((unpack_gln(packed),), "what that partner ships")
        return packed

    async def show(self, request: web.Request) -> web.Response:
        """Show a shipment."""
        identifier = id_segment(request, "id", SHIPMENT_ID_BYTES)
        if identifier is None:
            raise Problem("unknown_shipment", f"{request.match_info['id'][:80]!r} is no shipment id.")
        scope = scope_of(self._context, request)
        return await self._context.readers.read(partial(_show, identifier=identifier, scope=scope))


def read_touch(text: str) -> Touch:
    """Return the place in an index that a cursor stands for."""
    place = decode_cursor(text, sum(_CURSOR_PARTS))
    numbers: list[int] = []
    for size in _CURSOR_PARTS:
        numbers.append(int.from_bytes(place[:size], "big"))
        place = place[size:]
    return Touch(*numbers)


def write_touch(touch: Touch) -> str:
    """Return a place in an index as a cursor."""
    numbers = msgspec.structs.astuple(touch)
    parts = (number.to_bytes(size, "big") for number, size in zip(numbers, _CURSOR_PARTS, strict=True))
    return encode_cursor(b"".join(parts))


def _browse(
    snapshot: Snapshot, partner: bytes, before: Touch | None, limit: int, *, only_open: bool
) -> web.Response:
    custody, happenings = Custody(snapshot), Happenings(snapshot)
    number = custody.number_of(partner)
    if number is None:
        raise Problem("unknown_partner")
    touches = Journeys(snapshot).shipments_of(number, before, MAX_SCANNED)
    found: list[ListedShipmentView] = []
    last = None
    for touch in touches:
        last = touch
        told = happenings.told_at(touch)
        identifier = told.shipment
        row = custody.shipment_row(identifier)
        if row is None or (only_open and row.standing != ShipmentStanding.OUTSTANDING):
            continue
        found.append(_listed(custody, BornView(told.height, told.document.hex()), identifier))
        if len(found) == limit:
            break
    is_end = last is None or (last == touches[-1] and len(touches) < MAX_SCANNED)
    cursor = None if is_end or last is None else write_touch(last)
    return answer(pinned(ShipmentsView(tuple(found), cursor), custody.head.height), custody.head.height)


def _listed(custody: Custody, announced: BornView, identifier: bytes) -> ListedShipmentView:
    view = custody.shipment(identifier)
    if view is None:
        raise Problem("unknown_shipment", f"There is no shipment {identifier.hex()}.")
    return ListedShipmentView(**msgspec.structs.asdict(view), announced=announced)


def _show(snapshot: Snapshot, identifier: bytes, scope: Scope) -> web.Response:
    custody, happenings = Custody(snapshot), Happenings(snapshot)
    rows = happenings.of_shipment(identifier)
    if custody.shipment_row(identifier) is None:
        raise Problem("unknown_shipment", f"There is no shipment {identifier.hex()}.")
    if not rows or shipment_id(rows[0].placed.id, rows[0].index) != identifier:
        # What announced it may lie before this node's history.
        require_history(snapshot)
    if not rows:
        raise Problem("unknown_shipment", f"There is no shipment {identifier.hex()}.")
    scope.require(map(custody.gln_of, custody.parties(identifier)), "this shipment")
    first = rows[0]
    listed = _listed(custody, BornView(first.placed.height, first.placed.id.hex()), identifier)
    view = ShipmentInFullView(
        **msgspec.structs.asdict(listed),
        items=tuple(map(item_text, _announced_items(first))),
        history=tuple(step(custody, happening, b"") for happening in rows),
    )
    return answer(pinned(view, custody.head.height), custody.head.height)


def _announced_items(happening: Happening) -> tuple[bytes, ...]:
    if happening.event is not None:
        return happening.event.items
    return happening.record.items if isinstance(happening.record, Ship) else ()
