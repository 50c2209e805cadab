"""Twins: small schedules here, the larger bounds by `make twins`; and wrong cores that they find."""

import pytest

from tests.simulation.twins import World, by_phases, by_rounds, run_all
from tests.unit.consensus.test_planted import a_half_is_a_quorum, locks_are_forgotten


def test_every_way_to_part_five_in_one_round() -> None:
    counts = run_all(by_rounds(1), 1, range(4))
    assert counts["schedules"] == 64
    assert counts["healed"] > 30
    assert counts["evidence"] > 0


def test_some_ways_to_part_them_in_every_phase_of_three_rounds() -> None:
    counts = run_all(by_phases(3, sample=20, seed=1), 3, range(4))
    assert counts["schedules"] == 80
    assert counts["rounds"] > 80


def test_a_schedule_names_itself() -> None:
    world = World(2, 1, (3, 0, 7))
    assert world.name == "--doubled 2 --rounds 1 --schedule 3,0,7"


@pytest.mark.parametrize("plant", [a_half_is_a_quorum, locks_are_forgotten])
def test_a_wrong_core_is_found(plant, monkeypatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError, match="a fork under --doubled"):
        run_all(by_phases(3, sample=100, seed=0), 3, range(4))
