"""Blocks: order, receipts, app hash, lanes, and admission before any of it."""

import hashlib

import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.admit import PendingState
from contracts.ledger.bundle import BundleHeader
from contracts.ledger.execute import BlockContext, BlockExecution, next_app_hash, writes_hash
from contracts.ledger.lanes import (
    EXPIRED,
    EXPIRES_TOO_LATE,
    KEY_NOT_ACTIVE,
    KEY_UNKNOWN,
    OUT_OF_ORDER,
    BundleOutOfPlace,
    advance_lane,
    lane_fault,
    last_sequence,
)
from contracts.ledger.receipt import ACCEPTED, RECEIPTS, receipts_root
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import NO_HASH
from contracts.records.head import Head
from contracts.records.supply import Commission, Decommission, DecommissionReason, Pack
from contracts.state.layout import ITEMS, KEYS, LANES
from contracts.state.rows import KeyRow
from tests.scenarios.law.world import START_MS, Ledger, gtin, item, items, lane_of

HEAD = Head(START_MS, 60, b"")


def commission(*serials: bytes) -> Commission:
    return Commission(HEAD, gtin("pack"), b"L1", parse_date("2027-06-30"), b"", 0, serials)


def destroy(*names: str) -> Decommission:
    return Decommission(HEAD, DecommissionReason.DESTROYED, items(*names))


def header(
    lane: str = "Acme", after: int = 0, sequence: int = 1, expires: int = START_MS + 300_000
) -> BundleHeader:
    return BundleHeader(1, "law", lane_of(lane), after, sequence, expires, 1, NO_HASH, 1)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_the_hash_of_writes_is_as_the_ledger_fixes_it() -> None:
    writes = ((b"a", b"xy"), (b"bc", b""))
    data = bytes.fromhex(
        "00000001" + "61" + "01" + "00000002" + "7879" + "00000002" + "6263" + "00" + "00000000"
    )
    tag = b"packtrail/writes/1"
    assert writes_hash(writes) == hashlib.sha256(bytes((len(tag),)) + tag + data).digest()
    app = b"packtrail/app/1"
    chained = encode((NO_HASH, writes_hash(writes)))
    assert next_app_hash(NO_HASH, writes) == hashlib.sha256(bytes((len(app),)) + app + chained).digest()


def test_an_empty_block_changes_nothing(ledger: Ledger) -> None:
    before = ledger.app_hash
    result = ledger.block()
    assert (result.writes, result.receipts, result.app_hash) == ((), (), before)


def test_documents_act_in_order_and_each_has_a_receipt(ledger: Ledger) -> None:
    first = ledger.document(commission(b"1", b"2"))
    refused = ledger.document(destroy("pack-1"), commission(b"2"))
    last = ledger.document(destroy("pack-2"))
    bundle = ledger.bundle("Acme", [first, refused, last])
    result = ledger.block(bundle)
    assert [receipt.code for receipt in result.receipts] == [ACCEPTED, "already_commissioned", ACCEPTED]
    assert tuple(receipt.document_id for receipt in result.receipts) == bundle.document_ids
    assert (result.receipts[1].record, result.receipts[1].subject) == (1, item("pack-2"))
    assert result.receipts_root == receipts_root([(bundle.id, 3)], result.receipts)
    assert result.app_hash == ledger.app_hash
    for receipt in result.receipts:
        assert RECEIPTS.decode(encode(receipt)) == receipt
    # The refused document's first record left nothing.
    assert ledger.submit("Acme", destroy("pack-1")).code == ACCEPTED


def test_a_block_can_be_executed_one_document_at_a_time(ledger: Ledger) -> None:
    documents = [ledger.document(commission(b"%d" % number)) for number in range(3)]
    bundle = ledger.bundle("Acme", documents)
    execution = BlockExecution(ledger.reader, ledger.context(), [bundle], (), ledger.app_hash)
    assert [execution.step() for _ in range(5)] == [True, True, True, False, False]
    sliced = execution.finish()
    assert sliced == ledger.block(bundle)


def test_an_item_remembers_where_it_was_born(ledger: Ledger) -> None:
    ledger.submit("Acme", commission(b"1"))
    ledger.block(
        ledger.bundle("Acme", [ledger.document(destroy("pack-1")), ledger.document(commission(b"2"))])
    )
    row = ledger.state().require(ITEMS, item("pack-2"))
    assert (row.born_height, row.born_document) == (2, 1)


