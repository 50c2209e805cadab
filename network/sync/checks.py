"""What a received block must be before anybody believes it.

Three steps, each as soon as it can be taken: `read_block` needs nothing but the bytes; `prove_block` needs
the block before it and the validators of its height; `open_bundles` is the long one (it hashes every document
and verifies every signature), so a node runs it in a thread, after the block is delivered.
"""

import msgspec

from contracts.chain.commit import Commit, InvalidCommit, verify_commit
from contracts.chain.header import BLOCKS, HEADER_VERSION, Block, block_id, has_own_body
from contracts.chain.parameters import Limits
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import BlockId
from contracts.ledger.bundle import BundleReader, MalformedBundle, OpenBundle, verify_bundle
from contracts.primitives.encoding import Decoder, MalformedBytes
from contracts.primitives.hashing import HASH_BYTES
from network.wire.errors import RemoteProtocolError
from network.wire.messages import MAX_COMMIT_BYTES, BlockAnswer

COMMITS: Decoder[Commit] = Decoder(Commit, MAX_COMMIT_BYTES)


class ReadBlock(msgspec.Struct, frozen=True):
    """A block and a commit that fit each other; nobody has vouched for them yet."""

    height: int
    """Its height."""
    block_id: BlockId
    """32 bytes."""
    block: Block
    """Decoded."""
    block_bytes: bytes
    """As received."""
    commit: Commit
    """Decoded; names this block."""
    commit_bytes: bytes
    """As received."""


class ReceivedBlock(msgspec.Struct, frozen=True):
    """A block that is proven to be decided, with the bundles it came with."""

    peer: str
    """Who sent it, and answers for the bundles."""
    read: ReadBlock
    """Block and commit."""
    bundles: tuple[bytes, ...]
    """In the block's order, each as long as the block says; not opened yet: see `open_bundles`."""


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - a guard reads best this way
    if not condition:
        raise RemoteProtocolError(message)


def read_block(chain_id: str, limits: Limits, answer: BlockAnswer) -> ReadBlock:
    """Decode a block with its commit and check all that follows from the bytes alone.

    Raises:
        RemoteProtocolError: Malformed, of another chain or height, or parts that do not belong together.
    """
    try:
        block = BLOCKS.decode(answer.block)
        commit = COMMITS.decode(answer.commit)
    except MalformedBytes as error:
        raise RemoteProtocolError(f"block {answer.height}: {error}") from error
    header, entries = block.header, block.bundles
    _require(
        header.version == HEADER_VERSION,
        f"block {answer.height}: version {header.version}, this release reads {HEADER_VERSION}",
    )
    _require(header.chain_id == chain_id, f"block {answer.height}: made for {header.chain_id!r}")
    _require(header.height == answer.height, f"block {answer.height}: its header says {header.height}")
    identifier = block_id(header)
    _require(
        (commit.height, commit.block_id) == (answer.height, identifier),
        f"block {answer.height}: the commit is for another block",
    )
    _require(
        len(entries) <= limits.block_bundles
        and all(len(entry.bundle_id) == HASH_BYTES and entry.size > 0 for entry in entries)
        and sum(entry.size for entry in entries) <= limits.block_bytes,
        f"block {answer.height}: too many bundles, or too large",
    )
    _require(has_own_body(block), f"block {answer.height}: its contents are not those of its header")
    return ReadBlock(answer.height, identifier, block, answer.block, commit, answer.commit)


def prove_block(chain_id: str, validators: ValidatorSet, previous_id: bytes, read: ReadBlock) -> None:
    """Check that the validators of its height decided this block, on top of `previous_id` (32 bytes).

    Raises:
        RemoteProtocolError: It does not follow, names other validators, or the commit proves nothing.
    """
    header = read.block.header
    _require(header.previous_block_id == previous_id, f"block {read.height}: follows another block")
    _require(header.validators_hash == validators.hash, f"block {read.height}: names other validators")
    try:
        verify_commit(chain_id, validators, read.commit)
    except InvalidCommit as error:
        raise RemoteProtocolError(str(error)) from error


def open_bundles(reader: BundleReader, received: ReceivedBlock) -> tuple[OpenBundle, ...]:
    """Decode the bundles of a delivered block, check that they are the ones it names, and their signatures.

    Raises:
        RemoteProtocolError: The sender lied about a bundle; report it with `BlockSync.refuse`.
    """
    opened = []
    for entry, data in zip(received.read.block.bundles, received.bundles, strict=True):
        try:
            bundle = reader.read(data)
        except MalformedBundle as error:
            raise RemoteProtocolError(f"block {received.read.height}: {error}") from error
        _require(
            (bundle.id, bundle.size, bundle.header.weight) == (entry.bundle_id, entry.size, entry.weight),
            f"block {received.read.height}: a bundle is not the one that the block names",
        )
        _require(verify_bundle(bundle), f"block {received.read.height}: the signature of a bundle is wrong")
        opened.append(bundle)
    return tuple(opened)
