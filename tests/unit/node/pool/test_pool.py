"""The pool: what it takes in, what it refuses, and what it may not refuse."""

import random
from collections.abc import Sequence

import msgspec
import pytest

from contracts.ledger.document import document_id, encode_document
from node.pool.bundler import make_bundle
from node.pool.held import PooledBundle, entry_of
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.pool.pool import Added, BundlePool, PoolLimits
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, PARTIES, PHARMACY, WHOLESALER, Party, lane_key

LIFETIME_MS = 600_000


@pytest.fixture
def node() -> OneNode:
    return OneNode()


def bundle(
    node: OneNode, sequence: int, serial: str, party: Party = MAKER, after: int = 0, serials: int = 1
) -> PooledBundle:
    document = node.document(node.commission([f"{serial}{number}" for number in range(serials)], party))
    data = encode_document(document)
    cut = CutBundle(after, sequence, (QueuedDocument(document_id(data), data, document.weight),))
    made = make_bundle(node.genesis.chain_id, lane_key(party), cut, node.wall.ms + 300_000)
    return PooledBundle(node.reader.read(made.data), made.data, node.wall.ms)


def chained(
    node: OneNode, count: int, party: Party = MAKER, serials: int = 1, first: int = 1
) -> list[PooledBundle]:
    """Return bundles of one lane, each after the one before it, all equally long."""
    return [bundle(node, at, f"{at:06}", party, at - 1, serials) for at in range(first, first + count)]


def added(pool: BundlePool, node: OneNode, bundles: Sequence[PooledBundle]) -> list[Added]:
    return [pool.add(each, node.chain.lanes) for each in bundles]


def held(pool: BundlePool, bundles: Sequence[PooledBundle]) -> list[bool]:
    return [pool.get(each.bundle.id) is not None for each in bundles]


def test_rivals_for_one_place_are_few(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(), LIFETIME_MS)
    rivals = [bundle(node, 1, serial) for serial in "ABC"]
    answers = added(pool, node, (*rivals, rivals[0]))
    assert answers == [Added.ADDED, Added.ADDED, Added.TOO_MANY_VARIANTS, Added.KNOWN]


def test_bytes_and_bundles_are_bounded_in_all_and_per_lane_beside_the_next(node: OneNode) -> None:
    bundles = chained(node, 3)
    size = len(bundles[0].data)
    by_lane, in_all = Added.LANE_FULL, Added.POOL_FULL
    for limits, refusal in (
        (PoolLimits(lane_bytes=size), by_lane),
        (PoolLimits(lane_bundles=1), by_lane),
        (PoolLimits(total_bytes=size), in_all),
        (PoolLimits(total_bundles=1), in_all),
    ):
        pool = BundlePool(limits, LIFETIME_MS)
        assert added(pool, node, bundles) == [Added.ADDED, Added.ADDED, refusal]
        assert pool.bytes == 2 * size


@pytest.mark.parametrize("limits", [PoolLimits(total_bytes=1 << 14), PoolLimits(total_bundles=20)])
def test_the_heaviest_lane_gives_way_from_its_end(node: OneNode, limits: PoolLimits) -> None:
    pool = BundlePool(limits, LIFETIME_MS)
    many, few = chained(node, 80, MAKER), chained(node, 4, WHOLESALER)
    flood = added(pool, node, many)
    full = flood.index(Added.POOL_FULL)
    assert added(pool, node, few) == [Added.ADDED] * 4
    assert held(pool, few) == [True] * 4
    kept = held(pool, many)
    assert kept == sorted(kept, reverse=True)
    assert full - 4 <= sum(kept) < full
    # What was lost may not push anyone out when it comes again.
    assert set(added(pool, node, many[full:])) == {Added.POOL_FULL}
    assert held(pool, few) == [True] * 4


def test_many_lanes_together_leave_each_its_part(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bundles=30), LIFETIME_MS)
    liars = [party for party in PARTIES if party is not WHOLESALER]
    for liar in liars:
        added(pool, node, chained(node, 30, liar))
    part = 30 // len(PARTIES)
    honest = chained(node, part + 1, WHOLESALER)
    assert added(pool, node, honest) == [Added.ADDED] * (part + 1)
    for liar in liars:
        added(pool, node, chained(node, 30, liar, first=31))
    assert held(pool, honest) == [True] * (part + 1)
    assert len(pool) <= 30 + len(PARTIES)


def test_a_partner_with_many_keys_has_one_part_of_the_pool(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bundles=12), LIFETIME_MS)
    many, (single,) = PARTIES[:4], PARTIES[4:5]
    pool.belong({lane_key(party).public_key: 1 for party in many} | {lane_key(single).public_key: 2})
    for party in many:
        added(pool, node, chained(node, 10, party))
    own = chained(node, 7, single)
    assert added(pool, node, own) == [Added.ADDED] * 7
    assert held(pool, own) == [True] * 7
    assert added(pool, node, [bundle(node, 8, "more", single, 7)]) == [Added.POOL_FULL]


