"""Recalls: how they stand, who answered, and where everything in their scope is."""

from functools import partial

import msgspec
from aiohttp import web

from contracts.records.recall import RECALL_ID_BYTES
from node.api.access import Right, Scope, scope_of
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter, id_segment
from node.api.problems import Problem
from node.storage.custody import Custody
from node.storage.recalls import BooksView, Recalls, RecallView
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
                "A recall, and who answered.",
                (Answer(200, "The recall.", RecallView, pinned=True),),
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
                problems=("unknown_recall",),
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
    view = _found(Recalls(snapshot, custody), identifier)
    return answer(pinned(view, custody.head.height), custody.head.height)


def _books(snapshot: Snapshot, identifier: bytes, scope: Scope) -> web.Response:
    custody = Custody(snapshot)
    recalls = Recalls(snapshot, custody)
    scope.require((_found(recalls, identifier).opener,), "this recall's books")
    view = recalls.books(identifier)
    if view is None:
        raise Problem("unknown_recall")
    return answer(pinned(view, custody.head.height), custody.head.height)


def _found(recalls: Recalls, identifier: bytes) -> RecallView:
    view = recalls.find(identifier)
    if view is None:
        raise Problem("unknown_recall")
    return view
