"""Answering a request for blocks, in bounded parts."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from network.wire.frames import PART_BYTES
from network.wire.messages import (
    MAX_PART_BUNDLES,
    BlockAnswer,
    BlockBundles,
    BlockRequest,
    Message,
    NoBlock,
)

ANSWER_BYTES = 4 << 20
"""After this much, one request is answered, whatever it asked for; the first block is always sent whole."""


class StoredBlock(msgspec.Struct, frozen=True):
    """A decided block as a node stores it."""

    block: bytes
    """Encoded `contracts.chain.header.Block`."""
    commit: bytes
    """Encoded commit of this block."""
    bundles: tuple[bytes, ...]
    """Encoded bundles, in the block's order."""

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        return len(self.block) + len(self.commit) + sum(map(len, self.bundles))


def answer_blocks(
    request: BlockRequest, head: int, load: Callable[[int], StoredBlock | None], first: int = 1
) -> Iterator[Message]:
    """Yield the messages that answer `request`, in order.

    Args:
        request: What was asked.
        head: This node's last decided height.
        load: Returns the block of a height; None for one that is not here.
        first: First height that is here with its bundles; 1 for a node that has all.
    """
    sent = 0
    for height in range(request.from_height, request.from_height + request.count):
        stored = load(height) if first <= height <= head and sent < ANSWER_BYTES else None
        if stored is None:
            yield NoBlock(height, head, first)
            return
        sent += stored.size
        yield BlockAnswer(height, stored.block, stored.commit)
        yield from split_bundles(height, stored.bundles)


def split_bundles(height: int, bundles: Sequence[bytes]) -> Iterator[BlockBundles]:
    """Yield the bundles of a block in parts of at most `PART_BYTES`, or of one bundle."""
    first = 0
    while first < len(bundles):
        end, size = first, 0
        while end < len(bundles) and end - first < MAX_PART_BUNDLES:
            size += len(bundles[end])
            if size > PART_BYTES and end > first:
                break
            end += 1
        yield BlockBundles(height, first, tuple(bundles[first:end]))
        first = end
