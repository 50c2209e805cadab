"""Block sync against peers that lie, stall and dawdle, in virtual time."""

import itertools
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network.sync import blocks
from network.sync.blocks import BlockSync
from network.sync.effects import SyncConfig
from network.sync.window import Slot
from network.wire.messages import BlockAnswer, BlockBundles, BlockRequest, NoBlock
from tests.unit.network.chain import NO_BLOCK_ID, VALIDATORS, chain_of
from tests.unit.network.sync_world import HEIGHTS, LIARS, World, claims_only, honest, not_now, silent


def check_chain(world, head=HEIGHTS):
    assert world.sync.head == head
    assert world.applied == {height: world.chain.ids[height] for height in range(1, head + 1)}
    assert world.done
    assert world.done[-1][1] == head
    assert not world.sync.is_syncing


def test_one_honest_peer_is_enough():
    world = World({"birch": honest(chain_of(HEIGHTS))})
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert world.banned == {}
    assert world.now < 2_000


def test_the_work_is_shared():
    chain = chain_of(HEIGHTS)
    world = World({name: honest(chain) for name in ("birch", "cedar", "maple")})
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert {peer for _now, peer, _request in world.asked} == {"birch", "cedar", "maple"}


def test_nothing_is_asked_of_peers_that_are_not_ahead():
    world = World({"birch": silent}, claims={"birch": 0})
    world.run(10_000)
    assert world.asked == world.done == []


@pytest.mark.parametrize("kind", LIARS)
def test_a_liar_is_banned_and_costs_little(kind):
    liar, reason = LIARS[kind]
    chain = chain_of(HEIGHTS)
    claims = {"alder": 1 << 40}
    world = World({"alder": liar, "birch": honest(chain)}, claims=claims)
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert list(world.banned) == ["alder"]
    assert re.search(reason, world.banned["alder"])
    assert world.now < 8_000


def test_blocks_come_in_the_order_they_were_asked_for():
    chain = chain_of(HEIGHTS)

    def backwards(request):
        heights = range(request.from_height, request.from_height + request.count)
        one_by_one = [honest(chain)(BlockRequest(height, 1)) for height in reversed(heights)]
        return [(10 + at, message) for at, (_delay, message) in enumerate(itertools.chain(*one_by_one))]

    world = World({"alder": backwards})
    world.run(5_000)
    assert world.sync.head == 1
    assert world.banned == {"alder": "block 3 came out of turn"}


@pytest.mark.parametrize("liar", [silent, not_now], ids=["silent", "not now"])
def test_a_claim_that_is_never_shown_does_not_keep_the_node_in_sync(liar):
    chain = chain_of(HEIGHTS)
    world = World({"alder": liar, "birch": honest(chain)}, claims={"alder": 1 << 40})
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert world.now < 8_000
    # It is asked again from time to time, each time later, and the node is in sync in between.
    world.run(600_000)
    assert len([peer for _now, peer, _request in world.asked if peer == "alder"]) < 16
    assert not world.sync.is_syncing or world.now - world.asked[-1][0] <= 6_000
    assert world.sync.head == HEIGHTS


def test_many_liars_and_one_honest_peer():
    chain = chain_of(HEIGHTS)
    peers = {f"liar {kind}": liar for kind, (liar, _reason) in LIARS.items()}
    peers |= {"liar silent": silent, "liar not now": not_now, "honest": honest(chain, 200)}
    world = World(peers, claims={name: 1 << 40 for name in peers if name.startswith("liar")})
    world.run(300_000, lambda: world.is_done)
    check_chain(world)
    assert "honest" not in world.banned
    assert world.now < 40_000


def test_a_peer_that_goes_away_is_replaced():
    chain = chain_of(HEIGHTS)
    world = World({"alder": silent, "birch": honest(chain)})
    world.later(100, lambda: world.sync.on_peer_down("alder", world.now))
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert world.now < 3_000


def test_a_peer_that_stalls_rests_longer_every_time_and_is_forgiven():
    chain = chain_of(HEIGHTS)
    awake = honest(chain)
    world = World({"alder": lambda request: awake(request) if world.now > 100_000 else []})
    world.run(99_000)
    times = [now for now, _peer, _request in world.asked]
    gaps = [later - now for now, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps)
    assert 19_000 <= gaps[0] <= 22_000
    assert gaps[-1] > 30_000
    world.run(400_000, lambda: world.sync.head == HEIGHTS)
    check_chain(world)


