"""Items and their journeys."""

from functools import partial
from typing import Final

import msgspec
from aiohttp import web

from contracts.gs1.keys import InvalidKey, pack_gln
from node.api.access import Right, Scope, scope_of
from node.api.answers import answer, pinned
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint, Parameter
from node.api.field_readers import INVALID_IDENTIFIER, item_key
from node.api.problems import Problem
from node.epcis.identifiers import InvalidIdentifier
from node.storage.custody import Custody
from node.storage.errors import HistoryNotHere
from node.storage.history import History
from node.storage.item_journey import Journey, item_journey
from node.storage.store import Snapshot
from node.storage.views import ItemView, StepView

_ITEM: Final = Parameter(
    "item", "path", "(01)GTIN(21)serial, (00)SSCC, EPC URN or GS1 Digital Link, percent-encoded."
)
MAX_ITEM_CHARACTERS: Final = 2_048

_LEFT_OUT: Final = {
    **dict.fromkeys(("holder", "owner", "premises", "parent", "in_transit", "shipment", "container")),
    "holds": (),
}
"""What a partner that has no stake in an item any more is not told: whether it may be used, it is told."""


class BornView(msgspec.Struct, frozen=True):
    """Where an item came to life."""

    height: int
    """Height of the block."""
    document: str
    """Document id, hex."""


class KnownItemView(ItemView, frozen=True, kw_only=True):
    """An item as it stands, and where it came to life."""

    born: BornView | None = None
    """Its commission or introduction; null for an unknown item."""
    is_restricted: bool = False
    """Where it is now, with whom, in what and why it is held are left out: the token's partner had a part in
    it, and has no stake in it any more."""


class JourneyView(msgspec.Struct, frozen=True):
    """What happened to an item, oldest first."""

    item: str
    """`(01)…(21)…` or `(00)…`."""
    steps: tuple[StepView, ...]
    """Who, what, where, when."""
    is_complete: bool
    """False when more happened than one answer holds."""
    is_restricted: bool
    """Later steps are left out: the token's partner had a part in the item and has no stake in it any more.
    It is told where the item came from, up to the last step of its own, and what became of its shipments."""


class Items:
    """The endpoints under /v1/items."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoints."""
        return (
            Endpoint(
                "GET",
                "/v1/items/{item}",
                Right.READ,
                self.show,
                "An item as it stands; `known` is false for one that never was. Where it is now is told to"
                " those who have a stake in it (holder, owner, sender, receiver, carrier) or read all.",
                (Answer(200, "The item.", KnownItemView, pinned=True),),
                (_ITEM,),
                problems=(INVALID_IDENTIFIER,),
            ),
            Endpoint(
                "GET",
                "/v1/items/{item}/journey",
                Right.READ,
                self.journey,
                "What happened to an item, to its containers and shipments. A partner that has no stake in it"
                " any more is told of it up to its own last step, and what became of its shipments.",
                (Answer(200, "The journey.", JourneyView, pinned=True),),
                (_ITEM,),
                problems=(INVALID_IDENTIFIER, "unknown_item"),
            ),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show an item."""
        key, scope = _item_of(request), scope_of(self._context, request)
        return await self._context.readers.read(partial(_show, key=key, scope=scope))

    async def journey(self, request: web.Request) -> web.Response:
        """Tell an item's journey."""
        key, scope = _item_of(request), scope_of(self._context, request)
        return await self._context.readers.read(partial(_journey, key=key, scope=scope))


def _item_of(request: web.Request) -> bytes:
    text = request.match_info["item"][:MAX_ITEM_CHARACTERS]
    try:
        return item_key(text)
    except InvalidKey as error:
        raise Problem(INVALID_IDENTIFIER, str(error), members={"fault": error.code}) from error
    except InvalidIdentifier as error:
        raise Problem(INVALID_IDENTIFIER, f"{text[:80]!r}: {error}") from error


def _show(snapshot: Snapshot, key: bytes, scope: Scope) -> web.Response:
    custody = Custody(snapshot)
    view = custody.item(key)
    born = custody.born(key)
    fields = msgspec.structs.asdict(view)
    if born is None:
        return answer(pinned(KnownItemView(**fields), custody.head.height), custody.head.height)
    is_restricted = not _has_stake(custody, key, scope)
    if is_restricted:
        _require_journey(custody, item_journey(snapshot, custody, key), scope)
        fields |= _LEFT_OUT
    birth = BornView(born[0], _document_of(snapshot, born))
    known = KnownItemView(**fields, born=birth, is_restricted=is_restricted)
    return answer(pinned(known, custody.head.height), custody.head.height)


def _document_of(snapshot: Snapshot, born: tuple[int, int]) -> str:
    """Return the document that brought an item to life, hex; empty when it lies before the history here."""
    try:
        return History(snapshot).receipt_at(*born).document_id.hex()
    except HistoryNotHere:
        return ""


def _journey(snapshot: Snapshot, key: bytes, scope: Scope) -> web.Response:
    custody = Custody(snapshot)
    # It may have passed through the hands of partners that have no stake in it any more.
    shown_to = None if _has_stake(custody, key, scope) else _numbers(custody, scope)
    journey = item_journey(snapshot, custody, key, shown_to)
    if journey is None:
        raise Problem("unknown_item", f"{custody.item(key).item} was never commissioned.")
    if shown_to is not None:
        _require_journey(custody, journey, scope)
    view = JourneyView(journey.item, journey.steps, journey.is_complete, journey.is_restricted)
    return answer(pinned(view, custody.head.height), custody.head.height)


def _has_stake(custody: Custody, key: bytes, scope: Scope) -> bool:
    """Tell whether a request may see all of an item: its partner holds, owns, sends, gets or carries it."""
    return scope.sees(map(custody.gln_of, custody.concerned(key)))


def _numbers(custody: Custody, scope: Scope) -> frozenset[int]:
    found = (custody.number_of(pack_gln(gln)) for gln in scope.own or ())
    return frozenset(number for number in found if number is not None)


def _require_journey(custody: Custody, journey: Journey | None, scope: Scope) -> None:
    signers = () if journey is None else map(custody.gln_of, journey.signers)
    scope.require(signers, "this item")
