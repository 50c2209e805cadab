"""Liars that are asked for what others lack: blocks for those who are behind, bundles for those who vote.

What such a liar may do:

    sync_height   the block of another height in the place of the one that was asked for
    sync_garbled  a block or a bundle with a byte changed
    sync_commit   a commit that proves nothing: too few signatures, one twice, one forged
    sync_stall    no answer
    sync_first    it has no longer what it was asked for, or gives blocks that nobody has yet
    withhold      no bundle that it is asked for, and its own bundles to half of the others only
"""

from collections import Counter
from collections.abc import Callable, Collection
from random import Random
from typing import Final

import msgspec

from contracts.chain.commit import Commit
from contracts.primitives.encoding import encode
from network.sync.checks import COMMITS
from network.wire.messages import BlockAnswer, BlockBundles, BundleAnswer, BundlePush, Message, NoBlock

SYNC_BEHAVIOURS: Final = ("sync_height", "sync_garbled", "sync_commit", "sync_stall", "withhold")
MORE_SYNC_BEHAVIOURS: Final = ("sync_first",)
"""Drawn apart."""
_LIE: Final = 0.3
"""Part of the answers that are lies."""


class SyncLiar:
    """How one liar answers."""

    def __init__(self, random: Random, behaviours: Collection[str], counts: Counter[str]) -> None:
        """Lie in the ways of `behaviours`, and count each lie."""
        self._random = random
        self._behaviours = frozenset(behaviours)
        self._counts = counts
        self._another: BlockAnswer | None = None

    def _lies(self, behaviour: str) -> bool:
        if behaviour not in self._behaviours or self._random.random() >= _LIE:
            return False
        self._counts[behaviour] += 1
        return True

    def change(self, message: Message, is_fooled: Callable[[], bool]) -> list[Message]:
        """Return what is told instead of an answer; `is_fooled` tells whether the peer is one of one half."""
        match message:
            case BlockAnswer():
                return self._block(message)
            case BlockBundles(bundles=bundles) if self._lies("sync_garbled"):
                return [msgspec.structs.replace(message, bundles=(self._garbled(bundles[0]), *bundles[1:]))]
            case NoBlock() if self._lies("sync_stall"):
                return []
            case BundleAnswer() if "withhold" in self._behaviours:
                self._counts["withhold"] += 1
                return []
            case BundlePush() if "withhold" in self._behaviours and is_fooled():
                self._counts["withhold"] += 1
                return []
            case _:
                return [message]

    def _block(self, answer: BlockAnswer) -> list[Message]:
        another, self._another = self._another, answer
        if self._lies("sync_stall"):
            return []
        if another is not None and another.height != answer.height and self._lies("sync_height"):
            return [BlockAnswer(answer.height, another.block, another.commit)]
        if self._lies("sync_first"):
            head = answer.height + self._random.randrange(40)
            # One beyond what it has is a height to come; two are more than anybody could have archived.
            return [NoBlock(answer.height, head, self._random.randint(answer.height + 1, head + 2))]
        if self._lies("sync_garbled"):
            return [msgspec.structs.replace(answer, block=self._garbled(answer.block))]
        if self._lies("sync_commit"):
            commit = self._unproven(COMMITS.decode(answer.commit))
            return [msgspec.structs.replace(answer, commit=encode(commit))]
        return [answer]

    def _garbled(self, data: bytes) -> bytes:
        at = self._random.randrange(len(data))
        return data[:at] + bytes((data[at] ^ 1 << self._random.randrange(8),)) + data[at + 1 :]

    def _unproven(self, commit: Commit) -> Commit:
        """Take signatures away until too few are left, or name one twice, or forge one."""
        signatures = commit.signatures
        first, *rest = signatures
        forged = msgspec.structs.replace(first, signature=self._garbled(first.signature))
        told = (signatures[: len(signatures) // 2], (first, *signatures[:-1]), (forged, *rest))
        return msgspec.structs.replace(commit, signatures=self._random.choice(told))
