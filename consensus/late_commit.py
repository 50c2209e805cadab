"""The votes of the height decided last: late precommits join its commit, late lies are still evidence.

The next block carries the commit (SPEC.md, "Equivocation"). More signatures than the quorum keep the round 0
rotation of later heights fair and show who took part.
"""

from consensus.checks import is_vote
from consensus.vote_keeper import VoteAdded, VoteKeeper, precommits_of
from contracts.chain.commit import Commit
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import BlockId, Vote, VoteType


class LateCommit:
    """A commit that may still grow.

    Attributes:
        height: Height of the commit.
        block_id: What it decided.
    """

    def __init__(self, commit: Commit, validators: ValidatorSet, votes: VoteKeeper | None = None) -> None:
        """Go on from a commit, its height's validators, and its height's votes as far as they are known."""
        self.height = commit.height
        self.block_id = BlockId(commit.block_id)
        self._round = commit.round
        self._validators = validators
        self._votes = votes if votes is not None else VoteKeeper(validators)
        for vote in precommits_of(commit):
            self._votes.add(vote, self._round, certified=True)

    @property
    def commit(self) -> Commit:
        """The commit with all signatures known, by ascending validator."""
        return self._votes.commit(self.height, self._round, self.block_id)

    def add(self, vote: Vote) -> VoteAdded | None:
        """Add a vote of this height; None when it neither joins the commit nor convicts anyone."""
        if not is_vote(vote, self._validators):
            return None
        added = self._votes.add(vote, self._round)
        if added is None:
            return None
        joins = (vote.type, vote.round, vote.block_id) == (VoteType.PRECOMMIT, self._round, self.block_id)
        return added if joins or added.evidence is not None else None
