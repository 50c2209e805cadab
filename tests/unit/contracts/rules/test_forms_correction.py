"""Rules 19 and 19b: forms that no sentence can say, and what they cost."""

import msgspec
import pytest

from contracts.gs1.dates import MAX_DATE, parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.agreement import Consent, proposal_id
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.holds import HoldAction, PlaceHold
from contracts.records.lots import AmendLot, ConsentToAmendment, ProposeAmendment
from contracts.records.supply import Commission, Decommission, DecommissionReason, Pack
from contracts.rules.amending import MAX_AMENDMENTS
from contracts.rules.codes import Code
from contracts.state.layout import ITEMS, TABLES
from contracts.state.places import joined_reliance
from contracts.state.rows import NOBODY, SEVERAL, Life
from contracts.state.sources import find_lot, former_expiries
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin, item, items

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
PACK = gtin("pack")
DIRECTORY = {table.prefix for table in TABLES if table.is_directory}
AMENDED = AmendLot(HEAD, PACK, b"L1", EXPIRY - 1)


@pytest.fixture
def ledger() -> Ledger:
    """Nine packs of a lot with Acme."""
    ledger = Ledger()
    serials = tuple(b"%d" % number for number in range(1, 10))
    assert ledger.submit("Acme", Commission(HEAD, PACK, b"L1", EXPIRY, b"", 0, serials)).code == ACCEPTED
    return ledger


def sale(*names: str, to: str = "Bulk") -> Ship:
    return Ship(HEAD, items(*names), gln(to), b"", ShipPurpose.SALE, 1, 0, b"", ())


def written(ledger: Ledger, before: dict[bytes, bytes]) -> list[bytes]:
    return [key[:1] for key, row in ledger.reader.rows.items() if before.get(key) != row]


def test_who_relied_is_one_partner_or_several() -> None:
    assert joined_reliance(NOBODY) == NOBODY
    assert joined_reliance(NOBODY, NOBODY, 4, 4) == 4
    assert joined_reliance(4, 5) == joined_reliance(SEVERAL, 4) == joined_reliance(NOBODY, SEVERAL) == SEVERAL


@pytest.mark.parametrize("expiry", [-1, MAX_DATE + 1])
def test_a_lot_is_amended_to_a_date(ledger: Ledger, expiry: int) -> None:
    bad = msgspec.structs.replace(AMENDED, expiry=expiry)
    assert ledger.submit("Acme", bad).code == Code.EXPIRY_INVALID


def test_a_lot_is_amended_so_often_and_no_more(ledger: Ledger) -> None:
    for number in range(1, MAX_AMENDMENTS + 1):
        sooner = msgspec.structs.replace(AMENDED, expiry=EXPIRY - number)
        assert ledger.submit("Acme", sooner).code == ACCEPTED
    last = msgspec.structs.replace(AMENDED, expiry=EXPIRY - 100)
    assert ledger.submit("Acme", last).code == Code.AMENDED_TOO_OFTEN
    found = find_lot(ledger.state(), PACK, b"L1")
    assert found is not None
    assert former_expiries(ledger.state(), found[0])[:2] == (EXPIRY, EXPIRY - 1)


def test_amending_a_lot_writes_two_rows_however_many_packs_it_has(ledger: Ledger) -> None:
    before = dict(ledger.reader.rows)
    assert ledger.submit("Acme", AMENDED).code == ACCEPTED
    assert sorted(written(ledger, before)) == [b"\x10", b"\x21", b"\x5c"]


