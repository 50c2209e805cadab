"""I6: what becomes of the lies that honest nodes keep; reckoned anew from blocks, by code of its own.

Who lied at which height, and in which block that stands, is all that is remembered here. Ages are taken from
headers, to the millisecond; the law may find a lie older than it is, by up to a thirty-second of its limit,
and never younger.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from contracts.chain.evidence import Evidence, evidence_hash
from contracts.chain.parameters import Tolerances
from contracts.chain.votes import Proposal, Vote, proposal_sign_bytes, vote_sign_bytes
from contracts.primitives import signing
from node.host.applied import Applied
from tests.simulation.cast import CHAIN_ID
from tests.simulation.invariants import Broken
from tests.simulation.sets import Sets

MAX_CONVICTIONS = 32
"""Of one key within the limits: later lies may stay unrecorded."""
MAX_PIECES = 32
"""In one block."""

Lie = tuple[int, bytes]
"""At which height, by whose key."""


class Lies:
    """The lies of one world.

    Attributes:
        recorded: Height of the block that convicts of a lie.
        counts: Convictions by key.
    """

    def __init__(self, sets: Sets, liars: Collection[str], limits: Tolerances) -> None:
        """Begin with none; `liars` are names of nodes, the limits are the network's."""
        self._sets = sets
        self._liars = frozenset(liars)
        self._limits = limits
        self._times: dict[int, int] = {}
        self._waiting: dict[Lie, int] = {}
        self.recorded: dict[Lie, int] = {}
        self.counts: Counter[bytes] = Counter()

    def lie_of(self, evidence: Evidence) -> Lie:
        """Return what a piece is about.

        Raises:
            Broken: I6: nobody, or somebody honest.
        """
        said = evidence.first
        names = self._sets.names(said.height)
        index = said.proposer if isinstance(said, Proposal) else said.validator
        if not 0 <= index < len(names):
            raise Broken(f"I6: evidence of height {said.height} accuses nobody")
        if names[index] not in self._liars:
            raise Broken(f"I6: evidence of height {said.height} accuses {names[index]}, which is honest")
        return said.height, self._sets.at(said.height).validators[index].public_key

    def on_block(self, applied: Applied) -> None:
        """Check what a new block carries.

        Raises:
            Broken: I6.
        """
        header, pieces = applied.block.header, applied.block.evidence
        self._times[header.height] = header.time_ms
        hashes = [evidence_hash(piece) for piece in pieces]
        if hashes != sorted(set(hashes)) or len(pieces) > MAX_PIECES:
            raise Broken(f"I6: the evidence of block {header.height} is too much, or out of order")
        for piece in pieces:
            self._record(header.height, piece)
        for lie, since in self._waiting.items():
            if header.height > since + self._patience(header.height) and not self._is_excused(lie):
                raise Broken(f"I6: a lie of height {lie[0]} waits for a block since height {since}")

    def _record(self, height: int, piece: Evidence) -> None:
        at = piece.first.height
        if not 0 < at < height:
            raise Broken(f"I6: block {height} convicts of height {at}")
        lie = self.lie_of(piece)
        if not _said_both(lie[1], piece):
            raise Broken(f"I6: block {height} carries evidence that proves nothing")
        if lie in self.recorded:
            raise Broken(
                f"I6: a lie of height {at} counts twice, in blocks {self.recorded[lie]} and {height}"
            )
        age_ms = self._times[height] - self._times[at]
        if height - at > self._limits.evidence_age_heights or age_ms > self._limits.evidence_age_ms:
            raise Broken(f"I6: block {height} convicts of height {at}, {age_ms} ms ago, which is too old")
        self.recorded[lie] = height
        self.counts[lie[1]] += 1
        self._waiting.pop(lie, None)

    def _patience(self, height: int) -> int:
        """Return how many blocks a lie may wait that an honest validator keeps: two turns of everybody."""
        return 2 * len(self._sets.names(height)) + 4

    def _is_excused(self, lie: Lie) -> bool:
        """Tell whether a lie may stay unrecorded: it got old meanwhile, or its author had enough of them."""
        newest = max(self._times)
        # What was said about the height that is being decided is as new as can be.
        age_ms = self._times[newest] - self._times.get(lie[0], self._times[newest])
        is_old = 2 * (newest - lie[0]) > self._limits.evidence_age_heights or (
            2 * age_ms > self._limits.evidence_age_ms
        )
        return is_old or self.counts[lie[1]] >= MAX_CONVICTIONS

    def on_pending(self, pieces: Iterable[Evidence], height: int) -> None:
        """An honest validator that runs undisturbed keeps these for a block, after that of `height`."""
        for piece in pieces:
            lie = self.lie_of(piece)
            if lie not in self.recorded:
                self._waiting.setdefault(lie, height)

    def missing(self, lies: Iterable[Lie]) -> list[Lie]:
        """Return which of these are in no block, though they should be."""
        return [lie for lie in lies if lie not in self.recorded and not self._is_excused(lie)]

    def check_state(self, name: str, height: int, counts: Mapping[bytes, int]) -> None:
        """Compare what a node's state counts after a height.

        Raises:
            Broken: I6.
        """
        expected = Counter(key for (_at, key), block in self.recorded.items() if block <= height)
        if counts != expected:
            raise Broken(f"I6: {name} counts other convictions than its blocks carry")


def _said_both(key: bytes, piece: Evidence) -> bool:
    """Tell whether a key signed both statements, of one step, for two things."""
    said = [_signed(statement) for statement in (piece.first, piece.second)]
    steps = {step for step, _message, _signature in said}
    messages = {message for _step, message, _signature in said}
    return (
        len(steps) == 1
        and len(messages) == len(said)
        and all(
            signing.verify(signing.PublicKey(key), message, signature) for _step, message, signature in said
        )
    )


def _signed(said: Vote | Proposal) -> tuple[tuple[int, ...], bytes, bytes]:
    """Return the step of a statement, what was signed, and the signature."""
    if isinstance(said, Vote):
        step = (int(said.type), said.height, said.round, said.validator)
        message = vote_sign_bytes(CHAIN_ID, said.type, said.height, said.round, said.block_id)
    else:
        step = (0, said.height, said.round, said.proposer)
        message = proposal_sign_bytes(CHAIN_ID, said.height, said.round, said.block_id, said.valid_round)
    return step, message, said.signature
