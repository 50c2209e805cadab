"""The vote keeper: every vote of a height, what they add up to, and who voted twice.

Votes of past rounds stay (lines 28 and 49 look back); those of future rounds are bounded per validator. A
second vote of a validator for another value is evidence, reported once, and still counts for that value: a
quorum that others formed with it must be visible here too, or a hidden lock stalls the height (SPEC.md,
"Equivocation"). Counting is by power of distinct validators, never by message.
"""

from bisect import insort
from collections.abc import Collection, Iterator

import msgspec

from consensus.limits import (
    FREE_VALUES,
    MAX_EVIDENCE_PER_VALIDATOR,
    MAX_FUTURE_ROUNDS,
    MAX_ROUNDS_GIVEN_UP,
    PAST_ROUNDS_KEPT,
)
from consensus.thresholds import Tally
from contracts.chain.commit import Commit, CommitSignature
from contracts.chain.evidence import DuplicateVote, of_votes
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import NIL, BlockId, Vote, VoteType


class VoteAdded(msgspec.Struct, frozen=True):
    """A vote that was not known before."""

    evidence: DuplicateVote | None
    """That its author equivocated, the first time in this round and type."""


def precommits_of(commit: Commit) -> tuple[Vote, ...]:
    """Return a commit's signatures as the votes they were."""
    return tuple(
        Vote(
            VoteType.PRECOMMIT, commit.height, commit.round, commit.block_id, entry.validator, entry.signature
        )
        for entry in commit.signatures
    )


class RoundVotes:
    """The votes of one round.

    Attributes:
        tallies: What the votes of each type add up to.
        voters: Who voted in this round, either way.
    """

    def __init__(self, validators: ValidatorSet) -> None:
        """Start with no votes of these validators."""
        self._validators = validators
        self._votes: dict[tuple[VoteType, int], tuple[Vote, ...]] = {}
        self.tallies = {kind: Tally(validators) for kind in VoteType}
        self.voters: set[int] = set()

    def of(self, kind: VoteType, validator: int) -> tuple[Vote, ...]:
        """Return a validator's votes of one type: none, one, or conflicting ones, the first first."""
        return self._votes.get((kind, validator), ())

    def add(self, vote: Vote) -> None:
        """Add and count a vote whose value its author did not vote for in this step before."""
        self._votes[vote.type, vote.validator] = (*self.of(vote.type, vote.validator), vote)
        self.tallies[vote.type].count(vote.validator, BlockId(vote.block_id))
        self.voters.add(vote.validator)

    def without(self, validator: int) -> "RoundVotes":
        """Return the same votes, counted anew, except those of one validator."""
        rest = RoundVotes(self._validators)
        for vote in self.all():
            if vote.validator != validator:
                rest.add(vote)
        return rest

    def all(self, kind: VoteType | None = None) -> tuple[Vote, ...]:
        """Return the votes, or those of one type, in the order their authors' first ones came."""
        return tuple(
            vote for (of_kind, _), votes in self._votes.items() if kind in (None, of_kind) for vote in votes
        )


