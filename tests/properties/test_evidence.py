"""Random chains with random evidence and limits that change: no offence counts twice, none is taken too old.

The reference remembers every block time and every conviction. What the law decides from its few marks and
its floor must never be more than the reference allows, and never much less.
"""

import itertools
from typing import Final

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.chain.evidence import evidence_hash
from contracts.rules.convicting import MAX_OFFENCES, choose_evidence, convict, evidence_fault
from contracts.state.evidence import MARKS_PER_LIMIT, MAX_MARKS, Moment, lowest_height, note_time, window
from contracts.state.layout import CONVICTIONS, PARAMETERS, SOLE_KEY
from contracts.state.view import Overlay
from tests.support.evidence import two_votes
from tests.vectors.chain import ChainMaker
from tests.vectors.network import CHAIN_ID, VALIDATORS, public_key, seed

STEPS_MS: Final = (1, 40, 700, 12_000)
"""How far block times lie apart."""
HEIGHTS: Final = (2, 5, 11, 60)
AGES_MS: Final = (1, 2_000, 20_000, 400_000)
"""Limits that may be in force."""

GENESIS: Final = ChainMaker()
MEMBERS: Final = [(public_key(f"vote of {name}"), seed(f"vote of {name}")) for name in VALIDATORS]
KEYS: Final = [entry.public_key for entry in GENESIS.tip.validators.validators]

blocks = st.lists(
    st.tuples(
        st.sampled_from(STEPS_MS),
        st.none() | st.tuples(st.sampled_from(HEIGHTS), st.sampled_from(AGES_MS)),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 14)), max_size=4),
    ),
    min_size=5,
    max_size=40,
)
"""Blocks: time since the one before, limits from the next one on, and (validator, heights back) accused."""


class Chain:
    """The law's rows, and beside them all that ever was."""

    def __init__(self) -> None:
        self.state = Overlay(GENESIS)
        self.height, self.time_ms = 0, GENESIS.tip.time_ms
        self.times: dict[int, int] = {}
        self.convicted: set[tuple[bytes, int]] = set()
        self.limits = (HEIGHTS[-1], AGES_MS[-1])
        self.strictest = self.limits
        self.widest_gap_ms = 0
        self.set_limits(self.limits)

    def set_limits(self, limits: tuple[int, int]) -> None:
        row = self.state.require(PARAMETERS, SOLE_KEY)
        tolerances = (*row.tolerances[:2], *limits)
        self.state.write(PARAMETERS, SOLE_KEY, msgspec.structs.replace(row, tolerances=tolerances))
        self.limits = limits
        self.strictest = (min(self.strictest[0], limits[0]), min(self.strictest[1], limits[1]))

    def block(self, step_ms: int, accused: list[tuple[int, int]]) -> None:
        self.height, self.time_ms = self.height + 1, self.time_ms + step_ms
        self.times[self.height] = self.time_ms
        self.widest_gap_ms = max(self.widest_gap_ms, step_ms)
        moment = Moment(self.height, self.time_ms)
        pieces = []
        for member, back in accused:
            key, secret = MEMBERS[member]
            height = self.height - back
            piece = two_votes(CHAIN_ID, secret, height, KEYS.index(key))
            fault = evidence_fault(self.state, CHAIN_ID, moment, (piece,))
            self.compare(key, height, is_taken=fault is None)
            pieces.append(piece)
        chosen = choose_evidence(self.state, CHAIN_ID, moment, pieces)
        assert evidence_fault(self.state, CHAIN_ID, moment, chosen) is None
        assert [evidence_hash(one) < evidence_hash(two) for one, two in itertools.pairwise(chosen)] == [
            True
        ] * (len(chosen) - 1 if chosen else 0)
        for piece in chosen:
            offence = (KEYS[piece.first.validator], piece.first.height)
            assert offence not in self.convicted
            self.convicted.add(offence)
            convict(self.state, moment, piece)
        note_time(self.state, moment)

    def compare(self, key: bytes, height: int, *, is_taken: bool) -> None:
        """Hold an answer against all that ever was."""
        heights, age_ms = self.limits
        is_below = 0 < height < self.height
        if is_taken:
            assert is_below
            assert (key, height) not in self.convicted
            assert self.height - height <= heights
            assert self.time_ms - self.times[height] <= age_ms
            return
        if not is_below or (key, height) in self.convicted:
            return
        row = self.state.read(CONVICTIONS, key)
        if row is not None and len(row.offences) >= MAX_OFFENCES:
            return
        slack_ms = AGES_MS[-1] // MARKS_PER_LIMIT + self.widest_gap_ms
        is_recent = self.time_ms - self.times[height] + slack_ms <= self.strictest[1]
        assert not (is_recent and self.height - height <= self.strictest[0])


@settings(max_examples=200, deadline=None)
@given(blocks)
def test_no_offence_counts_twice_and_none_is_taken_too_old(
    made: list[tuple[int, tuple[int, int] | None, list[tuple[int, int]]]],
) -> None:
    chain, floor = Chain(), 0
    for step_ms, limits, accused in made:
        chain.block(step_ms, accused)
        row = window(chain.state)
        assert row.floor >= floor
        assert len(row.marks) <= MAX_MARKS
        assert list(row.marks) == sorted(set(row.marks))
        assert lowest_height(chain.state, Moment(chain.height + 1, chain.time_ms + 1)) >= row.floor
        floor = row.floor
        if limits is not None:
            chain.set_limits(limits)
    for key, _secret in MEMBERS:
        found = chain.state.read(CONVICTIONS, key)
        counted = sum(offender == key for offender, _height in chain.convicted)
        assert (0 if found is None else found.count) == counted
