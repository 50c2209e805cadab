"""Of a lost home only that is forgotten which nobody else has: the rest is expected in the end (I3)."""

import pytest

from tests.simulation.invariants import Decided
from tests.simulation.plan import make_plan
from tests.simulation.signatures import SignatureBook
from tests.simulation.world import World

OWN, OTHERS, WAITING, ELSEWHERE = (bytes([at]) * 32 for at in range(1, 5))
LOSER = "v0"


@pytest.fixture
def world() -> World:
    """Two heights are decided; v0 has both, the others one or none. v0 promised three documents, v1 one."""
    world = World(make_plan(0), SignatureBook())
    for height, document in enumerate((OTHERS, OWN), start=1):
        world.invariants.decided[height] = Decided(b"", b"", ((document, "accepted"),), 0)
    world.invariants.height = world.machines[LOSER].told = 2
    world.machines["v1"].told = 1
    promised = {OTHERS: LOSER, OWN: LOSER, WAITING: LOSER, ELSEWHERE: "v1"}
    world.workload.promises.durable.update(promised)
    return world


def test_what_another_node_has_in_its_chain_stays_promised(world: World) -> None:
    world.machines[LOSER].forget()
    assert world.workload.promises.durable == {OTHERS: LOSER, ELSEWHERE: "v1"}
    assert world.machines[LOSER].told == 0


def test_what_no_node_has_any_more_is_forgotten(world: World) -> None:
    world.machines["v1"].forget_chain()
    world.machines[LOSER].forget()
    assert world.workload.promises.durable == {ELSEWHERE: "v1"}
