"""Rules 7, 14, 15 and 23: refusals that no sentence would say, and what other rules build on."""

import msgspec
import pytest

from contracts.gs1.dates import MAX_DATE, parse_date
from contracts.gs1.keys import ItemKey
from contracts.records.head import Head
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.record import Record
from contracts.records.supply import Commission
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.lifting import put_hold
from contracts.state import concerned, directory
from contracts.state.places import effective_holds, locate
from contracts.state.rows import THE_LAW, HoldKind
from contracts.state.view import Overlay
from tests.scenarios.law.world import ROLES, START_MS, Ledger, gtin, item, items

HEAD = Head(START_MS, 60, b"")
PACKS = Commission(HEAD, gtin("pack"), b"L1", parse_date("2027-06-30"), b"", 0, (b"1", b"2"))
ONE = items("pack-1")
VERIFY = Verify(HEAD, ONE, b"", 0, VerificationResult.VERIFIED, VerificationReason.ROUTINE)
NUMBERS = {name: number for number, name in enumerate(ROLES, start=1)}
REPORT = Report(HEAD, Finding.UNKNOWN_SERIAL, ())

REFUSED: tuple[tuple[Code, Record, bytes], ...] = (
    (Code.NOTHING_LISTED, PlaceHold(HEAD, HoldAction.LOCK, ()), b""),
    (Code.LISTED_TWICE, LiftHold(HEAD, HoldAction.LOCK, ONE * 2), ONE[0]),
    (Code.ITEM_UNKNOWN, LiftHold(HEAD, HoldAction.LOCK, (b"",)), b""),
    (Code.NOTHING_LISTED, Suspect(HEAD, SuspectGround.UNFIT, ()), b""),
    (Code.ITEM_UNKNOWN, Suspect(HEAD, SuspectGround.UNFIT, (b"x",)), b"x"),
    (Code.NOTHING_LISTED, ConfirmIllegitimate(HEAD, ()), b""),
    (Code.ITEM_UNKNOWN, ConfirmIllegitimate(HEAD, (b"x",)), b"x"),
    (Code.INVESTIGATION_INVALID, Clear(HEAD, b"report 17", ONE), b""),
    (Code.INVESTIGATION_INVALID, Clear(HEAD, b"", ()), b""),
    (Code.NOTHING_LISTED, Clear(HEAD, bytes(32), ()), b""),
    (Code.ITEM_UNKNOWN, Clear(HEAD, bytes(32), (b"x",)), b"x"),
    (Code.READING_INVALID, msgspec.structs.replace(VERIFY, lot=b"L 1"), b"L 1"),
    (Code.READING_INVALID, msgspec.structs.replace(VERIFY, expiry=-1), b""),
    (Code.READING_INVALID, msgspec.structs.replace(VERIFY, expiry=MAX_DATE + 1), b""),
    (Code.NOTHING_LISTED, msgspec.structs.replace(VERIFY, items=()), b""),
    (Code.NOTHING_LISTED, REPORT, b""),
    (Code.ITEM_INVALID, msgspec.structs.replace(REPORT, items=(b"rubbish",)), b"rubbish"),
    (Code.ITEM_KNOWN, msgspec.structs.replace(REPORT, items=ONE), ONE[0]),
    (Code.SHIPMENT_UNKNOWN, DeclareOverdue(HEAD, b""), b""),
)


@pytest.fixture
def ledger() -> Ledger:
    """Two packs with Acme."""
    ledger = Ledger()
    assert ledger.submit("Acme", PACKS).code == "accepted"
    return ledger


@pytest.mark.parametrize(("code", "record", "subject"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_malformed_record_is_refused(ledger: Ledger, code: Code, record: Record, subject: bytes) -> None:
    receipt = ledger.submit("Acme", record)
    assert (receipt.code, receipt.subject) == (code, subject)


def hold(ledger: Ledger, kind: HoldKind, setter: int, key: ItemKey) -> None:
    """Put a hold on an item, past every rule, as other rules do."""
    state = Overlay(ledger.reader)
    act = act_of(ledger, state)
    found = locate(state, key)
    assert found is not None
    put_hold(act, [found], (kind, setter))
    ledger.keep(state.changes())


def act_of(ledger: Ledger, state: Overlay, signer: str = "Gov") -> Act:
    """Return a record of a partner on its way through a rule."""
    number = NUMBERS[signer]
    moment = (ledger.height + 1, ledger.time_ms)
    return Act(state, directory.limits(state), moment, (number, directory.partner(state, number)), (b"", 0))


def test_what_the_law_suspects_is_cleared_by_its_holder_or_a_regulator(ledger: Ledger) -> None:
    for key in items("pack-1", "pack-2"):
        hold(ledger, HoldKind.SUSPECT, THE_LAW, key)
    refused = ledger.submit("Bulk", Clear(HEAD, bytes(32), ONE))
    assert (refused.code, refused.subject) == (Code.NOT_HOLDER, ONE[0])
    assert ledger.submit("Acme", Clear(HEAD, bytes(32), ONE)).code == "accepted"
    assert ledger.submit("Gov", Clear(HEAD, bytes(32), items("pack-2"))).code == "accepted"


def test_two_suspicions_become_one_confirmation(ledger: Ledger) -> None:
    hold(ledger, HoldKind.SUSPECT, THE_LAW, item("pack-1"))
    hold(ledger, HoldKind.SUSPECT, NUMBERS["Bulk"], item("pack-1"))
    assert ledger.submit("Gov", ConfirmIllegitimate(HEAD, ONE)).code == "accepted"
    found = locate(ledger.state(), item("pack-1"))
    assert found is not None
    assert effective_holds(found) == ((HoldKind.ILLEGITIMATE, NUMBERS["Gov"]),)


def test_a_regulator_is_noted_once() -> None:
    state = Overlay(Ledger().reader)
    gov = NUMBERS["Gov"]
    assert concerned.regulators(state) == (gov,)
    concerned.add_regulator(state, 3)
    concerned.add_regulator(state, 3)
    assert concerned.regulators(state) == (3, gov)
