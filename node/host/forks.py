"""What this node does when the ledger has forked (ADR 28): it stops, keeps the proof, and tells.

When a peer has another block at a height, and its commit is proven by the validators of that height as this
node's own is, no rule says which of the two is the ledger. So this node applies nothing more and votes no
more; it has the proof durably, and tells everybody; and it goes on answering what it is asked. Until the
operators of the network have settled which block stands, that is how it starts as well.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec
import structlog

from contracts.chain.commit import Commit
from contracts.chain.evidence import author_of
from contracts.chain.fork import (
    FORKS,
    ForkProof,
    InvalidFork,
    evidence_in,
    fork_of,
    suspects_in,
    verify_fork,
    votes_of,
    with_votes,
)
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import Vote
from contracts.primitives.encoding import MalformedBytes, encode
from contracts.rules.changing_nodes import validator_set
from network.peer.allowance import Allowance
from network.wire.errors import RemoteProtocolError
from network.wire.messages import ForkMessage
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.evidence import EvidenceBook
from node.host.parting import Partings
from node.host.surroundings import Surroundings
from node.host.worker import Worker, no_answer
from node.storage.forks import MAX_HEIGHTS, KeptFork, keep_fork, keep_votes, load_votes
from node.storage.validators import ValidatorHistory

PROOFS_PER_SECOND: Final = 1
"""How many proofs a second one peer may bring; each costs hundreds of signature checks at most."""
PROOFS_BURST: Final = 8
"""How many at once: several nodes that hold votes of the height complete the proof at the same time."""
TELL_MS: Final = 10_000
"""How often a known fork is told again."""

_log = structlog.get_logger(__name__)


class _Judged(msgspec.Struct, frozen=True):
    """A proof that holds."""

    proof: ForkProof
    """With the votes that this node holds itself."""
    validators: ValidatorSet
    """The set of its height."""
    is_settled: bool
    """The operators have said which block stands, and it is this node's."""


class Fork(msgspec.Struct, frozen=True):
    """A fork as people are told of it."""

    kept: KeptFork
    """The proof."""
    validators: ValidatorSet
    """The set of its height."""
    convicted: tuple[bytes, ...]
    """Keys that signed two values for one step."""
    suspected: tuple[bytes, ...]
    """Keys that broke their lock, as far as the votes in the proof tell."""


