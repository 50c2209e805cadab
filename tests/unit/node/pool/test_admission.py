"""Admission: the view of pending documents, and long questions to it."""

import itertools
from collections.abc import Generator

import pytest

from contracts.gs1.keys import check_digit, pack_gln, sscc
from contracts.ledger.document import document_id, encode_document
from contracts.ledger.execute import BlockContext
from contracts.records.catalogue import DescribePremises
from contracts.records.custody import Void, shipment_id
from contracts.records.record import Record
from contracts.records.supply import (
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
)
from contracts.state.layout import ITEMS
from contracts.state.places import locate
from contracts.state.view import Overlay
from node.pool.admission import MAX_RESTARTS, MAX_VIEW_AGE_MS, Admission, Candidate, Inquiry
from tests.support.ledger import OneNode, pack_key, pallet_key
from tests.support.parties import MAKER, PARTIES, PHARMACY, PREFIX, WHOLESALER, Party, lane_key

PALLET = pallet_key(1)
PACK = pack_key("A1")
TOTE_BODY = f"1{WHOLESALER.prefixes[0]}{1:09d}"
TOTE = sscc(f"{TOTE_BODY}{check_digit(TOTE_BODY)}")
NEW_PLACE_BODY = f"{PREFIX}99001"
NEW_PLACE = pack_gln(f"{NEW_PLACE_BODY}{check_digit(NEW_PLACE_BODY)}")


def judge(node: OneNode, admission: Admission, party: Party, *records: Record) -> str:
    """Ask for admission of a document and return the code."""
    document = node.document(*records)
    identifier = document_id(encode_document(document))
    candidate = Candidate(identifier, lane_key(party).public_key, document)
    (receipt,) = admission.admit([candidate], node.wall.ms)
    return receipt.code


def test_a_block_of_others_is_seen_before_anyone_is_told_of_it():
    node = OneNode(parties=[WHOLESALER])
    admission = Admission(node.ledger)
    assert judge(node, admission, WHOLESALER, node.ship(WHOLESALER, PHARMACY, [PALLET])) == "item_unknown"
    # Another node's block brings the pallet to life around a pack; this admission has not been told.
    node.record(MAKER, node.commission(["A1"]), node.pack(PALLET, [PACK]))
    assert judge(node, admission, WHOLESALER, node.ship(WHOLESALER, PHARMACY, [PACK])) == "not_holder"


def test_claims_of_now_are_judged_by_now_even_when_no_block_comes():
    node = OneNode()
    admission = Admission(node.ledger)
    assert judge(node, admission, MAKER, node.commission(["A1"])) == "accepted"
    node.wall.ms += 3_600_000
    assert judge(node, admission, MAKER, node.commission(["A2"])) == "accepted"
    assert judge(node, admission, MAKER, node.commission(["A1"])) == "already_commissioned"


class Counted(Admission):
    """An admission that counts its judgements."""

    judged = 0

    def _judge(self, view, candidate):
        self.judged += 1
        return super()._judge(view, candidate)


def candidate(node: OneNode, party: Party, *records: Record) -> Candidate:
    document = node.document(*records)
    return Candidate(document_id(encode_document(document)), lane_key(party).public_key, document)


def chained(node: OneNode, *candidates: Candidate) -> None:
    """Put candidates into the next block, as their node does once they are admitted."""
    lanes = {lane_key(party).public_key: party for party in PARTIES}
    for one in candidates:
        node.put(lanes[one.lane], *one.document.records, nonce=one.document.nonce)
    node.produce()


@pytest.fixture
def stocked() -> OneNode:
    """A chain with packs of the maker."""
    node = OneNode(parties=[MAKER])
    node.record(MAKER, node.commission(["A1", "A2", "A3"]))
    return node


def test_what_waits_is_not_judged_again_for_blocks_that_leave_it_as_it_is(stocked):
    node, admission = stocked, Counted(stocked.ledger)
    own = [candidate(node, MAKER, node.ship(MAKER, PHARMACY, [pack_key(name)])) for name in ("A1", "A2")]
    admission.admit(own, node.wall.ms)
    # One block of others, then one with others and the first of ours.
    tote = CommissionLogisticUnits(node.head(WHOLESALER), (TOTE,))
    assert node.record(WHOLESALER, tote).code == "accepted"
    node.put(WHOLESALER, Observe(node.head(WHOLESALER), ObserveStep.STORING, (TOTE,)))
    chained(node, own[0])
    assert admission.pending == 1
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [pack_key("A2")])) == "in_transit"
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [pack_key("A3")])) == "accepted"
    assert admission.judged == 4


def test_what_waits_is_judged_again_when_others_wrote_what_it_met(stocked):
    node, admission = stocked, Counted(stocked.ledger)
    sent = node.record(MAKER, node.ship(MAKER, WHOLESALER, [PACK]))
    shipment = shipment_id(sent.document_id, 0)
    assert judge(node, admission, MAKER, Void(node.head(MAKER), shipment, ())) == "accepted"
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment))
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [PACK])) == "not_holder"
    assert admission.judged == 3