def test_a_banned_peer_is_not_heard_for_a_while():
    chain = chain_of(HEIGHTS)
    world = World({"alder": claims_only})
    world.run(1_000)
    assert list(world.banned) == ["alder"]
    world.peers["alder"] = honest(chain)
    world.later(0, lambda: world.sync.on_tip("alder", HEIGHTS, world.now))
    world.run(30_000)
    assert world.sync.head == 0
    world.run(70_000)
    world.later(0, lambda: world.sync.on_tip("alder", HEIGHTS, world.now))
    world.run(80_000)
    assert world.sync.head == HEIGHTS


def test_wrong_bundles_are_found_when_they_are_opened_and_what_was_above_is_delivered_again():
    chain = chain_of(HEIGHTS)
    world = World({"alder": LIARS["bundles of other bytes"][0]})
    world.later(
        500, lambda: world.peers.update(birch=honest(chain)) or world.sync.on_tip("birch", HEIGHTS, 500)
    )
    world.run(60_000, lambda: world.sync.head == HEIGHTS)
    world.run(world.now + 1_000)
    check_chain(world)
    assert list(world.banned) == ["alder"]


def test_blocks_wait_until_their_validators_are_known():
    world = World({"birch": honest(chain_of(HEIGHTS))})
    world.known_validators = lambda height: VALIDATORS if height == world.sync.head + 1 else None
    world.run(60_000, lambda: world.is_done)
    check_chain(world)


def test_a_validator_that_is_one_behind_waits_before_it_asks():
    chain = chain_of(HEIGHTS)
    config = SyncConfig(patience_ms=1_000, far=8)
    world = World({"birch": honest(chain)}, config=config, claims={"birch": 1})
    world.run(900)
    assert world.asked == []
    world.later(0, lambda: world.sync.on_head(1, chain.ids[1], world.now))
    world.later(1, lambda: world.sync.on_tip("birch", 2, world.now))
    world.run(1_800)
    assert world.asked == []
    world.run(3_000)
    assert world.sync.head == 2
    world.later(0, lambda: world.sync.on_tip("birch", 20, world.now))
    world.run(3_300)
    assert world.sync.head == 20


def test_what_the_node_decides_itself_is_not_fetched_again():
    chain = chain_of(HEIGHTS)
    world = World({"birch": honest(chain, 400)})
    for height in range(1, HEIGHTS + 1):
        world.later(
            10 * height, lambda height=height: world.sync.on_head(height, chain.ids[height], world.now)
        )
    world.run(60_000, lambda: world.is_done)
    assert world.sync.head == HEIGHTS
    assert world.banned == {}
    assert world.applied == {}


def test_a_follower_is_told_of_every_new_block_at_once():
    chain = chain_of(HEIGHTS)
    world = World({"birch": honest(chain, 1)}, claims={"birch": 0})
    for height in range(1, HEIGHTS + 1):
        world.later(100 * height, lambda height=height: world.sync.on_tip("birch", height, world.now))
    world.run(100 * HEIGHTS + 50)
    check_chain(world)
    assert len(world.done) == HEIGHTS


def test_what_nobody_asked_for_is_ignored():
    chain = chain_of(HEIGHTS)
    world = World({"birch": silent}, claims={"birch": 3})
    stored = chain.stored[1]
    answer = BlockAnswer(1, stored.block, stored.commit)
    assert world.sync.on_block("stranger", answer, 0) == []
    assert world.sync.on_bundles("stranger", BlockBundles(1, 0, stored.bundles), 0) == []
    assert world.sync.on_no_block("stranger", NoBlock(1, 0, 1), 0) == []
    world.run(100)
    assert world.asked == [(0, "birch", BlockRequest(1, 1))]
    assert world.sync.on_block("birch", BlockAnswer(9, b"", b""), 100) == []
    assert world.sync.refuse(7, "nothing was delivered", 100) == []


def test_memory_is_bounded_by_the_budget():
    config = SyncConfig(budget_bytes=20 << 20)
    chain = chain_of(HEIGHTS)
    world = World({f"peer {number}": honest(chain, 50) for number in range(20)}, config=config)
    worst = 0

    def measure():
        nonlocal worst
        worst = max(worst, sum(slot.size(5 << 20) for slot in world.sync._window._slots.values()))
        return world.is_done

    world.run(60_000, measure)
    check_chain(world)
    assert worst <= (20 << 20) + (6 << 20)


