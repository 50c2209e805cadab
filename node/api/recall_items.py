"""Every item in the scope of a recall with its last confirmed holder and place, page by page, or as one file.

All pages of one listing are of one height: what was found for the first page is kept for the others, a few
listings at a time. When it is no longer kept and the ledger has moved on, the client begins anew.
"""

import csv
import io
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

import msgspec
from aiohttp import web

from contracts.gs1.keys import pack_gln
from contracts.state.lists import TooManyRows
from node.api.access import Scope, scope_of
from node.api.answers import (
    HEIGHT_HEADER,
    answer,
    decode_cursor,
    encode_cursor,
    pinned,
)
from node.api.context import ApiContext
from node.api.endpoints import (
    Parameter,
    choice_parameter,
    gln_parameter,
    limit_of,
    read_limit,
)
from node.api.problems import Problem
from node.api.record_texts import item_text
from node.storage.custody import Custody
from node.storage.recall_books import ACCOUNTS, Located
from node.storage.recalls import Recalls
from node.storage.store import Snapshot
from node.storage.views import NamedGln

CSV: Final = "text/csv"
MAX_ITEMS: Final = 1_000_000
"""Most items in one listing."""
MAX_KEPT: Final = 4
"""Listings kept for their next pages."""

_ALL: Final = "all"
_HEIGHT_BYTES: Final = 8
_PLACE_BYTES: Final = 4
_COLUMNS: Final = (
    *("item", "account", "dispensed_despite_hold", "holder", "holder_name", "place", "place_name"),
    *("shipment", "receiver", "receiver_name"),
)

PARAMETERS: Final = (
    Parameter(
        "account",
        "query",
        "Only what is in this account of the books; what its holder does not find is in on_hand here.",
        {"type": "string", "enum": [_ALL, *ACCOUNTS], "default": _ALL},
    ),
    Parameter("partner", "query", "GLN: only what this partner has, had at its end, or is to receive."),
    Parameter(
        "format",
        "query",
        "json: pages. csv: all of it as one file, of one height.",
        {"type": "string", "enum": ["json", "csv"], "default": "json"},
    ),
    Parameter("after", "query", "Cursor of the page before; the other parameters must stay the same."),
    limit_of("items"),
)


class RecalledItemView(msgspec.Struct, frozen=True):
    """One item in scope, where it was last confirmed to be."""

    item: str
    """`(01)…(21)…`."""
    account: str
    """on_hand, in_transit, returned, dispensed …"""
    dispensed_despite_hold: bool
    """Whether it was dispensed although it was not clean (rule 11b)."""
    holder: NamedGln
    """Who has it, or had it at its end; on its way: who sent or carries it."""
    place: NamedGln | None
    """Where it was last stated to be; null when never stated."""
    shipment: str | None
    """The shipment it is on its way with, hex."""
    receiver: NamedGln | None
    """To whom."""


class RecalledItemsView(msgspec.Struct, frozen=True):
    """A page of the items in scope; all pages of a listing are of one height."""

    recall: str
    """Id, hex."""
    total: int
    """Items in the whole listing."""
    items: tuple[RecalledItemView, ...]
    """In the order of their keys."""
    next: str | None
    """Pass it as `after` to go on; null at the end."""


class _Question(NamedTuple):
    """What a listing is of."""

    recall: bytes
    account: str
    partner: bytes
    own: frozenset[str] | None


class _Listing(msgspec.Struct, frozen=True):
    """Everything found at one height."""

    height: int
    items: list[Located]
    partners: dict[int, NamedGln | None]
    places: dict[int, NamedGln | None]

    def view(self, item: Located) -> RecalledItemView:
        """Return one item for people."""
        return RecalledItemView(
            item_text(item.key),
            item.account,
            item.is_despite,
            self.partners[item.holder] or NamedGln("", ""),
            self.places[item.premises],
            item.shipment.hex() or None,
            self.partners[item.receiver],
        )


