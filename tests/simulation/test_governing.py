"""Whoever comes and goes, those who are wrong by plan stay below a third: else nothing would be promised."""

from random import Random
from types import SimpleNamespace
from typing import Any

from contracts.records.changes import Change, PutNode, RemoveNode
from tests.simulation.governing import Governing
from tests.simulation.sets import VALIDATOR, Voter, Voters

EQUAL: Voters = {f"v{at}": Voter(bytes([at]), 1, b"") for at in range(4)}


def power(name: str, power: int) -> Change:
    return PutNode(name, VALIDATOR, b"", b"", EQUAL[name].key, power)


def governing(*pending: tuple[int, list[Change]]) -> Governing:
    world: Any = SimpleNamespace(wrong={"v2"})
    found = Governing(world, Random(0))
    found._pending = list(pending)
    return found


def test_what_is_proposed_later_may_act_sooner() -> None:
    heavier: list[Change] = [RemoveNode("v0"), power("v3", 3)]
    assert governing()._is_safe(EQUAL, heavier)
    assert not governing((12, [power("v3", 1)]))._is_safe(EQUAL, heavier)


def test_one_that_acts_may_take_from_another_what_makes_it_safe() -> None:
    assert governing((9, [power("v3", 2)]))._is_safe(EQUAL, [power("v1", 2)])
    assert not governing((9, [power("v3", 2)]))._is_safe(EQUAL, [RemoveNode("v0")])
