"""Block sync among peers that no longer have old blocks, and among those who only say so."""

import itertools

import pytest

from network.sync.serving import answer_blocks
from network.wire.messages import BlockAnswer, BlockRequest, NoBlock
from tests.unit.network.chain import chain_of
from tests.unit.network.sync_world import HEIGHTS, World, honest
from tests.unit.network.test_sync import BOAST, check_chain

FIRST = 25
"""First height that peers which have archived older blocks give."""


def archived(chain, first=FIRST, delay_ms=5):
    """Return a peer that gives blocks from `first` on."""

    def answer(request):
        messages = answer_blocks(request, chain.head, chain.stored.get, first)
        return [(delay_ms + at, message) for at, message in enumerate(messages)]

    return answer


def never(request):
    """It has always archived what is asked for, however often the node asks."""
    return [(5, NoBlock(request.from_height, BOAST, request.from_height + 1))]


def test_what_is_archived_is_not_given_and_the_answer_says_from_where_on():
    chain = chain_of(HEIGHTS)
    below = list(answer_blocks(BlockRequest(3, 4), HEIGHTS, chain.stored.get, FIRST))
    assert below == [NoBlock(3, HEIGHTS, FIRST)]
    from_there = list(answer_blocks(BlockRequest(FIRST, 2), HEIGHTS, chain.stored.get, FIRST))
    assert [message.height for message in from_there if isinstance(message, BlockAnswer)] == [
        FIRST,
        FIRST + 1,
    ]


@pytest.mark.parametrize("names", list(itertools.permutations(["alder", "birch", "cedar"])))
def test_old_blocks_come_from_whoever_has_them_and_later_ones_from_all(names):
    chain = chain_of(HEIGHTS)
    peers = dict(zip(names, (archived(chain), archived(chain, HEIGHTS), honest(chain)), strict=True))
    world = World(peers)
    world.run(60_000, lambda: world.is_done and world.sync.head == HEIGHTS)
    check_chain(world)
    assert world.banned == {}
    assert world.now < 3_000
    # Nobody is taken for a staller: who says what it has is asked for it as soon as it is needed.
    given = [request.from_height for _now, peer, request in world.asked if peer == names[0]]
    assert any(height >= FIRST for height in given)
    assert all(peer.strikes == 0 for peer in world.sync._peers.values())


def test_when_nobody_has_the_next_block_that_is_told_and_the_node_is_not_in_sync_for_ever():
    chain = chain_of(HEIGHTS)
    world = World({"alder": archived(chain), "birch": archived(chain, FIRST + 5)})
    assert world.sync.out_of_reach == 0
    world.run(60_000)
    assert world.sync.head == 0
    assert world.sync.out_of_reach == FIRST
    assert not world.sync.is_syncing
    assert not world.sync.is_behind
    assert len(world.asked) < 12
    # A peer that has everything comes: all is fetched, whatever the others said.
    world.peers["cedar"] = honest(chain)
    world.later(0, lambda: world.sync.on_tip("cedar", HEIGHTS, world.now))
    world.run(120_000, lambda: world.sync.head == HEIGHTS)
    assert world.sync.head == HEIGHTS
    assert world.sync.out_of_reach == 0


def test_who_brings_its_archive_back_is_asked_again():
    chain = chain_of(HEIGHTS)
    world = World({"alder": archived(chain)})
    world.run(5_000)
    world.peers["alder"] = honest(chain)
    world.run(60_000, lambda: world.sync.head == HEIGHTS)
    assert world.sync.head == HEIGHTS


def test_liars_about_what_they_have_hold_up_nobody():
    chain = chain_of(HEIGHTS)
    peers = {f"liar {number}": never for number in range(5)}
    world = World({**peers, "honest": honest(chain, 100)}, claims=dict.fromkeys(peers, BOAST))
    world.run(300_000, lambda: world.sync.head == HEIGHTS)
    assert world.sync.head == HEIGHTS
    assert world.now < 10_000
    asked = len(world.asked)
    world.run(world.now + 600_000)
    # Asked for the next block ever more seldom, and not counted as ahead in between.
    assert len(world.asked) - asked < 5 * 10
    assert world.sync.out_of_reach == HEIGHTS + 2


def test_who_says_so_again_and_again_in_new_sessions_is_asked_ever_more_seldom():
    chain = chain_of(HEIGHTS)
    world = World({"alder": never, "birch": honest(chain, 50)}, claims={"alder": BOAST})

    def come_back():
        effects = world.sync.on_peer_down("alder", world.now)
        effects += world.sync.on_tip("alder", BOAST, world.now)
        world.later(1_000, come_back)
        return effects

    world.later(1_000, come_back)
    world.run(1_200_000)
    assert world.sync.head == HEIGHTS
    times = [now for now, peer, _request in world.asked if peer == "alder"]
    gaps = [later - now for now, later in itertools.pairwise(times)]
    assert len(times) < 12
    assert gaps[-1] > 200_000


def test_who_has_archived_more_than_it_has_is_banned():
    world = World({"alder": lambda request: [(5, NoBlock(request.from_height, 10, 12))]})
    world.run(5_000)
    assert world.banned == {"alder": "gives blocks from height 12 on, and has 10"}