class RecallItems:
    """Answers /v1/recalls/{id}/items."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context
        self._kept: OrderedDict[tuple[_Question, int], _Listing] = OrderedDict()

    async def answer(self, request: web.Request, identifier: bytes) -> web.Response:
        """Show a page, or all of it as a file."""
        account = choice_parameter(request, "account", _ALL, (_ALL, *ACCOUNTS))
        limit = read_limit(request)
        is_file = choice_parameter(request, "format", "json", ("json", "csv")) == "csv"
        scope = scope_of(self._context, request)
        question = _Question(identifier, account, gln_parameter(request, "partner"), scope.own)
        if is_file:
            return await self._context.readers.read(partial(_file, question=question))
        height, start = _read_cursor(request.query.get("after"))
        listing = await self._listing(question, height)
        return _page(listing, question, start, limit)

    async def _listing(self, question: _Question, height: int | None) -> _Listing:
        """Return the listing of a height, or of now; from what is kept when it is."""
        kept = None if height is None else self._kept.get((question, height))
        if kept is None:
            kept = await self._context.readers.read(partial(_find, question=question))
            if height is not None and kept.height != height:
                raise Problem("listing_gone")
            self._kept[question, kept.height] = kept
        self._kept.move_to_end((question, kept.height))
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return kept


def _read_cursor(text: str | None) -> tuple[int | None, int]:
    if text is None:
        return None, 0
    place = decode_cursor(text, _HEIGHT_BYTES + _PLACE_BYTES)
    return int.from_bytes(place[:_HEIGHT_BYTES], "big"), int.from_bytes(place[_HEIGHT_BYTES:], "big")


def _find(snapshot: Snapshot, question: _Question) -> _Listing:
    """Find what a question is about, at the height of a snapshot."""
    custody = Custody(snapshot)
    recalls = Recalls(snapshot, custody)
    view = recalls.find(question.recall)
    if view is None:
        raise Problem("unknown_recall")
    own = None if Scope(question.own).sees((view.opener,)) else _numbers(custody, question.own or ())
    if question.partner:
        asked = custody.number_of(question.partner)
        if asked is None:
            raise Problem("unknown_partner")
        own = frozenset({asked}) if own is None else own & {asked}
    try:
        located = recalls.located(question.recall)
    except TooManyRows as error:
        raise Problem("too_much_to_list") from error
    items = [item for item in located if _is_meant(item, question.account, own)]
    if len(items) > MAX_ITEMS:
        raise Problem("too_much_to_list", f"{len(items)} items are in it.")
    parties = {number for item in items for number in (item.holder, item.receiver)}
    places = {item.premises for item in items}
    return _Listing(
        custody.head.height,
        items,
        {number: custody.named(number) for number in sorted(parties)},
        {number: custody.named_place(number) for number in sorted(places)},
    )


def _numbers(custody: Custody, glns: frozenset[str] | tuple[str, ...]) -> frozenset[int]:
    found = (custody.number_of(pack_gln(gln)) for gln in glns)
    return frozenset(number for number in found if number is not None)


def _is_meant(item: Located, account: str, partners: frozenset[int] | None) -> bool:
    """Tell whether an item is of an account, and one of these partners has it or is to receive it."""
    is_theirs = partners is None or not partners.isdisjoint((item.holder, item.receiver))
    return is_theirs and account in (_ALL, item.account)


def _page(listing: _Listing, question: _Question, start: int, limit: int) -> web.Response:
    some = listing.items[start : start + limit]
    end = start + len(some)
    cursor = None
    if end < len(listing.items):
        cursor = encode_cursor(
            listing.height.to_bytes(_HEIGHT_BYTES, "big") + end.to_bytes(_PLACE_BYTES, "big")
        )
    view = RecalledItemsView(
        question.recall.hex(), len(listing.items), tuple(map(listing.view, some)), cursor
    )
    return answer(pinned(view, listing.height), listing.height)


def _file(snapshot: Snapshot, question: _Question) -> web.Response:
    """Return a whole listing as a table that spreadsheets open."""
    listing = _find(snapshot, question)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(listing))
    name = f"recall-{question.recall.hex()}-height-{listing.height}.csv"
    return web.Response(
        body=text.getvalue().encode(),
        content_type=CSV,
        charset="utf-8",
        headers={
            HEIGHT_HEADER: str(listing.height),
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


def _rows(listing: _Listing) -> Iterator[tuple[str, ...]]:
    for view in map(listing.view, listing.items):
        despite = "yes" if view.dispensed_despite_hold else "no"
        parties = (*_pair(view.holder), *_pair(view.place), view.shipment or "", *_pair(view.receiver))
        yield (_plain(view.item), view.account, despite, *map(_plain, parties))


def _pair(named: NamedGln | None) -> tuple[str, str]:
    return ("", "") if named is None else (named.gln, named.name)


def _plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
