"""Matches goods that a seller says it shipped with what it announced on the ledger (LAW, EPCIS rule b)."""

from collections.abc import Iterable, Sequence

import msgspec

from contracts.gs1.keys import ItemKey, format_item, unpack_gln
from contracts.records.custody import Receive, ReceiveMode
from contracts.records.head import Head
from contracts.state.directory import partner
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.parties import holder_of
from contracts.state.places import Position, locate
from contracts.state.rows import NOBODY, ShipmentRow, ShipmentStanding
from contracts.state.view import Overlay


class Match(msgspec.Struct, frozen=True):
    """What the ledger says of goods that one partner is said to have shipped to another."""

    outstanding: tuple[Position, ...]
    """On their way from the one to the other."""
    waiting: tuple[ItemKey, ...]
    """Not announced yet: unknown, or still with the sender."""
    elsewhere: tuple[Position, ...]
    """Neither with one of the two nor on their way."""


def match_shipments(state: Overlay, items: Iterable[ItemKey], sender: int, receiver: int) -> Match:
    """Look up where goods are; those that the receiver has already are in no list."""
    outstanding: list[Position] = []
    waiting: list[ItemKey] = []
    elsewhere: list[Position] = []
    for item in items:
        position = locate(state, item)
        if position is None:
            waiting.append(item)
        elif is_between(position.shipment, sender, receiver):
            outstanding.append(position)
        elif position.shipment is None and position.top.holder == sender:
            waiting.append(item)
        elif not _has_arrived(state, position, sender, receiver):
            elsewhere.append(position)
    return Match(tuple(outstanding), tuple(waiting), tuple(elsewhere))


def is_between(shipment: ShipmentRow | None, sender: int, receiver: int) -> bool:
    """Tell whether something is on its way from one partner to another."""
    return shipment is not None and (shipment.sender, shipment.receiver) == (sender, receiver)


def last_shipment(state: Overlay, position: Position) -> tuple[bytes, ShipmentRow] | None:
    """Return the shipment that an item, or the container it is in, went into last, whatever became of it."""
    row = state.require(ITEMS, position.top_key)
    return (row.shipment, state.require(SHIPMENTS, row.shipment)) if row.shipment else None


def _has_arrived(state: Overlay, position: Position, sender: int, receiver: int) -> bool:
    """Tell whether the receiver has an item, or had it by the last shipment."""
    if position.shipment is None and position.top.holder == receiver:
        return True
    last = last_shipment(state, position)
    return (
        last is not None
        and is_between(last[1], sender, receiver)
        and last[1].standing == ShipmentStanding.RECEIVED
    )


def receipts(state: Overlay, head: Head, positions: Sequence[Position]) -> tuple[Receive, ...]:
    """Return the records that receive goods on their way: one for each shipment.

    A shipment of which every outstanding unit is listed is received whole.
    """
    groups: dict[bytes, list[Position]] = {}
    for position in positions:
        groups.setdefault(position.top.shipment, []).append(position)
    found: list[Receive] = []
    for shipment, group in groups.items():
        outstanding = state.require(SHIPMENTS, shipment).outstanding
        is_whole = not any(position.above for position in group) and len(group) == outstanding
        mode = ReceiveMode.ALL if is_whole else ReceiveMode.LISTED
        found.append(Receive(head, shipment, mode, () if is_whole else tuple(entry.key for entry in group)))
    return tuple(found)


def whereabouts(state: Overlay, position: Position) -> str:
    """Return where an item is, for people."""
    name = format_item(ItemKey(position.key))
    if position.shipment is not None:
        sender, receiver = (_gln(state, number) for number in _ends(position.shipment))
        return f"{name} is on its way from {sender} to {receiver}"
    return f"{name} is with {_gln(state, holder_of(position))}"


def _ends(shipment: ShipmentRow) -> tuple[int, int]:
    return shipment.sender, shipment.receiver


def _gln(state: Overlay, number: int) -> str:
    return "nobody" if number == NOBODY else unpack_gln(partner(state, number).gln)