def test_a_proposal_of_another_kind_is_not_consented_to_by_a_list_of_items(ledger: Ledger) -> None:
    later = ProposeAmendment(HEAD, PACK, b"L1", EXPIRY + 1, 0)
    proposed = ledger.submit("Acme", later)
    identifier = proposal_id(proposed.document_id, 0)
    assert ledger.submit("Gov", Consent(HEAD, identifier, items("pack-1"))).code == Code.TERMS_DIFFER
    burning = ProposeCorrection(HEAD, ErrorIn.COMMISSION, items("pack-1"), 0)
    shipped = ledger.submit("Acme", sale("pack-1"))
    received = Receive(HEAD, shipment_id(shipped.document_id, 0), ReceiveMode.ALL, ())
    assert ledger.submit("Bulk", received).code == ACCEPTED
    identifier = proposal_id(ledger.submit("Acme", burning).document_id, 0)
    named = ConsentToAmendment(HEAD, identifier, PACK, b"L1", EXPIRY + 1)
    assert ledger.submit("Bulk", named).code == Code.TERMS_DIFFER


def test_a_document_proposes_its_correction_once(ledger: Ledger) -> None:
    assert ledger.submit("Acme", Decommission(HEAD, DecommissionReason.DESTROYED, items("pack-1"))).code
    document = ledger.document(ProposeCorrection(HEAD, ErrorIn.ENDING, items("pack-1"), 0))
    assert ledger.block(ledger.bundle("Acme", [document])).receipts[0].code == ACCEPTED
    again = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    assert again.code == Code.ALREADY_PROPOSED


def test_a_unit_that_somebody_else_introduced_was_not_packed_by_the_signer(ledger: Ledger) -> None:
    """Its seal was the introducer's; what another hand put in broke it."""
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-1"))).code == ACCEPTED
    shipped = ledger.submit("Acme", sale("pallet-1", to="Rival"))
    received = Receive(HEAD, shipment_id(shipped.document_id, 0), ReceiveMode.ALL, ())
    assert ledger.submit("Rival", received).code == ACCEPTED
    corrected = Correct(HEAD, ErrorIn.PACK, items("pack-1"))
    assert ledger.submit("Rival", corrected).code == Code.NOT_ORIGINAL_SIGNER


def test_burning_a_pack_on_a_pallet_of_many_writes_as_much_as_unpacking_it(ledger: Ledger) -> None:
    serials = tuple(b"9%04d" % number for number in range(1_000))
    ledger.submit("Acme", Commission(HEAD, PACK, b"L1", EXPIRY, b"", 0, serials))
    names = [f"pack-{serial.decode()}" for serial in serials]
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items(*names))).code == ACCEPTED
    before = dict(ledger.reader.rows)
    ledger.reader.reads.clear()
    assert ledger.submit("Acme", Correct(HEAD, ErrorIn.COMMISSION, items(names[0]))).code == ACCEPTED
    # The pack, the pallet's count, the lane.
    assert sorted(written(ledger, before)) == [b"\x10", b"\x30", b"\x31"]
    # Those, the pallet's own row, the list of what the make is repacked from, and the lot for its maker.
    assert sum(key[:1] not in DIRECTORY for key in ledger.reader.reads) <= 8


def test_checking_what_another_holds_writes_one_row_the_first_time(ledger: Ledger) -> None:
    held = PlaceHold(HEAD, HoldAction.LOCK, items("pack-1"))
    assert ledger.submit("Gov", held).code == ACCEPTED
    assert ITEMS.decode(ledger.reader.rows[ITEMS.prefix + item("pack-1")]).relied_by == 6


def test_a_revived_pack_keeps_its_holds(ledger: Ledger) -> None:
    ledger.submit("Acme", PlaceHold(HEAD, HoldAction.LOCK, items("pack-1")))
    ledger.submit("Acme", Decommission(HEAD, DecommissionReason.DESTROYED, items("pack-1")))
    proposed = ledger.submit("Acme", ProposeCorrection(HEAD, ErrorIn.ENDING, items("pack-1"), 0))
    identifier = proposal_id(proposed.document_id, 0)
    assert ledger.submit("Gov", Consent(HEAD, identifier, items("pack-1"))).code == ACCEPTED
    row = ITEMS.decode(ledger.reader.rows[ITEMS.prefix + item("pack-1")])
    assert (row.life, [kind for kind, _setter in row.holds]) == (Life.ACTIVE, [1, 2])
