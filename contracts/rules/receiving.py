"""Rule 4: the named receiver takes goods over, or first the named carrier the whole shipment."""

from typing import assert_never

import msgspec

from contracts.records.custody import Receive, ReceiveMode, ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, list_fault, locate_all, signer_fault, stated_number
from contracts.rules.implied import again, by_parent
from contracts.rules.lifting import note_law_hold
from contracts.rules.unlogged import receive_unlogged
from contracts.rules.verdict import Verdict
from contracts.state.containers import take_out
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.parties import HANDLING, is_carrier, is_receiver, parties_of
from contracts.state.places import placed, resolve_place
from contracts.state.rows import ShipmentRow, ShipmentStanding


def receive(act: Act, record: Receive) -> Verdict | None:
    """Rule 4: goods pass to the receiver; what it does not receive stays on its way."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    shipment = act.state.read(SHIPMENTS, record.shipment)
    if shipment is None:
        return Verdict(Code.SHIPMENT_UNKNOWN, record.shipment)
    if is_carrier(act.signer, shipment):
        return _take_custody(act, record, shipment)
    if not is_receiver(act.signer, shipment):
        return Verdict(Code.NOT_RECEIVER, record.shipment)
    if shipment.standing != ShipmentStanding.OUTSTANDING:
        return Verdict(Code.SHIPMENT_CLOSED, record.shipment)
    fault = _receive_part(act, record, shipment)
    if fault:
        return fault
    _tell_received(act, record, shipment)
    return None


def receive_arrived(act: Act, head: Head, shipment: bytes, items: Positions) -> None:
    """Let items that are on their way to the signer with a shipment pass to it; nothing is asked any more.

    Args:
        act: The record.
        head: When and where.
        shipment: Id of the shipment.
        items: None of them inside another.
    """
    row = act.state.require(SHIPMENTS, shipment)
    record = Receive(head, shipment, ReceiveMode.LISTED, tuple(item.key for item in items))
    _take_over(act, record, row, items)
    _tell_received(act, record, row)


def _tell_received(act: Act, record: Receive, shipment: ShipmentRow) -> None:
    """Tell what was received, and hold what came without a logger that it needs."""
    act.tell(EventKind.SHIPMENT_RECEIVED, (), record.shipment, parties_of(shipment))
    _tell_held(act, record, shipment)
    receive_unlogged(act, shipment)


def _tell_held(act: Act, record: Receive, shipment: ShipmentRow) -> None:
    """Tell what the law holds from now on, and remember that it does so in the signer's hands."""
    if shipment.hold or shipment.purpose == ShipPurpose.AUTHORITY:
        # What comes for an authority brings the law's holds along: who got it looks at it in a later block.
        note_law_hold(act)
    if shipment.hold:
        some = record.items if record.mode == ReceiveMode.LISTED else ()
        act.tell(EventKind.HELD_ON_RECEIPT, some, record.shipment, parties_of(shipment))


def _receive_part(act: Act, record: Receive, shipment: ShipmentRow) -> Verdict | None:
    """Receive all, the listed items, or all but those."""
    match record.mode:
        case ReceiveMode.ALL:
            if record.items:
                return Verdict(Code.LISTED_WITH_ALL, record.shipment)
            _close(act, record, shipment)
            return None
        case ReceiveMode.LISTED:
            return _receive_listed(act, record, shipment)
        case ReceiveMode.ALL_EXCEPT:
            return _receive_except(act, record, shipment)
        case _:
            assert_never(record.mode)


def _take_custody(act: Act, record: Receive, shipment: ShipmentRow) -> Verdict | None:
    """Let the carrier hold the whole shipment while it travels."""
    if shipment.standing != ShipmentStanding.OUTSTANDING:
        return Verdict(Code.SHIPMENT_CLOSED, record.shipment)
    if record.mode != ReceiveMode.ALL or record.items:
        return Verdict(Code.CARRIER_TAKES_WHOLE, record.shipment)
    if shipment.custody:
        return Verdict(Code.CUSTODY_ALREADY_TAKEN, record.shipment)
    # After this point it must succeed.
    act.state.write(SHIPMENTS, record.shipment, msgspec.structs.replace(shipment, custody=1))
    act.tell(EventKind.CUSTODY_TAKEN, (), record.shipment, parties_of(shipment))
    return None


def _receive_listed(act: Act, record: Receive, shipment: ShipmentRow) -> Verdict | None:
    """Receive the listed items; an item inside another is split from it, and the rest stays on its way."""
    items = items_in(act, record.shipment, record.items)
    if isinstance(items, Verdict):
        return items
    # After this point it must succeed.
    _take_over(act, record, shipment, items)
    return None


def _take_over(act: Act, record: Receive, shipment: ShipmentRow, items: Positions) -> None:
    """Let listed items of a shipment pass to its receiver."""
    left = shipment.outstanding - sum(not item.above for item in items)
    ended = _received(act, record, shipment)
    for item in split(act, items):
        act.state.write(ITEMS, item.key, resolve_place(item.row, ended))
    # The shipment ends with its last item; an unlisted one inside the container still counts with that.
    rest = msgspec.structs.replace(shipment, outstanding=left, receipt_ms=act.time_ms)
    after = rest if left else ended
    act.state.write(SHIPMENTS, record.shipment, after)


def _receive_except(act: Act, record: Receive, shipment: ShipmentRow) -> Verdict | None:
    """Receive everything but the listed items, which travel on as a residual shipment."""
    items = items_in(act, record.shipment, record.items)
    if isinstance(items, Verdict):
        return items
    if sum(not item.above for item in items) == shipment.outstanding:
        return Verdict(Code.NOTHING_RECEIVED, record.shipment)
    # After this point it must succeed.
    residual = shipment_id(act.document_id, act.record_index)
    rest = msgspec.structs.replace(shipment, outstanding=len(items))
    act.state.write(SHIPMENTS, residual, rest)
    for item in split(act, items):
        row = item.row
        act.state.write(ITEMS, item.key, placed(row, row.holder, row.owner, row.premises, residual))
    act.tell(EventKind.SHIPMENT_SPLIT, record.items, residual, parties_of(shipment))
    _close(act, record, shipment)
    return None


def _close(act: Act, record: Receive, shipment: ShipmentRow) -> None:
    """Receive all that is outstanding: one row, however many packs."""
    act.state.write(SHIPMENTS, record.shipment, _received(act, record, shipment))


def _received(act: Act, record: Receive, shipment: ShipmentRow) -> ShipmentRow:
    """Return the row of a shipment that ends with this receipt."""
    return msgspec.structs.replace(
        shipment,
        outstanding=0,
        standing=int(ShipmentStanding.RECEIVED),
        custody=0,
        received_at=stated_number(act, record.head) or shipment.destination,
        receipt_ms=act.time_ms,
    )


def items_in(act: Act, shipment: bytes, keys: tuple[bytes, ...]) -> Positions | Verdict:
    """Find listed items and ask whether each is on its way with this shipment, alone or inside another."""
    fault = list_fault(keys)
    if fault:
        return fault
    items = locate_all(act, keys)
    if isinstance(items, Verdict):
        return items
    for item in items:
        if item.top.shipment != shipment:
            return Verdict(Code.NOT_IN_SHIPMENT, item.key)
    return items


def split(act: Act, items: Positions) -> Positions:
    """Take nested items out of their containers on the way; return where all of them are then."""
    groups = by_parent(items)
    for children in groups.values():
        take_out(act.state, act.time_ms, children)
    return [again(act, item.key) for item in items] if groups else items
