"""Votes, proposals, commits and evidence: what convicts, what decides, and every way in which it may not."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from contracts.chain.commit import (
    NO_COMMIT,
    Commit,
    CommitSignature,
    InvalidCommit,
    commit_hash,
    verify_commit,
)
from contracts.chain.evidence import (
    DuplicateProposal,
    DuplicateVote,
    Evidence,
    evidence_hash,
    of_proposals,
    of_votes,
    verify_evidence,
)
from contracts.chain.header import block_id, has_own_body
from contracts.chain.validators import Validator, ValidatorSet
from contracts.chain.votes import (
    MAX_HEIGHT,
    MAX_ROUND,
    NIL,
    BlockId,
    Proposal,
    Vote,
    VoteType,
    proposal_sign_bytes,
    verify_proposal,
    verify_vote,
    vote_sign_bytes,
)
from contracts.primitives import signing
from tests.vectors.chain_cases import three_blocks
from tests.vectors.network import public_key, seed

CHAIN = "votes-1"
NAMES = sorted(("a", "b", "c", "d"), key=public_key)
"""Validators by index."""
VALIDATORS = ValidatorSet(Validator(public_key(name), 1) for name in NAMES)
ONE, TWO = sorted((BlockId(seed("one")), BlockId(seed("two"))))
change = msgspec.structs.replace


def vote(block: bytes = ONE, author: int = 1, **fields: Any) -> Vote:
    """Return a precommit at height 5, round 2, signed by its author."""
    height, round_ = fields.get("height", 5), fields.get("round_", 2)
    kind, chain = fields.get("kind", VoteType.PRECOMMIT), fields.get("chain", CHAIN)
    message = vote_sign_bytes(chain, kind, height, round_, block)
    return Vote(kind, height, round_, block, author, signing.sign(seed(NAMES[author]), message))


def proposal(block: bytes = ONE, valid_round: int = -1, **fields: Any) -> Proposal:
    """Return a proposal at height 5, round 2, signed by its author."""
    author, height, round_ = fields.get("author", 1), fields.get("height", 5), fields.get("round_", 2)
    message = proposal_sign_bytes(fields.get("chain", CHAIN), height, round_, block, valid_round)
    return Proposal(height, round_, block, valid_round, author, signing.sign(seed(NAMES[author]), message))


# ------------------------------------------------------------------------------ votes and proposals


@pytest.mark.parametrize(
    "good",
    [
        vote(),
        vote(NIL),
        vote(kind=VoteType.PREVOTE),
        vote(height=1, round_=0),
        vote(height=MAX_HEIGHT, round_=MAX_ROUND),
    ],
)
def test_a_signed_vote_is_valid(good: Vote) -> None:
    assert verify_vote(CHAIN, VALIDATORS, good)


@pytest.mark.parametrize(
    "bad",
    [
        vote(chain="votes-2"),
        vote(height=0),
        vote(height=MAX_HEIGHT + 1),
        vote(round_=-1),
        vote(round_=MAX_ROUND + 1),
        vote(ONE[:31]),
        vote(ONE + b"\0"),
        change(vote(), validator=2),
        change(vote(), validator=4),
        change(vote(), validator=-1),
        change(vote(), type=VoteType.PREVOTE),
        change(vote(), height=6),
        change(vote(), round=1),
        change(vote(), block_id=TWO),
        change(vote(), block_id=NIL),
        change(vote(), signature=vote().signature[:63]),
        change(vote(), signature=b""),
        change(vote(), signature=bytes(64)),
    ],
)
def test_a_vote_that_is_not_what_was_signed_is_not_valid(bad: Vote) -> None:
    assert not verify_vote(CHAIN, VALIDATORS, bad)


@pytest.mark.parametrize("good", [proposal(), proposal(valid_round=0), proposal(valid_round=1)])
def test_a_signed_proposal_is_valid(good: Proposal) -> None:
    assert verify_proposal(CHAIN, VALIDATORS, good)


@pytest.mark.parametrize(
    "bad",
    [
        proposal(chain="votes-2"),
        proposal(NIL),
        proposal(height=0),
        proposal(round_=-1),
        proposal(valid_round=2),
        proposal(valid_round=-2),
        change(proposal(), proposer=0),
        change(proposal(), proposer=4),
        change(proposal(), proposer=-1),
        change(proposal(), valid_round=0),
        change(proposal(), block_id=TWO),
        change(proposal(), signature=bytes(63)),
        change(proposal(), signature=vote().signature),
    ],
)
def test_a_proposal_that_is_not_what_was_signed_is_not_valid(bad: Proposal) -> None:
    assert not verify_proposal(CHAIN, VALIDATORS, bad)


# ------------------------------------------------------------------------------ commits


def commit(*authors: int, block: bytes = ONE, **fields: Any) -> Commit:
    """Return the commit of a block at height 5, round 2, by these validators."""
    signatures = tuple(CommitSignature(at, vote(block, at, **fields).signature) for at in authors)
    return Commit(fields.get("height", 5), fields.get("round_", 2), block, signatures)


@pytest.mark.parametrize("authors", [(0, 1, 2), (1, 2, 3), (0, 1, 2, 3)])
def test_a_commit_of_more_than_two_thirds_decides(authors: tuple[int, ...]) -> None:
    verify_commit(CHAIN, VALIDATORS, commit(*authors))


SIGNED = commit(0, 1, 2)
BAD_COMMITS: dict[str, Commit] = {
    "for height 0": commit(0, 1, 2, height=0),
    "for height 281474976710657": commit(0, 1, 2, height=MAX_HEIGHT + 1),
    "round -1": commit(0, 1, 2, round_=-1),
    "round 16777217": commit(0, 1, 2, round_=MAX_ROUND + 1),
    "a block id has 32 bytes": commit(0, 1, 2, block=NIL),
    "power 2 of 4 is no quorum": commit(0, 1),
    "power 0 of 4 is no quorum": commit(),
    "validator 0 after 2": change(SIGNED, signatures=(*SIGNED.signatures, SIGNED.signatures[0])),
    "validator 1 after 1": change(SIGNED, signatures=(*SIGNED.signatures[:2], SIGNED.signatures[1])),
    "validator 1 after 2": change(SIGNED, signatures=SIGNED.signatures[::-1]),
    "validator 4 after 2": change(SIGNED, signatures=(*SIGNED.signatures, CommitSignature(4, bytes(64)))),
    "validator -1 after -1": change(SIGNED, signatures=(CommitSignature(-1, bytes(64)), *SIGNED.signatures)),
    "signature of validator 0 is wrong": change(SIGNED, height=6),
    "signature of validator 3 is wrong": change(
        SIGNED, signatures=(*SIGNED.signatures, CommitSignature(3, bytes(64)))
    ),
}


@pytest.mark.parametrize("message", BAD_COMMITS)
def test_a_commit_that_decides_nothing_is_refused(message: str) -> None:
    with pytest.raises(InvalidCommit, match=message):
        verify_commit(CHAIN, VALIDATORS, BAD_COMMITS[message])


@pytest.mark.parametrize(
    "bad",
    [
        commit(0, 1, 2, chain="votes-2"),
        commit(0, 1, 2, kind=VoteType.PREVOTE),
        change(SIGNED, block_id=TWO),
        change(SIGNED, round=1),
        change(commit(0, 1, 2, 3), block_id=seed("third")),
    ],
    ids=["another network", "prevotes", "another block", "another round", "a block nobody saw"],
)
def test_signatures_of_something_else_decide_nothing(bad: Commit) -> None:
    with pytest.raises(InvalidCommit, match="is wrong"):
        verify_commit(CHAIN, VALIDATORS, bad)


def test_a_signature_that_was_checked_before_is_not_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, verify = list[bytes](), signing.verify

    def watched(key: signing.PublicKey, message: bytes, signature: bytes) -> bool:
        looked.append(key)
        return verify(key, message, signature)

    monkeypatch.setattr(signing, "verify", watched)
    verify_commit(CHAIN, VALIDATORS, commit(0, 1, 3), SIGNED)
    assert looked == [public_key(NAMES[3])]
    with pytest.raises(InvalidCommit, match="signature of validator 3 is wrong"):
        verify_commit(CHAIN, VALIDATORS, BAD_COMMITS["signature of validator 3 is wrong"], SIGNED)


MOVED = CommitSignature(3, SIGNED.signatures[2].signature)


@pytest.mark.parametrize(
    "bad",
    [
        change(SIGNED, block_id=TWO),
        change(SIGNED, round=1),
        change(SIGNED, height=6),
        change(SIGNED, signatures=(*SIGNED.signatures[:2], MOVED)),
    ],
    ids=["another block", "another round", "another height", "another validator"],
)
def test_what_was_checked_before_vouches_for_nothing_else(bad: Commit) -> None:
    with pytest.raises(InvalidCommit, match="is wrong"):
        verify_commit(CHAIN, VALIDATORS, bad, SIGNED)


def test_power_is_counted_not_heads() -> None:
    weighted = ValidatorSet(Validator(public_key(name), 7 if at == 3 else 1) for at, name in enumerate(NAMES))
    verify_commit(CHAIN, weighted, commit(3))
    with pytest.raises(InvalidCommit, match="power 3 of 10"):
        verify_commit(CHAIN, weighted, commit(0, 1, 2))


def test_the_empty_commit_has_a_hash_and_decides_nothing() -> None:
    assert commit_hash(NO_COMMIT) != commit_hash(SIGNED)
    with pytest.raises(InvalidCommit):
        verify_commit(CHAIN, VALIDATORS, NO_COMMIT)


# ------------------------------------------------------------------------------ evidence


@pytest.mark.parametrize(
    "evidence",
    [
        of_votes(vote(ONE), vote(TWO)),
        of_votes(vote(TWO), vote(ONE)),
        of_votes(vote(NIL), vote(ONE)),
        of_proposals(proposal(ONE), proposal(TWO)),
        of_proposals(proposal(ONE, 1), proposal(ONE, 0)),
    ],
)
def test_two_statements_for_one_step_convict(evidence: Evidence) -> None:
    assert verify_evidence(CHAIN, VALIDATORS, evidence)


def test_evidence_is_the_same_whichever_statement_came_first() -> None:
    assert evidence_hash(of_votes(vote(ONE), vote(TWO))) == evidence_hash(of_votes(vote(TWO), vote(ONE)))
    one, two = proposal(TWO), proposal(ONE)
    assert of_proposals(one, two) == of_proposals(two, one)


@pytest.mark.parametrize(
    "evidence",
    [
        DuplicateVote(vote(ONE), vote(ONE)),
        DuplicateVote(vote(TWO), vote(ONE)),
        DuplicateVote(vote(ONE), vote(TWO, author=2)),
        DuplicateVote(vote(ONE), vote(TWO, round_=1)),
        DuplicateVote(vote(ONE), vote(TWO, height=6)),
        DuplicateVote(vote(ONE), vote(TWO, kind=VoteType.PREVOTE)),
        DuplicateVote(vote(ONE), vote(TWO, chain="votes-2")),
        DuplicateVote(change(vote(TWO), block_id=ONE), vote(TWO)),
        DuplicateProposal(proposal(ONE), proposal(ONE)),
        DuplicateProposal(proposal(TWO), proposal(ONE)),
        DuplicateProposal(proposal(ONE), proposal(TWO, author=0)),
        DuplicateProposal(proposal(ONE), proposal(TWO, round_=1)),
        DuplicateProposal(proposal(ONE), proposal(TWO, height=6)),
        DuplicateProposal(proposal(ONE), proposal(TWO, chain="votes-2")),
        DuplicateProposal(proposal(ONE, chain="votes-2"), proposal(TWO)),
    ],
)
def test_what_an_honest_validator_may_say_convicts_nobody(evidence: Evidence) -> None:
    assert not verify_evidence(CHAIN, VALIDATORS, evidence)


def test_a_stranger_is_not_convicted() -> None:
    others = ValidatorSet(Validator(public_key(name), 1) for name in "wxyz")
    assert not verify_evidence(CHAIN, others, of_votes(vote(ONE), vote(TWO)))


# ------------------------------------------------------------------------------ bodies

BODIES: dict[str, Callable[[Any], Any]] = {
    "bundles": lambda block: change(block, bundles=block.bundles[::-1]),
    "a size": lambda block: change(block, bundles=(change(block.bundles[0], size=9), *block.bundles[1:])),
    "a weight": lambda block: change(block, bundles=(change(block.bundles[0], weight=9), *block.bundles[1:])),
    "the last commit": lambda block: change(block, last_commit=NO_COMMIT),
    "evidence": lambda block: change(block, evidence=(of_votes(vote(ONE), vote(TWO)),)),
}


def test_a_block_has_the_body_that_its_header_names() -> None:
    for made in three_blocks().blocks:
        assert has_own_body(made.block)


@pytest.mark.parametrize("part", BODIES)
def test_another_body_under_a_decided_header_is_noticed(part: str) -> None:
    block = three_blocks().blocks[1].block
    other = BODIES[part](block)
    assert block_id(other.header) == block_id(block.header)
    assert not has_own_body(other)
