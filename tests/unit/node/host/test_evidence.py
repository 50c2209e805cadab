"""Evidence is judged, kept, counted once, told to the others, and proposed until a block carries it."""

from collections.abc import Collection, Sequence

import pytest

from contracts.chain.evidence import DuplicateVote, Evidence, OffenceKind, of_proposals, of_votes
from contracts.chain.parameters import Parameters, Tolerances
from contracts.chain.votes import NIL, Proposal, Vote, VoteType
from network.peer.face import VALIDATOR
from network.wire.messages import EvidenceMessage, Message
from node.host import evidence as module
from node.host.evidence import PIECES_BURST, EvidenceBook
from node.host.opening import Opened
from node.host.surroundings import Surroundings
from node.storage.convictions import Convictions
from node.storage.evidence import KeptEvidence, load_evidence
from tests.support.evidence import two_proposals, two_votes
from tests.support.ledger import NoPeers, OneNode
from tests.support.parties import build_test_genesis, validator_seed


class Peers(NoPeers):
    """Remembers what was said to whom."""

    def __init__(self) -> None:
        self.told: list[Evidence] = []
        self.banned: list[tuple[str, str]] = []

    def broadcast(self, message: Message, roles: Collection[str] = (), without: Collection[str] = ()) -> int:
        assert isinstance(message, EvidenceMessage)
        assert (roles, without) == ((VALIDATOR,), ())
        self.told.append(message.evidence)
        return 1

    def ban(self, name: str, reason: str) -> None:
        self.banned.append((name, reason))


def book(
    node: OneNode,
    known: Sequence[KeptEvidence] = (),
    pending: Sequence[Evidence] = (),
    peers: Peers | None = None,
) -> EvidenceBook:
    surroundings = Surroundings(node.clock, node.wall, peers or Peers(), node.worker, node.worker)
    return EvidenceBook(surroundings, node.chain, node.store, known, pending)


def votes(height: int, validator: int) -> DuplicateVote:
    """Return votes whose signatures nobody asks about: consensus had them checked."""
    one, other = (
        Vote(VoteType.PRECOMMIT, height, 0, said, validator, bytes(64)) for said in (NIL, b"\7" * 32)
    )
    return of_votes(one, other)


class Liar:
    """A validator of the test network that says what it should not."""

    def __init__(self, node: OneNode, number: int = 2) -> None:
        self.key = node.genesis.nodes[number].validator_key
        self.chain_id, self.seed = node.genesis.chain_id, validator_seed(number)
        index = node.chain.tip.validators.index_of(self.key)
        assert index is not None
        self.index = index

    def votes(self, height: int, round_: int = 0) -> Evidence:
        return two_votes(self.chain_id, self.seed, height, self.index, round_=round_)

    def proposals(self, height: int) -> Evidence:
        return two_proposals(self.chain_id, self.seed, height, self.index)


@pytest.fixture
def node() -> OneNode:
    """A network of four, three blocks old."""
    made = OneNode(build_test_genesis(4))
    for _ in range(3):
        made.produce()
    return made


def test_what_is_reported_is_kept_and_counted_once() -> None:
    node = OneNode(build_test_genesis(4))
    kept = book(node)
    assert kept.counts == dict.fromkeys(OffenceKind, 0)
    for _ in range(2):
        kept.report(votes(1, 2))
        node.settle()
    kept.report(of_proposals(*(Proposal(1, 3, said * 32, -1, 0, bytes(64)) for said in (b"\7", b"\x08"))))
    node.settle()
    assert kept.counts == {OffenceKind.PROPOSAL: 1, OffenceKind.PREVOTE: 0, OffenceKind.PRECOMMIT: 1}
    members = node.chain.tip.validators.validators
    found = load_evidence(node.store)
    assert {entry.validator for entry in found} == {members[2].public_key, members[0].public_key}
    assert {entry.found_ms for entry in found} == {node.wall.ms}
    assert book(node, found).counts == kept.counts


