"""Locks and valid values over several rounds: the cases that forked or stalled others.

Four equal validators at height 1; this node is 0, the proposers of rounds 0, 1, 2, 3, 4 are 1, 2, 3, 0, 1.
"""

import pytest

from consensus.effects import Decide, Send, Sign
from consensus.values import RoundValue, Step, Timer
from tests.unit.consensus.driver import PREVOTE, Driver, a_start, a_vote, value


def locked_on_a(own: int = 0) -> Driver:
    """A node that locked A in round 0 and is in round 1."""
    node = Driver(a_start(own=own))
    node.propose_ok(0, "A")
    node.prevote(0, "A", *{0, 1, 2, 3} - {own})
    assert node.locked == ("A", 0)
    node.precommit(0, "nil", *{0, 1, 2, 3} - {own})
    node.timeout(Timer.PRECOMMIT, 0)
    assert node.at == (1, "PROPOSE")
    return node


def next_round(node: Driver) -> None:
    """Everyone precommits nil and time passes."""
    round_ = node.engine.round
    if node.at[1] == "PROPOSE":
        node.timeout(Timer.PROPOSE, round_)
    node.precommit(round_, "nil", 1, 2, 3)
    node.timeout(Timer.PRECOMMIT, round_)
    assert node.at == (round_ + 1, "PROPOSE")


def test_a_lock_answers_another_fresh_value_with_nil_at_once() -> None:
    node = locked_on_a()
    node.propose(1, "B")
    assert node.signed == [("PREVOTE", 1, "nil")]


def test_a_locked_value_may_be_proposed_afresh() -> None:
    node = locked_on_a()
    node.propose_ok(1, "A")
    assert node.at == (1, "PREVOTE")
    assert node.log[-1].vote == a_vote(PREVOTE, 1, value("A"), 0)


def test_no_unlock_on_a_nil_polka() -> None:
    node = locked_on_a()
    node.timeout(Timer.PROPOSE, 1)
    node.prevote(1, "nil", 1, 2, 3)
    assert node.signed == [("PRECOMMIT", 1, "nil")]
    assert (node.locked, node.valid) == (("A", 0), ("A", 0))
    node.precommit(1, "nil", 1, 2, 3)
    node.timeout(Timer.PRECOMMIT, 1)
    node.propose(2, "B")
    assert node.signed == [("PREVOTE", 2, "nil")]
    assert node.locked == ("A", 0)


def test_a_newer_polka_for_another_value_releases_the_prevote_and_moves_the_lock() -> None:
    node = locked_on_a()
    node.timeout(Timer.PROPOSE, 1)
    node.prevote(1, "B", 1, 2, 3)  # unseen proposal: no lock on B yet
    next_round(node)
    node.propose(2, "B", 1)
    assert node.signed == []
    node.check(-1, "B")
    assert node.signed == [("PREVOTE", 2, "B")]
    assert node.locked == ("A", 0)
    node.prevote(2, "B", 1, 2)
    assert node.signed == [("PRECOMMIT", 2, "B")]
    assert (node.locked, node.valid) == (("B", 2), ("B", 2))


def test_a_polka_of_the_lock_s_own_round_releases_it() -> None:
    """Line 29 says <=. It takes over a third of liars to get there, and then the paper's rule is the rule."""
    node = locked_on_a()
    node.prevote(0, "B", 1, 2, 3)
    node.propose(1, "B", 0)
    node.check(1, "B")
    assert node.signed == [("PREVOTE", 1, "B")]


def test_an_older_polka_does_not_release_a_lock() -> None:
    node = Driver(a_start())
    node.prevote(0, "B", 1, 2, 3)
    next_round(node)
    node.propose_ok(1, "A")
    node.prevote(1, "A", 1, 2)
    assert node.locked == ("A", 1)
    next_round(node)
    node.propose(2, "B", 0)
    assert node.signed == [("PREVOTE", 2, "nil")]


def test_an_older_polka_is_enough_for_the_locked_value_itself() -> None:
    node = Driver(a_start())
    node.prevote(0, "A", 1, 2, 3)
    next_round(node)
    node.propose_ok(1, "A")
    node.prevote(1, "A", 1, 2)
    next_round(node)
    node.propose(2, "A", 0)  # held and valid since round 1, and its time was judged then
    assert node.locked == ("A", 1)
    assert node.signed == [("PREVOTE", 2, "A")]


def test_a_reproposal_waits_for_the_quorum_of_its_valid_round() -> None:
    node = locked_on_a()
    node.propose(1, "B", 0)
    node.check(1, "B")
    assert node.signed == []
    assert node.at == (1, "PROPOSE")
    node.timeout(Timer.PROPOSE, 1)
    assert node.signed == [("PREVOTE", 1, "nil")]


