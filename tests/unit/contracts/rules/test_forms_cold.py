"""Refusals and bounds of the cold chain that no sentence of a scenario would say."""

import msgspec
import pytest

from contracts.chain.genesis import Product
from contracts.chain.parameters import Limits
from contracts.gs1.dates import parse_date
from contracts.gs1.keys import check_digit, pack_gtin, sgtin
from contracts.ledger.receipt import ACCEPTED
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, Pack
from contracts.records.transformation import Transform
from contracts.rules.codes import Code
from contracts.rules.cold_chain import MAX_JUDGED
from contracts.rules.readings import MAX_READINGS
from tests.scenarios.law.world import PARTY_GLN, START_MS, Ledger, gtin, item, items, small_genesis

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
NOWHERE = b"\x00\x00\x00\x00\x00\x01"
PROFILE = StorageProfile(HEAD, gtin("pack"), 200, 800, 600, 1_200, 900)
START_S = START_MS // 1_000
HUGE = 1 << 62


def logger(number: int) -> bytes:
    return b"\x03L%d" % number


def packs(*serials: bytes, kind: str = "pack") -> Commission:
    return Commission(HEAD, gtin(kind), b"L1", EXPIRY, b"", 0, serials)


@pytest.fixture
def ledger() -> Ledger:
    """Packs of a product with a storage profile, and a logger on one of them."""
    ledger = Ledger()
    for record in (PROFILE, packs(b"1", b"2"), LoggerOn(HEAD, logger(1), item("pack-1"))):
        assert ledger.submit("Acme", record).code == ACCEPTED
    return ledger


BAD = (
    (Code.PRODUCT_UNKNOWN, msgspec.structs.replace(PROFILE, gtin=NOWHERE)),
    (Code.STORAGE_PROFILE_INVALID, msgspec.structs.replace(PROFILE, budget_s=HUGE)),
    (Code.STORAGE_PROFILE_INVALID, msgspec.structs.replace(PROFILE, longest_gap_s=HUGE)),
    (Code.STORAGE_PROFILE_INVALID, msgspec.structs.replace(PROFILE, high=HUGE)),
    (Code.STORAGE_PROFILE_INVALID, msgspec.structs.replace(PROFILE, allowance_s=-1)),
    (Code.PRODUCT_UNKNOWN, ClearSession(HEAD, 1, NOWHERE)),
    (Code.SESSION_UNKNOWN, ClearSession(HEAD, -1, gtin("pack"))),
    (Code.SESSION_UNKNOWN, ClearSession(HEAD, HUGE, gtin("pack"))),
    (Code.LOGGER_INVALID, LoggerOn(HEAD, b"", item("pack-1"))),
    (Code.ITEM_UNKNOWN, LoggerOn(HEAD, logger(2), b"")),
    (Code.LOGGER_UNKNOWN, LoggerOff(HEAD, b"\xff" * 40)),
    (Code.LOGGER_UNKNOWN, Readings(HEAD, b"", ((START_S, 1),))),
    (Code.READINGS_INVALID, Readings(HEAD, logger(1), ())),
    (Code.READINGS_INVALID, Readings(HEAD, logger(1), ((START_S, HUGE),))),
    (Code.READINGS_INVALID, Readings(HEAD, logger(1), ((HUGE, 500),))),
    (Code.READINGS_OUT_OF_ORDER, Readings(HEAD, logger(1), ((-HUGE, 500),))),
)


@pytest.mark.parametrize(("code", "record"), BAD)
def test_a_malformed_record_is_refused(ledger: Ledger, code: Code, record: Record) -> None:
    assert ledger.submit("Acme", record).code == code


def test_a_record_has_so_many_readings_and_no_more(ledger: Ledger) -> None:
    ledger.wait(10_000_000)
    readings = tuple((START_S + at, 500) for at in range(MAX_READINGS + 1))
    assert ledger.submit("Acme", Readings(HEAD, logger(1), readings)).code == Code.READINGS_INVALID
    assert ledger.submit("Acme", Readings(HEAD, logger(1), readings[:-1])).code == ACCEPTED


