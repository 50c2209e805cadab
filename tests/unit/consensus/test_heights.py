"""From height to height: late precommits, early messages, and what the host must not do."""

import pytest

from consensus.effects import (
    Append,
    CertificateReceived,
    CheckValue,
    Decide,
    LocalProtocolError,
    ProposalReceived,
    ReportEvidence,
    Send,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.limits import MAX_FUTURE_MESSAGES
from consensus.values import NO_VALUE, Step, Timer
from contracts.chain.commit import NO_COMMIT
from contracts.chain.evidence import DuplicateVote
from contracts.chain.validators import MAX_VALIDATORS
from tests.unit.consensus.driver import (
    PRECOMMIT,
    PREVOTE,
    Driver,
    a_commit,
    a_proposal,
    a_start,
    a_vote,
    validator_set,
    value,
)

A, B = value("A"), value("B")


def decided(own: int = 0) -> Driver:
    """A node that decided A at height 1 with the precommits of 0, 1 and 2."""
    node = Driver(a_start(own=own))
    node.propose_ok(0, "A")
    node.prevote(0, "A", 1, 2)
    node.precommit(0, "A", 1, 2)
    assert node.of(Decide)
    return node


def start_2(node: Driver, **options) -> None:
    node.start(a_start(height=2, previous_commit=node.engine.last_commit, **options))


def test_before_the_first_height() -> None:
    engine = Engine()
    assert (engine.height, engine.round, engine.step) == (0, -1, Step.IDLE)
    assert (engine.locked, engine.valid) == (NO_VALUE, NO_VALUE)
    assert (engine.validators, engine.own_index, engine.last_commit) == (None, None, NO_COMMIT)
    assert (engine.outstanding, engine.proposer(0), engine.messages_for(0)) == ((), None, Send(0, -1, (), ()))
    assert engine.handle(VoteReceived(a_vote(PREVOTE, 0, A, 1, height=0))) == []


def test_the_status_of_a_height() -> None:
    node = Driver(a_start(own=2))
    assert node.engine.height == 1
    assert node.engine.validators == validator_set(1, 1, 1, 1)
    assert node.engine.own_index == 2
    assert [node.engine.proposer(round_) for round_ in (-1, 0, 1, 2, 16, 17)] == [None, 1, 2, 3, 1, None]
    assert node.engine.last_commit == NO_COMMIT


def test_a_new_height_begins_without_lock() -> None:
    node = decided()
    start_2(node)
    assert (node.engine.locked, node.engine.valid) == (NO_VALUE, NO_VALUE)
    assert node.at == (0, "PROPOSE")
    assert node.engine.proposer(0) == 2


def test_after_the_decision_the_height_takes_nothing_more() -> None:
    node = decided()
    assert node.prevote(0, "A", 3) == []
    assert node.propose(0, "B") == []
    assert node.bundles() == []
    for timer in Timer:
        assert node.timeout(timer, 0) == []
    assert node.certificate(1, "B", 1, 2, 3) == []
    assert node.engine.outstanding == (Decide(1, 0, A, a_commit(0, A, (0, 1, 2))),)


class TestLatePrecommits:
    def test_join_the_commit_while_the_block_is_executed(self) -> None:
        node = decided()
        length = len(node.log)
        assert node.precommit(0, "A", 3) == []
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2, 3))
        assert len(node.log) == length + 1
        node.precommit(0, "A", 3)
        assert len(node.log) == length + 1

    def test_join_it_during_the_next_height(self) -> None:
        node = decided()
        start_2(node)
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2))
        node.put(VoteReceived(a_vote(PRECOMMIT, 0, A, 3)))
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2, 3))

    def test_also_after_messages_of_that_height(self) -> None:
        node = decided()
        start_2(node)
        node.prevote(0, "B", 1)
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2))
        node.put(VoteReceived(a_vote(PRECOMMIT, 0, A, 3)))
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2, 3))

    def test_also_from_a_certificate(self) -> None:
        node = decided()
        start_2(node)
        late = CertificateReceived(a_commit(0, A, (0, 1, 3)))
        assert node.engine.handle(late) == [Append(late)]
        assert node.engine.handle(late) == []
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2, 3))

    def test_also_when_the_engine_began_with_the_next_height(self) -> None:
        node = Driver(a_start(height=2, previous_commit=a_commit(0, A, (0, 1, 2))))
        node.put(VoteReceived(a_vote(PRECOMMIT, 0, A, 3)))
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2, 3))

    @pytest.mark.parametrize(
        "vote",
        [
            a_vote(PREVOTE, 0, A, 3),
            a_vote(PRECOMMIT, 1, A, 3),
            a_vote(PRECOMMIT, 0, B, 3),
            a_vote(PRECOMMIT, 0, value("nil"), 3),
            a_vote(PRECOMMIT, 0, A, 4),
            a_vote(PRECOMMIT, 0, b"A", 3),
            a_vote(PRECOMMIT, 0, A, 3, height=5),
        ],
    )
    def test_others_do_not(self, vote) -> None:
        node = decided()
        start_2(node)
        length = len(node.log)
        for _ in range(2):
            assert node.put(VoteReceived(vote)) == []
            assert node.engine.last_commit == a_commit(0, A, (0, 1, 2))
            assert len(node.log) == length

    @pytest.mark.parametrize("next_height", [False, True])
    def test_late_lies_are_evidence(self, next_height) -> None:
        node = decided()
        if next_height:
            start_2(node)
        node.put(VoteReceived(a_vote(PRECOMMIT, 0, B, 2)))
        evidence = DuplicateVote(a_vote(PRECOMMIT, 0, A, 2), a_vote(PRECOMMIT, 0, B, 2))
        assert node.of(ReportEvidence) == [ReportEvidence(evidence)]
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2))

    def test_a_fork_convicts_those_who_made_it(self) -> None:
        node = decided()
        start_2(node)
        node.put(CertificateReceived(a_commit(0, B, (1, 2, 3))))
        assert len(node.of(ReportEvidence)) == 2

    def test_a_liar_that_precommitted_nil_before_is_convicted_and_still_joins(self) -> None:
        node = Driver(a_start())
        node.propose_ok(0, "A")
        node.prevote(0, "A", 1, 2)
        node.precommit(0, "nil", 3)
        node.precommit(0, "A", 1, 2)
        node.precommit(0, "A", 3)
        assert len(node.of(ReportEvidence)) == 1
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2, 3))

    def test_only_those_of_the_last_height(self) -> None:
        node = decided()
        start_2(node)
        node.start(a_start(height=3))
        assert node.engine.last_commit == NO_COMMIT
        assert node.put(VoteReceived(a_vote(PRECOMMIT, 0, A, 3))) == []

    def test_what_cannot_join_says_nothing(self) -> None:
        node = decided()
        start_2(node)
        assert node.put(ProposalReceived(a_proposal(0, A, -1, 1))) == []

    def test_the_commit_of_another_height_is_not_the_last(self) -> None:
        node = Driver(a_start(height=5, previous_commit=a_commit(0, A, (0, 1, 2), height=3)))
        assert node.engine.last_commit == NO_COMMIT


