"""The rules through the whole engine: what a node signs, arms and decides, input by input.

Four equal validators at height 1; this node is 0, the proposers of rounds 0, 1, 2, 3, 4 are 1, 2, 3, 0, 1.
"""

import msgspec
import pytest

from consensus.effects import (
    ArmTimer,
    BuildValue,
    CancelFetch,
    CancelTimer,
    CheckValue,
    Decide,
    ReportDivergence,
    Sign,
)
from consensus.limits import MAX_BUDGET_SHIFT
from consensus.values import NO_VALUE, RoundValue, Step, Timer
from tests.unit.consensus.driver import TIMING, Driver, a_commit, a_start, value


@pytest.fixture
def node() -> Driver:
    return Driver(a_start())


def test_a_round_in_which_all_is_well(node) -> None:
    assert node.at == (0, "PROPOSE")
    node.propose(0, "A")
    assert node.of(CheckValue) == [CheckValue(1, 0, value("A"), -1)]
    node.check(0, "A")
    assert node.signed == [("PREVOTE", 0, "A")]
    node.prevote(0, "A", 1)
    assert node.signed == []
    node.prevote(0, "A", 2)
    assert node.signed == [("PRECOMMIT", 0, "A")]
    assert (node.locked, node.valid) == (("A", 0), ("A", 0))
    node.precommit(0, "A", 1)
    assert node.effects == []
    node.precommit(0, "A", 3)
    assert node.of(Decide) == [Decide(1, 0, value("A"), a_commit(0, value("A"), (0, 1, 3)))]
    assert node.at == (0, "DECIDED")


def test_what_is_signed_carries_the_signer_s_record(node) -> None:
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    polka = RoundValue(value("A"), 0)
    assert node.of(Sign) == [Sign(1, 0, Step.PRECOMMIT, value("A"), -1, polka, polka)]
    node.precommit(0, "nil", 1, 2)
    node.timeout(Timer.PRECOMMIT, 0)
    node.propose_ok(1, "B")
    assert node.of(Sign) == []
    node.timeout(Timer.PROPOSE, 1)
    assert node.of(Sign) == []


class TestProposing:
    """Lines 14-21; node 1 proposes in round 0."""

    def test_a_fresh_value_is_built_signed_and_voted_for(self) -> None:
        node = Driver(a_start(own=1))
        assert node.of(BuildValue) == [BuildValue(1, 0, 0)]
        assert node.of(ArmTimer)[1] == ArmTimer(Timer.PROPOSE, 1, 0, TIMING.propose_ms)
        node.built(0, "A")
        assert node.of(Sign) == [Sign(1, 0, Step.PROPOSE, value("A"), -1, NO_VALUE, NO_VALUE)]
        assert node.of(CheckValue) == [CheckValue(1, 0, value("A"), -1)]
        assert node.check(0, "A")
        assert node.signed == [("PREVOTE", 0, "A")]

    def test_a_value_is_proposed_once(self) -> None:
        node = Driver(a_start(own=1))
        node.built(0, "A")
        length = len(node.log)
        assert node.built(0, "B") == []
        assert node.built(0, "A") == []
        assert len(node.log) == length

    def test_a_value_is_awaited_while_the_round_lasts(self) -> None:
        node = Driver(a_start(own=1))
        node.precommit(0, "nil", 0, 2, 3)
        assert [timer.timer for timer in node.of(ArmTimer)] == [Timer.PRECOMMIT]
        node.built(0, "A")
        assert node.signed == [("PROPOSE", 0, "A")]

    @pytest.mark.parametrize("round_", [1, 4, -1])
    def test_a_value_for_another_round_is_not_proposed(self, round_) -> None:
        node = Driver(a_start(own=1))
        assert node.built(round_, "A") == []

    def test_a_value_that_comes_after_the_propose_timer_is_not_proposed(self) -> None:
        node = Driver(a_start(own=1))
        node.timeout(Timer.PROPOSE, 0)
        assert node.signed == [("PREVOTE", 0, "nil")]
        assert node.built(0, "A") == []

    def test_who_does_not_propose_builds_nothing(self, node) -> None:
        assert node.built(0, "A") == []

    def test_the_valid_value_is_proposed_again_with_its_round(self) -> None:
        node = Driver(a_start(own=2))
        node.propose_ok(0, "A")
        node.prevote(0, "A", 1, 3)
        node.precommit(0, "nil", 1, 3)
        node.timeout(Timer.PRECOMMIT, 0)
        polka = RoundValue(value("A"), 0)
        assert node.of(Sign)[0] == Sign(1, 1, Step.PROPOSE, value("A"), 0, polka, polka)
        assert node.of(BuildValue) == []
        assert node.of(CheckValue) == [CheckValue(1, 1, value("A"), 0)]
        assert node.signed == [("PROPOSE", 1, "A"), ("PREVOTE", 1, "A")]

    @pytest.mark.parametrize(("round_", "shift"), [(1, 1), (5, 5), (9, 9), (13, MAX_BUDGET_SHIFT)])
    def test_the_budget_of_a_fresh_value_is_halved_per_round(self, round_, shift) -> None:
        node = Driver(a_start(own=2))
        node.prevote(round_, "nil", 1, 3)
        assert node.of(BuildValue) == [BuildValue(1, round_, shift)]

    def test_a_round_that_is_skipped_at_once_builds_nothing(self) -> None:
        node = Driver(a_start(own=1, bundles=False))
        node.prevote(2, "nil", 2, 3)
        assert node.at == (2, "PROPOSE")
        assert node.of(BuildValue) == []

    def test_a_value_built_for_a_round_that_is_over_is_not_proposed(self) -> None:
        node = Driver(a_start(own=1))
        node.prevote(1, "nil", 2, 3)
        assert node.built(0, "A") == []
        assert node.built(1, "A") == []