def test_an_item_has_no_more_exposures_than_a_container_sources() -> None:
    ledger = Ledger(small_genesis(Limits(container_sources=2)))
    ledger.submit("Acme", packs(b"1", b"2", b"3"))
    ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-2", "pack-3")))
    codes = [ledger.submit("Acme", LoggerOn(HEAD, logger(at), item("pack-1"))).code for at in (1, 2, 3)]
    assert codes == [ACCEPTED, ACCEPTED, Code.CONTAINER_TOO_MIXED]
    for at, key in ((4, "pack-2"), (5, "pack-3")):
        assert ledger.submit("Acme", LoggerOn(HEAD, logger(at), item(key))).code == ACCEPTED
    full = ledger.submit("Acme", LoggerOn(HEAD, logger(6), item("pack-3")))
    assert (full.code, full.subject) == (Code.CONTAINER_TOO_MIXED, item("pack-3"))
    into = ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-1")))
    assert into.code == Code.CONTAINER_TOO_MIXED


def test_what_is_repacked_takes_along_no_more_exposures_than_a_container_sources() -> None:
    ledger = Ledger(small_genesis(Limits(container_sources=2)))
    ledger.submit("Acme", packs(b"1", b"2", b"3"))
    for at in (1, 2, 3):
        assert ledger.submit("Acme", LoggerOn(HEAD, logger(at), item(f"pack-{at}"))).code == ACCEPTED
    made = (gtin("pack"), b"R1", EXPIRY, b"", 0, (b"9",))
    full = ledger.submit("Acme", Transform(HEAD, items("pack-1", "pack-2", "pack-3"), *made, 2))
    assert (full.code, full.subject) == (Code.CONTAINER_TOO_MIXED, gtin("pack"))
    assert ledger.submit("Acme", Transform(HEAD, items("pack-1", "pack-2"), *made, 1)).code == ACCEPTED


def test_a_session_is_judged_for_so_many_products_and_no_more() -> None:
    body = "04012345{:05d}"
    numbers = [body.format(at) + str(check_digit(body.format(at))) for at in range(50, 51 + MAX_JUDGED)]
    some = small_genesis()
    more = tuple(Product(number, PARTY_GLN["Acme"], number, ("DE",)) for number in numbers)
    ledger = Ledger(msgspec.structs.replace(some, products=(*some.products, *more)))
    for number in numbers:
        kept = msgspec.structs.replace(PROFILE, gtin=pack_gtin(number))
        made = Commission(HEAD, pack_gtin(number), b"L1", EXPIRY, b"", 0, (b"1",))
        assert ledger.submit("Acme", kept, made).code == ACCEPTED
    keys = tuple(sgtin(number, "1") for number in numbers)
    for unit, inside in (("pallet-1", keys[:-1]), ("pallet-2", keys[-1:])):
        assert ledger.submit("Acme", Pack(HEAD, item(unit), inside)).code == ACCEPTED
    assert ledger.submit("Acme", LoggerOn(HEAD, logger(1), item("pallet-1"))).code == ACCEPTED
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-1"), keys[-1:])).code == Code.CONTAINER_TOO_MIXED
    anew = Transform(HEAD, keys[:1], pack_gtin(numbers[-1]), b"L2", EXPIRY, b"", 0, (b"2",), 0)
    repacked = ledger.submit("Acme", anew)
    assert (repacked.code, repacked.subject) == (Code.CONTAINER_TOO_MIXED, pack_gtin(numbers[-1]))
    assert ledger.submit("Acme", LoggerOff(HEAD, logger(1))).code == ACCEPTED
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-1"), keys[-1:])).code == ACCEPTED
    full = ledger.submit("Acme", LoggerOn(HEAD, logger(2), item("pallet-1")))
    assert (full.code, full.subject) == (Code.CONTAINER_TOO_MIXED, item("pallet-1"))
