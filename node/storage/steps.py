"""How a happening is told to people: who, what, where, when, and what else its record says."""

from typing import Final, assert_never

from contracts.gs1.dates import format_date, format_timestamp
from contracts.gs1.keys import format_item, unpack_gln, unpack_gtin
from contracts.ledger.receipt import Event
from contracts.records.agreement import Consent, OfferOwnership, Withdraw, proposal_id
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.corrections import CorrectionRecord, ErrorIn, ProposeCorrection
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.governance import GovernanceRecord
from contracts.records.holds import Clear, ConfirmIllegitimate, DeclareOverdue, LiftHold, PlaceHold, Suspect
from contracts.records.late import Late, LateReason
from contracts.records.lots import LotRecord
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.quantities import EndQuantity, MakeQuantity, SettleQuantity, ShipQuantity
from contracts.records.recall import OpenRecall, RecallClass, RecallKind, RecallReason, recall_id
from contracts.records.record import Record, listed
from contracts.records.registered import RegisterRecord
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify
from contracts.rules.events import EventKind
from contracts.state.rows import NOBODY
from node.storage.cold_steps import cold_details
from node.storage.custody import Custody
from node.storage.happenings import Happening
from node.storage.hold_steps import hold_details
from node.storage.views import RECORD_NAMES, NamedGln, StepView

_CONSEQUENCES: Final = {
    EventKind.REPEATED_STEP: "repeated",
    EventKind.SUSPICION_RAISED: "suspected",
    EventKind.HOLD_LIFTED: "lifted",
    EventKind.OVERAGE_SHIPPED: "answers_claim",
}
"""What a record led to for an item, beside what it states."""

Details = dict[str, str | int | bool | None]


def step(custody: Custody, happening: Happening, key: bytes, via: bytes | None = None) -> StepView:
    """Return a happening as one step of an item's journey, or of a shipment's history.

    Args:
        custody: For names.
        happening: What happened.
        key: To which item, or container around it; empty for a shipment.
        via: The container it happened to when that was not the item itself.
    """
    placed, head = happening.placed, happening.record.head
    event = happening.event
    details = _record_details(happening, key) if event is None else _event_details(event, key)
    return StepView(
        height=placed.height,
        time=format_timestamp(placed.time_ms),
        claimed_time=format_timestamp(head.claimed_at_ms),
        document=placed.id.hex(),
        record=happening.index,
        kind=_kind(happening, key),
        partner=custody.named(placed.sender) or NamedGln("", ""),
        agent=custody.named(placed.agent),
        place=_place(custody, happening),
        via=None if via is None else format_item(via),
        details=details,
    )


def _kind(happening: Happening, key: bytes) -> str:
    record = happening.record
    if happening.event is not None:
        return EventKind(happening.event.kind).name.lower()
    # Who lists an item as the exception does not receive it: it travels on by itself.
    is_exception = isinstance(record, Receive) and record.mode == ReceiveMode.ALL_EXCEPT
    if is_exception and key and key in listed(record):
        return EventKind.SHIPMENT_SPLIT.name.lower()
    return RECORD_NAMES[type(record)]


def _place(custody: Custody, happening: Happening) -> NamedGln | None:
    """Return where it happened: as moved, as stated, or for a receipt the shipment's destination."""
    event, record = happening.event, happening.record
    gln = event.subject if event is not None and event.kind == EventKind.MOVED else record.head.premises
    number = custody.place_number(gln)
    if number == NOBODY and isinstance(record, Receive):
        row = custody.shipment_row(record.shipment)
        number = NOBODY if row is None or happening.has_event(EventKind.CUSTODY_TAKEN) else row.destination
    return custody.named_place(number)


def _event_details(event: Event, key: bytes) -> Details:
    details: Details = {"inferred": True}
    match event.kind:
        case EventKind.UNPACKED if event.subject != key:
            details["parent"] = format_item(event.subject)
        case EventKind.UNPACKED:
            details["children"] = len(event.items)
        case EventKind.SHIPMENT_SPLIT | EventKind.LATE_RECEIPT:
            details["shipment"] = event.subject.hex()
        case EventKind.HOLDS_END:
            details["set_by"] = unpack_gln(event.subject)
        case EventKind.EXCURSION | EventKind.READING_GAP:
            details = {"session": int.from_bytes(event.subject, "big")}
        case _:
            pass
    return details


def _record_details(happening: Happening, key: bytes) -> Details:  # noqa: C901 - a case per kind of record
    record = happening.record
    details: Details = {}
    if isinstance(record, RegisterRecord | LotRecord | CorrectionRecord | GovernanceRecord):
        # What is registered or governed, and lots, are about no item, and so in no item's journey.
        return _correction_details(happening, record) if isinstance(record, CorrectionRecord) else details
    match record:
        case Commission():
            details = _make_details(record)
        case Onboard() | AnswerClaim():
            details = _onboarding_details(record)
        case Pack(parent=parent, children=children) | Unpack(parent=parent, children=children):
            details = {"children": len(children)} if parent == key else {"parent": format_item(parent)}
        case Decommission(reason=reason):
            details = {"reason": DecommissionReason(reason).name.lower()}
        case Observe(step=observed):
            details = {"step": ObserveStep(observed).name.lower()}
        case Ship():
            details = _ship_details(record, shipment_id(happening.placed.id, happening.index))
        case Receive() | Refuse() | Void():
            details = _shipment_details(happening, record)
        case Reinstate() | EndOverage():
            details = _undone_details(record)
        case DeclareOverdue(shipment=shipment) | ClaimOverage(shipment=shipment):
            details = {"shipment": shipment.hex()}
        case PlaceHold() | LiftHold() | Suspect() | Clear() | Verify() | Report():
            details = hold_details(record)
        case StorageProfile() | LoggerOn() | LoggerOff() | Readings() | ClearSession():
            details = cold_details(record)
        case Dispense(to=to):
            details = {"to": SupplyTo(to).name.lower()}
        case DispensePart(quantity=quantity):
            details = {"quantity": quantity}
        case OfferOwnership() | Consent() | Withdraw() | ShipOutside() | ReceiveFromOutside():
            details = _party_details(happening, record)
        case CommissionLogisticUnits() | Found() | ConfirmIllegitimate() | Late() | Exempt():
            pass
        case Transform():
            details = _repack_details(record, key)
        case MakeQuantity() | ShipQuantity() | SettleQuantity() | EndQuantity():
            pass
        case OpenRecall():
            details = _recall_details(record, recall_id(happening.placed.id, happening.index))
        case _:
            details = {"recall": record.recall.hex()}
    details.update(_circumstances(happening))
    details.update((name, True) for kind, name in _CONSEQUENCES.items() if _has_led_to(happening, kind, key))
    return details


