"""Recalls: how they stand, who answered, and where everything in their scope is."""

from functools import partial

import msgspec
from aiohttp import web

from contracts.records.recall import RECALL_ID_BYTES
from contracts.state.lists import TooManyRows
from node.api.access import Right, Scope, scope_of
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter, id_segment
from node.api.problems import Problem
from node.api.recall_items import CSV, PARAMETERS, RecalledItemsView, RecallItems
from node.storage.custody import Custody
from node.storage.recall_partners import PartnersOfRecall
from node.storage.recalls import BooksView, RecallInFullView, Recalls, RecallView
from node.storage.store import Snapshot

_ID = Parameter("id", "path", "Recall id, 32 hexadecimal digits.")


class RecallsView(msgspec.Struct, frozen=True):
    """All recalls."""

    recalls: tuple[RecallView, ...]
    """Oldest first."""


class RecallDesk:
    """The endpoints under /v1/recalls."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context
        self._items = RecallItems(context)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/recalls",
                Right.READ,
                self.browse,
                "All recalls, withdrawals and drills, and who answered: notices are for everybody.",
                (Answer(200, "The recalls.", RecallsView, pinned=True),),
            ),
            Endpoint(
                "GET",
                "/v1/recalls/{id}",
                Right.READ,
                self.show,
                "A recall, who answered, and what happened to it.",
                (Answer(200, "The recall.", RecallInFullView, pinned=True),),
                (_ID,),
                problems=("unknown_recall",),
            ),
            Endpoint(
                "GET",
                "/v1/recalls/{id}/books",
                Right.READ,
                self.books,
                "Where everything in a recall's scope is; for who opened it, and for regulators.",
                (Answer(200, "The books.", BooksView, pinned=True),),
                (_ID,),
                problems=("unknown_recall", "too_much_to_list"),
            ),
            Endpoint(
                "GET",
                "/v1/recalls/{id}/partners",
                Right.READ,
                self.partners,
                "Partner by partner: what the ledger says it has, what it answered, who is late. Who opened"
                " the recall and regulators see all lines, others their own.",
                (Answer(200, "The partners.", PartnersOfRecall, pinned=True),),
                (_ID,),
                problems=("unknown_recall", "too_much_to_list"),
            ),
            Endpoint(
                "GET",
                "/v1/recalls/{id}/items",
                Right.READ,
                self.items,
                "Each item in scope with its last confirmed holder and place. Who opened the recall and"
                " regulators see all items, others those that they have or are to receive.",
                (
                    Answer(200, "A page, or the whole as CSV.", RecalledItemsView, pinned=True),
                    Answer(200, "The whole as CSV.", None, CSV),
                ),
                (_ID, *PARAMETERS),
                problems=(
                    *("unknown_recall", "unknown_partner", "invalid_cursor"),
                    *("listing_gone", "too_much_to_list"),
                ),
            ),
        )

    async def browse(self, _request: web.Request) -> web.Response:
        """List recalls."""
        return await self._context.readers.read(_browse)

    async def show(self, request: web.Request) -> web.Response:
        """Show a recall."""
        return await self._context.readers.read(partial(_show, identifier=_identifier(request)))

    async def books(self, request: web.Request) -> web.Response:
        """Show a recall's books."""
        read = partial(_books, identifier=_identifier(request), scope=scope_of(self._context, request))
        return await self._context.readers.read(read)

    async def partners(self, request: web.Request) -> web.Response:
        """Show who is concerned by a recall, and who answered."""
        read = partial(_partners, identifier=_identifier(request), scope=scope_of(self._context, request))
        return await self._context.readers.read(read)

    async def items(self, request: web.Request) -> web.Response:
        """Show the items in scope."""
        return await self._items.answer(request, _identifier(request))


def _identifier(request: web.Request) -> bytes:
    identifier = id_segment(request, "id", RECALL_ID_BYTES)
    if identifier is None:
        raise Problem("unknown_recall", f"{request.match_info['id'][:80]!r} is no recall id.")
    return identifier


def _browse(snapshot: Snapshot) -> web.Response:
    custody = Custody(snapshot)
    height = custody.head.height
    return answer(pinned(RecallsView(Recalls(snapshot, custody).all()), height), height)


def _show(snapshot: Snapshot, identifier: bytes) -> web.Response:
    custody = Custody(snapshot)
    view = Recalls(snapshot, custody).in_full(identifier)
    if view is None:
        raise Problem("unknown_recall")
    return answer(pinned(view, custody.head.height), custody.head.height)


def _books(snapshot: Snapshot, identifier: bytes, scope: Scope) -> web.Response:
    custody = Custody(snapshot)
    recalls = Recalls(snapshot, custody)
    scope.require((_found(recalls, identifier).opener,), "this recall's books")
    try:
        view = recalls.books(identifier)
    except TooManyRows as error:
        raise Problem("too_much_to_list") from error
    return answer(pinned(view, custody.head.height), custody.head.height)


def _partners(snapshot: Snapshot, identifier: bytes, scope: Scope) -> web.Response:
    custody = Custody(snapshot)
    recalls = Recalls(snapshot, custody)
    sees_all = scope.sees((_found(recalls, identifier).opener,))
    try:
        view = recalls.partners(identifier, lambda gln: sees_all or scope.sees((gln,)))
    except TooManyRows as error:
        raise Problem("too_much_to_list") from error
    return answer(pinned(view, custody.head.height), custody.head.height)


def _found(recalls: Recalls, identifier: bytes) -> RecallView:
    view = recalls.find(identifier)
    if view is None:
        raise Problem("unknown_recall")
    return view
