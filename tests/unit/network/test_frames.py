"""Frames: whole messages come out however the bytes are cut, and nothing else ever does."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.chain.parameters import Limits
from contracts.primitives.encoding import encode
from network.wire import messages
from network.wire.errors import MessageTooLong, RemoteProtocolError
from network.wire.frames import HEADER_BYTES, FrameCodec, FrameReader, Priority
from tests.unit.network.samples import MESSAGES, SAMPLES

CODEC = FrameCodec(Limits())
SMALL = FrameCodec(Limits(bundle_bytes=1_000))
ALL = CODEC.tags_of(type(sample) for sample in SAMPLES)


def read_all(reader, data):
    reader.receive(data)
    found = []
    while (message := reader.next_message()) is not None:
        found.append(message)
    return found


def raw_frame(tag, payload):
    return struct.pack(">BI", tag, len(payload)) + payload


def test_every_kind_of_message_has_a_frame():
    union = set(messages.Message.__args__)
    assert {type(sample) for sample in SAMPLES} == union
    assert len(ALL) == len(union)


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_survives_the_wire(message):
    frame = CODEC.encode(message)
    assert read_all(FrameReader(CODEC, ALL), frame.data) == [message]


@given(st.lists(MESSAGES, max_size=6), st.data())
def test_messages_come_out_however_the_bytes_are_cut(sent, data):
    stream = b"".join(CODEC.encode(message).data for message in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    reader = FrameReader(CODEC, ALL)
    found = []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += read_all(reader, stream[begin:end])
    assert found == sent
    assert reader.kept_bytes == 0


def test_one_byte_at_a_time_is_enough():
    stream = b"".join(CODEC.encode(message).data for message in SAMPLES)
    reader = FrameReader(CODEC, ALL)
    found = [message for at in range(len(stream)) for message in read_all(reader, stream[at : at + 1])]
    assert found == list(SAMPLES)


@given(st.binary(max_size=400))
def test_any_bytes_give_messages_or_the_documented_error(noise):
    reader = FrameReader(CODEC, ALL)
    try:
        for message in read_all(reader, noise):
            assert CODEC.encode(message)
    except RemoteProtocolError:
        with pytest.raises(RemoteProtocolError):
            reader.next_message()


@given(st.sampled_from(SAMPLES), st.data())
def test_a_changed_byte_gives_a_message_or_the_documented_error(message, data):
    frame = bytearray(CODEC.encode(message).data)
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    try:
        found = read_all(FrameReader(CODEC, ALL), bytes(frame))
    except RemoteProtocolError:
        return
    for other in found:
        assert CODEC.encode(other).data == bytes(frame[: len(CODEC.encode(other).data)])


def test_an_unknown_kind_is_refused_by_its_first_bytes():
    with pytest.raises(RemoteProtocolError, match="no message of kind 200"):
        read_all(FrameReader(CODEC, ALL), struct.pack(">BI", 200, 1))


def test_a_kind_that_is_not_allowed_is_refused_by_its_header():
    reader = FrameReader(CODEC, CODEC.tags_of((messages.Hello,)))
    with pytest.raises(RemoteProtocolError, match="BundlePush may not be sent"):
        read_all(reader, CODEC.encode(messages.BundlePush(bytes(32), b"x")).data[:HEADER_BYTES])


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
def test_a_frame_beyond_its_cap_is_refused_before_it_is_kept(message):
    tag = CODEC.encode(message).data[0]
    reader = FrameReader(CODEC, ALL)
    with pytest.raises(RemoteProtocolError, match="at most"):
        read_all(reader, struct.pack(">BI", tag, 0xFFFF_FFFF))
    assert reader.kept_bytes == 0


def test_the_caps_follow_the_limits_of_genesis():
    push = messages.BundlePush(bytes(32), bytes(2_000))
    with pytest.raises(MessageTooLong, match="BundlePush"):
        SMALL.encode(push)
    with pytest.raises(RemoteProtocolError, match="at most"):
        read_all(FrameReader(SMALL, ALL), CODEC.encode(push).data)


def test_what_came_before_an_error_is_still_read():
    good = CODEC.encode(messages.Ping(1)).data
    reader = FrameReader(CODEC, ALL)
    reader.receive(good + b"\xff" * 20)
    assert reader.next_message() == messages.Ping(1)
    for _ in range(2):
        with pytest.raises(RemoteProtocolError):
            reader.next_message()


def test_a_reader_keeps_no_more_than_one_frame():
    frame = SMALL.encode(messages.BundlePush(bytes(32), bytes(900))).data
    reader = FrameReader(SMALL, ALL)
    for _ in range(500):
        read_all(reader, frame[:-1])
        assert reader.kept_bytes < len(frame)
        read_all(reader, frame[-1:])
    assert len(reader._buffer) <= len(frame)


def test_urgent_messages_are_marked():
    assert CODEC.encode(SAMPLES[11]).priority is Priority.URGENT
    assert CODEC.encode(SAMPLES[5]).priority is Priority.BUNDLES
    assert CODEC.encode(SAMPLES[16]).priority is Priority.BLOCKS


SIGNATURE = bytes(64)
ID = bytes(32)
VOTE = [1, 5, 0, ID, 3, SIGNATURE]
PROPOSAL = [5, 1, ID, -1, 2, SIGNATURE]


def vote(**changes):
    fields = dict(zip(("type", "height", "round", "block_id", "validator", "signature"), VOTE, strict=True))
    return list((fields | changes).values())


def proposal(**changes):
    names = ("height", "round", "block_id", "valid_round", "proposer", "signature")
    return list((dict(zip(names, PROPOSAL, strict=True)) | changes).values())


VOTE_FIELDS = [1, 5, 1, ID, 3, SIGNATURE]
MALFORMED = {
    "hello: genesis hash of 31 bytes": (1, [1, "net", bytes(31), "alder", "validator", 0, b""]),
    "hello: no name": (1, [1, "net", ID, "", "validator", 0, b""]),
    "hello: name too long": (1, [1, "net", ID, "a" * 129, "validator", 0, b""]),
    "hello: negative height": (1, [1, "net", ID, "alder", "validator", -1, b""]),
    "hello: a field too many": (1, [1, "net", ID, "alder", "validator", 0, b"", 0]),
    "hello: a field too few": (1, [1, "net", ID, "alder", "validator", 0]),
    "hello: text for a number": (1, ["1", "net", ID, "alder", "validator", 0, b""]),
    "hello: nil for text": (1, [1, None, ID, "alder", "validator", 0, b""]),
    "tip: no such step": (2, [5, ID, 0, 5]),
    "tip: round below -1": (2, [5, ID, -2, 0]),
    "tip: id too long": (2, [5, bytes(33), 0, 0]),
    "ping: boolean": (3, [True]),
    "ping: too large": (3, [1 << 63]),
    "goodbye: long reason": (5, ["x", "y" * 201]),
    "push: short id": (6, [bytes(31), b"x"]),
    "push: text for bytes": (6, [ID, "x"]),
    "announce: short id": (7, [[[bytes(31), 1, 1]]]),
    "announce: negative size": (7, [[[ID, -1, 1]]]),
    "announce: too many": (7, [[[ID, 1, 1]] * 257]),
    "request: none": (8, [[]]),
    "request: too many": (8, [[ID] * 257]),
    "missing: short id": (10, [[b"x"]]),
    "proposal: valid round not before its round": (11, [proposal(valid_round=1), b""]),
    "proposal: nil": (11, [proposal(block_id=b""), b""]),
    "proposal: signature of 63 bytes": (11, [proposal(signature=bytes(63)), b""]),
    "vote: no such type": (12, [vote(type=3)]),
    "vote: height 0": (12, [vote(height=0)]),
    "vote: negative round": (12, [vote(round=-1)]),
    "vote: id of 31 bytes": (12, [vote(block_id=bytes(31))]),
    "vote: negative validator": (12, [vote(validator=-1)]),
    "vote: signature of 65 bytes": (12, [vote(signature=bytes(65))]),
    "round request: bit set too long": (13, [5, 0, [], [[0, 1, b"", bytes(17)]]]),
    "round request: too many sets": (13, [5, 0, [], [[0, 1, b"", b""]] * 65]),
    "round votes: another height": (14, [6, [VOTE]]),
    "round votes: too many": (14, [5, [VOTE] * 513]),
    "commit: height 0": (15, [[0, 0, ID, []]]),
    "commit: nil": (15, [[5, 0, b"", []]]),
    "commit: short signature": (15, [[5, 0, ID, [[0, bytes(63)]]]]),
    "commit: too many signatures": (15, [[5, 0, ID, [[0, SIGNATURE]] * 129]]),
    "block request: height 0": (16, [0, 1]),
    "block request: none": (16, [1, 0]),
    "block request: too many": (16, [1, 17]),
    "block answer: commit too long": (17, [5, b"", bytes(16 * 1024 + 1)]),
    "block bundles: none": (18, [5, 0, []]),
    "block bundles: negative position": (18, [5, -1, [b"x"]]),
    "no block: height 0": (19, [0, 0]),
    "evidence: of a third kind": (32, [[3, VOTE_FIELDS, VOTE_FIELDS]]),
    "evidence: one statement": (32, [[1, VOTE_FIELDS]]),
    "evidence: height 0": (32, [[1, VOTE_FIELDS, [1, 0, *VOTE_FIELDS[2:]]]]),
    "evidence: short signature": (32, [[1, [*VOTE_FIELDS[:5], bytes(63)], VOTE_FIELDS]]),
    "evidence: a proposal for nil": (32, [[2, [5, 1, b"", 0, 2, SIGNATURE], [5, 1, ID, 0, 2, SIGNATURE]]]),
    "evidence: a valid round to come": (32, [[2, [5, 1, ID, 0, 2, SIGNATURE], [5, 1, ID, 1, 2, SIGNATURE]]]),
}


@pytest.mark.parametrize(("tag", "fields"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_is_refused(tag, fields):
    with pytest.raises(RemoteProtocolError):
        read_all(FrameReader(CODEC, ALL), raw_frame(tag, encode([tag, *fields])))


def test_the_tag_inside_must_be_the_kind_of_the_frame():
    with pytest.raises(RemoteProtocolError, match="Ping"):
        read_all(FrameReader(CODEC, ALL), raw_frame(3, encode([4, 1])))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x92\x03\xcd\x00\x01",  # 1, written wider than needed
        b"\xdc\x00\x02\x03\x01",  # an array header wider than needed
        encode([3, 1]) + b"\x00",
        b"\x91" * 600,
    ],
    ids=["nothing", "never used", "wide integer", "wide array", "trailing byte", "deep"],
)
def test_one_message_has_one_encoding(payload):
    with pytest.raises(RemoteProtocolError):
        read_all(FrameReader(CODEC, ALL), raw_frame(3, payload))