class TestEarlyMessages:
    def test_are_held_back_until_their_height_starts(self) -> None:
        node = Driver(a_start())
        proposal = ProposalReceived(a_proposal(0, B, -1, 2, height=2))
        vote = VoteReceived(a_vote(PREVOTE, 0, B, 3, height=2))
        assert node.put(proposal, vote, vote) == []
        assert node.log == [a_start()]
        start = a_start(height=2)
        effects = node.engine.handle(start)
        assert [effect.input for effect in effects if isinstance(effect, Append)] == [start, proposal, vote]
        assert [effect for effect in effects if isinstance(effect, CheckValue)] == [CheckValue(2, 0, B, -1)]
        assert node.engine.handle(vote) == []

    def test_may_decide_their_height_at_once(self) -> None:
        node = Driver(a_start((5, 1), own=1))
        node.put(VoteReceived(a_vote(PRECOMMIT, 0, B, 0, height=2)))
        node.start(a_start((5, 1), own=1, height=2))
        node.check(-1, "B")
        assert node.of(Decide)

    def test_are_forgotten_when_their_height_is_passed_over(self) -> None:
        node = Driver(a_start())
        node.put(VoteReceived(a_vote(PREVOTE, 0, B, 3, height=2)))
        node.start(a_start(height=3))
        node.start(a_start(height=4))
        assert [type(event).__name__ for event in node.log] == ["StartHeight"] * 3

    def test_of_heights_beyond_the_next_are_not_kept(self) -> None:
        node = Driver(a_start())
        node.put(VoteReceived(a_vote(PREVOTE, 0, B, 3, height=3)))
        node.start(a_start(height=2))
        node.start(a_start(height=3))
        assert len(node.log) == 3

    def test_are_bounded_per_validator_and_the_newest_win(self) -> None:
        node = Driver(a_start())
        count = MAX_FUTURE_MESSAGES + 3
        for round_ in range(count):
            node.put(VoteReceived(a_vote(PREVOTE, round_, B, 3, height=2)))
        node.put(VoteReceived(a_vote(PREVOTE, 0, B, 1, height=2)))
        effects = node.engine.handle(a_start(height=2, own=None, bundles=False))
        rounds = [
            e.input.vote.round for e in effects if isinstance(e, Append) and e.input != effects[0].input
        ]
        assert rounds == [*range(3, count), 0]

    def test_a_repeated_one_takes_no_room(self) -> None:
        node = Driver(a_start())
        node.put(VoteReceived(a_vote(PREVOTE, 0, A, 3, height=2)))
        for _ in range(MAX_FUTURE_MESSAGES):
            node.put(VoteReceived(a_vote(PREVOTE, 0, B, 3, height=2)))
        node.start(a_start(height=2))
        assert len(node.of(ReportEvidence)) == 1

    @pytest.mark.parametrize("author", [-1, MAX_VALIDATORS, 1 << 30])
    def test_of_impossible_authors_are_not_kept(self, author) -> None:
        node = Driver(a_start())
        node.put(VoteReceived(a_vote(PREVOTE, 0, B, author, height=2)))
        assert node.engine._early == {}

    def test_only_messages_are_held_back(self) -> None:
        node = Driver(a_start())
        assert node.put(CertificateReceived(a_commit(0, B, (0, 1, 2), height=2))) == []
        assert node.engine._early == {}

    def test_before_the_first_height_they_are_those_of_height_1(self) -> None:
        node = Driver()
        node.put(VoteReceived(a_vote(PREVOTE, 0, B, 3)))
        node.start(a_start())
        assert len(node.log) == 2


class TestTheHost:
    @pytest.mark.parametrize("height", [0, 4, 5])
    def test_starts_no_height_twice(self, height) -> None:
        node = Driver(a_start(height=5))
        with pytest.raises(LocalProtocolError, match=f"height {height} cannot start"):
            node.start(a_start(height=height))

    def test_may_start_any_higher_one_at_any_time(self) -> None:
        node = Driver(a_start())
        node.propose_ok(0, "A")
        node.start(a_start(height=9))
        assert node.engine.height == 9
        assert node.at == (0, "PROPOSE")

    def test_commits_what_was_decided(self) -> None:
        node = decided()
        with pytest.raises(LocalProtocolError, match="another is committed"):
            node.start(a_start(height=2, previous_commit=a_commit(0, B, (0, 1, 2))))

    def test_need_not_name_a_commit_the_engine_knows(self) -> None:
        node = decided()
        node.start(a_start(height=2))
        assert node.engine.last_commit == a_commit(0, A, (0, 1, 2))
