"""Ballots: what may take room before the engine judges it, and what reaches it again."""

from collections.abc import Collection
from dataclasses import dataclass, field

import msgspec
import pytest

from consensus.effects import Input, ProposalReceived, VoteReceived
from contracts.chain.header import Block, BundleEntry, block_id, bundles_root
from contracts.chain.votes import (
    NO_ROUND,
    Proposal,
    Vote,
    VoteType,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.peer.face import ROLES, PeerIdentity
from network.wire.errors import RemoteProtocolError
from network.wire.messages import Message, ProposalMessage, RoundVotes
from node.host.ballots import Ballots
from node.host.candidates import Candidates
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis, validator_seed

VALIDATORS = 4


class Nobody:
    """A network with nobody in it."""

    def send(self, name: str, message: Message) -> bool:
        del name, message
        return False

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        del message, roles, without
        return 0

    def ban(self, name: str, reason: str) -> None:
        raise AssertionError((name, reason))

    def connected(self) -> tuple[PeerIdentity, ...]:
        return ()


@dataclass
class Engine:
    """Knows who proposes: validator `round % 4`."""

    height: int = 1

    def proposer(self, round_: int) -> int | None:
        return round_ % VALIDATORS if round_ < 16 else None


@dataclass
class Proposed:
    candidates: Candidates = field(default_factory=Candidates)


@dataclass
class Host:
    """Writes down what it is given, and takes every block."""

    engine: Engine = field(default_factory=Engine)
    proposals: Proposed = field(default_factory=Proposed)
    inputs: list[Input] = field(default_factory=list)

    def receive(self, event: Input) -> None:
        self.inputs.append(event)

    def receive_proposal(self, proposal: Proposal, block: Block, data: bytes) -> None:
        self.proposals.candidates.add(proposal.block_id, block, data)
        self.receive(ProposalReceived(proposal))


@pytest.fixture
def node() -> OneNode:
    return OneNode(build_test_genesis(VALIDATORS))


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def ballots(node: OneNode, host: Host) -> Ballots:
    return Ballots(node.chain, host, Nobody())  # type: ignore[arg-type]


def seeds(node: OneNode) -> list[bytes]:
    """Return the validators' seeds in the set's order."""
    by_key: dict[bytes, bytes] = {
        signing.public_key_of(validator_seed(number)): validator_seed(number) for number in range(VALIDATORS)
    }
    return [by_key[validator.public_key] for validator in node.chain.tip.validators.validators]


def vote(node: OneNode, validator: int, round_: int = 0) -> Vote:
    message = vote_sign_bytes(node.genesis.chain_id, VoteType.PREVOTE, 1, round_, b"")
    signature = signing.sign(seeds(node)[validator], message)
    return Vote(VoteType.PREVOTE, 1, round_, b"", validator, signature)


def proposal(
    node: OneNode, proposer: int, round_: int, entries: tuple[BundleEntry, ...] = ()
) -> ProposalMessage:
    block = node.ledger.build(node.wall.ms, (), node.chain.commit, bytes(32))
    header = msgspec.structs.replace(block.header, bundles_root=bundles_root(entries))
    block = Block(header, entries, block.last_commit, ())
    identifier = block_id(block.header)
    message = proposal_sign_bytes(node.genesis.chain_id, 1, round_, identifier, NO_ROUND)
    signature = signing.sign(seeds(node)[proposer], message)
    return ProposalMessage(Proposal(1, round_, identifier, NO_ROUND, proposer, signature), encode(block))


def test_a_vote_reaches_the_engine_every_time(node: OneNode, host: Host, ballots: Ballots) -> None:
    one = vote(node, 2)
    for _ in range(3):
        ballots.take_votes(RoundVotes(1, (one,)))
    # The engine forgets votes of rounds far away, and refuses some: what was refused once may count later.
    assert host.inputs == [VoteReceived(one)] * 3


def test_a_vote_of_another_is_refused(node: OneNode, ballots: Ballots) -> None:
    forged = msgspec.structs.replace(vote(node, 2), validator=3)
    with pytest.raises(RemoteProtocolError):
        ballots.take_vote(forged)


def test_a_proposal_reaches_the_engine_every_time(node: OneNode, host: Host, ballots: Ballots) -> None:
    message = proposal(node, 1, 1)
    for _ in range(2):
        ballots.take_proposal(message)
    assert host.inputs == [ProposalReceived(message.proposal)] * 2


def test_a_proposal_out_of_turn_takes_no_room(node: OneNode, host: Host, ballots: Ballots) -> None:
    for round_ in (0, 2, 16):
        ballots.take_proposal(proposal(node, 1, round_))
    assert host.inputs == []
    assert list(host.proposals.candidates) == []


def test_of_a_height_to_come_nobody_knows_the_turn(node: OneNode, host: Host, ballots: Ballots) -> None:
    host.engine.height = 0
    ballots.take_proposal(proposal(node, 1, 0))
    assert len(host.inputs) == 1


@pytest.mark.parametrize(
    "entries",
    [
        (BundleEntry(bytes(32), 0, 1),),
        (BundleEntry(bytes(32), 5 << 20, 1),),
        tuple(BundleEntry(number.to_bytes(32, "big"), 1, 1) for number in range(1_001)),
    ],
    ids=["empty", "too_large", "too_many"],
)
def test_nothing_is_fetched_for_a_block_beyond_all_bounds(
    node: OneNode, host: Host, ballots: Ballots, entries: tuple[BundleEntry, ...]
) -> None:
    with pytest.raises(RemoteProtocolError, match="too many"):
        ballots.take_proposal(proposal(node, 0, 0, entries))
    assert host.inputs == []
