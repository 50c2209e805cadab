"""The head marker: when a loss of the store shows."""

import pytest

from node.storage.errors import StorageDamaged
from node.storage.head_marker import (
    HeadMarker,
    MarkerState,
    check_head_marker,
    load_head_marker,
    save_head_marker,
)
from node.storage.memory_files import MemoryFiles, Survive
from tests.unit.node.storage.faults import at_every_crash


def app_hash(height):
    return height.to_bytes(32, "big")


def marked(height):
    files = MemoryFiles()
    save_head_marker(files, "head", HeadMarker(height, app_hash(height)))
    return files


@pytest.mark.parametrize(
    ("marker", "head", "state"),
    [(5, 5, MarkerState.AGREES), (5, 9, MarkerState.BEHIND), (0, 0, MarkerState.AGREES)],
)
def test_a_store_at_or_ahead_of_the_marker_is_normal(marker, head, state):
    assert check_head_marker(marked(marker), "head", head, app_hash) is state


@pytest.mark.parametrize("head", [4, 0, -1])
def test_a_store_behind_the_marker_is_damage(head):
    with pytest.raises(StorageDamaged, match=f"its head is height {head}, but height 5 was durable once"):
        check_head_marker(marked(5), "head", head, app_hash)


@pytest.mark.parametrize("found", [app_hash(6), None])
def test_another_app_hash_at_the_markers_height_is_damage(found):
    with pytest.raises(StorageDamaged, match="the app hash of height 5"):
        check_head_marker(marked(5), "head", 9, lambda _height: found)


def test_a_missing_marker_has_a_name():
    assert check_head_marker(MemoryFiles(), "head", 9, app_hash) is MarkerState.MISSING


def test_a_flipped_bit_anywhere_has_a_name():
    reference = marked(5)
    for offset in range(len(reference.read("head"))):
        files = reference.crash(Survive.KEPT, lambda _count: 0)
        files.flip("head", offset, offset % 8)
        assert check_head_marker(files, "head", 9, app_hash) is MarkerState.UNREADABLE


@pytest.mark.parametrize("content", [b"", b"abc", b"\x41\xd9\x12\xff\x00", b"\0\0\0\0"])
def test_a_file_that_is_no_marker_has_a_name(content):
    files = MemoryFiles()
    files.open("head").append(content)
    assert load_head_marker(files, "head") is MarkerState.UNREADABLE


def test_every_crash_leaves_the_old_marker_or_the_new_one():
    def prepare(files):
        save_head_marker(files, "head", HeadMarker(5, app_hash(5)))

    def run(files, told):
        save_head_marker(files, "head", HeadMarker(6, app_hash(6)))
        told.append("durable")

    def check(after, told):
        allowed = (6,) if told else (5, 6)
        assert load_head_marker(after, "head").height in allowed

    assert at_every_crash(prepare, run, check) == 5
