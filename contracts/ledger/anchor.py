"""What ties a snapshot to the chain, for somebody who holds genesis and has seen no block (ADR 20).

An anchor leads from the validators of genesis, over the headers at which they changed, to the block of the
snapshot and the header after it. Each is decided by the set of its height. The header after the block carries
the app hash and the receipts root that the snapshot's state must agree with. As for every light client, this
rests on replaced validators never signing anew.
"""

from typing import Final

import msgspec

from contracts.chain.commit import Commit, InvalidCommit, verify_commit
from contracts.chain.header import (
    BLOCKS,
    HEADER_VERSION,
    MAX_BLOCK_BYTES,
    Block,
    Header,
    block_id,
    has_own_body,
)
from contracts.chain.snapshot import Manifest, is_well_formed_manifest
from contracts.chain.validators import InvalidValidatorSet, ValidatorSet
from contracts.ledger.proof import CertifiedHeader, ValidatorChange
from contracts.primitives.encoding import Decoder, MalformedBytes

MAX_ANCHOR_BYTES: Final = MAX_BLOCK_BYTES + (1 << 20)
"""Room for a block, and for fifty changes of the largest sets, or a thousand of small ones."""


class InvalidAnchor(ValueError):
    """What was given does not tie the manifest to the chain; the message names the step that fails."""


class Anchor(msgspec.Struct, frozen=True, array_like=True):
    """The way from genesis to a snapshot's block."""

    changes: tuple[ValidatorChange, ...]
    """Every change of the validators from genesis up to the set of the header after the block, by height."""
    block: bytes
    """The snapshot's block, encoded."""
    commit: Commit
    """That decided it."""
    following: CertifiedHeader
    """The header after it."""


class Anchored(msgspec.Struct, frozen=True):
    """What an anchor proves."""

    block: Block
    """The snapshot's block."""
    validators: ValidatorSet
    """Who decided it, and may vouch for the manifest."""
    following: Header
    """The header after it."""


ANCHORS: Final[Decoder[Anchor]] = Decoder(Anchor, MAX_ANCHOR_BYTES)


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - a guard reads best this way
    if not condition:
        raise InvalidAnchor(message)


def verify_anchor(genesis_set: ValidatorSet, chain_id: str, manifest: Manifest, anchor: Anchor) -> Anchored:
    """Check that an anchor ties a manifest to the chain; who vouches for the manifest is another question.

    Args:
        genesis_set: The validators of height 1.
        chain_id: The network.
        manifest: Of the snapshot.
        anchor: Of its block.

    Raises:
        InvalidAnchor: A link is missing or false.
    """
    _require(is_well_formed_manifest(manifest), "the manifest is out of shape")
    height = manifest.height
    before, after = follow_changes(genesis_set, chain_id, anchor.changes, height)
    try:
        block = BLOCKS.decode(anchor.block)
    except MalformedBytes as error:
        raise InvalidAnchor(str(error)) from error
    _certify(before, chain_id, height, block.header, anchor.commit)
    _require(has_own_body(block), f"block {height}: its contents are not those of its header")
    following = anchor.following.header
    _require(block.header.next_validators_hash == after.hash, f"header {height}: names another next set")
    _certify(after, chain_id, height + 1, following, anchor.following.commit)
    identifier = block_id(block.header)
    _require(following.previous_block_id == identifier, f"header {height + 1}: follows another block")
    _require(
        (manifest.chain_id, manifest.block_id, manifest.app_hash)
        == (chain_id, identifier, following.app_hash),
        "the manifest is about another block or another app hash",
    )
    return Anchored(block, before, following)


def follow_changes(
    validators: ValidatorSet, chain_id: str, changes: tuple[ValidatorChange, ...], height: int
) -> tuple[ValidatorSet, ValidatorSet]:
    """Return the sets of `height` and of the height after it.

    Args:
        validators: Those of genesis.
        chain_id: The network.
        changes: Every change of them up to the set of the height after `height`, by height.
        height: 0 for genesis itself.

    Raises:
        InvalidAnchor: A change is out of order, or not decided by the set before it.
    """
    last, before = 0, validators
    for change in changes:
        header = change.certified.header
        _require(last < header.height <= height, f"change at {header.height}: after {last}, for {height}")
        _certify(validators, chain_id, header.height, header, change.certified.commit)
        before = validators
        try:
            validators = ValidatorSet(change.validators)
        except InvalidValidatorSet as error:
            raise InvalidAnchor(f"change at {header.height}: {error}") from error
        _require(
            header.next_validators_hash == validators.hash,
            f"change at {header.height}: the header names another set",
        )
        last = header.height
    return (before if last == height else validators), validators


def _certify(validators: ValidatorSet, chain_id: str, height: int, header: Header, commit: Commit) -> None:
    _require(
        (header.version, header.chain_id, header.height) == (HEADER_VERSION, chain_id, height),
        f"header {height}: of another version, chain or height",
    )
    _require(header.validators_hash == validators.hash, f"header {height}: names other validators")
    _require(
        (commit.height, commit.block_id) == (height, block_id(header)),
        f"header {height}: the commit is for another block",
    )
    try:
        verify_commit(chain_id, validators, commit)
    except InvalidCommit as error:
        raise InvalidAnchor(str(error)) from error
