"""Ballots: what may take room before the engine judges it, and what reaches it again."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import pytest

from consensus.effects import Input, ProposalReceived, Send, VoteReceived
from consensus.limits import RESEND_INTERVAL_MS
from contracts.chain.commit import Commit
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
from network.wire.messages import CommitMessage, Message, ProposalMessage, RoundRequest, RoundVotes, VoteSet
from node.host.ballots import (
    BYTES_PER_UNIT,
    CHECK_COST,
    HELP_BURST,
    HELP_PER_SECOND,
    SAID_BURST,
    SAID_PER_SECOND,
    Ballots,
)
from node.host.candidates import Candidates
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis, validator_seed

VALIDATORS = 4


class Nobody:
    """A network whose peers only listen."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []

    def send(self, name: str, message: Message) -> bool:
        self.sent.append((name, message))
        return True

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        del message, roles, without
        return 0

    def ban(self, name: str, reason: str) -> None:
        raise AssertionError((name, reason))

    def connected(self) -> tuple[PeerIdentity, ...]:
        return ()


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms


@dataclass
class Engine:
    """Knows who proposes: validator `round % 4`; helps with the same votes in every round."""

    height: int = 1
    votes: tuple[Vote, ...] = ()

    def messages_for(self, peer_round: int) -> Send:
        del peer_round
        return Send(self.height, 0, (), self.votes)

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

    is_full: bool = False

    def receive(self, peer: str, event: Input) -> bool:
        assert peer in ("birch", "cedar")
        self.inputs += [] if self.is_full else [event]
        return not self.is_full

    def receive_proposal(self, peer: str, proposal: Proposal, block: Block, data: bytes) -> None:
        self.proposals.candidates.add(proposal.block_id, block, data)
        self.receive(peer, ProposalReceived(proposal))


@pytest.fixture
def node() -> OneNode:
    return OneNode(build_test_genesis(VALIDATORS))


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def network() -> Nobody:
    return Nobody()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ballots(node: OneNode, host: Host, network: Nobody, clock: Clock) -> Ballots:
    return Ballots(node.chain, host, network, clock.now_ms)  # type: ignore[arg-type]


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
        ballots.take_votes("birch", RoundVotes(1, (one,)))
    # The engine forgets votes of rounds far away, and refuses some: what was refused once may count later.
    assert host.inputs == [VoteReceived(one)] * 3


def test_a_vote_of_another_is_refused(node: OneNode, ballots: Ballots) -> None:
    forged = msgspec.structs.replace(vote(node, 2), validator=3)
    with pytest.raises(RemoteProtocolError):
        ballots.take_vote("birch", forged)


def test_a_proposal_reaches_the_engine_every_time(node: OneNode, host: Host, ballots: Ballots) -> None:
    message = proposal(node, 1, 1)
    for _ in range(2):
        ballots.take_proposal("birch", message)
    assert host.inputs == [ProposalReceived(message.proposal)] * 2


def test_a_proposal_out_of_turn_takes_no_room(node: OneNode, host: Host, ballots: Ballots) -> None:
    for round_ in (0, 2, 16):
        ballots.take_proposal("birch", proposal(node, 1, round_))
    assert host.inputs == []
    assert list(host.proposals.candidates) == []


def test_of_a_height_to_come_nobody_knows_the_turn(node: OneNode, host: Host, ballots: Ballots) -> None:
    host.engine.height = 0
    ballots.take_proposal("birch", proposal(node, 1, 0))
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
        ballots.take_proposal("birch", proposal(node, 0, 0, entries))
    assert host.inputs == []


@pytest.mark.parametrize("length", [0, 31, 33, 20_000])
def test_nothing_is_fetched_by_an_id_that_no_bundle_has(
    node: OneNode, host: Host, ballots: Ballots, length: int
) -> None:
    # A request with it would be refused by whoever gets it, or be too long to leave at all.
    with pytest.raises(RemoteProtocolError, match="other than 32 bytes"):
        ballots.take_proposal("birch", proposal(node, 0, 0, (BundleEntry(bytes(length), 1, 1),)))
    assert host.inputs == []


LOST = RoundRequest(1, 0, (), ())
"""From a peer that has nothing yet."""


def test_a_peer_that_asks_without_end_is_answered_as_often_as_an_honest_one(
    node: OneNode, host: Host, ballots: Ballots, network: Nobody, clock: Clock
) -> None:
    host.engine.votes = tuple(vote(node, validator) for validator in range(VALIDATORS))
    for clock.ms in range(10_000):
        ballots.help("cedar", LOST)
        if clock.ms % 100 == 0:
            # A new session is no new allowance.
            ballots.greet("cedar")
    assert len(network.sent) == HELP_BURST + 9_999 * HELP_PER_SECOND // 1_000
    # Nobody else pays for it.
    ballots.help("birch", LOST)
    assert network.sent[-1] == ("birch", RoundVotes(1, host.engine.votes))


