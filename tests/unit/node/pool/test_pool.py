"""The pool: what it takes in, what it refuses, and what it may not refuse."""

import pytest

from contracts.ledger.document import document_id, encode_document
from node.pool.bundler import make_bundle
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.pool.pool import Added, BundlePool, PooledBundle, PoolLimits
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, WHOLESALER, Party, lane_key

LIFETIME_MS = 600_000


@pytest.fixture
def node() -> OneNode:
    return OneNode()


def bundle(node: OneNode, sequence: int, serial: str, party: Party = MAKER) -> PooledBundle:
    document = node.document(node.commission([serial]))
    data = encode_document(document)
    cut = CutBundle(0, sequence, (QueuedDocument(document_id(data), data, document.weight),))
    made = make_bundle(node.genesis.chain_id, lane_key(party), cut, node.wall.ms + 300_000)
    return PooledBundle(node.reader.read(made.data), made.data, node.wall.ms)


def test_rivals_for_one_place_are_few(node: OneNode) -> None:
    pool, lanes = BundlePool(PoolLimits(), LIFETIME_MS), node.chain.lanes
    rivals = [bundle(node, 1, serial) for serial in "ABC"]
    answers = [pool.add(rival, lanes) for rival in (*rivals, rivals[0])]
    assert answers == [Added.ADDED, Added.ADDED, Added.TOO_MANY_VARIANTS, Added.KNOWN]


def test_bytes_are_bounded_in_all_and_per_lane(node: OneNode) -> None:
    one, two, other = bundle(node, 1, "A"), bundle(node, 2, "B"), bundle(node, 1, "C", WHOLESALER)
    lanes, size = node.chain.lanes, len(one.data)
    by_lane = BundlePool(PoolLimits(lane_bytes=size), LIFETIME_MS)
    assert [by_lane.add(each, lanes) for each in (one, two)] == [Added.ADDED, Added.LANE_FULL]
    in_all = BundlePool(PoolLimits(total_bytes=size), LIFETIME_MS)
    assert [in_all.add(each, lanes) for each in (one, other)] == [Added.ADDED, Added.POOL_FULL]
    by_count = BundlePool(PoolLimits(lane_bundles=1), LIFETIME_MS)
    assert [by_count.add(each, lanes) for each in (one, two)] == [Added.ADDED, Added.LANE_FULL]


def test_what_a_vote_needs_finds_room_in_a_full_pool(node: OneNode) -> None:
    lanes = node.chain.lanes
    rivals = [bundle(node, 1, serial) for serial in "ABC"]
    pool = BundlePool(PoolLimits(total_bytes=1), LIFETIME_MS)
    assert pool.add(rivals[0], lanes) == Added.POOL_FULL
    for rival in rivals:
        assert pool.add(rival, lanes, is_needed=True) == Added.ADDED
        assert pool.get(rival.bundle.id) == rival
    assert pool.bytes == sum(len(rival.data) for rival in rivals)
    lane = lane_key(MAKER).public_key
    assert len(pool.prune({lane: 1}, 0)) == 3
    assert (len(pool), pool.bytes) == (0, 0)


def test_what_no_block_can_hold_is_refused_even_when_needed(node: OneNode) -> None:
    pool, lane = BundlePool(PoolLimits(), LIFETIME_MS), lane_key(MAKER).public_key
    late = bundle(node, 1, "A")
    assert pool.add(late, {lane: 1}, is_needed=True) == Added.STALE
    assert pool.add(late, {}, is_needed=True) == Added.UNKNOWN_LANE


def test_the_longest_wait_is_known(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(), LIFETIME_MS)
    assert pool.oldest_since_ms() is None
    pool.add(bundle(node, 1, "A"), node.chain.lanes)
    first = node.wall.ms
    node.wall.ms += 5_000
    pool.add(bundle(node, 2, "B"), node.chain.lanes)
    assert pool.oldest_since_ms() == first


def test_a_bundle_that_no_near_block_may_hold_fills_no_pool(node: OneNode) -> None:
    held = bundle(node, 1, "A")
    early = BundlePool(PoolLimits(), 149_999)
    assert early.add(held, node.chain.lanes) == Added.EXPIRES_TOO_LATE
    assert early.add(held, node.chain.lanes, is_needed=True) == Added.ADDED
    assert BundlePool(PoolLimits(), 150_000).add(held, node.chain.lanes) == Added.ADDED