def test_what_waits_is_judged_again_when_one_of_ours_ended_otherwise(stocked):
    node, admission = stocked, Counted(stocked.ledger)
    own = [candidate(node, MAKER, node.ship(MAKER, PHARMACY, [pack_key(name)])) for name in ("A1", "A2")]
    admission.admit(own, node.wall.ms)
    # In the same block, before it, another bundle of the same key takes the first pack away.
    node.put(MAKER, Decommission(node.head(MAKER), DecommissionReason.DESTROYED, (PACK,)))
    chained(node, own[0])
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [PACK])) == "already_destroyed"
    assert admission.judged == 4


def test_what_waits_is_judged_again_when_the_directory_changes(stocked):
    node, admission = stocked, Counted(stocked.ledger)
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [PACK])) == "accepted"
    place = DescribePremises(node.head(MAKER), NEW_PLACE, "Barn", "", "DE", "warehouse")
    assert node.record(MAKER, place).code == "accepted"
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [pack_key("A2")])) == "accepted"
    assert admission.judged == 3


def test_a_view_that_stands_judges_by_the_moment_of_asking(stocked):
    node, admission = stocked, Counted(stocked.ledger)
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [PACK])) == "accepted"
    height = admission.consult(lambda _state, context: context.height, node.wall.ms)
    node.produce()
    assert admission.consult(lambda _state, context: context.height, node.wall.ms) == height + 1
    node.wall.ms += MAX_VIEW_AGE_MS // 2 + 1
    assert judge(node, admission, MAKER, node.ship(MAKER, PHARMACY, [pack_key("A2")])) == "accepted"
    assert admission.judged == 2


class Asked:
    """A question of three steps that remembers its attempts."""

    def __init__(self, node: OneNode, admission: Admission) -> None:
        self.node = node
        self.admission = admission
        self.begun = 0
        self.steps = 0

    def question(self, state: Overlay, context: BlockContext) -> Generator[None, None, tuple[bool, int]]:
        self.begun += 1
        for _step in range(3):
            self.steps += 1
            yield
        return state.read(ITEMS, PACK) is not None, context.height


@pytest.fixture
def node() -> OneNode:
    return OneNode()


@pytest.fixture
def asked(node: OneNode) -> Asked:
    return Asked(node, Admission(node.ledger))


def test_a_long_question_is_answered_in_steps(node, asked):
    inquiry = Inquiry(asked.question)
    answers = [asked.admission.proceed(inquiry, node.wall.ms) for _step in range(4)]
    assert answers == [None, None, None, (False, 1)]
    assert asked.begun == 1


def test_a_question_that_is_overtaken_begins_anew(node, asked):
    inquiry = Inquiry(asked.question)
    asked.admission.proceed(inquiry, node.wall.ms)
    assert judge(node, asked.admission, MAKER, node.commission(["A1"])) == "accepted"
    answers = [asked.admission.proceed(inquiry, node.wall.ms) for _step in range(4)]
    assert answers[-1] == (True, 1)
    assert asked.begun == 2


def test_a_question_that_is_always_overtaken_comes_to_an_end(node, asked):
    inquiry = Inquiry(asked.question)
    for serial in itertools.islice(itertools.count(), 20):
        answer = asked.admission.proceed(inquiry, node.wall.ms)
        if answer is not None:
            break
        assert judge(node, asked.admission, MAKER, node.commission([f"A{serial}"])) == "accepted"
    assert answer == (True, 1)
    assert asked.begun == MAX_RESTARTS


def test_contradictions_of_two_moments_are_forgiven_and_those_of_one_are_not(node):
    """A scratch state that read before and after a change may not agree with itself."""
    admission = Admission(node.ledger)

    def question(state: Overlay, _context: BlockContext) -> Generator[None, None, bool]:
        state.read(ITEMS, PALLET)
        yield
        return locate(state, PACK) is not None

    inquiry = Inquiry(question)
    inquiry.starts = MAX_RESTARTS - 1
    admission.proceed(inquiry, node.wall.ms)
    records = (node.commission(["A1"]), node.pack(PALLET, [PACK]))
    assert judge(node, admission, MAKER, *records) == "accepted"
    # The pallet was not there, and now the pack is in it.
    assert admission.proceed(inquiry, node.wall.ms) is None
    assert admission.proceed(inquiry, node.wall.ms) is True

    def broken(state: Overlay, _context: BlockContext) -> Generator[None, None, bool]:
        yield
        return state.require(ITEMS, pallet_key(9)) is not None

    inquiry = Inquiry(broken)
    admission.proceed(inquiry, node.wall.ms)
    with pytest.raises(LookupError):
        admission.proceed(inquiry, node.wall.ms)
