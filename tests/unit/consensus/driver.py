"""Drives one engine as a host would, in few words: messages to hand in, and the own ones handed back.

Validators are numbered as in the set, values are letters. With four equal validators at height 1 the
proposers of rounds 0, 1, 2 … are 1, 2, 3, 0, 1 …
"""

from collections.abc import Iterable, Sequence

from consensus.effects import (
    Append,
    BundlesAvailable,
    CertificateReceived,
    Effect,
    Input,
    ProposalReceived,
    Sign,
    StartHeight,
    Timeout,
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.values import Step, Timer
from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature
from contracts.chain.parameters import ConsensusTiming
from contracts.chain.validators import Validator, ValidatorSet
from contracts.chain.votes import NIL, NO_ROUND, BlockId, Proposal, Vote, VoteType

TIMING = ConsensusTiming()
PREVOTE, PRECOMMIT = VoteType.PREVOTE, VoteType.PRECOMMIT


def value(letter: str) -> BlockId:
    """The block id that a letter stands for; `nil` and the empty word are nil."""
    return NIL if letter in ("", "nil") else BlockId(letter.encode() * 32)


def letter(block_id: bytes) -> str:
    """The letter of a block id."""
    return chr(block_id[0]) if block_id else "nil"


def validators(*powers: int) -> tuple[Validator, ...]:
    """Validators with these powers, in the set's order."""
    return tuple(Validator(bytes((index,)) * 32, power) for index, power in enumerate(powers))


def validator_set(*powers: int) -> ValidatorSet:
    return ValidatorSet(validators(*powers))


def a_vote(kind: VoteType, round_: int, block_id: bytes, author: int, height: int = 1) -> Vote:
    return Vote(kind, height, round_, block_id, author, bytes((author % 256,)) * 64)


def a_proposal(round_: int, block_id: bytes, valid_round: int, author: int, height: int = 1) -> Proposal:
    return Proposal(height, round_, block_id, valid_round, author, bytes((author % 256,)) * 64)


def a_commit(round_: int, block_id: bytes, authors: Iterable[int], height: int = 1) -> Commit:
    signatures = tuple(CommitSignature(author, bytes((author % 256,)) * 64) for author in authors)
    return Commit(height, round_, block_id, signatures)


def a_start(
    powers: Sequence[int] = (1, 1, 1, 1),
    *,
    own: int | None = 0,
    height: int = 1,
    bundles: bool = True,
    previous_had_bundles: bool = False,
    signers: Sequence[int] = (),
    previous_commit: Commit = NO_COMMIT,
    signed: Sign | None = None,
    timing: ConsensusTiming = TIMING,
) -> StartHeight:
    """A StartHeight; with bundles, the height begins at once."""
    everyone = validators(*powers)
    return StartHeight(
        height,
        everyone,
        everyone[own].public_key if own is not None else b"",
        timing,
        tuple(everyone[signer].public_key for signer in signers),
        previous_had_bundles,
        bundles,
        previous_commit,
        everyone if previous_commit != NO_COMMIT else (),
        signed,
    )


class Driver:
    """One engine and the host's side of it.

    Attributes:
        engine: The engine.
        log: The inputs it asked to append.
        effects: What the last call returned, Append left out.
    """

    def __init__(self, start: StartHeight | None = None, *, hand_back: bool = True) -> None:
        """Create an engine and start its height; `hand_back` has own messages come back at once."""
        self.engine = Engine()
        self.log: list[Input] = []
        self.effects: list[Effect] = []
        self.height = 0
        self._hand_back = hand_back
        if start is not None:
            self.start(start)

    def start(self, start: StartHeight) -> list[Effect]:
        self.height = start.height
        return self.put(start)

    def put(self, *inputs: Input) -> list[Effect]:
        """Hand in inputs; returns all effects but Append, those of own messages included."""
        self.effects = []
        pending = list(inputs)
        while pending:
            effects = self.engine.handle(pending.pop(0))
            self.log += [effect.input for effect in effects if isinstance(effect, Append)]
            self.effects += [effect for effect in effects if not isinstance(effect, Append)]
            if self._hand_back:
                pending = [self.own(effect) for effect in effects if isinstance(effect, Sign)] + pending
        return self.effects

    def own(self, sign: Sign) -> Input:
        """The message that a Sign asks for."""
        author = self.engine.own_index
        assert author is not None
        if sign.step is Step.PROPOSE:
            return ProposalReceived(
                a_proposal(sign.round, sign.block_id, sign.valid_round, author, sign.height)
            )
        kind = PREVOTE if sign.step is Step.PREVOTE else PRECOMMIT
        return VoteReceived(a_vote(kind, sign.round, sign.block_id, author, sign.height))

    # ------------------------------------------------------------------------------------ in few words

    def propose(
        self, round_: int, name: str, valid_round: int = NO_ROUND, author: int | None = None
    ) -> list[Effect]:
        """A proposal by the proposer of its round, or by another author."""
        by = self.engine.proposer(round_) if author is None else author
        assert by is not None
        return self.put(ProposalReceived(a_proposal(round_, value(name), valid_round, by, self.height)))

    def check(self, round_: int, name: str, *, valid: bool = True, have: bool = True, timely: bool = True):
        """The host's answer about a value."""
        return self.put(ValueChecked(self.height, round_, value(name), valid, have, timely))

    def propose_ok(self, round_: int, name: str, valid_round: int = NO_ROUND) -> list[Effect]:
        """A proposal that the host finds good at once."""
        effects = self.propose(round_, name, valid_round)
        return effects + self.check(round_, name)

    def prevote(self, round_: int, name: str, *authors: int) -> list[Effect]:
        return self._vote(PREVOTE, round_, name, authors)

    def precommit(self, round_: int, name: str, *authors: int) -> list[Effect]:
        return self._vote(PRECOMMIT, round_, name, authors)

    def _vote(self, kind: VoteType, round_: int, name: str, authors: Iterable[int]) -> list[Effect]:
        return self.put(
            *(VoteReceived(a_vote(kind, round_, value(name), author, self.height)) for author in authors)
        )

    def timeout(self, timer: Timer, round_: int = NO_ROUND) -> list[Effect]:
        return self.put(Timeout(timer, self.height, round_))

    def built(self, round_: int, name: str) -> list[Effect]:
        return self.put(ValueBuilt(self.height, round_, value(name)))

    def certificate(self, round_: int, name: str, *authors: int) -> list[Effect]:
        return self.put(CertificateReceived(a_commit(round_, value(name), authors, self.height)))

    def bundles(self) -> list[Effect]:
        return self.put(BundlesAvailable(self.height))

    # ------------------------------------------------------------------------------------ looking inside

    def of(self, kind: type) -> list:
        """The last call's effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def signed(self) -> list[tuple[str, int, str]]:
        """What the last call had signed: step, round, value."""
        return [(sign.step.name, sign.round, letter(sign.block_id)) for sign in self.of(Sign)]

    @property
    def at(self) -> tuple[int, str]:
        """Round and step."""
        return self.engine.round, self.engine.step.name

    @property
    def locked(self) -> tuple[str, int]:
        return letter(self.engine.locked.block_id), self.engine.locked.round

    @property
    def valid(self) -> tuple[str, int]:
        return letter(self.engine.valid.block_id), self.engine.valid.round


def replayed(log: Iterable[Input]) -> tuple[Engine, list[Effect]]:
    """A fresh engine that was handed a log, and all it said."""
    engine = Engine()
    effects = [effect for event in log for effect in engine.handle(event)]
    return engine, effects
