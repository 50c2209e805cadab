"""Mirrored slots: no crash goes back behind what was saved, no single fault goes back at all."""

import pytest

from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.memory_files import MemoryFiles, Survive
from node.storage.slots import MAX_RECORD_BYTES, SLOT_BYTES, SlotFile, create_slots
from tests.unit.node.storage.faults import at_every_crash, fail_at, restarts


def text(number):
    return b"record %d" % number * 60


def opened(files):
    slots = SlotFile(files, "signer")
    slots.open()
    return slots


def filled(last=5):
    files = MemoryFiles()
    create_slots(files, "signer", text(0))
    slots = opened(files)
    for number in range(1, last + 1):
        slots.save(text(number))
    slots.close()
    return files


def test_the_last_record_comes_back():
    for last in range(6):
        assert opened(filled(last)).record == text(last)


def test_records_of_any_length_up_to_the_limit():
    files = filled()
    slots = opened(files)
    for length in (0, 1, MAX_RECORD_BYTES):
        slots.save(bytes(length))
        assert opened(files).record == bytes(length)
    with pytest.raises(ValueError, match="a slot holds"):
        slots.save(bytes(MAX_RECORD_BYTES + 1))
    slots.save(b"still usable")


def test_saving_costs_two_writes_and_one_sync():
    files = filled()
    slots = opened(files)
    before = files.operations
    slots.save(b"x")
    assert files.operations == before + 3


def test_no_crash_while_creating_leaves_half_a_file():
    def check(after, told):
        if after.read("signer") is None:
            assert not told
        else:
            slots = opened(after)
            assert slots.record == text(0)
            slots.save(text(1))
            assert all(opened(again).record == text(1) for again in restarts(after))

    def run(files, told):
        create_slots(files, "signer", text(0))
        told.append("durable")

    assert at_every_crash(lambda _files: None, run, check) == 5


def test_no_crash_goes_back_behind_what_was_saved():
    def prepare(files):
        create_slots(files, "signer", text(0))

    def run(files, told):
        slots = opened(files)
        for number in range(1, 6):
            slots.save(text(number))
            told.append(number)

    def check(after, told):
        saved = told[-1] if told else 0
        record = opened(after).record
        assert record in (text(saved), text(saved + 1))
        # What was read once stays, also when the power goes out again at once.
        for survive in (Survive.KEPT, Survive.DROPPED):
            assert opened(after.crash(survive, lambda _count: 0)).record == record

    assert at_every_crash(prepare, run, check) > 15


def test_one_flipped_bit_anywhere_changes_nothing_that_is_read():
    reference = filled()
    for offset in range(0, 4 * SLOT_BYTES, 13):
        files = reference.crash(Survive.KEPT, lambda _count: 0)
        files.flip("signer", offset, offset % 8)
        assert opened(files).record == text(5)


def test_one_damaged_page_changes_nothing_that_is_read_and_is_mended():
    for page in range(4):
        files = filled()
        files.open("signer").write_at(page * SLOT_BYTES, b"\xa5" * SLOT_BYTES)
        assert opened(files).record == text(5)
        assert opened(files).record == text(5)
        for other in range(4):
            again = files.crash(Survive.KEPT, lambda _count: 0)
            again.open("signer").write_at(other * SLOT_BYTES, b"\x5a" * SLOT_BYTES)
            assert opened(again).record == text(5)


def test_a_missing_shortened_or_blank_file_is_damage():
    with pytest.raises(StorageDamaged, match="signer: it is missing"):
        opened(MemoryFiles())
    files = filled()
    files.open("signer").truncate(SLOT_BYTES)
    with pytest.raises(StorageDamaged, match="it has 4096 bytes, expected 16384"):
        opened(files)
    files = filled()
    files.open("signer").write_at(0, bytes(4 * SLOT_BYTES))
    with pytest.raises(StorageDamaged, match="none of its four slots"):
        opened(files)


def test_two_copies_that_differ_are_damage():
    one, other = filled(5), filled(4)
    slots = opened(other)
    slots.save(b"another fifth")
    page = other.read("signer")[SLOT_BYTES : 2 * SLOT_BYTES]
    one.open("signer").write_at(SLOT_BYTES, page)
    with pytest.raises(StorageDamaged, match="copies of record 5 differ"):
        opened(one)


def test_after_a_failed_save_nothing_is_saved_any_more():
    for number in (1, 2, 3):
        files = filled()
        slots = opened(files)
        files._before = fail_at(files.operations + number)
        with pytest.raises(StorageFailed, match="No space left"):
            slots.save(b"x")
        files._before = None
        with pytest.raises(StorageFailed, match="earlier write"):
            slots.save(b"y")
        assert slots.record == text(5)
        slots.close()
        slots.close()
        with pytest.raises(StorageFailed, match="not open"):
            slots.save(b"z")
