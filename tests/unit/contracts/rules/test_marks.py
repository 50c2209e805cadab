"""How many recalls may speak of one thing, what makes room again, and what late serials cost."""

import msgspec
import pytest

from contracts.ledger.receipt import ACCEPTED
from contracts.records.coldchain import LoggerOn, StorageProfile
from contracts.records.lots import MaterialLot, TraceLot
from contracts.records.recall import CloseRecall, Scope, WidenRecall, recall_id
from contracts.records.record import Record
from contracts.rules import reaching
from contracts.rules.codes import Code
from contracts.state import excursions, genealogy, recalls
from contracts.state.layout import LOTS, number_key
from tests.scenarios.law.world import Ledger, gln, gtin, item, items
from tests.unit.contracts.rules.test_forms_recall import (
    DIRECTORY,
    HEAD,
    LOT,
    PLANT,
    made,
    opening,
    scope,
)

POWDER = gtin("duo")
MANY = 1_000


@pytest.fixture
def ledger() -> Ledger:
    """Packs of one lot, made on three lines."""
    ledger = Ledger()
    for line in (b"1", b"2", b"3"):
        done(ledger, made(line, line=line, hour=5))
    return ledger


def done(ledger: Ledger, record: Record, signer: str = "Acme") -> bytes:
    """Submit what is accepted; return the id of the recall that it may have opened."""
    receipt = ledger.submit(signer, record)
    assert receipt.code == ACCEPTED, receipt
    return recall_id(receipt.document_id, 0)


def refused(ledger: Ledger, record: Record) -> tuple[str, bytes]:
    receipt = ledger.submit("Acme", record)
    return receipt.code, receipt.subject


def of_line(line: bytes) -> Scope:
    return scope(gtin=gtin("pack"), line=line)


def marks(ledger: Ledger) -> tuple[tuple[int, int, int], ...]:
    return ledger.state().require(LOTS, number_key(1)).marks


def test_a_lot_bears_so_many_marks_and_one_on_all_of_it_makes_room(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalls, "MAX_MARKS", 2)
    first = done(ledger, opening(of_line(b"1"), of_line(b"2")))
    before = marks(ledger)
    assert refused(ledger, opening(of_line(b"3"))) == (Code.TOO_MANY_MARKS, b"L1")
    assert marks(ledger) == before
    # A drill marks nothing, so it needs no room.
    done(ledger, opening(of_line(b"3"), drill=1))
    done(ledger, WidenRecall(HEAD, first, (LOT,)))
    assert marks(ledger) == ((0, before[0][1], 1),)
    done(ledger, opening(of_line(b"3")))


def test_what_is_entered_late_finds_room_in_another_lot(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalls, "MAX_MARKS", 1)
    done(ledger, opening(of_line(b"2")))
    late = made(b"9", line=b"2", hour=6)
    assert refused(ledger, late) == (Code.TOO_MANY_MARKS, b"L1")
    done(ledger, made(b"9", line=b"2", hour=6, lot=b"L2"))


def test_a_product_and_a_site_have_so_many_open_recalls(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalls, "MAX_OPEN", 1)
    done(ledger, msgspec.structs.replace(made(b"20", lot=b"L5"), head=PLANT))
    for one, name in ((LOT, gtin("pack")), (scope(site=gln("Plant")), gln("Plant"))):
        opened = done(ledger, opening(one))
        assert refused(ledger, opening(one)) == (Code.TOO_MANY_MARKS, name)
        done(ledger, CloseRecall(HEAD, opened), "Gov")
        done(ledger, opening(one))


def test_a_session_a_material_and_an_item_are_named_by_so_many(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excursions, "MAX_RECALLS", 1)
    monkeypatch.setattr(genealogy, "MAX_NAMED", 1)
    monkeypatch.setattr(reaching, "MAX_ITEM_RECALLS", 1)
    done(ledger, StorageProfile(HEAD, gtin("pack"), 200, 800, 0, 0, 900))
    done(ledger, LoggerOn(HEAD, b"\x03L1", item("pack-1")))
    done(ledger, TraceLot(HEAD, gtin("pack"), b"L1", (MaterialLot(POWDER, b"M1"),), ()))
    for one in (
        scope(gtin=gtin("pack"), items=items("pack-2")),
        scope(material_gtin=POWDER, material_lot=b"M1"),
        scope(session=1),
    ):
        done(ledger, opening(one))
        assert refused(ledger, opening(one))[0] == Code.TOO_MANY_MARKS


def test_a_lot_is_reached_through_its_materials_by_so_many(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(genealogy, "MAX_REACHED", 1)
    for lot in (b"M1", b"M2"):
        done(ledger, TraceLot(HEAD, gtin("pack"), b"L1", (MaterialLot(POWDER, lot),), ()))
    done(ledger, opening(scope(material_gtin=POWDER, material_lot=b"M1")))
    assert refused(ledger, opening(scope(material_gtin=POWDER, material_lot=b"M2"))) == (
        Code.TOO_MANY_MARKS,
        b"L1",
    )


def test_serials_are_looked_up_in_ranges_at_the_cost_of_one_row(ledger: Ledger) -> None:
    ranges = [
        scope(gtin=gtin("pack"), first_serial=b"%07d" % at, last_serial=b"%07d" % (at + 9))
        for at in range(0, 64 * 100, 100)
    ]
    done(ledger, made(b"0000001", lot=b"L2"))
    done(ledger, opening(*ranges))
    serials = tuple(b"%07d" % at for at in range(10, 10 + MANY))
    bundle = ledger.bundle("Acme", [ledger.document(made(*serials, lot=b"L2"))])
    ledger.reader.reads.clear()
    result = ledger.block(bundle)
    assert result.receipts[0].code == ACCEPTED
    (reached,) = result.receipts[0].events
    assert len(reached.items) == 10 * 10
    # Beside the serials the lane, the lot and its make; and of recalls which are open, and the one that is.
    assert sum(key[:1] not in DIRECTORY for key in ledger.reader.reads) <= MANY + 10
