"""What a node sends again brings others along: it is what moved the node itself."""

from consensus.effects import ArmTimer, ProposalReceived, Send, VoteReceived
from consensus.limits import RESEND_INTERVAL_MS
from consensus.values import Timer
from tests.unit.consensus.driver import (
    PRECOMMIT,
    PREVOTE,
    Driver,
    a_proposal,
    a_start,
    a_vote,
    value,
)

A, NIL = value("A"), value("nil")


def hand_over(sent: Send, to: Driver) -> None:
    to.put(*(ProposalReceived(each) for each in sent.proposals), *(VoteReceived(each) for each in sent.votes))


def test_the_round_s_messages_are_sent_again_while_it_lasts() -> None:
    node = Driver(a_start())
    node.propose_ok(0, "A")
    node.prevote(0, "nil", 3)
    length = len(node.log)
    for _ in range(3):
        proposals = (a_proposal(0, A, -1, 1),)
        votes = (a_vote(PREVOTE, 0, A, 0), a_vote(PREVOTE, 0, NIL, 3))
        again = ArmTimer(Timer.RESEND, 1, 0, RESEND_INTERVAL_MS)
        assert node.timeout(Timer.RESEND, 0) == [Send(1, 0, proposals, votes), again]
    assert len(node.log) == length


def test_not_in_another_round_and_not_once_decided() -> None:
    node = Driver(a_start())
    assert node.timeout(Timer.RESEND, 1) == []
    node.propose_ok(0, "A")
    node.precommit(0, "A", 1, 2, 3)
    assert node.timeout(Timer.RESEND, 0) == []


def test_the_precommits_that_ended_the_round_before_are_sent_along() -> None:
    node, behind = Driver(a_start()), Driver(a_start(own=1))
    node.timeout(Timer.PROPOSE, 0)
    node.precommit(0, "nil", 1, 2, 3)
    node.timeout(Timer.PRECOMMIT, 0)
    (sent, _) = node.timeout(Timer.RESEND, 1)
    assert {(vote.type, vote.round) for vote in sent.votes} == {(PRECOMMIT, 0)}
    hand_over(sent, behind)
    behind.timeout(Timer.PRECOMMIT, 0)
    assert behind.at == (1, "PROPOSE")


def test_a_peer_far_behind_skips_to_the_round_before_and_goes_on() -> None:
    node, behind = Driver(a_start()), Driver(a_start(own=1, bundles=False))
    node.prevote(8, "nil", 2, 3)
    node.precommit(8, "nil", 1, 2, 3)
    node.timeout(Timer.PRECOMMIT, 8)
    hand_over(node.engine.messages_for(-1), behind)
    assert behind.at == (8, "PROPOSE")
    behind.timeout(Timer.PRECOMMIT, 8)
    assert behind.at == (9, "PROPOSE")


def test_prevotes_of_the_valid_round_and_of_rounds_that_proposals_name_are_sent_along() -> None:
    node = Driver(a_start())
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    node.prevote(4, "nil", 1, 2)
    node.prevote(2, "B", 1, 2, 3)
    node.propose(4, "B", 2)
    sent = node.engine.messages_for(4)
    assert {(vote.type, vote.round) for vote in sent.votes} == {(PREVOTE, 0), (PREVOTE, 2), (PREVOTE, 4)}
    assert [proposal.block_id for proposal in sent.proposals] == [value("B")]


def test_precommits_that_decide_are_sent_along_also_when_the_value_is_missing() -> None:
    node, other = Driver(a_start()), Driver(a_start(own=1))
    node.precommit(0, "A", 1, 2, 3)
    node.prevote(5, "nil", 1, 2)
    hand_over(node.engine.messages_for(5), other)
    other.check(-1, "A")
    assert other.at[1] == "DECIDED"


def test_a_peer_in_an_earlier_round_gets_that_round_s_messages_too() -> None:
    node = Driver(a_start())
    node.propose(1, "A")
    node.prevote(1, "nil", 1)
    node.prevote(3, "nil", 1, 2)
    sent = node.engine.messages_for(1)
    assert [proposal.round for proposal in sent.proposals] == [1]
    assert {vote.round for vote in sent.votes} == {1, 3}
    assert {vote.round for vote in node.engine.messages_for(0).votes} == {3}


def test_nothing_is_sent_twice() -> None:
    node = Driver(a_start())
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    node.precommit(0, "A", 3)
    sent = node.engine.messages_for(0)
    assert len(set(sent.votes)) == len(sent.votes) == 5
    assert len(sent.proposals) == 1


def test_a_decided_node_helps_with_its_precommits() -> None:
    node, behind = Driver(a_start()), Driver(a_start(own=3))
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    node.precommit(0, "A", 1, 2)
    sent = node.engine.messages_for(0)
    assert sent.round == 0
    hand_over(sent, behind)
    behind.check(0, "A")
    assert behind.at[1] == "DECIDED"


def test_both_sides_of_a_lie_are_sent() -> None:
    node, other = Driver(a_start()), Driver(a_start(own=1))
    node.prevote(0, "A", 3)
    node.prevote(0, "B", 3)
    hand_over(node.engine.messages_for(0), other)
    assert len(other.engine.outstanding) > len(Driver(a_start(own=1)).engine.outstanding)
