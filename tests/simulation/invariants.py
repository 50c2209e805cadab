"""What must hold in every run, checked by code of its own after every block (README.md, I1-I8).

Counting is done here anew: a commit is judged by summing powers, not by asking the validator set that the
node asked; lanes are followed bundle by bundle. So a bug in the rules cannot hide itself in the check.
"""

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

import msgspec

from consensus.effects import Append, Effect, Input, ReportEvidence, Sign, StartHeight, VoteReceived
from consensus.engine import Engine
from consensus.limits import MAX_FUTURE_ROUNDS
from consensus.values import Step
from contracts.chain.commit import Commit
from contracts.chain.evidence import Evidence, verify_evidence
from contracts.chain.header import Header, block_id
from contracts.chain.snapshot import Voucher
from contracts.chain.votes import Proposal, Vote, VoteType, vote_sign_bytes
from contracts.ledger.bundle import OpenBundle
from contracts.primitives import signing
from node.host.applied import Applied
from tests.simulation.cast import CHAIN_ID
from tests.simulation.sets import Sets

if TYPE_CHECKING:
    from tests.simulation.machine import Machine

MAX_ROUNDS_AFTER_HEALING = 10
"""I7."""


class Broken(AssertionError):
    """An invariant does not hold; the message begins with its name."""


class Decided(msgspec.Struct):
    """One height, as the first node that had it showed it."""

    block_id: bytes
    app_hash: bytes
    receipts: tuple[tuple[bytes, str], ...]
    round: int


