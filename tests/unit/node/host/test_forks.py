"""A second chain: asked about, proven, kept, told; and those who only claim one get little and are banned."""

from collections.abc import Collection

import pytest

from contracts.chain.commit import Commit, CommitSignature
from contracts.chain.fork import ForkProof, evidence_in, fork_of, verify_fork
from contracts.chain.votes import Vote, VoteType
from contracts.primitives.encoding import encode
from network.wire.errors import RemoteProtocolError
from network.wire.messages import DecisionAnswer, DecisionRequest, ForkMessage, Message
from node.host.evidence import EvidenceBook
from node.host.forks import PROOFS_BURST, TELL_MS, ForkWatch
from node.host.parting import ANSWER_MS, LOOK_MS, REST_MS
from node.host.surroundings import Surroundings
from node.storage.evidence import load_evidence
from node.storage.forks import KeptFork, Settled, keep_votes, load_fork, load_settled, load_votes, settle
from tests.support.evidence import signed_vote
from tests.support.ledger import NoPeers, OneNode
from tests.support.parties import build_test_genesis, validator_seed

PEER = "node-1"
HEIGHTS = 6


class Clock:
    """Moves when the test says so."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms


class Peers(NoPeers):
    """Remembers what was said to whom."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.banned: list[tuple[str, str]] = []

    def send(self, name: str, message: Message) -> bool:
        self.sent.append((name, message))
        return True

    def broadcast(self, message: Message, roles: Collection[str] = (), without: Collection[str] = ()) -> int:
        del roles, without
        self.sent.append(("*", message))
        return 1

    def ban(self, name: str, reason: str) -> None:
        self.banned.append((name, reason))


class Desk:
    """A node of a network of four, some blocks old; and another whose blocks differ from some height on."""

    def __init__(self, parted_at: int = 4, heights: int = HEIGHTS) -> None:
        genesis = build_test_genesis(4)
        self.node, self.other = OneNode(genesis), OneNode(genesis)
        for height in range(1, heights + 1):
            self.other.wall.ms += height == parted_at
            self.other.produce()
        self.clock, self.peers = Clock(), Peers()
        self.stopped: list[str] = []
        self.votes: tuple[Vote, ...] = ()
        surroundings = Surroundings(
            *(self.clock, self.node.wall, self.peers, self.node.worker, self.node.worker)  # type: ignore[arg-type]
        )
        self.evidence = EvidenceBook(surroundings, self.node.chain, self.node.store)
        self.watch = ForkWatch(
            *(surroundings, self.node.chain, self.node.worker, self.evidence),
            *(lambda: self.votes, self.stopped.append, 0),
        )
        for _ in range(heights):
            self.node.produce()
        self.tip = self.other.chain.tip

    def answer(self, commit: Commit | None = None) -> int:
        """Answer all questions as the other node would, or with one commit; return how many there were."""
        count = 0
        while asked := [
            message for _name, message in self.peers.sent if isinstance(message, DecisionRequest)
        ]:
            self.peers.sent.clear()
            for request in asked:
                count += 1
                found = commit or self.other.ledger.blocks.commit_of(request.height)
                data = b"" if found is None else encode(found)
                self.watch.partings.take_answer(PEER, DecisionAnswer(request.height, data))
                self.node.settle()
        return count

    def hear(self) -> None:
        self.watch.hear(PEER, self.tip.height, self.tip.block_id)
        self.node.settle()

    def proof(self, height: int) -> ForkProof:
        commits = [each.ledger.blocks.commit_of(height) for each in (self.node, self.other)]
        return fork_of(*commits)  # type: ignore[arg-type]


