"""The segmented log and the consensus log: order, crashes, torn tails, damage, release."""

import random
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consensus.effects import BundlesAvailable, Timeout
from consensus.values import Timer
from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.frames import (
    FRAME_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    SEGMENT_HEADER_BYTES,
    Record,
    encode_frame,
    encode_segment_header,
)
from node.storage.log import ConsensusLog, LoggedInput
from node.storage.memory_files import MemoryFiles, Survive
from node.storage.segments import SegmentedLog
from tests.unit.node.storage.faults import at_every_crash, fail_at, restarts

SEGMENT_BYTES = 400


def marks():
    """Marks that differ from file to file, as random ones do."""
    numbers = count(random.Random(0).randrange(1 << 60))
    return lambda length: next(numbers).to_bytes(length, "big")


def open_log(files, segment_bytes=SEGMENT_BYTES):
    log = SegmentedLog(files, "log", segment_bytes, marks())
    return log, log.recover()


def record(number, size=60):
    return Record(number % 250, number, bytes((number % 256,)) * size)


def append(log, entry):
    return log.append(entry.kind, entry.number, entry.payload)


def names(files):
    return files.names("log")


# ------------------------------------------------------------------------------------- the usual way


def test_what_was_appended_comes_back_in_order():
    files = MemoryFiles()
    log, found = open_log(files)
    assert found == []
    written = [record(number, size) for number, size in enumerate((0, 1, 500, 60, 60, 60, 60, 60))]
    for entry in written:
        append(log, entry)
    log.sync()
    log.close()
    assert open_log(files)[1] == written
    assert len(names(files)) > 1


def test_a_reopened_log_is_appended_to():
    files = MemoryFiles()
    for number in range(20):
        log, found = open_log(files)
        assert found == [record(at) for at in range(number)]
        append(log, record(number))
        log.sync()
        log.close()


def test_one_sync_covers_many_appends_and_an_idle_one_costs_nothing():
    files = MemoryFiles()
    log, _found = open_log(files, 1 << 20)
    before = files.operations
    for number in range(10):
        append(log, record(number))
    log.sync()
    log.sync()
    assert files.operations == before + 11


def test_files_are_released_when_all_their_records_are_old():
    files = MemoryFiles()
    log, _found = open_log(files)
    for number in range(20):
        append(log, record(number))
    log.sync()
    assert (log.first_segment, log.segment) == (1, 5)
    log.release(2)
    assert log.first_segment == 1
    log.release(3)
    assert log.first_segment == 2
    log.release(1_000)
    assert len(names(files)) == 1, "the file that is appended to stays"
    log.close()
    assert [entry.number for entry in open_log(files)[1]] == [16, 17, 18, 19]


def test_a_file_with_one_newer_record_keeps_all_after_it():
    files = MemoryFiles()
    log, _found = open_log(files)
    for number in (1, 9, 1, 1, 1, 1, 1, 1, 1, 1):
        append(log, record(number))
    log.release(5)
    assert log.first_segment == 1


def test_a_payload_that_no_reader_would_accept_is_refused_and_the_log_goes_on():
    log, _found = open_log(MemoryFiles())
    with pytest.raises(ValueError, match="at most"):
        log.append(1, 1, bytes(MAX_PAYLOAD_BYTES + 1))
    append(log, record(1))
    log.sync()


def test_a_log_that_was_not_recovered_or_is_closed_refuses():
    log = SegmentedLog(MemoryFiles(), "log", SEGMENT_BYTES, marks())
    with pytest.raises(StorageFailed, match="not open"):
        append(log, record(1))
    log.recover()
    log.close()
    log.close()
    with pytest.raises(StorageFailed, match="not open"):
        log.sync()


def test_after_a_failed_operation_nothing_is_appended_or_synced_any_more():
    total = 0
    for number in count(1):
        files = MemoryFiles()
        log, _found = open_log(files)
        files._before = fail_at(files.operations + number)
        try:
            for at in range(10):
                append(log, record(at))
                log.sync()
        except StorageFailed:
            total += 1
        else:
            break
        files._before = None
        with pytest.raises(StorageFailed, match="earlier write"):
            append(log, record(99))
        with pytest.raises(StorageFailed, match="earlier write"):
            log.sync()
    assert total > 20


