"""Forms of rules 8, 9 and 26 that no sentence of the scenarios can say."""

import msgspec
import pytest

from contracts.gs1.keys import pack_gln
from contracts.records.agreement import Consent, OfferOwnership, proposal_id
from contracts.records.head import Head
from contracts.records.outside import OutsideRecord, ReceiveFromOutside, ShipOutside
from contracts.records.supply import Commission
from contracts.rules.codes import Code
from contracts.state.layout import PARTNERS, number_key
from contracts.state.rows import Licence
from contracts.state.view import Overlay
from tests.scenarios.law.world import ROLES, START_MS, Ledger, gln, gtin, items

HEAD = Head(START_MS, 60, b"")
NOWHERE = bytes(6)
OFFER = OfferOwnership(HEAD, items("pack-1"), gln("Bulk"), 0)


@pytest.fixture
def ledger() -> Ledger:
    """A pack with Acme."""
    ledger = Ledger()
    made = Commission(HEAD, gtin("pack"), b"L1", 21_000, b"", 0, (b"1",))
    assert ledger.submit("Acme", made).code == "accepted"
    return ledger


def suspend(ledger: Ledger, name: str) -> None:
    """Take a partner's licence, past every rule."""
    state = Overlay(ledger.reader)
    key = number_key(list(ROLES).index(name) + 1)
    row = state.require(PARTNERS, key)
    state.write(PARTNERS, key, msgspec.structs.replace(row, licence=int(Licence.SUSPENDED)))
    ledger.keep(state.changes())
    ledger.directory.forget(state.changes())


def test_nobody_owns_what_is_offered_to_nobody(ledger: Ledger) -> None:
    receipt = ledger.submit("Acme", msgspec.structs.replace(OFFER, new_owner=NOWHERE))
    assert (receipt.code, receipt.subject) == (Code.RECEIVER_UNKNOWN, NOWHERE)


def test_a_document_makes_its_proposal_once(ledger: Ledger) -> None:
    document = ledger.document(OFFER)
    offered = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    again = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    assert offered.code == "accepted"
    assert (again.code, again.subject) == (Code.ALREADY_PROPOSED, proposal_id(offered.document_id, 0))


@pytest.mark.parametrize(
    ("suspended", "code"), [("Acme", Code.LICENCE_NOT_ACTIVE), ("Bulk", Code.LICENCE_NOT_ACTIVE)]
)
def test_both_are_licensed_when_ownership_passes(ledger: Ledger, suspended: str, code: Code) -> None:
    offered = ledger.submit("Acme", OFFER)
    suspend(ledger, suspended)
    receipt = ledger.submit("Bulk", Consent(HEAD, proposal_id(offered.document_id, 0), OFFER.items))
    assert (receipt.code, receipt.subject) == (code, gln(suspended))


def test_a_partner_without_a_trade_cannot_consent_to_own(ledger: Ledger) -> None:
    offered = ledger.submit("Acme", OFFER)
    state = Overlay(ledger.reader)
    key = number_key(list(ROLES).index("Bulk") + 1)
    state.write(PARTNERS, key, msgspec.structs.replace(state.require(PARTNERS, key), roles=32))
    ledger.keep(state.changes())
    ledger.directory.forget(state.changes())
    receipt = ledger.submit("Bulk", Consent(HEAD, proposal_id(offered.document_id, 0), OFFER.items))
    assert (receipt.code, receipt.subject) == (Code.RECEIVER_ROLE, gln("Bulk"))


@pytest.mark.parametrize("kind", [ShipOutside, ReceiveFromOutside])
def test_the_other_side_outside_has_a_gln_and_evidence(ledger: Ledger, kind: type[OutsideRecord]) -> None:
    wrong = ledger.submit("Acme", kind(HEAD, items("pack-1"), b"", bytes(32)))
    assert (wrong.code, wrong.subject) == (Code.OUTSIDE_GLN_INVALID, b"")
    unproven = ledger.submit("Acme", kind(HEAD, items("pack-1"), pack_gln("4299999000009"), b""))
    assert (unproven.code, unproven.subject) == (Code.EVIDENCE_INVALID, b"")
