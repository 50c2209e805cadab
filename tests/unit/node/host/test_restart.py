"""Restarts of a validator: what the signer's record says is signed is never signed anew."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from consensus.effects import StartHeight, Timeout, ValueBuilt, VoteReceived
from consensus.engine import Engine
from consensus.values import Step, Timer
from contracts.chain.commit import NO_COMMIT, Commit
from contracts.chain.evidence import Evidence, of_votes
from contracts.chain.header import block_id
from contracts.chain.votes import NIL, BlockId, Vote, VoteType
from network.wire.messages import Message, VoteMessage
from node.host import consensus_host
from node.host.chain import Chain
from node.host.consensus_host import ConsensusHost
from node.host.evidence import EvidenceBook
from node.host.journal import ConsensusJournal, Replay
from node.host.surroundings import Surroundings
from node.identity.signer import FileSigner, create_signer_record
from node.identity.standing import Standing
from node.storage.log import ConsensusLog
from node.storage.memory_files import MemoryFiles, Survive
from node.storage.store import KeyValueStore
from tests.support.ledger import NoPeers, OneNode, StillClock
from tests.support.parties import build_test_genesis, validator_seed

OWN = 0
SEED = validator_seed(OWN)
BLOCK = b"\7" * 32


class Peers(NoPeers):
    """Keeps what is sent to everybody."""

    def __init__(self) -> None:
        self.votes: list[Vote] = []

    def broadcast(self, message: Message, roles: object = (), without: object = ()) -> int:
        if isinstance(message, VoteMessage):
            self.votes.append(message.vote)
        return 0


class Told(EvidenceBook):
    """Notes what is reported; what lives before this one have reported waits for a block."""

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        store: KeyValueStore,
        told: list[Evidence],
        pending: Sequence[Evidence],
    ) -> None:
        super().__init__(surroundings, chain, store, pending=pending)
        self._told = told

    def report(self, evidence: Evidence) -> None:
        self._told.append(evidence)


class Life:
    """One life of a validator among four, at height 1, on files that outlive it."""

    def __init__(self, node: OneNode, files: MemoryFiles, kept: Sequence[Evidence] = ()) -> None:
        self.node, self.files = node, files
        signer = FileSigner(files, "signer", node.genesis.chain_id, SEED)
        signer.open()
        self.signer = signer
        standing = Standing(files)
        standing.open()
        journal = ConsensusJournal(ConsensusLog(files, "log", 1 << 20, bytes), signer, standing)
        replay = journal.replay(1)
        self.peers = Peers()
        self.evidence: list[Evidence] = []
        self.forks: list[Commit] = []
        clock = StillClock(node._later.append)
        surroundings = Surroundings(clock, node.wall, self.peers, node.worker, node.worker)
        ledger = node.ledger
        chain = self.chain = Chain(
            ledger, node.worker, NO_COMMIT, ledger.lanes(), ledger.keys(), had_bundles=False
        )
        self.host = ConsensusHost(
            *(surroundings, chain, node.pool, journal),
            *(lambda _effect, _missing: None, lambda _effect: None, lambda: None),
            Told(surroundings, chain, node.store, self.evidence, kept),
        )
        self.host.on_fork = self.forks.append
        self.host.start(replay)
        node.settle()

    def vote_nil(self, round_: int, others: tuple[int, ...]) -> None:
        """Others prevote nil, and the wait for a proposal ends: it prevotes and precommits nil."""
        for validator in others:
            vote = Vote(VoteType.PREVOTE, 1, round_, NIL, validator, bytes(64))
            self.host.feed(VoteReceived(vote))
        self.host.feed(Timeout(Timer.PROPOSE, 1, round_))

    def crash(self) -> "Life":
        files = self.files.crash(Survive.DROPPED, lambda _count: 0)
        return Life(self.node, files, tuple(self.evidence))


def begin() -> tuple[Life, tuple[int, ...]]:
    node = OneNode(build_test_genesis(4))
    files = MemoryFiles()
    own_key = node.genesis.nodes[OWN].validator_key
    create_signer_record(files, "signer", node.genesis.chain_id, own_key)
    Standing(files).allow(0)
    others = tuple(
        at for at, each in enumerate(node.chain.tip.validators.validators) if each.public_key != own_key
    )
    return Life(node, files), others


def test_steps_of_rounds_that_are_no_longer_on_record_are_not_signed_again() -> None:
    """One batch made it vote in two rounds, and the crash came before its own votes were in the log."""
    life, others = begin()
    life.vote_nil(0, others)
    life.vote_nil(1, others)
    life.host._pump()  # The disk signs at once; what it says is never handed back.
    after = life.crash()
    assert after.host.stopped_because == ""
    assert (after.host.engine.round, after.host.engine.step) == (1, Step.PRECOMMIT)
    assert {vote.round for vote in after.peers.votes} == {1}
    own = after.host.engine.own_index
    said = {vote.type for vote in after.host.engine.messages_for(1).votes if vote.validator == own}
    assert said == {VoteType.PREVOTE, VoteType.PRECOMMIT}


def test_a_restart_says_again_what_it_signed_last() -> None:
    life, others = begin()
    life.vote_nil(0, others)
    life.host._pump()
    life.node.settle()
    after = life.crash()
    assert after.host.engine.step is Step.PRECOMMIT
    assert len(life.peers.votes) == 2
    assert set(life.peers.votes) <= set(after.host.engine.messages_for(0).votes)


def test_a_restart_whose_log_lost_its_end_is_led_by_the_signers_record() -> None:
    """The log says that it prevoted, the signer's record that it precommitted too."""
    life, others = begin()
    for validator, said in zip(others[:2], (NIL, BLOCK), strict=True):
        life.host.feed(VoteReceived(Vote(VoteType.PREVOTE, 1, 0, said, validator, bytes(64))))
    life.host.feed(Timeout(Timer.PROPOSE, 1, 0))
    life.host._pump()
    life.node.settle()
    assert life.host.engine.step is Step.PREVOTE
    lengths = log_lengths(life)
    life.host.feed(VoteReceived(Vote(VoteType.PREVOTE, 1, 0, NIL, others[2], bytes(64))))
    life.host._pump()
    life.node.settle()
    assert life.host.engine.step is Step.PRECOMMIT
    cut_log(life, lengths)
    after = life.crash()
    assert (after.host.engine.round, after.host.engine.step) == (0, Step.PRECOMMIT)
    # Another majority does not make it precommit a second time.
    for validator in others:
        after.host.feed(VoteReceived(Vote(VoteType.PREVOTE, 1, 0, BLOCK, validator, bytes(64))))
    after.host._pump()
    after.node.settle()
    assert after.host.stopped_because == ""
    precommits = {vote for vote in after.peers.votes if vote.type == VoteType.PRECOMMIT}
    assert {vote.block_id for vote in precommits} <= {NIL}


