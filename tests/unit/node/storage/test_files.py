"""The contract of `FileSystem`, on a real disk and in memory."""

import errno
import os
from pathlib import Path

import pytest

from node.storage.errors import StorageFailed, StorageFull
from node.storage.files import DiskFiles, folder_of, replace_file
from node.storage.memory_files import MemoryFiles


@pytest.fixture(params=["disk", "memory"])
def files(request, tmp_path):
    return MemoryFiles() if request.param == "memory" else DiskFiles(tmp_path)


def test_a_file_is_written_at_its_end_and_in_its_middle(files):
    file = files.open("a")
    assert (file.size(), files.read("a")) == (0, b"")
    file.append(b"hello ")
    file.append(b"world")
    file.write_at(0, b"J")
    file.write_at(9, b"ly!")
    file.sync()
    assert (file.size(), files.read("a")) == (12, b"Jello worly!")
    file.truncate(5)
    assert (file.size(), files.read("a")) == (5, b"Jello")
    file.close()
    file.close()


def test_opening_an_existing_file_keeps_its_content(files):
    replace_file(files, "a", b"one")
    file = files.open("a")
    file.append(b"two")
    file.close()
    assert files.read("a") == b"onetwo"


def test_files_are_renamed_removed_and_listed(files):
    files.make_folder("deep/folder")
    files.make_folder("deep/folder")
    for name in ("b", "a"):
        replace_file(files, f"deep/folder/{name}", name.encode())
    assert files.names("deep/folder") == ["a", "b"]
    assert files.names("deep") == []
    assert files.names("nowhere") == []
    files.rename("deep/folder/a", "deep/folder/b")
    assert files.read("deep/folder/b") == b"a"
    assert files.read("deep/folder/a") is None
    files.remove("deep/folder/b")
    files.remove("deep/folder/b")
    files.sync_folder("deep/folder")
    assert files.names("deep/folder") == []


def test_a_file_of_somebody_else_is_synced(files):
    replace_file(files, "a", b"x")
    files.sync_file("a")
    assert files.read("a") == b"x"
    with pytest.raises(StorageFailed, match="No such file"):
        files.sync_file("b")


def test_a_file_is_replaced_whole_even_after_an_attempt_that_was_cut_short(files):
    leftover = files.open("a.new")
    leftover.append(b"left by a crash, and longer than what follows")
    leftover.close()
    replace_file(files, "a", b"first")
    replace_file(files, "a", b"second")
    assert files.read("a") == b"second"
    assert files.names("") == ["a"]


def test_what_the_system_refuses_is_a_storage_failure(files):
    with pytest.raises(StorageFailed, match="No such file"):
        files.open("nowhere/a")
    with pytest.raises(StorageFailed, match="No such file"):
        files.rename("a", "b")


def test_folder_of():
    assert folder_of("a/b/c") == "a/b"
    assert folder_of("c") == ""


def test_on_disk_files_and_folders_are_private(tmp_path):
    files = DiskFiles(tmp_path)
    files.make_folder("secret")
    replace_file(files, "secret/key", b"x")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "secret/key").stat().st_mode & 0o777 == 0o600


def test_on_disk_a_file_that_may_only_be_read_is_synced(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "a").chmod(0o400)
    DiskFiles(tmp_path).sync_file("a")


def test_on_disk_folders_that_are_there_are_made_durable_too(tmp_path, monkeypatch):
    """Who made them may have ended just then."""
    root = tmp_path / "above" / "root"
    (root / "deep" / "folder").mkdir(parents=True)
    synced = []

    def sync(path):
        if path == tmp_path / "above":
            raise PermissionError
        synced.append(path)

    monkeypatch.setattr("node.storage.files._sync_directory", sync)
    DiskFiles(root).make_folder("deep/folder")
    assert synced == [root, root / "deep"]
    DiskFiles(tmp_path).make_folder("new/one")
    assert synced[2:] == [tmp_path.parent, tmp_path, tmp_path / "new"]


def test_on_disk_a_closed_file_refuses(tmp_path):
    file = DiskFiles(tmp_path).open("a")
    file.close()
    for use in (file.size, file.sync, lambda: file.append(b"x"), lambda: file.truncate(0)):
        with pytest.raises(StorageFailed, match="closed"):
            use()


def test_on_disk_nothing_stays_open(tmp_path):
    files = DiskFiles(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        files.make_folder("folder")
        replace_file(files, "folder/a", b"x")
        files.sync_folder("folder")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_on_disk_a_full_device_is_a_storage_failure(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    file = DiskFiles(tmp_path).open("full")
    with pytest.raises(StorageFull, match="No space left"):
        file.write_at(0, b"x")
    file.close()


@pytest.mark.parametrize(
    ("number", "is_full"), [(errno.ENOSPC, True), (errno.EDQUOT, True), (errno.EIO, False)]
)
def test_on_disk_want_of_room_is_told_from_other_failures(tmp_path, monkeypatch, number, is_full):
    """A quota that is used up is want of room; a disk that fails is not."""
    file = DiskFiles(tmp_path).open("a")

    def refuse(*_arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(StorageFailed, match=os.strerror(number)) as caught:
        file.append(b"x")
    file.close()
    assert isinstance(caught.value, StorageFull) == is_full
