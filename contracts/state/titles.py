"""Titles: by which sale the owner of an item came to own it, so that a return can point at it (rule 9).

A title is the id of the shipment or transfer with which ownership last passed; empty for what its owner made
or brought in itself. An item that stands by itself has its own title, written when its last shipment is
settled. A sale of a pallet writes nothing on the packs in it, so an item inside another has the title of its
container, but for what it brought along when it was packed: its row then holds both titles of that moment,
its own and the container's. While the container's is still that one, nothing was sold since, and the item's
own counts; afterwards the container's does. Reading a title needs no row but those of the position.
"""

from collections.abc import Iterable
from typing import Final

from contracts.records.custody import ShipPurpose
from contracts.state.agreement_rows import ProposalKind, ProposalRow, ProposalStanding
from contracts.state.layout import CONTAINERS, PROPOSALS, SHIPMENTS
from contracts.state.places import Position
from contracts.state.rows import NOBODY, ShipmentRow
from contracts.state.view import Overlay

NO_TITLE: Final = b""
"""Of what its owner did not get from anyone on the ledger."""

TITLE_BYTES: Final = 16
"""Length of a title: that of a shipment id."""

_OWN: Final = b"\x01"
"""A nested title's first byte: the item had a title, its container none."""
_THEIRS: Final = b"\x02"
"""... the container had one, the item none."""
_BOTH: Final = b"\x03"
"""... both had one; the item's comes first."""


def title_of(position: Position) -> bytes:
    """Return the title of an item: its own, or that of a container that was sold after it was packed."""
    title = position.top.title
    if not position.above:
        return title
    for _key, row in reversed(position.above[:-1]):
        title = _seen_from_inside(row.title, title)
    return _seen_from_inside(position.row.title, title)


def is_sale(shipment: ShipmentRow) -> bool:
    """Tell whether a shipment is a sale: one by name, or for export when the receiver becomes the owner."""
    is_exported = shipment.purpose == ShipPurpose.EXPORT and shipment.ownership_passes == 1
    return shipment.purpose == ShipPurpose.SALE or is_exported


def is_bought(transfer: ProposalRow) -> bool:
    """Tell whether a proposal was one of ownership, and the other party consented (rule 8)."""
    is_agreed = transfer.standing == ProposalStanding.CONSENTED
    return transfer.kind == ProposalKind.OWNERSHIP and is_agreed


def seller_of(state: Overlay, title: bytes) -> int:
    """Return who sold what has this title, by a shipment or in place; `NOBODY` when it was no sale."""
    if not title:
        return NOBODY
    shipment = state.read(SHIPMENTS, title)
    if shipment is not None:
        return shipment.sender if is_sale(shipment) else NOBODY
    transfer = state.read(PROPOSALS, title)
    return transfer.proposer if transfer is not None and is_bought(transfer) else NOBODY


def sellers_of(state: Overlay, items: Iterable[Position]) -> tuple[int, ...]:
    """Return who sold items, or something that was packed into them afterwards, ascending.

    Reads one row for each title, however many packs came with it.
    """
    several = tuple(items)
    sellers = {seller_of(state, title) for title in dict.fromkeys(map(title_of, several))}
    for item in several:
        if item.row.container:
            sellers.update(state.require(CONTAINERS, item.key).sellers)
    return tuple(sorted(sellers - {NOBODY}))


def nested_title(own: bytes, container: bytes) -> bytes:
    """Return what an item's row keeps of its title when it is packed into a container with another."""
    if own == container:
        return NO_TITLE
    if not container:
        return _OWN + own
    return _BOTH + own + container if own else _THEIRS + container


def _seen_from_inside(nested: bytes, around: bytes) -> bytes:
    """Return an item's title from what its row keeps and the present title around it."""
    if not nested:
        return around
    kind, titles = nested[:1], nested[1:]
    if kind == _OWN:
        own, container = titles, NO_TITLE
    elif kind == _THEIRS:
        own, container = NO_TITLE, titles
    else:
        own, container = titles[:TITLE_BYTES], titles[TITLE_BYTES:]
    return own if container == around else around