def at_its_own_proposal() -> Life:
    """Return a validator that has just signed a proposal, of whose log the end is gone."""
    life, others = begin()
    life.vote_nil(0, others)
    life.host._pump()
    life.node.settle()
    engine = life.host.engine
    round_ = next(each for each in range(1, 9) if engine.proposer(each) == engine.own_index)
    for validator in others[:2]:
        life.host.feed(VoteReceived(Vote(VoteType.PREVOTE, 1, round_, NIL, validator, bytes(64))))
    life.host._pump()
    assert (engine.round, engine.step) == (round_, Step.PROPOSE)
    while life.signer.find(1, round_, Step.PROPOSE) is None:
        life.node._later.popleft()()
    life.node.wall.ms += 1_000  # A block that is built from now on is another one.
    lengths = log_lengths(life)
    cut_log(life, {name: length - 1 for name, length in lengths.items()})
    return life


def log_lengths(life: Life) -> dict[str, int]:
    return {name: len(life.files.read(f"log/{name}") or b"") for name in life.files.names("log")}


def proposed(life: Life) -> bytes:
    """Return what is on record as proposed in the round that a validator is in."""
    found = life.signer.find(1, life.host.engine.round, Step.PROPOSE)
    return b"" if found is None else found.sign.block_id


def cut_log(life: Life, lengths: Mapping[str, int]) -> None:
    for name, length in lengths.items():
        file = life.files.open(f"log/{name}")
        file.truncate(length)
        file.sync()


def test_a_restart_whose_log_lost_its_proposal_does_not_propose_another() -> None:
    """The log says that a value is to be built, the signer's record that one was proposed."""
    life = at_its_own_proposal()
    after = life.crash()
    assert after.host.engine.round == life.host.engine.round
    assert proposed(after) == proposed(life) != b""
    assert {(vote.round, vote.block_id) for vote in after.peers.votes} <= {(life.host.engine.round, NIL)}


def test_a_restart_whose_log_asks_for_another_proposal_goes_by_the_record() -> None:
    """It asked once after its log had lost the proposal, wrote that down, and was refused."""
    life = at_its_own_proposal()
    log = ConsensusLog(life.files, "log", 1 << 20, bytes)
    log.recover()
    log.append_input(1, ValueBuilt(1, life.host.engine.round, BlockId(bytes(32))))
    log.sync()
    after = life.crash().crash()
    assert after.host.engine.round == life.host.engine.round
    assert proposed(after) == proposed(life) != b""


def test_evidence_is_reported_again_after_a_restart() -> None:
    """It may not have been kept when the node stopped."""
    life, others = begin()
    one, other = (Vote(VoteType.PREVOTE, 1, 0, said, others[0], bytes(64)) for said in (NIL, BLOCK))
    for vote in (one, other):
        life.host.feed(VoteReceived(vote))
    life.vote_nil(0, others[1:])
    life.host._pump()
    life.node.settle()
    assert life.evidence == [of_votes(one, other)]
    assert set(life.crash().evidence) == {of_votes(one, other)}