class VoteKeeper:
    """The votes of one height."""

    def __init__(self, validators: ValidatorSet) -> None:
        """Start with no votes of these validators."""
        self._validators = validators
        self._rounds: dict[int, RoundVotes] = {}
        self._future: dict[int, list[int]] = {}  # per validator, ascending; at most MAX_FUTURE_ROUNDS
        self._given_up: dict[int, int] = {}  # per validator, since the current round began
        self._reported: dict[int, set[tuple[VoteType, int]]] = {}
        self._commits: dict[tuple[int, BlockId], None] = {}
        self._supported: dict[BlockId, None] = {}
        self._highest_honest_round = -1

    # ------------------------------------------------------------------------------------- adding

    def add(
        self, vote: Vote, current_round: int, pinned: Collection[int] = (), *, certified: bool = False
    ) -> VoteAdded | None:
        """Add a vote of a validator of the set, for this height, with a round and block id in range.

        Args:
            vote: The vote.
            current_round: Rounds above it are future, those far below it forgotten.
            pinned: Forgotten rounds that matter all the same.
            certified: It comes with a commit that a quorum signed: no cap applies.

        Returns:
            What it brought, or None if it was known or a cap refused it; then nothing changed.
        """
        votes = self._rounds.get(vote.round)
        held = votes.of(vote.type, vote.validator) if votes is not None else ()
        for earlier in held:
            if vote.block_id == earlier.block_id:
                return None
        if not certified and not self._is_admitted(vote, held, current_round, pinned):
            return None
        if vote.round not in self._rounds:
            self._rounds[vote.round] = RoundVotes(self._validators)
        votes = self._rounds[vote.round]
        votes.add(vote)
        self._note_thresholds(vote, votes)
        return VoteAdded(self._evidence(held[0], vote) if held else None)

    def _is_admitted(
        self, vote: Vote, held: tuple[Vote, ...], current_round: int, pinned: Collection[int]
    ) -> bool:
        if vote.round < current_round - PAST_ROUNDS_KEPT and vote.round not in pinned:
            return False
        if len(held) >= FREE_VALUES and not self.has_support(vote.round, BlockId(vote.block_id), vote.type):
            return False
        return vote.round <= current_round or self._has_future_room(vote, current_round)

    def _has_future_room(self, vote: Vote, current_round: int) -> bool:
        rounds = [round_ for round_ in self._future.get(vote.validator, ()) if round_ > current_round]
        self._future[vote.validator] = rounds
        if vote.round in rounds:
            return True
        if len(rounds) >= MAX_FUTURE_ROUNDS:
            given_up = self._given_up.get(vote.validator, 0)
            if vote.round < rounds[0] or given_up >= MAX_ROUNDS_GIVEN_UP:
                return False
            # An honest validator only moves up, so its newest rounds are what may bring us along. No line
            # can be crossed in the round given up: then this node would have skipped to it.
            self._given_up[vote.validator] = given_up + 1
            self._forget(rounds.pop(0), vote.validator)
        insort(rounds, vote.round)
        return True

    def _forget(self, round_: int, validator: int) -> None:
        self._rounds[round_] = self._rounds[round_].without(validator)
        if not self._rounds[round_].voters:
            del self._rounds[round_]

    def _note_thresholds(self, vote: Vote, votes: RoundVotes) -> None:
        tally = votes.tallies[vote.type]
        block_id = BlockId(vote.block_id)
        if block_id != NIL and block_id in tally.honest_values:
            self._supported[block_id] = None
        if block_id != NIL and vote.type is VoteType.PRECOMMIT and block_id in tally.quorum_values:
            self._commits[vote.round, block_id] = None
        if vote.round > self._highest_honest_round and self._has_honest(votes.voters):
            self._highest_honest_round = vote.round

    def _has_honest(self, voters: set[int]) -> bool:
        return self._validators.has_honest(self._validators.power_of(voters))

    def _evidence(self, first: Vote, other: Vote) -> DuplicateVote | None:
        reported = self._reported.setdefault(other.validator, set())
        step = (other.type, other.round)
        if step in reported or len(reported) >= MAX_EVIDENCE_PER_VALIDATOR:
            return None
        reported.add(step)
        return of_votes(first, other)

    # ----------------------------------------------------------------------------------- thresholds

    def has_quorum_of_any(self, round_: int, kind: VoteType) -> bool:
        """Tell whether a quorum voted in this step, for whatever (lines 34 and 47)."""
        votes = self._rounds.get(round_)
        return votes is not None and votes.tallies[kind].quorum_of_any

    def quorum_values(self, round_: int, kind: VoteType) -> tuple[BlockId, ...]:
        """Return the values, nil included, that a quorum voted for in this step (lines 28, 36, 44)."""
        votes = self._rounds.get(round_)
        return votes.tallies[kind].quorum_values if votes is not None else ()

    def has_support(self, round_: int, block_id: BlockId, kind: VoteType) -> bool:
        """Tell whether more than a third of the power voted for this value in this step."""
        votes = self._rounds.get(round_)
        return votes is not None and block_id in votes.tallies[kind].honest_values

    @property
    def commits(self) -> tuple[tuple[int, BlockId], ...]:
        """Rounds and values, never nil, with a quorum of precommits (line 49), in the order they came."""
        return tuple(self._commits)

    @property
    def supported(self) -> tuple[BlockId, ...]:
        """Values, never nil, that more than a third of the power voted for in some step."""
        return tuple(self._supported)

    @property
    def highest_honest_round(self) -> int:
        """The highest round in which over a third of the power voted (line 55); -1 when there is none."""
        return self._highest_honest_round

    def has_honest_voters(self) -> bool:
        """Tell whether more than a third of the power voted at this height, in whatever rounds."""
        return self._has_honest(set().union(*(votes.voters for votes in self._rounds.values())))

    # ---------------------------------------------------------------------------------------- votes

    def votes(self, round_: int, kind: VoteType | None = None) -> tuple[Vote, ...]:
        """Return the votes of a round, of one type or of both."""
        votes = self._rounds.get(round_)
        return votes.all(kind) if votes is not None else ()

    def has_support_in_all(self, block_id: BlockId) -> bool:
        """Tell whether more than a third of the power voted for this value, in whatever steps."""
        return self._has_honest(self.voters_for(block_id))

    def voters_for(self, block_id: BlockId) -> set[int]:
        """Return the validators that voted for this value in any step that is kept."""
        return {vote.validator for vote in self.all() if vote.block_id == block_id}

    def all(self) -> Iterator[Vote]:
        """Yield every vote that is kept."""
        for votes in self._rounds.values():
            yield from votes.all()

    def commit(self, height: int, round_: int, block_id: BlockId) -> Commit:
        """Return the precommits for a value in a round as a commit, by ascending validator."""
        precommits = (vote for vote in self.votes(round_, VoteType.PRECOMMIT) if vote.block_id == block_id)
        by_validator = sorted(precommits, key=lambda vote: vote.validator)
        signatures = (CommitSignature(vote.validator, vote.signature) for vote in by_validator)
        return Commit(height, round_, block_id, tuple(signatures))

    def begin_round(self, current_round: int, pinned: Collection[int]) -> None:
        """Begin a round: forget those far below it, but for the pinned ones and those with a commit."""
        self._given_up.clear()
        lowest = current_round - PAST_ROUNDS_KEPT
        committed = {round_ for round_, _ in self._commits}
        old = [r for r in self._rounds if r < lowest and r not in pinned and r not in committed]
        if not old:
            return
        for round_ in old:
            del self._rounds[round_]
        kept = {
            block_id
            for votes in self._rounds.values()
            for tally in votes.tallies.values()
            for block_id in tally.honest_values
        }
        self._supported = {block_id: None for block_id in self._supported if block_id in kept}
