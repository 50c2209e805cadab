"""Block sync from peers that need long for a block, and from those who bring little on purpose."""

from network.wire.messages import BlockAnswer, BlockBundles
from tests.unit.network.chain import chain_of
from tests.unit.network.sync_world import HEIGHTS, World, honest
from tests.unit.network.test_sync import check_chain


def test_a_slow_peer_is_passed_over_for_quicker_ones():
    chain = chain_of(HEIGHTS)
    world = World({"alder": honest(chain, 4_500), "birch": honest(chain)})
    world.run(300_000, lambda: world.is_done)
    check_chain(world)
    assert world.banned == {}
    assert world.now < 6_000


def test_a_slow_peer_is_good_enough_when_there_is_no_other():
    world = World({"alder": honest(chain_of(HEIGHTS), 4_500)})
    world.run(300_000, lambda: world.is_done)
    check_chain(world)
    assert world.banned == {}


def trickling(chain, pause_ms=4_000):
    """Return a peer that answers for one block, a bundle at a time."""

    def trickle(request):
        stored = chain.stored[request.from_height]
        parts = [
            (pause_ms * at, BlockBundles(request.from_height, at, (data,)))
            for at, data in enumerate(stored.bundles)
        ]
        return [(0, BlockAnswer(request.from_height, stored.block, stored.commit)), *parts]

    return trickle


def test_a_peer_that_trickles_bundles_does_not_hold_up_the_others():
    chain = chain_of(8, 12)
    world = World({"alder": trickling(chain), "birch": honest(chain)}, chain=chain)
    world.run(300_000, lambda: world.is_done)
    check_chain(world, 8)
    assert world.now < 8_000


def test_a_trickle_does_not_hold_up_those_who_stalled_once():
    """The line of this node was down: all that it had asked have a strike, and none is quick."""
    chain = chain_of(8, 40)
    honest_one = honest(chain)
    world = World({"birch": lambda request: honest_one(request) if world.now > 1_000 else []}, chain=chain)
    world.run(10_000)
    assert world.sync._peers["birch"].strikes == 1
    world.peers["alder"] = trickling(chain)
    world.later(0, lambda: world.sync.on_tip("alder", chain.head, world.now))
    world.run(1_000_000, lambda: world.sync.head == 8)
    check_chain(world, 8)
    assert world.now < 60_000


def test_peers_that_all_need_long_for_a_block_still_bring_it():
    """Nobody is quicker: each is given more time than the one before, until it is enough."""
    chain = chain_of(3, 12)
    peers = {name: trickling(chain, 2_500) for name in ("alder", "birch", "cedar")}
    world = World(peers, chain=chain)
    world.run(2_000_000, lambda: world.sync.head == 3)
    check_chain(world, 3)
    assert world.banned == {}
