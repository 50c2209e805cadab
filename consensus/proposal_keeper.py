"""The proposal keeper: the proposals of a height, and which proposers made two for one round.

As with votes, the other proposal of an equivocating proposer is kept: if the others lock or decide it, this
node must be able to follow. Beyond that, a further one counts only with power behind its value.
"""

from collections.abc import Collection

import msgspec

from consensus.limits import FREE_VALUES, MAX_EVIDENCE_PER_VALIDATOR, PAST_ROUNDS_KEPT
from contracts.chain.evidence import DuplicateProposal, of_proposals
from contracts.chain.votes import BlockId, Proposal


class ProposalAdded(msgspec.Struct, frozen=True):
    """A proposal that was not known before."""

    evidence: DuplicateProposal | None
    """That its author equivocated, the first time in this round."""


class ProposalKeeper:
    """The proposals of one height."""

    def __init__(self) -> None:
        """Start with no proposals."""
        self._rounds: dict[int, tuple[Proposal, ...]] = {}
        self._reported: dict[int, set[int]] = {}

    def add(
        self, proposal: Proposal, current_round: int, pinned: Collection[int] = (), *, supported: bool = False
    ) -> ProposalAdded | None:
        """Add a proposal of this height, by the proposer of its round, fields in range, not too far ahead.

        Args:
            proposal: The proposal.
            current_round: Rounds far below it are not kept.
            pinned: Rounds far below that matter all the same.
            supported: More than a third of the power voted for its value in its round.

        Returns:
            What it brought, or None if it was known or a cap refused it; then nothing changed.
        """
        held = self._rounds.get(proposal.round, ())
        if any(_same(proposal, earlier) for earlier in held):
            return None
        if proposal.round < current_round - PAST_ROUNDS_KEPT and proposal.round not in pinned:
            return None
        is_further = len(held) >= FREE_VALUES
        if is_further and (not supported or self.has(proposal.round, BlockId(proposal.block_id))):
            return None
        self._rounds[proposal.round] = (*held, proposal)
        return ProposalAdded(self._evidence(held[0], proposal) if held else None)

    def _evidence(self, first: Proposal, other: Proposal) -> DuplicateProposal | None:
        reported = self._reported.setdefault(other.proposer, set())
        if other.round in reported or len(reported) >= MAX_EVIDENCE_PER_VALIDATOR:
            return None
        reported.add(other.round)
        return of_proposals(first, other)

    def of(self, round_: int) -> tuple[Proposal, ...]:
        """Return the proposals of a round in the order they came: none, one, or conflicting ones."""
        return self._rounds.get(round_, ())

    def has(self, round_: int, block_id: BlockId) -> bool:
        """Tell whether this value was proposed in this round."""
        return any(proposal.block_id == block_id for proposal in self.of(round_))

    def is_empty(self) -> bool:
        """Tell whether nothing was proposed at this height."""
        return not self._rounds

    def proposers_of(self, block_id: BlockId) -> set[int]:
        """Return the validators that proposed this value in a round that is kept."""
        return {proposal.proposer for proposal in self._all() if proposal.block_id == block_id}

    def block_ids(self) -> set[BlockId]:
        """Return the values proposed in the rounds that are kept."""
        return {BlockId(proposal.block_id) for proposal in self._all()}

    def _all(self) -> list[Proposal]:
        return [proposal for proposals in self._rounds.values() for proposal in proposals]

    def prune(self, current_round: int, pinned: Collection[int]) -> None:
        """Forget rounds far below the current one, but for the pinned ones."""
        lowest = current_round - PAST_ROUNDS_KEPT
        for round_ in [r for r in self._rounds if r < lowest and r not in pinned]:
            del self._rounds[round_]


def _same(one: Proposal, other: Proposal) -> bool:
    return (one.block_id, one.valid_round) == (other.block_id, other.valid_round)
