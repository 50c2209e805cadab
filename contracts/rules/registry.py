"""Which rule judges which record."""

from collections.abc import Callable
from typing import Any, Final

from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.catalogue import Delegate, DescribePremises, DescribeProduct, OfferProduct, TakeProduct
from contracts.records.coldchain import (
    ClearSession,
    LoggerOff,
    LoggerOn,
    Readings,
    StorageProfile,
)
from contracts.records.corrections import Correct, ProposeCorrection
from contracts.records.custody import Receive, Refuse, Ship, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate
from contracts.records.exempt import Exempt
from contracts.records.governance import ProposeChanges, VoteOnChanges, WithdrawChanges
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    LiftHold,
    PlaceHold,
    Suspect,
)
from contracts.records.lanes import SetTradeLane
from contracts.records.late import Late
from contracts.records.lots import AmendLot, ConsentToAmendment, ProposeAmendment, TraceLot
from contracts.records.mandates import ActFor, Mandate
from contracts.records.onboarding import AnswerClaim, Onboard
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage
from contracts.records.quantities import (
    EndQuantity,
    MakeQuantity,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.recall import (
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    OpenRecall,
    ReleaseFromRecall,
    ReleaseLot,
    RespondToRecall,
    WidenRecall,
)
from contracts.records.record import Record
from contracts.records.supply import Commission, CommissionLogisticUnits, Decommission, Observe, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify
from contracts.rules.act import Act
from contracts.rules.agreeing import consent, withdraw
from contracts.rules.amending import amend_lot, consent_to_amendment, propose_amendment
from contracts.rules.cataloguing import (
    delegate,
    describe_premises,
    describe_product,
    offer_product,
    take_product,
)
from contracts.rules.claim_answers import answer_claim
from contracts.rules.cold_chain import clear_session, logger_off, logger_on, storage_profile
from contracts.rules.correcting import correct
from contracts.rules.crossing import receive_from_outside, ship_outside
from contracts.rules.decommissioning import decommission, found
from contracts.rules.dispensing import dispense, dispense_part
from contracts.rules.exempting import exempt
from contracts.rules.governing import propose_changes, vote_on_changes, withdraw_changes
from contracts.rules.holding import lift_hold, place_hold
from contracts.rules.lateness import late
from contracts.rules.mandating import act_for, mandate, mandate_fault
from contracts.rules.observing import observe
from contracts.rules.offering import offer_ownership
from contracts.rules.onboarding import onboard
from contracts.rules.overages import claim_overage, end_overage
from contracts.rules.overdue import declare_overdue
from contracts.rules.packing import pack, unpack
from contracts.rules.proposing import propose_correction
from contracts.rules.quantities import end_quantity, make_quantity, settle_quantity, ship_quantity
from contracts.rules.reaching import no_room
from contracts.rules.readings import read_out
from contracts.rules.recall_answers import (
    acknowledge_recall,
    classify_recall,
    close_recall,
    release_from_recall,
    release_lot,
    respond_to_recall,
)
from contracts.rules.recalling import open_recall, widen_recall
from contracts.rules.receiving import receive
from contracts.rules.reinstating import reinstate
from contracts.rules.reporting import report
from contracts.rules.returning import refuse, void
from contracts.rules.shipping import ship
from contracts.rules.supply import commission, commission_logistic_units
from contracts.rules.suspecting import clear, confirm_illegitimate, suspect
from contracts.rules.tracing import trace_lot
from contracts.rules.trade_lanes import set_trade_lane
from contracts.rules.transforming import transform
from contracts.rules.verdict import Verdict
from contracts.rules.verifying import verify
from contracts.state.recall_rows import TooManyMarks

Rule = Callable[[Act, Any], Verdict | None]
"""Takes a record of its own kind, says why it is refused, or acts and returns None."""

RULES: Final[dict[type[Record], Rule]] = {
    Commission: commission,
    CommissionLogisticUnits: commission_logistic_units,
    Pack: pack,
    Unpack: unpack,
    Decommission: decommission,
    Observe: observe,
    Ship: ship,
    Receive: receive,
    Refuse: refuse,
    Void: void,
    ClaimOverage: claim_overage,
    EndOverage: end_overage,
    Dispense: dispense,
    DispensePart: dispense_part,
    Late: late,
    Exempt: exempt,
    Found: found,
    Reinstate: reinstate,
    Transform: transform,
    Onboard: onboard,
    AnswerClaim: answer_claim,
    ShipOutside: ship_outside,
    ReceiveFromOutside: receive_from_outside,
    OfferOwnership: offer_ownership,
    Consent: consent,
    Withdraw: withdraw,
    OpenRecall: open_recall,
    WidenRecall: widen_recall,
    ClassifyRecall: classify_recall,
    AcknowledgeRecall: acknowledge_recall,
    RespondToRecall: respond_to_recall,
    CloseRecall: close_recall,
    ReleaseFromRecall: release_from_recall,
    ReleaseLot: release_lot,
    DeclareOverdue: declare_overdue,
    PlaceHold: place_hold,
    LiftHold: lift_hold,
    Suspect: suspect,
    ConfirmIllegitimate: confirm_illegitimate,
    Clear: clear,
    Verify: verify,
    Report: report,
    StorageProfile: storage_profile,
    LoggerOn: logger_on,
    LoggerOff: logger_off,
    Readings: read_out,
    ClearSession: clear_session,
    MakeQuantity: make_quantity,
    ShipQuantity: ship_quantity,
    SettleQuantity: settle_quantity,
    EndQuantity: end_quantity,
    DescribeProduct: describe_product,
    OfferProduct: offer_product,
    TakeProduct: take_product,
    DescribePremises: describe_premises,
    Delegate: delegate,
    Mandate: mandate,
    ActFor: act_for,
    SetTradeLane: set_trade_lane,
    TraceLot: trace_lot,
    AmendLot: amend_lot,
    ProposeAmendment: propose_amendment,
    ConsentToAmendment: consent_to_amendment,
    Correct: correct,
    ProposeCorrection: propose_correction,
    ProposeChanges: propose_changes,
    VoteOnChanges: vote_on_changes,
    WithdrawChanges: withdraw_changes,
}
"""The rule of each kind of record."""


def judge(act: Act, record: Record) -> Verdict | None:
    """Apply the rule of a record: return why it is refused, or None once it has acted."""
    if act.mandate is not None:
        fault = mandate_fault(act, record, act.mandate)
        if fault:
            return fault
    try:
        return RULES[type(record)](act, record)
    except TooManyMarks as full:
        # Rules mark last; what they wrote is undone with the document.
        return no_room(full)
