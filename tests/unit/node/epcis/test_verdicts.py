"""A rule's refusal in the words of the event: what it is about, and in which field that stands."""

import pytest

from contracts.ledger.receipt import Receipt
from contracts.records.custody import Receive, ReceiveMode
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, Observe, ObserveStep, Pack
from contracts.rules.codes import Code
from contracts.rules.explanations import EXPLANATIONS
from node.epcis.steps import Statement, Step
from node.epcis.verdicts import refused_by_law
from tests.support.ledger import pack_key, pallet_key
from tests.support.parties import EXPIRY, LOT, MAKER, PACK, PACK_GTIN

HEAD = Head(0, 0, MAKER.place)
P1, P2, PALLET = pack_key("P1"), pack_key("P2"), pallet_key(1)
SHIPMENT = bytes(range(16))

MADE = Commission(HEAD, PACK, LOT, EXPIRY, b"LINE", 0, (b"P1", b"P2"))
COMMISSION = Statement(Step.COMMISSION, (PALLET, P1, P2), "epcList")
PACKED = Pack(HEAD, PALLET, (P1, P2))
PACKING = Statement(Step.PACK, (P1, P2), "childEPCs", PALLET)
SEEN = Observe(HEAD, ObserveStep.STORING, (P1, P2))
SEEING = Statement(Step.OBSERVE, (P1, P2), "epcList")
TAKEN = Receive(HEAD, SHIPMENT, ReceiveMode.ALL, ())
TAKING = Statement(Step.RECEIVE, (PALLET,), "parentID", contents=(P1,))

LOT_TEXT = f"lot L-1 of {PACK_GTIN} (expiry 2030-03-27)"
P2_TEXT = f"(01){PACK_GTIN}(21)P2"

CASES: list[tuple[Record, Statement, Code, bytes, str, str]] = [
    (MADE, COMMISSION, Code.EXPIRED, LOT, "ilmd.itemExpirationDate", LOT_TEXT),
    (MADE, COMMISSION, Code.LOT_EXPIRY_MISMATCH, LOT, "ilmd.itemExpirationDate", LOT_TEXT),
    (MADE, COMMISSION, Code.LOT_INVALID, LOT, "ilmd.lotNumber", LOT_TEXT),
    (MADE, COMMISSION, Code.LINE_INVALID, LOT, "ilmd", LOT_TEXT),
    (MADE, COMMISSION, Code.PRODUCT_UNKNOWN, PACK, "epcList[1]", PACK_GTIN),
    (MADE, COMMISSION, Code.SERIAL_INVALID, b"P 2", "epcList[1]", f"{PACK_GTIN}, 'P 2'"),
    (MADE, COMMISSION, Code.ALREADY_COMMISSIONED, P2, "epcList[2]", P2_TEXT),
    (MADE, COMMISSION, Code.LICENCE_NOT_ACTIVE, MAKER.packed, "readPoint", MAKER.gln),
    (MADE, COMMISSION, Code.PREMISES_NOT_OWN, MAKER.place, "readPoint", MAKER.premises),
    (PACKED, PACKING, Code.PARENT_NOT_ACTIVE, PALLET, "parentID", "(00)"),
    (PACKED, PACKING, Code.ON_HOLD, P2, "childEPCs[1]", P2_TEXT),
    (SEEN, SEEING, Code.NOT_HOLDER, P2, "epcList[1]", P2_TEXT),
    (SEEN, SEEING, Code.PREMISES_MISSING, b"", "readPoint", ""),
    (SEEN, SEEING, Code.CLAIMED_TIME_INVALID, b"", "eventTime", ""),
    (TAKEN, TAKING, Code.NOT_RECEIVER, SHIPMENT, "parentID", f"shipment {SHIPMENT.hex()}"),
    (TAKEN, TAKING, Code.ITEM_UNKNOWN, PALLET, "parentID", "(00)"),
    (TAKEN, TAKING, Code.ITEM_UNKNOWN, b"\x07?", "parentID", "073f"),
]


@pytest.mark.parametrize(("record", "statement", "code", "subject", "field", "about"), CASES)
def test_a_verdict_in_the_words_of_the_event(record, statement, code, subject, field, about):
    refused = refused_by_law(None, Receipt(bytes(32), code.value, 0, subject, ()), record, statement)
    explanation = EXPLANATIONS[code]
    assert (refused.code, refused.field, refused.what_to_do) == (code, field, explanation.remedy)
    assert refused.reason.endswith(explanation.sentence)
    assert refused.reason.startswith(about)


@pytest.mark.parametrize("code", list(Code))
def test_every_verdict_has_a_field_and_a_reason(code):
    for record, statement in ((MADE, COMMISSION), (PACKED, PACKING), (SEEN, SEEING), (TAKEN, TAKING)):
        refused = refused_by_law(None, Receipt(bytes(32), code.value, 0, P1, ()), record, statement)
        assert all((refused.code, refused.field, refused.reason, refused.what_to_do))
