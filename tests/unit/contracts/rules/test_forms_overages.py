"""Rule 6: refusals that no sentence would say, what it costs, and what else becomes of claimed goods."""

import pytest

from contracts.gs1.dates import parse_date
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose
from contracts.records.head import Head
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.record import Record
from contracts.records.supply import Commission, Unpack
from contracts.records.verification import VerificationReason, VerificationResult, Verify
from contracts.rules.codes import Code
from contracts.state.layout import OVERAGE_COUNTS, OVERAGES, overage_key
from contracts.state.overages import find_overage
from tests.scenarios.law.world import DAY_MS, ROLES, START_MS, Ledger, gln, gtin, item
from tests.unit.contracts.rules.test_costs import (
    HALL,
    MAX_READS,
    MAX_WRITES,
    PALLET,
    PLANT,
    SIZES,
    SOURCES,
    Yard,
)

NOWHERE = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
BULK = list(ROLES).index("Bulk") + 1
ONE = (item("pack-1"),)
REFUSED: tuple[tuple[Code, Record, bytes], ...] = (
    (Code.NOTHING_LISTED, ClaimOverage(NOWHERE, bytes(16), ()), b""),
    (Code.LISTED_TWICE, ClaimOverage(NOWHERE, bytes(16), ONE * 2), ONE[0]),
    (Code.SHIPMENT_UNKNOWN, ClaimOverage(NOWHERE, b"", ONE), b""),
    (Code.NOTHING_LISTED, EndOverage(NOWHERE, OverageEnd.MISTAKEN, ()), b""),
    (Code.ITEM_UNKNOWN, EndOverage(NOWHERE, OverageEnd.SENT_BACK, (b"x",)), b"x"),
)


@pytest.mark.parametrize(("code", "record", "subject"), REFUSED, ids=lambda value: str(value)[:40])
def test_a_malformed_record_is_refused(code: Code, record: Record, subject: bytes) -> None:
    receipt = Ledger().submit("Bulk", record)
    assert (receipt.code, receipt.subject) == (code, subject)


def received(yard: Yard) -> bytes:
    """Let Bulk receive one pack beside the pallet; return the shipment."""
    extra = Commission(PLANT, gtin("pack"), b"L0", EXPIRY, b"", 0, (b"extra",))
    yard.cost("Acme", extra)
    only = (item("pack-extra"),)
    yard.cost("Acme", Ship(PLANT, only, gln("Bulk"), b"", ShipPurpose.SALE, 1, 0, b"", ()))
    shipment = yard.last_shipment()
    yard.cost("Bulk", Receive(HALL, shipment, ReceiveMode.ALL, ()))
    return shipment


@pytest.mark.parametrize("packs", SIZES)
def test_claiming_a_pallet_costs_as_much_as_its_makes_and_not_as_its_packs(packs: int) -> None:
    yard = Yard(packs)
    shipment = received(yard)
    claimed = yard.cost("Bulk", ClaimOverage(HALL, shipment, (PALLET,)))
    assert claimed.reads <= MAX_READS + SOURCES
    # The lane, the pallet, the claim and the count of the shipment.
    assert claimed.writes == 4
    moved = yard.cost("Acme", yard.ship())
    assert moved.reads <= MAX_READS + SOURCES
    assert moved.writes <= MAX_WRITES
    late = yard.cost("Bulk", Receive(HALL, yard.last_shipment(), ReceiveMode.ALL, ()))
    # The lane, and the shipment.
    assert late.writes == 2


@pytest.mark.parametrize("packs", SIZES)
def test_claiming_one_pack_of_a_pallet_touches_the_pack_and_what_it_is_inside(packs: int) -> None:
    yard = Yard(packs)
    shipment = received(yard)
    one = (yard.keys[7],)
    claimed = yard.cost("Bulk", ClaimOverage(HALL, shipment, one))
    # The lane, the shipment, its count, the claim before, pack, pallet and its contents, the lot.
    assert claimed.reads <= MAX_READS
    # The lane, the pack, the pallet's contents, the claim and the count.
    assert claimed.writes == 5
    ended = yard.cost("Bulk", EndOverage(NOWHERE, OverageEnd.MISTAKEN, one))
    assert (ended.reads, ended.writes) == (5, 3)


def test_what_comes_out_of_a_claimed_pallet_has_a_claim_of_its_own() -> None:
    yard = Yard(10)
    shipment = received(yard)
    yard.cost("Bulk", ClaimOverage(HALL, shipment, (PALLET,)))
    before = find_overage(yard.ledger.state(), BULK, PALLET)
    assert before is not None
    assert before.shipment == shipment
    yard.cost("Acme", Unpack(PLANT, PALLET, yard.keys[:2]))
    state = yard.ledger.state()
    assert [find_overage(state, BULK, key) for key in yard.keys[:3]] == [before, before, None]
    yard.cost("Bulk", EndOverage(NOWHERE, OverageEnd.MISTAKEN, (PALLET,)))
    # What came out stays claimed; what is still inside is free.
    contest = EndOverage(NOWHERE, OverageEnd.CONTESTED, yard.keys[:1])
    yard.cost("Acme", contest, Code.CLAIM_STILL_STANDS)
    yard.ledger.wait(4 * DAY_MS)
    yard.cost("Acme", contest)


def test_the_holder_looks_at_what_is_sent_back_in_a_later_block() -> None:
    yard = Yard(10)
    shipment = received(yard)
    one = yard.keys[:1]
    yard.cost("Bulk", ClaimOverage(HALL, shipment, one))
    ledger = yard.ledger
    back = ledger.document(EndOverage(NOWHERE, OverageEnd.SENT_BACK, one))
    looked = Verify(NOWHERE, one, b"", 0, VerificationResult.VERIFIED, VerificationReason.ROUTINE)
    same = [ledger.bundle("Bulk", [back]), ledger.bundle("Acme", [ledger.document(looked)])]
    codes = [receipt.code for receipt in ledger.block(*same).receipts]
    assert codes == ["accepted", Code.VERIFIED_TOO_SOON]
    yard.cost("Acme", looked)


def test_a_claim_leaves_a_row_for_the_item_and_a_count_for_the_shipment() -> None:
    yard = Yard(10)
    shipment = received(yard)
    yard.cost("Bulk", ClaimOverage(HALL, shipment, yard.keys[:2]))
    yard.cost("Bulk", EndOverage(NOWHERE, OverageEnd.MISTAKEN, yard.keys[:2]))
    state = yard.ledger.state()
    assert state.read(OVERAGE_COUNTS, shipment) == 2
    assert state.read(OVERAGES, overage_key(BULK, yard.keys[0])) is not None