def test_a_window_of_many_small_blocks_is_not_counted_anew_for_every_message(monkeypatch):
    looked = []
    size = Slot.size
    monkeypatch.setattr(Slot, "size", lambda slot, largest: looked.append(slot) or size(slot, largest))
    monkeypatch.setattr("tests.unit.network.sync_world.check_window", lambda _sync: None)
    world = World({"birch": honest(chain_of(HEIGHTS)), "alder": honest(chain_of(HEIGHTS))})
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert len(looked) == HEIGHTS


def test_at_most_a_few_blocks_are_delivered_and_not_applied():
    chain = chain_of(HEIGHTS)
    world = World({"birch": honest(chain)}, config=SyncConfig(delivered_ahead=2))
    delivered = []
    world.apply = lambda received: delivered.append(received.read.height) or []
    world.run(5_000)
    assert delivered == [1, 2]
    assert world.sync.is_syncing


def test_what_is_delivered_and_not_applied_is_bounded_in_bytes_too_and_one_always_is():
    chain = chain_of(HEIGHTS)
    first = sum(map(len, (chain.stored[1].block, chain.stored[1].commit, *chain.stored[1].bundles)))
    for room, expected in ((1, [1]), (first, [1]), (3 * first, [1, 2])):
        world = World({"birch": honest(chain)}, config=SyncConfig(delivered_bytes=room))
        delivered = []
        world.apply = lambda received, delivered=delivered: delivered.append(received.read.height) or []
        world.run(5_000)
        assert delivered == expected


@pytest.mark.parametrize(("bound", "most"), [(1, 1), (8, 3), (256, HEIGHTS)])
def test_so_many_signatures_are_verified_in_one_turn_and_all_in_the_end(monkeypatch, bound, most):
    monkeypatch.setattr(blocks, "VERIFIED_AT_ONCE", bound)
    turns, prove, turn = [], blocks.prove_block, BlockSync._prove
    monkeypatch.setattr(blocks, "prove_block", lambda *given: turns.append(turns.pop() + 1) or prove(*given))
    monkeypatch.setattr(BlockSync, "_prove", lambda sync, *given: turns.append(0) or turn(sync, *given))
    chain = chain_of(HEIGHTS)
    # Everybody waits for the first block, which the slow one was asked for: then a gap closes.
    world = World({"alder": honest(chain, 1_900), "birch": honest(chain, 5)})
    world.run(60_000, lambda: world.is_done)
    check_chain(world)
    assert max(turns) <= most
    assert (max(turns) > 8) == (bound == 256)


def chaotic(chain, seed):
    """Return a peer that does something else every time it is asked."""
    chooser = random.Random(seed)
    behaviours = [liar for liar, _reason in LIARS.values()] + [silent, not_now, honest(chain, 1_500)]
    return chooser.choice(behaviours)


@given(st.integers(0, 1 << 32), st.integers(1, 6), st.integers(1, 2_500))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_with_one_honest_peer_of_many_it_always_arrives(seed, liars, delay_ms):
    chain = chain_of(12)
    peers = {f"liar {number}": chaotic(chain_of(HEIGHTS), seed + number) for number in range(liars)}
    peers["honest"] = honest(chain, delay_ms)
    claims = dict.fromkeys(peers, 1 << 40) | {"honest": 12}
    world = World(peers, chain=chain, claims=claims)
    world.run(600_000, lambda: world.is_done and world.sync.head >= 12)
    assert world.sync.head >= 12
    assert world.is_done
    assert "honest" not in world.banned
    assert all(
        world.chain.ids.get(height, identifier) == identifier for height, identifier in world.applied.items()
    )


def test_the_head_may_be_above_zero():
    world = World({"birch": honest(chain_of(HEIGHTS))}, head=20)
    world.run(60_000, lambda: world.is_done)
    assert sorted(world.applied) == list(range(21, HEIGHTS + 1))
    assert bytes(32) == NO_BLOCK_ID


def test_the_rest_of_an_answer_that_came_too_late_is_no_lie():
    chain = chain_of(4, 3)
    asked = []

    def once_slow(request):
        asked.append(request)
        stored = chain.stored[request.from_height]
        if len(asked) > 1:
            return honest(chain, 3_000)(request)
        # The block comes at once, its bundles only after this node has given up, and asked again.
        late = [BlockBundles(request.from_height, at, (data,)) for at, data in enumerate(stored.bundles)]
        return [
            (0, BlockAnswer(request.from_height, stored.block, stored.commit)),
            *((20_000 + 500 * at, part) for at, part in enumerate(late, start=1)),
        ]

    world = World({"alder": once_slow}, chain=chain)
    world.run(60_000)
    check_chain(world, 4)
    assert world.banned == {}


