"""What liars say of evidence: some of them accuse, in their own blocks and to everybody.

forged    another validator, under the liar's own signature
early     themselves, of the height that is being decided
double    themselves, twice of one height, in one block
again     themselves, of a height that they confessed before
old       themselves, of a height long ago
confess   themselves, of the height before: such a block is as good as any
"""

from collections import Counter
from random import Random
from typing import Final

from contracts.chain.evidence import Evidence, evidence_hash
from tests.simulation.cast import CHAIN_ID
from tests.support.evidence import two_proposals, two_votes

KINDS: Final = ("forged", "early", "double", "again", "old", "confess", "confess")
_ACCUSES: Final = 0.4
"""Part of their blocks."""
_SLANDERS: Final = 0.01
"""Part of what else they say."""
_LONG_AGO: Final = 14


class Accuser:
    """One liar's tongue.

    Attributes:
        counts: How often it did what.
    """

    def __init__(self, random: Random, seed: bytes) -> None:
        """Accuse under the key of `seed`, or never; that is drawn."""
        self._random = random
        self._seed = seed
        self._is_one = random.random() < 0.6
        self._confessed: list[int] = []
        self.counts: Counter[str] = Counter()

    def in_block(self, height: int, own_index: int) -> tuple[Evidence, ...] | None:
        """Return the evidence that a block of its own carries; None when it tells the truth this time."""
        if not self._is_one or height < 3 or self._random.random() >= _ACCUSES:
            return None
        kind = self._random.choice(KINDS)
        if kind == "again" and not self._confessed:
            kind = "confess"
        self.counts[f"evidence_{kind}"] += 1
        return tuple(sorted(self._pieces(kind, height, own_index), key=evidence_hash))

    def _pieces(self, kind: str, height: int, own_index: int) -> list[Evidence]:
        match kind:
            case "forged":
                return [self._pair(height - 1, (own_index + 1) % 3)]
            case "early":
                return [self._pair(height, own_index)]
            case "double":
                return [self._pair(height - 1, own_index), self._pair(height - 1, own_index, round_=1)]
            case "again":
                return [self._pair(self._random.choice(self._confessed), own_index)]
            case "old":
                return [self._pair(max(1, height - _LONG_AGO), own_index)]
            case _:
                self._confessed.append(height - 1)
                return [self._pair(height - 1, own_index)]

    def _pair(self, height: int, author: int, round_: int = 0) -> Evidence:
        made = self._random.choice((two_votes, two_proposals))
        return made(CHAIN_ID, self._seed, height, author, round_=round_)

    def slander(self, height: int) -> Evidence | None:
        """Return what it tells a peer of somebody else, seldom."""
        if not self._is_one or height < 1 or self._random.random() >= _SLANDERS:
            return None
        self.counts["slander"] += 1
        # Nobody's own index is known here: of three validators two at least are others.
        return self._pair(height, self._random.randrange(3))
