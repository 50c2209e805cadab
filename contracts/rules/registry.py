"""Which rule judges which record."""

from typing import assert_never

from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.coldchain import (
    ClearSession,
    ColdRecord,
    LoggerOff,
    LoggerOn,
    Readings,
    StorageProfile,
)
from contracts.records.custody import Receive, Refuse, Ship, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldRecord,
    LiftHold,
    PlaceHold,
    Suspect,
)
from contracts.records.late import Late
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.quantities import (
    EndQuantity,
    MakeQuantity,
    QuantityRecord,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.recall import (
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    OpenRecall,
    RecallRecord,
    ReleaseFromRecall,
    RespondToRecall,
    WidenRecall,
)
from contracts.records.record import Record
from contracts.records.registered import RegisterRecord
from contracts.records.supply import Commission, CommissionLogisticUnits, Decommission, Observe, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify
from contracts.rules.act import Act
from contracts.rules.agreeing import consent, withdraw
from contracts.rules.cold_chain import clear_session, logger_off, logger_on, storage_profile
from contracts.rules.crossing import receive_from_outside, ship_outside
from contracts.rules.decommissioning import decommission, found
from contracts.rules.dispensing import dispense, dispense_part
from contracts.rules.holding import lift_hold, place_hold
from contracts.rules.lateness import late
from contracts.rules.mandating import mandate_fault
from contracts.rules.observing import observe
from contracts.rules.offering import offer_ownership
from contracts.rules.overdue import declare_overdue
from contracts.rules.packing import pack, unpack
from contracts.rules.quantities import end_quantity, make_quantity, settle_quantity, ship_quantity
from contracts.rules.readings import read_out
from contracts.rules.recall_answers import (
    acknowledge_recall,
    classify_recall,
    close_recall,
    release_from_recall,
    respond_to_recall,
)
from contracts.rules.recalling import open_recall, widen_recall
from contracts.rules.receiving import receive
from contracts.rules.registering import judge_registration
from contracts.rules.reinstating import reinstate
from contracts.rules.reporting import report
from contracts.rules.returning import refuse, void
from contracts.rules.shipping import ship
from contracts.rules.supply import commission, commission_logistic_units
from contracts.rules.suspecting import clear, confirm_illegitimate, suspect
from contracts.rules.transforming import transform
from contracts.rules.verdict import Verdict
from contracts.rules.verifying import verify


def judge(act: Act, record: Record) -> Verdict | None:  # noqa: C901 - one line for each kind of record
    """Apply the rule of a record: return why it is refused, or None once it has acted."""
    fault = mandate_fault(act, record)
    if fault:
        return fault
    if isinstance(record, RegisterRecord):
        return judge_registration(act, record)
    match record:
        case Commission():
            return commission(act, record)
        case CommissionLogisticUnits():
            return commission_logistic_units(act, record)
        case Pack():
            return pack(act, record)
        case Unpack():
            return unpack(act, record)
        case Decommission():
            return decommission(act, record)
        case Observe():
            return observe(act, record)
        case Ship():
            return ship(act, record)
        case Receive():
            return receive(act, record)
        case Refuse():
            return refuse(act, record)
        case Void():
            return void(act, record)
        case Dispense():
            return dispense(act, record)
        case DispensePart():
            return dispense_part(act, record)
        case Late():
            return late(act, record)
        case Found():
            return found(act, record)
        case Reinstate():
            return reinstate(act, record)
        case Transform():
            return transform(act, record)
        case OpenRecall() | WidenRecall() | ClassifyRecall() | AcknowledgeRecall():
            return _judge_recall(act, record)
        case RespondToRecall() | CloseRecall() | ReleaseFromRecall():
            return _judge_recall(act, record)
        case ShipOutside():
            return ship_outside(act, record)
        case ReceiveFromOutside():
            return receive_from_outside(act, record)
        case OfferOwnership():
            return offer_ownership(act, record)
        case Consent():
            return consent(act, record)
        case Withdraw():
            return withdraw(act, record)
        case DeclareOverdue() | PlaceHold() | LiftHold() | Suspect() | ConfirmIllegitimate() | Clear():
            return _judge_hold(act, record)
        case Verify() | Report():
            return _judge_hold(act, record)
        case StorageProfile() | LoggerOn() | LoggerOff() | Readings() | ClearSession():
            return _judge_cold(act, record)
        case _:
            return _judge_quantity(act, record)


def _judge_recall(act: Act, record: RecallRecord) -> Verdict | None:
    """Apply the rule of a recall's record (rule 17)."""
    match record:
        case OpenRecall():
            return open_recall(act, record)
        case WidenRecall():
            return widen_recall(act, record)
        case ClassifyRecall():
            return classify_recall(act, record)
        case AcknowledgeRecall():
            return acknowledge_recall(act, record)
        case RespondToRecall():
            return respond_to_recall(act, record)
        case CloseRecall():
            return close_recall(act, record)
        case ReleaseFromRecall():
            return release_from_recall(act, record)
        case _:
            assert_never(record)


def _judge_hold(act: Act, record: HoldRecord) -> Verdict | None:  # noqa: C901 - one line for each kind
    """Apply the rule of a record about goods held back (rules 7, 14, 15 and 23)."""
    match record:
        case DeclareOverdue():
            return declare_overdue(act, record)
        case PlaceHold():
            return place_hold(act, record)
        case LiftHold():
            return lift_hold(act, record)
        case Suspect():
            return suspect(act, record)
        case ConfirmIllegitimate():
            return confirm_illegitimate(act, record)
        case Clear():
            return clear(act, record)
        case Verify():
            return verify(act, record)
        case Report():
            return report(act, record)
        case _:
            assert_never(record)


def _judge_cold(act: Act, record: ColdRecord) -> Verdict | None:
    """Apply the rule of a record of the cold chain (rule 18)."""
    match record:
        case StorageProfile():
            return storage_profile(act, record)
        case LoggerOn():
            return logger_on(act, record)
        case LoggerOff():
            return logger_off(act, record)
        case Readings():
            return read_out(act, record)
        case ClearSession():
            return clear_session(act, record)
        case _:
            assert_never(record)


def _judge_quantity(act: Act, record: QuantityRecord) -> Verdict | None:
    """Apply the rule of a record of packs without serials (rule 30)."""
    match record:
        case MakeQuantity():
            return make_quantity(act, record)
        case ShipQuantity():
            return ship_quantity(act, record)
        case SettleQuantity():
            return settle_quantity(act, record)
        case EndQuantity():
            return end_quantity(act, record)
        case _:
            assert_never(record)