BOAST = 10**9


def watched(world, until_ms, stop=lambda: False):
    """Let time pass; return what `is_behind` said, without repetitions."""
    said = [world.sync.is_behind]

    def watch():
        if said[-1] != world.sync.is_behind:
            said.append(world.sync.is_behind)
        return stop()

    world.run(until_ms, watch)
    return said


@pytest.mark.parametrize("liar", [silent, not_now, claims_only], ids=["silent", "not now", "claims only"])
def test_a_claim_alone_never_says_that_the_node_is_behind(liar):
    world = World({"alder": liar}, claims={"alder": BOAST})

    def come_back():
        effects = world.sync.on_tip("alder", BOAST, world.now)
        world.later(2_000, come_back)
        return effects

    world.later(0, come_back)
    assert watched(world, 600_000) == [False]
    assert world.sync.proven_height == 0
    assert world.asked


def test_a_node_at_the_end_of_the_chain_is_not_behind_however_high_a_claim():
    chain = chain_of(HEIGHTS)
    truth = honest(chain)
    boaster = lambda request: truth(request) if request.from_height <= HEIGHTS else []  # noqa: E731
    world = World({"alder": boaster, "birch": honest(chain)}, claims={"alder": BOAST})
    # While it catches up it is behind, without a break; what nobody proves ends with its answer's time.
    assert watched(world, 60_000) == [False, True, False]
    assert world.sync.head == world.sync.proven_height == HEIGHTS
    assert watched(world, 600_000) == [False]


def test_a_node_that_catches_up_is_behind_until_it_has():
    chain = chain_of(HEIGHTS)
    world = World({"alder": honest(chain, 1_500), "birch": honest(chain, 1_500)})
    assert watched(world, 300_000, lambda: world.is_done) == [False, True, False]
    check_chain(world)


def test_a_follower_of_new_blocks_is_never_behind():
    world = World({"birch": honest(chain_of(HEIGHTS), 1)}, claims={"birch": 0})
    for height in range(1, HEIGHTS + 1):
        world.later(100 * height, lambda height=height: world.sync.on_tip("birch", height, world.now))
    assert watched(world, 100 * HEIGHTS + 50) == [False]
    check_chain(world)


def test_who_comes_back_has_not_lost_its_strikes():
    chain = chain_of(HEIGHTS)
    world = World({"alder": silent, "birch": honest(chain)}, claims={"alder": BOAST})

    def come_back():
        effects = world.sync.on_peer_down("alder", world.now)
        effects += world.sync.on_tip("alder", BOAST, world.now)
        world.later(1_000, come_back)
        return effects

    world.later(1_000, come_back)
    world.run(1_200_000)
    times = [now for now, peer, _request in world.asked if peer == "alder"]
    assert times[:2] == [0, 1_000]
    gaps = [later - now for now, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 200_000
    assert world.sync.head == HEIGHTS


def test_a_block_now_and_then_does_not_make_up_for_stalls():
    """A peer that gives what is real, and then claims what is not, is asked ever more seldom."""
    chain = chain_of(HEIGHTS)
    truth = honest(chain)
    heights = iter(range(1, HEIGHTS + 1))
    world = World({"alder": lambda request: truth(request)[:2] if request.from_height <= world.top else []})
    world.top = 0
    world.claims["alder"] = BOAST

    def grow():
        world.top = next(heights, world.top)
        world.later(20_000, grow)
        return world.sync.on_tip("alder", BOAST, world.now)

    world.later(0, grow)
    world.run(3_000_000)
    times = [now for now, _peer, request in world.asked if request.from_height > 1]
    stalls = [later - now for now, later in itertools.pairwise(times) if later - now > 5_000]
    assert stalls == sorted(stalls)
    assert stalls[-1] > 8 * stalls[0]


def test_every_lie_costs_a_longer_ban():
    world = World({"alder": claims_only}, claims={"alder": BOAST})

    def come_back():
        effects = world.sync.on_tip("alder", BOAST, world.now)
        world.later(1_000, come_back)
        return effects

    world.later(0, come_back)
    world.run(2_000_000)
    times = [now for now, _peer, _request in world.asked]
    gaps = [later - now for now, later in itertools.pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[0] < 70_000
    assert gaps[-1] > 400_000