def test_a_bundle_takes_its_place_in_its_lane_whatever_becomes_of_it(ledger: Ledger) -> None:
    assert ledger.submit("Acme", destroy("pack-1")).code == "item_unknown"
    assert last_sequence(ledger.state(), lane_of("Acme")) == 1
    assert ledger.result is not None
    assert ledger.result.writes == ((LANES.prefix + lane_of("Acme"), encode(1)),)


def test_two_bundles_of_a_lane_follow_each_other_in_one_block(ledger: Ledger) -> None:
    one = ledger.bundle("Acme", [ledger.document(commission(b"1"))])
    two = ledger.bundle("Acme", [ledger.document(destroy("pack-1"))], after=1)
    result = ledger.block(one, two)
    assert [receipt.code for receipt in result.receipts] == [ACCEPTED, ACCEPTED]


def test_a_decided_block_with_a_bundle_out_of_place_stops_the_node(ledger: Ledger) -> None:
    bundle = ledger.bundle("Acme", [ledger.document(commission(b"1"))], after=1)
    with pytest.raises(BundleOutOfPlace) as stopped:
        ledger.block(bundle)
    assert stopped.value.code == OUT_OF_ORDER


@pytest.mark.parametrize(
    ("code", "bundle"),
    [
        (KEY_UNKNOWN, header("Nobody")),
        (OUT_OF_ORDER, header(after=1, sequence=2)),
        (EXPIRED, header(expires=START_MS)),
        (EXPIRES_TOO_LATE, header(expires=START_MS + 600_001)),
        (None, header(expires=START_MS + 600_000)),
        (None, header(expires=START_MS + 1)),
        (None, header(sequence=9)),
    ],
)
def test_what_may_stand_next_in_a_lane(ledger: Ledger, code: str | None, bundle: BundleHeader) -> None:
    assert lane_fault(ledger.state(), bundle, 1, START_MS) == code


@pytest.mark.parametrize(
    ("height", "code"), [(4, KEY_NOT_ACTIVE), (5, None), (9, None), (10, KEY_NOT_ACTIVE)]
)
def test_a_key_acts_from_one_height_until_another(ledger: Ledger, height: int, code: str | None) -> None:
    state = ledger.state()
    state.write(KEYS, lane_of("Acme"), KeyRow(1, 5, 10))
    assert lane_fault(state, header(), height, START_MS) == code


def test_a_lost_bundle_is_superseded_by_one_that_names_the_same_predecessor(ledger: Ledger) -> None:
    state = ledger.state()
    advance_lane(state, header(sequence=5))
    assert lane_fault(state, header(after=5, sequence=6), 1, START_MS) is None
    assert lane_fault(state, header(after=0, sequence=6), 1, START_MS) == OUT_OF_ORDER


def test_admission_sees_what_is_pending_and_forgets_what_is_refused(ledger: Ledger) -> None:
    pending = PendingState(ledger.reader, ledger.context(), ledger.directory)
    lane = lane_of("Acme")
    made = ledger.document(commission(b"1"))
    assert pending.admit(lane, made, b"1" * 32).code == ACCEPTED
    twice = pending.admit(lane, ledger.document(commission(b"2"), commission(b"1")), b"2" * 32)
    assert (twice.code, twice.record, twice.document_id) == ("already_commissioned", 1, b"2" * 32)
    packed = pending.admit(lane, ledger.document(Pack(HEAD, item("pallet-1"), items("pack-1"))), b"3" * 32)
    assert packed.code == ACCEPTED
    assert [event.kind for event in packed.events] == [3]
    stranger = pending.admit(lane_of("Bulk"), ledger.document(destroy("pack-1")), b"4" * 32)
    assert stranger.code == "not_holder"
    # Nothing of it is in the state, and a look ahead can be laid on top.
    assert ledger.state().read(ITEMS, item("pack-1")) is None
    tried = PendingState(pending.state, ledger.context(), ledger.directory)
    assert tried.admit(lane, ledger.document(destroy("pack-1")), b"5" * 32).code == ACCEPTED
    assert pending.admit(lane, ledger.document(destroy("pallet-1")), b"6" * 32).code == ACCEPTED


def test_admission_of_an_unregistered_key_is_our_own_mistake(ledger: Ledger) -> None:
    pending = PendingState(ledger.reader, ledger.context())
    with pytest.raises(LookupError, match="keys"):
        pending.admit(lane_of("Nobody"), ledger.document(commission(b"1")), bytes(32))


def test_the_context_is_all_the_law_is_told() -> None:
    assert BlockContext.__struct_fields__ == ("height", "time_ms")