def test_a_peer_that_asks_with_every_resend_is_always_answered(
    node: OneNode, host: Host, ballots: Ballots, network: Nobody, clock: Clock
) -> None:
    host.engine.votes = (vote(node, 0), vote(node, 1))
    ballots.greet("birch")
    for resend in range(1, 100):
        clock.ms = resend * RESEND_INTERVAL_MS
        # Two of its questions at once: its round has changed, or it lacks two blocks.
        ballots.help("birch", LOST)
        ballots.help("birch", RoundRequest(1, 0, (), (VoteSet(0, VoteType.PREVOTE, b"", b"\x01"),)))
    assert len(network.sent) == 1 + 2 * 99
    assert network.sent[-1] == ("birch", RoundVotes(1, (vote(node, 1),)))


def test_the_end_of_a_height_is_told_as_sparingly(
    node: OneNode, host: Host, ballots: Ballots, network: Nobody, clock: Clock
) -> None:
    node.produce()
    host.engine.height = 2
    for _ in range(100):
        ballots.help("cedar", LOST)
    assert network.sent == [("cedar", CommitMessage(node.chain.commit))] * HELP_BURST
    clock.ms += 1_000
    # What is not answered costs nothing.
    for height in (3, 9):
        ballots.help("cedar", RoundRequest(height, 0, (), ()))
    ballots.help("cedar", LOST)
    assert len(network.sent) == HELP_BURST + 1


def test_one_certificate_of_a_height_is_enough_once_it_was_taken(
    node: OneNode, host: Host, ballots: Ballots, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[int] = []
    monkeypatch.setattr("node.host.ballots.verify_commit", lambda *_given: verified.append(1))
    commit = Commit(1, 0, bytes(32), ())
    host.is_full = True
    ballots.take_commit("birch", commit)
    host.is_full = False
    for _ in range(5):
        ballots.take_commit("birch", commit)
    assert (len(verified), len(host.inputs)) == (2, 1)


def _checked(monkeypatch: pytest.MonkeyPatch, check: str) -> list[object]:
    """Let a check of signatures find all of them right; return what it was asked about, as it comes."""
    asked: list[object] = []

    def verify(_chain_id: str, _validators: object, said: object) -> bool:
        asked.append(said)
        return True

    monkeypatch.setattr(f"node.host.ballots.{check}", verify)
    return asked


def test_who_says_more_than_anybody_could_need_is_not_heard(
    node: OneNode, host: Host, ballots: Ballots, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message holds 512 votes, and a liar signs any number of rounds beforehand."""
    checked = _checked(monkeypatch, "verify_vote")
    one = vote(node, 2)

    def flood(rounds: Iterable[int]) -> None:
        many = tuple(msgspec.structs.replace(one, round=round_) for round_ in rounds)
        ballots.take_votes("birch", RoundVotes(1, many))

    for first in range(0, 512 * 40, 512):
        flood(range(first, first + 512))
    assert len(checked) == len(host.inputs) == SAID_BURST // CHECK_COST
    clock.ms += 1_000
    flood(range(1_000_000, 1_002_000))
    assert len(checked) == (SAID_BURST + SAID_PER_SECOND) // CHECK_COST
    # What is known is cheaper, and has an end as well.
    clock.ms += 1_000
    for _ in range(40):
        flood([0] * 512)
    assert len(host.inputs) == len(checked) + SAID_PER_SECOND
    assert ballots.unheard > 0
    # Another peer is heard all the same.
    host.inputs.clear()
    ballots.take_vote("cedar", vote(node, 1))
    assert host.inputs == [VoteReceived(vote(node, 1))]


def test_blocks_that_nobody_could_all_propose_are_not_read(
    node: OneNode, ballots: Ballots, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = _checked(monkeypatch, "verify_proposal")
    one = proposal(node, 1, 1)
    for number in range(5_000):
        other = msgspec.structs.replace(one.proposal, block_id=number.to_bytes(32, "big"))
        with suppress(RemoteProtocolError):
            ballots.take_proposal("birch", ProposalMessage(other, one.block))
    assert len(checked) == SAID_BURST // (CHECK_COST + len(one.block) // BYTES_PER_UNIT)
    assert ballots.unheard == 5_000 - len(checked)


def test_a_long_block_costs_more(node: OneNode, ballots: Ballots) -> None:
    long = msgspec.structs.replace(proposal(node, 1, 1), block=bytes(1 << 20))
    heard = 0
    while not ballots.unheard:
        with suppress(RemoteProtocolError):
            ballots.take_proposal("birch", long)
        heard += 1
    assert heard - 1 == SAID_BURST // (CHECK_COST + (1 << 20) // BYTES_PER_UNIT)
