"""A commit: the precommits that decided a block, kept as proof.

Verification counts power by distinct validator of the set of that height, over signatures on that chain id,
height, round and block id, and nothing else.
"""

import msgspec

from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import MAX_HEIGHT, MAX_ROUND, VoteType, vote_sign_bytes
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import COMMIT, HASH_BYTES, Hash


class InvalidCommit(ValueError):
    """A commit that does not prove its block decided."""


class CommitSignature(msgspec.Struct, frozen=True, array_like=True):
    """One validator's precommit in a commit."""

    validator: int
    """Index in the validator set of the commit's height."""
    signature: bytes
    """64 bytes."""


class Commit(msgspec.Struct, frozen=True, array_like=True):
    """Precommits of more than two thirds of the power for one block in one round."""

    height: int
    """Height of the decided block; 0 in the empty commit that block 1 carries."""
    round: int
    """Round in which the precommits were cast."""
    block_id: bytes
    """32 bytes, the decided block; empty in the empty commit."""
    signatures: tuple[CommitSignature, ...]
    """By ascending validator index, each at most once."""


NO_COMMIT = Commit(0, 0, b"", ())
"""What block 1 carries: there is no block 0."""


def commit_hash(commit: Commit) -> Hash:
    """Return the hash by which the next header names this commit."""
    return COMMIT.hash(encode(commit))


def _decision(commit: Commit) -> tuple[int, int, bytes]:
    """Return what the signatures of a commit are for."""
    return commit.height, commit.round, commit.block_id


def _check_shape(commit: Commit, validators: ValidatorSet) -> None:
    if not 0 < commit.height <= MAX_HEIGHT or not 0 <= commit.round <= MAX_ROUND:
        msg = f"commit for height {commit.height}, round {commit.round}"
        raise InvalidCommit(msg)
    if len(commit.block_id) != HASH_BYTES:
        msg = f"commit at height {commit.height}: a block id has {HASH_BYTES} bytes"
        raise InvalidCommit(msg)
    last = -1
    for entry in commit.signatures:
        if not last < entry.validator < len(validators):
            msg = f"commit at height {commit.height}: validator {entry.validator} after {last}"
            raise InvalidCommit(msg)
        last = entry.validator


def verify_commit(
    chain_id: str, validators: ValidatorSet, commit: Commit, verified: Commit = NO_COMMIT
) -> None:
    """Check that `commit` proves its block decided by `validators`, the set of its height.

    Every signature is checked, also those beyond the quorum: a commit with one bad signature is refused
    whole, so all nodes store the same bytes or none.

    Args:
        chain_id: The network.
        validators: The set of its height.
        commit: Whatever came.
        verified: A commit that was checked before, for the same chain and set: a signature that stands in it
            for the same validator, round and block is not checked twice.

    Raises:
        InvalidCommit: Out of shape, a signature does not verify, or no quorum signed.
    """
    _check_shape(commit, validators)
    power = validators.power_of(entry.validator for entry in commit.signatures)
    if not validators.is_quorum(power):
        msg = f"commit at height {commit.height}: power {power} of {validators.total_power} is no quorum"
        raise InvalidCommit(msg)
    message = vote_sign_bytes(chain_id, VoteType.PRECOMMIT, commit.height, commit.round, commit.block_id)
    known = set(verified.signatures) if _decision(verified) == _decision(commit) else set()
    for entry in commit.signatures:
        if entry in known:
            continue
        public_key = validators.validators[entry.validator].public_key
        if not signing.verify(public_key, message, entry.signature):
            msg = f"commit at height {commit.height}: the signature of validator {entry.validator} is wrong"
            raise InvalidCommit(msg)
