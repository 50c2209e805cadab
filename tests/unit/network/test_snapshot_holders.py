"""Who holds a snapshot may leave and come back, may have lost it by then, or come back to give nothing."""

from tests.support.manifests import CHUNKS, HEIGHT
from tests.unit.network.test_snapshots import NEWER, World, honest, instead, is_chunk, silent


def test_peers_that_leave_and_come_are_asked():
    world = World({"alder": instead(silent)})
    world.later(3_500, lambda: world.sync.on_peer_down("alder", world.now))
    world.peers["birch"] = honest()
    world.later(4_000, lambda: world.sync.on_peer("birch", world.now))
    world.run()
    world.check()


def test_holders_that_were_cut_off_for_a_moment_go_on_where_they_were():
    """They are not asked what they hold, which is a newer one by now."""

    def moving_on(request):
        is_old = is_chunk(request) or world.now < 4_500
        return honest(delay_ms=1_000)(request) if is_old else honest(NEWER)(request)

    world = World({"alder": moving_on, "birch": moving_on})
    for name in world.peers:
        world.later(4_500, lambda name=name: world.sync.on_peer_down(name, world.now))
        world.later(14_500, lambda name=name: world.sync.on_peer(name, world.now))
    world.run()
    world.check()
    assert world.began == [HEIGHT]
    assert world.now > 14_500


def test_a_holder_that_comes_back_without_it_is_asked_what_else_it_has():
    lost = False

    def forgetful(request):
        return honest(NEWER)(request) if lost else honest(delay_ms=1_000)(request)

    def lose():
        nonlocal lost
        lost = True
        return world.sync.on_peer("alder", world.now)

    world = World({"alder": forgetful})
    world.later(4_500, lambda: world.sync.on_peer_down("alder", world.now))
    world.later(8_000, lose)
    world.run()
    world.check(manifest=NEWER)
    assert world.began == [HEIGHT, HEIGHT + 2]


def test_what_came_of_a_snapshot_is_kept_when_it_is_begun_again():
    """Those who held it stay away; long after, another one comes that holds the same."""
    world = World({"alder": honest(delay_ms=1_000)})
    world.later(5_500, lambda: world.sync.on_peer_down("alder", world.now))
    world.peers["birch"] = honest()
    world.later(30_000, lambda: world.sync.on_peer("birch", world.now))
    world.run()
    world.check()
    assert world.began == [HEIGHT, HEIGHT]
    assert 0 < len(world.chunks_asked_of("birch")) < len(CHUNKS)


def test_who_comes_and_goes_and_gives_nothing_is_left_for_others():
    world = World({"alder": instead(silent, honest(NEWER)), "birch": honest()})
    for at_ms in range(5_000, 200_000, 2_000):
        world.later(at_ms, lambda: world.sync.on_peer_down("alder", world.now))
        world.later(at_ms + 1_000, lambda: world.sync.on_peer("alder", world.now))
    world.run()
    world.check()
    assert world.began == [HEIGHT + 2, HEIGHT]
    assert world.now < 25_000


def test_who_is_away_whenever_patience_ends_is_left_for_others_all_the_same():
    """It comes back for the next choice, and offers what is newest."""
    world = World({"alder": instead(silent, honest(NEWER)), "birch": honest()})
    here = True

    def flee():
        nonlocal here
        chosen, was_here = world.sync.chosen, here
        here = chosen is None or chosen.manifest.height == HEIGHT
        if was_here == here:
            return []
        move = world.sync.on_peer if here else world.sync.on_peer_down
        return move("alder", world.now)

    for at_ms in range(100, 200_000, 100):
        world.later(at_ms, flee)
    world.run()
    world.check()
    assert world.began == [HEIGHT + 2, HEIGHT]


def test_a_holder_that_comes_back_in_time_may_give_a_chunk_before_others_are_taken():
    """The time before it was gone does not count against it, nor is it left for being back late."""
    world = World({"alder": honest(NEWER, delay_ms=1_000), "birch": honest()})
    world.later(5_900, lambda: world.sync.on_peer_down("alder", world.now))
    world.later(20_500, lambda: world.sync.on_peer("alder", world.now))
    world.run()
    world.check(manifest=NEWER)
    assert world.began == [HEIGHT + 2]
