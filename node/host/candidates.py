"""Blocks that are proposed and not yet decided, and what this node knows about each.

A candidate is a block as a proposer sent it. It becomes checkable when all the bundles it names are in the
pool, and durable when its bytes and theirs are in the log; only then may this node prevote it
(consensus/SPEC.md, "Values"). Candidates of a decided height are forgotten.
"""

from collections import Counter
from collections.abc import Iterator

from contracts.chain.header import Block, BundleEntry
from contracts.chain.votes import BlockId
from contracts.ledger.bundle import OpenBundle
from node.pool.pool import BundlePool

MAX_CANDIDATES = 256
"""Most candidates held: a proposer has one a round, so more rounds than a healthy height ever sees."""
MAX_CANDIDATE_BYTES = 64 << 20
"""Most bytes of candidates that came unasked."""
MAX_PER_AUTHOR = 2
"""Candidates that one author may have for one round, or for a height to come: what was meant, and a lie.

More than that are taken when the engine asks for them: others have voted for them."""

Claim = tuple[int, ...]
"""Whom a candidate is charged to: height and proposer, and the round if that is known to be its own."""


class Candidate:
    """One proposed block.

    Attributes:
        block: The block.
        data: Its bytes as received.
        verdict: None until checked, then whether the chain allows it.
        reason: Why it does not.
        is_checking: A check is under way.
        is_durable: Its bytes, and those of its bundles, are in the log ahead of any vote for it.
    """

    __slots__ = ("_arrived_ms", "block", "data", "is_checking", "is_durable", "reason", "verdict")

    def __init__(self, block: Block, data: bytes) -> None:
        """Create a candidate nothing is known about."""
        self.block = block
        self.data = data
        self.verdict: bool | None = None
        self.reason = ""
        self.is_checking = False
        self.is_durable = False
        self._arrived_ms: dict[int, int] = {}

    def arrived(self, round_: int, now_ms: int) -> None:
        """Note when the proposal of `round_` came, by this node's wall clock; the first time counts."""
        self._arrived_ms.setdefault(round_, now_ms)

    def is_timely(self, round_: int, precision_ms: int, delay_ms: int) -> bool:
        """Tell whether the block's time was near this node's clock when the proposal of `round_` came.

        The block may be older than the clock by the delay that a proposal may need, which grows with the
        round, and by the clocks' difference; it may be ahead by the clocks' difference alone.
        """
        arrived = self._arrived_ms.get(round_)
        if arrived is None:
            return False
        time = self.block.header.time_ms
        return arrived - precision_ms - delay_ms * (round_ + 1) <= time <= arrived + precision_ms


class Candidates:
    """All candidates of the height being decided and the one after.

    Attributes:
        bytes: Their length.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._by_id: dict[bytes, Candidate] = {}
        self._charged: Counter[Claim] = Counter()
        self.bytes = 0

    def __iter__(self) -> Iterator[tuple[BlockId, Candidate]]:
        """Iterate over (block id, candidate)."""
        return iter([(BlockId(key), candidate) for key, candidate in self._by_id.items()])

    def get(self, block_id: bytes) -> Candidate | None:
        """Return the candidate with this id, or None."""
        return self._by_id.get(block_id)

    def add(self, block_id: bytes, block: Block, data: bytes, claim: Claim | None = None) -> Candidate | None:
        """Return the candidate with this id, creating it; None when there is no room for another.

        Args:
            block_id: Of the block.
            block: With the body that its header names.
            data: Its bytes.
            claim: Whom to charge; None for one that is built here or was asked for.
        """
        known = self._by_id.get(block_id)
        if known is not None:
            return known
        if claim is not None and self._charged[claim] >= MAX_PER_AUTHOR:
            return None
        if len(self._by_id) >= MAX_CANDIDATES and not self._make_room():
            return None
        while claim is not None and self.bytes + len(data) > MAX_CANDIDATE_BYTES:
            if not self._make_room():
                return None
        if claim is not None:
            self._charged[claim] += 1
        candidate = Candidate(block, data)
        self._by_id[block_id] = candidate
        self.bytes += len(data)
        return candidate

    def _make_room(self) -> bool:
        """Drop the oldest candidate that this node never vouched for; false when there is none."""
        for key, candidate in self._by_id.items():
            if not candidate.is_durable and not candidate.is_checking:
                del self._by_id[key]
                self.bytes -= len(candidate.data)
                return True
        return False

    def forget_until(self, height: int) -> None:
        """Drop the candidates of `height` and below: it is decided."""
        self._by_id = {
            key: candidate for key, candidate in self._by_id.items() if candidate.block.header.height > height
        }
        self.bytes = sum(len(candidate.data) for candidate in self._by_id.values())
        self._charged = Counter({claim: n for claim, n in self._charged.items() if claim[0] > height})


def missing_bundles(candidate: Candidate, pool: BundlePool) -> list[BundleEntry]:
    """Return the lines of the bundles that the block names and the pool lacks."""
    return [entry for entry in candidate.block.bundles if pool.get(entry.bundle_id) is None]


def bundles_of(block: Block, pool: BundlePool) -> list[tuple[OpenBundle, bytes]] | None:
    """Return the block's bundles with their bytes, in its order; None while one is missing."""
    found = [pool.get(entry.bundle_id) for entry in block.bundles]
    pairs = [(pooled.bundle, pooled.data) for pooled in found if pooled is not None]
    return pairs if len(pairs) == len(found) else None
