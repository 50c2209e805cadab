"""For whom this node's partner acts: for itself, and for partners that gave it a mandate (LAW, EPCIS rule b).

A mandate names kinds of records and, where it says so, premises. What it does not cover is the act of
another: it is compared with the ledger like everything that others did, and never signed.
"""

from collections.abc import Mapping
from typing import Final

from contracts.records.coldchain import LoggerOff, LoggerOn, Readings
from contracts.records.corrections import Correct
from contracts.records.custody import Receive, Ship, Void
from contracts.records.dispensing import Dispense
from contracts.records.holds import LiftHold, PlaceHold
from contracts.records.lots import TraceLot
from contracts.records.quantities import EndQuantity, MakeQuantity, SettleQuantity, ShipQuantity
from contracts.records.record import RECORD_TAGS
from contracts.records.supply import Commission, CommissionLogisticUnits, Decommission, Observe, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.state.directory import find_premises
from contracts.state.layout import MANDATES, mandate_key
from contracts.state.view import Overlay
from node.epcis.events import EpcisEvent
from node.epcis.parties import Directory, Party
from node.epcis.steps import Step

_RECORDS: Final[Mapping[Step, tuple[type, ...]]] = {
    Step.COMMISSION: (Commission, CommissionLogisticUnits, MakeQuantity),
    Step.PACK: (Pack,),
    Step.UNPACK: (Unpack,),
    Step.SHIP: (Ship, ShipQuantity),
    Step.VOID: (Void, SettleQuantity),
    Step.RECEIVE: (Receive, SettleQuantity),
    Step.DISPENSE: (Dispense, EndQuantity),
    Step.DECOMMISSION: (Decommission, EndQuantity),
    Step.OBSERVE: (Observe,),
    Step.HOLD: (PlaceHold,),
    Step.RELEASE: (LiftHold,),
    Step.READ: (Readings,),
    Step.INSTALL: (LoggerOn,),
    Step.REMOVE: (LoggerOff,),
    Step.TRANSFORM: (Transform,),
    Step.TRACE: (TraceLot,),
    Step.NEVER_MADE: (Correct,),
    Step.NEVER_PACKED: (Correct,),
}
"""What the steps of events become."""


def has_mandate(
    state: Overlay, height: int, agent: Party, principal: Party, event: EpcisEvent, step: Step
) -> bool:
    """Tell whether an agent may sign what another partner did.

    Args:
        state: Knows the mandates.
        height: Of the block that the record would be in.
        agent: This node's partner.
        principal: Who did it.
        event: For the place where it was done.
        step: What was done.
    """
    given = state.read(MANDATES, mandate_key(principal.number, agent.number))
    if given is None or height >= given.until_height:
        return False
    kinds = {RECORD_TAGS[kind] for kind in given.kinds}
    if kinds.isdisjoint(_RECORDS.get(step, ())):
        return False
    return not given.premises or _premises(state, principal, event) in given.premises


def _premises(state: Overlay, principal: Party, event: EpcisEvent) -> int | None:
    """Return the number of the principal's premises that an event names first, as its record would."""
    gln = Directory(state).premises_stated(event, principal)
    found = find_premises(state, gln) if gln else None
    return None if found is None else found[0]