@pytest.mark.parametrize("parted_at", [1, 2, 4, 6])
def test_where_two_chains_part_is_found_proven_kept_and_told(parted_at: int) -> None:
    desk = Desk(parted_at)
    desk.hear()
    assert 1 <= desk.answer() <= 4
    assert desk.watch.fork is not None
    proof = desk.watch.fork.kept.proof
    assert proof == desk.proof(parted_at)
    validators = desk.node.chain.tip.validators
    verify_fork(desk.node.genesis.chain_id, validators, proof)
    assert (len(desk.watch.fork.convicted), desk.watch.fork.suspected) == (4, ())
    assert desk.stopped == [desk.watch.reason]
    assert f"height {parted_at}" in desk.watch.reason
    assert proof.first.block_id.hex() in desk.watch.reason
    kept = load_fork(desk.node.store)
    assert kept == desk.watch.fork.kept
    # Sets are ordered by key, as kept evidence is.
    assert tuple(piece.evidence for piece in load_evidence(desk.node.store)) == evidence_in(proof)
    assert desk.peers.sent == [("*", ForkMessage(encode(proof)))]
    assert desk.peers.banned == []


def test_what_consensus_decided_beside_what_block_sync_brought_is_proven_kept_and_told() -> None:
    desk = Desk()
    commit = desk.other.ledger.blocks.commit_of(4)
    assert commit is not None
    desk.watch.take_decision(commit)
    desk.node.settle()
    assert desk.watch.fork is not None
    assert desk.watch.fork.kept.proof.height == 4
    assert desk.peers.sent == [("*", ForkMessage(encode(desk.proof(4))))]
    assert desk.stopped == [desk.watch.reason]


def test_the_same_chain_is_no_reason_to_ask() -> None:
    desk = Desk(parted_at=0)
    desk.hear()
    desk.watch.greet(PEER, 3, desk.other.ledger.blocks.commit_of(3).block_id)  # type: ignore[union-attr]
    desk.watch.hear(PEER, HEIGHTS + 1, b"\7" * 32)
    desk.watch.hear(PEER, 0, b"")
    assert desk.peers.sent == []


def test_who_claims_another_block_and_has_the_same_is_banned() -> None:
    desk = Desk(parted_at=0)
    desk.watch.hear(PEER, HEIGHTS, b"\7" * 32)
    assert desk.answer() == 1
    assert [name for name, _reason in desk.peers.banned] == [PEER]
    assert (desk.watch.fork, desk.stopped) == (None, [])


@pytest.mark.parametrize("kept", [0, 2])
def test_a_chain_that_is_not_proven_costs_its_peer_the_session(kept: int) -> None:
    desk = Desk()
    real = desk.other.ledger.blocks.commit_of(HEIGHTS)
    assert real is not None
    forged = Commit(HEIGHTS, 0, b"\7" * 32, real.signatures)
    few = Commit(HEIGHTS, 0, real.block_id, real.signatures[:kept])
    desk.watch.hear(PEER, HEIGHTS, b"\7" * 32)
    # All heights below are said to be the same: so it must be proven here.
    for commit in (few if kept else forged, *(desk.node.ledger.blocks.commit_of(at) for at in (3, 4, 5))):
        (request,) = [message for _name, message in desk.peers.sent]
        desk.peers.sent.clear()
        assert isinstance(request, DecisionRequest)
        assert commit is not None
        assert request.height == commit.height
        desk.watch.partings.take_answer(PEER, DecisionAnswer(request.height, encode(commit)))
        desk.node.settle()
        if desk.peers.banned:
            break
    assert [name for name, _reason in desk.peers.banned] == [PEER]
    assert (desk.watch.fork, desk.stopped) == (None, [])


def test_who_does_not_answer_is_asked_more_and_more_seldom() -> None:
    desk = Desk()
    rest_ms = REST_MS
    for _ in range(3):
        desk.hear()
        assert [name for name, _message in desk.peers.sent] == [PEER]
        desk.peers.sent.clear()
        desk.hear()
        desk.clock.ms += ANSWER_MS
        desk.hear()
        assert desk.peers.sent == []
        desk.clock.ms += 1
        desk.hear()
        assert desk.peers.sent == []
        desk.clock.ms += rest_ms
        rest_ms *= 2
    # One that says that it has nothing there, or goes away, is no better.
    desk.hear()
    desk.peers.sent.clear()
    desk.watch.partings.take_answer(PEER, DecisionAnswer(HEIGHTS, b""))
    desk.watch.partings.peer_down(PEER)
    desk.hear()
    assert (desk.peers.sent, desk.peers.banned) == ([], [])


