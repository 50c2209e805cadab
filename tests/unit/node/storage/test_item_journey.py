"""Journeys: what happened to a pack, its containers and its shipments, joined in order."""

import pytest

from contracts.gs1.keys import format_item
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.custody import Receive, ReceiveMode, Refuse, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.holds import (
    Clear,
    DeclareOverdue,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.late import Late, LateReason
from contracts.records.mandates import ActFor, Mandate
from contracts.records.record import Record
from contracts.records.supply import (
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Unpack,
)
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from node.storage.custody import Custody
from node.storage.item_journey import Journey, item_journey
from tests.support.ledger import OneNode, pack_key, pallet_key
from tests.support.parties import CARRIER, MAKER, PACK, PHARMACY, WHOLESALER, Party

A, B, C = (pack_key(serial) for serial in ("A1", "B1", "C1"))
CASE_1, PALLET = pallet_key(1), pallet_key(2)


@pytest.fixture
def node() -> OneNode:
    one = OneNode()
    assert one.record(MAKER, one.commission(["A1", "B1", "C1"])).code == "accepted"
    return one


def journey(node: OneNode, key: bytes, shown_to: set[int] | None = None) -> Journey:
    with node.store.snapshot() as snapshot:
        found = item_journey(snapshot, Custody(snapshot), key, shown_to=shown_to)
    assert found is not None
    return found


def told(node: OneNode, key: bytes) -> list[tuple[str, str, str | None]]:
    """Kind, partner and container of each step."""
    return [
        (step.kind, step.partner.name, None if step.via is None else step.via[4:])
        for step in journey(node, key).steps
    ]


def do(node: OneNode, party: Party, *records: Record) -> bytes:
    receipt = node.record(party, *records)
    assert receipt.code == "accepted", receipt
    return receipt.document_id


def ship(node: OneNode, sender: Party, receiver: Party, *items: bytes, carrier: Party | None = None) -> bytes:
    identifier = do(node, sender, node.ship(sender, receiver, items, carrier=carrier))
    return shipment_id(identifier, 0)


def code(key: bytes) -> str:
    return format_item(key)[4:]


def test_an_unknown_item_has_no_journey(node: OneNode) -> None:
    with node.store.snapshot() as snapshot:
        assert item_journey(snapshot, Custody(snapshot), pack_key("never")) is None


def test_a_pack_that_did_nothing_was_commissioned(node: OneNode) -> None:
    (step,) = journey(node, A).steps
    assert (step.kind, step.height, step.record, step.via) == ("commission", 1, 0, None)
    assert step.partner.gln == MAKER.gln
    assert step.place is not None
    assert step.place.gln == MAKER.premises
    assert step.details["lot"] == "L-1"
    assert step.time == "2026-09-21T14:13:22.000Z"
    assert step.claimed_time == "2026-09-21T14:13:21.000Z"


def test_from_maker_to_patient_inside_a_case_on_a_pallet(node: OneNode) -> None:
    do(node, MAKER, node.pack(CASE_1, [A, B]), node.pack(PALLET, [CASE_1]))
    first = ship(node, MAKER, WHOLESALER, PALLET, carrier=CARRIER)
    do(node, CARRIER, node.receive(CARRIER, first))
    do(node, WHOLESALER, node.receive(WHOLESALER, first))
    # Implies that the case comes off the pallet.
    second = ship(node, WHOLESALER, PHARMACY, CASE_1)
    do(node, PHARMACY, node.receive(PHARMACY, second))
    do(node, PHARMACY, Dispense(node.head(PHARMACY), (A,)))
    case, pallet = code(CASE_1), code(PALLET)
    assert told(node, A) == [
        ("commission", "maker", None),
        ("pack", "maker", None),
        ("pack", "maker", case),
        ("ship", "maker", pallet),
        ("receive", "carrier", pallet),
        ("receive", "wholesaler", pallet),
        ("ship", "wholesaler", case),
        ("receive", "pharmacy", case),
        ("unpacked", "pharmacy", None),
        ("dispense", "pharmacy", None),
    ]
    # The other pack stayed in the case, and hears nothing of what happens to the pallet later.
    do(node, WHOLESALER, Observe(node.head(WHOLESALER), ObserveStep.STORING, (PALLET,)))
    assert told(node, B) == told(node, A)[:8]
    custody = [step.details.get("custody_only") for step in journey(node, A).steps if step.kind == "receive"]
    assert custody == [True, False, False]


def test_who_signed_for_another_is_named_beside_it(node: OneNode) -> None:
    do(node, MAKER, Mandate(node.head(MAKER), CARRIER.packed, (6,), (), 1_000))
    seen = Observe(node.head(MAKER), ObserveStep.STORING, (A,))
    do(node, CARRIER, ActFor(node.head(CARRIER), MAKER.packed), seen)
    found = journey(node, A)
    named = [(step.kind, step.partner.name, step.agent and step.agent.name) for step in found.steps]
    assert named == [("commission", "maker", None), ("observe", "maker", "carrier")]
    with node.store.snapshot() as snapshot:
        custody = Custody(snapshot)
        numbers = {party.name: custody.number_of(party.packed) for party in (MAKER, CARRIER, PHARMACY)}
    assert found.signers == {numbers["maker"], numbers["carrier"]}
    # The agent sees what it signed, and what went before.
    assert [step.kind for step in journey(node, A, shown_to={numbers["carrier"]}).steps] == [
        "commission",
        "observe",
    ]
    assert journey(node, A, shown_to={numbers["pharmacy"]}).steps == ()


def test_what_was_dispensed_offline_arrived_with_that(node: OneNode) -> None:
    do(node, MAKER, node.pack(PALLET, [A, B]))
    shipment = ship(node, MAKER, PHARMACY, PALLET)
    do(node, PHARMACY, Late(LateReason.OUTAGE, Dispense(node.head(PHARMACY), (A,))))
    do(node, PHARMACY, node.receive(PHARMACY, shipment))
    pallet = code(PALLET)
    before = [("commission", "maker", None), ("pack", "maker", None), ("ship", "maker", pallet)]
    assert told(node, A) == [*before, ("late_receipt", "pharmacy", None), ("dispense", "pharmacy", None)]
    assert told(node, B) == [*before, ("receive", "pharmacy", pallet)]
    step = journey(node, A).steps[-1]
    assert step.details == {"to": "patient", "late": "outage"}


def test_where_a_receipt_without_place_happened(node: OneNode) -> None:
    shipment = ship(node, MAKER, WHOLESALER, A)
    do(node, WHOLESALER, Receive(node.head(WHOLESALER, stated=False), shipment, ReceiveMode.ALL, ()))
    step = journey(node, A).steps[-1]
    assert step.place is not None
    assert step.place.gln == WHOLESALER.premises


def test_the_journey_of_a_container_shows_what_went_in(node: OneNode) -> None:
    do(node, MAKER, node.pack(CASE_1, [A, B]))
    do(node, MAKER, Unpack(node.head(MAKER), CASE_1, (B,)))
    assert [step.kind for step in journey(node, CASE_1).steps] == ["introduced", "pack", "unpack"]
    assert journey(node, CASE_1).steps[1].details == {"children": 2}
    assert [step.kind for step in journey(node, A).steps] == ["commission", "pack"]
    assert [step.kind for step in journey(node, B).steps] == ["commission", "pack", "unpack"]


def test_a_commissioned_logistic_unit(node: OneNode) -> None:
    do(node, MAKER, CommissionLogisticUnits(node.head(MAKER), (PALLET,)))
    assert told(node, PALLET) == [("commission_logistic_units", "maker", None)]


def test_a_listed_receipt_splits_a_case(node: OneNode) -> None:
    do(node, MAKER, node.pack(CASE_1, [A, B]))
    shipment = ship(node, MAKER, WHOLESALER, CASE_1)
    do(node, WHOLESALER, node.receive(WHOLESALER, shipment, ReceiveMode.LISTED, [A]))
    do(node, WHOLESALER, node.receive(WHOLESALER, shipment))
    kinds_of_a = [(step.kind, step.via) for step in journey(node, A).steps]
    kinds_of_b = [(step.kind, step.via is not None) for step in journey(node, B).steps]
    assert kinds_of_a[-2:] == [("ship", f"(00){code(CASE_1)}"), ("receive", None)]
    assert kinds_of_b[-2:] == [("ship", True), ("receive", True)]
    assert len(kinds_of_a) == 4
    assert len(kinds_of_b) == 4


@pytest.mark.parametrize("ending", ["receive", "refuse", "void"])
def test_what_was_excepted_travels_on(node: OneNode, ending: str) -> None:
    do(node, MAKER, node.pack(CASE_1, [A, B]))
    shipment = ship(node, MAKER, WHOLESALER, CASE_1)
    receipt = do(node, WHOLESALER, node.receive(WHOLESALER, shipment, ReceiveMode.ALL_EXCEPT, [A]))
    residual = shipment_id(receipt, 0)
    match ending:
        case "receive":
            do(node, WHOLESALER, node.receive(WHOLESALER, residual))
        case "refuse":
            do(node, WHOLESALER, Refuse(node.head(WHOLESALER), residual, ()))
        case _:
            do(node, MAKER, Void(node.head(MAKER), residual, ()))
    kinds = [step.kind for step in journey(node, A).steps]
    assert kinds == ["commission", "pack", "ship", "shipment_split", ending]
    assert journey(node, A).steps[-1].via is None
    assert [step.kind for step in journey(node, B).steps] == ["commission", "pack", "ship", "receive"]


def test_what_a_logger_saw(node: OneNode) -> None:
    logger = b"\x03LOG-1"
    do(node, MAKER, StorageProfile(node.head(MAKER), PACK, 200, 800, 600, 600, 900), node.pack(CASE_1, [A]))
    on = node.head(MAKER)
    on_s = on.claimed_at_ms // 1_000
    do(node, MAKER, LoggerOn(on, logger, CASE_1))
    node.wall.ms += 3_600_000
    do(node, MAKER, Readings(node.head(MAKER), logger, ((on_s, 900), (on_s + 900, 500))))
    do(node, MAKER, LoggerOff(node.head(MAKER), logger))
    do(node, MAKER, ClearSession(node.head(MAKER), 1, PACK))
    case = code(CASE_1)
    assert told(node, A)[-2:] == [("logger_on", "maker", case), ("excursion", "maker", case)]
    watched, excursion = journey(node, A).steps[-2:]
    assert watched.details == {"logger": "(8004)LOG-1"}
    assert excursion.details == {"session": 1}


def test_what_is_refused_by_item_comes_back_and_may_go_again(node: OneNode) -> None:
    shipment = ship(node, MAKER, WHOLESALER, A, B)
    do(node, WHOLESALER, Refuse(node.head(WHOLESALER), shipment, (A,)))
    do(node, WHOLESALER, node.receive(WHOLESALER, shipment))
    again = ship(node, MAKER, PHARMACY, A)
    do(node, PHARMACY, node.receive(PHARMACY, again))
    assert [(step.kind, step.partner.name) for step in journey(node, A).steps] == [
        ("commission", "maker"),
        ("ship", "maker"),
        ("refuse", "wholesaler"),
        ("ship", "maker"),
        ("receive", "pharmacy"),
    ]
    assert [step.kind for step in journey(node, B).steps] == ["commission", "ship", "receive"]


def test_a_late_void_says_that_goods_are_quarantined(node: OneNode) -> None:
    shipment = ship(node, MAKER, WHOLESALER, A)
    node.wall.ms += 400 * 24 * 3_600_000
    do(node, MAKER, Void(node.head(MAKER), shipment, ()))
    last = journey(node, A).steps[-1]
    assert (last.kind, last.details["quarantined"]) == ("void", True)


def test_stolen_out_of_a_case_and_a_repeated_report(node: OneNode) -> None:
    do(node, MAKER, node.pack(CASE_1, [A, B]))
    report = Decommission(node.head(MAKER), DecommissionReason.STOLEN, (A,))
    do(node, MAKER, report)
    do(node, MAKER, report)
    steps = journey(node, A).steps
    assert [step.kind for step in steps] == ["commission", "pack", "decommission", "decommission"]
    assert [step.details.get("repeated") for step in steps[2:]] == [None, True]
    assert [step.kind for step in journey(node, B).steps] == ["commission", "pack"]


def test_a_theft_of_the_whole_case_reaches_what_is_inside(node: OneNode) -> None:
    do(node, MAKER, node.pack(CASE_1, [A, B]))
    do(node, MAKER, Decommission(node.head(MAKER), DecommissionReason.STOLEN, (CASE_1,)))
    last = journey(node, B).steps[-1]
    assert (last.kind, last.via) == ("decommission", f"(00){code(CASE_1)}")


def test_refused_documents_are_no_part_of_a_journey(node: OneNode) -> None:
    refused = node.record(WHOLESALER, node.ship(WHOLESALER, PHARMACY, [A]))
    assert refused.code == "not_holder"
    assert [step.kind for step in journey(node, A).steps] == ["commission"]


def test_who_signed(node: OneNode) -> None:
    shipment = ship(node, MAKER, WHOLESALER, A)
    do(node, WHOLESALER, node.receive(WHOLESALER, shipment))
    assert journey(node, A).signers == {1, 2}
    assert journey(node, A).is_complete


def test_whom_a_later_step_concerns_is_told_of_it_alone(node: OneNode) -> None:
    """A part ends with the last step that one signed, and with what became of one's shipment."""
    shipment = ship(node, MAKER, WHOLESALER, A, B)
    do(node, WHOLESALER, node.receive(WHOLESALER, shipment))
    onward = ship(node, WHOLESALER, PHARMACY, A)
    do(node, PHARMACY, node.receive(PHARMACY, onward))
    do(node, PHARMACY, Observe(node.head(PHARMACY), ObserveStep.STORING, (A,)))
    custody = Custody(node.store)

    def shown(*parties: Party) -> list[str]:
        numbers = [number for party in parties if (number := custody.number_of(party.packed)) is not None]
        found = item_journey(node.store, custody, A, numbers)
        assert found is not None
        assert found.is_restricted == (len(found.steps) < 6)
        return [step.kind for step in found.steps]

    assert shown(MAKER) == ["commission", "ship", "receive"]
    assert shown(WHOLESALER) == ["commission", "ship", "receive", "ship", "receive"]
    assert shown(PHARMACY) == shown(MAKER, PHARMACY) == [*shown(WHOLESALER), "observe"]
    assert shown(CARRIER) == shown() == []


def details(node: OneNode, key: bytes) -> list[tuple[str, dict[str, str | int | bool | None]]]:
    """Kind of each step after the commission, and what it says."""
    return [(step.kind, step.details) for step in journey(node, key).steps[1:]]


def test_holds_and_looks_say_what_they_did(node: OneNode) -> None:
    head = node.head(MAKER, stated=False)
    do(node, MAKER, PlaceHold(head, HoldAction.QUARANTINE, (A,)))
    do(node, MAKER, LiftHold(head, HoldAction.QUARANTINE, (A,)))
    do(node, MAKER, Suspect(head, SuspectGround.UNFIT, (A,)))
    do(node, MAKER, Clear(head, bytes(32), (A,)))
    do(node, MAKER, Report(head, Finding.TAMPERED, (A,)))
    routine = VerificationReason.ROUTINE
    do(node, MAKER, Verify(head, (A,), b"", 0, VerificationResult.NOT_VERIFIED, routine))
    assert details(node, A) == [
        ("place_hold", {"action": "quarantine"}),
        ("lift_hold", {"action": "quarantine", "lifted": True}),
        ("suspect", {"ground": "unfit", "suspected": True}),
        ("clear", {"investigation": "00" * 32}),
        ("report", {"finding": "tampered", "suspected": True}),
        ("verify", {"result": "not_verified", "reason": "routine", "lot": None, "expiry": None}),
    ]


def test_an_overdue_shipment_is_in_the_journey_of_what_travels(node: OneNode) -> None:
    do(node, MAKER, node.pack(PALLET, [A]))
    shipment = ship(node, MAKER, WHOLESALER, PALLET)
    node.wall.ms += 400 * 86_400_000
    do(node, PHARMACY, DeclareOverdue(node.head(PHARMACY), shipment))
    do(node, MAKER, Void(node.head(MAKER), shipment, ()))
    verified = Verify(
        *(node.head(MAKER), (PALLET,), b"", 0),
        *(VerificationResult.VERIFIED, VerificationReason.RELEASE),
    )
    do(node, MAKER, verified)
    assert [kind for kind, _partner, _via in told(node, A)[2:]] == [
        *("ship", "declare_overdue", "void", "verify"),
    ]
    assert journey(node, PALLET).steps[-1].details["lifted"] is True