def test_a_peer_fills_its_own_part_of_the_inbox_while_the_disk_works(monkeypatch: pytest.MonkeyPatch) -> None:
    life, others = begin()
    life.vote_nil(0, others)
    life.host._pump()  # From here on the disk signs, until `settle`.
    monkeypatch.setattr(consensus_host, "MAX_INBOX_PER_PEER", 5)
    votes = [Vote(VoteType.PREVOTE, 1, round_, NIL, others[0], bytes(64)) for round_ in range(1, 9)]
    taken = [life.host.receive("cedar", VoteReceived(vote)) for vote in votes]
    assert taken == [True] * 5 + [False] * 3
    assert life.host.receive("birch", VoteReceived(votes[0]))
    assert (life.host.dropped, life.host.waiting) == (3, 6)
    life.node.settle()
    assert life.host.waiting == 0
    assert life.host.receive("cedar", VoteReceived(votes[7]))


def height_two(life: Life, left: int) -> StartHeight:
    """The height after a block that came from elsewhere; one validator left the set."""
    tip = life.node.chain.tip
    voters = tip.validators.validators
    return StartHeight(
        *(2, (*voters[:left], *voters[left + 1 :]), life.node.genesis.nodes[OWN].validator_key),
        *(tip.parameters.timing, (), False, False, NO_COMMIT, voters),
    )


@pytest.mark.parametrize("leaves", ["another", "itself"])
def test_the_last_word_of_a_height_names_its_author_in_the_set_of_that_height(leaves: str) -> None:
    """The next height begins, in another set, while that vote waits for the engine to be asked."""
    life, others = begin()
    own = life.host.engine.own_index
    assert own is not None
    life.vote_nil(0, others)
    life.host.feed(height_two(life, own if leaves == "itself" else others[0]))
    life.host._pump()
    life.node.settle()
    assert [(vote.height, vote.type, vote.validator) for vote in life.peers.votes] == [
        (1, VoteType.PREVOTE, own),
        (1, VoteType.PRECOMMIT, own),
    ]
    assert life.host.engine.height == 2
    assert life.host.engine.own_index == (None if leaves == "itself" else own - 1)
    assert life.host.waiting == 0


def test_a_settled_height_is_not_voted_on_and_only_the_block_that_stands_is_applied() -> None:
    life, _others = begin()
    proposer = life.node.genesis.nodes[OWN].validator_key
    losing, standing = (
        life.node.ledger.build(life.node.wall.ms + later, [], NO_COMMIT, proposer) for later in (1, 2)
    )
    life.chain.stands = {1: block_id(standing.header)}
    life.host.start(Replay((), {}, {}, (), None))
    life.node.settle()
    assert life.host.engine.own_index is None
    assert not life.chain.apply(losing, life.node.commit(1, block_id(losing.header)), [])
    assert life.chain.is_next(1)
    commit = life.node.commit(1, block_id(standing.header))
    keys = [validator.public_key for validator in life.chain.tip.validators.validators]
    others = tuple(each for each in commit.signatures if keys[each.validator] != proposer)
    assert life.chain.apply(standing, msgspec.structs.replace(commit, signatures=others), [])
    life.node.settle()
    assert life.host.engine.height == 2
    assert life.host.engine.own_index is not None


def test_a_fork_that_is_settled_ends_voting_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The votes for the other block came here, too; then the block that stands came."""
    life, _others = begin()
    monkeypatch.setattr(Engine, "last_commit", property(lambda _engine: Commit(1, 0, b"\7" * 32, ())))
    block = life.node.ledger.build(
        life.node.wall.ms + 1, [], NO_COMMIT, life.node.genesis.nodes[OWN].validator_key
    )
    life.chain.stands = {1: block_id(block.header)}
    life.chain.apply(block, life.node.commit(1, block_id(block.header)), [])
    life.node.settle()
    assert (life.forks, life.host.stopped_because, life.host.engine.height) == ([], "", 2)


def test_a_decision_other_than_what_block_sync_brings_is_a_fork_and_ends_voting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life, _others = begin()
    decided = Commit(1, 0, b"\7" * 32, ())
    monkeypatch.setattr(Engine, "last_commit", property(lambda _engine: decided))
    proposer = life.node.genesis.nodes[OWN].validator_key
    block = life.node.ledger.build(life.node.wall.ms + 1, [], NO_COMMIT, proposer)
    life.chain.apply(block, life.node.commit(1, block_id(block.header)), [])
    life.node.settle()
    assert life.forks == [decided]
    assert "forked" in life.host.stopped_because
    assert life.host.engine.height == 1
