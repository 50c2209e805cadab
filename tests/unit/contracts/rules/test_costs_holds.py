"""What holding back, looking at and letting go costs: it does not follow the pallet's size."""

import msgspec
import pytest

from contracts.gs1.dates import MS_PER_DAY
from contracts.records.custody import Void
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
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from tests.scenarios.law.world import START_MS, gln
from tests.unit.contracts.rules.test_costs import (
    MAX_READS,
    MAX_WRITES,
    PALLET,
    PLANT,
    SIZES,
    SOURCES,
    Yard,
)

NOWHERE = Head(START_MS, 60, b"")
SHOP = Head(START_MS, 60, gln("Shop"))
PACK_READS, PACK_WRITES = 1 + 1 + 1 + 1, 1 + 1 + 1
"""The lane, the pack, the pallet and its contents; all of them but the pallet's own row are written."""


def verify(*items: bytes) -> Verify:
    return Verify(NOWHERE, items, b"", 0, VerificationResult.VERIFIED, VerificationReason.ROUTINE)


@pytest.mark.parametrize("packs", SIZES)
def test_holding_one_pack_of_a_pallet_touches_the_pack_and_what_it_is_inside(packs: int) -> None:
    yard = Yard(packs)
    one = (yard.keys[7],)
    for record in (PlaceHold(NOWHERE, HoldAction.LOCK, one), LiftHold(NOWHERE, HoldAction.LOCK, one)):
        cost = yard.cost("Acme", record)
        assert (cost.reads, cost.writes) == (PACK_READS, PACK_WRITES)


@pytest.mark.parametrize("packs", SIZES)
def test_suspicion_of_one_pack_reads_its_lot_beside_that(packs: int) -> None:
    yard = Yard(packs)
    one = (yard.keys[7],)
    suspect = Suspect(NOWHERE, SuspectGround.COUNTERFEIT, one)
    for signer, record in (
        ("Acme", suspect),
        ("Acme", Clear(NOWHERE, bytes(32), one)),
        ("Acme", suspect),
        ("Gov", Clear(NOWHERE, bytes(32), one)),
        ("Acme", Report(NOWHERE, Finding.COPIED, one)),
    ):
        cost = yard.cost(signer, record)
        assert (cost.reads, cost.writes) == (PACK_READS + 1, PACK_WRITES)
    # The pack was dirty, and stays so: its pallet need not be told.
    confirmed = yard.cost("Gov", ConfirmIllegitimate(NOWHERE, one))
    assert (confirmed.reads, confirmed.writes) == (PACK_READS, PACK_WRITES - 1)
    # Somebody else's finding writes the lane, and the first time who relied on it.
    report = yard.cost("Dale", Report(NOWHERE, Finding.COPIED, one))
    assert (report.reads, report.writes) == (PACK_READS, 2)


@pytest.mark.parametrize("packs", SIZES)
def test_a_whole_pallet_is_held_in_a_row_and_suspected_with_a_read_for_each_lot(packs: int) -> None:
    yard = Yard(packs)
    pallet = (PALLET,)
    for record in (
        PlaceHold(NOWHERE, HoldAction.QUARANTINE, pallet),
        LiftHold(NOWHERE, HoldAction.QUARANTINE, pallet),
        verify(PALLET),
    ):
        cost = yard.cost("Acme", record)
        assert cost.reads <= 2
        assert cost.writes <= 2
    cost = yard.cost("Acme", Suspect(NOWHERE, SuspectGround.STOLEN, pallet))
    assert (cost.reads, cost.writes) == (1 + 1 + 1 + SOURCES, 1 + 1)


@pytest.mark.parametrize("packs", SIZES)
def test_an_overdue_shipment_is_one_row_and_its_end_a_few(packs: int) -> None:
    yard = Yard(packs)
    yard.cost("Acme", yard.ship())
    shipment = yard.last_shipment()
    yard.ledger.wait(60 * MS_PER_DAY)
    # The block after so long marks its time, whatever it holds: see the window of evidence.
    yard.ledger.idle(1)
    cost = yard.cost("Dale", DeclareOverdue(msgspec.structs.replace(SHOP, premises=b""), shipment))
    assert (cost.reads, cost.writes) == (2, 2)
    cost = yard.cost("Acme", Void(PLANT, shipment, ()))
    # Beside the lane and the shipment: when the law last held goods of this partner back.
    assert (cost.reads, cost.writes) == (3, 3)
    cost = yard.cost("Acme", verify(PALLET))
    assert (cost.reads, cost.writes) == (4, 2)


def test_a_list_costs_what_it_lists() -> None:
    yard = Yard(10_000)
    several = yard.keys[:4]
    cost = yard.cost("Acme", PlaceHold(NOWHERE, HoldAction.LOCK, several))
    assert (cost.reads, cost.writes) == (PACK_READS + 3, PACK_WRITES + 3)
    assert cost.reads <= MAX_READS
    assert cost.writes <= MAX_WRITES
