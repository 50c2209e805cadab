"""A validator whose record may be older than its last vote listens before it votes (ADR 22).

It may be a home that was restored from a backup or copied (`node/identity/standing.py`), or votes of its own
may have come from elsewhere that it knows nothing of. It follows the chain meanwhile, as a member does.

From which height on is it safe? Let this node be at height T, and let validators with a quorum of the power
of the set of T + 2, itself not counted, have said since this life began that they are at T or below. Had its
key signed at T + 3 or above, block T + 2 would have been decided before; then one honest node among those
would have been at T + 1 at least. So it has signed nothing above T + 2, and votes from T + 3 on. Claims above
T do not count until this node is there itself, so nobody can keep it away by a great number alone.
"""

from collections.abc import Iterable
from functools import partial

import structlog

from consensus.values import Step
from contracts.chain.evidence import Evidence, author_of
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import Proposal, Vote, VoteType
from node.host.chain import Chain
from node.host.worker import Worker
from node.identity.standing import Standing

_log = structlog.get_logger(__name__)

CLEAR_HEIGHTS = 3
"""So far above the tip nothing can have been signed."""


Position = tuple[int, int, Step]
"""Height, round and step of something signed."""


def position_of(message: Proposal | Vote) -> Position:
    """Return where a signed message stands."""
    if isinstance(message, Proposal):
        return message.height, message.round, Step.PROPOSE
    step = Step.PREVOTE if message.type is VoteType.PREVOTE else Step.PRECOMMIT
    return message.height, message.round, step


class Rejoining:
    """Says whether one validator may vote at a height. Used on the event loop; the disk thread writes."""

    def __init__(self, standing: Standing, own_key: bytes, chain: Chain, disk: Worker) -> None:
        """Go on from what the home knows.

        Args:
            standing: Open.
            own_key: What this validator votes with.
            chain: The decided chain.
            disk: Writes what is settled here.
        """
        self._standing = standing
        self._own_key = own_key
        self._chain = chain
        self._disk = disk
        self._claims: dict[bytes, int] = {}
        self._is_writing = False
        self._votes_from = standing.votes_from
        if self._votes_from is None:
            _log.warning("not_voting_yet", reason="this home was restored, copied or moved: it listens first")

    @property
    def votes_from(self) -> int | None:
        """First height at which this validator may vote; None while nobody knows."""
        return self._votes_from

    def may_vote(self, height: int) -> bool:
        """Tell whether it may vote at a height."""
        return self._votes_from is not None and height >= self._votes_from

    def hear(self, key: bytes, height: int) -> None:
        """The validator with this key says how far it is; its first word since this node listens counts."""
        if self._votes_from is None:
            self._claims.setdefault(key, height)
            self.look()

    def look(self) -> None:
        """Look whether enough was heard by now, and settle from which height on this validator votes."""
        tip = self._chain.tip
        if self._votes_from is not None or self._is_writing:
            return
        if self._has_heard(tip.validators, tip.height) and self._has_heard(tip.next_validators, tip.height):
            height = tip.height + CLEAR_HEIGHTS
            self._is_writing = True
            self._disk.submit(partial(self._standing.allow, height), lambda _none: self._allowed(height))

    def _has_heard(self, validators: ValidatorSet, height: int) -> bool:
        """Tell whether a quorum besides this node said to be at a height or below; of few, all others."""
        others = [each for each in validators.validators if each.public_key != self._own_key]
        heard = sum(each.power for each in others if self._claims.get(each.public_key, height + 1) <= height)
        return validators.is_quorum(heard) or heard == sum(each.power for each in others) > 0

    def _allowed(self, height: int) -> None:
        self._is_writing = False
        self._votes_from = height
        self._claims.clear()
        _log.info("votes_again", from_height=height)

    def hear_votes(self, votes: Iterable[Vote], validators: ValidatorSet | None, last: Position) -> None:
        """Vote no more when others have votes of this validator that its record ends before.

        Args:
            votes: Verified, of one height.
            validators: Who votes there.
            last: Where the record ends.
        """
        own = None if validators is None else validators.index_of(self._own_key)
        for vote in votes:
            place = position_of(vote)
            if vote.validator == own and place > last and self.may_vote(vote.height):
                self.suspend(
                    f"height {vote.height}, round {vote.round}: this validator's key has signed a"
                    f" {place[-1].name.lower()} of which this home knows nothing: it is an old copy, or the"
                    " key is used elsewhere, too; stop the other node, if there is one"
                )

    def hear_evidence(self, evidence: Evidence) -> None:
        """Vote no more when this validator's own key is convicted: another node signs with it, too.

        Where the others are no quorum, they would decide nothing without it, and it goes on.

        Args:
            evidence: Found by this node, for the first time: whoever trusts this home all the same may go on.
        """
        tip, said = self._chain.tip, evidence.first
        voters = {tip.height + 1: tip.validators, tip.height: tip.last_validators}.get(said.height)
        own = None if voters is None else voters.index_of(self._own_key)
        if voters is None or own is None or author_of(evidence) != own:
            return
        if voters.is_quorum(voters.total_power - voters.validators[own].power):
            self.suspend(
                f"height {said.height}, round {said.round}: this validator's key has signed something else"
                " than this home: it is used elsewhere, too; stop the other node"
            )

    def suspend(self, reason: str) -> None:
        """Vote no more before enough was heard anew: this key has signed what this home does not know."""
        if self._votes_from is None:
            return
        self._votes_from = None
        self._claims.clear()
        self._is_writing = True
        self._disk.submit(self._standing.suspend, lambda _none: self._suspended())
        _log.error("not_voting", reason=reason)

    def _suspended(self) -> None:
        self._is_writing = False