def test_a_lanes_next_bundle_finds_room_whatever_others_hold(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bytes=1, total_bundles=1), LIFETIME_MS)
    nexts = [bundle(node, 1, "A", party) for party in PARTIES]
    assert added(pool, node, nexts) == [Added.ADDED] * len(PARTIES)
    assert pool.add(bundle(node, 2, "B", MAKER, 1), node.chain.lanes) == Added.POOL_FULL
    # A rival of the next one has no such right.
    assert pool.add(bundle(node, 1, "B", MAKER), node.chain.lanes) == Added.POOL_FULL


def test_what_can_enter_no_block_yet_gives_way_first(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bundles=6), LIFETIME_MS)
    ahead = [bundle(node, at + 1, f"F{at}", MAKER, at) for at in range(100, 104)]
    assert added(pool, node, ahead) == [Added.ADDED] * 4
    steady = chained(node, 7, WHOLESALER)
    assert added(pool, node, steady) == [Added.ADDED] * 7
    # The lane that lacks its next bundle is the lighter one, and yet loses.
    assert held(pool, ahead) == [False] * 4
    lane = chained(node, 2)
    added(pool, node, ahead)
    assert added(pool, node, lane) == [Added.ADDED] * 2
    assert held(pool, lane) == [True] * 2


def test_a_lane_far_ahead_does_not_keep_out_its_own_order(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(lane_bundles=3), LIFETIME_MS)
    ahead = [bundle(node, at + 1, f"F{at}", MAKER, at) for at in range(100, 105)]
    assert added(pool, node, ahead) == [Added.ADDED] * 3 + [Added.LANE_FULL] * 2
    assert added(pool, node, chained(node, 4)) == [Added.ADDED] * 4
    assert held(pool, ahead) == [False] * 5


def test_what_a_vote_needs_finds_room_in_a_full_pool_until_its_height_is_over(node: OneNode) -> None:
    rivals = [bundle(node, at, f"{at:06}") for at in (1, 2, 3, 4)]
    pool = BundlePool(PoolLimits(total_bytes=1), LIFETIME_MS)
    first, second, third, fourth = rivals
    assert added(pool, node, [first, second]) == [Added.ADDED, Added.POOL_FULL]
    pool.keep([entry_of(second), entry_of(third)], 1)
    pool.keep([entry_of(third)], 2)
    assert added(pool, node, [second, third, fourth]) == [Added.ADDED, Added.ADDED, Added.POOL_FULL]
    assert pool.bytes == sum(len(rival.data) for rival in rivals[:3])
    pool.let_go(1)
    assert held(pool, rivals) == [True, False, True, False]
    pool.let_go(2)
    assert held(pool, rivals) == [True, False, False, False]
    lane = lane_key(MAKER).public_key
    assert len(pool.prune({lane: 1}, 0)) == 1
    assert (len(pool), pool.bytes) == (0, 0)


def test_what_is_here_already_is_kept_once_a_block_names_it(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bundles=3), LIFETIME_MS)
    many = chained(node, 4)
    added(pool, node, many)
    pool.keep([entry_of(many[3])], 1)
    for party in (WHOLESALER, PHARMACY):
        added(pool, node, chained(node, 2, party))
    assert held(pool, many) == [True, True, False, True]


def test_a_size_that_a_proposer_made_up_is_no_reason_to_keep(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bytes=1), LIFETIME_MS)
    first, second = chained(node, 2)
    pool.add(first, node.chain.lanes)
    pool.keep([msgspec.structs.replace(entry_of(second), size=len(second.data) - 1)], 1)
    assert pool.add(second, node.chain.lanes) == Added.POOL_FULL
    pool.keep([entry_of(second)], 1)
    assert pool.add(second, node.chain.lanes) == Added.ADDED


def test_own_bundles_stay_until_the_chain_holds_them(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bundles=2), LIFETIME_MS)
    own, steady = chained(node, 6), chained(node, 3, WHOLESALER)
    # The log brought one back before its author did.
    pool.keep([entry_of(own[4])], 1)
    pool.add(own[4], node.chain.lanes)
    for each in own:
        pool.add(each, node.chain.lanes, is_own=True)
    assert added(pool, node, steady) == [Added.ADDED] * 3
    pool.let_go(1)
    assert held(pool, (*own, *steady)) == [True] * 9
    pool.prune({lane_key(MAKER).public_key: 6, lane_key(WHOLESALER).public_key: 0}, 0)
    assert held(pool, own) == [False] * 6


