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
from contracts.state.rows import HoldKind, Life
from contracts.state.view import Overlay

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
}


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


class Books(msgspec.Struct, frozen=True):
    """The accounts of a recall."""

    made: int
    """Serials that were ever made in its scope, repacked ones included."""
    accounts: dict[str, int]
    """How many are where; every one of `ACCOUNTS` is there."""
    holders: dict[int, int]
    """How many each partner has in hand or on its way, by the partner's number."""

    @property
    def balance(self) -> int:
        """What was made and is in no account: 0, or something is wrong."""
        return self.made - sum(self.accounts.values())


def locate_items(state: Overlay, keys: Iterable[bytes]) -> list[Located]:
    """Return where each item is.

    Args:
        state: State of one height.
        keys: Items in the scope of a recall; unknown ones are left out.
    """
    found = (locate(state, key) for key in keys)
    return [
        Located(item.key, _account(item), holder_of(item), item.top.premises)
        for item in found
        if item is not None
    ]


def count_books(state: Overlay, recall: int, made: int, items: Iterable[Located]) -> Books:
    """Return the books of a recall.

    Args:
        state: State of one height: for what partners answered.
        recall: The recall's number.
        made: How many serials were made in its scope, by what was commissioned and repacked.
        items: Where they are.
    """
    accounts: Counter[str] = Counter(dict.fromkeys(ACCOUNTS, 0))
    in_hand: Counter[int] = Counter()
    holders: Counter[int] = Counter()
    for item in items:
        accounts[item.account] += 1
        if item.account == "on_hand":
            in_hand[item.holder] += 1
        if item.account in {"on_hand", "in_transit", "returned"}:
            holders[item.holder] += 1
    missing = sum(_missing(state, recall, holder, count) for holder, count in sorted(in_hand.items()))
    accounts["on_hand"] -= missing
    accounts["unaccounted"] += missing
    return Books(made, dict(accounts), dict(holders))


def _missing(state: Overlay, recall: int, holder: int, count: int) -> int:
    """Return how many of the items in a partner's hands it answered not to find."""
    answer = state.read(RESPONSES, response_key(recall, holder))
    return 0 if answer is None else min(answer.quantities.missing, count)


def _account(item: Position) -> str:
    life = effective_life(item)
    if life != Life.ACTIVE:
        return _ENDED[life]
    if item.shipment is not None:
        return "in_transit"
    kinds = {kind for kind, _setter in effective_holds(item)}
    return "returned" if HoldKind.RETURNED in kinds else "on_hand"
