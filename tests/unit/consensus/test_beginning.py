"""The four ways an idle height begins, and that nothing else begins it (SPEC.md, "How a height begins")."""

import pytest

from consensus.effects import ArmTimer, BuildValue, BundlesAvailable, CancelTimer, CheckValue
from consensus.values import Timer
from tests.unit.consensus.driver import TIMING, Driver, a_start

HEARTBEAT = ArmTimer(Timer.HEARTBEAT, 1, -1, TIMING.heartbeat_ms)
PROOF_BLOCK = ArmTimer(Timer.PROOF_BLOCK, 1, -1, TIMING.proof_block_delay_ms)


def idle(**options) -> Driver:
    node = Driver(a_start(bundles=False, **options))
    assert node.at == (-1, "IDLE")
    return node


def test_an_idle_height_waits_for_the_heartbeat() -> None:
    assert idle().effects == [HEARTBEAT]


def test_after_bundles_a_proof_block_is_due() -> None:
    assert idle(previous_had_bundles=True).effects == [HEARTBEAT, PROOF_BLOCK]


def test_a_bundles_at_the_start() -> None:
    node = Driver(a_start(previous_had_bundles=True))
    assert node.at == (0, "PROPOSE")
    assert [timer.timer for timer in node.of(ArmTimer)] == [Timer.RESEND, Timer.PROPOSE]


def test_a_bundles_later() -> None:
    node = idle(previous_had_bundles=True, own=1)
    node.bundles()
    assert node.at == (0, "PROPOSE")
    assert node.of(CancelTimer) == [CancelTimer(Timer.HEARTBEAT), CancelTimer(Timer.PROOF_BLOCK)]
    assert node.of(BuildValue) == [BuildValue(1, 0, 0)]


def test_b_the_proof_block_timer() -> None:
    node = idle(previous_had_bundles=True)
    node.timeout(Timer.PROOF_BLOCK)
    assert node.at == (0, "PROPOSE")
    assert node.of(CancelTimer) == [CancelTimer(Timer.HEARTBEAT)]


def test_b_only_after_bundles() -> None:
    node = idle()
    assert node.timeout(Timer.PROOF_BLOCK) == []
    assert node.at == (-1, "IDLE")


def test_c_the_heartbeat() -> None:
    node = idle()
    node.timeout(Timer.HEARTBEAT)
    assert node.at == (0, "PROPOSE")


@pytest.mark.parametrize("round_", [0, 3])
def test_d_a_proposal_of_any_round(round_) -> None:
    node = idle()
    node.propose(round_, "A")
    assert node.at == (0, "PROPOSE")
    assert len(node.of(CheckValue)) == 1


def test_d_not_a_proposal_of_somebody_else() -> None:
    node = idle()
    node.propose(0, "A", author=2)
    assert node.at == (-1, "IDLE")


def test_d_votes_of_over_a_third() -> None:
    node = idle()
    node.prevote(0, "nil", 1)
    node.precommit(0, "nil", 1)
    assert node.at == (-1, "IDLE")
    node.prevote(0, "A", 2)
    assert node.at == (0, "PROPOSE")


def test_d_votes_in_different_rounds_add_up_but_skip_nothing() -> None:
    node = idle()
    node.prevote(4, "nil", 1)
    node.prevote(6, "nil", 2)
    assert node.at == (0, "PROPOSE")


def test_d_votes_in_a_later_round_begin_and_skip_there() -> None:
    node = idle()
    node.prevote(6, "nil", 1, 2)
    assert node.at == (6, "PROPOSE")


def test_a_height_begins_once() -> None:
    node = Driver(a_start())
    assert node.bundles() == []
    assert node.log == [a_start()]


def test_bundles_for_another_height_begin_nothing() -> None:
    node = idle()
    for height in (0, 2, 3):
        assert node.put(BundlesAvailable(height)) == []
    assert node.at == (-1, "IDLE")


def test_the_timers_of_an_idle_height_are_named_by_outstanding() -> None:
    assert idle(previous_had_bundles=True).engine.outstanding == (PROOF_BLOCK, HEARTBEAT)
