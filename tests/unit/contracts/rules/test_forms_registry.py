"""Rules 24 and 27: refusals that no sentence would say, blocks in which the directory changes, costs."""

import msgspec
import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.admit import PendingState
from contracts.ledger.bundle import OpenBundle
from contracts.ledger.receipt import ACCEPTED
from contracts.records.catalogue import (
    Delegate,
    DelegationStep,
    DescribePremises,
    DescribeProduct,
    OfferProduct,
    ProductFacts,
    TakeProduct,
)
from contracts.records.head import Head
from contracts.records.mandates import ActFor, Mandate
from contracts.records.record import Record
from contracts.records.supply import Commission, Observe, ObserveStep
from contracts.rules.cataloguing import MAX_NAMES, MAX_TEXT
from contracts.rules.codes import Code
from contracts.rules.mandating import MAX_PREMISES
from contracts.state.layout import PREMISES, PRODUCTS, TABLES
from contracts.state.view import Overlay
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin, item, lane_of

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
NOWHERE = b"\x00\x00\x00\x00\x00\x01"
LONG = "x" * (MAX_TEXT + 1)
FACTS = ProductFacts("Tablet", "", "", ("DE",), 1, 1, b"", 0, (), "", 0, "")
TABLET = DescribeProduct(HEAD, gtin("tablet"), FACTS)
BARN = DescribePremises(HEAD, gln("Barn"), "Barn", "", "DE", "warehouse")
LETS = Mandate(HEAD, gln("Janus"), (6,), (), 100)
MADE = Commission(HEAD, gtin("tablet"), b"L1", EXPIRY, b"", 0, (b"1",))
DIRECTORY = {table.prefix for table in TABLES if table.is_directory}


def stated(**changes: object) -> DescribeProduct:
    return msgspec.structs.replace(TABLET, facts=msgspec.structs.replace(FACTS, **changes))


def placed(**changes: object) -> DescribePremises:
    return msgspec.structs.replace(BARN, **changes)


BAD: tuple[tuple[Code, Record], ...] = (
    (Code.GTIN_INVALID, msgspec.structs.replace(TABLET, gtin=b"rubbish")),
    (Code.GTIN_INVALID, msgspec.structs.replace(TABLET, gtin=NOWHERE)),
    (Code.TEXT_INVALID, stated(name="")),
    (Code.TEXT_INVALID, stated(name=LONG)),
    (Code.TEXT_INVALID, stated(strength=LONG)),
    (Code.TEXT_INVALID, stated(form=LONG)),
    (Code.TEXT_INVALID, stated(storage=LONG)),
    (Code.TEXT_INVALID, stated(leaflet=LONG)),
    (Code.TEXT_INVALID, stated(national_numbers=(LONG,))),
    (Code.TEXT_INVALID, stated(national_numbers=("1",) * (MAX_NAMES + 1))),
    (Code.TEXT_INVALID, stated(markets=("DE",) * (MAX_NAMES + 1))),
    (Code.MARKET_UNKNOWN, stated(markets=())),
    (Code.CONTENTS_INVALID, stated(serialisation=4)),
    (Code.CONTENTS_INVALID, stated(serialisation=0)),
    (Code.CONTENTS_INVALID, stated(units_per_pack=0)),
    (Code.CONTENTS_INVALID, stated(logger_required=2)),
    (Code.CONTENTS_INVALID, stated(contains_count=1)),
    (Code.CONTENTS_INVALID, stated(contains_gtin=gtin("pack"))),
    (Code.CONTENTS_INVALID, stated(contains_gtin=gtin("tablet"), contains_count=2)),
    (Code.PRODUCT_UNKNOWN, stated(contains_gtin=NOWHERE, contains_count=2)),
    (Code.PARTNER_UNKNOWN, OfferProduct(HEAD, gtin("pack"), NOWHERE)),
    (Code.PARTNER_UNKNOWN, Delegate(HEAD, gtin("pack"), b"", DelegationStep.GIVEN)),
    (Code.PRODUCT_UNKNOWN, TakeProduct(HEAD, b"")),
    (Code.PARTNER_UNKNOWN, msgspec.structs.replace(LETS, agent=NOWHERE)),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, kinds=())),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, until_height=0)),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, kinds=(), premises=(b"x" * 300,), until_height=0)),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, kinds=(6, 6))),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, kinds=(10, 6))),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, kinds=(999,))),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, until_height=-1)),
    (Code.MANDATE_INVALID, msgspec.structs.replace(LETS, premises=(gln("Plant"),) * (MAX_PREMISES + 1))),
    (Code.LISTED_TWICE, msgspec.structs.replace(LETS, premises=(gln("Plant"),) * 2)),
    (Code.PREMISES_UNKNOWN, msgspec.structs.replace(LETS, premises=(NOWHERE,))),
    (Code.PARTNER_UNKNOWN, ActFor(HEAD, NOWHERE)),
    (Code.GLN_INVALID, placed(gln=b"")),
    (Code.GLN_INVALID, placed(gln=NOWHERE)),
    (Code.TEXT_INVALID, placed(name="")),
    (Code.TEXT_INVALID, placed(name=LONG)),
    (Code.TEXT_INVALID, placed(address=LONG)),
    (Code.TEXT_INVALID, placed(kind="castle")),
    (Code.MARKET_UNKNOWN, placed(market="")),
)


@pytest.mark.parametrize(("code", "record"), BAD, ids=[f"{at}-{code}" for at, (code, _) in enumerate(BAD)])
def test_a_malformed_statement_is_refused(code: Code, record: Record) -> None:
    assert Ledger().submit("Acme", record).code == code


