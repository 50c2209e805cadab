"""Refusals of records whose parts are malformed: what no sentence of a scenario would say."""

from dataclasses import dataclass

import msgspec
import pytest

from contracts.chain.parameters import Limits
from contracts.gs1.dates import MAX_DATE, parse_date
from contracts.ledger.execute import MAX_SUBJECT_BYTES
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
)
from contracts.rules.codes import Code
from contracts.state.layout import LOTS, number_key
from contracts.state.rows import ALL_MAKES, MAX_MAKES, HoldKind
from contracts.state.view import Overlay
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin, item, items, small_genesis

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
PACKS = Commission(HEAD, gtin("pack"), b"L1", EXPIRY, b"", 0, (b"1", b"2"))
SHIP = Ship(HEAD, items("pack-1"), gln("Bulk"), b"", ShipPurpose.SALE, 1, 0, b"", ())
NOWHERE = b"\x00\x00\x00\x00\x00\x01"
HASH = bytes(32)


def replace(record: Record, **changes: object) -> Record:
    return msgspec.structs.replace(record, **changes)


@dataclass(frozen=True)
class Case:
    code: Code
    record: Record
    subject: bytes = b""


BAD_HEADS = (
    Case(Code.CLAIMED_TIME_INVALID, replace(PACKS, head=Head(-1, 60, b""))),
    Case(Code.CLAIMED_TIME_INVALID, replace(PACKS, head=Head(START_MS, 841, b""))),
    Case(Code.ATTACHMENT_INVALID, replace(PACKS, head=Head(START_MS, 0, b"", (b"short",)))),
    Case(Code.ATTACHMENT_INVALID, replace(PACKS, head=Head(START_MS, 0, b"", (HASH,) * 33))),
    Case(Code.PREMISES_UNKNOWN, replace(PACKS, head=Head(START_MS, 0, NOWHERE)), NOWHERE),
    Case(Code.PREMISES_UNKNOWN, replace(PACKS, head=Head(START_MS, 0, b"x" * 99)), b"x" * MAX_SUBJECT_BYTES),
)

BAD_COMMISSIONS = (
    Case(Code.PRODUCT_UNKNOWN, replace(PACKS, gtin=NOWHERE), NOWHERE),
    Case(Code.LOT_INVALID, replace(PACKS, lot=b""), b""),
    Case(Code.LOT_INVALID, replace(PACKS, lot=b"L 1"), b"L 1"),
    Case(Code.LINE_INVALID, replace(PACKS, line=b"L" * 21), b"L1"),
    Case(Code.MADE_AT_INVALID, replace(PACKS, made_at_ms=-1), b"L1"),
    Case(Code.EXPIRY_INVALID, replace(PACKS, expiry=-1), b"L1"),
    Case(Code.EXPIRY_INVALID, replace(PACKS, expiry=MAX_DATE + 1), b"L1"),
    Case(Code.NOTHING_LISTED, replace(PACKS, serials=()), b""),
    Case(Code.SERIAL_INVALID, replace(PACKS, serials=(b"1", b"")), b""),
    Case(Code.SERIAL_INVALID, replace(PACKS, serials=(b"1", b"2" * 21)), b"2" * 21),
    Case(Code.SERIAL_INVALID, replace(PACKS, serials=(b"1", b"a b")), b"a b"),
    Case(Code.SSCC_INVALID, CommissionLogisticUnits(HEAD, items("pallet-1", "pack-1")), item("pack-1")),
    Case(Code.SSCC_INVALID, CommissionLogisticUnits(HEAD, (b"\x02" + bytes(8),)), b"\x02" + bytes(8)),
    Case(Code.NOTHING_LISTED, CommissionLogisticUnits(HEAD, ()), b""),
)

BAD_SHIPS = (
    Case(Code.REFERENCE_INVALID, replace(SHIP, references=(b"PO 17",))),
    Case(Code.OWNERSHIP_INVALID, replace(SHIP, ownership_passes=2)),
    Case(Code.OWNERSHIP_INVALID, replace(SHIP, ownership_passes=-1)),
    Case(
        Code.OWNERSHIP_INVALID,
        replace(SHIP, purpose=ShipPurpose.OWN_PREMISES, receiver=gln("Acme"), destination=gln("Depot")),
    ),
    Case(Code.NOTHING_LISTED, replace(SHIP, items=())),
    Case(Code.RECEIVER_UNKNOWN, replace(SHIP, receiver=NOWHERE), NOWHERE),
    Case(Code.DESTINATION_UNKNOWN, replace(SHIP, destination=NOWHERE), NOWHERE),
    Case(Code.CARRIER_UNKNOWN, replace(SHIP, carrier=NOWHERE), NOWHERE),
    Case(Code.DEADLINE_TOO_SHORT, replace(SHIP, deadline_ms=-1)),
)

BAD_LISTS = (
    Case(Code.ITEM_UNKNOWN, Dispense(HEAD, (b"",))),
    Case(Code.ITEM_UNKNOWN, Decommission(HEAD, DecommissionReason.STOLEN, items("pack-9")), item("pack-9")),
    Case(Code.ITEM_UNKNOWN, Pack(HEAD, item("pallet-1"), items("pack-9")), item("pack-9")),
    Case(Code.ITEM_UNKNOWN, Pack(HEAD, b"\x02rubbish", items("pack-1")), b"\x02rubbish"),
    Case(Code.NOTHING_LISTED, Pack(HEAD, item("pallet-1"), ())),
    Case(Code.NOTHING_LISTED, Observe(Head(START_MS, 0, gln("Plant")), ObserveStep.STORING, ())),
)