@pytest.mark.parametrize("authors", [(1, 2, 3), (3, 1, 2)])
def test_a_reproposal_is_answered_as_soon_as_late_prevotes_complete_the_quorum(authors) -> None:
    node = Driver(a_start())
    next_round(node)
    node.propose(1, "B", 0)
    node.check(1, "B")
    node.prevote(0, "B", *authors[:2])
    assert node.at == (1, "PROPOSE")
    node.prevote(0, "B", authors[2])
    assert node.signed == [("PREVOTE", 1, "B")]


@pytest.mark.parametrize("valid_round", [1, 2, 7, -2])
def test_a_reproposal_must_name_an_earlier_round(valid_round) -> None:
    node = Driver(a_start())
    next_round(node)
    assert node.propose(1, "B", valid_round) == []


def test_a_polka_seen_in_precommit_makes_the_value_valid_without_a_lock() -> None:
    node = Driver(a_start())
    node.propose_ok(0, "A")
    node.prevote(0, "nil", 1)
    node.prevote(0, "A", 2)
    node.timeout(Timer.PREVOTE, 0)
    assert node.signed == [("PRECOMMIT", 0, "nil")]
    node.prevote(0, "A", 3)
    assert node.signed == []
    assert (node.locked, node.valid) == (("nil", -1), ("A", 0))


def test_a_value_that_is_valid_but_not_locked_is_proposed_again_by_this_node() -> None:
    node = Driver(a_start(own=2))
    node.propose_ok(0, "A")
    node.prevote(0, "nil", 0)
    node.prevote(0, "A", 1)
    node.timeout(Timer.PREVOTE, 0)
    node.prevote(0, "A", 3)
    node.precommit(0, "nil", 0, 1)
    node.timeout(Timer.PRECOMMIT, 0)
    proposal = next(sign for sign in node.of(Sign) if sign.step is Step.PROPOSE)
    assert (proposal.block_id, proposal.valid_round) == (value("A"), 0)
    assert proposal.locked == RoundValue(value(""), -1)


def test_a_polka_of_a_past_round_changes_nothing() -> None:
    """Line 36 looks at the current round only; the proposer that knows the polka brings it along."""
    node = Driver(a_start())
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1)
    node.prevote(2, "nil", 1, 2)
    node.prevote(0, "A", 2, 3)
    assert (node.locked, node.valid) == (("nil", -1), ("nil", -1))


def test_valid_is_the_first_polka_of_a_round_only() -> None:
    node = Driver(a_start())
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    node.propose(0, "B")
    node.check(0, "B")
    node.prevote(0, "B", 1, 2, 3)
    assert (node.locked, node.valid) == (("A", 0), ("A", 0))


def test_a_node_in_prevote_whose_own_prevote_was_nil_locks_on_a_polka() -> None:
    node = Driver(a_start())
    node.timeout(Timer.PROPOSE, 0)
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2, 3)
    assert node.signed == [("PRECOMMIT", 0, "A")]
    assert node.locked == ("A", 0)


def test_a_hidden_lock_is_brought_to_light_by_its_holder() -> None:
    """Node 0 alone locked A in round 0; the others know nothing of it and would go on with B."""
    holder, other = Driver(a_start(own=0)), Driver(a_start(own=2))
    polka = [a_vote(PREVOTE, 0, value("A"), author) for author in (0, 1, 3)]
    holder.propose_ok(0, "A")
    holder.prevote(0, "A", 1, 3)
    assert holder.locked == ("A", 0)
    other.timeout(Timer.PROPOSE, 0)
    for node, nil_voters in ((holder, (1, 2, 3)), (other, (0, 1, 3))):
        for round_ in (0, 1, 2):
            if round_ and node.at == (round_, "PROPOSE"):
                node.timeout(Timer.PROPOSE, round_)
            node.precommit(round_, "nil", *nil_voters)
            node.timeout(Timer.PRECOMMIT, round_)
    # Round 3 is the holder's: it proposes A with valid round 0, and what it sends again proves the polka.
    assert holder.at == (3, "PREVOTE")
    resent = holder.timeout(Timer.RESEND, 3)[0]
    assert isinstance(resent, Send)
    assert set(polka) <= set(resent.votes)
    other.propose(3, "A", 0)
    other.check(3, "A")
    assert other.at == (3, "PROPOSE")
    other.prevote(0, "A", *(vote.validator for vote in resent.votes if vote.round == 0 and vote in polka))
    assert other.signed == [("PREVOTE", 3, "A")]
    other.prevote(3, "A", 0, 1)
    assert other.locked == ("A", 3)
    other.precommit(3, "A", 0, 1)
    assert other.of(Decide)
