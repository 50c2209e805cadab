"""Forms and costs of rule 25 that no sentence of the scenarios can say."""

import msgspec
import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.events import EventKind
from contracts.ledger.receipt import ACCEPTED
from contracts.records.head import Head
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround
from contracts.records.recall import (
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    Scope,
    recall_id,
)
from contracts.records.record import Record
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from contracts.rules.codes import Code
from contracts.state.layout import ITEMS, LISTS, LOTS, TABLES, number_key
from contracts.state.lists import derived_from_make
from contracts.state.recall_rows import NumbersRow
from contracts.state.rows import MAKES_PER_LOT, MAX_MAKES, HoldKind
from contracts.state.scopes import MAX_ROWS
from contracts.state.view import Overlay
from tests.scenarios.law.words_onboarding import EVIDENCE
from tests.scenarios.law.world import ROLES, START_MS, Ledger, gln, gtin, item, items, small_genesis

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
CLAIM = Onboard(HEAD, OnboardGround.STOCK, gln("Acme"), EVIDENCE, gtin("pack"), b"L1", EXPIRY, (b"1",))
MADE = Commission(HEAD, gtin("pack"), b"L1", EXPIRY, b"", 0, (b"1", b"2"))
DIRECTORY = {table.prefix for table in TABLES if table.is_directory}


@pytest.fixture
def ledger() -> Ledger:
    """Where Bulk may have many claims."""
    genesis = small_genesis()
    wide = msgspec.structs.replace(genesis.profiles[0], onboard_items=10_000)
    return Ledger(msgspec.structs.replace(genesis, profiles=(wide, *genesis.profiles[1:])))


def cost(ledger: Ledger, signer: str, record: Record) -> tuple[int, int]:
    """Return rows read, but for the directory's, and rows written by an accepted record."""
    bundle = ledger.bundle(signer, [ledger.document(record)])
    ledger.reader.reads.clear()
    result = ledger.block(bundle)
    assert result.receipts[0].code == ACCEPTED
    return sum(key[:1] not in DIRECTORY for key in ledger.reader.reads), len(result.writes)


@pytest.mark.parametrize(
    ("serials", "code"),
    [
        ((b"",), Code.SERIAL_INVALID),
        ((b"#",), Code.SERIAL_INVALID),
        ((), Code.NOTHING_LISTED),
        ((b"1", b"1"), Code.LISTED_TWICE),
    ],
)
def test_serials_are_asked_as_in_a_commission(ledger: Ledger, serials: tuple[bytes, ...], code: Code) -> None:
    assert ledger.submit("Bulk", msgspec.structs.replace(CLAIM, serials=serials)).code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [({"lot": b""}, Code.LOT_INVALID), ({"expiry": -1}, Code.EXPIRY_INVALID)],
)
def test_lot_and_expiry_are_asked_as_in_a_commission(
    ledger: Ledger, change: dict[str, object], code: Code
) -> None:
    assert ledger.submit("Bulk", msgspec.structs.replace(CLAIM, **change)).code == code


def test_a_claimed_lot_has_so_many_claims_and_a_known_one_goes_on(ledger: Ledger) -> None:
    ledger.submit("Bulk", CLAIM)
    state = Overlay(ledger.reader)
    [key] = [key[1:] for key in ledger.reader.rows if key.startswith(LOTS.prefix)]
    state.write(LOTS, key, msgspec.structs.replace(state.require(LOTS, key), makes=MAX_MAKES))
    ledger.keep(state.changes())
    more = msgspec.structs.replace(CLAIM, serials=(b"2",))
    other = msgspec.structs.replace(CLAIM, serials=(b"3",), evidence=bytes(32))
    assert ledger.submit("Bulk", more).code == ACCEPTED
    receipt = ledger.submit("Bulk", other)
    assert (receipt.code, receipt.subject) == (Code.LOT_TOO_MIXED, b"L1")


def test_what_was_onboarded_comes_out_of_no_repacking(ledger: Ledger) -> None:
    ledger.submit("Bulk", CLAIM)
    made = msgspec.structs.replace(MADE, serials=(b"7",))
    assert ledger.submit("Acme", made).code == ACCEPTED
    repacked = Transform(HEAD, items("pack-7"), gtin("pack"), b"L1", EXPIRY, b"", 0, (b"1",), 0)
    assert ledger.submit("Acme", repacked).code == Code.ALREADY_COMMISSIONED


def test_a_delivery_is_one_source_however_it_is_entered(ledger: Ledger) -> None:
    for serial in (b"1", b"2", b"3"):
        ledger.submit("Bulk", msgspec.structs.replace(CLAIM, serials=(serial,)))
    sources = {ledger.state().require(ITEMS, item(f"pack-{serial}")).source for serial in (1, 2, 3)}
    assert len(sources) == 1


