"""A home that was copied is noticed: on a real disk, and in memory."""

import shutil
from pathlib import Path

import pytest

from node.identity.standing import PLACE_FILE, STANDING_FILE, Standing
from node.storage.files import DiskFiles, FileSystem
from node.storage.memory_files import MemoryFiles, Survive


def votes_from(files: FileSystem) -> int | None:
    standing = Standing(files)
    standing.open()
    return standing.votes_from


def test_a_home_in_its_place_votes_from_the_height_that_it_was_told(tmp_path: Path) -> None:
    for files in (DiskFiles(tmp_path), MemoryFiles()):
        assert votes_from(files) is None
        Standing(files).allow(7)
        assert votes_from(files) == 7
        Standing(files).allow(9)
        assert votes_from(files) == 9


def test_a_copy_does_not_vote_nor_what_was_copied_back(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    home.mkdir()
    Standing(DiskFiles(home)).allow(0)
    shutil.copytree(home, backup)
    assert votes_from(DiskFiles(backup)) is None
    shutil.rmtree(home)
    shutil.copytree(backup, home)
    assert votes_from(DiskFiles(home)) is None
    Standing(DiskFiles(home)).allow(12)
    assert votes_from(DiskFiles(home)) == 12


def test_a_moved_folder_is_no_copy(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    Standing(DiskFiles(tmp_path / "home")).allow(3)
    (tmp_path / "home").rename(tmp_path / "elsewhere")
    assert votes_from(DiskFiles(tmp_path / "elsewhere")) == 3


def test_a_crash_in_memory_keeps_the_place_and_a_copy_does_not() -> None:
    files = MemoryFiles()
    Standing(files).allow(0)
    for survive in Survive:
        files = files.crash(survive, lambda _count: 0)
        assert votes_from(files) == 0
    backup = files.copied()
    assert votes_from(files) == 0
    assert votes_from(backup) is None
    Standing(backup).allow(5)
    assert votes_from(backup) == 5
    assert votes_from(backup.copied()) is None


@pytest.mark.parametrize("name", [PLACE_FILE, STANDING_FILE])
def test_what_is_missing_allows_nothing(tmp_path: Path, name: str) -> None:
    Standing(DiskFiles(tmp_path)).allow(0)
    (tmp_path / name).unlink()
    assert votes_from(DiskFiles(tmp_path)) is None


def test_damage_allows_nothing() -> None:
    files = MemoryFiles()
    Standing(files).allow(300)
    for offset in range(len(files.read(STANDING_FILE) or b"")):
        damaged = files.crash(Survive.KEPT, lambda _count: 0)
        damaged.flip(STANDING_FILE, offset, 3)
        assert votes_from(damaged) is None


def test_who_is_suspended_stays_so_until_it_is_allowed() -> None:
    files = MemoryFiles()
    standing = Standing(files)
    standing.allow(4)
    standing.suspend()
    assert standing.votes_from is None
    assert votes_from(files) is None
    standing.allow(8)
    assert votes_from(files) == 8
