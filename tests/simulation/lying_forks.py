"""Liars that pretend that the ledger has forked.

What such a liar may do:

    other_chain   another block than everybody's at its height, and when it is asked: no answer, a commit that
                  proves nothing, or what it has in truth
    false_fork    a proof of a fork whose second commit nobody signed
"""

from collections import Counter
from collections.abc import Collection
from random import Random
from typing import Final

import msgspec

from contracts.chain.commit import Commit
from contracts.chain.fork import fork_of
from contracts.primitives.encoding import encode
from network.sync.checks import COMMITS
from network.wire.messages import CommitMessage, DecisionAnswer, ForkMessage, Message, Tip

FORK_BEHAVIOURS: Final = ("other_chain", "false_fork")
_CLAIM: Final = 0.05
_PROVE: Final = 0.03


class ForkLiar:
    """How one liar speaks of other chains."""

    def __init__(self, random: Random, behaviours: Collection[str], counts: Counter[str]) -> None:
        """Lie in the ways of `behaviours`, and count each lie."""
        self._random = random
        self._behaviours = frozenset(behaviours)
        self._counts = counts
        self._commit: Commit | None = None

    def change(self, message: Message) -> list[Message]:
        """Return what is told instead of a message."""
        match message:
            case Tip() if message.height:
                return self._tip(message)
            case DecisionAnswer() if "other_chain" in self._behaviours and message.commit:
                return self._answer(message)
            case CommitMessage(commit=commit):
                self._commit = commit
            case _:
                pass
        return [message]

    def _tip(self, tip: Tip) -> list[Message]:
        told: list[Message] = [tip]
        if "other_chain" in self._behaviours and self._random.random() < _CLAIM:
            self._counts["other_chain"] += 1
            told = [msgspec.structs.replace(tip, block_id=_other(tip.block_id))]
        commit = self._commit
        if commit is not None and "false_fork" in self._behaviours and self._random.random() < _PROVE:
            self._counts["false_fork"] += 1
            other = msgspec.structs.replace(commit, block_id=_other(commit.block_id))
            told.append(ForkMessage(encode(fork_of(commit, other))))
        return told

    def _answer(self, answer: DecisionAnswer) -> list[Message]:
        commit = COMMITS.decode(answer.commit)
        crooked = msgspec.structs.replace(commit, block_id=_other(commit.block_id))
        told = msgspec.structs.replace(answer, commit=encode(crooked))
        return self._random.choice(([], [told], [answer]))


def _other(block_id: bytes) -> bytes:
    return bytes((block_id[0] ^ 1, *block_id[1:]))
