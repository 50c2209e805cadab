"""A fork: what proves one, whom it convicts, whom it leaves suspected, and who is never named."""

from collections.abc import Iterable

import msgspec
import pytest

from contracts.chain.commit import Commit, CommitSignature
from contracts.chain.evidence import author_of, verify_evidence
from contracts.chain.fork import (
    FORKS,
    MAX_FORK_BYTES,
    MAX_GROUPS,
    ForkProof,
    InvalidFork,
    VoteGroup,
    evidence_in,
    fork_of,
    suspects_in,
    verify_fork,
    votes_of,
    with_votes,
)
from contracts.chain.validators import MAX_VALIDATORS, Validator, ValidatorSet
from contracts.chain.votes import MAX_HEIGHT, MAX_ROUND, Vote, VoteType
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from tests.support.evidence import signed_vote

CHAIN = "fork-net"
HEIGHT = 5
X, Y, Z = (bytes((number,)) * 32 for number in (1, 2, 3))
SEEDS = sorted((bytes((number,)) * 32 for number in range(7)), key=signing.public_key_of)
SET = ValidatorSet(Validator(signing.public_key_of(seed), 1) for seed in SEEDS)
PREVOTE, PRECOMMIT = VoteType.PREVOTE, VoteType.PRECOMMIT


def vote(index: int, kind: VoteType, round_: int, value: bytes, height: int = HEIGHT) -> Vote:
    return signed_vote(CHAIN, SEEDS[index], height, index, value, kind, round_)


def votes(indices: Iterable[int], kind: VoteType, round_: int, value: bytes) -> list[Vote]:
    return [vote(index, kind, round_, value) for index in indices]


def commit(indices: Iterable[int], round_: int, value: bytes) -> Commit:
    cast = votes(indices, PRECOMMIT, round_, value)
    return Commit(HEIGHT, round_, value, tuple(CommitSignature(one.validator, one.signature) for one in cast))


LIARS = (0, 1, 2)
"""Three of seven: with either half of the others they are a quorum of five."""
ONE, OTHER = (0, 1, 2, 3, 4), (0, 1, 2, 5, 6)


def test_who_signed_two_blocks_in_one_round_is_convicted() -> None:
    proof = fork_of(commit(OTHER, 3, Y), commit(ONE, 3, X))
    assert (proof.height, proof.first.block_id, proof.second.block_id) == (HEIGHT, X, Y)
    verify_fork(CHAIN, SET, proof)
    pieces = evidence_in(proof)
    assert [author_of(piece) for piece in pieces] == list(LIARS)
    assert all(verify_evidence(CHAIN, SET, piece) for piece in pieces)
    assert suspects_in(SET, proof) == frozenset()


def test_who_left_its_lock_without_a_reason_is_suspected() -> None:
    proof = fork_of(commit(ONE, 0, X), commit(OTHER, 2, Y))
    assert evidence_in(proof) == ()
    # Nobody has shown a quorum of prevotes yet: whoever signed both has to answer.
    assert suspects_in(SET, proof) == set(LIARS)
    # 3 precommitted X and, in round 2, a quorum of prevotes for Y made it precommit Y: it is free to.
    honest = fork_of(commit(ONE, 0, X), commit((0, 3, 4, 5, 6), 2, Y))
    assert suspects_in(SET, honest) == {0, 3, 4}
    shown = with_votes(honest, SET, votes(OTHER, PREVOTE, 2, Y))
    verify_fork(CHAIN, SET, shown)
    assert suspects_in(SET, shown) == set(LIARS)


def test_a_lower_quorum_answers_for_those_who_followed_it() -> None:
    proof = fork_of(commit(ONE, 0, X), commit((0, 3, 4, 5, 6), 4, Y))
    late = with_votes(proof, SET, votes((0, 3, 4, 5, 6), PREVOTE, 4, Y))
    assert suspects_in(SET, late) == {0, 3, 4}
    # 3 and 4 prevoted Y in round 4 because of the quorum of round 2, and of that they were no part.
    answered = with_votes(late, SET, votes(OTHER, PREVOTE, 2, Y))
    assert suspects_in(SET, answered) == set(LIARS)
    # A quorum between the two, but not the lowest, takes no room.
    again = with_votes(answered, SET, votes(OTHER, PREVOTE, 3, Y))
    assert again == answered
    verify_fork(CHAIN, SET, answered)


def test_two_quorums_of_one_round_convict_and_nobody_else_is_named() -> None:
    # 3 prevoted Y in round 0, then saw that a quorum is for X, and precommitted that: as it should.
    proof = fork_of(commit(ONE, 0, X), commit(OTHER, 1, Y))
    cast = votes((0, 1, 2, 3, 5, 6), PREVOTE, 0, Y)
    assert suspects_in(SET, with_votes(proof, SET, cast)) == {0, 1, 2, 3}
    full = with_votes(proof, SET, [*cast, *votes((0, 1, 2, 4, 5), PREVOTE, 0, X)])
    verify_fork(CHAIN, SET, full)
    assert [author_of(piece) for piece in evidence_in(full)] == [0, 1, 2, 5]
    assert suspects_in(SET, full) == frozenset()