class ForkWatch:
    """Looks for a second chain. Used on the event loop; the reader thread checks, the disk thread writes.

    Attributes:
        partings: Asks peers whose chain is another one.
        fork: The fork at the lowest height that is known; None while there is none.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        reader: Worker,
        evidence: EvidenceBook,
        votes: Callable[[], tuple[Vote, ...]],
        stop: Callable[[str], None],
        base: int,
    ) -> None:
        """Join the parts; it must hear of a block before consensus begins the next height.

        Args:
            surroundings: Time, threads, peers.
            chain: The decided chain.
            reader: A thread that may read the database.
            evidence: Keeps what convicts.
            votes: Returns the votes of the height that consensus works on, or has just decided.
            stop: Told why this node decides nothing more.
            base: Blocks up to this height are not here.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._reader = reader
        self._evidence = evidence
        self._votes = votes
        self._stop = stop
        self._chain_id = chain.tip.chain_id
        self._store = chain.ledger.store
        self._blocks = chain.ledger.blocks
        # By name, also of peers that are gone. The ledger names them all.
        self._allowances: dict[str, Allowance] = {}
        self._recent_votes: dict[int, tuple[Vote, ...]] = {}
        self._told_ms = 0
        self.partings = Partings(surroundings, chain, reader, base, self._parted)
        self.fork: Fork | None = None
        chain.subscribe(self._on_applied)

    def restore(self, kept: KeptFork | None, settled: Mapping[int, bytes]) -> None:
        """Go on with what the disk holds, before this node starts; `reason` says whether it may decide.

        Args:
            kept: The fork that it knows of.
            settled: Which block stands, at every height of which the operators have said so: two branches
                that both went on for a while have one fork at each of their heights.

        Raises:
            StorageDamaged: The set of the fork's height cannot be read.
        """
        self._chain.stands = settled
        if kept is None or self._is_settled(kept.proof.height):
            return
        validators = self._set_of(kept.proof.height)
        if kept.proof.height <= self._chain.tip.height + 1:
            self.fork = _fork_of(kept.found_ms, kept.proof, validators)
        else:
            # The database is being built anew: who voted so far above is not known yet, so nobody is named.
            self.fork = Fork(kept, validators, (), ())

    @property
    def reason(self) -> str:
        """Why this node decides nothing more; empty while no fork is known."""
        if self.fork is None:
            return ""
        proof = self.fork.kept.proof
        return (
            f"the ledger has forked: at height {proof.height} blocks {proof.first.block_id.hex()} and"
            f" {proof.second.block_id.hex()} were both decided, so more than a third of the voting power"
            " lied; this node decides nothing more; packtrail evidence --kept names whom it holds"
            " responsible, docs/evidence.md says what to do"
        )

    # ------------------------------------------------------------------------------- the own chain

    def _on_applied(self, applied: Applied, commit: Commit) -> None:
        height = applied.tip.height
        votes = tuple(vote for vote in self._votes() if vote.height == height)
        self._recent_votes[height] = votes
        self._recent_votes.pop(height - MAX_HEIGHTS, None)
        if commit.round or any(vote.round for vote in votes):
            # It is rare; and then more than its commit is needed to tell who is at fault.
            self._surroundings.disk.submit(partial(keep_votes, self._store, height, votes), no_answer)

    def _set_of(self, height: int) -> ValidatorSet:
        return validator_set(ValidatorHistory(self._store).at(height))

    def _is_settled(self, height: int) -> bool:
        """Tell whether the operators have settled this height, and this node has the block that stands."""
        stands = self._chain.stands.get(height)
        if stands is None:
            return False
        own = self._blocks.commit_of(height)
        return own is None or own.block_id == stands

    # ---------------------------------------------------------------------------- what peers show

    def greet(self, peer: str, height: int, block_id: bytes) -> None:
        """A session is open: tell the peer of a fork, and compare where it stands."""
        if self.fork is not None:
            self._surroundings.network.send(peer, ForkMessage(encode(self.fork.kept.proof)))
        self.hear(peer, height, block_id)

    def hear(self, peer: str, height: int, block_id: bytes) -> None:
        """A peer says which block it has at a height."""
        if self.fork is None:
            self.partings.hear(peer, height, block_id)

    def _parted(self, peer: str, theirs: Commit) -> None:
        """A peer has another block than this node at a height, and the same one below it."""
        recent = self._recent_votes.get(theirs.height, ())
        self._reader.submit(partial(self._prove, theirs, recent), partial(self._proven, peer))

    def _prove(self, theirs: Commit, recent: tuple[Vote, ...]) -> _Judged | str:
        """Judge the commit of a peer for another block than this node's; on the reader's thread."""
        own = self._blocks.commit_of(theirs.height)
        if own is None:
            return f"height {theirs.height} is not here"
        return self._judge(fork_of(own, theirs), recent)

    def _judge(self, proof: ForkProof, recent: tuple[Vote, ...]) -> _Judged | str:
        """Judge a proof, and add what this node holds to it; on the reader's thread."""
        validators = self._set_of(proof.height)
        try:
            verify_fork(self._chain_id, validators, proof)
        except InvalidFork as error:
            return str(error)
        votes = (*recent, *load_votes(self._store, proof.height))
        return _Judged(with_votes(proof, validators, votes), validators, self._is_settled(proof.height))

    def _proven(self, peer: str, found: _Judged | str) -> None:
        if isinstance(found, str):
            self.partings.lied(peer, f"its chain is another one, and not proven: {found}")
            return
        self.partings.settled(peer)
        self._take(found)

    def take_decision(self, theirs: Commit) -> None:
        """Consensus decided another block than block sync brought: judge what that proves.

        Args:
            theirs: Verified; for a height that the chain has.
        """

        def judged(found: _Judged | str) -> None:
            if not isinstance(found, str):
                self._take(found)

        recent = self._recent_votes.get(theirs.height, ())
        self._reader.submit(partial(self._prove, theirs, recent), judged)

    def take_proof(self, peer: str, message: ForkMessage) -> None:
        """A peer says that the ledger has forked.

        Raises:
            RemoteProtocolError: What it sent is no proof of anything.
        """
        if self.fork is not None and message.proof == encode(self.fork.kept.proof):
            return
        now_ms = self._surroundings.clock.now_ms()
        allowance = self._allowances.get(peer)
        if allowance is None:
            allowance = self._allowances[peer] = Allowance(PROOFS_PER_SECOND, PROOFS_BURST, now_ms)
        if not allowance.afford(1, now_ms):
            # It is told again.
            return
        try:
            proof = FORKS.decode(message.proof)
        except MalformedBytes as error:
            raise RemoteProtocolError(f"proof of a fork: {error}") from error
        if not 0 < proof.height <= self._chain.tip.height + 1:
            # Who votes there is not known here yet; it is told again.
            return
        job = partial(self._judge, proof, self._recent_votes.get(proof.height, ()))
        self._reader.submit(job, partial(self._told, peer, message))

    def _told(self, peer: str, message: ForkMessage, found: _Judged | str) -> None:
        if isinstance(found, str):
            _log.warning("false_fork", peer=peer, reason=found)
            self._surroundings.network.ban(peer, f"proof of a fork that proves none: {found}")
            return
        before = self.fork
        self._take(found)
        if before is not None and self.fork is before:
            # Nothing new: the peer knows less. It may have been too far behind to judge what it was told.
            known = ForkMessage(encode(before.kept.proof))
            if known != message:
                self._surroundings.network.send(peer, known)

    # ------------------------------------------------------------------------------------ a fork

    def _take(self, found: _Judged) -> None:
        """Stop before anything else; then have it durable; then tell."""
        if found.is_settled:
            return
        known = None if self.fork is None else self.fork.kept
        merged = found.proof if known is None else _merged(known.proof, found)
        if known is not None and merged == known.proof:
            return
        found_ms = self._surroundings.wall.now_ms() if known is None else known.found_ms
        self.fork = fork = _fork_of(found_ms, merged, found.validators)
        self._stop(self.reason)
        self._surroundings.disk.submit(
            partial(keep_fork, self._store, fork.kept), lambda _none: self._kept(fork)
        )

    def _kept(self, fork: Fork) -> None:
        proof = fork.kept.proof
        _log.critical(
            "ledger_forked",
            height=proof.height,
            blocks=[proof.first.block_id.hex(), proof.second.block_id.hex()],
            rounds=[proof.first.round, proof.second.round],
            convicted=[key.hex() for key in fork.convicted],
            suspected=[key.hex() for key in fork.suspected],
        )
        for evidence in evidence_in(proof):
            self._evidence.convict(fork.validators.validators[author_of(evidence)].public_key, evidence)
        self._tell()

    def tell(self) -> None:
        """Tell everybody of a fork again, when the last time is long ago."""
        if self.fork is not None and self._surroundings.clock.now_ms() - self._told_ms >= TELL_MS:
            self._tell()

    def _tell(self) -> None:
        if self.fork is not None:
            self._told_ms = self._surroundings.clock.now_ms()
            self._surroundings.network.broadcast(ForkMessage(encode(self.fork.kept.proof)))


def _fork_of(found_ms: int, proof: ForkProof, validators: ValidatorSet) -> Fork:
    keys = [each.public_key for each in validators.validators]
    return Fork(
        KeptFork(found_ms, proof),
        validators,
        tuple(keys[author_of(evidence)] for evidence in evidence_in(proof)),
        tuple(keys[index] for index in sorted(suspects_in(validators, proof))),
    )


def _merged(known: ForkProof, found: _Judged) -> ForkProof:
    """Return the proof that stays, with the votes of both: all nodes that hear of both keep the same one."""
    first, other = sorted((known, found.proof), key=_order)
    return with_votes(first, found.validators, votes_of(other)) if first.height == other.height else first


def _order(proof: ForkProof) -> tuple[int, int, int, bytes, bytes]:
    first, second = proof.first, proof.second
    return proof.height, first.round, second.round, first.block_id, second.block_id
