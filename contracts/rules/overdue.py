"""Rule 7: a shipment that was not received in time is declared overdue; hidden loss comes to light."""

import msgspec

from contracts.records.holds import DeclareOverdue
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.layout import SHIPMENTS
from contracts.state.parties import HANDLING, parties_of
from contracts.state.rows import ShipmentStanding


def declare_overdue(act: Act, record: DeclareOverdue) -> Verdict | None:
    """Rule 7: anyone, after the deadline by block time; what is still on its way is held until it arrives."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    shipment = act.state.read(SHIPMENTS, record.shipment)
    if shipment is None:
        return Verdict(Code.SHIPMENT_UNKNOWN, record.shipment)
    if shipment.standing != ShipmentStanding.OUTSTANDING:
        return Verdict(Code.SHIPMENT_CLOSED, record.shipment)
    if act.time_ms <= shipment.deadline_ms:
        return Verdict(Code.NOT_OVERDUE, record.shipment)
    if shipment.overdue:
        return Verdict(Code.ALREADY_OVERDUE, record.shipment)
    # After this point it must succeed.
    act.state.write(SHIPMENTS, record.shipment, msgspec.structs.replace(shipment, overdue=1))
    act.tell(EventKind.OVERDUE_DECLARED, (), record.shipment, parties_of(shipment))
    return None
