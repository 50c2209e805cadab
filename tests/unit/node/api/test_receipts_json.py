"""Receipts in JSON: what a refusal is about, told from bare bytes and the record they are about."""

import pytest

from contracts.ledger.receipt import Event, Receipt
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn
from contracts.records.custody import Receive, ReceiveMode, Refuse
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission
from contracts.rules.events import SENTENCES, EventKind
from node.api.receipts_json import MAX_SHOWN_ITEMS, event_view, receipt_view
from node.api.refused_subjects import subject_text
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import LOT, MAKER, PACK, PACK_GTIN, sscc_text

HEAD = Head(0, 0, b"")
SHIPMENT = b"\x01" + bytes(15)
# Sixteen bytes that are an item key as well as they could be a shipment's id.
LIKE_A_SHIPMENT = pack_key("123456789")
MADE = Commission(HEAD, PACK, LOT, 0, b"LINE", 0, (b"A1", b"sixdig"))


@pytest.mark.parametrize(
    ("record", "subject", "text"),
    [
        (MADE, PACK, PACK_GTIN),
        (MADE, LOT, "L-1"),
        (MADE, b"LINE", "LINE"),
        (MADE, b"A1", "A1"),
        (MADE, b"sixdig", "sixdig"),
        (MADE, pack_key("A1"), f"(01){PACK_GTIN}(21)A1"),
        (MADE, MAKER.packed, MAKER.gln),
        (Dispense(HEAD, ()), MAKER.place, MAKER.premises),
        (Dispense(HEAD, ()), pallet_key(1), f"(00){sscc_text(1)}"),
        (Dispense(HEAD, ()), b"\xff\xfe", "0xfffe"),
        (Dispense(HEAD, ()), b"\xff" * 6, "0xffffffffffff"),
        (Receive(HEAD, SHIPMENT, ReceiveMode.ALL, ()), SHIPMENT, SHIPMENT.hex()),
        (Refuse(HEAD, SHIPMENT, ()), pack_key("A1"), f"(01){PACK_GTIN}(21)A1"),
        (Refuse(HEAD, LIKE_A_SHIPMENT, ()), LIKE_A_SHIPMENT, LIKE_A_SHIPMENT.hex()),
        (Refuse(HEAD, SHIPMENT, ()), LIKE_A_SHIPMENT, f"(01){PACK_GTIN}(21)123456789"),
        (Dispense(HEAD, ()), b"", ""),
        (LoggerOff(HEAD, b"\x03LOG-1"), b"\x03LOG-1", "(8004)LOG-1"),
        (LoggerOn(HEAD, b"\x03", pack_key("A1")), b"\x03", "0x03"),
        (LoggerOn(HEAD, b"\x03L", pack_key("A1")), pack_key("A1"), f"(01){PACK_GTIN}(21)A1"),
        (LoggerOff(HEAD, b"\x03L"), MAKER.place, MAKER.premises),
        (ClearSession(HEAD, 7, PACK), b"\0\0\0\7", "7"),
        (ClearSession(HEAD, 7, PACK), PACK, PACK_GTIN),
    ],
)
def test_what_a_refusal_is_about(record: Record, subject: bytes, text: str) -> None:
    assert subject_text(Receipt(bytes(32), "refused", 0, subject, ()), (record,)) == text


def test_a_refusal_of_no_record_is_shown_as_it_is() -> None:
    assert subject_text(Receipt(bytes(32), "refused", 3, b"\1", ()), ()) == "01"


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_is_told(kind: EventKind) -> None:
    subject = MAKER.place if kind == EventKind.MOVED else b""
    view = event_view(Event(kind, 2, (pack_key("A1"),), subject, (1, 7)), {1: MAKER.gln}.get)
    assert view.kind == kind.name.lower()
    assert view.sentence == SENTENCES[kind]
    assert (view.record, view.item_count, view.concerned) == (2, 1, (MAKER.gln,))
    assert view.subject == (MAKER.premises if kind == EventKind.MOVED else "")


def test_sessions_are_named_by_their_number() -> None:
    event = Event(EventKind.EXCURSION, 0, (), (300).to_bytes(4, "big"), ())
    assert event_view(event, lambda _number: None).subject == "300"


def test_long_lists_are_cut_and_counted() -> None:
    items = tuple(pack_key(f"S{number}") for number in range(MAX_SHOWN_ITEMS + 1))
    receipt = Receipt(bytes(32), "accepted", 0, b"", (Event(EventKind.MOVED, 0, items, MAKER.place, ()),))
    (view,) = receipt_view(receipt, (MADE,), lambda _number: None).events
    assert (len(view.items), view.item_count) == (MAX_SHOWN_ITEMS, MAX_SHOWN_ITEMS + 1)
