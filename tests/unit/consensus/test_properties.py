"""What holds for any input: counts match a naive recount; garbage neither stops nor confuses the engine."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.effects import (
    Append,
    BundlesAvailable,
    CertificateReceived,
    ProposalReceived,
    Sign,
    Timeout,
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.values import Timer
from consensus.vote_keeper import VoteKeeper
from contracts.chain.commit import NO_COMMIT
from contracts.chain.votes import MAX_ROUND
from tests.unit.consensus.driver import (
    PRECOMMIT,
    PREVOTE,
    a_commit,
    a_proposal,
    a_start,
    a_vote,
    replayed,
    validator_set,
    value,
)

VALUES = tuple(value(name) for name in ("A", "B", "nil"))
kinds = st.sampled_from((PREVOTE, PRECOMMIT))


@st.composite
def ballots(draw):
    """Powers, and votes of theirs in two rounds, conflicting ones among them."""
    powers = draw(st.lists(st.integers(1, 9), min_size=1, max_size=7))
    author = st.integers(0, len(powers) - 1)
    votes = draw(
        st.lists(st.builds(a_vote, kinds, st.integers(0, 1), st.sampled_from(VALUES), author), max_size=40)
    )
    return powers, votes


@given(ballots())
def test_thresholds_match_a_naive_recount(ballot) -> None:
    powers, votes = ballot
    keeper = VoteKeeper(validator_set(*powers))
    for vote in votes:
        keeper.add(vote, 1)
    total = sum(powers)
    for round_ in (0, 1):
        for kind in (PREVOTE, PRECOMMIT):
            kept = keeper.votes(round_, kind)
            assert len(set(kept)) == len(kept)
            everyone = sum(powers[author] for author in {vote.validator for vote in kept})
            assert keeper.has_quorum_of_any(round_, kind) == (3 * everyone > 2 * total)
            for block_id in VALUES:
                power = sum(powers[vote.validator] for vote in kept if vote.block_id == block_id)
                assert (block_id in keeper.quorum_values(round_, kind)) == (3 * power > 2 * total)
                assert keeper.has_support(round_, block_id, kind) == (3 * power > total)
    voters = {round_: {vote.validator for vote in keeper.votes(round_)} for round_ in (0, 1)}
    honest = [r for r, who in voters.items() if 3 * sum(powers[author] for author in who) > total]
    assert keeper.highest_honest_round == max(honest, default=-1)


@given(ballots())
def test_every_first_lie_of_a_step_is_reported_once(ballot) -> None:
    powers, votes = ballot
    keeper = VoteKeeper(validator_set(*powers))
    reports = [added.evidence for vote in votes if (added := keeper.add(vote, 1)) and added.evidence]
    convicted = [(piece.first.validator, piece.first.type, piece.first.round) for piece in reports]
    said: dict[tuple, set] = {}
    for vote in votes:
        said.setdefault((vote.validator, vote.type, vote.round), set()).add(vote.block_id)
    assert sorted(convicted) == sorted(step for step, values in said.items() if len(values) > 1)


@given(st.permutations([(author, block_id) for author in range(4) for block_id in VALUES[:2]]))
@settings(max_examples=30)
def test_the_order_of_votes_does_not_matter_for_what_they_add_up_to(order) -> None:
    keeper = VoteKeeper(validator_set(1, 1, 1, 1))
    for author, block_id in order:
        keeper.add(a_vote(PREVOTE, 0, block_id, author), 0)
    assert set(keeper.quorum_values(0, PREVOTE)) == set(VALUES[:2])


def test_the_order_of_a_round_s_messages_does_not_matter_for_its_decision() -> None:
    """All orders of one proposal, its check, three prevotes and three precommits: A is decided by each."""
    check = ValueChecked(1, 0, VALUES[0], True, True, True)
    votes = [
        VoteReceived(a_vote(kind, 0, VALUES[0], author)) for kind in (PREVOTE, PRECOMMIT) for author in (1, 2)
    ]
    proposal = ProposalReceived(a_proposal(0, VALUES[0], -1, 1))
    for order in permutations([proposal, *votes]):
        engine = Engine()
        pending = [a_start(), *order, check]
        while pending:
            for effect in engine.handle(pending.pop(0)):
                if isinstance(effect, Sign):
                    kind = PREVOTE if effect.step.name == "PREVOTE" else PRECOMMIT
                    pending.insert(0, VoteReceived(a_vote(kind, effect.round, effect.block_id, 0)))
        assert engine.step.name == "DECIDED", order


heights = st.sampled_from((0, 1, 1, 1, 1, 2, 2, 3))
rounds = st.sampled_from((-1, 0, 0, 0, 1, 1, 2, 3, 17, 250, MAX_ROUND, MAX_ROUND + 1))
authors = st.integers(-1, 4)
block_ids = st.sampled_from((*VALUES, b"short"))
inputs = st.one_of(
    st.builds(
        ProposalReceived,
        st.builds(a_proposal, rounds, block_ids, st.sampled_from((-2, -1, -1, 0, 1)), authors, heights),
    ),
    st.builds(VoteReceived, st.builds(a_vote, kinds, rounds, block_ids, authors, heights)),
    st.builds(VoteReceived, st.builds(a_vote, kinds, rounds, block_ids, authors, heights)),
    st.builds(
        CertificateReceived, st.builds(a_commit, rounds, block_ids, st.lists(authors, max_size=4), heights)
    ),
    st.builds(ValueBuilt, heights, rounds, st.sampled_from(VALUES[:2])),
    # The host never contradicts itself: A is good, what else there is, is not.
    st.builds(ValueChecked, heights, rounds, st.just(VALUES[0]), st.just(True), st.booleans(), st.booleans()),
    st.builds(
        ValueChecked, heights, rounds, st.just(VALUES[1]), st.just(False), st.booleans(), st.booleans()
    ),
    st.builds(Timeout, st.sampled_from(Timer), heights, rounds),
    st.builds(BundlesAvailable, heights),
    st.just("next height"),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(inputs, max_size=60), st.sampled_from((None, 0, 1, 2)), st.booleans())
def test_garbage_is_ignored_and_what_is_logged_rebuilds_the_engine(events, own, bundles) -> None:
    engine, log = Engine(), []
    started = 0
    for event in ("next height", *events):
        if event == "next height":
            started += 1
            commit = engine.last_commit if engine.last_commit.height == started - 1 else NO_COMMIT
            event = a_start(own=own, height=started, bundles=bundles, previous_commit=commit)  # noqa: PLW2901
            log = []
        effects = engine.handle(event)
        log += [effect.input for effect in effects if isinstance(effect, Append)]
    again, _ = replayed(log)
    for name in ("height", "round", "step", "locked", "valid", "last_commit", "outstanding"):
        assert getattr(again, name) == getattr(engine, name), name
