"""From which height on a validator votes whose record may be older than its last vote."""

import msgspec
import pytest

from consensus.effects import Sign, VoteReceived
from consensus.values import NO_VALUE, Step
from contracts.chain.evidence import author_of, of_votes
from contracts.chain.votes import Vote, VoteType
from node.host.rejoining import Rejoining
from node.identity.signer import FileSigner
from node.identity.standing import Standing
from node.storage.memory_files import MemoryFiles
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis
from tests.unit.node.host.test_restart import OWN, SEED, Life, begin


class Listener:
    """A validator of so many that listens, at height 2."""

    def __init__(self, validators: int) -> None:
        self.node = OneNode(build_test_genesis(validators))
        self.node.produce()
        self.node.produce()
        self.files = MemoryFiles()
        self.standing = Standing(self.files)
        own_key = self.own_key = self.node.genesis.nodes[OWN].validator_key
        self.rejoining = Rejoining(self.standing, own_key, self.node.chain, self.node.worker)
        keys = [each.public_key for each in self.node.chain.tip.validators.validators]
        self.others = [key for key in keys if key != own_key]

    def hear(self, *heights: int) -> int | None:
        for key, height in zip(self.others, heights, strict=False):
            self.rejoining.hear(key, height)
        self.node.settle()
        return self.rejoining.votes_from


def test_a_quorum_without_itself_at_its_height_or_below_lets_it_vote_three_above() -> None:
    listener = Listener(4)
    assert not listener.rejoining.may_vote(3)
    assert listener.hear(2, 0) is None
    assert listener.hear(2, 0, 1) == 5
    assert [listener.rejoining.may_vote(height) for height in (4, 5, 6)] == [False, True, True]
    again = Standing(listener.files)
    again.open()
    assert again.votes_from == 5


def test_heights_that_it_has_not_reached_do_not_count_before_it_has() -> None:
    listener = Listener(4)
    assert listener.hear(2, 2, 3) is None
    listener.node.produce()
    listener.rejoining.look()
    listener.node.settle()
    assert listener.rejoining.votes_from == 6


def test_the_first_word_counts() -> None:
    listener = Listener(4)
    assert listener.hear(2, 2, 9) is None
    assert listener.hear(2, 2, 2) is None


@pytest.mark.parametrize(("validators", "heard", "expected"), [(2, (2,), 5), (3, (2,), None), (3, (2, 2), 5)])
def test_where_the_others_are_no_quorum_all_of_them_must_speak(
    validators: int, heard: tuple[int, ...], expected: int | None
) -> None:
    assert Listener(validators).hear(*heard) == expected


def test_who_is_alone_waits_for_its_operator() -> None:
    listener = Listener(1)
    listener.rejoining.look()
    assert listener.rejoining.votes_from is None


def test_what_was_heard_before_it_was_suspended_does_not_count() -> None:
    listener = Listener(4)
    assert listener.hear(2, 2, 2) == 5
    listener.rejoining.suspend("its key has signed elsewhere")
    assert listener.hear(2, 2) is None
    assert listener.hear(2, 2, 2) == 5


def voted() -> tuple[Life, tuple[int, ...], int]:
    """Return a validator that has voted nil at height 1, the others, and its own index."""
    life, others = begin()
    life.vote_nil(0, others)
    life.host._pump()
    life.node.settle()
    return life, others, next(at for at in range(4) if at not in others)


def test_a_vote_of_its_own_that_it_does_not_know_silences_it() -> None:
    life, others, own = voted()
    assert life.host.rejoining.votes_from == 0
    life.host.receive("peer", VoteReceived(Vote(VoteType.PREVOTE, 1, 0, b"", own, bytes(64))))
    assert life.host.rejoining.votes_from == 0
    life.host.receive("peer", VoteReceived(Vote(VoteType.PREVOTE, 1, 5, b"", own, bytes(64))))
    assert life.host.rejoining.votes_from is None
    said = len(life.peers.votes)
    life.vote_nil(1, others)
    life.host._pump()
    life.node.settle()
    assert len(life.peers.votes) == said


def hears_another_vote(validators: int) -> Rejoining:
    """Return a validator of so many that heard of a lie of another one, and then of its own."""
    listener = Listener(validators)
    listener.standing.allow(0)
    listener.standing.open()
    rejoining = Rejoining(listener.standing, listener.own_key, listener.node.chain, listener.node.worker)
    own = listener.node.chain.tip.validators.index_of(listener.own_key)
    assert own is not None
    one, other = (Vote(VoteType.PREVOTE, 3, 0, said, own, bytes(64)) for said in (b"", b"\7" * 32))
    stranger = (
        msgspec.structs.replace(one, validator=own + 1),
        msgspec.structs.replace(other, validator=own + 1),
    )
    rejoining.hear_evidence(of_votes(*stranger))
    assert rejoining.votes_from == 0
    rejoining.hear_evidence(of_votes(one, other))
    return rejoining


@pytest.mark.parametrize(("validators", "votes_from"), [(4, None), (3, 0), (2, 0), (7, None)])
def test_who_convicts_itself_is_silent_unless_the_others_decide_nothing_without_it(
    validators: int, votes_from: int | None
) -> None:
    assert hears_another_vote(validators).votes_from == votes_from


def test_a_vote_of_its_own_for_something_else_is_reported_and_silences_it_once() -> None:
    life, _others, own = voted()
    other = VoteReceived(Vote(VoteType.PREVOTE, 1, 0, b"\7" * 32, own, bytes(64)))
    life.host.receive("peer", other)
    life.node.settle()
    (piece,) = life.evidence
    assert (life.host.rejoining.votes_from, author_of(piece)) == (None, own)
    # Its operator has stopped the other node, and trusts this home; peers still say what the other one said.
    Standing(life.files).allow(0)
    after = life.crash()
    after.host.receive("peer", other)
    after.node.settle()
    assert after.host.rejoining.votes_from == 0


def test_a_log_of_a_chain_that_was_lost_is_not_voted_on_again() -> None:
    """The database is gone, the log of height 1 is there, and the record says that height 2 was voted on."""
    life, others, _own = voted()
    signer = FileSigner(life.files, "signer", life.node.genesis.chain_id, SEED)
    signer.open()
    signer.sign(Sign(2, 0, Step.PREVOTE, b"", -1, NO_VALUE, NO_VALUE))
    after = life.crash()
    assert (after.host.engine.height, after.host.engine.own_index) == (1, None)
    after.vote_nil(1, others)
    after.host._pump()
    after.node.settle()
    assert after.peers.votes == []
