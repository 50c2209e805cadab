"""A home that was copied is noticed: on a real disk, and in memory."""

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from contracts.primitives.encoding import encode
from node.home import SIGNER_FILE
from node.identity.standing import PLACE_FILES, STANDING_FILE, Standing
from node.storage.files import DiskFiles, FileSystem, replace_file
from node.storage.memory_files import MemoryFiles, Operation, PowerLoss, Survive
from node.storage.slots import SlotFile, create_slots


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


@pytest.mark.parametrize("name", [PLACE_FILES[0], STANDING_FILE])
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


def begin_validator(files: FileSystem) -> None:
    create_slots(files, SIGNER_FILE, b"signed at height 0")
    Standing(files).allow(0)


def sign(files: FileSystem, record: bytes) -> None:
    slots = SlotFile(files, SIGNER_FILE)
    slots.open()
    slots.save(record)
    slots.close()


def put_back(backup: Path, home: Path, *, replaces: bool = True) -> None:
    """As `rsync -a`: what has the size and the time of the backup's is left alone; or with `--inplace`."""
    for old in backup.iterdir():
        new = home / old.name
        seen = [(file.stat().st_size, file.stat().st_mtime_ns) for file in (old, new) if file.exists()]
        if len(seen) == 1 or seen[0] != seen[1]:
            copy = home / "copied.tmp"
            shutil.copy2(old, copy if replaces else new)
            if replaces:
                copy.replace(new)


def make_homes(tmp_path: Path) -> tuple[Path, Path]:
    """Return a validator's home that votes, and a backup that it has signed something since."""
    home, backup = tmp_path / "home", tmp_path / "backup"
    home.mkdir()
    begin_validator(DiskFiles(home))
    assert votes_from(DiskFiles(home)) == 0
    shutil.copytree(home, backup)
    sign(DiskFiles(home), b"signed at height 9")
    return home, backup


def test_a_backup_put_over_its_home_is_noticed_by_the_record_that_it_replaces(tmp_path: Path) -> None:
    home, backup = make_homes(tmp_path)
    put_back(backup, home)
    assert votes_from(DiskFiles(home)) is None
    Standing(DiskFiles(home)).allow(12)
    # The record's inode may be the first one again.
    put_back(backup, home)
    assert votes_from(DiskFiles(home)) is None


def test_a_backup_written_into_the_files_of_its_home_is_noticed_when_it_is_of_an_earlier_start(
    tmp_path: Path,
) -> None:
    home, backup = make_homes(tmp_path)
    assert votes_from(DiskFiles(home)) == 0
    put_back(backup, home, replaces=False)
    assert votes_from(DiskFiles(home)) is None


def test_a_backup_put_over_files_in_memory_is_noticed() -> None:
    files = MemoryFiles()
    begin_validator(files)
    backup = files.copied()
    assert votes_from(files.put_back(backup)) == 0
    sign(files, b"signed at height 9")
    assert votes_from(files.put_back(backup)) is None


def test_a_record_that_is_written_stays_the_same_and_one_in_its_place_does_not(tmp_path: Path) -> None:
    for files in (DiskFiles(tmp_path), MemoryFiles()):
        begin_validator(files)
        sign(files, b"signed at height 1")
        assert votes_from(files) == 0
        replace_file(files, SIGNER_FILE, files.read(SIGNER_FILE) or b"")
        assert votes_from(files) is None


def write_earlier(files: FileSystem, height: int) -> None:
    """Let the home be as an earlier release left it."""
    replace_file(files, "place", b"here")
    body = encode((files.identity("place"), height))
    replace_file(files, STANDING_FILE, zlib.crc32(body).to_bytes(4, "big") + body)


def test_what_an_earlier_release_wrote_holds_once(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    home.mkdir()
    files = DiskFiles(home)
    begin_validator(files)
    write_earlier(files, 7)
    shutil.copytree(home, backup)
    assert votes_from(DiskFiles(backup)) is None
    assert votes_from(files) == 7
    assert votes_from(files) == 7
    put_back(backup, home)
    assert votes_from(files) is None


def test_an_earlier_word_of_a_home_that_may_not_vote_allows_nothing() -> None:
    files = MemoryFiles()
    begin_validator(files)
    body = encode((b"", 0))
    replace_file(files, STANDING_FILE, zlib.crc32(body).to_bytes(4, "big") + body)
    assert votes_from(files) is None


def allow_voting(files: FileSystem, height: int) -> None:
    """Let the home be as this release leaves it."""
    Standing(files).allow(height)


def stopped_at(files: MemoryFiles, point: int, survive: Survive, choose: Callable[[int], int]) -> MemoryFiles:
    """Start on these files, stop before an operation, and return what the next start finds."""

    def stop(operation: Operation) -> None:
        if operation.number == point:
            raise PowerLoss(operation.name)

    found = files.crash(Survive.KEPT, choose, stop)
    with pytest.raises(PowerLoss):
        votes_from(found)
    return found.crash(survive, choose)


def points_of(files: MemoryFiles) -> range:
    """Return the operations of a start."""
    found = files.crash(Survive.KEPT, lambda _count: 0)
    assert votes_from(found) == 7
    return range(1, found.operations + 1)


@pytest.mark.parametrize("begin", [allow_voting, write_earlier])
@pytest.mark.parametrize("survive", Survive)
def test_a_start_that_is_stopped_anywhere_twice_silences_nobody(
    begin: Callable[[FileSystem, int], None], survive: Survive
) -> None:
    whole, choose = MemoryFiles(), Random("stopped starts").randrange
    begin_validator(whole)
    begin(whole, 7)
    for point in points_of(whole):
        once = stopped_at(whole, point, Survive.KEPT, choose)
        for again in points_of(once):
            for _draw in range(4):
                assert votes_from(stopped_at(once, again, survive, choose)) == 7
        for _draw in range(4):
            assert votes_from(stopped_at(whole, point, survive, choose)) == 7


def test_only_one_place_is_left() -> None:
    files = MemoryFiles()
    begin_validator(files)
    for _start in range(3):
        assert votes_from(files) == 0
        assert len(set(files.names("")) & set(PLACE_FILES)) == 1
    Standing(files).suspend()
    assert not set(files.names("")) & set(PLACE_FILES)
