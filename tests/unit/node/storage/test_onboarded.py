"""What people see of goods that nobody made (rule 25), and of exempt shipments (rule 20)."""

import msgspec
import pytest

from contracts.chain.genesis import Market
from contracts.gs1.keys import pack_gln
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround
from contracts.records.recall import (
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    Scope,
    recall_id,
)
from contracts.records.record import Record
from network.description import PRESET_PROFILES
from node.storage.custody import Custody
from node.storage.item_journey import item_journey
from node.storage.recalls import Recalls
from node.storage.views import ItemView, ProvenanceView, StepView
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import EXPIRY, LOT, MAKER, PACK, WHOLESALER, Party, build_test_genesis

OUTSIDE = "4299999000009"
EVIDENCE = b"\x25" * 32


@pytest.fixture
def node() -> OneNode:
    """A network whose profile lets goods in, and three packs that came in."""
    genesis = build_test_genesis()
    markets = (Market("DE", "us-dscsa", 60),)
    node = OneNode(msgspec.structs.replace(genesis, markets=markets, profiles=PRESET_PROFILES))
    what = (OnboardGround.NON_MEMBER, pack_gln(OUTSIDE), EVIDENCE, PACK, LOT, EXPIRY, (b"X1", b"X2", b"X3"))
    do(node, WHOLESALER, Onboard(node.head(WHOLESALER), *what))
    return node


def do(node: OneNode, party: Party, record: Record) -> bytes:
    receipt = node.record(party, record)
    assert receipt.code == "accepted", receipt
    return receipt.document_id


def seen(node: OneNode, serial: str) -> ItemView:
    with node.store.snapshot() as snapshot:
        return Custody(snapshot).item(pack_key(serial))


def steps(node: OneNode, serial: str) -> tuple[StepView, ...]:
    with node.store.snapshot() as snapshot:
        found = item_journey(snapshot, Custody(snapshot), pack_key(serial))
    assert found is not None
    return found.steps


def provenance(node: OneNode, serial: str) -> ProvenanceView:
    found = seen(node, serial).provenance
    assert found is not None
    return found


def test_what_is_claimed_is_shown_for_ever(node: OneNode) -> None:
    claimed = provenance(node, "X1")
    assert (claimed.claimed_by, claimed.sender) == (WHOLESALER.gln, OUTSIDE)
    assert (claimed.ground, claimed.evidence) == ("non_member", EVIDENCE.hex())
    assert (claimed.standing, claimed.answered_by) == ("open", None)
    do(node, MAKER, AnswerClaim(node.head(MAKER), ClaimAnswer.CONFIRMED, (pack_key("X1"),)))
    confirmed = provenance(node, "X1")
    assert (confirmed.standing, confirmed.answered_by) == ("confirmed", MAKER.gln)
    assert confirmed.claimed == claimed.claimed
    do(node, MAKER, node.commission(["A1"]))
    assert seen(node, "A1").provenance is None


def test_the_journey_begins_with_the_claim_and_tells_what_was_said_of_it(node: OneNode) -> None:
    do(node, MAKER, AnswerClaim(node.head(MAKER), ClaimAnswer.DENIED, (pack_key("X2"),)))
    late = msgspec.structs.replace(node.commission(["X1", "A1"]), made_at_ms=node.genesis.time_ms)
    do(node, MAKER, late)
    claimed, confirmed = steps(node, "X1")
    assert (claimed.kind, claimed.partner.gln) == ("onboard", WHOLESALER.gln)
    assert (claimed.details["sender"], claimed.details["ground"]) == (OUTSIDE, "non_member")
    assert (confirmed.kind, confirmed.partner.gln) == ("claim_confirmed", MAKER.gln)
    assert [step.kind for step in steps(node, "A1")] == ["commission"]
    kinds = [(step.kind, step.details.get("answer")) for step in steps(node, "X2")]
    assert kinds == [("onboard", None), ("answer_claim", "denied"), ("claim_contradicted", None)]


def test_the_books_of_a_recall_have_claims_and_makes_each_serial_once(node: OneNode) -> None:
    late = msgspec.structs.replace(node.commission(["X1", "A1", "A2"]), made_at_ms=node.genesis.time_ms)
    do(node, MAKER, late)
    terms = (RecallKind.RECALL, 0, RecallOrigin.VOLUNTARY, RecallClass.CLASS_I, RecallDepth.RETAIL)
    scope = (Scope(PACK, 0, LOT, b"", 0, 0, b"", "", (), b"", b""),)
    opening = OpenRecall(node.head(MAKER), *terms, RecallReason.QUALITY_DEFECT, scope, b"", b"", 0)
    recall = recall_id(do(node, MAKER, opening), 0)
    with node.store.snapshot() as snapshot:
        books = Recalls(snapshot, Custody(snapshot)).books(recall)
    assert books is not None
    assert (books.made, books.accounts["on_hand"], books.balance) == (5, 5, 0)
    assert books.holders == {MAKER.gln: 2, WHOLESALER.gln: 3}
    assert "recalled" in {hold.kind for hold in seen(node, "X3").holds}


def test_a_drill_of_a_line_leaves_out_what_is_only_claimed(node: OneNode) -> None:
    late = msgspec.structs.replace(node.commission(["X1", "A1"]), made_at_ms=node.genesis.time_ms)
    do(node, MAKER, late)
    terms = (RecallKind.RECALL, 1, RecallOrigin.VOLUNTARY, RecallClass.CLASS_I, RecallDepth.RETAIL)
    scope = (Scope(PACK, 0, LOT, b"LINE-2", 0, 0, b"", "", (), b"", b""),)
    opening = OpenRecall(node.head(MAKER), *terms, RecallReason.QUALITY_DEFECT, scope, b"", b"", 0)
    recall = recall_id(do(node, MAKER, opening), 0)
    with node.store.snapshot() as snapshot:
        books = Recalls(snapshot, Custody(snapshot)).books(recall)
    assert books is not None
    # All that came in with the claim that this make confirmed is called back with it.
    assert (books.made, books.balance) == (4, 0)


def test_an_exempt_shipment_says_why_in_every_journey(node: OneNode) -> None:
    do(node, MAKER, node.commission(["A1"]))
    sent = node.ship(MAKER, WHOLESALER, (pack_key("A1"),))
    do(node, MAKER, Exempt(ExemptReason.EMERGENCY, EVIDENCE, sent))
    _made, shipped = steps(node, "A1")
    assert (shipped.kind, shipped.details["exempt"]) == ("ship", "emergency")
