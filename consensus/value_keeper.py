"""The value keeper: what the host has said about the values of a height, and what it is still to find out.

SPEC.md splits the paper's `valid(v)`: valid is a function of the chain, have means that the block and
all its bundles are here and durable, timely compares a fresh proposal's time with this node's clock. A fresh
proposal needs all three (line 22); a re-proposal, a lock and a decision need valid and have, never timely, so
that a node with a wrong clock still locks and decides (lines 28, 36, 49).
"""

from collections.abc import Collection

import msgspec

from consensus.effects import CancelFetch, CheckValue, FetchValue, LocalProtocolError, ValueChecked
from consensus.values import Judgement
from contracts.chain.votes import NO_ROUND, BlockId


class _Verdict(msgspec.Struct, frozen=True):
    """What is known about a value, whichever round it was asked for."""

    valid: bool
    """False is final; True is final once the value is held."""
    have: bool
    """Never goes back to False."""
    round: int
    """Round that was first answered for, to be handed back by a fetch."""


class ValueKeeper:
    """The values of one height."""

    def __init__(self, height: int) -> None:
        """Start with no values."""
        self._height = height
        self._asked: dict[tuple[int, BlockId], CheckValue] = {}
        self._timely: dict[tuple[int, BlockId], bool] = {}
        self._verdicts: dict[BlockId, _Verdict] = {}
        self._fetches: dict[BlockId, FetchValue] = {}

    # ------------------------------------------------------------------------------------ judgements

    def judge(self, block_id: BlockId) -> Judgement:
        """Judge a value by valid and have."""
        verdict = self._verdicts.get(block_id)
        if verdict is None:
            return Judgement.PENDING
        if not verdict.valid:
            return Judgement.REFUSE
        return Judgement.ACCEPT if verdict.have else Judgement.PENDING

    def judge_fresh(self, round_: int, block_id: BlockId) -> Judgement:
        """Judge a value proposed for the first time in this round by valid, have and timely."""
        if self._timely.get((round_, block_id)) is False:
            return Judgement.REFUSE
        judgement = self.judge(block_id)
        if judgement is Judgement.ACCEPT and (round_, block_id) not in self._timely:
            return Judgement.PENDING
        return judgement

    # --------------------------------------------------------------------------- questions and answers

    def ask(self, round_: int, block_id: BlockId, valid_round: int) -> CheckValue | None:
        """Ask for a proposal to be judged, once per round and value."""
        key = (round_, block_id)
        if key in self._asked or key in self._timely:
            return None
        self._asked[key] = CheckValue(self._height, round_, block_id, valid_round)
        return self._asked[key]

    def ask_unproposed(self, block_id: BlockId) -> CheckValue | None:
        """Ask for a value that others vote for to be judged, unless it was asked about already."""
        if block_id in self._verdicts or any(asked == block_id for _, asked in self._asked):
            return None
        return self.ask(NO_ROUND, block_id, NO_ROUND)

    def record(self, answer: ValueChecked) -> bool:
        """Take the host's answer; tell whether it said anything new.

        Raises:
            LocalProtocolError: It contradicts an earlier answer that was final.
        """
        key = (answer.round, answer.block_id)
        first = self._asked.pop(key, None) is not None
        if not first and key not in self._timely:
            return False  # Never asked, or forgotten since.
        self._timely.setdefault(key, answer.timely)
        before = self._verdicts.get(answer.block_id)
        after = self._merge(before, answer)
        self._verdicts[answer.block_id] = after
        if after.have or not after.valid:
            self._fetches.pop(answer.block_id, None)
        return first or before != after

    def _merge(self, before: _Verdict | None, answer: ValueChecked) -> _Verdict:
        if before is None:
            return _Verdict(answer.valid, answer.have, answer.round)
        if before.valid and before.have and not answer.valid:
            msg = f"height {self._height}: {answer.block_id.hex()} was valid and is said to be invalid"
            raise LocalProtocolError(msg)
        return _Verdict(before.valid and answer.valid, before.have or answer.have, before.round)

    # ---------------------------------------------------------------------------------------- fetches

    @property
    def missing(self) -> tuple[BlockId, ...]:
        """The values that were judged, not refused, and are not held."""
        return tuple(
            block_id for block_id, verdict in self._verdicts.items() if verdict.valid and not verdict.have
        )

    def fetch(self, block_id: BlockId, sources: Collection[int]) -> FetchValue | None:
        """Have a missing value fetched; None when it already is, from all these sources."""
        verdict = self._verdicts[block_id]
        earlier = self._fetches.get(block_id)
        known = set(earlier.sources) if earlier is not None else set()
        if known.issuperset(sources):
            return None
        everyone = tuple(sorted(known.union(sources)))
        self._fetches[block_id] = FetchValue(self._height, verdict.round, block_id, everyone)
        return self._fetches[block_id]

    def cancel_fetch(self, block_id: BlockId) -> CancelFetch | None:
        """Stop fetching a value; None when it is not being fetched."""
        if self._fetches.pop(block_id, None) is None:
            return None
        return CancelFetch(self._height, block_id)

    @property
    def outstanding(self) -> tuple[CheckValue | FetchValue, ...]:
        """Questions without an answer, and running fetches."""
        return (*self._asked.values(), *self._fetches.values())

    def prune(self, kept: Collection[BlockId], lowest_round: int) -> None:
        """Forget all values but these, and what was asked for rounds below the lowest one kept."""

        def is_kept(key: tuple[int, BlockId]) -> bool:
            return key[1] in kept and (key[0] >= lowest_round or key[0] == NO_ROUND)

        self._asked = {key: asked for key, asked in self._asked.items() if is_kept(key)}
        self._timely = {key: timely for key, timely in self._timely.items() if is_kept(key)}
        self._verdicts = {key: verdict for key, verdict in self._verdicts.items() if key in kept}
        self._fetches = {key: fetch for key, fetch in self._fetches.items() if key in kept}
