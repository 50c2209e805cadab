"""Products: all of them, and one with who may make it and to whom it is to be sold."""

from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from contracts.gs1.keys import GTIN_BYTES
from node.api.access import Right
from node.api.answers import answer, decode_cursor, encode_cursor, pinned
from node.api.context import ApiContext
from node.api.endpoints import (
    Answer,
    Endpoint,
    Parameter,
    gln_parameter,
    limit_of,
    read_limit,
)
from node.api.field_readers import INVALID_IDENTIFIER, FieldFault, read_gtin
from node.api.problems import Problem
from node.storage.custody import Custody
from node.storage.products import ProductInFullView, Products, ProductView
from node.storage.store import Snapshot

_GTIN: Final = Parameter("gtin", "path", "GTIN-14.")


class ProductsView(msgspec.Struct, frozen=True):
    """A page of products."""

    products: tuple[ProductView, ...]
    """In the order of their GTINs."""
    next: str | None
    """Pass it as `after` to go on; null at the end."""


class ProductShelf:
    """The endpoints under /v1/products: what is registered is no secret among partners."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/products",
                Right.KNOWN,
                self.browse,
                "The products that are registered.",
                (Answer(200, "A page.", ProductsView, pinned=True),),
                (
                    Parameter("holder", "query", "GLN: only those of this marketing holder."),
                    Parameter("after", "query", "Cursor of the page before."),
                    limit_of("products"),
                ),
                problems=("unknown_partner", "invalid_cursor"),
            ),
            Endpoint(
                "GET",
                "/v1/products/{gtin}",
                Right.KNOWN,
                self.show,
                "A product, its delegates, its trade lanes, and how it is kept.",
                (Answer(200, "The product.", ProductInFullView, pinned=True),),
                (_GTIN,),
                problems=(INVALID_IDENTIFIER, "unknown_product"),
            ),
        )

    async def browse(self, request: web.Request) -> web.Response:
        """List products."""
        limit = read_limit(request)
        after = request.query.get("after")
        place = b"" if after is None else decode_cursor(after, GTIN_BYTES)
        holder = gln_parameter(request, "holder")
        return await self._context.readers.read(partial(_browse, holder=holder, after=place, limit=limit))

    async def show(self, request: web.Request) -> web.Response:
        """Show a product."""
        try:
            gtin = read_gtin("gtin", request.match_info["gtin"])
        except FieldFault as fault:
            members = {"parameter": "gtin", "fault": fault.fault}
            raise Problem(INVALID_IDENTIFIER, str(fault), members=members) from fault
        return await self._context.readers.read(partial(_show, gtin=gtin))


def _browse(snapshot: Snapshot, holder: bytes, after: bytes, limit: int) -> web.Response:
    custody = Custody(snapshot)
    number = custody.number_of(holder) if holder else None
    if holder and number is None:
        raise Problem("unknown_partner")
    found, last = Products(snapshot, custody).page(number, after, limit)
    view = ProductsView(tuple(found), None if last is None else encode_cursor(last))
    return answer(pinned(view, custody.head.height), custody.head.height)


def _show(snapshot: Snapshot, gtin: bytes) -> web.Response:
    custody = Custody(snapshot)
    view = Products(snapshot, custody).find(gtin)
    if view is None:
        raise Problem("unknown_product")
    return answer(pinned(view, custody.head.height), custody.head.height)