def test_the_next_of_a_lane_changes_with_the_chain(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(total_bundles=2), LIFETIME_MS)
    mine = chained(node, 3)
    added(pool, node, mine)
    lanes = dict(node.chain.lanes) | {lane_key(MAKER).public_key: 1}
    pool.prune(lanes, 0)
    for each in chained(node, 4, WHOLESALER):
        pool.add(each, lanes)
    assert held(pool, mine)[1]


def test_what_no_block_can_hold_is_refused_even_when_needed(node: OneNode) -> None:
    pool, lane = BundlePool(PoolLimits(), LIFETIME_MS), lane_key(MAKER).public_key
    late = bundle(node, 1, "A")
    pool.keep([entry_of(late)], 1)
    assert pool.add(late, {lane: 1}) == Added.STALE
    assert pool.add(late, {}, is_own=True) == Added.UNKNOWN_LANE


def test_the_longest_wait_is_known(node: OneNode) -> None:
    pool = BundlePool(PoolLimits(), LIFETIME_MS)
    assert pool.oldest_since_ms() is None
    # What comes after nothing is left out by nobody.
    pool.add(bundle(node, 101, "F", PHARMACY, 100), node.chain.lanes)
    assert pool.oldest_since_ms() is None
    node.wall.ms += 5_000
    first, second = chained(node, 2)
    pool.add(first, node.chain.lanes)
    node.wall.ms += 5_000
    pool.add(second, node.chain.lanes)
    added(pool, node, chained(node, 1, WHOLESALER))
    assert pool.oldest_since_ms() == first.since_ms


def test_a_bundle_that_no_near_block_may_hold_fills_no_pool(node: OneNode) -> None:
    late = bundle(node, 1, "A")
    early = BundlePool(PoolLimits(), 149_999)
    assert early.add(late, node.chain.lanes) == Added.EXPIRES_TOO_LATE
    assert early.add(late, node.chain.lanes, is_own=True) == Added.ADDED
    assert BundlePool(PoolLimits(), 150_000).add(late, node.chain.lanes) == Added.ADDED


@pytest.mark.parametrize("seed", range(20))
def test_what_is_counted_is_what_may_go(node: OneNode, seed: int) -> None:
    """Whatever happens, the bounds hold, and the sums are those of the bundles that are there."""
    chance = random.Random(seed)
    limits = PoolLimits(total_bytes=6_000, lane_bytes=4_000, lane_bundles=9, total_bundles=16)
    pool, lanes = BundlePool(limits, LIFETIME_MS), dict(node.chain.lanes)
    parties = PARTIES[:3]
    pool.belong({lane_key(party).public_key: 7 for party in parties[:2]})
    things = [
        bundle(node, after + step, f"{after}.{step}.", party, after, chance.choice((1, 9)))
        for party in parties
        for after in range(6)
        for step in (1, 2)
    ]
    for height in range(1, 40):
        for each in chance.sample(things, 6):
            pool.add(each, lanes, is_own=chance.random() < 0.05)
        if chance.random() < 0.4:
            pool.keep(map(entry_of, chance.sample(things, 3)), height + chance.randint(0, 2))
        if chance.random() < 0.4:
            lanes[lane_key(chance.choice(parties)).public_key] += 1
            pool.prune(lanes, 0)
        pool.let_go(height)
        check(pool, limits)


def check(pool: BundlePool, limits: PoolLimits) -> None:
    kept = pool._own | {identifier for identifier, _size in pool._proposed}
    total = [0, 0]
    for lane in pool._lanes.values():
        here = [pooled for pooled in pool._by_id.values() if lane is pool._lanes[pooled.bundle.header.lane]]
        assert lane.next is None or lane.next.bundle.header.after == lane.head
        assert (lane.next is None) == all(pooled.bundle.header.after != lane.head for pooled in here)
        counted = [
            len(pooled.data) for pooled in here if pooled.bundle.id not in kept and pooled is not lane.next
        ]
        assert (lane.tally.bytes, lane.tally.count) == (sum(counted), len(counted))
        assert len(lane) == len(here)
        assert lane.tally.bytes <= limits.lane_bytes
        assert lane.tally.count <= limits.lane_bundles
        total[0] += sum(counted)
        total[1] += len(counted)
    assert [pool._held.bytes, pool._held.count] == total
    for holder in pool._holders.values():
        own = [lane.tally for lane in pool._lanes.values() if lane.holder is holder]
        counted = (sum(tally.bytes for tally in own), sum(tally.count for tally in own))
        assert (holder.tally.bytes, holder.tally.count) == counted
    assert total[0] <= limits.total_bytes
    assert total[1] <= limits.total_bundles
    assert pool.bytes == sum(len(pooled.data) for pooled in pool._by_id.values())


def test_the_lifetime_of_bundles_follows_governance() -> None:
    pool = BundlePool(PoolLimits(), 10)
    pool.bind(20)
    assert pool._bundle_lifetime_ms == 20
