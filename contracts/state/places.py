"""Where an item is and in whose hands: read from its row, its containers and its last shipment.

An item inside another stores no place of its own, and a shipment that is received or comes back rewrites no
item: its own row says what became of everything in it. So reading an item means walking up to its outermost
container and settling that one by its shipment. Nothing else may read holder, owner, premises or shipment off
an item row.
"""

from typing import Final

import msgspec

from contracts.records.custody import ShipPurpose
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.rows import (
    NOBODY,
    SEVERAL,
    THE_LAW,
    HoldKind,
    ItemRow,
    Life,
    ShipmentRow,
    ShipmentStanding,
)
from contracts.state.view import Overlay

MAX_LEVELS: Final = 64
"""More levels than any network's depth cap allows: beyond them the state contradicts itself."""

QUARANTINE: Final = (int(HoldKind.QUARANTINED), THE_LAW)
"""The hold that a void after the deadline sets."""

OVERDUE: Final = (int(HoldKind.OVERDUE), THE_LAW)
"""The hold on what is on its way with a shipment that was declared overdue; no item's row carries it."""

Holds = tuple[tuple[int, int], ...]


class Position(msgspec.Struct, frozen=True, gc=False):
    """An item as it stands: its row, what it is inside, and how that is placed."""

    key: bytes
    """Item key."""
    row: ItemRow
    """Its row, settled when it is not inside another."""
    above: tuple[tuple[bytes, ItemRow], ...]
    """Containers from its parent to the outermost one (settled), as (key, row)."""
    shipment: ShipmentRow | None
    """The shipment it is on its way with, or None when it stands still."""

    @property
    def top(self) -> ItemRow:
        """Row of the outermost container, or its own: the one that says where it is."""
        return self.above[-1][1] if self.above else self.row

    @property
    def top_key(self) -> bytes:
        """Key of the outermost container, or its own."""
        return self.above[-1][0] if self.above else self.key


def locate(state: Overlay, key: bytes) -> Position | None:
    """Return where an item stands, or None when there is no such item."""
    row = state.read(ITEMS, key)
    if row is None:
        return None
    if not row.parent:
        settled, shipment = _settle(state, row)
        return Position(key, settled, (), shipment)
    above: list[tuple[bytes, ItemRow]] = []
    parent = row.parent
    for _level in range(MAX_LEVELS):
        parent_row = state.require(ITEMS, parent)
        if not parent_row.parent:
            settled, shipment = _settle(state, parent_row)
            above.append((parent, settled))
            return Position(key, row, tuple(above), shipment)
        above.append((parent, parent_row))
        parent = parent_row.parent
    msg = f"items: {key.hex()} lies more than {MAX_LEVELS} levels deep"
    raise LookupError(msg)


def effective_life(position: Position) -> Life:
    """Return an item's life: its own, or that of the nearest container that is no longer active."""
    if position.row.life != Life.ACTIVE:
        return Life(position.row.life)
    for _key, row in position.above:
        if row.life != Life.ACTIVE:
            return Life(row.life)
    return Life.ACTIVE


def effective_holds(position: Position) -> Holds:
    """Return the holds that bind an item: what it carries, and on its way that of an overdue shipment."""
    carried = carried_holds(position)
    if position.shipment is None or not position.shipment.overdue:
        return carried
    return merge_holds(carried, (OVERDUE,))


def carried_holds(position: Position) -> Holds:
    """Return the holds that an item takes along wherever it goes: its own and those of all it is inside."""
    if not position.above:
        return position.row.holds
    return merge_holds(position.row.holds, *(row.holds for _key, row in position.above))


def merge_holds(*several: Holds) -> Holds:
    """Return the union of holds, ascending."""
    return tuple(sorted({hold for holds in several for hold in holds}))


def placed(row: ItemRow, holder: int, owner: int, premises: int, shipment: bytes = b"") -> ItemRow:
    """Return an item's row standing by itself in this place."""
    return ItemRow(
        row.source,
        row.life,
        row.holds,
        b"",
        row.exposures,
        row.born_height,
        row.born_document,
        row.container,
        holder,
        owner,
        premises,
        shipment,
        row.title,
        row.relied_by,
    )