@pytest.mark.parametrize(
    "data", [b"\x91", encode(Commit(3, 0, b"\7" * 32, (CommitSignature(0, bytes(64)),)))]
)
def test_an_answer_that_no_correct_node_gives_breaks_the_protocol(data: bytes) -> None:
    desk = Desk()
    desk.hear()
    desk.watch.partings.take_answer(PEER, DecisionAnswer(HEIGHTS - 1, data))
    desk.watch.partings.take_answer("node-2", DecisionAnswer(HEIGHTS, data))
    with pytest.raises(RemoteProtocolError, match=r"commit|asked"):
        desk.watch.partings.take_answer(PEER, DecisionAnswer(HEIGHTS, data))


def test_a_peer_that_is_far_behind_is_compared_with_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.host.parting.RECENT", 2)
    desk = Desk(parted_at=2)
    own = desk.node.ledger.blocks.commit_of(1)
    assert own is not None
    desk.watch.hear(PEER, 1, own.block_id)
    desk.node.settle()
    assert desk.peers.sent == []
    theirs = desk.other.ledger.blocks.commit_of(2)
    assert theirs is not None
    desk.watch.hear(PEER, 2, theirs.block_id)
    desk.node.settle()
    assert desk.peers.sent == []
    desk.clock.ms += LOOK_MS
    desk.watch.hear(PEER, 2, theirs.block_id)
    desk.node.settle()
    assert desk.answer() == 2
    assert desk.watch.fork is not None


def test_what_block_sync_doubts_is_asked() -> None:
    desk = Desk()
    desk.watch.partings.doubt(PEER, HEIGHTS + 1)
    assert desk.peers.sent == []
    desk.watch.partings.doubt(PEER, HEIGHTS)
    desk.answer()
    assert desk.watch.fork is not None


def test_a_proof_that_is_told_is_judged_taken_and_completed() -> None:
    desk = Desk()
    proof = desk.proof(5)
    desk.watch.take_proof(PEER, ForkMessage(encode(proof)))
    desk.node.settle()
    assert desk.watch.fork is not None
    assert desk.watch.fork.kept.proof == proof
    told = ("*", ForkMessage(encode(proof)))
    assert desk.peers.sent == [told]
    # Of a lower height; then the one that is known; then the higher one again: who tells it learns better.
    lower = ForkMessage(encode(desk.proof(4)))
    for message in (lower, lower, ForkMessage(encode(proof))):
        desk.watch.take_proof(PEER, message)
        desk.node.settle()
    assert desk.peers.sent == [told, ("*", lower), (PEER, lower)]
    assert desk.watch.fork.kept.proof == desk.proof(4)
    desk.watch.tell()
    assert len(desk.peers.sent) == 3
    desk.clock.ms += TELL_MS
    desk.watch.tell()
    desk.watch.greet("node-2", 0, b"")
    assert desk.peers.sent[3:] == [("*", lower), ("node-2", lower)]


def test_votes_that_this_node_keeps_join_the_proof() -> None:
    desk = Desk(parted_at=3)
    chain_id, validators = desk.node.genesis.chain_id, desk.node.chain.tip.validators
    seeds = {seed: validators.index_of(key) for seed, key in _keys(desk.node)}
    proof = desk.proof(3)
    cast = tuple(
        signed_vote(chain_id, seed, 3, index, proof.second.block_id, VoteType.PREVOTE)
        for seed, index in seeds.items()
        if index is not None
    )
    keep_votes(desk.node.store, 3, cast)
    assert load_votes(desk.node.store, 3) == cast
    desk.watch.take_proof(PEER, ForkMessage(encode(proof)))
    desk.node.settle()
    assert desk.watch.fork is not None
    (group,) = desk.watch.fork.kept.proof.votes
    assert (group.type, len(group.signatures)) == (VoteType.PREVOTE, 4)


def _keys(node: OneNode) -> list[tuple[bytes, bytes]]:
    return [(validator_seed(number), node.genesis.nodes[number].validator_key) for number in range(4)]


