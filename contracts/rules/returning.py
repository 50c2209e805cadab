"""Rule 5: what was not received comes back, refused by the receiver or voided by the sender."""

import msgspec

from contracts.records.custody import Refuse, Void
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import signer_fault
from contracts.rules.lifting import note_law_hold
from contracts.rules.receiving import items_in, split
from contracts.rules.verdict import Verdict
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.parties import HANDLING, is_receiver, is_sender, parties_of
from contracts.state.places import resolve_place
from contracts.state.rows import ShipmentRow, ShipmentStanding


def refuse(act: Act, record: Refuse) -> Verdict | None:
    """Rule 5: the receiver sends goods back unreceived; custody reverts to the sender."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    shipment = act.state.read(SHIPMENTS, record.shipment)
    if shipment is None:
        return Verdict(Code.SHIPMENT_UNKNOWN, record.shipment)
    if not is_receiver(act.signer, shipment):
        return Verdict(Code.NOT_RECEIVER, record.shipment)
    fault = _take_back(act, record, shipment, ShipmentStanding.REFUSED)
    if fault:
        return fault
    act.tell(EventKind.SHIPMENT_REFUSED, record.items, record.shipment, parties_of(shipment))
    return None


def void(act: Act, record: Void) -> Verdict | None:
    """Rule 5: the sender takes goods back; after the deadline the law quarantines them."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    shipment = act.state.read(SHIPMENTS, record.shipment)
    if shipment is None:
        return Verdict(Code.SHIPMENT_UNKNOWN, record.shipment)
    if not is_sender(act.signer, shipment):
        return Verdict(Code.NOT_SENDER, record.shipment)
    is_late = act.time_ms > shipment.deadline_ms
    standing = ShipmentStanding.VOIDED_LATE if is_late else ShipmentStanding.VOIDED
    fault = _take_back(act, record, shipment, standing)
    if fault:
        return fault
    act.tell(EventKind.SHIPMENT_VOIDED, record.items, record.shipment, parties_of(shipment))
    if is_late:
        note_law_hold(act)
        act.tell(EventKind.QUARANTINED, record.items, record.shipment, parties_of(shipment))
    return None


def _take_back(
    act: Act, record: Refuse | Void, shipment: ShipmentRow, standing: ShipmentStanding
) -> Verdict | None:
    """Bring listed items, or all that is outstanding, back to the sender."""
    if shipment.standing != ShipmentStanding.OUTSTANDING:
        return Verdict(Code.SHIPMENT_CLOSED, record.shipment)
    ended = msgspec.structs.replace(shipment, outstanding=0, standing=int(standing), custody=0)
    if not record.items:
        act.state.write(SHIPMENTS, record.shipment, ended)
        return None
    items = items_in(act, record.shipment, record.items)
    if isinstance(items, Verdict):
        return items
    # After this point it must succeed.
    left = shipment.outstanding - sum(not item.above for item in items)
    for item in split(act, items):
        act.state.write(ITEMS, item.key, resolve_place(item.row, ended))
    after = msgspec.structs.replace(shipment, outstanding=left) if left else ended
    act.state.write(SHIPMENTS, record.shipment, after)
    return None
