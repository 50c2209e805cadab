"""What happens is drawn from a seed: everything once, then by chance."""

from collections import Counter
from itertools import islice

import pytest

from network.peer.config import PeerConfig
from tests.chaos.plan import COUNTS, ENDING, OFTEN, PAIRS, Fault, Kind, draw

VALIDATORS = tuple(f"validator-{number}" for number in range(1, 8))
OBSERVERS = ("observer",)


def first(count: int, seed: int) -> list[Fault]:
    return list(islice(draw(seed, VALIDATORS, OBSERVERS), count))


@pytest.mark.parametrize("seed", range(20))
def test_each_kind_happens_to_each_number_of_nodes_before_chance_takes_over(seed: int) -> None:
    found = [(fault.kind, len(fault.nodes)) for fault in first(len(PAIRS), seed)]
    assert Counter(found) == Counter(PAIRS)
    assert (Kind.KILL, 7) in found


def test_there_is_a_number_and_a_weight_for_every_kind() -> None:
    assert list(COUNTS) == list(OFTEN) == list(Kind)


def test_a_seed_draws_the_same_again_and_another_something_else() -> None:
    assert first(100, 1) == first(100, 1) != first(100, 2)


def test_the_chosen_are_nodes_of_their_role_each_once() -> None:
    for fault in first(500, 3):
        assert set(fault.nodes) <= set(OBSERVERS if fault.kind == Kind.DELETE_OBSERVER else VALIDATORS)
        assert len(set(fault.nodes)) == len(fault.nodes) in COUNTS[fault.kind]


def test_what_lasts_is_over_some_time_and_what_does_not_begins_at_once() -> None:
    lasting = {fault.kind for fault in first(500, 4) if fault.seconds > 0}
    assert lasting == {Kind.KILL, Kind.PAUSE, Kind.CUT, Kind.LONG_CUT}
    assert all(fault.seconds <= 25 for fault in first(500, 4))


def test_a_short_cut_is_over_before_conversations_end_and_a_long_one_is_not() -> None:
    found = first(500, 7)
    idle_s = PeerConfig().idle_ms / 1000
    assert {fault.seconds for fault in found if fault.kind == Kind.CUT} == {4, 5, 6, 7, 8}
    assert all(fault.seconds < idle_s for fault in found if fault.kind == Kind.CUT)
    assert all(fault.seconds > 2 * idle_s for fault in found if fault.kind == Kind.LONG_CUT)


def test_by_chance_the_kinds_come_as_often_as_they_should() -> None:
    found = Counter(fault.kind for fault in first(2_800 + len(PAIRS), 5)[len(PAIRS) :])
    whole = sum(OFTEN.values())
    assert all(abs(found[kind] - 2_800 * weight / whole) < 100 for kind, weight in OFTEN.items())


def test_one_process_is_ended_at_first_only() -> None:
    later = first(1_000 + len(PAIRS), 6)[len(PAIRS) :]
    ended = {name for fault in later if fault.kind in ENDING for name in fault.nodes}
    assert ended == set(VALIDATORS[:-1])
    assert VALIDATORS[-1] in {name for fault in later for name in fault.nodes}