def test_votes_of_heights_that_took_rounds_are_kept_of_the_newest_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("node.storage.forks.MAX_HEIGHTS", 2)
    desk = Desk()
    height = desk.node.chain.tip.height
    for round_, at in ((0, 1), (1, 2), (2, 3), (1, 4)):
        desk.votes = (
            Vote(VoteType.PREVOTE, height + at, round_, b"", 0, bytes(64)),
            Vote(VoteType.PREVOTE, height + at + 1, 0, b"", 0, bytes(64)),
        )
        desk.node.produce()
    assert [len(load_votes(desk.node.store, height + at)) for at in (1, 2, 3, 4)] == [0, 0, 1, 1]


def test_a_false_proof_costs_its_peer_the_session_and_many_are_not_read() -> None:
    desk = Desk()
    proof = desk.proof(4)
    false = ForkMessage(encode(fork_of(proof.first, Commit(4, 0, b"\7" * 32, proof.first.signatures))))
    ahead = ForkMessage(
        encode(fork_of(*(Commit(HEIGHTS + 2, 0, each * 32, ()) for each in (b"\7", b"\x08"))))
    )
    desk.watch.take_proof(PEER, ahead)
    with pytest.raises(RemoteProtocolError, match="proof"):
        desk.watch.take_proof(PEER, ForkMessage(b"\x91"))
    for _ in range(2 * PROOFS_BURST):
        desk.watch.take_proof(PEER, false)
        desk.node.settle()
    assert len(desk.peers.banned) == PROOFS_BURST - 2
    assert (desk.watch.fork, desk.stopped) == (None, [])
    desk.watch.take_proof("node-2", ForkMessage(encode(proof)))
    desk.node.settle()
    assert desk.watch.fork is not None


def test_what_is_on_the_disk_stops_the_node_again_until_it_is_settled() -> None:
    desk = Desk()
    kept = KeptFork(7, desk.proof(4))
    desk.watch.restore(kept, {})
    assert desk.watch.reason
    desk.watch.restore(None, {})
    assert desk.watch.fork is not None
    own, other = (each.ledger.blocks.commit_of(4).block_id for each in (desk.node, desk.other))  # type: ignore[union-attr]
    lost = Desk()
    lost.watch.restore(kept, {4: other})
    assert lost.watch.reason
    won = Desk()
    won.watch.restore(kept, {4: own})
    assert won.watch.reason == ""
    # What the others still claim leads nowhere, and costs them nothing but patience.
    won.hear()
    won.answer()
    assert (won.watch.fork, won.stopped, won.peers.banned) == (None, [], [])


def test_a_database_that_is_built_anew_names_nobody_of_a_set_that_it_does_not_know() -> None:
    """The set has grown since genesis: indices of the fork's height are beyond it."""
    desk = Desk(heights=0)
    signed = tuple(CommitSignature(index, bytes(64)) for index in (3, 5, 30))
    kept = KeptFork(7, fork_of(*(Commit(9, 0, each * 32, signed) for each in (b"\7", b"\x08"))))
    desk.watch.restore(kept, {})
    assert desk.watch.fork is not None
    assert (desk.watch.fork.convicted, desk.watch.fork.suspected) == ((), ())
    assert "forked: at height 9" in desk.watch.reason


def test_a_block_that_does_not_stand_is_not_applied_whoever_decided_it() -> None:
    desk = Desk()
    desk.watch.restore(None, {HEIGHTS + 1: b"\7" * 32})
    desk.node.produce()
    assert (desk.node.chain.tip.height, desk.stopped) == (HEIGHTS, [])


def test_two_branches_that_both_went_on_are_settled_height_by_height() -> None:
    desk = Desk()
    settled: dict[int, bytes] = {}
    for height in (4, 5, 6, 4, 5, 6):
        # Whoever keeps the commits of both can prove each of them, in any order, for ever.
        desk.watch.take_proof(PEER, ForkMessage(encode(desk.proof(height))))
        desk.node.settle()
        assert (desk.watch.fork is None) == (height in settled)
        own = desk.node.ledger.blocks.commit_of(height)
        assert own is not None
        settle(desk.node.store, Settled(height, own.block_id))
        settled[height] = own.block_id
        assert load_settled(desk.node.store) == settled
        # The node starts again.
        desk.watch.fork = None
        desk.watch.restore(load_fork(desk.node.store), load_settled(desk.node.store))
        assert desk.watch.reason == ""
    assert len(desk.stopped) == 3
