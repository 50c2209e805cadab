"""A fork: two blocks that were decided at one height, and who has to answer for it (ADR 28).

While no more than a third of the power lies, there is none. Two commits of one height for two blocks prove
one. Who is at fault depends on the rounds (arXiv 1807.04938; by this argument Tendermint's faults have
authors):

- One round: an honest validator precommits once a round. More than a third signed both commits, and are
  convicted.
- Round r for X, a later round s for Y: an honest validator that precommitted X in r prevotes Y afterwards
  only when a quorum prevoted Y in r or later. So of the lowest round with a quorum of prevotes for Y, not
  below r, whoever is in that quorum and signed the commit of r broke its lock: more than a third of the
  power. If that round is r itself, two values had a quorum in it, and more than a third prevoted both.

The second case rests on votes that only those have who were there, and on no lower quorum being held back:
whom it names is suspected, and can answer with that quorum. So a proof takes up votes as they are found, and
what it says of anybody follows from the votes in it alone. Signing both commits, in two rounds, is no
offence. Two votes of one step convict wherever they stand in it.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import msgspec

from contracts.chain.commit import Commit, CommitSignature, InvalidCommit, verify_commit
from contracts.chain.evidence import DuplicateVote, author_of, of_votes
from contracts.chain.validators import MAX_VALIDATORS, ValidatorSet
from contracts.chain.votes import Vote, VoteType, verify_vote
from contracts.primitives.encoding import Decoder

MAX_GROUPS: Final = 7
"""Prevotes for either value in both rounds, precommits for the other value in each, and one round between."""
_SIGNATURE_BYTES: Final = 72
MAX_FORK_BYTES: Final = (MAX_GROUPS + 2) * (MAX_VALIDATORS * _SIGNATURE_BYTES + 64)
"""Longest encoded proof."""

Place = tuple[int, VoteType, bytes]
"""Round, type and value of some votes."""


class InvalidFork(ValueError):
    """What was given does not prove a fork; the message says why."""


class VoteGroup(msgspec.Struct, frozen=True, array_like=True):
    """Votes of one round and type for one value, at a height that is known."""

    round: int
    """Round they were cast in."""
    type: VoteType
    """Prevotes or precommits."""
    block_id: bytes
    """32 bytes: one of the two blocks."""
    signatures: tuple[CommitSignature, ...]
    """By ascending validator, each once."""

    @property
    def place(self) -> Place:
        """Round, type and value."""
        return self.round, self.type, self.block_id


class ForkProof(msgspec.Struct, frozen=True, array_like=True):
    """Two commits of one height for two blocks, and votes that tell who is at fault."""

    first: Commit
    """Of the lower round; of one round, the one with the lesser block id."""
    second: Commit
    """The other one."""
    votes: tuple[VoteGroup, ...] = ()
    """What else is known of that height, by round, type and value, as far as it matters."""

    @property
    def height(self) -> int:
        """Where the ledger forks."""
        return self.first.height


FORKS: Final[Decoder[ForkProof]] = Decoder(ForkProof, MAX_FORK_BYTES)


def fork_of(one: Commit, other: Commit) -> ForkProof:
    """Build a proof of two commits of one height, in canonical order."""
    first, second = sorted((one, other), key=lambda commit: (commit.round, commit.block_id))
    return ForkProof(first, second)


def votes_of(proof: ForkProof) -> Iterator[Vote]:
    """Yield every vote in a proof."""
    commits = (
        VoteGroup(each.round, VoteType.PRECOMMIT, each.block_id, each.signatures)
        for each in (proof.first, proof.second)
    )
    for group in chain(commits, proof.votes):
        for entry in group.signatures:
            yield Vote(
                *(group.type, proof.height, group.round, group.block_id),
                *(entry.validator, entry.signature),
            )


def with_votes(proof: ForkProof, validators: ValidatorSet, votes: Iterable[Vote]) -> ForkProof:
    """Return the proof with those of more votes that matter to it.

    Args:
        proof: Verified, or of two verified commits.
        validators: The set of its height.
        votes: Verified ones; those of other heights and for other values are passed over.
    """
    found: dict[Place, dict[int, bytes]] = {}
    values = {proof.first.block_id, proof.second.block_id}
    for vote in chain(votes_of(proof), votes):
        if vote.height == proof.height and vote.block_id in values:
            place = (vote.round, vote.type, vote.block_id)
            found.setdefault(place, {}).setdefault(vote.validator, vote.signature)
    own = {(each.round, VoteType.PRECOMMIT, each.block_id): each for each in (proof.first, proof.second)}
    kept = sorted(_of_use(proof, validators, found) - own.keys())
    first, second = (
        msgspec.structs.replace(commit, signatures=_signatures(found[place])) for place, commit in own.items()
    )
    return ForkProof(first, second, tuple(VoteGroup(*place, _signatures(found[place])) for place in kept))


def _signatures(by_validator: dict[int, bytes]) -> tuple[CommitSignature, ...]:
    return tuple(CommitSignature(index, by_validator[index]) for index in sorted(by_validator))


def _of_use(proof: ForkProof, validators: ValidatorSet, found: dict[Place, dict[int, bytes]]) -> set[Place]:
    """Choose what a proof keeps: all of the rounds that decided, and the first quorum between them."""
    low, high = proof.first.round, proof.second.round
    used = {place for place in found if place[0] in (low, high)}
    between = [
        place
        for place, voters in found.items()
        if low < place[0] < high
        and place[1:] == (VoteType.PREVOTE, proof.second.block_id)
        and validators.is_quorum(validators.power_of(voters))
    ]
    return used | set(sorted(between)[:1])


def verify_fork(chain_id: str, validators: ValidatorSet, proof: ForkProof) -> None:
    """Check that a proof proves a fork among `validators`, the set of its height.

    Every signature is checked, and nothing may stand in it that does not matter: a proof says one thing.

    Raises:
        InvalidFork: It proves none, or is not in its canonical form.
    """
    first, second = proof.first, proof.second
    if first.height != second.height or first.block_id == second.block_id:
        raise InvalidFork("its commits are not for two blocks of one height")
    if len(proof.votes) > MAX_GROUPS:
        raise InvalidFork(f"{len(proof.votes)} groups of votes, at most {MAX_GROUPS} matter")
    try:
        for commit in (first, second):
            verify_commit(chain_id, validators, commit)
    except InvalidCommit as error:
        raise InvalidFork(str(error)) from error
    votes = list(votes_of(proof))[len(first.signatures) + len(second.signatures) :]
    is_listed = all(0 <= vote.validator < len(validators) for vote in votes)
    if not is_listed or with_votes(fork_of(first, second), validators, votes) != proof:
        raise InvalidFork("it is out of order, or holds votes that do not matter")
    if not all(verify_vote(chain_id, validators, vote) for vote in votes):
        raise InvalidFork(f"a vote of height {proof.height} is not signed by its author")


def evidence_in(proof: ForkProof) -> tuple[DuplicateVote, ...]:
    """Return what convicts: of each validator the first step for which it signed two values."""
    said: dict[tuple[int, VoteType, int], Vote] = {}
    pairs: list[tuple[tuple[int, VoteType, int], DuplicateVote]] = []
    for vote in votes_of(proof):
        step = (vote.round, vote.type, vote.validator)
        other = said.setdefault(step, vote)
        if other.block_id != vote.block_id:
            pairs.append((step, of_votes(other, vote)))
    convicted: dict[int, DuplicateVote] = {}
    for _step, evidence in sorted(pairs, key=lambda pair: pair[0]):
        convicted.setdefault(author_of(evidence), evidence)
    return tuple(convicted[index] for index in sorted(convicted))


def suspects_in(validators: ValidatorSet, proof: ForkProof) -> frozenset[int]:
    """Return the indices of those who broke their lock, as far as the votes tell; the convicted are left out.

    While no quorum of prevotes is known that allowed the later commit, whoever signed both is named.
    """
    first, second = proof.first, proof.second
    if first.round == second.round:
        return frozenset()
    convicted = {author_of(evidence) for evidence in evidence_in(proof)}
    prevoted = {
        group.place: {entry.validator for entry in group.signatures}
        for group in proof.votes
        if group.type is VoteType.PREVOTE
    }
    signed, later = ({entry.validator for entry in commit.signatures} for commit in (first, second))
    quorums = {
        place[0]: voters
        for place, voters in prevoted.items()
        if place[2] == second.block_id and validators.is_quorum(validators.power_of(voters))
    }
    named = signed & (quorums[min(quorums)] if quorums else later)
    own = prevoted.get((first.round, VoteType.PREVOTE, first.block_id), set())
    if first.round in quorums and validators.is_quorum(validators.power_of(own)):
        # Two quorums of one round: those in both are convicted, and the others may have changed over in it.
        named = set()
    return frozenset(named - convicted)