def test_late_votes_convict_too_and_votes_of_long_ago_do_not() -> None:
    node = OneNode(build_test_genesis(4))
    node.produce()
    node.produce()
    kept = book(node)
    kept.report(votes(1, 2))
    kept.report(votes(2, 2))
    kept.report(votes(3, 2))
    kept.report(votes(4, 2))
    node.settle()
    assert [entry.evidence.first.height for entry in load_evidence(node.store)] == [2, 3]


def test_what_is_reported_when_block_sync_has_gone_on_convicts_all_the_same(node: OneNode) -> None:
    kept, liar = book(node), Liar(node)
    # Of height 1 when block 3 is there: between the vote and the report the disk worked, and blocks came.
    for evidence in (liar.votes(1), votes(1, 0)):
        kept.report(evidence)
        node.settle()
    assert [entry.validator for entry in load_evidence(node.store)] == [liar.key]
    assert kept.pending() == (liar.votes(1),)


def test_what_waits_is_told_to_the_validators_some_at_a_time_and_all_in_turn(
    node: OneNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_TOLD", 2)
    peers, liar, other = Peers(), Liar(node), Liar(node, 1)
    kept = book(node, peers=peers)
    kept.tell()
    node.settle()
    assert peers.told == []
    pieces = (liar.votes(3), liar.votes(4), other.votes(4))
    for each in (*pieces, liar.proposals(3)):
        kept.report(each)
        node.settle()
    waiting = kept.pending()
    assert set(waiting) == set(pieces)
    for first in (0, 2, 1, 0):
        peers.told.clear()
        kept.tell()
        node.settle()
        assert peers.told == [(waiting * 2)[first], (waiting * 2)[first + 1]]
    node.evidence = [liar.votes(3)]
    node.produce()
    peers.told.clear()
    kept.tell()
    node.settle()
    assert set(peers.told) == {liar.votes(4), other.votes(4)}


def test_what_others_found_is_judged_kept_and_passed_on(node: OneNode) -> None:
    peers, liar = Peers(), Liar(node)
    kept = book(node, peers=peers)
    for _ in range(2):
        kept.take("node-1", liar.votes(2))
        node.settle()
    kept.take("node-1", liar.proposals(2))
    kept.take("node-1", liar.votes(4))
    node.settle()
    assert kept.pending() == (liar.votes(2), liar.votes(4))
    assert [entry.validator for entry in load_evidence(node.store)] == [liar.key, liar.key]
    assert peers.banned == []
    kept.tell()
    node.settle()
    assert peers.told == [liar.votes(2), liar.votes(4)]


def test_who_accuses_falsely_is_banned(node: OneNode) -> None:
    peers, liar = Peers(), Liar(node)
    kept = book(node, peers=peers)
    for at, false in enumerate(
        (
            votes(2, liar.index),
            two_votes(liar.chain_id, liar.seed, 2, 99),
            two_votes("another", liar.seed, 2, liar.index),
            two_votes(liar.chain_id, validator_seed(1), 3, liar.index),
        )
    ):
        kept.take(f"node-{at}", false)
        node.settle()
    assert [name for name, _reason in peers.banned] == ["node-0", "node-1", "node-2", "node-3"]
    assert peers.banned[0][1] == "evidence that convicts nobody: of height 2: it proves nothing"
    assert (kept.pending(), load_evidence(node.store)) == ((), [])


def test_what_no_block_could_carry_is_ignored_and_no_lie(node: OneNode) -> None:
    peers, liar = Peers(), Liar(node)
    node.evidence = [liar.votes(1)]
    node.produce()
    kept = book(node, peers=peers)
    for piece in (liar.votes(1), liar.proposals(1), liar.votes(0), liar.votes(6), votes(9, 99)):
        kept.take("node-1", piece)
        node.settle()
    assert (kept.pending(), load_evidence(node.store), peers.banned) == ((), [], [])


def test_a_peer_brings_so_much_and_no_more(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    peers, liar = Peers(), Liar(node)
    kept = book(node, peers=peers)
    judged: list[Evidence] = []
    judge = node.ledger.judge

    def counted(piece: Evidence) -> bytes | str | None:
        judged.append(piece)
        return judge(piece)

    monkeypatch.setattr(node.ledger, "judge", counted)
    for round_ in range(PIECES_BURST + 5):
        kept.take("node-1", votes(2, 50 + round_))
    node.settle()
    assert len(judged) == PIECES_BURST
    kept.take("node-3", liar.votes(2))
    node.settle()
    assert len(judged) == PIECES_BURST + 1
    # The clock of this test stands still; a known one costs nothing.
    for _ in range(PIECES_BURST):
        kept.take("node-3", liar.votes(2))
    kept.take("node-3", liar.votes(3))
    node.settle()
    assert kept.pending() == (liar.votes(2), liar.votes(3))


def test_what_waits_is_bounded(node: OneNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PENDING", 2)
    kept = book(node)
    for validator in range(3):
        kept.take("node-1", Liar(node, validator).votes(1 + validator))
        node.settle()
    assert kept.pending() == (Liar(node, 1).votes(2), Liar(node, 2).votes(3))


def test_what_a_block_carries_waits_no_more(node: OneNode) -> None:
    liar, other = Liar(node), Liar(node, 1)
    kept = book(node)
    for piece in (liar.votes(2), liar.votes(3), other.votes(3)):
        kept.take("node-1", piece)
    node.settle()
    # Somebody proposed another pair for the same offence.
    node.evidence = [liar.proposals(2), other.votes(3)]
    node.produce()
    assert set(node.applied[-1].block.evidence) == {liar.proposals(2), other.votes(3)}
    assert kept.pending() == (liar.votes(3),)
    assert kept.convictions == {liar.key: 1, other.key: 1}
    node.evidence = list(kept.pending())
    node.produce()
    assert node.applied[-1].block.evidence == (liar.votes(3),)
    assert kept.pending() == ()
    assert kept.convictions == {liar.key: 2, other.key: 1}
    assert [event.subject for event in node.applied[-1].events] == [liar.key]
    assert {one.public_key: one.row.count for one in Convictions(node.store).all()} == kept.convictions


def test_a_restart_waits_for_what_is_still_open(node: OneNode) -> None:
    liar = Liar(node)
    kept = book(node)
    pieces = (liar.votes(1), liar.votes(2), liar.votes(4))
    for piece in pieces:
        kept.take("node-1", piece)
    node.settle()
    node.evidence = [liar.proposals(1)]
    node.produce()
    known = load_evidence(node.store)
    assert [entry.evidence for entry in known] == list(pieces)
    assert node.ledger.still_open(entry.evidence for entry in known) == [liar.votes(2), liar.votes(4)]
    assert {"pending_evidence", "convictions"} <= set(Opened.__struct_fields__)
    again = book(node, known, pieces[1:])
    assert again.pending() == pieces[1:]


def test_what_was_recorded_while_it_was_kept_or_is_too_old_waits_no_more() -> None:
    tolerances = Tolerances(evidence_age_heights=2)
    node = OneNode(build_test_genesis(4, Parameters(tolerances=tolerances)))
    for _ in range(3):
        node.produce()
    peers, liar, other = Peers(), Liar(node), Liar(node, 1)
    kept = book(node, peers=peers)
    for piece in (liar.votes(2), other.votes(2), other.votes(3)):
        kept.take("node-1", piece)
        node.settle()
    node.evidence = [liar.votes(2)]
    node.produce()
    kept._pending[2, liar.index] = liar.votes(2)
    kept.tell()
    node.settle()
    assert peers.told == [other.votes(3)]
    assert kept.pending() == (other.votes(3),)