# ------------------------------------------------------------------------------------------ crashes


def check_prefix(after, told):
    """All that was synced is there, in order, and only what was appended; and the log goes on."""
    log, found = open_log(after)
    assert found == [record(number) for number in range(len(found))]
    assert len(found) >= (told[-1] if told else 0)
    append(log, record(len(found)))
    log.sync()
    log.close()
    for again in restarts(after):
        assert len(open_log(again)[1]) == len(found) + 1


def test_no_crash_loses_what_was_synced_or_stops_the_log():
    def run(files, told):
        log, _found = open_log(files)
        for number in range(12):
            append(log, record(number))
            if number % 3 == 2:
                log.sync()
                told.append(number + 1)
        log.close()

    assert at_every_crash(lambda _files: None, run, check_prefix) > 20


def test_no_crash_while_recovering_loses_anything():
    def prepare(files):
        log, _found = open_log(files)
        for number in range(5):
            append(log, record(number))
        log.sync()
        name = f"log/{names(files)[-1]}"
        torn = files.open(name)
        torn.append(b"a torn tail")
        torn.sync()

    def run(files, told):
        told.append(5)
        open_log(files)

    assert at_every_crash(prepare, run, check_prefix) == 3


def test_no_crash_while_releasing_leaves_a_gap():
    def prepare(files):
        log, _found = open_log(files)
        for number in range(20):
            append(log, record(number))
        log.sync()
        log.close()

    def run(files, told):
        log, _found = open_log(files)
        log.release(11)
        told.append("released")

    def check(after, told):
        _log, found = open_log(after)
        numbers = [entry.number for entry in found]
        assert numbers == list(range(numbers[0], 20))
        assert numbers[0] <= 12
        assert not told or numbers[0] == 12

    assert at_every_crash(prepare, run, check) >= 6


# ------------------------------------------------------------------------------------------- damage


def filled(records=20):
    files = MemoryFiles()
    log, _found = open_log(files)
    for number in range(records):
        append(log, record(number))
        log.sync()
    log.close()
    return files


def test_every_flipped_bit_is_named_or_cuts_only_the_last_record():
    reference = filled()
    tail = FRAME_HEADER_BYTES + 60
    for short in names(reference):
        name = f"log/{short}"
        size = len(reference.read(name))
        for offset in range(0, size, 7):
            files = reference.crash(Survive.KEPT, lambda _count: 0)
            files.flip(name, offset, offset % 8)
            if short == names(reference)[-1] and offset >= size - tail:
                assert [entry.number for entry in open_log(files)[1]] == list(range(19))
                continue
            with pytest.raises(StorageDamaged) as caught:
                open_log(files)
            assert caught.value.where == name
            assert "offset" in caught.value.reason


def test_a_truncated_file_that_is_not_the_last_is_named_with_its_offset():
    files = filled()
    name = f"log/{names(files)[1]}"
    size = len(files.read(name))
    files.open(name).truncate(size - 10)
    with pytest.raises(StorageDamaged, match=f"{name}: offset {size - FRAME_HEADER_BYTES - 60}"):
        open_log(files)


def test_a_missing_file_between_others_is_named():
    files = filled()
    gone = f"log/{names(files)[2]}"
    files.remove(gone)
    with pytest.raises(StorageDamaged, match=f"{gone}: the file is missing"):
        open_log(files)


def test_a_last_file_that_was_cut_short_while_it_was_made_is_removed():
    for length in (0, 5, SEGMENT_HEADER_BYTES):
        files = filled()
        last = int(names(files)[-1].partition(".")[0])
        torn = files.open(f"log/{last + 1:012d}.seg")
        torn.append(
            encode_segment_header(last + 1, bytes(8))[:length].ljust(length, b"\0")[: length - 1] + b"\0"
        )
        log, found = open_log(files)
        assert len(found) == 20
        assert log.segment == last


def test_a_file_under_another_index_is_damage():
    files = filled()
    first, second = (f"log/{name}" for name in names(files)[:2])
    files.rename(first, second)
    files.rename(second, first)
    for name in names(files)[1:]:
        files.remove(f"log/{name}")
    files.rename(first, "log/000000000007.seg")
    with pytest.raises(StorageDamaged, match="not the header of segment 7"):
        open_log(files)


