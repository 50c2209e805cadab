"""Cutting segments out of a database: which blocks go into the next file, and what proves them."""

from typing import Final

import msgspec

from contracts.chain.genesis import Genesis, genesis_hash
from contracts.chain.header import block_id
from contracts.chain.validators import Validator
from contracts.primitives.encoding import encode
from node.archive.manifest import FORMAT, SegmentManifest
from node.archive.segment import ArchivedBlock, Opening
from node.storage.errors import StorageDamaged
from node.storage.history import History
from node.storage.proofs import certified, changes_of
from node.storage.store import Reader
from node.storage.validators import ValidatorHistory

MAX_HEIGHTS: Final = 10_000
"""Most blocks in a file."""
MAX_BYTES: Final = 32 << 20
"""A file holds so many bytes before compression, or one block: it is kept in memory while it is written."""


class Cut(msgspec.Struct, frozen=True):
    """What becomes a file."""

    opening: Opening
    """What it begins with."""
    blocks: list[ArchivedBlock]
    """Its blocks, by height."""


def cut_segment(
    reader: Reader, genesis: Genesis, first: int, last: int, max_heights: int = MAX_HEIGHTS
) -> Cut:
    """Read the next segment.

    Args:
        reader: The database; the block after `last` is in it.
        genesis: The network.
        first: Height that it begins with, whose bundles are here.
        last: Greatest height that may be in it.
        max_heights: Most blocks in it.

    Raises:
        HistoryArchived, HistoryNotHere: Contents of its blocks are not here.
        StorageDamaged: Something is missing or damaged.
        StorageFailed: The disk refused.
    """
    history = History(reader)
    blocks: list[ArchivedBlock] = []
    size = 0
    for height in range(first, min(last, first + max_heights - 1) + 1):
        block = read_whole(history, height)
        size += block.size
        if blocks and size > MAX_BYTES:
            break
        blocks.append(block)
    end = first + len(blocks) - 1
    opening = Opening(
        genesis.chain_id,
        genesis_hash(genesis),
        first,
        end,
        changes_of(history, first),
        tuple(
            tuple(Validator(one.public_key, one.power) for one in validators)
            for from_height, validators in ValidatorHistory(reader).sets()
            if first < from_height <= end + 1
        ),
        certified(history, end + 1),
    )
    return Cut(opening, blocks)


def read_whole(history: History, height: int) -> ArchivedBlock:
    """Return a block with everything that belongs to it, as the database has it; raises as `cut_segment`."""
    blocks = history.blocks
    data, commit = blocks.block_bytes(height), blocks.commit_of(height)
    bundles = blocks.bundles_of(height)
    if data is None or commit is None or bundles is None:
        raise StorageDamaged(f"block {height}", "it or its commit is missing")
    return ArchivedBlock(data, encode(commit), bundles, encode(history.receipts(height)))


def describe(reader: Reader, opening: Opening, data: bytes, sha256: str) -> SegmentManifest:
    """Return the manifest of a file whose blocks are still in the database.

    Args:
        reader: The database.
        opening: What the file begins with.
        data: The file.
        sha256: Of the file, hex.
    """
    history = History(reader)
    first, last = history.block(opening.first).header, history.block(opening.last).header
    heights = range(opening.first, opening.last + 1)
    return SegmentManifest(
        format=FORMAT,
        network=opening.chain_id,
        genesis=opening.genesis_hash.hex(),
        first=opening.first,
        last=opening.last,
        first_time_ms=first.time_ms,
        last_time_ms=last.time_ms,
        previous_block=first.previous_block_id.hex(),
        last_block=block_id(last).hex(),
        bundles=sum(len(history.block(height).bundles) for height in heights),
        documents=sum(len(history.receipts(height)) for height in heights),
        bytes=len(data),
        sha256=sha256,
    )
