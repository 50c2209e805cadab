"""What the file system in memory forgets, and how it fails."""

import random

import pytest

from node.storage.errors import StorageFailed
from node.storage.files import replace_file
from node.storage.memory_files import MemoryFiles, PowerLoss, Survive
from tests.unit.node.storage.faults import at_every_crash, fail_at, stop_at


def never(_count):
    raise AssertionError("nothing to choose")


def test_unsynced_bytes_are_kept_or_dropped():
    files = MemoryFiles()
    replace_file(files, "a", b"durable")
    file = files.open("a")
    file.append(b" and more")
    file.write_at(0, b"D")
    assert files.crash(Survive.KEPT, never).read("a") == b"Durable and more"
    assert files.crash(Survive.DROPPED, never).read("a") == b"durable"


def test_an_unsynced_name_is_dropped_even_when_its_bytes_are_synced():
    files = MemoryFiles()
    file = files.open("a")
    file.append(b"x")
    file.sync()
    assert files.crash(Survive.DROPPED, never).names("") == []
    files.sync_folder("")
    assert files.crash(Survive.DROPPED, never).read("a") == b"x"


def test_an_unsynced_removal_or_rename_comes_back():
    files = MemoryFiles()
    replace_file(files, "a", b"1")
    replace_file(files, "b", b"2")
    files.remove("a")
    files.rename("b", "c")
    dropped = files.crash(Survive.DROPPED, never)
    assert dropped.names("") == ["a", "b"]
    assert files.crash(Survive.KEPT, never).names("") == ["c"]
    seen = {tuple(files.crash(Survive.TORN, random.Random(seed).randrange).names("")) for seed in range(20)}
    assert seen == {("a", "b"), ("b",), ("c",)}


def test_a_process_that_ends_makes_nothing_durable():
    """Whoever comes next sees everything, and the power may still take it."""
    files = MemoryFiles()
    replace_file(files, "a", b"durable")
    files.open("a").append(b" and more")
    files.rename("a", "b")
    files.open("c").append(b"new")
    killed = files.crash(Survive.KEPT, never).crash(Survive.KEPT, never)
    assert (killed.read("b"), killed.read("c")) == (b"durable and more", b"new")
    dropped = killed.crash(Survive.DROPPED, never)
    assert (dropped.names(""), dropped.read("a")) == (["a"], b"durable")
    killed.open("b").sync()
    assert killed.crash(Survive.DROPPED, never).read("a") == b"durable and more"
    killed.sync_folder("")
    assert killed.crash(Survive.DROPPED, never).names("") == ["b", "c"]
    assert killed.crash(Survive.DROPPED, never).read("c") == b""
    assert files.crash(Survive.DROPPED, never).names("") == ["a"]


def test_what_was_left_alone_for_a_while_is_durable_and_so_is_a_copy():
    files = MemoryFiles()
    files.open("a").append(b"x")
    for later in (files.settled(), files.copied()):
        assert later.crash(Survive.DROPPED, never).read("a") == b"x"
    assert files.settled().identity("a") == files.identity("a")
    assert files.copied().identity("a") != files.identity("a")
    assert files.crash(Survive.DROPPED, never).names("") == []


def test_torn_writes_mix_sectors_of_512_bytes():
    files = MemoryFiles()
    replace_file(files, "a", b"o" * 1024)
    files.open("a").write_at(0, b"n" * 2048)
    seen = {files.crash(Survive.TORN, random.Random(seed).randrange).read("a") for seed in range(200)}
    lengths = {len(content) for content in seen}
    assert lengths == {1024, 2048}
    for content in seen:
        sectors = [set(content[at : at + 512]) for at in range(0, len(content), 512)]
        assert all(len(sector) == 1 for sector in sectors)
    first_sectors = {content[:1] for content in seen}
    grown = {content[1024:1025] for content in seen if len(content) == 2048}
    assert first_sectors == {b"o", b"n"}
    assert grown == {b"\0", b"n"}


def test_a_truncation_may_be_undone():
    files = MemoryFiles()
    replace_file(files, "a", b"x" * 600)
    files.open("a").truncate(10)
    seen = {files.crash(Survive.TORN, random.Random(seed).randrange).read("a") for seed in range(20)}
    assert seen == {b"x" * 600, b"x" * 10}


def test_an_operation_fails_and_a_write_is_half_done():
    files = MemoryFiles(fail_at(2))
    file = files.open("a")
    with pytest.raises(StorageFailed, match="No space left"):
        file.append(b"abcd")
    assert files.read("a") == b"ab"


def test_the_power_goes_out_before_an_operation():
    files = MemoryFiles(stop_at(2))
    file = files.open("a")
    with pytest.raises(PowerLoss, match="append a"):
        file.append(b"abcd")
    assert files.read("a") == b""


def test_a_flipped_bit_is_durable():
    files = MemoryFiles()
    replace_file(files, "a", b"\x00")
    files.open("a").append(b"unsynced")
    files.flip("a", 0, 3)
    assert files.crash(Survive.DROPPED, never).read("a") == b"\x08"


def test_replacing_a_file_leaves_the_old_or_the_new_one_at_every_crash():
    def prepare(files):
        replace_file(files, "a", b"old" * 500)

    def run(files, told):
        replace_file(files, "a", b"new" * 700)
        told.append("durable")

    def check(after, told):
        allowed = {b"new" * 700} if told else {b"old" * 500, b"new" * 700}
        assert after.read("a") in allowed

    assert at_every_crash(prepare, run, check) == 5
