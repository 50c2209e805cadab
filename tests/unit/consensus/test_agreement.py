"""Agreement under an adversary that schedules everything: no fork, no double signature, life afterwards."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.consensus.world import World

STEPS = 1_200


def run(seed: int, **options) -> World:
    world = World(seed, **options)
    for _ in range(STEPS):
        world.step()
    return world


@pytest.mark.parametrize("seed", range(16))
def test_honest_nodes_agree_and_go_on(seed) -> None:
    world = run(seed)
    world.heal()
    assert world.decisions


@pytest.mark.parametrize("liar", range(4))
@pytest.mark.parametrize("seed", range(100, 106))
def test_one_liar_of_four_changes_nothing(seed, liar) -> None:
    world = run(seed, liars=(liar,))
    world.heal()
    assert world.counts["lies"] > 5


@pytest.mark.parametrize("seed", range(200, 206))
@pytest.mark.parametrize(
    ("powers", "liars"),
    [((3, 1, 1, 2), (1,)), ((5, 4, 4, 4), (0,)), ((1,) * 7, (2, 5)), ((10, 1, 1), ()), ((1, 1, 1), ())],
)
def test_weighted_and_larger_sets(seed, powers, liars) -> None:
    run(seed, powers=powers, liars=liars).heal()


@pytest.mark.parametrize("seed", range(300, 312))
def test_lost_logs_never_make_a_node_sign_twice(seed) -> None:
    """A node without its log may be a burden, so nothing is promised about going on; agreement is."""
    run(seed, liars=(seed % 4,) if seed % 2 else (), lose_logs=True)


def test_the_adversary_does_everything() -> None:
    counts: Counter[str] = Counter()
    for seed in range(400, 412):
        counts += run(seed, liars=(seed % 4,)).counts
    assert {"delivered", "lost", "repeated", "lies", "restarted"} <= counts.keys()
    assert {f"timeout {name}" for name in ("PROPOSE", "PREVOTE", "PRECOMMIT", "RESEND")} <= counts.keys()
    assert {f"timeout {name}" for name in ("HEARTBEAT", "PROOF_BLOCK")} <= counts.keys()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(0, 3), st.booleans())
def test_any_schedule(seed, liar, with_liar) -> None:
    run(seed, liars=(liar,) if with_liar else ()).heal()
