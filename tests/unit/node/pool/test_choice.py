"""The choice for a block: fair among lanes, whatever they hold and however long they have held it."""

import pytest

from node.pool.held import PooledBundle, work_of
from node.pool.pool import BundlePool, PoolLimits
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, PARTIES, PHARMACY, WHOLESALER, Party, lane_key
from tests.unit.node.pool.test_pool import LIFETIME_MS, bundle, chained

ANY = 1 << 30


@pytest.fixture
def node() -> OneNode:
    return OneNode()


@pytest.fixture
def pool() -> BundlePool:
    return BundlePool(PoolLimits(), LIFETIME_MS)


def fill(pool: BundlePool, node: OneNode, *bundles: PooledBundle) -> None:
    for each in bundles:
        pool.add(each, node.chain.lanes)


def weight_of(pooled: PooledBundle) -> int:
    return pooled.bundle.header.weight


def lane_of(pooled: PooledBundle) -> bytes:
    return pooled.bundle.header.lane


def lanes_of(*parties: Party) -> list[bytes]:
    return [lane_key(party).public_key for party in parties]


def test_lanes_take_turns_and_each_keeps_its_order(node: OneNode, pool: BundlePool) -> None:
    first, second = chained(node, 3), chained(node, 3, WHOLESALER)
    fill(pool, node, *first, *second)
    chosen = pool.select(node.chain.lanes, node.wall.ms, ANY, ANY, 4)
    assert chosen == [first[0], second[0], first[1], second[1]]


def test_heavy_bundles_do_not_use_up_the_block(node: OneNode, pool: BundlePool) -> None:
    heavy, light = chained(node, 4, MAKER, 50), chained(node, 20, WHOLESALER)
    fill(pool, node, *heavy, *light)
    cap = 2 * weight_of(heavy[0])
    chosen = pool.select(node.chain.lanes, node.wall.ms, ANY, cap, ANY)
    used = {
        lane: sum(weight_of(each) for each in chosen if lane_of(each) == lane)
        for lane in lanes_of(MAKER, WHOLESALER)
    }
    assert used == dict(
        zip(lanes_of(MAKER, WHOLESALER), [weight_of(heavy[0]), 20 * weight_of(light[0])], strict=True)
    )


def test_a_bundle_that_does_not_fit_keeps_its_lane_alone_waiting(node: OneNode, pool: BundlePool) -> None:
    heavy, light = chained(node, 2, MAKER, 50), chained(node, 2, WHOLESALER)
    fill(pool, node, *heavy, *light)
    assert pool.select(node.chain.lanes, node.wall.ms, ANY, weight_of(heavy[0]) - 1, ANY) == light
    assert pool.select(node.chain.lanes, node.wall.ms, len(heavy[0].data) - 1, ANY, ANY) == light


def test_lanes_with_old_bundles_in_store_do_not_keep_out_a_newcomer(node: OneNode, pool: BundlePool) -> None:
    """Each block has room for two heavy bundles, and several lanes have many of them, older than its one."""
    lanes = dict(node.chain.lanes)
    liars = [party for party in PARTIES if party is not PHARMACY]
    for liar in liars:
        fill(pool, node, *chained(node, 12, liar, 50))
    cap = 2 * weight_of(pool.select(lanes, node.wall.ms, ANY, ANY, 1)[0])
    (newcomer,) = chained(node, 1, PHARMACY, 50)
    waited = 0
    for height in range(12):
        node.wall.ms += 1_000
        if height == 2:
            pool.add(newcomer, lanes)
        chosen = pool.select(lanes, node.wall.ms, ANY, cap, ANY)
        assert len(chosen) == 2
        if newcomer in chosen:
            break
        waited += height >= 2
        lanes.update({lane_of(each): each.bundle.header.sequence for each in chosen})
        pool.prune(lanes, node.wall.ms)
    assert newcomer in chosen
    # Each of the others had at most one turn before it.
    assert 2 * waited <= len(liars)


def test_what_is_left_out_is_named_fairly(node: OneNode, pool: BundlePool) -> None:
    lanes = node.chain.lanes
    stored = chained(node, 9)
    useless = [bundle(node, at + 1, f"F{at}", MAKER, at) for at in range(100, 110)]
    other, late = chained(node, 2, WHOLESALER)
    fill(pool, node, *useless, *stored, other)
    until_ms = node.wall.ms
    node.wall.ms += 1
    pool.add(PooledBundle(late.bundle, late.data, node.wall.ms), lanes)
    named = [entry.bundle_id for entry in pool.entries(lanes, until_ms, 4)]
    assert named == [each.bundle.id for each in (stored[0], other, stored[1], stored[2])]
    assert len(pool.entries(lanes, node.wall.ms, 100)) == 11
    assert pool.entries(lanes, until_ms - 1, 100) == ()


def owned(pool: BundlePool, *groups: tuple[Party, ...]) -> None:
    """Let each group of parties' keys be those of one partner."""
    pool.belong({lane_key(party).public_key: at for at, group in enumerate(groups) for party in group})


def test_a_partner_with_many_keys_has_one_part_of_a_block(node: OneNode, pool: BundlePool) -> None:
    many, (single,) = PARTIES[:4], PARTIES[4:5]
    owned(pool, many, (single,))
    lanes = [chained(node, 3, party) for party in many]
    own = chained(node, 3, single)
    fill(pool, node, *(each for lane in lanes for each in lane), *own)
    chosen = pool.select(node.chain.lanes, node.wall.ms, ANY, ANY, 6)
    assert [each in own for each in chosen].count(True) == 3
    assert [each for each in chosen if each in own] == own


def test_a_partner_with_many_keys_waits_its_turn_from_block_to_block(node: OneNode, pool: BundlePool) -> None:
    many, others = PARTIES[:3], PARTIES[3:5]
    owned(pool, many, *((party,) for party in others))
    for party in (*many, *others):
        fill(pool, node, *chained(node, 12, party))
    lanes, served = dict(node.chain.lanes), []
    for _ in range(9):
        (chosen,) = pool.select(lanes, node.wall.ms, ANY, ANY, 1)
        served.append(lane_of(chosen) in lanes_of(*many))
        lanes[lane_of(chosen)] = chosen.bundle.header.sequence
        pool.prune(lanes, 0)
    assert [served[at : at + 3].count(True) for at in (0, 3, 6)] == [1, 1, 1]


def test_no_lane_of_a_partner_is_forgotten_for_its_others(node: OneNode, pool: BundlePool) -> None:
    many = PARTIES[:3]
    owned(pool, many)
    for party in many:
        fill(pool, node, *chained(node, 4, party))
    chosen = pool.select(node.chain.lanes, node.wall.ms, ANY, ANY, 6)
    assert {lane_of(each) for each in chosen[:3]} == set(lanes_of(*many))


def test_a_block_is_bounded_in_work_beyond_its_first_bundle(node: OneNode, pool: BundlePool) -> None:
    bundles = chained(node, 5, MAKER, 10)
    fill(pool, node, *bundles)
    one = work_of(bundles[0].bundle.header)
    assert one > weight_of(bundles[0])
    for most, count in ((0, 1), (one, 1), (2 * one, 2), (3 * one - 1, 2), (9 * one, 5)):
        assert len(pool.select(node.chain.lanes, node.wall.ms, ANY, ANY, ANY, most)) == count