class TestPrevoting:
    def test_missing_bundles_wait_for_the_fetch(self, node) -> None:
        node.propose(0, "A")
        node.check(0, "A", have=False)
        assert node.signed == []
        node.check(0, "A")
        assert node.signed == [("PREVOTE", 0, "A")]

    def test_missing_bundles_wait_for_the_propose_timer_at_most(self, node) -> None:
        node.propose(0, "A")
        node.check(0, "A", have=False)
        node.timeout(Timer.PROPOSE, 0)
        assert node.signed == [("PREVOTE", 0, "nil")]
        node.check(0, "A")
        assert node.signed == []

    @pytest.mark.parametrize("wrong", [{"valid": False}, {"timely": False}])
    def test_a_bad_value_is_refused_at_once_even_unfetched(self, node, wrong) -> None:
        node.propose(0, "A")
        node.check(0, "A", have=False, **wrong)
        assert node.signed == [("PREVOTE", 0, "nil")]

    def test_a_node_with_a_wrong_clock_still_locks_and_decides(self, node) -> None:
        node.propose(0, "A")
        node.check(0, "A", timely=False)
        assert node.signed == [("PREVOTE", 0, "nil")]
        node.prevote(0, "A", 1, 2, 3)
        assert node.signed == [("PRECOMMIT", 0, "A")]
        node.precommit(0, "A", 1, 2)
        assert node.of(Decide)

    def test_a_repeated_value_needs_no_clock(self, node) -> None:
        node.prevote(0, "A", 1, 2, 3)
        node.prevote(1, "nil", 1, 2)
        node.propose(1, "A", 0)
        node.check(1, "A", timely=False)
        assert node.signed == [("PREVOTE", 1, "A")]

    def test_only_the_round_s_proposer_is_heard(self, node) -> None:
        for author in (0, 2, 3, 4, -1):
            assert node.propose(0, "A", author=author) == []
        node.propose(0, "A", author=1)
        assert node.of(CheckValue)

    def test_the_first_of_two_proposals_that_can_be_answered_is(self, node) -> None:
        node.propose(0, "A")
        node.propose(0, "B")
        node.check(0, "B")
        assert node.signed == [("PREVOTE", 0, "B")]
        node.check(0, "A")
        assert node.signed == []


