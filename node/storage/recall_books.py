"""The books of a recall: where everything in its scope is now, and that nothing is left over.

Computed from the state of one height, beside the law: the law's own search says which makes and items are in
scope, also for a drill, and each serial stands in exactly one account. At any height what was ever made in
scope is the sum of all accounts. A pack that its holder answered not to find is unaccounted for, until
somebody does something with it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.state.layout import RESPONSES, response_key
from contracts.state.parties import holder_of
from contracts.state.places import Position, effective_holds, effective_life, locate
from contracts.state.rows import NOBODY, HoldKind, Life
from contracts.state.view import Overlay
from node.storage.journeys import Journeys
from node.storage.recall_counted import CountedBook, without_missing

ACCOUNTS: Final = (
    "on_hand",
    "in_transit",
    "returned",
    "dispensed",
    "partly_dispensed",
    "exported",
    "outside",
    "sampled",
    "checked_out",
    "destroyed",
    "stolen",
    "lost",
    "consumed",
    "burned",
    "unaccounted",
)
"""Where an item of a recall can be."""

_ENDED: Final = {
    Life.SUPPLIED: "dispensed",
    Life.PARTLY_DISPENSED: "partly_dispensed",
    Life.EXPORTED: "exported",
    Life.OUTSIDE: "outside",
    Life.SAMPLE: "sampled",
    Life.FREE_SAMPLE: "sampled",
    Life.CHECKED_OUT: "checked_out",
    Life.DESTROYED: "destroyed",
    Life.STOLEN: "stolen",
    Life.LOST: "lost",
    Life.CONSUMED: "consumed",
    Life.BURNED: "burned",
}


_CAME_BACK: Final = frozenset({HoldKind.RETURNED, HoldKind.FOR_DISPOSAL})
"""Holds that tell that goods were sent back, to be checked or to be destroyed (rule 9)."""

HELD: Final = ("on_hand", "in_transit", "returned", "unaccounted")
"""Accounts of what somebody has in hand or has sent off, by the ledger."""


class Located(msgspec.Struct, frozen=True):
    """One item of a recall, where it was last confirmed to be."""

    key: bytes
    """Item key."""
    account: str
    """One of `ACCOUNTS`; what its holder does not find is still on hand here."""
    holder: int
    """Number of the partner that holds it, or held it at its end."""
    premises: int
    """Number of the premises where it was last stated to be; 0 when never stated."""
    shipment: bytes = b""
    """Id of the shipment that it is on its way with; empty when it stands still."""
    receiver: int = NOBODY
    """Number of the partner it is on its way to; 0 when it stands still."""
    is_despite: bool = False
    """Whether it was supplied although it was not clean (rule 11b)."""


class Books(msgspec.Struct, frozen=True):
    """The accounts of a recall."""

    made: int
    """Serials that were ever made in its scope, repacked ones included."""
    accounts: dict[str, int]
    """How many are where; every one of `ACCOUNTS` is there."""
    despite: int
    """Of those dispensed, how many although they were not clean (rule 11b)."""
    partners: dict[int, dict[str, int]]
    """By the number of a partner: how many it has, or had at their end, in which account."""
    counted: tuple[CountedBook, ...]
    """The books of lots without serials."""

    @property
    def balance(self) -> int:
        """What was made and is in no account: 0, or something is wrong."""
        counted = sum(one.balance for one in self.counted)
        return self.made - sum(self.accounts.values()) + counted

    @property
    def holders(self) -> dict[int, int]:
        """How many each partner has in hand or on its way, by the partner's number."""
        found = {
            number: sum(accounts.get(name, 0) for name in HELD) for number, accounts in self.partners.items()
        }
        return {number: count for number, count in sorted(found.items()) if count}


def locate_items(state: Overlay, keys: Iterable[bytes], journeys: Journeys | None = None) -> list[Located]:
    """Return where each item is.

    Args:
        state: State of one height.
        keys: Items in the scope of a recall; unknown ones are left out.
        journeys: The indices of that height, for what was supplied in spite of a hold.
    """
    found = (locate(state, key) for key in keys)
    return [_located(item, journeys) for item in found if item is not None]


def _located(item: Position, journeys: Journeys | None) -> Located:
    account, shipment = _account(item), item.shipment
    is_despite = False
    if account == "dispensed" and journeys is not None:
        is_despite = journeys.is_despite((item.key, *(key for key, _row in item.above)))
    return Located(
        item.key,
        account,
        holder_of(item),
        item.top.premises,
        item.top.shipment if shipment is not None else b"",
        shipment.receiver if shipment is not None else NOBODY,
        is_despite,
    )


def count_books(
    state: Overlay,
    recall: int,
    made: int,
    items: Iterable[Located],
    counted: Iterable[CountedBook] = (),
) -> Books:
    """Return the books of a recall.

    Args:
        state: State of one height: for what partners answered.
        recall: The recall's number.
        made: How many serials were made in its scope, by what was commissioned, repacked, onboarded.
        items: Where they are.
        counted: Packs without serials in its scope.
    """
    despite = 0
    partners: dict[int, Counter[str]] = {}
    for item in items:
        partners.setdefault(item.holder, Counter())[item.account] += 1
        despite += item.is_despite
    books = tuple(counted)
    # What a partner does not find is taken off its serials first, then off what is only counted.
    holders = {*partners, *(holder for one in books for holder in one.in_hand)}
    missing = {holder: _missing(state, recall, holder) for holder in sorted(holders)}
    for holder, accounts in partners.items():
        taken = min(missing[holder], accounts["on_hand"])
        missing[holder] -= taken
        accounts["on_hand"] -= taken
        accounts["unaccounted"] += taken
    totals: Counter[str] = Counter(dict.fromkeys(ACCOUNTS, 0))
    for accounts in partners.values():
        totals.update(accounts)
    by_partner = {number: dict(+accounts) for number, accounts in sorted(partners.items())}
    found = tuple(without_missing(one, missing) for one in books)
    return Books(made, dict(totals), despite, by_partner, found)


def _missing(state: Overlay, recall: int, holder: int) -> int:
    """Return how many packs a partner answered not to find."""
    answer = state.read(RESPONSES, response_key(recall, holder))
    return 0 if answer is None else answer.quantities.missing


def _account(item: Position) -> str:
    life = effective_life(item)
    if life != Life.ACTIVE:
        return _ENDED[life]
    if item.shipment is not None:
        return "in_transit"
    kinds = {kind for kind, _setter in effective_holds(item)}
    return "on_hand" if kinds.isdisjoint(_CAME_BACK) else "returned"