@pytest.fixture
def ledger() -> Ledger:
    """Two packs with Acme, and Corner able to dispense."""
    ledger = Ledger()
    assert ledger.submit("Acme", replace(PACKS)).code == "accepted"
    return ledger


@pytest.mark.parametrize("case", BAD_HEADS + BAD_COMMISSIONS + BAD_SHIPS, ids=lambda case: case.code)
def test_a_malformed_record_of_the_maker_is_refused(ledger: Ledger, case: Case) -> None:
    receipt = ledger.submit("Acme", case.record)
    assert (receipt.code, receipt.subject) == (case.code, case.subject)


@pytest.mark.parametrize("case", BAD_LISTS, ids=lambda case: case.code)
def test_a_list_of_nothing_or_of_unknown_keys_is_refused(ledger: Ledger, case: Case) -> None:
    signer = "Corner" if isinstance(case.record, Dispense) else "Acme"
    receipt = ledger.submit(signer, case.record)
    assert (receipt.code, receipt.subject) == (case.code, case.subject)


def test_receiving_all_takes_no_list(ledger: Ledger) -> None:
    announced = ledger.submit("Acme", SHIP)
    shipment = shipment_id(announced.document_id, 0)
    all_of_them = Receive(HEAD, shipment, ReceiveMode.ALL, items("pack-1"))
    assert ledger.submit("Bulk", all_of_them).code == Code.LISTED_WITH_ALL
    none_of_them = Receive(HEAD, shipment, ReceiveMode.LISTED, ())
    assert ledger.submit("Bulk", none_of_them).code == Code.NOTHING_LISTED
    assert ledger.submit("Bulk", Refuse(HEAD, shipment, items("pack-9"))).code == Code.ITEM_UNKNOWN


def test_a_document_announces_its_shipment_once(ledger: Ledger) -> None:
    document = ledger.document(SHIP)
    announced = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    shipment = shipment_id(announced.document_id, 0)
    assert ledger.submit("Acme", Void(HEAD, shipment, ())).code == "accepted"
    again = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    assert (again.code, again.subject) == (Code.ALREADY_ANNOUNCED, shipment)


def test_a_shipment_id_of_any_length_is_merely_unknown(ledger: Ledger) -> None:
    receipt = ledger.submit("Bulk", Receive(HEAD, b"s" * 1000, ReceiveMode.ALL, ()))
    assert (receipt.code, receipt.subject) == (Code.SHIPMENT_UNKNOWN, b"s" * MAX_SUBJECT_BYTES)


def change_lot(ledger: Ledger, **fields: object) -> None:
    """Give the only lot other fields, past every rule."""
    state = Overlay(ledger.reader)
    lot = state.require(LOTS, number_key(1))
    state.write(LOTS, number_key(1), msgspec.structs.replace(lot, **fields))
    ledger.keep(state.changes())


def test_a_lot_that_is_not_clear_takes_no_new_packs(ledger: Ledger) -> None:
    change_lot(ledger, marks=((ALL_MAKES, HoldKind.RECALLED, 1),))
    receipt = ledger.submit("Acme", replace(PACKS, serials=(b"3",)))
    assert (receipt.code, receipt.subject) == (Code.LOT_ON_HOLD, b"L1")


def test_goods_from_a_source_that_is_not_clear_are_not_sold(ledger: Ledger) -> None:
    change_lot(ledger, marks=((2, HoldKind.RECALLED, 1),))
    other = replace(PACKS, line=b"B", serials=(b"3",))
    assert ledger.submit("Acme", other).code == "accepted"
    receipt = ledger.submit("Acme", replace(SHIP, items=items("pack-3")))
    assert (receipt.code, receipt.subject) == (Code.RECALLED, item("pack-3"))
    assert ledger.submit("Acme", SHIP).code == "accepted"


def test_a_mark_on_all_makes_binds_each_of_them(ledger: Ledger) -> None:
    change_lot(ledger, marks=((ALL_MAKES, HoldKind.WITHDRAWN, 1),))
    receipt = ledger.submit("Acme", SHIP)
    assert (receipt.code, receipt.subject) == (Code.WITHDRAWN, item("pack-1"))


def test_a_lot_with_all_its_makes_numbered_takes_packs_of_those_only(ledger: Ledger) -> None:
    change_lot(ledger, makes=MAX_MAKES)
    receipt = ledger.submit("Acme", replace(PACKS, line=b"B", serials=(b"3",)))
    assert (receipt.code, receipt.subject) == (Code.LOT_TOO_MIXED, b"L1")
    assert ledger.submit("Acme", replace(PACKS, serials=(b"3",))).code == "accepted"


def test_a_container_holds_goods_of_so_many_makes_and_no_more() -> None:
    ledger = Ledger(small_genesis(Limits(container_sources=2)))
    for number in range(1, 5):
        made = replace(PACKS, lot=b"L%d" % number, serials=(b"%d" % number,))
        assert ledger.submit("Acme", made).code == "accepted"
    three = Pack(HEAD, item("pallet-1"), items("pack-1", "pack-2", "pack-3"))
    receipt = ledger.submit("Acme", three)
    assert (receipt.code, receipt.subject) == (Code.CONTAINER_TOO_MIXED, item("pallet-1"))
    # Nothing of the refused document stays, the introduced pallet included.
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-1", "pack-2"))).events
    assert (
        ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-3"))).code == Code.CONTAINER_TOO_MIXED
    )
    # A pallet around it counts too.
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-2"), items("pallet-1"))).code == "accepted"
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-3"), items("pack-3"))).code == "accepted"
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-3"), items("pack-4"))).code == "accepted"
    mixed = ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-3")))
    assert (mixed.code, mixed.subject) == (Code.CONTAINER_TOO_MIXED, item("pallet-1"))
