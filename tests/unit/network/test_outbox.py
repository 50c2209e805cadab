"""What waits for a peer leaves by priority, joined, and within bounds."""

from network.wire.frames import Frame, Priority
from network.wire.outbox import CHUNK_BYTES, MAX_PASSED_OVER, MAX_WAITING_BYTES, Outbox


def frame(data, priority=Priority.URGENT):
    return Frame(data, priority)


def test_small_frames_leave_together_in_order():
    outbox = Outbox()
    for letter in (b"a", b"b", b"c"):
        assert outbox.put(frame(letter))
    assert outbox.waiting_bytes == 3
    assert outbox.take() == b"abc"
    assert not outbox
    assert outbox.take() == b""


def test_the_urgent_leave_first():
    outbox = Outbox()
    outbox.put(frame(b"block", Priority.BLOCKS))
    outbox.put(frame(b"bundle", Priority.BUNDLES))
    outbox.put(frame(b"vote"))
    assert [outbox.take(), outbox.take(), outbox.take()] == [b"vote", b"bundle", b"block"]


def test_a_long_frame_leaves_alone_and_is_not_copied():
    outbox = Outbox()
    long = bytes(CHUNK_BYTES + 1)
    outbox.put(frame(b"a"))
    outbox.put(frame(long))
    outbox.put(frame(b"b"))
    assert outbox.take() == b"a"
    assert outbox.take() is long
    assert outbox.take() == b"b"


def test_who_waits_is_not_starved():
    outbox = Outbox()
    outbox.put(frame(b"block", Priority.BLOCKS))
    taken = []
    for _ in range(MAX_PASSED_OVER + 1):
        outbox.put(frame(b"vote"))
        taken.append(outbox.take())
    assert taken == [b"vote"] * MAX_PASSED_OVER + [b"block"]


def test_a_class_that_is_full_takes_no_more_and_leaves_others_alone():
    outbox = Outbox()
    piece = bytes(1 << 20)
    count = 0
    while outbox.put(frame(piece, Priority.BLOCKS)):
        count += 1
    assert count == MAX_WAITING_BYTES[Priority.BLOCKS] >> 20
    assert outbox.put(frame(b"vote"))
    assert outbox.take() == b"vote"
    outbox.take()
    assert outbox.put(frame(piece, Priority.BLOCKS))
