"""Recalls of cold-chain excursions: forms that no sentence would say, and what they cost."""

import msgspec
import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.coldchain import ClearSession, LoggerOn, Readings, StorageProfile
from contracts.records.head import Head
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
from contracts.rules.codes import Code
from contracts.state import excursions
from tests.scenarios.law.world import START_MS, Ledger, gtin, item
from tests.unit.contracts.rules.test_costs import MAX_READS, MAX_WRITES, PALLET, SIZES, SOURCES, Yard

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
LOGGER = b"\x03L1"
KEPT = StorageProfile(HEAD, gtin("pack"), 200, 800, 0, 0, 900)
TOO_WARM = tuple((START_MS // 1_000 + at, 900) for at in (1, 2, 3))
SESSION = Scope(b"", 0, b"", b"", 0, 0, b"", "", (), b"", b"", session=1)
OF_PACKS = msgspec.structs.replace(SESSION, gtin=gtin("pack"))
ONE_LOT = msgspec.structs.replace(OF_PACKS, lot=b"L9")


def recall(*scope: Scope) -> OpenRecall:
    return OpenRecall(
        *(HEAD, RecallKind.RECALL, 0, RecallOrigin.VOLUNTARY, RecallClass.UNCLASSIFIED),
        *(RecallDepth.RETAIL, RecallReason.COLD_CHAIN, scope, b"", b"", 0),
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"session": -1}, Code.SCOPE_INVALID),
        ({"session": 1 << 32}, Code.SCOPE_INVALID),
        ({"session": 1 << 62}, Code.SCOPE_INVALID),
        ({"items": (item("pack-1"),)}, Code.SCOPE_INVALID),
        ({"first_serial": b"1", "last_serial": b"2"}, Code.SCOPE_INVALID),
        ({"material_gtin": gtin("pack"), "material_lot": b"M"}, Code.SCOPE_INVALID),
        ({"session": (1 << 32) - 1}, Code.SESSION_UNKNOWN),
        ({"market": "XX"}, Code.SCOPE_EMPTY),
        ({"gtin": gtin("vial")}, Code.SCOPE_EMPTY),
    ],
)
def test_a_session_that_no_recall_can_mean(change: dict[str, object], code: Code) -> None:
    ledger = Ledger()
    made = Commission(HEAD, gtin("pack"), b"L1", EXPIRY, b"", 0, (b"1",))
    for record in (KEPT, made, LoggerOn(HEAD, LOGGER, item("pack-1"))):
        assert ledger.submit("Acme", record).code == ACCEPTED
    assert ledger.submit("Acme", recall(msgspec.structs.replace(OF_PACKS, **change))).code == code
    assert ledger.submit("Acme", recall(OF_PACKS)).code == ACCEPTED


def too_warm(packs: int) -> Yard:
    """Return a pallet on which it was too warm, and that its maker cleared."""
    yard = Yard(packs)
    made = Commission(HEAD, gtin("pack"), b"L9", EXPIRY, b"", 0, (b"OTHER",))
    for record in (KEPT, made, LoggerOn(HEAD, LOGGER, PALLET), Readings(HEAD, LOGGER, TOO_WARM)):
        yard.cost("Acme", record)
    yard.cost("Acme", ClearSession(HEAD, 1, gtin("pack")))
    return yard


@pytest.mark.parametrize("packs", SIZES)
def test_a_recall_of_a_session_costs_the_same_whatever_is_in_it(packs: int) -> None:
    yard = too_warm(packs)
    # The recall: itself, its id, the counter, the session; when a receipt was written and the law's own rows.
    assert yard.cost("Acme", recall(OF_PACKS)).writes <= MAX_WRITES
    assert yard.cost("Acme", yard.ship(), Code.RECALLED).writes <= MAX_WRITES


@pytest.mark.parametrize("packs", SIZES)
def test_a_pallet_that_a_recall_of_its_session_spares_costs_two_reads_for_each_make(packs: int) -> None:
    yard = too_warm(packs)
    yard.cost("Acme", recall(ONE_LOT))
    cost = yard.cost("Acme", yard.ship())
    assert cost.reads <= MAX_READS + SOURCES + 2 + 2 * SOURCES
    assert cost.writes <= MAX_WRITES


def test_what_comes_of_more_than_can_be_asked_is_called_back(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = too_warm(SIZES[0])
    yard.cost("Acme", recall(ONE_LOT))
    monkeypatch.setattr(excursions, "MAX_ORIGINS", 0)
    yard.cost("Acme", yard.ship(), Code.RECALLED)
