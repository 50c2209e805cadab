"""Forms of dispensing, ending and undoing that no sentence of the scenarios says."""

import pytest

from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.head import Head
from contracts.records.late import Late, LateReason
from contracts.records.record import Record
from contracts.rules.codes import Code
from tests.scenarios.law.world import START_MS, Ledger, item, items

HEAD = Head(START_MS, 60, b"")
LIST = items("pack-1")
CASES: tuple[tuple[Code, Record, bytes], ...] = (
    (Code.UNITS_INVALID, DispensePart(HEAD, -1, LIST), b""),
    (Code.NOTHING_LISTED, DispensePart(HEAD, 1, ()), b""),
    (Code.ITEM_UNKNOWN, DispensePart(HEAD, 2**64 - 1, LIST), item("pack-1")),
    (Code.NOTHING_LISTED, Found(HEAD, ()), b""),
    (Code.LISTED_TWICE, Found(HEAD, LIST * 2), item("pack-1")),
    (Code.ITEM_UNKNOWN, Found(HEAD, LIST), item("pack-1")),
    (Code.NOTHING_LISTED, Reinstate(HEAD, UndoneEnding.SAMPLE, 1, ()), b""),
    (Code.NOT_DECLARED, Reinstate(HEAD, UndoneEnding.SAMPLE, 2, LIST), b""),
    (Code.NOT_DECLARED, Reinstate(HEAD, UndoneEnding.SAMPLE, -1, LIST), b""),
    (Code.NOTHING_LISTED, Late(LateReason.OUTAGE, Dispense(HEAD, ())), b""),
    (Code.LISTED_TWICE, Late(LateReason.OUTAGE, Dispense(HEAD, LIST * 2)), item("pack-1")),
    (Code.ITEM_UNKNOWN, Late(LateReason.OUTAGE, Dispense(HEAD, LIST)), item("pack-1")),
)


@pytest.mark.parametrize(("code", "record", "subject"), CASES, ids=lambda value: str(value)[:30])
def test_what_is_malformed_is_refused(code: Code, record: Record, subject: bytes) -> None:
    receipt = Ledger().submit("Corner", record)
    assert (receipt.code, receipt.subject) == (code, subject)