def test_the_limits_themselves_are_allowed() -> None:
    full = "x" * MAX_TEXT
    everything = stated(
        name=full, strength=full, form=full, storage=full, leaflet=full, national_numbers=(full,) * MAX_NAMES
    )
    ledger = Ledger()
    assert ledger.submit("Acme", everything).code == ACCEPTED
    row = ledger.state().require(PRODUCTS, gtin("tablet"))
    assert (row.strength, row.form, row.storage, row.leaflet) == (full,) * 4


def bundles(ledger: Ledger, *spoken: tuple[str, Record]) -> list[OpenBundle]:
    """Return a bundle for each partner's record, all for one block."""
    return [ledger.bundle(signer, [ledger.document(record)]) for signer, record in spoken]


def test_a_change_inside_a_block_is_seen_by_the_next_document_and_after_it() -> None:
    ledger = Ledger()
    helper = Delegate(HEAD, gtin("tablet"), gln("Helper"), DelegationStep.GIVEN)
    first = ledger.bundle("Acme", [ledger.document(TABLET), ledger.document(helper)])
    result = ledger.block(first, *bundles(ledger, ("Helper", MADE)))
    assert [receipt.code for receipt in result.receipts] == [ACCEPTED] * 3
    # The product is in the cache now; what is changed in a block must not be judged by it.
    by_lot = stated(serialisation=2)
    again = msgspec.structs.replace(MADE, serials=(b"2",))
    result = ledger.block(*bundles(ledger, ("Acme", by_lot), ("Helper", again)))
    assert [receipt.code for receipt in result.receipts] == [ACCEPTED, Code.PRODUCT_NOT_SERIALISED]
    assert ledger.submit("Helper", again).code == Code.PRODUCT_NOT_SERIALISED
    assert ledger.submit("Acme", TABLET).code == ACCEPTED
    assert ledger.submit("Helper", again).code == ACCEPTED


def test_a_refused_change_leaves_nothing_in_the_cache() -> None:
    ledger = Ledger()
    refused = ledger.submit("Acme", TABLET, TakeProduct(HEAD, gtin("pack")))
    assert (refused.code, refused.record) == (Code.NOT_OFFERED, 1)
    assert ledger.submit("Acme", MADE).code == Code.PRODUCT_UNKNOWN
    assert ledger.state().read(PRODUCTS, gtin("tablet")) is None


def test_what_is_pending_is_seen_on_top_of_it_and_never_cached() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", TABLET).code == ACCEPTED
    pending = PendingState(ledger.reader, ledger.context(), ledger.directory)
    held = pending.state.require(PRODUCTS, gtin("tablet"))
    document = ledger.document(stated(serialisation=2))
    assert pending.admit(lane_of("Acme"), document, bytes(32)).code == ACCEPTED
    asked = Overlay(pending.state, ledger.directory)
    assert asked.require(PRODUCTS, gtin("tablet")).serialisation == 2
    # Another view over what is committed reads that, not what was only pending.
    assert Overlay(ledger.reader, ledger.directory).require(PRODUCTS, gtin("tablet")) == held


def test_a_new_place_gets_the_next_number() -> None:
    ledger = Ledger()
    seen = Observe(
        msgspec.structs.replace(HEAD, premises=gln("Barn")), ObserveStep.STORING, (item("tablet-1"),)
    )
    assert ledger.submit("Acme", TABLET, MADE, BARN, seen).code == ACCEPTED
    known = [key for key in ledger.reader.rows if key.startswith(PREMISES.prefix)]
    assert max(known) == PREMISES.prefix + len(known).to_bytes(4, "big")


def test_what_is_registered_costs_a_handful_of_rows() -> None:
    ledger = Ledger()
    offer = OfferProduct(HEAD, gtin("tablet"), gln("Rival"))
    for signer, record, most in (
        ("Acme", TABLET, 2),
        ("Acme", offer, 2),
        ("Rival", TakeProduct(HEAD, gtin("tablet")), 3),
        ("Rival", Delegate(HEAD, gtin("tablet"), gln("Acme"), DelegationStep.GIVEN), 2),
        ("Acme", BARN, 4),
    ):
        bundle = ledger.bundle(signer, [ledger.document(record)])
        ledger.reader.reads.clear()
        result = ledger.block(bundle)
        assert result.receipts[0].code == ACCEPTED
        assert len(result.writes) <= most
        assert sum(key[:1] not in DIRECTORY for key in ledger.reader.reads) <= 3


def test_acting_for_another_costs_one_record_and_no_row() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", LETS, TABLET, MADE).code == ACCEPTED
    seen = Observe(
        msgspec.structs.replace(HEAD, premises=gln("Plant")), ObserveStep.STORING, (item("tablet-1"),)
    )
    document = ledger.document(ActFor(HEAD, gln("Acme")), seen)
    assert document.weight == 1 + 2
    result = ledger.block(ledger.bundle("Janus", [document]))
    assert result.receipts[0].code == ACCEPTED
    assert len(result.writes) == 2


def test_a_mandate_acts_up_to_its_height_and_not_at_it() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", msgspec.structs.replace(LETS, until_height=3)).code == ACCEPTED
    document = ActFor(HEAD, gln("Acme"))
    assert ledger.submit("Janus", document).code == ACCEPTED
    assert ledger.submit("Janus", document).code == Code.NO_MANDATE
