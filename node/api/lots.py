"""Lots: what is known of one, and its commissions."""

from functools import partial
from itertools import islice
from typing import Final

import msgspec
from aiohttp import web

from contracts.records.onboarding import Onboard
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from contracts.state.genealogy import batch_row, find_batch
from contracts.state.lists import Budget, entries, made_of_batch
from contracts.state.view import Overlay
from node.api.access import Right, Scope, scope_of
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter
from node.api.field_readers import INVALID_IDENTIFIER, FieldFault, read_gtin, read_lot
from node.api.problems import Problem
from node.api.record_texts import gtin_text, plain_text
from node.storage.base import require_history
from node.storage.custody import Custody
from node.storage.happenings import Happenings
from node.storage.journeys import Journeys
from node.storage.store import Snapshot
from node.storage.views import LotView

MAX_COMMISSIONS: Final = 2_000
"""Commissions that one answer counts and shows, oldest first."""


LOT_PARAMETERS: Final = (
    Parameter("gtin", "path", "GTIN-14."),
    Parameter("lot", "path", "Lot, percent-encoded."),
)
"""Of a path that names a lot; `read_lot_segments` reads them."""


class CommissionView(msgspec.Struct, frozen=True):
    """One commission of a lot."""

    height: int
    """Height of the block."""
    document: str
    """Document id, hex."""
    count: int
    """Serials."""
    line: str
    """Production line; may be empty."""


class LotNameView(msgspec.Struct, frozen=True):
    """A lot of anything that has a GTIN."""

    gtin: str
    """GTIN-14."""
    lot: str
    """Lot."""


class LotInFullView(LotView, frozen=True, kw_only=True):
    """A lot and its commissions."""

    commissioned: int
    """Serials, over the commissions below."""
    commissions: tuple[CommissionView, ...]
    """Oldest first."""
    onboarded: int
    """Serials that others brought in as of this lot, whatever its maker says of them."""
    is_complete: bool
    """False when there are more commissions than one answer holds."""
    materials: tuple[LotNameView, ...]
    """Material lots of which it was made, as its maker says (rule 29)."""
    made_into: tuple[LotNameView, ...]
    """Lots that were made of it directly, the first 2,000."""


class Lots:
    """The endpoint /v1/lots/{gtin}/{lot}."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "GET",
                "/v1/lots/{gtin}/{lot}",
                Right.READ,
                self.show,
                "A lot and its commissions.",
                (Answer(200, "The lot.", LotInFullView, pinned=True),),
                LOT_PARAMETERS,
                problems=(INVALID_IDENTIFIER, "unknown_lot"),
            ),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show a lot."""
        gtin, lot = read_lot_segments(request)
        scope = scope_of(self._context, request)
        return await self._context.readers.read(partial(_show, gtin=gtin, lot=lot, scope=scope))


def read_lot_segments(request: web.Request) -> tuple[bytes, bytes]:
    """Return packed GTIN and lot of a path that names a lot.

    Raises:
        Problem: invalid_identifier.
    """
    try:
        gtin = read_gtin("gtin", request.match_info["gtin"])
        return gtin, read_lot("lot", request.match_info["lot"])
    except FieldFault as fault:
        members = {"parameter": fault.path[0], "fault": fault.fault}
        raise Problem(INVALID_IDENTIFIER, str(fault), members=members) from fault


def _show(snapshot: Snapshot, gtin: bytes, lot: bytes, scope: Scope) -> web.Response:
    custody = Custody(snapshot)
    view = custody.lot(gtin, lot)
    if view is None:
        raise Problem("unknown_lot")
    scope.require((view.maker,), "this lot")
    require_history(snapshot)
    happenings = Happenings(snapshot)
    touches = Journeys(snapshot).lot(gtin, lot, MAX_COMMISSIONS)
    commissions: list[CommissionView] = []
    onboarded = 0
    for happening in map(happenings.at, touches):
        record = happening.record
        if isinstance(record, Onboard):
            onboarded += len(record.serials)
        elif isinstance(record, Commission | Transform):
            placed, line = happening.placed, record.line.decode("ascii")
            commissions.append(CommissionView(placed.height, placed.id.hex(), len(record.serials), line))
    full = LotInFullView(
        **msgspec.structs.asdict(view),
        commissioned=sum(entry.count for entry in commissions),
        commissions=tuple(commissions),
        onboarded=onboarded,
        is_complete=len(touches) < MAX_COMMISSIONS,
        materials=_materials(custody.state, gtin, lot),
        made_into=_made_into(custody.state, gtin, lot),
    )
    return answer(pinned(full, custody.head.height), custody.head.height)


def _materials(state: Overlay, gtin: bytes, lot: bytes) -> tuple[LotNameView, ...]:
    number = find_batch(state, gtin, lot)
    return () if number is None else tuple(_name(state, one) for one in batch_row(state, number).materials)


def _made_into(state: Overlay, gtin: bytes, lot: bytes) -> tuple[LotNameView, ...]:
    number = find_batch(state, gtin, lot)
    if number is None:
        return ()
    made = islice(entries(state, made_of_batch(number), Budget(MAX_COMMISSIONS)), MAX_COMMISSIONS)
    return tuple(_name(state, one) for one in made)


def _name(state: Overlay, batch: int) -> LotNameView:
    row = batch_row(state, batch)
    return LotNameView(gtin_text(row.gtin), plain_text(row.lot))