def test_a_length_that_leads_out_of_the_file_is_damage_when_records_follow():
    files = filled(3)
    name = f"log/{names(files)[0]}"
    files.open(name).write_at(SEGMENT_HEADER_BYTES + 8, b"\xff\xff\xff\xff")
    with pytest.raises(StorageDamaged, match="does not fit"):
        open_log(files)


def test_a_payload_cannot_pretend_to_be_a_later_record():
    """A peer's bundle holding a whole frame, torn in front of it, must not look like damage."""
    files = MemoryFiles()
    log, _found = open_log(files, 1 << 20)
    append(log, record(0))
    log.sync()
    forged = encode_frame(bytes(8), 5_000, 4_000, record(7))
    append(log, Record(1, 1, bytes(600) + forged * 20))
    log.close()
    for after in restarts(files):
        assert [entry.number for entry in open_log(after)[1]] in ([0], [0, 1])


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_torn_tail_anywhere_is_cut_and_the_synced_part_stays(data):
    files = MemoryFiles()
    log, _found = open_log(files, 1 << 20)
    synced = data.draw(st.integers(0, 4))
    for number in range(synced):
        append(log, record(number))
    log.sync()
    for number in range(synced, synced + data.draw(st.integers(0, 4))):
        append(log, record(number, data.draw(st.sampled_from((0, 60, 700, 2_000)))))
    seed = data.draw(st.integers(0, 1 << 30))
    after = files.crash(Survive.TORN, random.Random(seed).randrange)
    found = open_log(after, 1 << 20)[1]
    assert [entry.number for entry in found] == list(range(len(found)))
    assert len(found) >= synced


# ------------------------------------------------------------------------------------ consensus log


def open_consensus_log(files, segment_bytes=2_000):
    log = ConsensusLog(files, "log", segment_bytes, marks())
    return log, log.recover()


def identifier(number):
    return number.to_bytes(32, "big")


def test_inputs_blocks_and_bundles_come_back():
    files = MemoryFiles()
    log, recovered = open_consensus_log(files)
    assert (recovered.inputs, recovered.blocks, recovered.bundles) == ((), {}, {})
    events = (BundlesAvailable(1), Timeout(Timer.PROPOSE, 1, 0))
    log.append_input(1, events[0])
    log.append_block(1, identifier(1), b"block")
    log.append_bundle(1, identifier(2), b"bundle")
    log.append_input(2, events[1])
    log.sync()
    log.close()
    _log, recovered = open_consensus_log(files)
    assert recovered.inputs == (LoggedInput(1, events[0]), LoggedInput(2, events[1]))
    assert recovered.blocks == {identifier(1): b"block"}
    assert recovered.bundles == {identifier(2): b"bundle"}


def test_a_bundle_is_appended_once_while_its_file_lives_and_again_after_a_release():
    files = MemoryFiles()
    log, _recovered = open_consensus_log(files)
    log.append_bundle(1, identifier(1), b"x" * 1_000)
    before = files.operations
    log.append_bundle(1, identifier(1), b"x" * 1_000)
    assert files.operations == before
    for height in range(2, 6):
        log.append_bundle(height, identifier(height), b"y" * 1_000)
    log.release(1)
    before = files.operations
    log.append_bundle(6, identifier(2), b"y" * 1_000)
    assert files.operations == before, "its file is still there"
    log.append_bundle(6, identifier(1), b"x" * 1_000)
    log.sync()
    log.close()
    log, recovered = open_consensus_log(files)
    assert recovered.bundles[identifier(1)] == b"x" * 1_000
    before = files.operations
    log.append_bundle(6, identifier(1), b"x" * 1_000)
    assert files.operations > before, "what was recovered is appended anew when it is needed"


@pytest.mark.parametrize(
    ("kind", "payload", "message"),
    [(9, b"", "unknown kind 9"), (1, b"\x93\x08\x01", "height 3"), (1, b"\xc0", "height 3")],
)
def test_records_that_do_not_decode_are_damage(kind, payload, message):
    files = MemoryFiles()
    log, _found = open_log(files)
    log.append(kind, 3, payload)
    log.sync()
    with pytest.raises(StorageDamaged, match=message):
        open_consensus_log(files)
