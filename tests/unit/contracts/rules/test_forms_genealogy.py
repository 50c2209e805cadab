"""Rule 29: forms that no sentence can say, and what it costs."""

import msgspec
import pytest

from contracts.gs1 import keys
from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.head import Head
from contracts.records.lots import MaterialLot, TraceLot
from contracts.records.recall import (
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    Scope,
)
from contracts.records.supply import Commission
from contracts.rules import tracing
from contracts.rules.codes import Code
from contracts.state.genealogy import reached_by
from contracts.state.layout import TABLES
from contracts.state.lists import Budget, entries, made_of_batch
from tests.scenarios.law.words_lots import material
from tests.scenarios.law.world import START_MS, Ledger, gtin

HEAD = Head(START_MS, 60, b"")
PACK = gtin("pack")
POWDER = material("powder M1")
TRACED = TraceLot(HEAD, PACK, b"L1", (POWDER,), ())
SCOPE = Scope(b"", 0, b"", b"", 0, 0, b"", "", (), b"", b"", POWDER.gtin, POWDER.lot)
DIRECTORY = {table.prefix for table in TABLES if table.is_directory}


def changed(**fields: object) -> TraceLot:
    return msgspec.structs.replace(TRACED, **fields)


def powders(count: int, first: int = 0) -> tuple[MaterialLot, ...]:
    return tuple(MaterialLot(POWDER.gtin, b"P%d" % number) for number in range(first, first + count))


def opening(*scope: Scope) -> OpenRecall:
    return OpenRecall(
        *(HEAD, RecallKind.RECALL, 0, RecallOrigin.VOLUNTARY, RecallClass.UNCLASSIFIED),
        *(RecallDepth.CONSUMER, RecallReason.CONTAMINATION, scope, b"", b"", 0),
    )


def made(lot: bytes, serial: bytes = b"1", line: bytes = b"") -> Commission:
    return Commission(HEAD, PACK, lot, parse_date("2027-06-30"), line, 0, (serial,))


@pytest.mark.parametrize(
    ("code", "record"),
    [
        (Code.GTIN_INVALID, changed(gtin=b"\x00" * 5 + b"\x01")),
        (Code.GTIN_INVALID, changed(gtin=b"")),
        (Code.LOT_INVALID, changed(lot=b"")),
        (Code.MATERIAL_INVALID, changed(materials=(MaterialLot(b"gtin", b"M1"),))),
        (Code.MATERIAL_INVALID, changed(materials=(MaterialLot(POWDER.gtin, b"M" * 21),))),
        (Code.RESULT_INVALID, changed(results=(b"short",))),
        (Code.RESULT_INVALID, changed(results=tuple(bytes((at,)) * 32 for at in range(33)))),
        (Code.LISTED_TWICE, changed(results=(bytes(32), bytes(32)))),
        (Code.GENEALOGY_TOO_WIDE, changed(materials=powders(tracing.MAX_MATERIALS + 1))),
    ],
)
def test_a_malformed_genealogy_is_refused(code: Code, record: TraceLot) -> None:
    assert Ledger().submit("Acme", record).code == code


def test_results_alone_are_a_genealogy_and_saying_it_again_changes_nothing() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", changed(materials=(), results=(bytes(32),))).code == ACCEPTED
    assert ledger.submit("Acme", TRACED).code == ACCEPTED
    before = dict(ledger.reader.rows)
    assert ledger.submit("Acme", TRACED).code == ACCEPTED
    changes = [key for key, row in ledger.reader.rows.items() if before.get(key) != row]
    assert [key[:1] for key in changes] == [b"\x10"]


def test_a_lot_has_so_many_materials_and_no_more() -> None:
    ledger = Ledger()
    for first in range(0, tracing.MAX_LOT_MATERIALS, 100):
        assert ledger.submit("Acme", changed(materials=powders(100, first))).code == ACCEPTED
    assert ledger.submit("Acme", changed(materials=powders(100))).code == ACCEPTED
    assert ledger.submit("Acme", TRACED).code == Code.GENEALOGY_TOO_WIDE


def test_a_record_goes_through_so_many_rows_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    ledger.submit("Acme", TRACED)
    ledger.submit("Acme", TraceLot(HEAD, POWDER.gtin, POWDER.lot, powders(20), ()))
    monkeypatch.setattr(tracing, "MAX_TRACED_ROWS", 10)
    assert ledger.submit("Acme", changed(lot=b"L2")).code == Code.GENEALOGY_TOO_WIDE
    monkeypatch.setattr(tracing, "MAX_TRACED_ROWS", 25)
    assert ledger.submit("Acme", changed(lot=b"L2")).code == ACCEPTED


@pytest.mark.parametrize(
    "bad",
    [
        msgspec.structs.replace(SCOPE, material_lot=b""),
        msgspec.structs.replace(SCOPE, material_gtin=b""),
        msgspec.structs.replace(SCOPE, material_gtin=b"gtin"),
        msgspec.structs.replace(SCOPE, material_lot=b"\xff"),
    ],
)
def test_a_material_of_a_scope_is_a_gtin_and_a_lot(bad: Scope) -> None:
    ledger = Ledger()
    ledger.submit("Acme", made(b"L1"), TRACED)
    assert ledger.submit("Acme", opening(bad)).code == Code.SCOPE_INVALID
    assert ledger.submit("Acme", opening(SCOPE)).code == ACCEPTED


def test_a_new_make_learns_of_a_recall_by_two_reads_whatever_it_is_made_of() -> None:
    """One for its batch's number, one for the batch; as many again for each recall that reaches it."""
    ledger = Ledger()
    ledger.submit("Acme", made(b"L0", b"9"), changed(lot=b"L0", materials=(*powders(99), POWDER)))
    ledger.submit("Acme", changed(materials=(*powders(99), POWDER)))
    assert ledger.submit("Acme", opening(SCOPE)).code == ACCEPTED
    assert len(reached_by(ledger.state(), PACK, b"L1")) == 1
    ledger.reader.reads.clear()
    assert ledger.submit("Acme", made(b"L1")).code == ACCEPTED
    batches = [key for key in ledger.reader.reads if key[:1] in (b"\x5a", b"\x5b")]
    assert len(batches) == 2


def test_a_recall_of_a_material_writes_a_row_for_each_lot_and_each_batch() -> None:
    ledger = Ledger()
    for number in range(5):
        lot = b"L%d" % number
        ledger.submit("Acme", made(lot, b"%d" % number), changed(lot=lot))
    before = dict(ledger.reader.rows)
    assert ledger.submit("Acme", opening(SCOPE)).code == ACCEPTED
    changes = [key[:1] for key, row in ledger.reader.rows.items() if before.get(key) != row]
    # Five lots, five batches and the material; the recall itself: number, row, counter; and the lane.
    assert (changes.count(b"\x21"), changes.count(b"\x5b")) == (5, 6)
    assert len(changes) == 5 + 6 + 3 + 1


def test_lots_of_a_material_are_listed_in_the_order_in_which_they_were_said() -> None:
    ledger = Ledger()
    for lot in (b"L9", b"L1", b"L5"):
        ledger.submit("Acme", changed(lot=lot))
    listed = tuple(entries(ledger.state(), made_of_batch(2), Budget(9)))
    assert listed == (1, 3, 4)
    assert keys.unpack_gtin(POWDER.gtin)
