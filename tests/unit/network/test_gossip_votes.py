"""What a peer lacks is what it is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.chain.parameters import Limits
from contracts.chain.votes import Proposal, Vote, VoteType
from network.gossip.votes import (
    answer_request,
    bits_of,
    build_request,
    key_of,
    keys_of,
    validators_of,
)
from network.wire.frames import FrameCodec, FrameReader
from network.wire.messages import (
    MAX_VOTE_SETS,
    MAX_VOTES_SENT,
    ProposalMessage,
    RoundRequest,
    RoundVotes,
)

A, B = b"\x0a" * 32, b"\x0b" * 32
SIGNATURE = bytes(64)
CODEC = FrameCodec(Limits())


def vote(validator, block_id=A, round_=0, kind=VoteType.PREVOTE, height=5):
    return Vote(kind, height, round_, block_id, validator, SIGNATURE)


def proposal(round_=0, height=5):
    return ProposalMessage(Proposal(height, round_, A, -1, 0, SIGNATURE), b"block")


def votes_in(messages):
    return [one for message in messages if isinstance(message, RoundVotes) for one in message.votes]


@given(st.sets(st.integers(0, 127)))
def test_bit_sets_hold_what_was_put_in(validators):
    bits = bits_of(validators)
    assert list(validators_of(bits)) == sorted(validators)
    assert len(bits) <= 16
    assert not bits.endswith(b"\x00")


@pytest.mark.parametrize(
    ("bits", "validators"), [(b"", []), (b"\x00", []), (b"\x05", [0, 2]), (b"\x00\x80", [15])]
)
def test_bits_count_from_the_lowest_of_the_first_byte(bits, validators):
    assert list(validators_of(bits)) == validators


def test_a_request_says_what_its_sender_has():
    votes = [vote(0), vote(2), vote(1, B), vote(3, b"", kind=VoteType.PRECOMMIT), vote(0, round_=1)]
    request = build_request(5, 1, [1, 0], votes)
    assert request.proposals == (0, 1)
    assert keys_of(request) == set(map(key_of, votes))
    assert len(request.votes) == 4
    reader = FrameReader(CODEC, CODEC.tags_of((RoundRequest,)))
    reader.receive(CODEC.encode(request).data)
    assert reader.next_message() == request


def test_a_request_with_too_much_to_say_keeps_the_latest_rounds():
    votes = [vote(0, round_=number) for number in range(MAX_VOTE_SETS + 10)]
    request = build_request(5, 100, range(MAX_VOTE_SETS + 10), votes)
    assert [votes.round for votes in request.votes] == list(range(10, MAX_VOTE_SETS + 10))
    assert request.proposals == tuple(range(10, MAX_VOTE_SETS + 10))
    largest = build_request(
        5, 100, range(64), [vote(number, round_=1 << 23) for number in range(128)] * 2 + votes
    )
    assert CODEC.encode(largest)


def test_the_answer_is_what_is_lacking():
    request = build_request(5, 0, [0], [vote(0), vote(1)])
    messages = answer_request(request, [proposal(0), proposal(1)], [vote(0), vote(1), vote(2)])
    assert messages == [proposal(1), RoundVotes(5, (vote(2),))]
    assert answer_request(request, [proposal(0)], [vote(0)]) == []


def test_a_quorum_reaches_a_peer_that_holds_an_equivocators_other_vote():
    has = [vote(0, B), vote(1), vote(2)]
    quorum = [vote(0), vote(1), vote(2)]
    assert votes_in(answer_request(build_request(5, 0, [], has), [], quorum)) == [vote(0)]


def test_many_votes_are_sent_in_parts():
    votes = [
        vote(validator, round_=round_, kind=kind)
        for round_ in range(3)
        for kind in VoteType
        for validator in range(128)
    ]
    messages = answer_request(build_request(5, 0, [], []), [], votes)
    assert [len(message.votes) for message in messages] == [MAX_VOTES_SENT, 256]
    assert votes_in(messages) == votes
    for message in messages:
        assert CODEC.encode(message)