def inside(row: ItemRow, parent: bytes, title: bytes) -> ItemRow:
    """Return an item's row inside a parent: it has no place of its own any more, only a nested title."""
    return ItemRow(
        row.source,
        row.life,
        row.holds,
        parent,
        row.exposures,
        row.born_height,
        row.born_document,
        row.container,
        NOBODY,
        NOBODY,
        NOBODY,
        b"",
        title,
        row.relied_by,
    )


def _settle(state: Overlay, row: ItemRow) -> tuple[ItemRow, ShipmentRow | None]:
    """Read a top-level row by what became of its shipment."""
    if not row.shipment:
        return row, None
    shipment = state.require(SHIPMENTS, row.shipment)
    if shipment.standing == ShipmentStanding.OUTSTANDING:
        return row, shipment
    return resolve_place(row, shipment), None


def resolve_place(row: ItemRow, shipment: ShipmentRow) -> ItemRow:
    """Return a top-level item's row after its shipment came to an end.

    Received: the receiver holds it, owns it if ownership passes, where it was received, and the law holds
    what came back or came to be destroyed. Refused or voided: it is back with the sender, where it was.
    Voided after the deadline: back, and quarantined by the law (LAW 4, 5, 9).
    """
    if shipment.standing == ShipmentStanding.RECEIVED:
        return _received(row, shipment)
    back = placed(row, row.holder, row.owner, row.premises)
    if shipment.standing == ShipmentStanding.REFUSED:
        return relied_on(back, _other_party(shipment))
    if shipment.standing == ShipmentStanding.VOIDED_LATE:
        return with_holds(back, merge_holds(back.holds, (QUARANTINE,)))
    return back


def _received(row: ItemRow, shipment: ShipmentRow) -> ItemRow:
    """Return a top-level item's row in the hands of the receiver."""
    owner, title = row.owner, row.title
    if shipment.ownership_passes:
        owner, title = shipment.receiver, row.shipment
    moved = placed(row, shipment.receiver, owner, shipment.received_at)
    there = relied_on(with_title(moved, title), _other_party(shipment))
    if there.holds:
        # Who claimed to have it has it now (LAW 6).
        claim = (int(HoldKind.CLAIMED), shipment.receiver)
        there = with_holds(there, tuple(hold for hold in there.holds if hold != claim))
    if shipment.hold:
        return with_holds(there, merge_holds(there.holds, ((shipment.hold, THE_LAW),)))
    return there


def _other_party(shipment: ShipmentRow) -> int:
    """Return the receiver of a shipment; `NOBODY` when it went between premises of the sender."""
    return NOBODY if shipment.purpose == ShipPurpose.OWN_PREMISES else shipment.receiver


def relied_on(row: ItemRow, *parties: int) -> ItemRow:
    """Return an item's row after records of these partners relied on it (rule 19)."""
    known = joined_reliance(row.relied_by, *parties)
    return row if known == row.relied_by else msgspec.structs.replace(row, relied_by=known)


def joined_reliance(known: int, *others: int) -> int:
    """Return the one partner among several numbers; `NOBODY` for none, `SEVERAL` for more."""
    parties = {known, *others} - {NOBODY}
    if not parties:
        return NOBODY
    return SEVERAL if SEVERAL in parties or len(parties) > 1 else next(iter(parties))


def reliance_on(position: Position) -> int:
    """Return who relied on an item or on something that it is inside, beside who brought it to life."""
    return joined_reliance(position.row.relied_by, *(row.relied_by for _key, row in position.above))


def owned_by(row: ItemRow, owner: int, title: bytes) -> ItemRow:
    """Return a top-level item's row with another owner and its title; holder, place and shipment stay."""
    return msgspec.structs.replace(row, owner=owner, title=title)


def with_title(row: ItemRow, title: bytes) -> ItemRow:
    """Return an item's row with this title."""
    return row if title == row.title else msgspec.structs.replace(row, title=title)


def with_holds(row: ItemRow, holds: Holds) -> ItemRow:
    """Return an item's row with these own holds."""
    return row if holds == row.holds else msgspec.structs.replace(row, holds=holds)


def as_container(row: ItemRow) -> ItemRow:
    """Return an item's row once it has a container row."""
    return msgspec.structs.replace(row, container=1)


def with_life(row: ItemRow, life: Life) -> ItemRow:
    """Return an item's row with this life."""
    return row if row.life == life else msgspec.structs.replace(row, life=int(life))
