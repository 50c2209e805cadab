"""Refusals and bounds of packs without serials that no sentence of a scenario would say."""

import msgspec
import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.lots import AmendLot
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.record import Record
from contracts.rules.codes import Code
from contracts.rules.quantities import MAX_LINES
from contracts.state.layout import BOOKS, HOLDINGS, LOADS
from contracts.state.quantities import MAX_MADE
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
NOWHERE = b"\x00\x00\x00\x00\x00\x01"
LINE = Line(gtin("syrup"), b"Q1", 5)
MADE = MakeQuantity(HEAD, gtin("syrup"), b"Q1", EXPIRY, b"", 0, 10)
SHIP = ShipQuantity(HEAD, (LINE,), b"", gln("Bulk"), b"", ShipPurpose.SALE, 1, 0, ())
END = EndQuantity(HEAD, QuantityEnd.LOST, (LINE,), b"")
HUGE = 1 << 62

BAD = (
    (Code.PRODUCT_UNKNOWN, msgspec.structs.replace(MADE, gtin=NOWHERE)),
    (Code.LINES_INVALID, msgspec.structs.replace(MADE, quantity=-1)),
    (Code.LINES_INVALID, msgspec.structs.replace(MADE, quantity=HUGE)),
    (Code.QUANTITY_TOO_LARGE, msgspec.structs.replace(MADE, quantity=MAX_MADE)),
    (Code.LINE_INVALID, msgspec.structs.replace(MADE, line=b"\xff")),
    (Code.LOT_INVALID, MakeQuantity(HEAD, gtin("salt"), b"", EXPIRY, b"", 0, 10)),
    (Code.LINES_INVALID, msgspec.structs.replace(SHIP, lines=())),
    (Code.LINES_INVALID, msgspec.structs.replace(SHIP, lines=(LINE, LINE))),
    (Code.REFERENCE_INVALID, msgspec.structs.replace(SHIP, references=(b"PO 17",))),
    (Code.CARRIER_UNKNOWN, msgspec.structs.replace(SHIP, carrier=NOWHERE)),
    (Code.PARTNER_UNKNOWN, msgspec.structs.replace(SHIP, owner=NOWHERE)),
    (Code.PARTNER_UNKNOWN, msgspec.structs.replace(END, owner=NOWHERE)),
    (Code.LINES_INVALID, msgspec.structs.replace(END, lines=(Line(gtin("syrup"), b"X" * 300, 1),))),
    (Code.LINES_INVALID, msgspec.structs.replace(END, lines=(Line(b"", b"Q1", 1),))),
    (Code.NOT_ENOUGH, msgspec.structs.replace(END, owner=gln("Bulk"))),
    (Code.SHIPMENT_UNKNOWN, SettleQuantity(HEAD, b"", Settlement.RECEIVED, ())),
)


@pytest.fixture
def ledger() -> Ledger:
    """Ten packs with Acme."""
    ledger = Ledger()
    assert ledger.submit("Acme", MADE).code == ACCEPTED
    return ledger


@pytest.mark.parametrize(("code", "record"), BAD)
def test_a_malformed_record_is_refused(ledger: Ledger, code: Code, record: Record) -> None:
    assert ledger.submit("Acme", record).code == code


def test_a_record_has_so_many_lines_and_no_more(ledger: Ledger) -> None:
    lines = tuple(Line(gtin("syrup"), b"X%d" % at, 1) for at in range(MAX_LINES + 1))
    assert ledger.submit("Acme", msgspec.structs.replace(END, lines=lines)).code == Code.LINES_INVALID
    assert ledger.submit("Acme", msgspec.structs.replace(END, lines=lines[1:])).code == Code.NOT_ENOUGH


def test_what_arrives_is_listed_once(ledger: Ledger) -> None:
    identifier = shipment_id(ledger.submit("Acme", SHIP).document_id, 0)
    twice = SettleQuantity(HEAD, identifier, Settlement.RECEIVED, (LINE, LINE))
    assert ledger.submit("Bulk", twice).code == Code.LINES_INVALID


def test_a_document_announces_its_shipment_once(ledger: Ledger) -> None:
    document = ledger.document(SHIP)
    announced = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    shipment = shipment_id(announced.document_id, 0)
    settled = SettleQuantity(HEAD, shipment, Settlement.VOIDED, ())
    assert ledger.submit("Acme", settled).code == ACCEPTED
    again = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    assert (again.code, again.subject) == (Code.ALREADY_ANNOUNCED, shipment)


def test_a_shipment_of_any_size_costs_what_it_lists(ledger: Ledger) -> None:
    result = ledger.block(ledger.bundle("Acme", [ledger.document(SHIP)]))
    # The lane, the holding, the load.
    assert len(result.writes) == 3
    shipment = shipment_id(result.receipts[0].document_id, 0)
    received = SettleQuantity(HEAD, shipment, Settlement.RECEIVED, ())
    assert len(ledger.block(ledger.bundle("Bulk", [ledger.document(received)])).writes) == 3


def test_what_is_gone_leaves_no_row(ledger: Ledger) -> None:
    whole = msgspec.structs.replace(END, lines=(Line(gtin("syrup"), b"Q1", 10),))
    assert ledger.submit("Acme", whole).code == ACCEPTED
    kept = {key[:1] for key in ledger.reader.rows} & {HOLDINGS.prefix, LOADS.prefix, BOOKS.prefix}
    assert kept == {BOOKS.prefix}


def test_a_product_without_lots_has_no_date_to_amend() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", MakeQuantity(HEAD, gtin("salt"), b"", 0, b"", 0, 10)).code == ACCEPTED
    assert ledger.submit("Acme", AmendLot(HEAD, gtin("salt"), b"", EXPIRY)).code == Code.LOT_UNKNOWN