class Invariants:
    """The checks of one world.

    Attributes:
        decided: Every height that any node has.
        height: The greatest of them.
        evidence: Reports by offender's name.
        sets: Who votes at which height.
    """

    def __init__(self, sets: Sets, liars: Collection[str]) -> None:
        """Watch over these voters, some of whom are liars."""
        self.sets = sets
        self._liars = frozenset(liars)
        self._lanes: dict[bytes, int] = {}
        self._last_header: Header | None = None
        self._taken: dict[tuple[object, ...], set[bytes]] = {}
        self._early: dict[tuple[object, ...], set[int]] = {}
        self._seen_evidence: set[Evidence] = set()
        self._commits: set[Commit] = set()
        self._manifests: dict[int, bytes] = {}
        self.decided: dict[int, Decided] = {}
        self.height = 0
        self.evidence: Counter[str] = Counter()

    def on_vouched(self, name: str, voucher: Voucher) -> None:
        """A validator tells a peer for which snapshot it vouches: all make the same one of a height."""
        first = self._manifests.setdefault(voucher.height, voucher.manifest_hash)
        if voucher.manifest_hash != first:
            raise Broken(f"{name} vouches for another snapshot of height {voucher.height} than others do")

    # ----------------------------------------------------------------------------- blocks

    def on_applied(self, name: str, applied: Applied, commit: Commit) -> bool:
        """A node has a block; true when it is the first that has this height.

        Raises:
            Broken: I1 or I2; or a block that no honest quorum can have decided.
        """
        tip = applied.tip
        self._check_commit(name, applied, commit)
        known = self.decided.get(tip.height)
        if known is None:
            self._check_new(applied)
            verdicts = tuple((receipt.document_id, receipt.code) for receipt in applied.receipts)
            self.decided[tip.height] = Decided(tip.block_id, tip.app_hash, verdicts, commit.round)
            self.height = tip.height
            return True
        if known.block_id != tip.block_id:
            raise Broken(f"I1: {name} has another block at height {tip.height}")
        if known.app_hash != tip.app_hash:
            raise Broken(f"I2: {name} has another app hash at height {tip.height}")
        return False

    def documents_up_to(self, height: int) -> set[bytes]:
        """Return the documents that whoever has this height has in its chain."""
        blocks = (block for at, block in self.decided.items() if at <= height)
        return {document for block in blocks for document, _code in block.receipts}

    def _check_commit(self, name: str, applied: Applied, commit: Commit) -> None:
        if commit in self._commits:
            return
        self._commits.add(commit)
        height, identifier = applied.block.header.height, block_id(applied.block.header)
        if (commit.height, commit.block_id) != (height, identifier):
            raise Broken(f"I1: {name} applied height {height} by a commit for another block")
        message = vote_sign_bytes(CHAIN_ID, VoteType.PRECOMMIT, height, commit.round, identifier)
        signers = [entry.validator for entry in commit.signatures]
        everyone = self.sets.at(height).validators
        power = sum(everyone[index].power for index in set(signers))
        if len(set(signers)) != len(signers) or 3 * power <= 2 * sum(each.power for each in everyone):
            raise Broken(f"I1: {name} applied height {height} by power {power}, which is no quorum")
        for entry in commit.signatures:
            if not signing.verify(everyone[entry.validator].public_key, message, entry.signature):
                raise Broken(f"I1: {name} applied height {height} by a forged commit")

    def _check_new(self, applied: Applied) -> None:
        header = applied.block.header
        if header.height != self.height + 1:
            raise Broken(f"I1: height {header.height} came after {self.height}")
        last = self._last_header
        if last is not None and (
            header.previous_block_id != block_id(last) or header.time_ms <= last.time_ms
        ):
            raise Broken(f"I1: block {header.height} does not follow block {last.height}")
        self._last_header = header
        named = (header.validators_hash, header.next_validators_hash)
        if named != (self.sets.at(header.height).hash, self.sets.at(header.height + 1).hash):
            raise Broken(f"sets: block {header.height} names others than those who vote by what was decided")
        self.sets.on_block(applied)
        for bundle in applied.bundles:
            self._check_lane(header, bundle)

    def _check_lane(self, header: Header, bundle: OpenBundle) -> None:
        own = bundle.header
        last = self._lanes.get(own.lane, 0)
        if own.after != last or own.sequence <= last:
            raise Broken(f"lanes: bundle {own.sequence} after {own.after} came after {last}")
        if own.expires_at_ms <= header.time_ms:
            raise Broken(f"lanes: bundle {own.sequence} had expired")
        self._lanes[own.lane] = own.sequence

    # --------------------------------------------------------------------------- evidence

    def on_handled(self, machine: "Machine", engine: Engine, event: Input, effects: list[Effect]) -> None:
        """A node's engine took an input: what it reports must be true, and lies must be reported.

        Raises:
            Broken: I6.
        """
        if not effects:
            return
        if isinstance(event, StartHeight) and engine.validators != self.sets.at(event.height):
            raise Broken(f"sets: {machine.name} counts height {event.height} by others than those who vote")
        for effect in effects:
            if isinstance(effect, Sign) and effect.step is not Step.PROPOSE and effect.block_id:
                self._check_held(machine, effect)
        reported = [effect.evidence for effect in effects if isinstance(effect, ReportEvidence)]
        for evidence in reported:
            self._check_evidence(machine.name, evidence)
        if isinstance(event, VoteReceived) and any(isinstance(effect, Append) for effect in effects):
            self._check_taken(machine, engine, event.vote, is_reported=bool(reported))

    def _check_taken(self, machine: "Machine", engine: Engine, vote: Vote, *, is_reported: bool) -> None:
        # A height that was left by block sync takes what it knew of its votes along: it begins anew. So does
        # an engine whose log ended before the signer's record: another one takes its place in the same life.
        author = (machine.life, engine, engine.height, vote.height, vote.validator)
        taken = self._taken.setdefault((*author, vote.round, vote.type), set())
        if vote.block_id in taken:
            return
        # Votes of rounds to come are given up for those of the newest rounds when one validator names many:
        # then the next vote in such a round is the first again.
        early = self._early.setdefault(author, set())
        if vote.round > engine.round:
            early.add(vote.round)
        if vote.round in early and len(early) > MAX_FUTURE_ROUNDS and not is_reported:
            taken.clear()
        taken.add(vote.block_id)
        if len(taken) == 2 and not is_reported:
            raise Broken(f"I6: {machine.name} took two votes of validator {vote.validator}, unreported")

    def _check_held(self, machine: "Machine", sign: Sign) -> None:
        """Ask whether a node holds the block it votes for, with all bundles (consensus/SPEC.md, "Values")."""
        if machine.height >= sign.height:
            return  # Block sync was quicker: it is in the chain.
        consensus = None if machine.core is None else machine.core.consensus
        if consensus is not None and consensus.proposals.held(sign.block_id) is None:
            raise Broken(f"held: {machine.name} votes at height {sign.height} for what it does not hold")

    def _check_evidence(self, name: str, evidence: Evidence) -> None:
        statement = evidence.first
        index = statement.proposer if isinstance(statement, Proposal) else statement.validator
        author = self.sets.names(statement.height)[index]
        if author not in self._liars:
            raise Broken(f"I6: {name} accuses {author}, which is honest")
        if evidence in self._seen_evidence:
            return
        self._seen_evidence.add(evidence)
        if not verify_evidence(CHAIN_ID, self.sets.at(statement.height), evidence):
            raise Broken(f"I6: {name} reports evidence that proves nothing")
        self.evidence[author] += 1