def test_a_recall_of_the_make_before_the_claim_was_confirmed_reaches_it_too(ledger: Ledger) -> None:
    hour = START_MS - 3_600_000
    ledger.submit("Bulk", CLAIM)
    made = msgspec.structs.replace(MADE, line=b"2", made_at_ms=hour)
    ledger.submit("Acme", msgspec.structs.replace(made, serials=(b"8",)))
    terms = (RecallKind.RECALL, 0, RecallOrigin.VOLUNTARY, RecallClass.UNCLASSIFIED, RecallDepth.RETAIL)
    line = Scope(gtin("pack"), 0, b"L1", b"2", 0, 0, b"", "", (), b"", b"")
    opened = ledger.submit("Acme", OpenRecall(HEAD, *terms, RecallReason.OTHER, (line,), b"", b"", 0))
    receipt = ledger.submit("Acme", made)
    claimed = ledger.state().require(ITEMS, item("pack-1")).source
    marks = ledger.state().require(LOTS, number_key(claimed // MAKES_PER_LOT)).marks
    assert marks == ((claimed % MAKES_PER_LOT, int(HoldKind.RECALLED), 1),)
    [reached] = [event for event in receipt.events if event.kind == EventKind.RECALL_REACHED]
    assert reached.subject == recall_id(opened.document_id, 0)
    assert reached.concerned == (list(ROLES).index("Bulk") + 1,)


def test_onboarding_writes_one_row_for_each_serial(ledger: Ledger) -> None:
    serials = tuple(b"%016d" % number for number in range(1_000))
    reads, writes = cost(ledger, "Bulk", msgspec.structs.replace(CLAIM, serials=serials))
    # Beside the serials: the lane, the counter of lots, the claimed lot's number and row, its place in two
    # lists, the claim's origin, source and row, the count of open claims, and when the law held goods here.
    assert writes == len(serials) + 11
    assert reads <= len(serials) + 14


def test_a_commission_looks_up_each_serial_once_and_pays_for_claimed_ones_only(ledger: Ledger) -> None:
    serials = tuple(b"%016d" % number for number in range(1_000))
    ledger.submit("Bulk", msgspec.structs.replace(CLAIM, serials=serials[500:510]))
    plain = msgspec.structs.replace(MADE, lot=b"L2", serials=tuple(b"X" + one for one in serials))
    base_reads, base_writes = cost(ledger, "Acme", plain)
    reads, writes = cost(ledger, "Acme", msgspec.structs.replace(MADE, serials=serials))
    # Item, claim and answer; item and answer are written. Once: the link, its lists, the claimed lot, count,
    # dates that both lots had.
    assert reads - base_reads <= 10 * 2 + 10
    assert writes - base_writes <= 10 + 6


def test_answers_cost_what_they_name(ledger: Ledger) -> None:
    serials = tuple(b"%d" % number for number in range(100))
    ledger.submit("Bulk", msgspec.structs.replace(CLAIM, serials=serials))
    keys = tuple(item(f"pack-{number}") for number in range(50))
    reads, writes = cost(ledger, "Acme", AnswerClaim(HEAD, ClaimAnswer.CONFIRMED, keys))
    assert (reads, writes) == (1 + 2 * 50 + 2, 1 + 2 * 50 + 1)


def test_a_claim_that_was_repacked_without_end_is_confirmed_by_no_make_under_recall(ledger: Ledger) -> None:
    hour = START_MS - 3_600_000
    ledger.submit("Bulk", CLAIM)
    ledger.submit("Acme", msgspec.structs.replace(MADE, made_at_ms=hour, serials=(b"8",)))
    state = Overlay(ledger.reader)
    maker, claimed = (state.require(ITEMS, item(f"pack-{serial}")).source for serial in (8, 1))
    lot = state.require(LOTS, number_key(maker // MAKES_PER_LOT))
    marked = msgspec.structs.replace(lot, marks=((maker % MAKES_PER_LOT, int(HoldKind.RECALLED), 1),))
    state.write(LOTS, number_key(maker // MAKES_PER_LOT), marked)
    endless = tuple(claimed + number for number in range(1, MAX_ROWS + 1))
    state.write(LISTS, derived_from_make(claimed), NumbersRow(0, endless))
    ledger.keep(state.changes())
    receipt = ledger.submit("Acme", msgspec.structs.replace(MADE, made_at_ms=hour))
    assert (receipt.code, receipt.subject) == (Code.SCOPE_TOO_WIDE, b"L1")
