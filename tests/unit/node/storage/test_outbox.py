"""The outbox: nothing is pushed that is not durable, no sequence is used twice, no document is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.memory_files import MemoryFiles, Survive
from node.storage.outbox import Outbox, OutboxEntry
from node.storage.segments import SegmentedLog
from tests.unit.node.storage.faults import at_every_crash, fail_at, restarts
from tests.unit.node.storage.test_log import marks

LANE, OTHER = b"a" * 32, b"b" * 32


def entry(sequence, lane=LANE, size=100):
    data = lane[:1] + b"%d" % sequence * size
    return OutboxEntry(lane, sequence - 1, sequence, sequence.to_bytes(32, "big"), data)


def opened(files, segment_bytes=2_000):
    outbox = Outbox(files, "outbox", segment_bytes, marks())
    outbox.recover()
    return outbox


def sequences(outbox, lane=None):
    return [one.sequence for one in outbox.entries(lane)]


def test_entries_come_back_in_order_of_lane_and_sequence():
    files = MemoryFiles()
    outbox = opened(files)
    assert outbox.entries() == ()
    outbox.put([entry(1, OTHER)])
    outbox.put([entry(1), entry(2)])
    outbox.close()
    outbox = opened(files)
    assert outbox.entries() == (entry(1), entry(2), entry(1, OTHER))
    assert outbox.entries(LANE) == (entry(1), entry(2))
    assert (outbox.last_used(LANE), outbox.last_used(OTHER), outbox.last_used(b"c")) == (2, 1, 0)


def test_removed_entries_stay_away():
    files = MemoryFiles()
    outbox = opened(files)
    outbox.put([entry(1), entry(2), entry(3)])
    outbox.remove([(LANE, 1), (LANE, 9), (OTHER, 2)])
    outbox.remove([(LANE, 1)])
    assert sequences(outbox) == [2, 3]
    outbox.put([entry(4)], replaced=[(LANE, 2), (LANE, 3)])
    outbox.close()
    assert sequences(opened(files)) == [4]


def test_a_sequence_is_never_used_twice():
    files = MemoryFiles()
    outbox = opened(files)
    outbox.put([entry(5)])
    for sequence in (4, 5):
        with pytest.raises(ValueError, match="used already"):
            outbox.put([entry(sequence)])
    outbox.put([entry(5, OTHER)])


def test_the_last_sequence_outlives_the_file_that_held_it():
    files = MemoryFiles()
    outbox = opened(files)
    outbox.put([entry(7, OTHER)])
    outbox.remove([(OTHER, 7)])
    for sequence in range(1, 40):
        outbox.put([entry(sequence)])
        outbox.remove([(LANE, sequence)])
    assert "000000000001.seg" not in files.names("outbox")
    assert len(files.names("outbox")) <= 2
    outbox.close()
    outbox = opened(files)
    assert (outbox.last_used(OTHER), outbox.last_used(LANE)) == (7, 39)


def test_a_put_costs_one_sync_and_a_removal_none():
    files = MemoryFiles()
    outbox = opened(files, 1 << 20)
    before = files.operations
    outbox.put([entry(1), entry(2)])
    assert files.operations == before + 2
    outbox.remove([(LANE, 1)])
    assert files.operations == before + 3


def test_no_crash_loses_a_put_or_half_of_a_replacement():
    def run(files, told):
        outbox = opened(files)
        for sequence in range(1, 25, 2):
            outbox.put([entry(sequence), entry(sequence + 1)])
            told.append(("put", sequence))
            if sequence % 3 == 0:
                outbox.put([], replaced=[(LANE, sequence)])
                told.append(("replaced", sequence))
        outbox.close()

    def check(after, told):
        outbox = opened(after)
        found = sequences(outbox)
        put = [sequence for what, sequence in told if what == "put"]
        replaced = {sequence for what, sequence in told if what == "replaced"}
        for sequence in put:
            assert sequence + 1 in found
            assert (sequence in found) != (sequence in replaced) or sequence == put[-1]
        assert all((one % 2 == 1 and one + 1 in found) or one % 2 == 0 for one in found)
        outbox.put([entry(outbox.last_used(LANE) + 1)])

    assert at_every_crash(lambda _files: None, run, check) > 30


def test_nothing_that_was_put_after_a_kill_is_lost_with_the_power():
    """Wherever the process was killed: also between a new file and its name."""

    def run(files, _told):
        outbox = opened(files, 700)
        for sequence in range(1, 12):
            outbox.put([entry(sequence)])

    def check(after, _told):
        outbox = opened(after, 700)
        following = outbox.last_used(LANE) + 1
        outbox.put([entry(following)])
        for again in restarts(after):
            found = opened(again, 700)
            assert found.last_used(LANE) == following
            assert found.entries() == outbox.entries()

    assert at_every_crash(lambda _files: None, run, check) > 30


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_outbox_equals_a_dictionary_across_restarts(data):
    files, model, used = MemoryFiles(), {}, 0
    outbox = opened(files, 700)
    for _step in range(data.draw(st.integers(1, 25))):
        known = sorted(model)
        gone = data.draw(st.lists(st.sampled_from(known), unique=True)) if known else []
        match data.draw(st.sampled_from(("put", "remove", "restart"))):
            case "put":
                added = [entry(used + 1 + at, size=data.draw(st.integers(1, 60))) for at in range(2)]
                used += 2
                outbox.put(added, [(LANE, sequence) for sequence in gone])
                model = {key: one for key, one in model.items() if key not in gone}
                model |= {one.sequence: one for one in added}
            case "remove":
                outbox.remove([(LANE, sequence) for sequence in gone])
                model = {key: one for key, one in model.items() if key not in gone}
            case "restart":
                files = files.crash(Survive.KEPT, lambda _count: 0)
                outbox = opened(files, 700)
        assert outbox.entries() == tuple(model[key] for key in sorted(model))
        assert outbox.last_used(LANE) == used


def test_when_the_disk_is_full_nothing_is_added_any_more():
    files = MemoryFiles()
    outbox = opened(files)
    outbox.put([entry(1)])
    files._before = fail_at(files.operations + 2)
    with pytest.raises(StorageFailed, match="No space left"):
        outbox.put([entry(2)])
    files._before = None
    with pytest.raises(StorageFailed, match="earlier write"):
        outbox.put([entry(3)])


@pytest.mark.parametrize(("kind", "payload"), [(2, b""), (1, b"\xc0")])
def test_records_that_do_not_decode_are_damage(kind, payload):
    files = MemoryFiles()
    log = SegmentedLog(files, "outbox", 2_000, marks())
    log.recover()
    log.append(kind, 4, payload)
    log.sync()
    with pytest.raises(StorageDamaged, match="outbox, step 4"):
        opened(files)


def test_the_oldest_file_may_not_be_gone_unless_it_was_released():
    """Else own bundles would be lost, and nobody would know."""
    files = MemoryFiles()
    outbox = opened(files, 600)
    for sequence in range(1, 9):
        outbox.put([entry(sequence)])
    outbox.remove([(LANE, 1), (LANE, 2), (LANE, 3)])
    outbox.put([entry(9)])
    outbox.close()
    names = files.names("outbox")
    assert names[0] != "000000000001.seg"
    assert sequences(opened(files, 600)) == [4, 5, 6, 7, 8, 9]
    files.remove(f"outbox/{names[0]}")
    with pytest.raises(StorageDamaged, match="outbox/: a file is missing"):
        opened(files, 600)
