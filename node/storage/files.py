"""Files as the node uses them: few operations, each one a place where a machine may crash.

Everything that must survive a power cut outside the database (consensus log, signer record, outbox, head
marker) goes through the `FileSystem` protocol, so that the simulator runs this very code over
`memory_files.MemoryFiles`, which loses what was not fsynced. Names are relative to the file system's root,
with `/` between folder and file.

What a caller may rely on: bytes are durable after `OpenFile.sync`; that a file exists, is renamed or removed
is durable after `sync_folder` of its folder; a rename is atomic. Nothing else. In particular, to find
something proves nothing: the process that made it may have ended before it was synced, and the power may
still take it. So whoever opens what another process left syncs it before acting on it.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from node.storage.errors import StorageFailed, StorageFull

MIN_FREE_BYTES: Final = 1 << 30
"""What a node wants to be free on its disk: the chain must not run out of room for want of something else."""
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


class OpenFile(Protocol):
    """A file open for writing."""

    def size(self) -> int:
        """Return the present length in bytes."""
        ...

    def append(self, data: bytes) -> None:
        """Write `data` at the end."""
        ...

    def write_at(self, offset: int, data: bytes) -> None:
        """Overwrite bytes from `offset` on, which lies at or before the end."""
        ...

    def truncate(self, length: int) -> None:
        """Cut the file to `length` bytes."""
        ...

    def sync(self) -> None:
        """Return when every byte written so far, and the length, are durable."""
        ...

    def close(self) -> None:
        """Close; closing twice is allowed. Does not sync."""
        ...


class FileSystem(Protocol):
    """A folder tree.

    All methods raise StorageFailed when the operating system refuses; StorageFull for want of room.
    """

    def read(self, name: str) -> bytes | None:
        """Return the whole content, or None when there is no such file."""
        ...

    def open(self, name: str) -> OpenFile:
        """Open for writing, creating an empty file (mode 0600) when there is none."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give the file another name in the same folder, replacing what has it; atomic."""
        ...

    def remove(self, name: str) -> None:
        """Remove the file; a missing one is no error."""
        ...

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in `folder`, sorted, without it; none when it does not exist."""
        ...

    def make_folder(self, folder: str) -> None:
        """Create the folder (mode 0700) and those above it; existing ones are no error. Durable."""
        ...

    def sync_folder(self, folder: str) -> None:
        """Return when every creation, rename and removal in `folder` (empty for the root) is durable."""
        ...

    def sync_file(self, name: str) -> None:
        """Return when every byte of a file is durable, whoever wrote it."""
        ...

    def identity(self, name: str) -> bytes | None:
        """Return what tells this file from every copy of it, as long as nothing changes it; None for none."""
        ...

    def inode(self, name: str) -> bytes | None:
        """Return what tells this file, however its bytes change, from one put in its place; None for none."""
        ...

    def free_bytes(self) -> int:
        """Return how much more this disk takes, as far as it knows."""
        ...


def folder_of(name: str) -> str:
    """Return the folder part of a name; empty for the root."""
    return name.rpartition("/")[0]


def replace_file(files: FileSystem, name: str, data: bytes) -> None:
    """Make `data` the content of `name`, durably: after a crash the file is the old one or the new one."""
    temporary = name + ".new"
    files.remove(temporary)
    handle = files.open(temporary)
    try:
        handle.append(data)
        handle.sync()
    finally:
        handle.close()
    files.rename(temporary, name)
    files.sync_folder(folder_of(name))


@contextmanager
def _refusals(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = StorageFull if error.errno in _NO_ROOM else StorageFailed
        raise kind(str(where), error.strerror or str(error)) from error


class DiskFile:
    """A file on a real disk. Not for two threads at once."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take over an open descriptor."""
        self._path = path
        self._open_descriptor: int | None = descriptor

    @property
    def _descriptor(self) -> int:
        if self._open_descriptor is None:
            raise StorageFailed(str(self._path), "the file is closed")
        return self._open_descriptor

    def size(self) -> int:
        """Return the present length in bytes."""
        with _refusals(self._path):
            return os.fstat(self._descriptor).st_size

    def append(self, data: bytes) -> None:
        """Write `data` at the end."""
        with _refusals(self._path):
            self._write_all(data, os.lseek(self._descriptor, 0, os.SEEK_END))

    def write_at(self, offset: int, data: bytes) -> None:
        """Overwrite bytes from `offset` on."""
        with _refusals(self._path):
            self._write_all(data, offset)

    def _write_all(self, data: bytes, offset: int) -> None:
        # A short write is no error to the kernel (a signal, a nearly full disk): the next one says why.
        descriptor, view = self._descriptor, memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view = view[written:]
            offset += written

    def truncate(self, length: int) -> None:
        """Cut the file to `length` bytes."""
        with _refusals(self._path):
            os.ftruncate(self._descriptor, length)

    def sync(self) -> None:
        """Return when every byte written so far, and the length, are durable.

        fdatasync also flushes the length; what it spares are the time stamps.
        """
        with _refusals(self._path):
            os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close; closing twice is allowed."""
        descriptor, self._open_descriptor = self._open_descriptor, None
        if descriptor is not None:
            with _refusals(self._path):
                os.close(descriptor)


class DiskFiles:
    """The file system below one folder of a real disk."""

    def __init__(self, root: Path) -> None:
        """View the folder `root`, which must exist before anything but `make_folder` is called."""
        self._root = root

    def read(self, name: str) -> bytes | None:
        """Return the whole content, or None when there is no such file."""
        path = self._root / name
        with _refusals(path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def open(self, name: str) -> DiskFile:
        """Open for writing, creating an empty file (mode 0600) when there is none."""
        path = self._root / name
        with _refusals(path):
            return DiskFile(path, os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE_FILE))

    def rename(self, old: str, new: str) -> None:
        """Give the file another name in the same folder, replacing what has it; atomic."""
        path = self._root / old
        with _refusals(path):
            path.replace(self._root / new)

    def remove(self, name: str) -> None:
        """Remove the file; a missing one is no error."""
        path = self._root / name
        with _refusals(path):
            path.unlink(missing_ok=True)

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in `folder`, sorted; none when it does not exist."""
        path = self._root / folder
        with _refusals(path):
            try:
                return sorted(entry.name for entry in path.iterdir() if entry.is_file())
            except FileNotFoundError:
                return []

    def make_folder(self, folder: str) -> None:
        """Create the folder and those above it, durably, also where somebody has begun to."""
        path = self._root / folder
        with _refusals(path):
            for place in reversed((path, *path.parents)):
                if not place.exists():
                    place.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
                    _sync_directory(place.parent)
                elif place.is_relative_to(self._root):
                    self._sync_above(place)

    def _sync_above(self, place: Path) -> None:
        try:
            _sync_directory(place.parent)
        except PermissionError:
            # Whoever may not look into the folder above the root has not made the root.
            if place != self._root:
                raise

    def sync_folder(self, folder: str) -> None:
        """Return when every creation, rename and removal in `folder` is durable."""
        path = self._root / folder
        with _refusals(path):
            _sync_directory(path)

    def sync_file(self, name: str) -> None:
        """Return when every byte of a file is durable; it need not be one that may be written to."""
        path = self._root / name
        with _refusals(path):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def identity(self, name: str) -> bytes | None:
        """Return inode and time of the last change (of bytes, rights or name), which no copy takes along."""
        found = self._stat(name)
        return None if found is None else f"{found.st_ino} {found.st_ctime_ns}".encode()

    def inode(self, name: str) -> bytes | None:
        """Return the inode; once the file is gone, the file system may give it to another."""
        found = self._stat(name)
        return None if found is None else str(found.st_ino).encode()

    def free_bytes(self) -> int:
        """Return how much more this disk takes of a process without special rights."""
        with _refusals(self._root):
            found = os.statvfs(self._root)
            return found.f_bavail * found.f_frsize

    def _stat(self, name: str) -> os.stat_result | None:
        path = self._root / name
        with _refusals(path):
            try:
                return path.stat()
            except FileNotFoundError:
                return None


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