def test_conflicting_votes_convict_wherever_they_stand_and_once() -> None:
    proof = fork_of(commit(ONE, 0, X), commit(OTHER, 2, Y))
    found = with_votes(proof, SET, [vote(1, PRECOMMIT, 0, Y), vote(1, PREVOTE, 2, X), vote(1, PREVOTE, 2, Y)])
    (piece,) = evidence_in(found)
    assert (author_of(piece), piece.first.round, piece.first.type) == (1, 0, PRECOMMIT)
    assert suspects_in(SET, found) == {0, 2}


def test_what_does_not_matter_is_passed_over() -> None:
    proof = fork_of(commit(ONE, 0, X), commit(OTHER, 4, Y))
    useless = [
        *votes(OTHER, PREVOTE, 2, X),
        *votes(OTHER, PREVOTE, 5, Y),
        *votes(OTHER, PRECOMMIT, 2, Y),
        *votes((0, 1, 5, 6), PREVOTE, 2, Y),
        vote(0, PREVOTE, 0, Z),
        vote(0, PREVOTE, 0, b""),
        vote(0, PREVOTE, 0, Y, HEIGHT + 1),
    ]
    assert with_votes(proof, SET, useless) == proof
    # A further signature joins the commit.
    more = with_votes(proof, SET, [vote(5, PRECOMMIT, 0, X)])
    assert [entry.validator for entry in more.first.signatures] == [0, 1, 2, 3, 4, 5]
    verify_fork(CHAIN, SET, more)


def test_all_that_matters_has_its_room() -> None:
    proof = fork_of(commit(ONE, 0, X), commit(OTHER, 4, Y))
    cast = [
        one
        for round_ in range(5)
        for kind in VoteType
        for value in (X, Y)
        for one in votes(range(7), kind, round_, value)
    ]
    full = with_votes(proof, SET, cast)
    assert len(full.votes) == MAX_GROUPS
    verify_fork(CHAIN, SET, full)
    assert with_votes(full, SET, votes_of(full)) == full
    most = tuple(CommitSignature(index, bytes(64)) for index in range(MAX_VALIDATORS))
    longest = Commit(MAX_HEIGHT, MAX_ROUND, bytes(32), most)
    group = VoteGroup(MAX_ROUND, PRECOMMIT, bytes(32), most)
    data = encode(ForkProof(longest, longest, (group,) * MAX_GROUPS))
    assert len(data) <= MAX_FORK_BYTES
    assert FORKS.decode(data).votes[0].signatures == most


def _proof() -> ForkProof:
    return with_votes(
        fork_of(commit(ONE, 0, X), commit(OTHER, 2, Y)),
        SET,
        [*votes(OTHER, PREVOTE, 2, Y), *votes(ONE, PREVOTE, 0, X)],
    )


def _group(proof: ForkProof, **changes: object) -> ForkProof:
    first, *rest = proof.votes
    changed = msgspec.structs.replace(first, **changes)
    return msgspec.structs.replace(proof, votes=(changed, *rest))


@pytest.mark.parametrize(
    ("bent", "reason"),
    [
        (lambda proof: msgspec.structs.replace(proof, second=commit(OTHER, 2, X)), "two blocks"),
        (
            lambda proof: msgspec.structs.replace(
                proof, second=msgspec.structs.replace(proof.second, height=HEIGHT + 1)
            ),
            "one height",
        ),
        (lambda proof: msgspec.structs.replace(proof, second=commit((0, 1, 5, 6), 2, Y)), "no quorum"),
        (
            lambda proof: msgspec.structs.replace(
                proof, second=msgspec.structs.replace(proof.second, block_id=Z)
            ),
            "signature",
        ),
        (lambda proof: ForkProof(proof.second, proof.first, proof.votes), "out of order"),
        (lambda proof: msgspec.structs.replace(proof, votes=proof.votes[::-1]), "out of order"),
        (lambda proof: msgspec.structs.replace(proof, votes=proof.votes * 4), "at most"),
        (lambda proof: _group(proof, round=1), "do not matter"),
        (lambda proof: _group(proof, block_id=Z), "do not matter"),
        (lambda proof: _group(proof, signatures=proof.votes[0].signatures * 2), "out of order"),
        (lambda proof: _group(proof, signatures=()), "out of order"),
        (lambda proof: _group(proof, signatures=(CommitSignature(7, bytes(64)),)), "out of order"),
        (lambda proof: _group(proof, signatures=(CommitSignature(-1, bytes(64)),)), "out of order"),
        (lambda proof: _group(proof, signatures=(CommitSignature(3, bytes(64)),)), "not signed"),
    ],
)
def test_what_proves_no_fork_is_refused(bent: object, reason: str) -> None:
    proof = _proof()
    verify_fork(CHAIN, SET, proof)
    with pytest.raises(InvalidFork, match=reason):
        verify_fork(CHAIN, SET, bent(proof))  # type: ignore[operator]
    with pytest.raises(InvalidFork):
        verify_fork("other-net", SET, proof)
