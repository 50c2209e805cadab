"""The millisecond at which a verdict changes."""

from types import SimpleNamespace

import pytest

from contracts.gs1.dates import end_of_day_ms, parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import Ship, ShipPurpose, Void, shipment_id
from contracts.records.head import Head
from contracts.records.supply import Commission, CommissionLogisticUnits, Pack, Unpack
from contracts.rules.implied import again
from contracts.state.places import locate
from tests.scenarios.law.world import DAY_MS, HOUR_MS, START_MS, Ledger, gln, gtin, item, items

HEAD = Head(START_MS, 60, b"")
LAST_DAY = parse_date("2026-03-10")
EXPIRES_MS = end_of_day_ms(LAST_DAY, 60)


def made(expiry: int = LAST_DAY) -> Commission:
    return Commission(HEAD, gtin("pack"), b"L1", expiry, b"", 0, (b"1",))


def sale(deadline_ms: int = 0) -> Ship:
    return Ship(HEAD, items("pack-1"), gln("Bulk"), b"", ShipPurpose.SALE, 1, deadline_ms, b"", ())


def at(ledger: Ledger, time_ms: int) -> Ledger:
    """Set block time of the next block."""
    ledger.time_ms = time_ms - 1
    return ledger


@pytest.mark.parametrize(("offset", "code"), [(-1, ACCEPTED), (0, "expired")])
def test_expired_from_the_first_instant_of_the_next_day(offset: int, code: str) -> None:
    assert at(Ledger(), EXPIRES_MS + offset).submit("Acme", made()).code == code
    ledger = Ledger()
    ledger.submit("Acme", made())
    assert at(ledger, EXPIRES_MS + offset).submit("Acme", sale()).code == code


@pytest.mark.parametrize(("offset", "is_held"), [(0, False), (1, True)])
def test_quarantined_when_voided_after_the_deadline(offset: int, is_held: bool) -> None:
    ledger = Ledger()
    ledger.submit("Acme", made())
    deadline_ms = ledger.context().time_ms + HOUR_MS
    announced = ledger.submit("Acme", sale(deadline_ms))
    assert announced.code == ACCEPTED
    at(ledger, deadline_ms + offset).submit("Acme", Void(HEAD, shipment_id(announced.document_id, 0), ()))
    position = locate(ledger.state(), item("pack-1"))
    assert position is not None
    assert bool(position.row.holds) == is_held


@pytest.mark.parametrize(
    ("deadline", "code"),
    [
        (HOUR_MS - 1, "deadline_too_short"),
        (HOUR_MS, ACCEPTED),
        (30 * DAY_MS, ACCEPTED),
        (30 * DAY_MS + 1, "deadline_too_long"),
    ],
)
def test_the_shortest_and_the_longest_deadline(deadline: int, code: str) -> None:
    ledger = Ledger()
    ledger.submit("Acme", made())
    assert ledger.submit("Acme", sale(ledger.context().time_ms + deadline)).code == code


@pytest.mark.parametrize(("ahead", "code"), [(300_000, ACCEPTED), (300_001, "claimed_time_invalid")])
def test_how_far_ahead_a_claim_may_be(ahead: int, code: str) -> None:
    ledger = Ledger()
    claimed = Head(ledger.context().time_ms + ahead, 0, b"")
    record = Commission(claimed, gtin("pack"), b"L1", LAST_DAY, b"", 0, (b"1",))
    assert ledger.submit("Acme", record).code == code


@pytest.mark.parametrize(("ahead", "code"), [(300_000, ACCEPTED), (300_001, "made_at_invalid")])
def test_how_far_ahead_goods_may_have_been_made(ahead: int, code: str) -> None:
    ledger = Ledger()
    made_at_ms = ledger.context().time_ms + ahead
    record = Commission(HEAD, gtin("pack"), b"L1", LAST_DAY, b"", made_at_ms, (b"1",))
    assert ledger.submit("Acme", record).code == code


@pytest.mark.parametrize(("offset", "code"), [(-1, "sscc_resting"), (0, ACCEPTED)])
def test_how_long_an_emptied_unit_rests(offset: int, code: str) -> None:
    ledger = Ledger()
    ledger.submit("Acme", made(parse_date("2028-01-01")))
    ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-1")))
    emptied_ms = ledger.context().time_ms
    assert ledger.submit("Acme", Unpack(HEAD, item("pallet-1"), items("pack-1"))).code == ACCEPTED
    again_ms = emptied_ms + 365 * DAY_MS + offset
    units = CommissionLogisticUnits(HEAD, items("pallet-1"))
    assert at(ledger, again_ms).submit("Acme", units).code == code


def test_an_item_cannot_vanish_while_its_record_is_judged() -> None:
    act = SimpleNamespace(state=Ledger().state())
    with pytest.raises(LookupError, match="vanished"):
        again(act, item("pack-1"))