def _circumstances(happening: Happening) -> Details:
    """Say why a record came late, or is exempt."""
    found: Details = {}
    if happening.exempt is not None:
        found["exempt"] = ExemptReason(happening.exempt).name.lower()
    if happening.late is not None:
        found["late"] = LateReason(happening.late).name.lower()
    return found


def _undone_details(record: Reinstate | EndOverage) -> Details:
    """Say what a record undoes, or how it ends a claim."""
    if isinstance(record, EndOverage):
        return {"end": OverageEnd(record.end).name.lower()}
    return {"undoes": UndoneEnding(record.undoes).name.lower()}


def _has_led_to(happening: Happening, kind: EventKind, key: bytes) -> bool:
    return any(event.kind == kind and key in event.items for event in happening.events)


def _party_details(
    happening: Happening, record: OfferOwnership | Consent | Withdraw | ShipOutside | ReceiveFromOutside
) -> Details:
    """Say what a record has to do with another party beside a shipment."""
    match record:
        case OfferOwnership(new_owner=new_owner):
            proposal = proposal_id(happening.placed.id, happening.index)
            return {"proposal": proposal.hex(), "new_owner": unpack_gln(new_owner)}
        case Consent(proposal=proposal) | Withdraw(proposal=proposal):
            return {"proposal": proposal.hex()}
        case ShipOutside(receiver=other) | ReceiveFromOutside(sender=other):
            return {"outside": unpack_gln(other)}
        case _:
            assert_never(record)


def _correction_details(happening: Happening, record: CorrectionRecord) -> Details:
    details: Details = {"error": ErrorIn(record.error).name.lower()}
    if isinstance(record, ProposeCorrection):
        details["proposal"] = proposal_id(happening.placed.id, happening.index).hex()
    return details


def _make_details(record: Commission) -> Details:
    return {
        "gtin": unpack_gtin(record.gtin),
        "lot": record.lot.decode("ascii"),
        "expiry": format_date(record.expiry),
        "line": record.line.decode("ascii") or None,
        "made_at": format_timestamp(record.made_at_ms) if record.made_at_ms else None,
    }


def _onboarding_details(record: Onboard | AnswerClaim) -> Details:
    if isinstance(record, AnswerClaim):
        return {"answer": ClaimAnswer(record.answer).name.lower()}
    return {
        "gtin": unpack_gtin(record.gtin),
        "lot": record.lot.decode("ascii"),
        "expiry": format_date(record.expiry),
        "ground": OnboardGround(record.ground).name.lower(),
        "sender": unpack_gln(record.sender),
        "evidence": record.evidence.hex(),
    }


def _ship_details(record: Ship, shipment: bytes) -> Details:
    return {
        "shipment": shipment.hex(),
        "receiver": unpack_gln(record.receiver),
        "destination": unpack_gln(record.destination) if record.destination else None,
        "carrier": unpack_gln(record.carrier) if record.carrier else None,
        "purpose": ShipPurpose(record.purpose).name.lower(),
        "ownership_passes": bool(record.ownership_passes),
        "sale": record.sale.hex() or None,
    }


def _repack_details(record: Transform, key: bytes) -> Details:
    """Tell an input what became of it, and an output what it came of."""
    details: Details = {
        "gtin": unpack_gtin(record.gtin),
        "lot": record.lot.decode("ascii"),
        "expiry": format_date(record.expiry),
        "inputs": len(record.inputs),
        "outputs": len(record.serials),
        "waste": record.waste,
    }
    return {**details, "consumed": True} if key in record.inputs else details


def _recall_details(record: OpenRecall, recall: bytes) -> Details:
    return {
        "recall": recall.hex(),
        "kind": RecallKind(record.kind).name.lower(),
        "class": RecallClass(record.recall_class).name.lower(),
        "reason": RecallReason(record.reason).name.lower(),
        "drill": record.drill == 1,
    }


def _shipment_details(happening: Happening, record: Receive | Refuse | Void) -> Details:
    details: Details = {"shipment": record.shipment.hex()}
    if isinstance(record, Receive):
        details["mode"] = ReceiveMode(record.mode).name.lower()
        details["custody_only"] = happening.has_event(EventKind.CUSTODY_TAKEN)
    else:
        details["mode"] = "listed" if record.items else "all"
    if happening.has_event(EventKind.QUARANTINED):
        details["quarantined"] = True
    if happening.has_event(EventKind.HELD_ON_RECEIPT):
        details["held"] = True
    return details


def record_name(record: Record) -> str:
    """Return what a record is called."""
    return RECORD_NAMES[type(record)]