class TestPrecommitting:
    def test_a_polka_nil_precommits_nil(self, node) -> None:
        node.timeout(Timer.PROPOSE, 0)
        node.prevote(0, "nil", 1)
        assert node.signed == []
        node.prevote(0, "nil", 2)
        assert node.signed == [("PRECOMMIT", 0, "nil")]
        assert node.of(ArmTimer) == []

    def test_mixed_prevotes_arm_the_timer_and_then_precommit_nil(self, node) -> None:
        node.propose_ok(0, "A")
        node.prevote(0, "nil", 1)
        node.prevote(0, "B", 2)
        assert node.of(ArmTimer) == [ArmTimer(Timer.PREVOTE, 1, 0, TIMING.prevote_ms)]
        node.prevote(0, "A", 3)
        assert node.effects == []
        node.timeout(Timer.PREVOTE, 0)
        assert node.signed == [("PRECOMMIT", 0, "nil")]
        assert node.locked == ("nil", -1)

    def test_a_polka_waits_for_the_value(self, node) -> None:
        node.propose(0, "A")
        node.check(0, "A", have=False)
        node.timeout(Timer.PROPOSE, 0)
        node.prevote(0, "A", 1, 2, 3)
        assert node.signed == []
        node.check(0, "A")
        assert node.signed == [("PRECOMMIT", 0, "A")]

    def test_a_polka_waits_for_the_proposal(self, node) -> None:
        node.timeout(Timer.PROPOSE, 0)
        node.prevote(0, "A", 1, 2, 3)
        node.check(-1, "A")
        assert node.signed == []
        node.propose(0, "A")
        assert node.signed == [("PRECOMMIT", 0, "A")]

    def test_a_polka_before_the_own_prevote_does_not_precommit(self, node) -> None:
        node.propose(0, "A")
        node.prevote(0, "A", 1, 2, 3)
        assert node.signed == []
        node.check(0, "A")
        assert node.signed == [("PREVOTE", 0, "A"), ("PRECOMMIT", 0, "A")]


class TestRounds:
    def test_any_quorum_of_precommits_ends_the_round_after_a_while(self, node) -> None:
        node.precommit(0, "nil", 1)
        node.precommit(0, "A", 2)
        assert node.of(ArmTimer) == []
        node.precommit(0, "B", 3)
        assert node.of(ArmTimer) == [ArmTimer(Timer.PRECOMMIT, 1, 0, TIMING.precommit_ms)]
        node.timeout(Timer.PRECOMMIT, 0)
        assert node.at == (1, "PROPOSE")
        assert node.of(CancelTimer) == []
        assert node.of(ArmTimer) == [
            ArmTimer(Timer.RESEND, 1, 1, 1_000),
            ArmTimer(Timer.PROPOSE, 1, 1, TIMING.propose_ms + TIMING.delta_ms),
        ]

    def test_one_third_exactly_skips_nothing(self) -> None:
        node = Driver(a_start((2, 1, 1, 1, 1)))
        node.prevote(5, "nil", 1, 2)
        assert node.at == (0, "PROPOSE")
        node.prevote(5, "nil", 3)
        assert node.at == (5, "PROPOSE")

    def test_votes_of_both_types_skip_together(self, node) -> None:
        node.prevote(3, "A", 1)
        node.precommit(3, "A", 1)
        assert node.at == (0, "PROPOSE")
        node.precommit(3, "nil", 2)
        assert node.at == (3, "PROPOSE")

    def test_a_skip_makes_use_of_what_came_before(self, node) -> None:
        node.propose(2, "A")
        node.check(2, "A")
        node.prevote(2, "A", 1)
        node.prevote(2, "A", 3)
        assert node.signed == [("PREVOTE", 2, "A"), ("PRECOMMIT", 2, "A")]

    def test_stale_and_unknown_timeouts_do_nothing(self, node) -> None:
        for timer in Timer:
            assert node.timeout(timer, 3) == []
        assert node.timeout(Timer.PREVOTE, 0) == []
        assert node.timeout(Timer.PRECOMMIT, 0) == []
        assert node.timeout(Timer.HEARTBEAT) == []
        assert node.log == [a_start()]


class TestDeciding:
    def test_in_a_past_round(self, node) -> None:
        node.propose_ok(0, "A")
        node.precommit(0, "A", 1)
        node.prevote(2, "nil", 1, 2)
        assert node.at == (2, "PROPOSE")
        node.precommit(0, "A", 2, 3)
        assert node.of(Decide) == [Decide(1, 0, value("A"), a_commit(0, value("A"), (1, 2, 3)))]

    def test_in_a_future_round(self, node) -> None:
        node.propose(2, "A")
        node.check(2, "A")
        node.precommit(2, "A", 1, 2)
        node.precommit(2, "A", 3)
        assert node.of(Decide)[0].round == 2

    def test_waits_for_the_value(self, node) -> None:
        node.propose(0, "A")
        node.check(0, "A", have=False)
        node.precommit(0, "A", 1, 2, 3)
        assert node.of(Decide) + node.of(ReportDivergence) == []
        node.check(0, "A")
        assert node.of(Decide)

    def test_says_nothing_more_about_other_values(self, node) -> None:
        node.propose(0, "B")
        node.check(0, "B", have=False)
        node.precommit(0, "A", 1, 2, 3)
        node.check(-1, "A")
        assert node.of(Decide)
        assert node.of(CancelFetch) == []

    def test_needs_no_proposal_once_the_value_is_here(self, node) -> None:
        node.precommit(0, "A", 1, 2)
        assert node.of(CheckValue) == [CheckValue(1, -1, value("A"), -1)]
        node.precommit(0, "A", 3)
        node.check(-1, "A", timely=False)
        assert node.of(Decide)

    def test_cancels_every_timer(self, node) -> None:
        node.propose_ok(0, "A")
        node.precommit(0, "nil", 1)
        node.precommit(0, "A", 2, 3)
        node.precommit(0, "A", 1)
        assert node.of(Decide)
        assert node.of(CancelTimer) == [
            CancelTimer(Timer.RESEND),
            CancelTimer(Timer.PRECOMMIT),
        ]

    def test_an_exact_two_thirds_does_not(self) -> None:
        node = Driver(a_start((1, 1, 1, 1, 1, 1), own=None))
        node.propose_ok(0, "A")
        node.precommit(0, "A", 0, 1, 2, 3)
        assert node.of(Decide) == []
        node.precommit(0, "A", 4)
        assert node.of(Decide)

    def test_power_not_heads(self) -> None:
        node = Driver(a_start((10, 1, 1, 1), own=None))
        node.propose_ok(0, "A")
        node.precommit(0, "A", 1, 2, 3)
        assert node.of(Decide) == []
        node.precommit(0, "A", 0)
        assert node.of(Decide)


class TestFollowing:
    def test_a_node_without_a_vote_signs_and_builds_nothing_but_decides(self) -> None:
        stranger = msgspec.structs.replace(a_start(), own_key=b"\xff" * 32)
        for start in (a_start(own=None), stranger):
            follower = Driver(start)
            assert follower.engine.own_index is None
            follower.propose_ok(0, "A")
            follower.prevote(0, "A", 1, 2, 3)
            assert follower.at == (0, "PRECOMMIT")
            follower.precommit(0, "A", 1, 2)
            assert follower.of(Sign) + follower.of(BuildValue) == []
            follower.precommit(0, "A", 3)
            assert follower.of(Decide)

    def test_alone_in_the_set_decides_alone(self) -> None:
        node = Driver(a_start((5,)))
        node.built(0, "A")
        node.check(0, "A")
        assert node.signed == [("PREVOTE", 0, "A"), ("PRECOMMIT", 0, "A")]
        assert node.of(Decide)
